from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import START, Bench, bench_at


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the paper account of a test lives."""
    return tmp_path / "paper-demo.db"


@pytest.fixture
async def bench(file: Path) -> AsyncIterator[Bench]:
    """A paper account of 10000 USD in a market that stands still."""
    async with bench_at(file) as bench:
        yield bench


@pytest.fixture
def clock() -> FixedClock:
    """A clock for brokers that a test makes itself."""
    return FixedClock(START)

"""One pre-imported parent per test process, and the data that every run begins with."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.judge import Verdict, judged
from tests.faults.run import Plan, make_template, running
from tests.faults.stories import STORIES, Story
from tests.faults.zygote import Zygote

Play = Callable[[Story, Plan], Awaitable[Verdict]]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    parent = Zygote()
    yield parent
    parent.close()


@pytest.fixture(scope="session")
def template(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(make_template(zygote, folder))
    return folder


@pytest.fixture
def play(zygote: Zygote, template: Path, tmp_path: Path) -> Play:
    """Play a story while the service dies as planned, and judge it."""
    runs = iter(range(1_000_000))

    async def playing(story: Story, plan: Plan) -> Verdict:
        folder = tmp_path / str(next(runs))
        async with running(zygote, template, folder, plan) as run:
            return await judged(run, STORIES[story])

    return playing

"""What the tests of the Telegram side start from."""

from collections.abc import AsyncIterator

import pytest

from tests.bot.telegram.stage import Stage, telegram
from tests.fakes import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def stage(clock: FixedClock) -> AsyncIterator[Stage]:
    async with telegram(clock) as open_stage:
        yield open_stage

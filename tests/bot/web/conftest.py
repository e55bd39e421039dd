"""The fixture that most tests of the edge start from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.web.service import Service, serving


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path) as running:
        yield running

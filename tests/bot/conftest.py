"""What every test of the outer layer starts from."""

from collections.abc import Iterator

import pytest

from tests.bot.quiet import quiet


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield

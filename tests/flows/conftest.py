"""Houses under test: each module has its own, shared by its tests."""

from collections.abc import Iterator

import pytest

from tests.flows.company import Company
from tests.flows.house import House, opened
from tests.flows.seats import Seat, sit_down


@pytest.fixture(scope="module")
def house(request, tmp_path_factory) -> Iterator[House]:
    """The module's house, as its ``CONFIG`` says."""
    folder = tmp_path_factory.mktemp(request.module.__name__.rpartition(".")[2])
    with opened(folder, request.module.CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def free_accounts(request) -> list[str]:
    """The module's own accounts that nobody has yet, ``seat…`` in its ``CONFIG``."""
    names = request.module.CONFIG["accounts"]
    return [name for name in reversed(names) if name.startswith("seat")]


@pytest.fixture
def seat(house: House, free_accounts: list[str]) -> Seat:
    """A person with an account of their own that nobody else touches."""
    return sit_down(house, free_accounts.pop())


@pytest.fixture
def company(house: House) -> Iterator[Company]:
    """People who come and go in this test."""
    people = Company(house=house)
    yield people
    people.leave()


@pytest.fixture(scope="module")
def free_desks(request) -> list[str]:
    """The module's desks that nobody has worked on yet, ``desk…`` in its ``CONFIG``."""
    names = request.module.CONFIG["accounts"]
    return [name for name in names if name.startswith("desk")]


@pytest.fixture
def desk(free_desks: list[str]) -> str:
    """A desk account that nobody has worked on yet."""
    return free_desks.pop()

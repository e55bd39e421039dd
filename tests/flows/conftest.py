"""Houses under test: started when first needed, shared by the tests of one group."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.flows.house import House
from tests.flows.seats import Seat

OpenHouse = Callable[[Mapping[str, Any]], House]


@contextmanager
def opened(folder: Path, content: Mapping[str, Any]) -> Iterator[House]:
    """A running house, and its end."""
    house = House(folder, content)
    with ExitStack() as stack:
        stack.callback(house.close)
        house.start()
        yield house


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


def sit_down(house: House, account: str, role: str = "approver") -> Seat:
    """Somebody new takes an own account."""
    user = house.new_person()
    house.enter(user, account, role)
    return Seat(house=house, user=user, account=account)

"""Waiting for what must come, and saying what was there instead."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.flows.web import PATIENCE

T = TypeVar("T")
GLANCE = 0.1


def until(look: Callable[[], T | None], what: str, *, patience: float = PATIENCE) -> T:
    """The first look that finds something; fails when none does in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(GLANCE)
    message = f"{what} did not come within {patience:g} seconds"
    raise AssertionError(message)

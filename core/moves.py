"""State machines are tables; a move that is not in the table cannot be written."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def follow(
    table: Mapping[tuple[State, Event], State], state: State, event: Event
) -> State:
    """The state after ``event``.

    Raises:
        ValueError: the table has no such move.
    """
    try:
        return table[state, event]
    except KeyError:
        message = f"a {state} one cannot be moved by {event}"
        raise ValueError(message) from None


def allowed(
    table: Mapping[tuple[State, Event], State], before: State, after: State
) -> bool:
    """Whether one event, or none at all, leads from ``before`` to ``after``."""
    if before is after:
        return True
    return any(start is before and end is after for (start, _), end in table.items())

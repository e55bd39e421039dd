"""One reader per kind of field: the value, or a sentence that says what it must be.

Used as pydantic validators, which alone know nothing of numbers that are still text.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import isinf
from typing import TypeVar

from pydantic_core import PydanticCustomError

from bot.web.strict_json import Json, Number, compact
from core.clock import require_utc
from core.ids import UserId
from core.intake import EXTERNAL_ID_LIMIT, PRICE_CEILING
from core.money import plain

E = TypeVar("E", bound=StrEnum)

LONGEST_LIFE = 604_800
"""Seconds in a week: the most that ``expires_in`` may be."""
LARGEST_USER = 2**52
"""Telegram's ids stay below."""
MOST_DECIMALS = 8
MOST_DIGITS = 12

_NUMBER = re.compile(
    r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,19})?(?:[eE][+-]?[0-9]{1,3})?"
)
_WHOLE = re.compile(r"[0-9]{1,16}")
_LONGEST_NUMBER = 40
_SHOWN = 30


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("field", "{message}", {"message": message})


def _shown(value: object) -> str:
    """A value as it is quoted back; never much of it."""
    match value:
        case str():
            return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
        case Number():
            return value.text[:_SHOWN]
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case _:
            return "a list"


def text(value: object) -> str:
    """A name as providers choose it: 1 to 100 printable characters."""
    if not isinstance(value, str):
        message = f"must be text in quotes, was {_shown(value)}"
        raise _wrong(message)
    if not (1 <= len(value) <= EXTERNAL_ID_LIMIT and value.isprintable()):
        message = (
            f"must be 1 to {EXTERNAL_ID_LIMIT} printable characters, "
            f"was {_shown(value)}"
        )
        raise _wrong(message)
    return value


def one_of(kind: type[E]) -> Callable[[object], E]:
    """A reader of one word of ``kind``."""
    words = {member.value: member for member in kind}
    *others, last = words

    def read(value: object) -> E:
        if isinstance(value, str) and value in words:
            return words[value]
        message = f"must be {', '.join(others)} or {last}, was {_shown(value)}"
        raise _wrong(message)

    return read


def price(value: object) -> Decimal:
    """A price: a JSON number or the same in quotes, above 0 and below a million."""
    written = value.text if isinstance(value, Number) else value
    if not (isinstance(written, str) and _NUMBER.fullmatch(written)):
        message = f"must be a number, was {_shown(value)}"
        raise _wrong(message)
    number = Decimal(written)
    if not 0 < number < PRICE_CEILING:
        message = f"must be above 0 and below {PRICE_CEILING:,}, was {_shown(value)}"
        raise _wrong(message)
    whole, _, fraction = plain(number).partition(".")
    if (
        len(fraction) > MOST_DECIMALS
        or len((whole + fraction).lstrip("0")) > MOST_DIGITS
    ):
        message = (
            f"must have at most {MOST_DECIMALS} decimals and {MOST_DIGITS} digits "
            f"in all, was {_shown(value)}"
        )
        raise _wrong(message)
    return number


def seconds(value: object) -> int:
    """How long a signal lives."""
    return _whole(value, LONGEST_LIFE, "a whole number of seconds")


def person(value: object) -> UserId:
    """A Telegram person."""
    return UserId(_whole(value, LARGEST_USER, "a numeric Telegram id"))


def _whole(value: object, most: int, what: str) -> int:
    if isinstance(value, Number) and _WHOLE.fullmatch(value.text):
        number = int(value.text)
        if 1 <= number <= most:
            return number
    message = f"must be {what}, 1 to {most}, was {_shown(value)}"
    raise _wrong(message)


def payload(value: object) -> str:
    """The provider's own object, as compact JSON."""
    if not isinstance(value, dict):
        message = f"must be an object, was {_shown(value)}"
        raise _wrong(message)
    if any(_extreme(number) for number in _numbers(value)):
        message = "holds a number that is too long or too large"
        raise _wrong(message)
    return compact(value)


def _numbers(value: Json) -> Iterator[str]:
    if isinstance(value, Number):
        yield value.text
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)


def _extreme(number: str) -> bool:
    """Whether a reader who knows only floats could not take it."""
    return len(number) > _LONGEST_NUMBER or isinf(float(number))


# ---------------------------------------------------------------- from a query


def flag(value: object) -> bool:
    """Yes or no; anything else might have been meant as either."""
    if value in ("1", "true"):
        return True
    if value in ("0", "false"):
        return False
    message = f"must be 1 or 0, was {_shown(value)}"
    raise _wrong(message)


def count(most: int) -> Callable[[object], int]:
    """A reader of a whole number from 1 to ``most`` in a query."""

    def read(value: object) -> int:
        written = Number(value) if isinstance(value, str) else value
        return _whole(written, most, "a whole number")

    return read


def moment(value: object) -> datetime:
    """An ISO 8601 time with its zone, in a query."""
    try:
        return require_utc(datetime.fromisoformat(str(value)), name="as_of")
    except (ValueError, OverflowError):
        message = f"must be like 2026-11-24T12:00:00Z, was {_shown(value)}"
        raise _wrong(message) from None

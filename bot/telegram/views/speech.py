"""The reader: in which language something is said, and on which clock.

say        a message with its {holes} filled
say_count  one or many
later      marks a message in a table, which is said where it is shown
retold     a sentence that core made, known by its pattern
speaking   who reads, for a block; every task has a context of its own

Messages are English in the code, and are their own translation into it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.telegram.languages.catalogue import ENGLISH, catalogue, known


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: one of ``catalogue.LANGUAGES``, and the zone of their clock."""

    language: str = ENGLISH
    zone: tzinfo = UTC


_reader: ContextVar[Reader] = ContextVar("reader", default=Reader())  # noqa: B039 - frozen


@contextmanager
def speaking(language: str, zone: str = "") -> Iterator[None]:
    """Say everything so; in English and UTC where the one or the other is unknown."""
    token = _reader.set(Reader(known(language), known_zone(zone) or UTC))
    try:
        yield
    finally:
        _reader.reset(token)


def known_zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def spoken() -> str:
    """The language of the present reader."""
    return _reader.get().language


def local(moment: datetime) -> datetime:
    """The moment on the reader's clock."""
    return moment.astimezone(_reader.get().zone)


def say(message: str, **values: object) -> str:
    """The message in the reader's language; what fills its holes is left as it is."""
    said = catalogue(spoken()).one(message)
    return said.format(**values) if values else said


def say_count(one: str, many: str, count: int, **values: object) -> str:
    """The form that fits ``count``, which fills the hole of that name."""
    said = catalogue(spoken()).many(one, many, count)
    return said.format(count=count, **values)


def later(message: str) -> str:
    """The message as it is: it stands in a table and is said where it is shown."""
    return message


def retold(sentence: str) -> str:
    """A sentence of core's in the reader's language; any other text as it is."""
    return catalogue(spoken()).retold(sentence)

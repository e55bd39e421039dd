"""Column types that give back exactly what was stored, on both databases.

Left alone, SQLite would keep decimals as floats and forget time zones. Each type
here refuses a wrong Python value, because a table model does not check its input.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import TIMESTAMP, Dialect, Integer, String, TypeDecorator
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from core.clock import require_utc
from core.money import plain

MOMENT_WIDTH = 32
"""Characters of ``2026-11-24T12:00:00.000000+00:00``."""
WORD_WIDTH = 32


def _require(value: object, kind: type | tuple[type, ...]) -> None:
    if not isinstance(value, kind):
        message = f"{value!r} is not what this column holds"
        raise TypeError(message)


def decimal_text(value: Decimal) -> str:
    """The canonical text of a finite number."""
    if not value.is_finite():
        message = f"{value} is not a number that can be stored"
        raise ValueError(message)
    return plain(abs(value) if value.is_zero() else value)


@lru_cache(maxsize=256)  # rows that are written together share their moments
def moment_text(value: datetime) -> str:
    """ISO text of fixed width, in UTC."""
    moment = require_utc(value, name="a stored moment")
    return moment.isoformat(timespec="microseconds")


class ExactDecimal(TypeDecorator[Decimal]):
    """A ``Decimal`` as canonical text, so that equal numbers are equal texts.

    The text has no numeric order: compare and sort decimals in core.
    """

    impl = String
    cache_ok = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        _require(value, Decimal)
        return decimal_text(value)

    @override
    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> Decimal | None:
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An aware UTC ``datetime`` with microseconds.

    A timestamp with time zone on PostgreSQL; on SQLite ISO text of fixed width,
    which sorts as time does.
    """

    impl = String
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(MOMENT_WIDTH)

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(MOMENT_WIDTH))

    @override
    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | str | None:
        if value is None:
            return None
        _require(value, datetime)
        if dialect.name == "postgresql":
            return require_utc(value, name="a stored moment")
        return moment_text(value)

    @override
    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A ``StrEnum`` by value; the table adds the CHECK."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(WORD_WIDTH)
        self.words = words

    @override
    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        _require(value, self.words)
        return value.value

    @override
    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> StrEnum | None:
        return None if value is None else self.words(value)


class Rank(TypeDecorator[IntEnum]):
    """An ``IntEnum`` by value; the table adds the CHECK."""

    impl = Integer
    cache_ok = True

    def __init__(self, words: type[IntEnum]) -> None:
        super().__init__()
        self.words = words

    @override
    def process_bind_param(self, value: IntEnum | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        _require(value, self.words)
        return value.value

    @override
    def process_result_value(
        self, value: int | None, dialect: Dialect
    ) -> IntEnum | None:
        return None if value is None else self.words(value)


class Texts(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings as a JSON list."""

    impl = String
    cache_ok = True

    @override
    def process_bind_param(
        self, value: tuple[str, ...] | None, dialect: Dialect
    ) -> str | None:
        if value is None:
            return None
        _require(value, tuple)
        for text in value:
            _require(text, str)
        return json.dumps(value)

    @override
    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))

"""Turns the frozen values of the paper broker into database rows and back.

Decimals are stored as text, digit for digit; times as UTC text that sorts like
time; enumerations by value; spans in microseconds. The types written on a value's
fields decide how a cell is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Cell = str | int | None
Value = TypeVar("Value", bound="DataclassInstance")
_MICROSECOND = timedelta(microseconds=1)
_Reader = Callable[[Any], object]


def to_cell(value: object) -> Cell:
    """One value as the database keeps it."""
    match value:
        case Enum():
            return str(value.value)
        case None | int() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case timedelta():
            return value // _MICROSECOND
        case _:
            return str(value)


def to_row(value: "DataclassInstance") -> dict[str, Cell]:
    """The fields of a value by name."""
    return {field.name: to_cell(getattr(value, field.name)) for field in fields(value)}


def from_row(kind: type[Value], row: Mapping[str, Any]) -> Value:
    """The value that was stored; columns that it does not have are ignored."""
    return kind(
        **{
            name: None if row[name] is None else read(row[name])
            for name, read in _readers(kind).items()
        }
    )


@cache
def _readers(kind: type) -> dict[str, _Reader]:
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items()}


def _reader(hint: Any) -> _Reader:
    options = [option for option in get_args(hint) if option is not NoneType]
    if options:
        return _reader(options[0])
    if hint is datetime:
        return datetime.fromisoformat
    if hint is timedelta:
        return lambda cell: cell * _MICROSECOND
    plain: _Reader = getattr(hint, "__supertype__", hint)
    return plain

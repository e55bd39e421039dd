"""Database errors in the words of ``core.errors``.

SQLite names the columns of a broken key, PostgreSQL the constraint; both lead to
the kind of row and the key's fields.
"""

import re
import sqlite3
from functools import cache

import psycopg
from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import SQLAlchemyError, StatementError

from core.errors import Conflict, Duplicate, JournalUnavailable
from storage.mapping import KINDS
from storage.tables import metadata

_COLUMN = re.compile(r"(\w+)\.(\w+)")
_SQLITE_UNIQUE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
_REFERENCE = {"SQLITE_CONSTRAINT_FOREIGNKEY", "23503"}
_RULE = {
    "SQLITE_CONSTRAINT_CHECK",
    "SQLITE_CONSTRAINT_NOTNULL",
    "23502",
    "23514",
}
_ENTANGLED = {"40001", "40P01"}
_UNIQUE_VIOLATION = "23505"


class Entangled(Conflict):
    """The database ended the transaction because two waited for each other."""


def translate(error: SQLAlchemyError) -> Exception:
    """The error to raise in the place of ``error``.

    A value that no column takes comes out as the ``TypeError`` or ``ValueError``
    that it is.
    """
    cause = error.orig if isinstance(error, StatementError) else None
    if isinstance(cause, TypeError | ValueError):
        return cause
    return _duplicate(cause) or _broken_rule(cause) or _unavailable(cause or error)


def _duplicate(cause: BaseException | None) -> Duplicate | None:
    if isinstance(cause, sqlite3.Error) and _code(cause) in _SQLITE_UNIQUE:
        columns = _COLUMN.findall(str(cause))
        key = tuple(name for _, name in columns)
        return Duplicate(_kind(columns[0][0]), key)
    if isinstance(cause, psycopg.Error) and cause.sqlstate == _UNIQUE_VIOLATION:
        table, key = _keys()[cause.diag.constraint_name or ""]
        return Duplicate(_kind(table), key)
    return None


def _broken_rule(cause: BaseException | None) -> Exception | None:
    code = _code(cause)
    if code in _REFERENCE:
        return Conflict("a row names another that does not exist")
    if code in _RULE:
        return ValueError(f"the table refuses the row: {_first_line(cause)}")
    if code in _ENTANGLED:
        return Entangled("another transaction was in the way")
    return None


def _unavailable(cause: BaseException) -> JournalUnavailable:
    return JournalUnavailable(f"{type(cause).__name__}: {_first_line(cause)}")


def _first_line(cause: BaseException | None) -> str:
    """What happened, without the values that PostgreSQL adds below."""
    return str(cause).partition("\n")[0]


def _code(cause: BaseException | None) -> str | None:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", None)
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def _kind(table: str) -> str:
    return KINDS[table].__name__


@cache
def _keys() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Table and fields of every unique constraint and index, by its name."""
    return {
        str(key.name): (table.name, tuple(column.name for column in key.columns))
        for table in metadata.tables.values()
        for key in _unique(table)
    }


def _unique(table: Table) -> list[UniqueConstraint | PrimaryKeyConstraint | Index]:
    constraints = [
        constraint
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
    ]
    return [*constraints, *(index for index in table.indexes if index.unique)]

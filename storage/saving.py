"""Many rows of one kind are written with a few statements.

A decision on an account of many ends the prompts of all the others; one by one
that would take as long as the tap may.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from core.errors import Conflict
from core.ports import Insert, Row, Save, Write
from core.rows import check_move
from storage.mapping import table_of, to_columns, to_row

AT_A_TIME = 500
"""Rows of one statement: a database takes only so many parameters."""
_ID, _VERSION = "id_before", "version_before"


def runs(writes: Sequence[Write]) -> Iterator[tuple[type[Any], list[Any]]]:
    """What follows one another and can be written together; the order stays."""
    for (verb, _), group in groupby(writes, key=_sort_of):
        alike = list(group)
        for start in range(0, len(alike), AT_A_TIME):
            yield verb, alike[start : start + AT_A_TIME]


def _sort_of(write: Write) -> tuple[type[Any], type[Any] | None]:
    if isinstance(write, Insert | Save):
        return type(write), type(write.row)
    return type(write), None


def save_rows(connection: Connection, rows: Sequence[Row], now: datetime) -> None:
    """Save rows of one kind, locked in the order of their ids.

    Raises:
        Conflict: one of them is not as it was when it was read.
        ValueError: no move leads from what is stored to what is to be.
    """
    kind: type[Any] = type(rows[0])
    if len({row.id for row in rows}) < len(rows):  # one is saved on what is saved
        for row in rows:
            save_rows(connection, [row], now)
        return
    stored = _locked(connection, kind, rows)
    for row in rows:
        before = stored.pop(row.id, None)
        if before is None or before.version != row.version:
            raise changed(row)
        check_move(before, row)
    table = table_of(kind)
    same = (table.c.id == bindparam(_ID), table.c.version == bindparam(_VERSION))
    connection.execute(
        update(table).where(*same),
        [
            {_ID: row.id, _VERSION: row.version, **to_columns(renewed(row, now))}
            for row in rows
        ],
    )


def _locked(
    connection: Connection, kind: type[Any], rows: Sequence[Row]
) -> dict[str | int, Any]:
    table = table_of(kind)
    question = (
        select(table)
        .where(table.c.id.in_([row.id for row in rows]))
        .order_by(table.c.id)
        .with_for_update(key_share=True)
    )
    found = connection.execute(question).mappings()
    return {columns["id"]: to_row(kind, columns) for columns in found}


def renewed(row: Row, now: datetime) -> Row:
    """The row as it is stored: one version on, updated now."""
    news: Mapping[str, Any] = {"version": row.version + 1}
    if hasattr(row, "updated_at"):
        news = {**news, "updated_at": now}
    return replace(row, **news)


def changed(row: Row) -> Conflict:
    """Somebody else wrote it first."""
    return Conflict(f"{type(row).__name__} {row.id} has changed")

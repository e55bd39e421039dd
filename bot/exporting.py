"""Rows for other programs: CSV that a spreadsheet opens, or JSON.

A column is a field of the row, under the same name. Decimals are plain digits, times
ISO 8601 in UTC. A text that a spreadsheet would take for a formula has an apostrophe
before it. Rows are read and written a piece at a time, whatever their number.
"""

import csv
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from io import StringIO
from typing import Any

from core.accounts import EquityPoint, Reconciliation
from core.errors import Refused
from core.messages import AuditEntry
from core.money import plain
from core.ports import AtLeast, Journal, Row
from core.prompts import Approval
from core.signals import Signal
from core.trades import Trade

AT_A_TIME = 500
"""Rows of one read."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a spreadsheet's formula begins, in wide letters too."""


class What(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    SIGNALS = "signals"
    APPROVALS = "approvals"
    EQUITY = "equity"
    RECONCILIATIONS = "reconciliations"


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


KINDS: dict[What, tuple[type[Row], str]] = {
    What.TRADES: (Trade, "opened_at"),
    What.SIGNALS: (Signal, "created_at"),
    What.APPROVALS: (Approval, "created_at"),
    What.EQUITY: (EquityPoint, "at"),
    What.RECONCILIATIONS: (Reconciliation, "at"),
}
"""The kind of row, and the field that says when it was."""


def moment(text: str) -> datetime:
    """A moment as people type it: a date, or ISO 8601; without a zone it is UTC.

    Raises:
        Refused: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no time: write 2026-11-24 or 2026-11-24T12:00:00Z."
        raise Refused(message) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


async def exported(
    journal: Journal,
    what: What,
    style: Format,
    *,
    since: datetime | None = None,
    **wanted: Any,
) -> AsyncIterator[str]:
    """The pieces of the text, the oldest row first."""
    kind, when = KINDS[what]
    columns = [field.name for field in fields(kind)]
    chosen = dict(wanted) if since is None else {**wanted, when: AtLeast(value=since)}
    first = True
    yield _csv([columns]) if style is Format.CSV else "["
    async for rows in _pieces(journal, kind, when, chosen):
        if style is Format.CSV:
            yield _csv(
                [[_cell(getattr(row, each)) for each in columns] for row in rows]
            )
        else:
            yield _json_rows(rows, columns, first=first)
        first = False
    if style is Format.JSON:
        yield "\n]\n"


async def _pieces(
    journal: Journal, kind: type[Any], when: str, chosen: dict[str, Any]
) -> AsyncIterator[Sequence[Any]]:
    """Read by position; what is added meanwhile is newer, and comes at the end."""
    skip = 0
    while rows := await journal.find(
        kind, order_by=when, skip=skip, limit=AT_A_TIME, **chosen
    ):
        yield rows
        skip += len(rows)


def _cells(row: Any, columns: Sequence[str]) -> list[str]:
    return [_cell(getattr(row, each)) for each in columns]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _json_rows(rows: Sequence[Any], columns: Sequence[str], *, first: bool) -> str:
    lines = (
        json.dumps({each: _value(getattr(row, each)) for each in columns})
        for row in rows
    )
    return ("\n" if first else ",\n") + ",\n".join(lines)


def _value(value: object) -> object:
    """A field as JSON has it; decimals as text, so that no digit is lost."""
    match value:
        case Decimal():
            return plain(value)
        case datetime():
            return iso(value)
        case _:
            return value


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case StrEnum():
            return value.value
        case str():
            return f"'{value}" if value.lstrip().startswith(_FORMULA) else value
        case _:
            return str(_value(value))


def iso(at: datetime) -> str:
    """A moment as every export writes it: ``2026-11-24T12:00:00Z``."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def audit_exported(
    journal: Journal, *, since: datetime | None = None
) -> AsyncIterator[str]:
    """The audit chain as JSON lines, the oldest entry first."""
    last = 0
    columns = [field.name for field in fields(AuditEntry) if field.name != "version"]
    chosen: dict[str, Any] = {} if since is None else {"at": AtLeast(value=since)}
    while rows := await journal.find(
        AuditEntry, order_by="id", limit=AT_A_TIME, id=AtLeast(value=last + 1), **chosen
    ):
        for row in rows:
            line = {each: _value(getattr(row, each)) for each in columns}
            yield json.dumps(line) + "\n"
        last = int(rows[-1].id)

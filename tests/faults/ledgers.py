"""What others remember of a run: the database and the broker, read from outside."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mt5_bridge.paper.store import Ledger, read_ledger
from storage.engine import FILE_NAME
from tests.faults.runner import paper_file

_UNDONE = {
    "outbox items not done": "SELECT count(*) FROM outbox WHERE done_at IS NULL",
    "updates not handled": "SELECT count(*) FROM inbox WHERE done_at IS NULL",
    "orders on their way": """
        SELECT count(*) FROM orders
        WHERE state IN ('queued', 'submitting', 'unknown', 'parked')""",
    "signals without prompts": """
        SELECT count(*) FROM signals
        WHERE action = 'open' AND proposed_at IS NULL AND cancelled_at IS NULL""",
    "guards that are not done": """
        SELECT count(*) FROM guards
        WHERE phase IN ('triggered', 'closing', 'flat')""",
    "prompts to come back": "SELECT count(*) FROM prompts WHERE state = 'snoozed'",
    "trades half closed": "SELECT count(*) FROM trades WHERE state = 'closing'",
}
"""What the service still has to do, by the database alone."""


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The service's database, read only."""
    address = f"{(folder / FILE_NAME).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def undone(folder: Path) -> list[str]:
    """What the service still has to do; nothing when it is quiet."""
    with database(folder) as rows:
        counts = {
            what: rows.execute(sql).fetchone()[0] for what, sql in _UNDONE.items()
        }
        trades = rows.execute("SELECT count(*) FROM trades WHERE state = 'open'")
        recorded = trades.fetchone()[0]
    left = [f"{count} {what}" for what, count in counts.items() if count]
    held = len(broker(folder).positions)
    if held != recorded:
        left.append(f"{held} positions at the broker, {recorded} trades recorded")
    return left


def rows_of(folder: Path, sql: str, *values: object) -> list[Mapping[str, Any]]:
    """The answer of the database to one question."""
    with database(folder) as rows:
        return [dict(row) for row in rows.execute(sql, values)]


def broker(folder: Path) -> Ledger:
    """All that the broker ever did."""
    return read_ledger(paper_file(folder))

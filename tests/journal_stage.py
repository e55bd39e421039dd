"""One journal under test, and what a test may do to it behind its back."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from typing_extensions import override

from core.messages import AuditEntry
from core.ports import Journal
from storage.engine import database_url, make_engines
from storage.journal import SqlJournal
from tests.databases import connect, sqlite_url
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal

ONE_CONNECTION_EACH = timedelta(milliseconds=80)


class Hand(Protocol):
    """Changes the stored audit chain as no program of ours would."""

    def forge(self, entry: int, column: str, value: str) -> None: ...

    def erase(self, entry: int) -> None: ...


@dataclass(kw_only=True)
class Stage:
    journal: Journal
    other: Journal
    """The same memory as another process uses it."""
    clock: FixedClock
    hand: Hand
    lease: timedelta
    """A lease so short that a test may outlast it."""

    async def outlast_the_lease(self) -> None:
        """Let the clock that leases are measured by pass one of them."""
        self.clock.advance(self.lease)

    async def settle(self) -> None:
        """Wait for what cancelled callers have left under way."""
        for journal in (self.journal, self.other):
            if isinstance(journal, SqlJournal):
                await journal._units.finish()

    async def close(self) -> None:
        for journal in (self.journal, self.other):
            if isinstance(journal, SqlJournal):
                await journal.close()


class MemoryHand:
    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    def forge(self, entry: int, column: str, value: str) -> None:
        rows = self._journal._books.kinds[AuditEntry]
        changed: dict[str, Any] = {column: value}
        rows[entry] = replace(rows[entry], **changed)

    def erase(self, entry: int) -> None:
        del self._journal._books.kinds[AuditEntry][entry]


class SqliteHand:
    def __init__(self, file: Path) -> None:
        self._file = file

    def forge(self, entry: int, column: str, value: str) -> None:
        self._do(f"UPDATE audit SET {column} = ? WHERE id = ?", (value, entry))  # noqa: S608 - column names of the tests

    def erase(self, entry: int) -> None:
        self._do("DELETE FROM audit WHERE id = ?", (entry,))

    def _do(self, statement: str, values: tuple[object, ...]) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None)
        connection.execute(statement, values)
        connection.close()


class PostgresHand:
    def __init__(self, url: str) -> None:
        self._url = url

    def forge(self, entry: int, column: str, value: str) -> None:
        self._do(f"UPDATE audit SET {column} = %s WHERE id = %s", (value, entry))  # noqa: S608 - column names of the tests

    def erase(self, entry: int) -> None:
        self._do("DELETE FROM audit WHERE id = %s", (entry,))

    def _do(self, statement: str, values: tuple[object, ...]) -> None:
        with connect(self._url) as connection:
            connection.execute(statement.encode(), values)


class PostgresStage(Stage):
    """Leases go by the server's clock, which only waiting moves."""

    @override
    async def outlast_the_lease(self) -> None:
        assert isinstance(self.journal, SqlJournal)
        async with self.journal.engines.read.connect() as connection:
            seconds = self.lease.total_seconds()
            await connection.exec_driver_sql(f"SELECT pg_sleep({seconds})")


def in_memory() -> Stage:
    clock = FixedClock()
    journal = MemoryJournal(clock)
    return Stage(
        journal=journal,
        other=journal,
        clock=clock,
        hand=MemoryHand(journal),
        lease=timedelta(seconds=3),
    )


def on_sqlite(file: Path) -> Stage:
    clock = FixedClock()
    return Stage(
        journal=_open(sqlite_url(file), clock),
        other=_open(sqlite_url(file), clock),
        clock=clock,
        hand=SqliteHand(file),
        lease=timedelta(seconds=3),
    )


def on_postgres(url: str) -> Stage:
    clock = FixedClock()
    return PostgresStage(
        journal=_open(url, clock),
        other=_open(url, clock),
        clock=clock,
        hand=PostgresHand(url),
        lease=ONE_CONNECTION_EACH,
    )


def _open(url: str, clock: FixedClock) -> SqlJournal:
    return SqlJournal(make_engines(database_url(url, data_dir=Path())), clock)

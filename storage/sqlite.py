"""How the SQLite file is opened, and how its transactions cross to their thread.

One connection writes, with ``BEGIN IMMEDIATE``, and a few only read. A deferred
transaction that turns from reading to writing fails at once when somebody wrote in
between, whatever ``busy_timeout`` says; measured.

aiosqlite gives each connection a thread, and wakes it, and then the event loop, for
every step of every statement. A whole transaction is one function here, so it is
handed to that thread as one.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

T = TypeVar("T")

_WRITER = {
    "busy_timeout": "5000",
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "wal_autocheckpoint": "1000",
    "journal_size_limit": str(64 * 1024 * 1024),
}
_READER = _WRITER | {"query_only": "ON"}
_READERS = 4
_WRITER_WAITS_SECONDS = 10
_ROWS_A_STEP = 64
"""Rows that aiosqlite fetches at once, where somebody iterates."""


def open_writer(url: URL) -> AsyncEngine:
    """The one connection that writes."""
    return _engine(url, "BEGIN IMMEDIATE", _WRITER, 1)


def open_readers(url: URL) -> AsyncEngine:
    """The connections that cannot write, each transaction of one moment."""
    return _engine(url, "BEGIN", _READER, _READERS)


def make_private_file(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the main one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)


class ThreadConnection(aiosqlite.Connection):
    """aiosqlite's connection, whose thread takes a whole transaction at once."""

    def __init__(self, file: str, begin: str, pragmas: dict[str, str]) -> None:
        super().__init__(self._open, _ROWS_A_STEP)
        self._thread.daemon = True  # as SQLAlchemy has it for those it opens
        self._file = file
        self._begin = begin
        self._pragmas = pragmas

    def _open(self) -> sqlite3.Connection:
        """Without an isolation level, by which the driver would defer every begin."""
        connection = sqlite3.connect(self._file, isolation_level=None)
        for name, value in self._pragmas.items():
            connection.execute(f"PRAGMA {name}={value}")
        self._inside = create_engine(
            "sqlite+pysqlite://",
            creator=lambda: connection,
            poolclass=StaticPool,
            hide_parameters=True,
        )
        _begin_with(self._inside, self._begin)
        self._inside.connect().close()  # what SQLAlchemy does first, it does now
        return connection

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns in the thread, once its transaction is committed."""
        execute: Callable[..., Awaitable[T]] = self._execute
        return await execute(self._transaction, work)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._inside.begin() as connection:
            return work(connection)


def _engine(
    url: URL, begin: str, pragmas: dict[str, str], connections: int
) -> AsyncEngine:
    async def connect() -> Any:
        return await ThreadConnection(url.database or "", begin, pragmas)

    engine = create_async_engine(
        url,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_WRITER_WAITS_SECONDS,
        pool_reset_on_return=None,  # nobody leaves without an end of his transaction
        hide_parameters=True,
    )
    _begin_with(engine.sync_engine, begin)
    return engine


def _begin_with(engine: Engine, begin: str) -> None:
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", on_begin)

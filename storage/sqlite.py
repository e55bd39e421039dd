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
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolResetState, StaticPool

A = TypeVar("A")
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

    def __init__(self, file: str) -> None:
        """Without an isolation level, by which the driver would defer every begin."""
        super().__init__(
            lambda: sqlite3.connect(file, isolation_level=None), _ROWS_A_STEP
        )
        self._thread.daemon = True  # as SQLAlchemy has it for those it opens
        self._inside = create_engine(
            "sqlite+pysqlite://",
            creator=lambda: self._conn,
            poolclass=StaticPool,
            hide_parameters=True,
        )

    async def set_up(self, begin: str, pragmas: dict[str, str]) -> None:
        """How it begins, and with which settings; before anything else is done."""
        _begin_with(self._inside, begin)
        await self._in_thread(self._set_up, pragmas)

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns in the thread, once its transaction is committed."""
        return await self._in_thread(self._transaction, work)

    def _set_up(self, pragmas: dict[str, str]) -> None:
        for name, value in pragmas.items():
            self._conn.execute(f"PRAGMA {name}={value}")
        self._inside.connect().close()  # what SQLAlchemy does first, it does now

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._inside.begin() as connection:
            return work(connection)

    async def _in_thread(self, work: Callable[[A], T], argument: A) -> T:
        execute: Callable[[Callable[[A], T], A], Awaitable[T]] = self._execute
        return await execute(work, argument)


def _engine(
    url: URL, begin: str, pragmas: dict[str, str], connections: int
) -> AsyncEngine:
    async def connect() -> Any:
        connection = ThreadConnection(url.database or "")
        await connection
        try:
            await connection.set_up(begin, pragmas)
        except BaseException:
            await connection.close()
            raise
        return connection

    engine = create_async_engine(
        url,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_WRITER_WAITS_SECONDS,
        pool_reset_on_return=None,  # a crossing for nothing: see ``_leave_clean``
        hide_parameters=True,
    )
    _begin_with(engine.sync_engine, begin)
    event.listen(engine.sync_engine, "reset", _leave_clean)
    return engine


def _leave_clean(connection: Any, _record: object, state: PoolResetState) -> None:
    """End what is still open when a connection goes back: a commit that failed."""
    if state.asyncio_safe and connection.driver_connection.in_transaction:
        connection.rollback()


def _begin_with(engine: Engine, begin: str) -> None:
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", on_begin)

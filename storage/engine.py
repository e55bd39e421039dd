"""How SQLite and PostgreSQL are opened.

SQLite has one connection that writes, with ``BEGIN IMMEDIATE``, and a few that
only read. A deferred transaction that turns from reading to writing fails at once when
somebody wrote in between, whatever ``busy_timeout`` says; measured. PostgreSQL has one
pool for both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from core.errors import JournalUnavailable, Refused
from storage.failures import translate

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+psycopg"
_DRIVERS = {
    "sqlite": SQLITE,
    SQLITE: SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}

FILE_NAME = "tapgate.db"
"""The SQLite file in the data folder."""

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

_SESSION = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "synchronous_commit": "on",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Engines:
    """Where transactions begin; on PostgreSQL all are the same."""

    write: AsyncEngine
    read: AsyncEngine

    async def dispose(self) -> None:
        """Close all connections."""
        for each in (self.read, self.write):
            await each.dispose()


def database_url(text: str, *, data_dir: Path) -> URL:
    """The address to open: ``text``, or SQLite in the data folder when empty.

    Raises:
        Refused: not a database that Tapgate can use.
    """
    if not text:
        return URL.create(SQLITE, database=str(data_dir / FILE_NAME))
    try:
        url = make_url(text)
    except ArgumentError:
        raise Refused(_NOT_AN_ADDRESS) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        reason = f"A database of the kind {url.drivername!r} cannot be used. {_FORMS}"
        raise Refused(reason)
    if driver == SQLITE and url.database in {None, "", ":memory:"}:
        reason = f"SQLite needs a file; memory does not survive a restart. {_FORMS}"
        raise Refused(reason)
    return url.set(drivername=driver)


_FORMS = (
    "Use sqlite+aiosqlite:///path/to/tapgate.db or "
    "postgresql+psycopg://user@host/database, or leave it empty for SQLite in the "
    "data folder."
)
_NOT_AN_ADDRESS = f"The database address cannot be read. {_FORMS}"


def make_engines(url: URL) -> Engines:
    """Engines for an address that ``database_url`` made; nothing is opened yet."""
    if url.drivername == SQLITE:
        _make_private_file(Path(url.database or ""))
        return Engines(
            write=_sqlite(url, "BEGIN IMMEDIATE", _WRITER, 1),
            read=_sqlite(url, "BEGIN", _READER, _READERS),
        )
    engine = _postgresql(url)
    return Engines(write=engine, read=engine)


def is_sqlite(engine: AsyncEngine) -> bool:
    """Whether the engine's database is a file of ours."""
    return engine.dialect.name == "sqlite"


async def check_health(engines: Engines) -> None:
    """Prove that the database answers, and an SQLite file that it is whole.

    Raises:
        JournalUnavailable: says what is wrong.
    """
    question = "PRAGMA quick_check(1)" if is_sqlite(engines.read) else "SELECT 'ok'"
    try:
        async with engines.read.connect() as connection:
            answer = (await connection.exec_driver_sql(question)).scalar_one()
    except SQLAlchemyError as error:
        raise translate(error) from error
    if answer != "ok":
        message = f"the database file is damaged: {answer}"
        raise JournalUnavailable(message)


def _make_private_file(path: Path) -> None:
    """SQLite gives its -wal and -shm files the mode of the main one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)


def _sqlite(
    url: URL, begin: str, pragmas: dict[str, str], connections: int
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_WRITER_WAITS_SECONDS,
        hide_parameters=True,
    )
    _begin_by_hand(engine.sync_engine, begin, pragmas)
    return engine


def _begin_by_hand(engine: Engine, begin: str, pragmas: dict[str, str]) -> None:
    """Take transaction control from the driver, which would defer every begin."""

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _postgresql(url: URL) -> AsyncEngine:
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    return create_async_engine(
        url,
        pool_size=5,
        max_overflow=5,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_timeout=5,
        hide_parameters=True,
        connect_args={
            "application_name": "tapgate",
            "connect_timeout": 5,
            "options": options,
            # behind a pooler that hands out transactions, a prepared statement
            # may belong to somebody else's connection
            "prepare_threshold": None,
        },
    )

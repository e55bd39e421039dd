"""Which database is opened, and how a transaction is run in it.

SQLite is opened as ``storage.sqlite`` says; PostgreSQL has one pool for both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.errors import JournalUnavailable, Refused
from storage.failures import translate
from storage.sqlite import (
    ThreadConnection,
    make_private_file,
    open_readers,
    open_writer,
)

T = TypeVar("T")

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
        make_private_file(Path(url.database or ""))
        return Engines(write=open_writer(url), read=open_readers(url))
    engine = _postgresql(url)
    return Engines(write=engine, read=engine)


def is_sqlite(engine: AsyncEngine) -> bool:
    """Whether the engine's database is a file of ours."""
    return engine.dialect.name == "sqlite"


async def run_transaction(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    """What ``work`` returns, once its transaction is committed."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        if isinstance(driver, ThreadConnection):
            return await driver.transaction(work)
        async with connection.begin():
            return await connection.run_sync(work)


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

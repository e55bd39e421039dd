"""Real databases for tests: made, brought to the newest schema, thrown away."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from migrations import upgrade
from storage.engine import database_url, make_engines
from storage.tables import metadata

SERVER = "postgresql://postgres@127.0.0.1:5432"

_numbers = itertools.count(1)


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def migrate(url: str) -> None:
    """Bring a database to the newest schema; works inside a running loop too."""
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, _migrate(url)).result()


async def _migrate(url: str) -> None:
    engines = make_engines(database_url(url, data_dir=Path()))
    await upgrade(engines.write)
    await engines.dispose()


@contextmanager
def postgres_database() -> Iterator[str]:
    """The address of an empty database that lives as long as the context."""
    name = f"tapgate_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(SERVER, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}"
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))


def connect(url: str) -> psycopg.Connection:
    """A plain connection to a database that a journal uses, as another hand."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def empty(url: str) -> None:
    """Delete all rows of a PostgreSQL database, whatever refers to them."""
    delete = sql.SQL("; ").join(
        sql.SQL("DELETE FROM {}").format(sql.Identifier(name))
        for name in metadata.tables
    )
    with connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(delete)


async def somebody_waits(url: str) -> None:
    """Return when somebody waits for a lock of another."""
    question = (
        "SELECT pg_sleep(0.01), count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with connect(url) as other:
        while True:
            rows = await asyncio.to_thread(lambda: other.execute(question).fetchall())
            if rows[0][1]:
                return

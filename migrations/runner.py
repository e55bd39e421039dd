"""Alembic without its command line: an engine in, the newest schema out."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

HEAD = "head"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; ``env`` takes the connection from it."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine, revision: str = HEAD) -> None:
    """Bring the database to ``revision``; does nothing when it is there.

    Safe when several processes start at once: one works, the others wait. Within
    one process call it once at a time, as Alembic keeps its state in globals.
    """
    await _run(engine, lambda config: command.upgrade(config, revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the database back to ``revision``; ``base`` drops everything."""
    await _run(engine, lambda config: command.downgrade(config, revision))


async def current_revision(engine: AsyncEngine) -> str | None:
    """Where the database stands; ``None`` when it has no schema yet."""

    def read(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with engine.connect() as connection:
        return await connection.run_sync(read)


def head_revision() -> str:
    """Where this program's database must stand."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


async def _run(engine: AsyncEngine, work: Callable[[Config], object]) -> None:
    def run(connection: Connection) -> None:
        work(configuration(connection))

    async with engine.connect() as connection:
        await connection.run_sync(run)

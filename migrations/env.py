"""What Alembic runs: the connection it was given, or one of its own.

The service hands over a connection (``migrations.runner``). At a command line,
``alembic -x url=sqlite+aiosqlite:///draft.db revision --autogenerate -m "..."``
opens one.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.hooks import LOCK, comparable, render_item
from storage.tables import metadata

Step = Callable[[Connection], None]


def _nothing(_connection: Connection) -> None:
    pass


def migrate(connection: Connection) -> None:
    """Migrate in one transaction, alone."""
    if connection.dialect.name != "sqlite":
        _migrate(connection, before=_wait_for_the_others)
        return
    _foreign_keys(connection, "OFF")
    try:
        _migrate(connection, include_object=comparable, after=_require_references)
    finally:
        _foreign_keys(connection, "ON")


def _migrate(
    connection: Connection,
    *,
    include_object: Any = None,
    before: Step = _nothing,
    after: Step = _nothing,
) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        transactional_ddl=True,
        include_object=include_object,
    )
    with context.begin_transaction():
        before(connection)
        context.run_migrations()
        after(connection)


def _foreign_keys(connection: Connection, switch: str) -> None:
    """Off while tables are rebuilt, or dropping the old one would delete from others.

    Through the driver, because SQLite ignores it inside a transaction.
    """
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={switch}")
    cursor.close()


def _wait_for_the_others(connection: Connection) -> None:
    for limit in ("statement", "lock", "idle_in_transaction_session"):
        connection.execute(text(f"SET LOCAL {limit}_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _require_references(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        message = f"a row of {broken[0]} names a row of {broken[2]} that is not there"
        raise RuntimeError(message)


async def migrate_by_address(url: str) -> None:
    """Open the database at ``url`` and migrate it."""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(migrate_by_address(context.get_x_argument(as_dictionary=True)["url"]))

"""What Alembic asks of us when it compares the tables with a database."""

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Column, TypeDecorator, make_url

from storage.tables import metadata

LOCK = 0x7A9647E
"""The advisory lock that migrations take on PostgreSQL; any number will do."""

_POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()


def render_item(
    kind: str, item: Any, _autogenerate: AutogenContext
) -> str | Literal[False]:
    """Spell our column types as the plain ones behind them.

    A revision must mean the same for ever, so it must not import what changes.
    Moments are the one type that PostgreSQL keeps in its own way.
    """
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    plain = f"sa.{item.impl_instance!r}"
    if item.load_dialect_impl(_POSTGRESQL) is item.impl_instance:
        return plain
    return f"{plain}.with_variant(sa.TIMESTAMP(timezone=True), 'postgresql')"


def comparable(item: Any, name: str | None, kind: str, *_others: object) -> bool:
    """Leave out the indexes that fall: SQLite does not tell that they do."""
    table = metadata.tables.get(item.table.name) if kind == "index" else None
    indexes = table.indexes if table is not None else ()
    return not any(
        index.name == name and not all(isinstance(e, Column) for e in index.expressions)
        for index in indexes
    )

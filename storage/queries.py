"""Questions of the port as SQL that both databases answer alike."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Interval,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from core.messages import Lease, OutboxItem, Topic
from core.ports import AtLeast, AtMost, Row
from storage.mapping import table_of
from storage.tables import metadata
from storage.types import ExactDecimal, Moment


def column_of(kind: type[Row], name: str) -> Column[Any]:
    """The column of a field; raises ``ValueError`` when there is no such field."""
    column = table_of(kind).columns.get(name)
    if column is None:
        message = f"{kind.__name__} has no {name}"
        raise ValueError(message)
    return column


def conditions(
    kind: type[Row], fields: Mapping[str, object]
) -> list[ColumnElement[bool]]:
    """What ``Journal.find`` means by its fields."""
    return [_holds(column_of(kind, name), value) for name, value in fields.items()]


def _holds(column: Column[Any], wanted: object) -> ColumnElement[bool]:
    match wanted:
        case None:
            return column.is_(None)
        case AtMost(value=limit):
            return _ordered(column) <= limit
        case AtLeast(value=limit):
            return _ordered(column) >= limit
        case frozenset() if None in wanted:
            return or_(column.is_(None), column.in_(wanted - {None}))
        case frozenset():
            return column.in_(wanted)
        case _:
            return column == wanted


def _ordered(column: Column[Any]) -> Column[Any]:
    if isinstance(column.type, ExactDecimal):
        message = "the journal does not order decimals"
        raise ValueError(message)  # noqa: TRY004 - the question is wrong, not a type
    return column


def ordering(kind: type[Row], order_by: str) -> list[ColumnElement[Any]]:
    """Sort by one field, nothing before something, and by id where equal."""
    identity = column_of(kind, "id")
    if not order_by:
        return [identity]
    column = _ordered(column_of(kind, order_by.removeprefix("-")))
    return [_sorted(column, falling=order_by.startswith("-")), identity]


def _sorted(column: Column[Any], *, falling: bool) -> UnaryExpression[Any]:
    if not column.nullable:
        return column.desc() if falling else column.asc()
    return column.desc().nulls_last() if falling else column.asc().nulls_first()


def locked(kind: type[Row], identity: str | int) -> Select[Any]:
    """The row, kept as it is until the transaction ends.

    The lock lets others insert rows that refer to this one. SQLite needs none:
    whoever writes there is alone.
    """
    statement = select(table_of(kind)).where(column_of(kind, "id") == identity)
    return statement.with_for_update(key_share=True)


def claim_due(
    topics: Collection[Topic], *, limit: int, now: datetime, until: datetime
) -> ReturningUpdate[Any]:
    """Take due outbox items that nobody holds or is taking at this moment.

    What is due for the same prompt comes with them: it is one message.
    """
    outbox = table_of(OutboxItem)
    free = (
        outbox.c.done_at.is_(None),
        outbox.c.due_at <= now,
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
    )
    due = (
        select(outbox.c.id, outbox.c.topic, outbox.c.subject)
        .where(outbox.c.topic.in_(topics), *free)
        .order_by(outbox.c.priority, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    prompts = select(due.c.subject).where(due.c.topic == Topic.PROMPT)
    same = and_(outbox.c.topic == Topic.PROMPT, outbox.c.subject.in_(prompts), *free)
    return (
        update(outbox)
        .where(or_(outbox.c.id.in_(select(due.c.id)), same))
        .values(claimed_until=until, version=outbox.c.version + 1)
        .returning(outbox)
    )


def take_lease(
    connection: Connection, lease: Lease, *, now: datetime, lasts: timedelta
) -> ReturningInsert[Any]:
    """Insert the lease, or renew or take over what is there; else no row."""
    leases = table_of(Lease)
    present, end = _database_time(connection, now, lasts)
    statement = _insert(connection.dialect.name, "leases").values(
        id=lease.id, holder=lease.holder, epoch=1, expires_at=end, version=1
    )
    same = leases.c.holder == statement.excluded.holder
    return statement.on_conflict_do_update(
        index_elements=[leases.c.id],
        set_={
            "holder": statement.excluded.holder,
            "epoch": case((same, leases.c.epoch), else_=leases.c.epoch + 1),
            "expires_at": end,
            "version": leases.c.version + 1,
        },
        where=or_(same, leases.c.expires_at <= present),
    ).returning(leases)


def _database_time(
    connection: Connection, now: datetime, lasts: timedelta
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The present and the end of a lease, by the clock that all holders share."""
    if connection.dialect.name == "postgresql":
        present = func.clock_timestamp()
        return present, present + literal(lasts, Interval)
    return literal(now, Moment), literal(now + lasts, Moment)


def raise_counter(connection: Connection, name: str, *, by: int) -> int:
    """Count on, from 0, and return the new value; others wait until the end."""
    raising = _raising(connection.dialect.name)
    return int(connection.execute(raising, {"name": name, "value": by}).scalar_one())


@cache
def _raising(dialect: str) -> ReturningInsert[Any]:
    """Built once: building it costs more than it does, and each commit needs it."""
    statement = _insert(dialect, "counters")
    return statement.on_conflict_do_update(
        index_elements=[_COUNTERS.c.name],
        set_={"value": _COUNTERS.c.value + statement.excluded.value},
    ).returning(_COUNTERS.c.value)


def keep_first(connection: Connection, name: str, value: int) -> int:
    """The stored value, which is ``value`` when there was none."""
    keeping = _insert(connection.dialect.name, "counters").on_conflict_do_nothing()
    connection.execute(keeping, {"name": name, "value": value})
    return read_counter(connection, name)


def read_counter(connection: Connection, name: str) -> int:
    """The stored value; 0 when there is none."""
    return connection.execute(_READING, {"counter": name}).scalar() or 0


_COUNTERS = metadata.tables["counters"]
_READING = select(_COUNTERS.c.value).where(_COUNTERS.c.name == bindparam("counter"))


def _insert(dialect: str, table: str) -> sqlite.Insert | postgresql.Insert:
    if dialect == "postgresql":
        return postgresql.insert(metadata.tables[table])
    return sqlite.insert(metadata.tables[table])

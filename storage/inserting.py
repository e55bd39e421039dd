"""The INSERT of each kind of row, prepared once.

SQLAlchemy prepares a statement anew for every call and looks at every value twice.
Signals come by the thousand, so what it would do is asked of it once: the text of
the statement, and for each column the way of its values to the driver.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Dialect, insert, select

from core.errors import Duplicate
from core.ports import Insert, Row, Write
from core.rows import UNIQUE
from storage.mapping import SHAPES, misfit, table_of
from storage.types import Rank, Word

Parameters = tuple[Any, ...] | dict[str, Any]


class Insertion:
    """One kind's statement in one dialect."""

    def __init__(self, kind: type[Row], dialect: Dialect) -> None:
        table = table_of(kind)
        self.statement = str(insert(table).compile(dialect=dialect))
        self._named = not dialect.positional
        self._columns = [
            (column.name, SHAPES[kind][column.name], _bind(column, dialect))
            for column in table.columns
        ]

    def parameters(self, row: Row) -> Parameters:
        """The values of a row as the driver takes them.

        Raises:
            TypeError: a field holds what its annotation does not allow.
            ValueError: or what its column cannot keep.
        """
        values = []
        for name, allowed, bind in self._columns:
            value = getattr(row, name)
            if type(value) not in allowed:
                raise misfit(row, name)
            values.append(value if bind is None or value is None else bind(value))
        if self._named:
            names = (name for name, _, _ in self._columns)
            return dict(zip(names, values, strict=True))
        return tuple(values)


def _bind(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """The way of its values to the driver; ``None`` where they go as they are."""
    if isinstance(column.type, Word | Rank):
        return {word: word.value for word in column.type.words}.__getitem__
    return column.type.dialect_impl(dialect).bind_processor(dialect)


_prepared: dict[tuple[type[Row], str], Insertion] = {}


def insert_rows(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert ``rows``, which are of one kind, with one statement."""
    kind, dialect = type(rows[0]), connection.dialect
    insertion = _prepared.get((kind, dialect.name))
    if insertion is None:
        insertion = _prepared[kind, dialect.name] = Insertion(kind, dialect)
    parameters: Any = [insertion.parameters(row) for row in rows]
    connection.exec_driver_sql(insertion.statement, parameters)


def names_a_key_twice(batch: Sequence[Sequence[Write]]) -> bool:
    """Whether two rows have the same unique key: then it need not be tried."""
    keys = [
        key
        for writes in batch
        for write in writes
        if isinstance(write, Insert)
        for key in _keys(write.row)
    ]
    return len(set(keys)) < len(keys)


def taken(
    connection: Connection, batch: Sequence[Sequence[Write]]
) -> list[Duplicate | None]:
    """For each member of the batch the first unique key that an earlier row has.

    The earlier row is stored, or belongs to a member before it that is free.
    """
    members = [
        [write.row for write in writes if isinstance(write, Insert)] for writes in batch
    ]
    known = _stored(connection, [row for rows in members for row in rows])
    verdicts: list[Duplicate | None] = []
    for rows in members:
        keys = [key for row in rows for key in _keys(row)]
        found = next((key for key in keys if key in known), None)
        if found is None:
            known.update(keys)
        verdicts.append(found and Duplicate(found[0].__name__, found[1]))
    return verdicts


Key = tuple[type[Row], tuple[str, ...], tuple[Any, ...]]
"""The kind of a row, the fields of one of its unique keys, and their values."""


def _keys(row: Row) -> list[Key]:
    kind = type(row)
    keys = [
        (kind, names, tuple(getattr(row, name) for name in names))
        for names in (("id",), *UNIQUE.get(kind, ()))
    ]
    return [key for key in keys if None not in key[2]]


def _stored(connection: Connection, rows: Sequence[Row]) -> set[Key]:
    """Those keys of ``rows`` that stored rows have."""
    wanted: dict[tuple[type[Row], tuple[str, ...]], set[Any]] = defaultdict(set)
    for kind, names, values in (key for row in rows for key in _keys(row)):
        wanted[kind, names].add(values[-1])
    known: set[Key] = set()
    for (kind, names), last in wanted.items():
        columns = [table_of(kind).columns[name] for name in names]
        found = connection.execute(select(*columns).where(columns[-1].in_(last)))
        known.update((kind, names, tuple(row)) for row in found)
    return known

"""The INSERT of each kind of row, prepared once.

SQLAlchemy prepares a statement anew for every call and looks at every value twice.
Signals come by the thousand, so what it would do is asked of it once: the text of
the statement, and for each column the way of its values to the driver. Which types
a row holds is looked up field by field only where that combination is a new one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Connection, Dialect, insert, select

from core.errors import Duplicate
from core.ports import Insert, Row, Write
from core.rows import UNIQUE
from storage.mapping import SHAPES, misfit, table_of
from storage.types import (
    ExactDecimal,
    Moment,
    Rank,
    Word,
    decimal_text,
    moment_text,
)

Parameters = tuple[Any, ...] | dict[str, Any]


class Insertion:
    """One kind's statement in one dialect."""

    def __init__(self, kind: type[Row], dialect: Dialect) -> None:
        table = table_of(kind)
        self.statement = str(insert(table).compile(dialect=dialect))
        self._named = not dialect.positional
        self._names = [column.name for column in table.columns]
        self._values = attrgetter(*self._names)
        self._allowed = [SHAPES[kind][name] for name in self._names]
        self._right: set[tuple[type, ...]] = set()
        binds = [_bind(column, dialect) for column in table.columns]
        self._binds = [(place, bind) for place, bind in enumerate(binds) if bind]

    def parameters(self, row: Row) -> Parameters:
        """The values of a row as the driver takes them.

        Raises:
            TypeError: a field holds what its annotation does not allow.
            ValueError: or what its column cannot keep.
        """
        values = list(self._values(row))
        types = tuple(map(type, values))
        if types not in self._right:
            self._check(row, types)
            self._right.add(types)
        for place, bind in self._binds:
            value = values[place]
            if value is not None:
                values[place] = bind(value)
        if self._named:
            return dict(zip(self._names, values, strict=True))
        return tuple(values)

    def _check(self, row: Row, types: tuple[type, ...]) -> None:
        for name, allowed, held in zip(self._names, self._allowed, types, strict=True):
            if held not in allowed:
                raise misfit(row, name)


def _bind(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """The way of its values to the driver; ``None`` where they go as they are."""
    match column.type:
        case Word() | Rank():
            return {word: word.value for word in column.type.words}.__getitem__
        case ExactDecimal():
            return decimal_text
        case Moment() if dialect.name == "sqlite":
            return moment_text
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


def insert_all(connection: Connection, rows: Iterable[Row]) -> None:
    """Many rows with one statement for each kind, as the kinds first come."""
    kinds: dict[type[Row], list[Row]] = defaultdict(list)
    for row in rows:
        kinds[type(row)].append(row)
    for each in kinds.values():
        insert_rows(connection, each)


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

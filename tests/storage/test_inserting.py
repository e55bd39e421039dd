"""The prepared INSERT says to the driver what SQLAlchemy would have said."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import Dialect, insert
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import Duplicate
from core.ports import Insert, Row
from core.signals import Signal
from storage.inserting import Insertion, taken
from storage.journal import SqlJournal
from storage.mapping import NAMES, table_of, to_columns
from tests import builders as b

DIALECTS = [sqlite.dialect(), postgresql.psycopg.dialect()]
ROWS = [
    b.a_signal(),
    b.a_provider(instruments=("XAUUSD",)),
    b.a_prompt(),
    b.an_order(),
    b.an_outbox_item(),
    b.a_guard(),
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_the_driver_gets_what_sqlalchemy_would_give_it(
    dialect: Dialect, row: Row
) -> None:
    compiled = insert(table_of(type(row))).compile(dialect=dialect)
    values = compiled.construct_params(to_columns(row))
    for name, process in compiled._bind_processors.items():
        values[name] = process(values[name])  # type: ignore[operator]
    made = Insertion(type(row), dialect)
    given = made.parameters(row)
    assert made.statement == str(compiled)
    if isinstance(given, tuple):
        assert given == tuple(values[name] for name in compiled.positiontup or ())
    else:
        assert given == values


def test_every_kind_has_its_statement() -> None:
    for kind in NAMES:
        assert Insertion(kind, sqlite.dialect()).statement.startswith("INSERT INTO ")


@pytest.mark.parametrize(
    ("field", "value"),
    [("price", 1950.5), ("price", None), ("side", "buy"), ("user_id", "1")],
)
def test_a_field_of_another_type_is_named(field: str, value: object) -> None:
    news: dict[str, Any] = {field: value}
    row = dataclasses.replace(b.a_signal(), **news)
    with pytest.raises(TypeError, match=rf"Signal\.{field} cannot be"):
        Insertion(Signal, sqlite.dialect()).parameters(row)


def test_a_field_of_another_type_is_named_after_a_thousand_good_rows() -> None:
    insertion = Insertion(Signal, sqlite.dialect())
    for _ in range(1000):
        insertion.parameters(b.a_signal())
    insertion.parameters(b.a_signal(stop_loss=None))
    wrong: dict[str, Any] = {"stop_loss": "1945"}
    row = dataclasses.replace(b.a_signal(), **wrong)
    with pytest.raises(TypeError, match=r"Signal\.stop_loss cannot be '1945'"):
        insertion.parameters(row)


def _batch(*signals: Signal) -> list[list[Insert]]:
    return [[Insert(each)] for each in signals]


async def test_the_key_that_is_taken_is_named_by_member(journal: SqlJournal) -> None:
    stored = b.a_signal(external_id="stored", webhook_id="m1")
    await b.furnish(journal, stored)
    batch = _batch(
        b.a_signal(external_id="stored", webhook_id="m2"),
        b.a_signal(external_id="new", webhook_id="m1"),
        b.a_signal(external_id="new", webhook_id="m3"),
        b.a_signal(external_id="new", webhook_id="m4"),
        b.a_signal(external_id="last", webhook_id="m3"),
        b.a_signal(external_id="free"),
    )
    async with journal.engines.read.begin() as connection:
        found = await connection.run_sync(taken, batch)
    assert [each and each.key for each in found] == [
        ("provider", "external_id"),
        ("provider", "webhook_id"),
        None,
        ("provider", "external_id"),
        ("provider", "webhook_id"),
        None,
    ]
    assert all(isinstance(each, Duplicate | None) for each in found)

import dataclasses
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    Table,
    UniqueConstraint,
)
from sqlmodel import AutoString

from core.orders import Order
from core.ports import Row
from core.rows import AIMED_KEY, OPENING_KEY, UNIQUE
from storage.mapping import KINDS, NAMES, table_of
from storage.tables import metadata
from storage.types import ExactDecimal, Moment, Rank, Texts, Word
from tests.memory_journal import REFERENCES

EACH_KIND = pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)


def _hint(kind: type[Row], name: str) -> tuple[Any, bool]:
    """The type behind a field's annotation, and whether it may be ``None``."""
    hint = get_type_hints(kind)[name]
    parts = get_args(hint) if NoneType in get_args(hint) else (hint,)
    [part] = [part for part in parts if part is not NoneType]
    while hasattr(part, "__supertype__"):
        part = part.__supertype__
    return part, NoneType in parts


def _column_type(kind: Any) -> type:
    simple = {
        Decimal: ExactDecimal,
        datetime: Moment,
        bool: Boolean,
        int: Integer,
        str: AutoString,
        tuple[str, ...]: Texts,
    }
    if kind in simple:
        return simple[kind]
    return Word if issubclass(kind, StrEnum) else Rank


def test_every_kind_of_row_has_a_table() -> None:
    assert set(NAMES) == set(get_args(Row))
    assert {*KINDS, "counters"} == set(metadata.tables)


@EACH_KIND
def test_a_table_has_the_fields_of_its_kind_in_their_order(kind: Any) -> None:
    fields = [field.name for field in dataclasses.fields(kind)]
    assert table_of(kind).columns.keys() == fields


@EACH_KIND
def test_a_column_has_the_type_of_its_field(kind: type[Row]) -> None:
    for column in table_of(kind).columns:
        hint, optional = _hint(kind, column.name)
        assert isinstance(column.type, _column_type(hint)), column
        assert column.nullable == optional, column
        if isinstance(column.type, Word | Rank):
            assert column.type.words is hint, column


@EACH_KIND
def test_the_unique_keys_are_those_of_core(kind: type[Row]) -> None:
    table = table_of(kind)
    keys = {
        tuple(constraint.columns.keys())
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    assert keys == set(UNIQUE.get(kind, ()))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_orders_are_unique_as_core_says(dialect: str) -> None:
    assert {
        tuple(index.columns.keys()): str(index.dialect_options[dialect]["where"])
        for index in table_of(Order).indexes
        if index.unique
    } == {
        OPENING_KEY: "kind = 'open'",
        AIMED_KEY: f"kind <> 'open' AND state IN ({LIVE_STATES})",
    }


@EACH_KIND
def test_the_references_are_those_of_the_fake(kind: type[Row]) -> None:
    found = {
        column.name: KINDS[key.column.table.name]
        for column in table_of(kind).columns
        for key in column.foreign_keys
    }
    assert found == REFERENCES.get(kind, {})


def test_only_approvals_would_go_with_their_signal() -> None:
    cascading = [
        (table.name, key.parent.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.ondelete != "RESTRICT"
    ]
    assert cascading == [("approvals", "signal_id")]


def _checks(table: Table) -> dict[str, str]:
    return {
        str(check.name): str(check.sqltext)
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }


def _word_columns() -> list[Column[Any]]:
    return [
        column
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Word | Rank)
    ]


@pytest.mark.parametrize("column", _word_columns(), ids=str)
def test_the_database_knows_every_word(column: Column[Any]) -> None:
    check = _checks(column.table)[f"ck_{column.table.name}_{column.name}"]
    words: Any = column.type
    for word in words.words:
        assert repr(word.value) in check


LIVE_STATES = "'queued', 'submitting', 'placed', 'unknown', 'parked'"
INDEXES = {
    "signals": {
        "user_id, created_at DESC",
        "provider, created_at DESC",
        "instrument, status",
        "content_hash",
        "status, expires_at",
        "provider, status",
    },
    "approvals": {"user_id, created_at", "signal_id, user_id", "rule_id"},
    "standing_rules": {"user_id, account_id"},
    "group_chats": {"account_id"},
    "postings": {"chat_id"},
    "prompts": {"state, expires_at", "user_id, state", "account_id, state"},
    "orders": {
        "account_id, state",
        "signal_id",
        "trade_id",
        "signal_id, account_id, attempt where kind = 'open'",
        f"account_id, kind, ticket where kind <> 'open' AND state IN ({LIVE_STATES})",
    },
    "sends": {"account_id, state"},
    "trades": {"account_id, state", "signal_id", "order_id"},
    "equity_points": {"account_id, at"},
    "reconciliations": {"account_id, at"},
    "memberships": {"account_id"},
    "inbox": {"id where done_at IS NULL"},
    "outbox": {"subject", "priority, due_at, id where done_at IS NULL"},
    "broadcasts": {"id where finished_at IS NULL"},
    "audit": {"at", "subject"},
}


def test_the_indexes_are_those_that_queries_need() -> None:
    found = {
        table.name: {_spelled(index) for index in table.indexes}
        for table in metadata.tables.values()
        if table.indexes
    }
    assert found == INDEXES


def _spelled(index: Any) -> str:
    parts = [
        item.name if isinstance(item, Column) else str(item)
        for item in index.expressions
    ]
    where = index.dialect_options["sqlite"]["where"]
    return ", ".join(parts) + (f" where {where}" if where is not None else "")


def test_numbers_from_outside_have_room() -> None:
    for name in ("users.id", "inbox.id", "sends.magic", "trades.position_id"):
        table, column = name.split(".")
        assert isinstance(metadata.tables[table].c[column].type, BigInteger)

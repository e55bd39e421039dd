import dataclasses
from typing import Any

import pytest

from core.market import Side
from core.orders import OrderKind
from storage.mapping import to_columns, to_row
from tests import builders as b


def test_a_row_survives_the_way_through_columns() -> None:
    signal = b.a_signal()
    assert to_row(type(signal), to_columns(signal)) == signal


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", 1950.5),
        ("price", "1950.5"),
        ("price", None),
        ("side", "buy"),
        ("side", OrderKind.OPEN),
        ("external_id", 7),
        ("external_id", Side.BUY),
        ("recipients", True),
        ("recipients", "1"),
        ("user_id", "1"),
        ("created_at", "2026-11-24"),
    ],
    ids=repr,
)
def test_a_field_of_another_type_is_named(field: str, value: object) -> None:
    news: dict[str, Any] = {field: value}
    signal = dataclasses.replace(b.a_signal(), **news)
    with pytest.raises(TypeError, match=rf"Signal\.{field} cannot be"):
        to_columns(signal)


def test_a_tuple_field_takes_a_tuple_only() -> None:
    with pytest.raises(TypeError, match=r"Provider\.instruments"):
        to_columns(b.a_provider(instruments=["XAUUSD"]))

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import TypeDecorator
from sqlalchemy.engine import make_url

from core.market import Side
from core.messages import Priority
from core.orders import OrderKind
from storage.types import MOMENT_WIDTH, ExactDecimal, Moment, Rank, Texts, Word

SQLITE = make_url("sqlite+aiosqlite://").get_dialect()()
POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
BOTH = pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "pg"])
TOKYO = timezone(timedelta(hours=9))

moments = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.sampled_from([UTC, TOKYO, timezone(timedelta(hours=-5))]),
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40))


def stored(kind: TypeDecorator[Any], value: Any, dialect: Any = SQLITE) -> Any:
    return kind.process_bind_param(value, dialect)


def loaded(kind: TypeDecorator[Any], value: Any, dialect: Any = SQLITE) -> Any:
    return kind.process_result_value(value, dialect)


@given(decimals)
def test_a_decimal_comes_back_exactly(value: Decimal) -> None:
    assert loaded(ExactDecimal(), stored(ExactDecimal(), value)) == value


@given(decimals, st.integers(0, 30))
def test_equal_decimals_are_stored_alike(value: Decimal, zeros: int) -> None:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, digits + (0,) * zeros, exponent - zeros))
    assert longer == value
    assert stored(ExactDecimal(), longer) == stored(ExactDecimal(), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("1950.50", "1950.5"), ("1E+3", "1000"), ("-0.00", "0"), ("-0.10", "-0.1")],
)
def test_a_decimal_is_stored_in_plain_digits(value: str, text: str) -> None:
    assert stored(ExactDecimal(), Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a number that can be stored"):
        stored(ExactDecimal(), Decimal(value))


@BOTH
@given(moment=moments)
def test_a_moment_comes_back_in_utc(dialect: Any, moment: datetime) -> None:
    back = loaded(Moment(), stored(Moment(), moment, dialect), dialect)
    assert back == moment
    assert back.tzinfo is UTC


@given(moments, moments)
def test_stored_moments_sort_as_time_does(one: datetime, two: datetime) -> None:
    texts = stored(Moment(), one), stored(Moment(), two)
    assert (texts[0] < texts[1]) == (one < two)
    assert {len(text) for text in texts} == {MOMENT_WIDTH}


@BOTH
def test_a_naive_moment_is_refused(dialect: Any) -> None:
    with pytest.raises(ValueError, match="must carry a time zone"):
        stored(Moment(), datetime(2026, 11, 24), dialect)  # noqa: DTZ001 - the point


@pytest.mark.parametrize("side", Side)
def test_a_word_comes_back(side: Side) -> None:
    assert stored(Word(Side), side) == side.value
    assert loaded(Word(Side), side.value) is side


def test_a_rank_comes_back() -> None:
    assert stored(Rank(Priority), Priority.EDIT) == 4
    assert loaded(Rank(Priority), 4) is Priority.EDIT


@given(st.lists(st.text()).map(tuple))
def test_texts_come_back(texts: tuple[str, ...]) -> None:
    assert loaded(Texts(), stored(Texts(), texts)) == texts


@pytest.mark.parametrize(
    "kind", [ExactDecimal(), Moment(), Word(Side), Rank(Priority), Texts()]
)
def test_nothing_stays_nothing(kind: TypeDecorator[Any]) -> None:
    for dialect in (SQLITE, POSTGRESQL):
        assert stored(kind, None, dialect) is None
        assert loaded(kind, None, dialect) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ExactDecimal(), 1.5),
        (ExactDecimal(), 1),
        (Moment(), "2026-11-24T12:00:00+00:00"),
        (Word(Side), "buy"),
        (Word(Side), OrderKind.OPEN),
        (Rank(Priority), 1),
        (Texts(), "XAUUSD"),
        (Texts(), (1, 2)),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(TypeError, match="is not what this column holds"):
        stored(kind, value)

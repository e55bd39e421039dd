from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.clock import in_words, require_utc
from core.ids import short
from core.market import Quote, Side, Timeframe
from core.money import (
    cents,
    divided_down,
    floor_to_step,
    percent_of,
    plain,
    risk_up,
    round_to_tick,
)
from core.users import Role
from tests.builders import a_trade
from tests.fakes import NOON

AMOUNTS = st.decimals(min_value=0, max_value=10**9, allow_nan=False)
STEPS = st.sampled_from(
    [Decimal(text) for text in ("0.01", "0.1", "1", "0.03", "0.25", "7")]
)
GOLD = Quote(
    instrument="XAUUSD", bid=Decimal("1950.30"), ask=Decimal("1950.50"), time=NOON
)


def test_a_short_id_is_its_last_four_characters_in_capitals():
    assert short("01jdq8z4a7f3") == "#A7F3"


def test_a_naive_datetime_is_refused_by_name():
    naive = datetime(2026, 11, 24, 12, 0)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="expires_at must carry a time zone"):
        require_utc(naive, name="expires_at")


def test_a_moment_of_another_zone_becomes_utc():
    vienna = timezone(timedelta(hours=1))
    moment = require_utc(datetime(2026, 11, 24, 13, 0, tzinfo=vienna), name="at")
    assert (moment, moment.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (86_399, "23 h"),
        (172_800, "2 d"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float, words: str):
    assert in_words(timedelta(seconds=seconds)) == words


def test_a_buyer_pays_the_ask_and_leaves_at_the_bid():
    assert (GOLD.to_open(Side.BUY), GOLD.to_close(Side.BUY)) == (GOLD.ask, GOLD.bid)


def test_a_seller_gets_the_bid_and_leaves_at_the_ask():
    assert (GOLD.to_open(Side.SELL), GOLD.to_close(Side.SELL)) == (GOLD.bid, GOLD.ask)


def test_the_spread_is_ask_minus_bid():
    assert GOLD.spread == Decimal("0.20")


def test_each_side_is_the_others_opposite():
    assert [side.opposite for side in Side] == [Side.SELL, Side.BUY]


def test_a_rising_price_earns_the_buyer_and_costs_the_seller():
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)


@pytest.mark.parametrize(
    ("frame", "hours"),
    [
        (Timeframe.M30, 0.5),
        (Timeframe.H4, 4),
        (Timeframe.D1, 24),
        (Timeframe.W1, 168),
    ],
)
def test_a_timeframe_knows_how_long_its_candle_lasts(frame: Timeframe, hours: float):
    assert frame.span == timedelta(hours=hours)


@given(value=AMOUNTS, step=STEPS)
def test_a_floor_is_never_above_the_value_and_less_than_a_step_below(value, step):
    floor = floor_to_step(value, step)
    assert floor <= value < floor + step


@given(value=AMOUNTS, step=STEPS)
def test_a_floor_is_a_whole_number_of_steps(value, step):
    assert floor_to_step(value, step) % step == 0


def test_a_floor_does_not_round_up_in_the_last_of_28_digits():
    value = Decimal("0.8999999999999999999999999999")
    assert floor_to_step(value, Decimal("0.03")) == Decimal("0.87")


def test_the_floor_of_a_negative_value_is_below_it():
    assert floor_to_step(Decimal("-0.5"), Decimal(1)) == -1


@given(money=AMOUNTS, per_lot=st.decimals(min_value="0.01", max_value=10**6))
def test_a_share_of_money_never_costs_more_than_the_money(money, per_lot):
    lots = divided_down(money, per_lot)
    exact_cost = lots.as_integer_ratio(), per_lot.as_integer_ratio()
    (a, b), (c, d) = exact_cost
    e, f = money.as_integer_ratio()
    assert a * c * f <= e * b * d


def test_a_price_goes_to_the_nearest_tick():
    assert round_to_tick(Decimal("1950.613"), Decimal("0.25")) == Decimal("1950.50")


def test_risk_is_rounded_up_to_the_cent():
    assert risk_up(Decimal("94.5201")) == Decimal("94.53")


def test_booked_money_is_rounded_to_the_nearest_cent():
    assert cents(Decimal("94.5249")) == Decimal("94.52")


def test_a_part_of_nothing_is_nothing():
    assert percent_of(Decimal(5), Decimal(0)) == 0


@pytest.mark.parametrize(
    ("value", "text"), [("0.10", "0.1"), ("20", "20"), ("1E+2", "100"), ("5.00", "5")]
)
def test_a_number_is_said_without_exponent_and_trailing_zeros(value: str, text: str):
    assert plain(Decimal(value)) == text


def test_each_role_outranks_the_ones_before_it():
    assert [role.rank for role in Role] == [0, 1, 2, 3]


def test_a_trade_tells_its_result_in_units_of_the_risk():
    trade = a_trade(risk_money=Decimal(100), profit=Decimal(250))
    assert trade.r_multiple == Decimal("2.5")


@pytest.mark.parametrize(
    "unknown", [{"profit": None}, {"profit": Decimal(5), "risk_money": Decimal(0)}]
)
def test_an_open_trade_or_one_of_unknown_risk_has_no_such_result(unknown):
    assert a_trade(**unknown).r_multiple is None


def test_a_duplicate_names_its_fields_and_counts_as_a_conflict():
    duplicate = errors.Duplicate("Signal", ("provider", "external_id"))
    assert isinstance(duplicate, errors.Conflict)
    assert "provider, external_id" in str(duplicate)


def test_a_refusal_carries_its_sentence():
    assert errors.Refused("Not today.").reason == "Not today."

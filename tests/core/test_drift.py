from decimal import Decimal

import pytest

from core.drift import Drift, drift_of, obstacle_of_levels
from core.market import OrderType, Quote, Side
from tests.fakes import NOON

D = Decimal


def quote(bid: str, ask: str) -> Quote:
    return Quote(instrument="XAUUSD", bid=D(bid), ask=D(ask), time=NOON)


def drift(side: Side, now: str, stop: str | None, point: str = "0.01") -> Drift:
    return drift_of(
        side=side,
        shown=D(1950),
        now=D(now),
        stop_loss=None if stop is None else D(stop),
        point=D(point),
    )


@pytest.mark.parametrize(
    ("side", "now", "stop", "r", "points"),
    [
        (Side.BUY, "1951", "1945", "0.2", 100),
        (Side.BUY, "1949", "1945", "0", 0),
        (Side.SELL, "1949", "1955", "0.2", 100),
        (Side.SELL, "1951", "1955", "0", 0),
        (Side.BUY, "1950", "1945", "0", 0),
    ],
)
def test_drift_is_the_adverse_move_over_the_way_to_the_stop(side, now, stop, r, points):
    assert drift(side, now, stop) == Drift(r=D(r), points=D(points))


@pytest.mark.parametrize("stop", [None, "1950"], ids=["no stop", "stop at the price"])
def test_without_a_way_to_the_stop_there_are_points_only(stop):
    assert drift(Side.BUY, "1960", stop) == Drift(r=D(0), points=D(1000))


def test_points_are_whole_whatever_the_prices():
    assert drift(Side.BUY, "1950.0149", "1945").points == D(1)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "says"),
    [
        (Side.BUY, "1945.01", "1945.21", ""),
        (Side.BUY, "1945.00", "1945.20", "beyond the stop 1945"),
        (Side.BUY, "1964.79", "1964.99", ""),
        (Side.BUY, "1964.80", "1965.00", "reached the target 1965"),
    ],
)
def test_a_buy_makes_sense_between_stop_and_target(side, bid, ask, says):
    found = obstacle_of_levels(
        quote(bid, ask),
        side=side,
        order_type=OrderType.MARKET,
        price=D(1950),
        stop_loss=D(1945),
        take_profit=D(1965),
    )
    assert says in found
    assert not found or found.endswith(": this signal is over.")
    assert bool(says) is bool(found)


@pytest.mark.parametrize(
    ("bid", "ask", "says"),
    [
        ("1954.79", "1954.99", ""),
        ("1954.80", "1955.00", "beyond the stop 1955"),
        ("1935.01", "1935.21", ""),
        ("1935.00", "1935.20", "reached the target 1935"),
    ],
)
def test_a_sale_makes_sense_between_target_and_stop(bid, ask, says):
    found = obstacle_of_levels(
        quote(bid, ask),
        side=Side.SELL,
        order_type=OrderType.MARKET,
        price=D(1950),
        stop_loss=D(1955),
        take_profit=D(1935),
    )
    assert says in found
    assert not found or found.endswith(": this signal is over.")
    assert bool(says) is bool(found)


def test_a_market_order_without_levels_always_makes_sense():
    found = obstacle_of_levels(
        quote("1", "2"),
        side=Side.BUY,
        order_type=OrderType.MARKET,
        price=D(1950),
        stop_loss=None,
        take_profit=None,
    )
    assert found == ""


@pytest.mark.parametrize(
    ("side", "kind", "price", "says"),
    [
        (Side.BUY, OrderType.LIMIT, "1949", ""),
        (Side.BUY, OrderType.LIMIT, "1950.20", "already better than the limit"),
        (Side.SELL, OrderType.LIMIT, "1951", ""),
        (Side.SELL, OrderType.LIMIT, "1950.00", "already better than the limit"),
        (Side.BUY, OrderType.STOP, "1951", ""),
        (Side.BUY, OrderType.STOP, "1950.20", "already passed the stop entry"),
        (Side.SELL, OrderType.STOP, "1949", ""),
        (Side.SELL, OrderType.STOP, "1950.00", "already passed the stop entry"),
    ],
)
def test_a_pending_order_waits_on_its_side_of_the_price(side, kind, price, says):
    found = obstacle_of_levels(
        quote("1950.00", "1950.20"),
        side=side,
        order_type=kind,
        price=D(price),
        stop_loss=None,
        take_profit=None,
    )
    assert says in found
    assert not found or found.endswith(": this signal is over.")
    assert bool(says) is bool(found)

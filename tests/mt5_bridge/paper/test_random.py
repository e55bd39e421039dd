"""The made-up market: the same for the same seed, lively, and with a past."""

from itertools import islice, pairwise

import pytest

from core.market import Timeframe
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.specs import SPECS
from mt5_bridge.paper.walk import opening
from tests.mt5_bridge.paper.bench import EURO, GOLD, D


def feed(seed: int = 7) -> RandomFeed:
    return RandomFeed(seed, SPECS, D(1))


def candles(instrument: str, start: int, end: int, seed: int = 7):
    market = feed(seed)
    return [market.candle(instrument, number) for number in range(start, end)]


def test_the_same_seed_makes_the_same_market() -> None:
    assert candles(GOLD, -50, 50) == candles(GOLD, -50, 50)


def test_the_prices_of_a_seed_never_change() -> None:
    first = feed(7).candle(GOLD, 100)
    assert (first.open, first.high) == (D("1943.31"), D("1944.22"))
    assert (first.low, first.close) == (D("1942.81"), D("1943.81"))


def test_another_seed_makes_another_market() -> None:
    assert candles(GOLD, 0, 20, seed=7) != candles(GOLD, 0, 20, seed=8)


def test_instruments_move_on_their_own() -> None:
    gold = [candle.close > candle.open for candle in candles(GOLD, 0, 40)]
    euro = [candle.close > candle.open for candle in candles(EURO, 0, 40)]
    assert gold != euro


@pytest.mark.parametrize("instrument", list(SPECS))
def test_the_walk_begins_at_the_base_price(instrument) -> None:
    assert feed().candle(instrument, 0).open == SPECS[instrument].base_price


@pytest.mark.parametrize("instrument", list(SPECS))
def test_candles_fit_together(instrument) -> None:
    spec = SPECS[instrument]
    rows = candles(instrument, -30, 30)
    for candle in rows:
        assert candle.low <= min(candle.open, candle.close)
        assert candle.high >= max(candle.open, candle.close)
        assert candle.low > 0
        assert candle.low % spec.point == 0
        assert candle.volume > 0
    assert all(a.close == b.open for a, b in pairwise(rows))
    assert all(a.time < b.time for a, b in pairwise(rows))


def test_gold_moves_one_usual_risk_within_minutes() -> None:
    """5.50, the sample signal's distance, within 300 candles for almost any seed."""
    reached = 0
    for seed in range(20):
        rows = candles(GOLD, 0, 300, seed)
        highest, lowest = max(row.high for row in rows), min(row.low for row in rows)
        reached += highest >= D("1955.50") or lowest <= D("1944.50")
    assert reached >= 18


def test_a_price_never_falls_to_nothing() -> None:
    market = feed()
    numbers = range(-400_000, 400_000, 5_000)
    lows = [market.candle("BTCUSD", number).low for number in numbers]
    assert min(lows) > 10_000


@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_the_past_is_joined_without_a_gap(timeframe) -> None:
    rows = list(islice(feed().back(GOLD, 77, timeframe), 500))
    assert all(older.close == newer.open for newer, older in pairwise(rows))
    assert rows[0].close == feed().candle(GOLD, 78).open


@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_no_piece_of_the_past_crosses_a_border(timeframe) -> None:
    rows = list(islice(feed().back(GOLD, 77, timeframe), 500))
    borders = {opening(row.time, timeframe.span) for row in rows}
    starts = {row.time for row in rows}
    assert len(borders - starts) <= 1  # the oldest bar may have begun before

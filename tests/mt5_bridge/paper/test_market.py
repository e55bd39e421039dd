"""The walk in time: four quotes a candle, steering, holding and letting go."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import BrokerUnavailable, Refused
from mt5_bridge.paper.csv_feed import CsvFeed
from mt5_bridge.paper.market import Market
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.specs import SPECS
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import (
    EURO,
    GOLD,
    START,
    Bench,
    D,
    FlatFeed,
    bench_at,
)

UP = "2026-01-05T09:00:00Z,1950,1956,1948,1954,100"
DOWN = "2026-01-05T09:15:00Z,1954,1955,1943,1944,100"
SECOND = timedelta(seconds=1)


@pytest.fixture
def two(tmp_path: Path) -> CsvFeed:
    """One candle up, one down, of 15 minutes each."""
    path = tmp_path / "gold.csv"
    path.write_text(f"time,open,high,low,close,volume\n{UP}\n{DOWN}\n")
    return CsvFeed({GOLD: path}, SPECS, D(1))


def walk(market: Market, seconds: str, instrument: str = GOLD) -> list[str]:
    """Every price that is quoted within so much time."""
    by = timedelta(microseconds=int(D(seconds) * 1_000_000))
    return [f"{market.price(instrument):f}" for _ in market.advance(by)]


def test_an_up_candle_falls_first_and_a_down_candle_rises_first(two) -> None:
    market = Market(two, SPECS)
    assert market.price(GOLD) == D(1950)
    quoted = walk(market, "1.75")
    assert quoted[:4] == ["1948.00", "1956.00", "1954.00", "1954.00"]
    assert quoted[4:] == ["1955.00", "1943.00", "1944.00"]


def test_after_the_last_candle_the_price_stands(two) -> None:
    market = Market(two, SPECS)
    walk(market, "2")
    assert set(walk(market, "50")) == {"1944.00"}


def test_a_step_may_end_between_two_quotes(two) -> None:
    market = Market(two, SPECS)
    assert walk(market, "0.1") == []
    assert walk(market, "0.1") == []
    assert walk(market, "0.1") == ["1948.00"]


def test_a_walk_that_is_resumed_goes_on_where_it_stopped(two) -> None:
    market = Market(two, SPECS, elapsed=timedelta(seconds=1.3))
    assert market.price(GOLD) == D(1955)
    assert walk(market, "0.2") == ["1943.00"]


def test_what_is_too_far_behind_never_happened() -> None:
    market = Market(FlatFeed(), SPECS)
    assert len(walk(market, "100000")) == 4_000
    assert market.elapsed == timedelta(seconds=1_000)


def test_the_speed_is_candles_per_second() -> None:
    market = Market(RandomFeed(1, SPECS, D(10)), SPECS)
    assert len(walk(market, "2")) == 80
    assert market.number(GOLD) == 20


def test_steering_moves_in_small_steps_and_then_holds() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D(1960), SECOND))
    quoted = walk(market, "1")
    assert len(quoted) == 20
    assert quoted[:3] == ["1950.50", "1951.00", "1951.50"]
    assert quoted[-1] == "1960.00"
    assert set(walk(market, "3")) == {"1960.00"}
    assert len(walk(market, "3")) == 12


def test_a_short_look_still_sees_a_steered_price() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D(1960), SECOND))
    assert walk(market, "0.01") == ["1950.10"]


def test_steering_concerns_one_instrument() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D(1960), timedelta(0)))
    assert market.price(GOLD) == D(1960)
    assert market.price(EURO) == SPECS[EURO].base_price


def test_steering_may_turn_on_its_way() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D(1960), SECOND))
    walk(market, "0.5")
    market.add(market.steering(GOLD, D(1950), SECOND))
    assert walk(market, "0.5")[-1] == "1952.50"


def test_a_steered_price_is_on_the_tick() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D("1950.01"), SECOND))
    assert set(walk(market, "1")) == {"1950.00", "1950.01"}


def test_a_made_up_market_goes_on_from_where_it_is_released() -> None:
    market = Market(RandomFeed(3, SPECS, D(1)), SPECS)
    walk(market, "5")
    market.add(market.steering(GOLD, D(2500), timedelta(0)))
    market.add(market.releasing(GOLD))
    assert market.price(GOLD) == D(2500)
    moved = {D(price) for price in walk(market, "10")}
    assert len(moved) > 10
    assert D(2400) < min(moved) < max(moved) < D(2600)


def test_a_file_returns_to_its_own_price_when_released(two) -> None:
    market = Market(two, SPECS)
    market.add(market.steering(GOLD, D(2500), timedelta(0)))
    market.add(market.releasing(GOLD))
    assert market.price(GOLD) == D(1950)


def test_a_release_of_what_was_never_steered_changes_nothing() -> None:
    market = Market(RandomFeed(3, SPECS, D(1)), SPECS)
    walk(market, "5")
    before = market.price(GOLD)
    market.add(market.releasing(GOLD))
    assert market.price(GOLD) == before


def test_a_released_price_never_reaches_nothing() -> None:
    market = Market(FlatFeed(), SPECS)
    market.add(market.steering(GOLD, D("0.01"), timedelta(0)))
    market.add(market.releasing(GOLD))
    assert market.price(GOLD) == D("0.01")


# ---------------------------------------------------------------- through the broker
async def test_quotes_carry_the_present_time_and_a_spread(bench: Bench) -> None:
    bench.lets_pass(77)
    quote = await bench.broker.get_quote(GOLD)
    assert quote.time == bench.clock.now()
    assert (quote.bid, quote.ask) == (D("1950.00"), D("1950.25"))


async def test_a_file_that_ended_keeps_its_quotes_fresh(file, two) -> None:
    async with bench_at(file, feed=two) as bench:
        bench.lets_pass(3_600)
        quote = await bench.broker.get_quote(GOLD)
        assert (quote.bid, quote.time) == (D(1944), bench.clock.now())
        assert (await bench.snapshot()).fresh_at == bench.clock.now()


async def test_only_what_the_file_has_can_be_traded(file, two) -> None:
    async with bench_at(file, feed=two) as bench:
        with pytest.raises(Refused, match=EURO):
            await bench.broker.get_symbol(EURO)


async def test_there_is_no_quote_of_an_unknown_instrument(bench: Bench) -> None:
    with pytest.raises(BrokerUnavailable, match="XXXYYY"):
        await bench.broker.get_quote("XXXYYY")


async def test_holding_keeps_the_price_of_the_moment(file) -> None:
    async with bench_at(file, feed=RandomFeed(3, SPECS, D(1))) as bench:
        await bench.passes(30)
        before = (await bench.broker.get_quote(GOLD)).bid
        await bench.broker.hold(GOLD)
        await bench.passes(30)
        assert (await bench.broker.get_quote(GOLD)).bid == before
        await bench.broker.release(GOLD)
        assert (await bench.broker.get_quote(GOLD)).bid == before
        await bench.passes(30)
        assert (await bench.broker.get_quote(GOLD)).bid != before


@pytest.mark.parametrize(
    ("instrument", "target", "seconds"),
    [
        ("XXXYYY", "1", 1),
        (GOLD, "0", 1),
        (GOLD, "-1", 1),
        (GOLD, "1950.001", 1),
        (GOLD, "1950", -1),
    ],
)
async def test_steering_that_makes_no_sense_is_refused(
    bench: Bench, instrument, target, seconds
) -> None:
    with pytest.raises(Refused, match=instrument):
        await bench.broker.steer(instrument, D(target), timedelta(seconds=seconds))


@pytest.mark.parametrize("word", ["hold", "release"])
async def test_an_unknown_instrument_cannot_be_steered(bench: Bench, word) -> None:
    with pytest.raises(Refused, match="XXXYYY"):
        await getattr(bench.broker, word)("XXXYYY")


async def test_time_in_which_nobody_is_connected_does_not_pass(file) -> None:
    clock, feed = FixedClock(START), RandomFeed(3, SPECS, D(1))
    async with bench_at(file, clock, feed) as bench:
        await bench.passes(30)
        before = await bench.broker.get_quote(GOLD)
    clock.advance(timedelta(seconds=3_600))
    async with bench_at(file, clock, feed) as bench:
        after = await bench.broker.get_quote(GOLD)
        assert (after.bid, after.time) == (before.bid, clock.now())


async def test_setting_the_wall_clock_does_not_move_the_market(file) -> None:
    async with bench_at(file, feed=RandomFeed(3, SPECS, D(1))) as bench:
        await bench.passes(30)
        before = await bench.broker.get_quote(GOLD)
        bench.clock.step_to(START - timedelta(days=1))
        after = await bench.broker.get_quote(GOLD)
        assert (after.bid, after.time) == (before.bid, START - timedelta(days=1))

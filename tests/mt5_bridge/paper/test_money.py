"""Currencies: rates from the market itself, and no surprise when a loss is booked."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.market import Side
from core.money import cents
from mt5_bridge.paper.csv_feed import CsvFeed
from mt5_bridge.paper.money import CURRENCIES
from mt5_bridge.paper.specs import SPECS
from tests.mt5_bridge.paper.bench import (
    EURO,
    GOLD,
    YEN,
    Bench,
    D,
    bench_at,
    close,
    order,
)

# one lot, 1.0 in price; base prices EURUSD 1.1, GBPUSD 1.27, USDJPY 145, USDCHF 0.88
TICKS = [
    ("USD", GOLD, D("1")),
    ("USD", EURO, D("1")),
    ("USD", YEN, D("100") / D("145")),
    ("USD", "USDCHF", D("1") / D("0.88")),
    ("USD", "USDCAD", D("1") / D("1.35")),
    ("USD", "EURJPY", D("100") / D("145")),
    ("USD", "EURGBP", D("1.27")),
    ("USD", "GER40", D("0.11")),
    ("EUR", "GER40", D("0.1")),
    ("EUR", EURO, D("1") / D("1.1")),
    ("EUR", GOLD, D("1") / D("1.1")),
    ("EUR", "EURGBP", D("1.27") / D("1.1")),
    ("GBP", "EURGBP", D("1")),
    ("GBP", YEN, D("100") / D("145") / D("1.27")),
]


@pytest.mark.parametrize(("currency", "instrument", "value"), TICKS)
async def test_a_tick_is_worth_its_rate(file, currency, instrument, value) -> None:
    async with bench_at(file, currency=currency) as bench:
        spec = await bench.broker.get_symbol(instrument)
        assert spec.tick_value == value.quantize(D("1e-10"))
        assert spec.tick_size == spec.point == SPECS[instrument].point


async def test_a_tick_follows_the_rate(bench: Bench) -> None:
    await bench.price(YEN, "160.000")
    assert (await bench.broker.get_symbol(YEN)).tick_value == D("0.625")
    assert (await bench.broker.get_symbol("EURJPY")).tick_value == D("0.625")


async def test_a_rate_without_prices_is_the_built_in_one(file, tmp_path) -> None:
    rows = tmp_path / "eurjpy.csv"
    rows.write_text(
        "time,open,high,low,close,volume\n2026-01-05T00:00Z,160,160,160,160,1\n"
    )
    feed = CsvFeed({"EURJPY": rows}, SPECS, D(1))
    async with bench_at(file, feed=feed) as bench:
        value = (await bench.broker.get_symbol("EURJPY")).tick_value
        assert value == (D(100) / D(145)).quantize(D("1e-10"))


async def test_a_yen_profit_is_converted_where_it_closes(bench: Bench) -> None:
    position = await bench.opened(instrument=YEN, price="145", volume="1")
    assert position.open_price == D("145.012")
    await bench.price(YEN, "150.000")
    await bench.broker.send(close(position))
    deal = (await bench.snapshot()).deals[-1]
    assert deal.profit == cents(D("4.988") * 100_000 / D(150))


async def test_a_margin_in_yen_is_bound_in_dollars(bench: Bench) -> None:
    margin = await bench.broker.calc_margin(YEN, Side.BUY, D(1), D("145.000"))
    assert margin == D("1000.00")


async def test_a_loss_is_positive_and_a_gain_is_not(bench: Bench) -> None:
    loss = await bench.broker.calc_loss(GOLD, Side.BUY, D("1950.50"), D("1945.00"))
    gain = await bench.broker.calc_loss(GOLD, Side.SELL, D("1950.50"), D("1945.00"))
    assert (loss, gain) == (D("550.00"), D("-550.00"))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    currency=st.sampled_from(CURRENCIES),
    instrument=st.sampled_from(sorted(SPECS)),
    side=st.sampled_from(Side),
    percent=st.integers(-30, 30),
    fraction=st.integers(0, 999),
)
async def test_what_is_computed_beforehand_is_what_closing_books(
    currency, instrument, side, percent, fraction
) -> None:
    spec = SPECS[instrument]
    moved = spec.base_price * (1 + D(percent) / 100 + D(fraction) / 100_000)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.db"
        funds = D(10) ** 9
        async with bench_at(file, currency=currency, balance=funds) as bench:
            request = {"instrument": instrument, "side": side, "volume": D(1)}
            position = await bench.opened(**request, price=spec.base_price)
            await bench.price(instrument, str(moved.quantize(spec.point)))
            leaving = (await bench.broker.get_quote(instrument)).to_close(side)
            computed = await bench.broker.calc_loss(
                instrument, side, position.open_price, leaving
            )
            assert (await bench.position()).profit == -computed
            await bench.broker.send(close(position))
            deal = (await bench.snapshot()).deals[-1]
            assert (deal.price, deal.profit) == (leaving, -computed)


async def test_a_loss_is_the_same_wherever_the_market_stands(bench: Bench) -> None:
    before = await bench.broker.calc_loss(YEN, Side.BUY, D(145), D(140))
    await bench.price(YEN, "120.000")
    assert await bench.broker.calc_loss(YEN, Side.BUY, D(145), D(140)) == before


async def test_an_order_in_another_currency_needs_its_margin(file) -> None:
    async with bench_at(file, currency="GBP", balance=D(2000)) as bench:
        request = order(instrument="EURGBP", price="0.867", volume="2.4")
        assert (await bench.broker.send(request)).retcode == 10019
        request = order(instrument="EURGBP", price="0.867", volume="2.3")
        assert (await bench.broker.send(request)).retcode == 10009

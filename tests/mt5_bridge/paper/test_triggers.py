"""Stops and targets: on the right side of the spread, at the market when jumped."""

from datetime import timedelta

import pytest

from core.broker import DealEntry, DealReason, DealType, HistoryState
from core.market import OrderType, Side
from tests.mt5_bridge.paper.bench import EURO, GOLD, Bench, D, order

# side, stop, target, bid that does not trigger, bid that does, price booked
LEVELS = [
    pytest.param(
        Side.BUY, "1945", None, ("1945.01", "1945.00", "1945.00"), id="sl buy"
    ),
    pytest.param(
        Side.SELL, "1955", None, ("1954.74", "1954.75", "1955.00"), id="sl sell"
    ),
    pytest.param(
        Side.BUY, None, "1955", ("1954.99", "1955.00", "1955.00"), id="tp buy"
    ),
    pytest.param(
        Side.SELL, None, "1945", ("1944.76", "1944.75", "1945.00"), id="tp sell"
    ),
]


@pytest.mark.parametrize(("side", "stop", "target", "prices"), LEVELS)
async def test_a_level_waits_for_the_price_at_which_the_position_closes(
    bench: Bench, side, stop, target, prices
) -> None:
    before, at, booked = prices
    await bench.opened(side=side, stop_loss=stop, take_profit=target)
    await bench.price(GOLD, before)
    assert (await bench.snapshot()).positions
    await bench.price(GOLD, at)
    snapshot = await bench.snapshot()
    assert not snapshot.positions
    assert snapshot.deals[-1].price == D(booked)


JUMPED = [
    pytest.param(Side.BUY, "1945", None, ("1930", "1930.00"), id="sl buy costs more"),
    pytest.param(Side.SELL, "1955", None, ("1970", "1970.25"), id="sl sell costs more"),
    pytest.param(Side.BUY, None, "1955", ("1970", "1970.00"), id="tp buy earns more"),
    pytest.param(Side.SELL, None, "1945", ("1930", "1930.25"), id="tp sell earns more"),
]


@pytest.mark.parametrize(("side", "stop", "target", "prices"), JUMPED)
async def test_a_level_that_is_jumped_over_closes_at_the_market(
    bench: Bench, side, stop, target, prices
) -> None:
    await bench.opened(side=side, stop_loss=stop, take_profit=target)
    await bench.price(GOLD, prices[0])
    assert (await bench.snapshot()).deals[-1].price == D(prices[1])


async def test_a_stop_names_itself_and_keeps_the_magic(bench: Bench) -> None:
    position = await bench.opened(stop_loss="1945", magic=42)
    await bench.price(GOLD, "1945")
    found = await bench.broker.find(42)
    deal = found.deals[-1]
    assert (deal.reason, deal.comment) == (DealReason.STOP_LOSS, "[sl 1945.00]")
    assert (deal.magic, deal.position_id) == (42, position.identifier)
    past = found.past_orders[-1]
    assert (past.ticket, past.state) == (deal.order, HistoryState.FILLED)
    assert (past.comment, past.position_id) == ("[sl 1945.00]", position.identifier)


async def test_a_target_names_itself_with_all_digits(bench: Bench) -> None:
    await bench.opened(
        instrument=EURO, price="1.1", side=Side.SELL, take_profit="1.0950", magic=42
    )
    await bench.price(EURO, "1.09")
    deal = (await bench.broker.find(42)).deals[-1]
    assert (deal.reason, deal.comment) == (DealReason.TAKE_PROFIT, "[tp 1.09500]")
    assert (deal.type, deal.entry) == (DealType.BUY, DealEntry.OUT)


async def test_a_stop_books_its_loss_into_the_balance(bench: Bench) -> None:
    await bench.opened(volume="0.1", stop_loss="1945")
    await bench.price(GOLD, "1945")
    account = (await bench.snapshot()).account
    assert account.balance == account.equity == D("9947.50")


async def test_each_position_has_its_own_levels(bench: Bench) -> None:
    await bench.opened(stop_loss="1945")
    kept = await bench.opened(stop_loss="1930")
    await bench.price(GOLD, "1944")
    assert (await bench.position()).ticket == kept.ticket


async def test_another_instrument_triggers_nothing(bench: Bench) -> None:
    await bench.opened(stop_loss="1945")
    await bench.price(EURO, "1.00000")
    assert (await bench.snapshot()).positions


async def test_a_position_lives_at_least_one_quote(bench: Bench) -> None:
    request = order(order_type=OrderType.LIMIT, price="1940", stop_loss="1935")
    await bench.broker.send(request)
    await bench.price(GOLD, "1930")
    assert (await bench.snapshot()).positions
    await bench.passes(1)
    snapshot = await bench.snapshot()
    assert not snapshot.positions
    assert snapshot.deals[-1].reason is DealReason.STOP_LOSS


async def test_levels_work_while_nobody_looks(bench: Bench) -> None:
    await bench.opened(take_profit="1960")
    await bench.broker.steer(GOLD, D(1965), timedelta(seconds=10))
    await bench.passes(20)
    deal = (await bench.snapshot()).deals[-1]
    assert deal.reason is DealReason.TAKE_PROFIT
    assert D(1960) <= deal.price < D("1960.10")

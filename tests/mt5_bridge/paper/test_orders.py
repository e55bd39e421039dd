"""Opening: market orders at once, pending orders when the price has come."""

from datetime import timedelta

import pytest

from core.broker import (
    CancelRequest,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    ResultStatus,
)
from core.market import OrderType, Side
from tests.mt5_bridge.paper.bench import GOLD, START, Bench, D, order


async def test_a_buy_fills_at_the_ask(bench: Bench) -> None:
    result = await bench.broker.send(order(side=Side.BUY))
    assert (result.status, result.price) == (ResultStatus.FILLED, D("1950.25"))


async def test_a_sell_fills_at_the_bid(bench: Bench) -> None:
    result = await bench.broker.send(order(side=Side.SELL))
    assert (result.status, result.price) == (ResultStatus.FILLED, D("1950.00"))


async def test_a_fill_names_order_deal_position_and_volume(bench: Bench) -> None:
    result = await bench.broker.send(order())
    (position,) = (await bench.snapshot()).positions
    assert result.retcode == 10009
    assert result.order == result.position_id == position.ticket == position.identifier
    assert result.deal == position.ticket + 1
    assert result.volume == D("0.1")


async def test_a_position_holds_what_was_asked_for(bench: Bench) -> None:
    position = await bench.opened(stop_loss="1940", take_profit="1960", magic=42)
    assert position.open_price == D("1950.25")
    assert position.current_price == D("1950.00")
    assert (position.stop_loss, position.take_profit) == (D(1940), D(1960))
    assert (position.magic, position.comment) == (42, "t-1")
    assert position.opened_at == START


async def test_the_spread_is_lost_at_once(bench: Bench) -> None:
    position = await bench.opened(volume="0.1")
    assert position.profit == D("-2.50")


async def test_an_in_deal_has_no_profit(bench: Bench) -> None:
    await bench.opened(magic=42)
    deal = (await bench.broker.find(42)).deals[0]
    assert (deal.type, deal.entry) == (DealType.BUY, DealEntry.IN)
    assert (deal.reason, deal.profit) == (DealReason.EXPERT, D(0))


async def test_two_orders_with_the_same_magic_are_two_positions(bench: Bench) -> None:
    await bench.opened(magic=5)
    await bench.opened(magic=5)
    assert len((await bench.broker.find(5)).positions) == 2


async def test_opposite_positions_live_side_by_side(bench: Bench) -> None:
    await bench.opened(side=Side.BUY)
    await bench.opened(side=Side.SELL)
    sides = [position.side for position in (await bench.snapshot()).positions]
    assert sides == [Side.BUY, Side.SELL]


async def test_a_price_within_the_deviation_is_taken(bench: Bench) -> None:
    result = await bench.broker.send(order(price="1950.00", deviation="0.25"))
    assert result.status is ResultStatus.FILLED


async def test_a_price_beyond_the_deviation_is_a_requote(bench: Bench) -> None:
    result = await bench.broker.send(order(price="1950.00", deviation="0.24"))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10004)
    assert not (await bench.snapshot()).positions


async def test_a_better_price_is_no_requote(bench: Bench) -> None:
    result = await bench.broker.send(order(price="1990", deviation="0"))
    assert result.price == D("1950.25")


async def test_a_seller_is_requoted_when_the_price_fell(bench: Bench) -> None:
    request = order(side=Side.SELL, price="1950.10", deviation="0.05")
    assert (await bench.broker.send(request)).retcode == 10004


PENDING = [
    pytest.param(Side.BUY, OrderType.LIMIT, "1940.00", ("1939.76", "1939.75")),
    pytest.param(Side.SELL, OrderType.LIMIT, "1960.00", ("1959.99", "1960.00")),
    pytest.param(Side.BUY, OrderType.STOP, "1960.00", ("1959.74", "1959.75")),
    pytest.param(Side.SELL, OrderType.STOP, "1940.00", ("1940.01", "1940.00")),
]


@pytest.mark.parametrize(("side", "kind", "price", "bids"), PENDING)
async def test_a_pending_order_waits_for_its_side_of_the_spread(
    bench: Bench, side, kind, price, bids
) -> None:
    result = await bench.broker.send(order(side=side, order_type=kind, price=price))
    assert (result.status, result.retcode) == (ResultStatus.PLACED, 10008)
    await bench.price(GOLD, bids[0])
    assert not (await bench.snapshot()).positions
    await bench.price(GOLD, bids[1])
    position = await bench.position()
    assert (position.ticket, position.open_price) == (result.order, D(price))


GAPPED = [
    pytest.param(Side.BUY, OrderType.LIMIT, "1940", "1930", "1930.25", id="earns"),
    pytest.param(Side.SELL, OrderType.LIMIT, "1960", "1970", "1970.00", id="earns too"),
    pytest.param(Side.BUY, OrderType.STOP, "1960", "1970", "1970.25", id="costs"),
    pytest.param(Side.SELL, OrderType.STOP, "1940", "1930", "1930.00", id="costs too"),
]


@pytest.mark.parametrize(("side", "kind", "price", "jump", "filled"), GAPPED)
async def test_a_pending_order_that_is_jumped_over_fills_at_the_market(
    bench: Bench, side, kind, price, jump, filled
) -> None:
    await bench.broker.send(order(side=side, order_type=kind, price=price))
    await bench.price(GOLD, jump)
    assert (await bench.position()).open_price == D(filled)


async def test_a_pending_order_is_shown_while_it_waits(bench: Bench) -> None:
    until = START + timedelta(hours=1)
    request = order(order_type=OrderType.LIMIT, price="1940", expires_at=until, magic=3)
    result = await bench.broker.send(request)
    (waiting,) = (await bench.broker.find(3)).orders
    assert waiting.ticket == result.order
    assert (waiting.price, waiting.volume) == (D(1940), D("0.1"))
    assert (waiting.expires_at, waiting.placed_at) == (until, START)


async def test_a_filled_pending_order_is_history(bench: Bench) -> None:
    request = order(order_type=OrderType.LIMIT, price="1940", magic=3)
    result = await bench.broker.send(request)
    await bench.price(GOLD, "1935")
    found = await bench.broker.find(3)
    assert not found.orders
    (past,) = found.past_orders
    assert (past.state, past.position_id) == (HistoryState.FILLED, result.order)


async def test_a_pending_order_expires(bench: Bench) -> None:
    until = START + timedelta(seconds=60)
    await bench.broker.send(
        order(order_type=OrderType.LIMIT, price="1940", expires_at=until, magic=3)
    )
    await bench.passes(59)
    assert (await bench.broker.find(3)).orders
    await bench.passes(1)
    found = await bench.broker.find(3)
    assert not found.orders
    (past,) = found.past_orders
    assert (past.state, past.position_id) == (HistoryState.EXPIRED, None)


async def test_a_pending_order_that_expired_does_not_fill(bench: Bench) -> None:
    until = START + timedelta(seconds=60)
    await bench.broker.send(
        order(order_type=OrderType.LIMIT, price="1940", expires_at=until)
    )
    bench.lets_pass(61)
    await bench.price(GOLD, "1930")
    assert not (await bench.snapshot()).positions


async def test_a_cancelled_order_is_gone(bench: Bench) -> None:
    placed = await bench.broker.send(
        order(order_type=OrderType.LIMIT, price="1940", magic=3)
    )
    result = await bench.broker.send(CancelRequest(ticket=placed.order, magic=4))
    assert (result.status, result.order) == (ResultStatus.FILLED, placed.order)
    await bench.price(GOLD, "1930")
    found = await bench.broker.find(3)
    assert (found.orders, found.positions) == ((), ())
    assert [past.state for past in found.past_orders] == [HistoryState.CANCELLED]


async def test_a_pending_order_that_nobody_can_pay_is_rejected_when_it_comes(
    bench: Bench,
) -> None:
    await bench.broker.send(
        order(order_type=OrderType.LIMIT, price="1940", volume="3", magic=3)
    )
    await bench.broker.deposit(D(-9000))
    await bench.price(GOLD, "1930")
    found = await bench.broker.find(3)
    assert (found.orders, found.positions, found.deals) == ((), (), ())
    assert [past.state for past in found.past_orders] == [HistoryState.REJECTED]


async def test_stops_of_a_pending_order_are_those_of_its_position(bench: Bench) -> None:
    await bench.broker.send(
        order(
            order_type=OrderType.LIMIT,
            price="1940",
            stop_loss="1930",
            take_profit="1945",
        )
    )
    await bench.price(GOLD, "1935")
    position = await bench.position()
    assert (position.stop_loss, position.take_profit) == (D(1930), D(1945))

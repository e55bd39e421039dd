"""Closing, in whole and in part; setting stops; what is booked."""

import pytest

from core.broker import DealEntry, DealReason, DealType, HistoryState, ResultStatus
from core.market import Side
from tests.mt5_bridge.paper.bench import GOLD, Bench, D, bench_at, close, order, stops


async def test_a_long_closes_at_the_bid(bench: Bench) -> None:
    position = await bench.opened(side=Side.BUY)
    result = await bench.broker.send(close(position))
    assert (result.status, result.price) == (ResultStatus.FILLED, D("1950.00"))
    assert not (await bench.snapshot()).positions


async def test_a_short_closes_at_the_ask(bench: Bench) -> None:
    position = await bench.opened(side=Side.SELL)
    result = await bench.broker.send(close(position))
    assert (result.status, result.price) == (ResultStatus.FILLED, D("1950.25"))


async def test_a_close_is_a_deal_out_of_the_position(bench: Bench) -> None:
    position = await bench.opened(volume="0.1")
    await bench.price(GOLD, "1960")
    result = await bench.broker.send(close(position, magic=77, comment="bye"))
    deal = (await bench.broker.find(77)).deals[0]
    assert (deal.ticket, deal.order) == (result.deal, result.order)
    assert (deal.type, deal.entry) == (DealType.SELL, DealEntry.OUT)
    assert (deal.position_id, deal.comment) == (position.identifier, "bye")
    assert (deal.reason, deal.volume) == (DealReason.EXPERT, D("0.1"))
    assert deal.profit == D("97.50")


async def test_a_close_is_an_order_of_its_own(bench: Bench) -> None:
    position = await bench.opened()
    result = await bench.broker.send(close(position, magic=77))
    (past,) = (await bench.broker.find(77)).past_orders
    assert (past.ticket, past.state) == (result.order, HistoryState.FILLED)
    assert result.order > position.ticket


async def test_a_part_leaves_the_rest(bench: Bench) -> None:
    position = await bench.opened(volume="0.3", stop_loss="1940", magic=5)
    result = await bench.broker.send(close(position, "0.1"))
    assert (result.status, result.volume) == (ResultStatus.FILLED, D("0.1"))
    rest = await bench.position()
    assert (rest.ticket, rest.volume) == (position.ticket, D("0.2"))
    assert (rest.open_price, rest.stop_loss) == (position.open_price, D(1940))
    assert (rest.magic, rest.opened_at) == (5, position.opened_at)


async def test_parts_add_up_to_the_whole(bench: Bench) -> None:
    position = await bench.opened(volume="0.3")
    await bench.price(GOLD, "1960")
    for volume in ("0.1", "0.15", "0.05"):
        await bench.broker.send(close(position, volume))
    snapshot = await bench.snapshot()
    assert not snapshot.positions
    assert snapshot.account.balance == D(10_000) + D("9.75") * 30


async def test_both_stops_can_be_set(bench: Bench) -> None:
    position = await bench.opened()
    result = await bench.broker.send(stops(position, "1940", "1960"))
    assert (result.status, result.retcode) == (ResultStatus.FILLED, 10009)
    changed = await bench.position()
    assert (changed.stop_loss, changed.take_profit) == (D(1940), D(1960))


async def test_none_removes_a_stop(bench: Bench) -> None:
    position = await bench.opened(stop_loss="1940", take_profit="1960")
    await bench.broker.send(stops(position, None, "1970"))
    changed = await bench.position()
    assert (changed.stop_loss, changed.take_profit) == (None, D(1970))
    await bench.price(GOLD, "1935")
    assert (await bench.snapshot()).positions


async def test_setting_stops_leaves_no_trace_but_the_stops(bench: Bench) -> None:
    position = await bench.opened()
    before = await bench.snapshot()
    await bench.broker.send(stops(position, "1940", None))
    after = await bench.snapshot()
    assert (after.deals, after.past_orders) == (before.deals, before.past_orders)


async def test_half_the_commission_is_booked_with_each_deal(file) -> None:
    async with bench_at(file, commission_per_lot=D(7)) as bench:
        position = await bench.opened(volume="0.5")
        await bench.broker.send(close(position))
        deals = (await bench.snapshot()).deals[1:]
        assert [deal.commission for deal in deals] == [D("-1.75"), D("-1.75")]
        assert await bench.broker.calc_commission(GOLD) == D(7)


async def test_a_stop_pays_commission_too(file) -> None:
    async with bench_at(file, commission_per_lot=D(7)) as bench:
        await bench.opened(volume="1", stop_loss="1945")
        await bench.price(GOLD, "1945")
        account = (await bench.snapshot()).account
        assert account.balance == D(10_000) - D(525) - D(7)


async def test_what_is_done_by_hand_says_so(bench: Bench) -> None:
    position = await bench.opened(magic=42)
    result = await bench.broker.send_by_hand(close(position, magic=0, comment=""))
    deal = (await bench.snapshot()).deals[-1]
    assert (deal.ticket, deal.reason) == (result.deal, DealReason.CLIENT)
    assert (deal.magic, deal.position_id) == (0, position.identifier)


async def test_a_position_can_be_opened_by_hand(bench: Bench) -> None:
    await bench.broker.send_by_hand(order(magic=0))
    assert (await bench.position()).magic == 0


@pytest.mark.parametrize("side", list(Side))
async def test_profit_follows_the_price(bench: Bench, side) -> None:
    await bench.opened(side=side, volume="1")
    await bench.price(GOLD, "1960")
    earned = {Side.BUY: D(975), Side.SELL: D(-1025)}
    assert (await bench.position()).profit == earned[side]

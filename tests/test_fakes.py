"""The fakes keep their promises, so that what is tested on them means something."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.broker import (
    CancelRequest,
    CloseRequest,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    ModifyRequest,
    OpenRequest,
    ResultStatus,
    Snapshot,
)
from core.errors import BrokerUnavailable, ChartFailed, OutcomeUnknown, Refused
from core.ids import Ticket
from core.market import OrderType, Side, Timeframe
from core.ports import SignalChart
from tests.fake_broker import FakeBroker
from tests.fake_charts import FakeCharts
from tests.fakes import NOON, CountingIds, FixedClock

D = Decimal
BUY = OpenRequest(
    instrument="XAUUSD",
    side=Side.BUY,
    order_type=OrderType.MARKET,
    volume=D("0.10"),
    price=D("1950.50"),
    stop_loss=D("1945.00"),
    take_profit=D("1965.00"),
    deviation=D("0.50"),
    expires_at=None,
    magic=1,
    comment="tg",
)
LIMIT = replace(BUY, order_type=OrderType.LIMIT, price=D("1949.00"))
CLOSE = CloseRequest(
    ticket=Ticket(1001),
    instrument="XAUUSD",
    side=Side.BUY,
    volume=D("0.10"),
    magic=2,
    comment="tg",
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def broker(clock: FixedClock) -> FakeBroker:
    return FakeBroker(clock)


async def look(broker: FakeBroker) -> Snapshot:
    return await broker.get_snapshot(since=NOON - timedelta(days=1))


# -------------------------------------------------------------------- clock, ids


def test_the_clock_stands_still_until_it_is_told_to_move(clock):
    assert (clock.now(), clock.now()) == (NOON, NOON)
    clock.advance(timedelta(seconds=5))
    assert clock.now() - NOON == clock.monotonic() == timedelta(seconds=5)


def test_setting_the_wall_clock_takes_no_time(clock):
    clock.step_to(NOON - timedelta(hours=1))
    assert clock.monotonic() == timedelta()


def test_ids_count_up_in_their_full_length():
    ids = CountingIds()
    first, second = ids.identity(), ids.identity()
    assert first < second
    assert len(first) == 26
    assert len(ids.nonce()) == 22


# ------------------------------------------------------------------------ charts

CHART = SignalChart(
    instrument="XAUUSD",
    timeframe=Timeframe.M15,
    side=Side.BUY,
    entry=D(1950),
    stop_loss=None,
    take_profit=None,
    digits=2,
    candles=(),
)


async def test_the_same_chart_is_drawn_once_and_stored_by_day():
    charts = FakeCharts()
    first = await charts.signal_chart(CHART, at=NOON)
    assert await charts.signal_chart(CHART, at=NOON) == first
    assert first.path.startswith("2026-11-24/shared/signal/")
    assert charts.drawn == [CHART]


async def test_charts_fail_when_they_are_told_to():
    charts = FakeCharts()
    charts.fails = True
    with pytest.raises(ChartFailed):
        await charts.signal_chart(CHART, at=NOON)


async def test_a_price_of_nothing_is_not_drawn():
    with pytest.raises(ValueError, match="above 0"):
        await FakeCharts().signal_chart(replace(CHART, entry=D(0)), at=NOON)


# --------------------------------------------------------------------- executing


async def test_a_market_order_opens_at_the_ask_and_books_its_deal(broker):
    result = await broker.send(BUY)
    snapshot = await look(broker)
    assert (result.status, result.price) == (ResultStatus.FILLED, D("1950.50"))
    assert [each.identifier for each in snapshot.positions] == [result.position_id]
    assert [each.entry for each in snapshot.deals] == [DealEntry.IN]
    assert snapshot.past_orders[0].state is HistoryState.FILLED
    assert broker.executed == broker.received == [BUY]


async def test_a_price_beyond_the_deviation_is_requoted(broker):
    broker.move("XAUUSD", "1950.81")
    result = await broker.send(BUY)
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10004)
    assert broker.executed == []


async def test_a_close_books_profit_and_commission(broker):
    await broker.send(BUY)
    broker.move("XAUUSD", "1951.50")
    await broker.send(CLOSE)
    snapshot = await look(broker)
    assert snapshot.positions == ()
    assert broker.balance == 10_000 + 10 - D("0.60")
    assert snapshot.deals[-1].magic == 2
    assert snapshot.deals[-1].reason is DealReason.EXPERT


async def test_a_close_in_part_leaves_the_rest(broker):
    await broker.send(BUY)
    await broker.send(replace(CLOSE, volume=D("0.04")))
    assert (await look(broker)).positions[0].volume == D("0.06")


@pytest.mark.parametrize(
    ("request_", "retcode"),
    [
        (replace(CLOSE, ticket=Ticket(5)), 10036),
        (replace(CLOSE, volume=D(1)), 10038),
        (CancelRequest(ticket=Ticket(5), magic=3), 10013),
        (
            ModifyRequest(ticket=Ticket(5), stop_loss=None, take_profit=None, magic=3),
            10036,
        ),
    ],
)
async def test_what_is_not_there_cannot_be_acted_on(broker, request_, retcode):
    await broker.send(BUY)
    assert (await broker.send(request_)).retcode == retcode


async def test_stops_can_be_modified(broker):
    await broker.send(BUY)
    await broker.send(
        ModifyRequest(ticket=Ticket(1001), stop_loss=D(1950), take_profit=None, magic=3)
    )
    position = (await look(broker)).positions[0]
    assert (position.stop_loss, position.take_profit) == (1950, None)


async def test_a_pending_order_waits_fills_and_keeps_its_number(broker):
    result = await broker.send(LIMIT)
    assert result.status is ResultStatus.PLACED
    broker.move("XAUUSD", "1948.80")
    snapshot = await look(broker)
    assert snapshot.orders == ()
    assert snapshot.positions[0].identifier == result.order
    assert snapshot.positions[0].open_price == D("1949.00")


async def test_a_stop_entry_fills_when_the_price_runs_there(broker):
    await broker.send(replace(LIMIT, order_type=OrderType.STOP, price=D(1952)))
    broker.move("XAUUSD", "1951.70")
    assert broker.positions == {}
    broker.move("XAUUSD", "1951.80")
    assert len(broker.positions) == 1


async def test_a_pending_order_can_be_cancelled(broker):
    await broker.send(LIMIT)
    await broker.send(CancelRequest(ticket=Ticket(1001), magic=3))
    snapshot = await look(broker)
    assert (snapshot.orders, snapshot.past_orders[0].state) == (
        (),
        HistoryState.CANCELLED,
    )


@pytest.mark.parametrize(
    ("bid", "reason", "price"),
    [
        ("1944.00", DealReason.STOP_LOSS, "1944.00"),
        ("1966.00", DealReason.TAKE_PROFIT, "1965.00"),
    ],
)
async def test_a_stop_gaps_and_a_target_does_not(broker, bid, reason, price):
    await broker.send(BUY)
    broker.move("XAUUSD", bid)
    deal = (await look(broker)).deals[-1]
    assert (deal.reason, deal.price) == (reason, D(price))


async def test_equity_follows_the_price_and_the_credit(broker):
    await broker.send(replace(BUY, volume=D(1)))
    broker.move("XAUUSD", "1952.50")
    broker.credit = D(50)
    account = (await look(broker)).account
    assert account.equity == 10_000 - 3 + 200 + 50
    assert account.margin_free == account.equity - D("1950.50")


async def test_what_is_done_by_hand_carries_no_number_of_ours(broker):
    ticket = broker.open_by_hand()
    waiting = broker.place_by_hand("1940")
    snapshot = await look(broker)
    assert [each.magic for each in snapshot.positions + snapshot.orders] == [0, 0]
    broker.modify_by_hand(ticket, "1949")
    broker.close_by_hand(ticket, "0.04")
    assert (await look(broker)).positions[0].volume == D("0.06")
    broker.end_order(waiting, HistoryState.EXPIRED)
    assert (await look(broker)).orders == ()


async def test_a_deposit_is_a_deal_without_a_position(broker):
    broker.deposit("500")
    deal = (await look(broker)).deals[0]
    assert (deal.type, deal.entry, deal.net) == (
        DealType.BALANCE,
        DealEntry.NONE,
        500,
    )
    assert broker.balance == 10_500


async def test_history_reaches_back_as_far_as_is_asked(broker, clock):
    await broker.send(BUY)
    clock.advance(timedelta(hours=1))
    snapshot = await broker.get_snapshot(since=clock.now())
    assert (snapshot.deals, snapshot.past_orders) == ((), ())
    assert len(snapshot.positions) == 1


async def test_everything_under_a_number_is_found(broker):
    await broker.send(BUY)
    await broker.send(replace(LIMIT, magic=4))
    found = await broker.find(1)
    assert (len(found.positions), len(found.past_orders), len(found.deals)) == (1, 1, 1)
    assert (await broker.find(4)).orders[0].price == D("1949.00")
    assert not (await broker.find(99)).found


async def test_questions_about_the_market_are_answered(broker):
    assert (await broker.get_symbol("XAUUSD")).digits == 2
    assert (await broker.get_quote("XAUUSD")).spread == D("0.20")
    assert len(await broker.get_candles("XAUUSD", Timeframe.H1, 5)) == 5
    assert await broker.calc_loss("XAUUSD", Side.SELL, D(1950), D(1955)) == 500
    assert await broker.calc_commission("XAUUSD") == 6
    assert await broker.calc_margin("XAUUSD", Side.BUY, D(1), D(1950)) == 1_950
    assert await broker.check_order(BUY) == ""
    await broker.connect()
    await broker.close()
    await broker.close()


async def test_an_unknown_instrument_is_refused(broker):
    with pytest.raises(Refused):
        await broker.get_symbol("BTCUSD")


# ------------------------------------------------------------------------ faults


async def test_a_number_cannot_be_used_twice(broker):
    await broker.send(BUY)
    with pytest.raises(AssertionError, match="used before"):
        await broker.send(BUY)


async def test_a_lost_reply_was_executed(broker):
    broker.lose_reply()
    with pytest.raises(OutcomeUnknown):
        await broker.send(BUY)
    assert len(broker.positions) == len(broker.executed) == 1


async def test_a_lost_request_was_not_executed(broker):
    broker.lose_request()
    with pytest.raises(OutcomeUnknown):
        await broker.send(BUY)
    assert (broker.positions, broker.executed, broker.received) == ({}, [], [BUY])


async def test_refusals_come_as_often_as_they_were_ordered(broker):
    broker.refuse(10019, 2, message="No money.")
    results = [await broker.send(replace(BUY, magic=n)) for n in (1, 2, 3)]
    assert [each.retcode for each in results] == [10019, 10019, 10009]


async def test_a_fault_may_wait_for_one_kind_of_request(broker):
    broker.refuse(10018, of=CloseRequest)
    assert (await broker.send(BUY)).status is ResultStatus.FILLED
    assert (await broker.send(CLOSE)).retcode == 10018


@pytest.mark.parametrize("executed", [False, True])
async def test_an_error_is_raised_before_or_after_executing(broker, executed):
    broker.fail(RuntimeError("boom"), executed=executed)
    with pytest.raises(RuntimeError, match="boom"):
        await broker.send(BUY)
    assert len(broker.executed) == executed


async def test_an_answer_can_be_distorted(broker):
    broker.distort(lambda result: replace(result, price=None))
    assert (await broker.send(BUY)).price is None
    assert len(broker.positions) == 1


async def test_forgotten_faults_do_not_happen(broker):
    broker.lose_request()
    broker.forget_faults()
    assert (await broker.send(BUY)).status is ResultStatus.FILLED


async def test_something_may_happen_while_a_send_is_under_way(broker):
    seen = []

    async def look_around() -> None:
        seen.append((len(broker.received), len(broker.executed)))

    broker.meanwhile(look_around)
    await broker.send(BUY)
    assert seen == [(1, 0)]


async def test_what_is_hidden_shows_after_its_time(broker, clock):
    broker.hide_for(timedelta(seconds=5))
    await broker.send(BUY)
    assert (await look(broker)).positions == ()
    assert not (await broker.find(1)).found
    clock.advance(timedelta(seconds=5))
    assert len((await look(broker)).positions) == 1
    assert (await broker.find(1)).found


async def test_a_silent_market_gives_old_evidence(broker):
    broker.stale_by = timedelta(seconds=30)
    assert (await look(broker)).fresh_at == NOON - timedelta(seconds=30)
    assert (await broker.get_quote("XAUUSD")).time == NOON - timedelta(seconds=30)


async def test_a_broker_that_is_down_was_told_nothing(broker):
    broker.down = True
    for call in (
        broker.connect(),
        look(broker),
        broker.get_symbol("XAUUSD"),
        broker.get_quote("XAUUSD"),
        broker.find(1),
        broker.send(BUY),
    ):
        with pytest.raises(BrokerUnavailable):
            await call
    assert broker.received == []

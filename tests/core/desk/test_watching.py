import json
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import EquityPoint, GuardPhase, GuardState, Reconciliation
from core.broker import DealReason, HistoryState, OpenRequest
from core.desk.watching import lose_sight, watch
from core.errors import BrokerUnavailable, LeaseLost
from core.ids import AccountId, Ticket
from core.market import OrderType
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.orders import Order, OrderKind, OrderState
from core.ports import Delete
from core.prompts import Prompt
from core.signals import Signal, SignalStatus
from core.trades import CloseReason, Trade, TradeState
from tests.builders import ACCOUNT, a_trade
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    World,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

D = Decimal
POSITION = Ticket(1001)


async def traded(**over) -> World:
    """One filled trade: 0.17 lots of gold bought at 1950.50."""
    world = await own_desk()
    await world.filled(**over)
    return world


async def placed() -> World:
    """One pending order at 1948."""
    world = await own_desk()
    await world.filled(order_type=OrderType.LIMIT, price=D("1948.00"))
    return world


# -------------------------------------------------------------- closed elsewhere


@pytest.mark.parametrize(
    ("bid", "reason", "profit"),
    [
        ("1945.00", CloseReason.STOP, "-94.52"),  # 5.50 x 17 + 1.02
        ("1944.00", CloseReason.STOP, "-111.52"),  # gapped
        ("1965.00", CloseReason.TARGET, "245.48"),
    ],
)
async def test_a_trade_that_hit_a_level_is_closed_with_its_result(bid, reason, profit):
    world = await traded()
    world.broker.move("XAUUSD", bid)
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.state, trade.close_reason, trade.profit) == (
        TradeState.CLOSED,
        reason,
        D(profit),
    )


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (DealReason.CLIENT, CloseReason.HAND),
        (DealReason.STOP_OUT, CloseReason.STOP_OUT),
        (DealReason.EXPERT, CloseReason.OTHER),
    ],
)
async def test_a_trade_closed_by_somebody_else_says_by_whom(how, reason):
    world = await traded()
    world.broker.close_by_hand(POSITION, reason=how)
    await world.pass_by(1)
    assert (await world.one(Trade)).close_reason is reason


async def test_a_closed_trade_is_told_shown_audited_and_reported():
    world = await traded()
    prompt = await world.one(Prompt)
    drawn = await world.redrawn(prompt)
    world.broker.move("XAUUSD", "1965")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert await world.told(ADA) == [NoticeKind.TRADE_CLOSED]
    assert await world.redrawn(prompt) == drawn + 1
    entry = await world.one(AuditEntry, action="corrected")
    assert entry.subject == f"trade:{trade.id}"
    report = await world.one(Reconciliation)
    assert json.loads(report.changes) == ["XAUUSD closed: target"]
    assert report.matched == 1


async def test_everybody_of_the_account_is_told():
    world = await shared_desk()
    await world.filled()
    world.broker.move("XAUUSD", "1965")
    await world.pass_by(1)
    told = await world.journal.find(OutboxItem, notice=NoticeKind.TRADE_CLOSED)
    assert {each.user_id for each in told} == {ADA, BOB, EVE}


async def test_a_closed_trade_closes_its_signal():
    world = await traded()
    assert (await world.one(Signal)).status is SignalStatus.EXECUTED
    world.broker.move("XAUUSD", "1965")
    await world.pass_by(1)
    assert (await world.one(Signal)).status is SignalStatus.CLOSED


async def test_a_second_pass_over_the_same_changes_nothing():
    world = await traded()
    world.broker.move("XAUUSD", "1965")
    await world.pass_by(1)
    trade, told = await world.one(Trade), await world.told()
    await world.pass_by(1, looks=3)
    assert (await world.one(Trade), await world.told()) == (trade, told)
    assert await world.journal.count(Reconciliation) == 1


async def test_a_shallow_pass_leaves_the_books_alone():
    world = await traded()
    world.broker.move("XAUUSD", "1965")
    world.later(seconds=1)
    await world.watch(deep=False)
    assert (await world.one(Trade)).state is TradeState.OPEN


# ------------------------------------------------------------------- still open


async def test_a_partial_close_by_hand_leaves_the_rest():
    world = await traded()
    world.broker.close_by_hand(POSITION, "0.07")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.state, trade.volume_open) == (TradeState.OPEN, D("0.10"))
    world.broker.move("XAUUSD", "1965")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.close_reason, trade.volume_open) == (CloseReason.TARGET, 0)
    assert trade.profit == D("145") - D("0.20") * 7 - D("1.02")


async def test_a_stop_moved_by_hand_is_taken_over():
    world = await traded()
    world.broker.modify_by_hand(POSITION, "1950.50")
    await world.pass_by(1)
    assert (await world.one(Trade)).stop_loss == D("1950.50")
    assert (await world.one(Reconciliation)).changes == (
        '["XAUUSD: stop 1945.00 to 1950.50"]'
    )


async def test_a_floating_profit_is_kept_and_not_reported():
    world = await traded()
    prompt = await world.one(Prompt)
    drawn = await world.redrawn(prompt)
    world.broker.move("XAUUSD", "1955.50")
    await world.pass_by(1)
    assert (await world.one(Trade)).floating == D("85")
    assert await world.journal.count(Reconciliation) == 0
    assert await world.redrawn(prompt) == drawn


async def test_a_snapshot_older_than_the_trade_leaves_it_alone():
    world = await traded()
    world.clock.step_to(NOON - timedelta(seconds=1))
    world.broker.positions.clear()
    await world.watch()
    assert (await world.one(Trade)).state is TradeState.OPEN


async def test_a_vanished_trade_is_closing_until_its_deal_is_booked():
    world = await traded()
    world.broker.hide_for(timedelta(seconds=20))
    world.broker.close_by_hand(POSITION)
    await world.pass_by(1)
    assert (await world.one(Trade)).state is TradeState.CLOSING
    assert await world.told() == []
    await world.pass_by(20)
    assert (await world.one(Trade)).state is TradeState.CLOSED
    assert await world.told() == [NoticeKind.TRADE_CLOSED]


async def test_a_position_that_was_only_out_of_sight_is_open_again():
    world = await traded()
    position = world.broker.positions.pop(POSITION)
    await world.pass_by(1)
    assert (await world.one(Trade)).state is TradeState.CLOSING
    world.broker.positions[POSITION] = position
    await world.pass_by(1)
    assert (await world.one(Trade)).state is TradeState.OPEN


async def test_a_trade_that_slept_for_weeks_is_closed_from_its_history():
    world = await traded()
    world.later(days=30)
    world.broker.move("XAUUSD", "1965")
    world.later(days=30)
    await world.watch()
    assert (await world.one(Trade)).profit == D("245.48")


# ------------------------------------------------------------------------ placed


async def test_a_pending_order_that_fills_becomes_a_trade_and_is_told():
    world = await placed()
    world.broker.move("XAUUSD", "1947.80")
    await world.pass_by(1)
    order = await world.one(Order)
    trade = await world.one(Trade)
    assert (order.state, order.filled_price) == (OrderState.FILLED, D("1948.00"))
    assert (trade.open_price, trade.order_id) == (D("1948.00"), order.id)
    assert await world.told(ADA) == [NoticeKind.TRADE_OPENED]


async def test_a_pending_order_filled_and_stopped_unseen_is_recorded_whole():
    world = await placed()
    world.broker.move("XAUUSD", "1947.80")
    world.broker.move("XAUUSD", "1945.00")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.state, trade.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    assert await world.told(ADA) == [NoticeKind.TRADE_OPENED, NoticeKind.TRADE_CLOSED]


@pytest.mark.parametrize(
    ("end", "state", "status"),
    [
        (HistoryState.EXPIRED, OrderState.EXPIRED, SignalStatus.EXPIRED),
        (HistoryState.CANCELLED, OrderState.CANCELLED, SignalStatus.REJECTED),
    ],
)
async def test_a_pending_order_that_ends_says_how(end, state, status):
    world = await placed()
    prompt = await world.one(Prompt)
    drawn = await world.redrawn(prompt)
    world.broker.end_order(POSITION, end)
    await world.pass_by(1)
    assert (await world.one(Order)).state is state
    assert (await world.one(Signal)).status is status
    assert await world.redrawn(prompt) == drawn + 1
    entry = await world.one(AuditEntry, action="corrected")
    assert entry.subject == "account:demo"


async def test_a_pending_order_that_waits_is_left_alone():
    world = await placed()
    await world.pass_by(60, looks=3)
    assert (await world.one(Order)).state is OrderState.PLACED


# -------------------------------------------------------------------------- races


async def test_a_correction_that_loses_a_race_comes_up_again():
    world = await traded()
    world.broker.move("XAUUSD", "1965")

    async def meddle() -> None:
        await world.change(await world.one(Trade), floating=D(1))

    world.journal.before_writing(Trade, meddle)
    await world.pass_by(1)
    assert (await world.one(Trade)).state is TradeState.OPEN
    await world.pass_by(1)
    assert (await world.one(Trade)).state is TradeState.CLOSED


async def test_two_passes_at_once_record_a_close_once():
    world = await traded()
    world.broker.move("XAUUSD", "1965")
    world.later(seconds=1)
    world.journal.before_writing(Trade, world.watch)
    await world.watch()
    assert await world.told() == [NoticeKind.TRADE_CLOSED]


async def test_a_verdict_that_loses_a_race_is_made_again_on_what_won():
    world = await own_desk()

    async def fire() -> None:
        await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)

    world.journal.before_writing(GuardState, fire)
    world.later(seconds=1)
    assert (await world.watch()).guard.phase is GuardPhase.TRIGGERED


async def test_a_process_that_lost_the_lease_writes_nothing():
    world = await traded()
    world.epochs = {ACCOUNT: 7}
    world.later(seconds=1)
    with pytest.raises(LeaseLost):
        await world.watch()


async def test_an_account_that_is_not_there_cannot_be_watched():
    world = await own_desk()
    with pytest.raises(LookupError, match="nowhere is not in the journal"):
        await watch(world.tools, AccountId("nowhere"))


# ------------------------------------------------------------------------- guard


async def test_an_account_without_a_guard_gets_one():
    world = await own_desk()
    await world.journal.commit(Delete(await world.guard()))
    await world.watch()
    assert (await world.guard()).phase is GuardPhase.ARMED


async def test_what_was_read_is_remembered():
    world = await traded()
    world.broker.move("XAUUSD", "1960.50")
    await world.pass_by(1)
    guard = await world.guard()
    assert (guard.equity, guard.peak) == (D("10169.49"), D("10169.49"))


async def test_a_look_that_changes_nothing_writes_nothing():
    world = await own_desk()
    version = (await world.guard()).version
    await world.watch()
    assert (await world.guard()).version == version


async def test_a_warning_is_told_to_everybody_with_its_level():
    world = await shared_desk()
    world.broker.balance = D(8_900)
    await world.pass_by(1)
    told = await world.journal.find(OutboxItem, notice=NoticeKind.GUARD_WARNING)
    assert {(each.user_id, each.detail) for each in told} == {
        (ADA, "50"),
        (BOB, "50"),
        (EVE, "50"),
    }
    assert (await world.one(AuditEntry)).action == "guard_warning"


async def test_a_broker_out_of_sight_makes_blind_and_is_told_after_a_while():
    world = await own_desk()
    world.broker.down = True
    await world.pass_by(1)
    assert (await world.guard()).phase is GuardPhase.BLIND
    assert await world.told() == []
    await world.pass_by(15)
    assert await world.told() == [NoticeKind.GUARD_BLIND]
    world.broker.down = False
    await world.pass_by(1)
    assert await world.told() == [NoticeKind.GUARD_BLIND, NoticeKind.GUARD_SEES]
    assert (await world.guard()).phase is GuardPhase.ARMED


async def test_a_breach_that_waits_hurries_the_next_look():
    world = await own_desk()
    world.broker.balance = D(8_000)
    world.later(seconds=1)
    assert (await world.watch()).hurry


async def test_a_calm_account_is_in_no_hurry():
    world = await traded()
    assert not (await world.watch()).hurry


async def test_a_deposit_of_weeks_ago_is_counted_though_nobody_looked():
    world = await own_desk()
    world.later(hours=1)
    world.broker.deposit("10000")
    world.later(days=20)
    await world.watch()
    assert (await world.guard()).peak == 20_000


async def test_a_withdrawal_does_not_fire():
    world = await own_desk()
    world.broker.deposit("-6000")
    await world.pass_by(1, looks=3)
    guard = await world.guard()
    assert (guard.phase, guard.peak) == (GuardPhase.ARMED, 4_000)


async def test_credit_is_not_money():
    world = await own_desk()
    world.broker.credit = D(5_000)
    await world.pass_by(1)
    assert (await world.guard()).peak == 10_000


# ------------------------------------------------------------------------- curve


async def test_the_curve_has_a_point_a_minute():
    world = await own_desk()
    await world.pass_by(10, looks=13)
    points = await world.journal.find(EquityPoint)
    assert [each.at - NOON for each in points] == [
        timedelta(seconds=second) for second in (0, 60, 120)
    ]


async def test_the_curve_has_a_point_where_the_guard_fired():
    world = await own_desk()
    world.broker.balance = D(7_000)
    await world.pass_by(1)
    points = await world.journal.find(EquityPoint)
    assert [each.equity for each in points] == [10_000, 7_000]


@pytest.mark.parametrize("why", ["down", "stale"])
async def test_a_blind_guard_draws_no_point(why):
    world = await own_desk()
    if why == "down":
        world.broker.down = True
    else:
        world.broker.stale_by = timedelta(seconds=11)
    await world.pass_by(120)
    assert await world.journal.count(EquityPoint) == 1


async def test_an_account_that_was_never_seen_has_no_point_at_zero():
    world = await own_desk()
    await world.journal.commit(
        Delete(await world.guard()),
        *[Delete(each) for each in await world.journal.find(EquityPoint)],
    )
    world.broker.stale_by = timedelta(seconds=11)
    await world.watch()
    assert await world.journal.count(EquityPoint) == 0


# ---------------------------------------------------------------------- strangers


async def test_foreign_positions_are_neither_adopted_nor_reported():
    world = await own_desk()
    world.broker.open_by_hand()
    await world.pass_by(1)
    assert await world.journal.count(Trade) == 0
    assert await world.journal.count(Reconciliation) == 0


async def test_a_number_of_an_order_that_is_gone_adopts_nothing():
    world = await traded()
    order = await world.one(Order, kind=OrderKind.OPEN)
    await world.journal.commit(Delete(await world.one(Trade)), Delete(order))
    await world.pass_by(1)
    assert await world.journal.count(Trade) == 0


async def test_a_trade_that_nothing_ordered_is_closed_without_a_picture():
    world = await own_desk()
    ticket = world.broker.open_by_hand()
    await world.put(a_trade(position_id=ticket, ticket=ticket, volume=D("0.10")))
    world.later(seconds=1)
    world.broker.close_by_hand(ticket)
    await world.watch()
    assert (await world.one(Trade)).close_reason is CloseReason.HAND


async def test_the_guard_row_that_a_pass_returns_can_be_written_on():
    world = await own_desk()
    world.later(seconds=1)
    looked = await world.watch()
    await world.change(looked.guard, warned_percent=50)
    assert (await world.guard()).warned_percent == 50


async def test_a_look_that_failed_leaves_the_guard_blind():
    world = await own_desk()
    guard = await lose_sight(world.tools, ACCOUNT)
    assert guard.phase is GuardPhase.BLIND
    assert (await world.guard()).phase is GuardPhase.BLIND


async def test_an_order_found_absent_that_had_filled_and_ended_gets_its_trade():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=20))
    world.broker.lose_reply()
    await world.work()
    await world.pass_by(3, looks=3)
    assert (await world.one(Order)).state is OrderState.NOT_EXECUTED
    world.broker.move("XAUUSD", "1944.00")
    await world.pass_by(20)
    trade = await world.one(Trade)
    assert (trade.state, trade.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    told = await world.told(ADA)
    assert {NoticeKind.TRADE_OPENED, NoticeKind.TRADE_CLOSED} <= {*told}


@pytest.mark.parametrize("state", [HistoryState.REJECTED, HistoryState.EXPIRED])
async def test_a_pending_order_that_ended_at_the_broker_is_told(state):
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=Decimal("1949.00"))
    await world.approve()
    await world.work()
    order = await world.one(Order)
    world.broker.end_order(order.ticket, state)
    await world.pass_by(1, looks=3)
    assert "its price came" in (await world.one(Order)).reason
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 1


async def test_a_pending_order_withdrawn_by_hand_is_nothing_new_to_its_people():
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=Decimal("1949.00"))
    await world.approve()
    await world.work()
    world.broker.end_order((await world.one(Order)).ticket, HistoryState.CANCELLED)
    await world.pass_by(1, looks=3)
    assert (await world.one(Order)).state is OrderState.CANCELLED
    assert NoticeKind.ORDER_FAILED not in await world.told(ADA)


async def test_a_broker_that_finds_nothing_in_time_keeps_no_pass_waiting(monkeypatch):
    world = await own_desk()
    for number in range(5):
        prompt = await world.offered(external_id=f"gold-{number}")
        world.broker.lose_reply(of=OpenRequest)
        await world.approve(nonce=prompt.nonce)
        await world.work()
    assert await world.journal.count(Order, state=OrderState.UNKNOWN) == 5
    asked = []

    async def silent(magic):
        asked.append(magic)
        message = "no answer in time"
        raise BrokerUnavailable(message)

    monkeypatch.setattr(world.broker, "find", silent)
    await world.watch()
    assert len(asked) == 2

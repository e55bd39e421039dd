from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import GuardPhase
from core.broker import (
    CancelRequest,
    CloseRequest,
    HistoryState,
    OpenRequest,
    ResultStatus,
)
from core.desk.executing import COMMENT_LIMIT, execute
from core.errors import (
    BrokerUnavailable,
    Conflict,
    LeaseLost,
    Refused,
)
from core.ids import OrderId
from core.market import OrderType
from core.messages import AuditEntry, NoticeKind
from core.orders import Order, OrderKind, OrderState, Send, SendState
from core.prompts import Prompt
from core.trades import Trade, TradeState
from tests.builders import ACCOUNT, an_order
from tests.core.desk.world import ADA, World, own_desk, recover
from tests.fakes import NOON

D = Decimal


async def approved(**over) -> World:
    """An approved order that waits to be sent."""
    world = await own_desk()
    await world.offered(**over)
    await world.approve()
    return world


async def order_of(world: World) -> Order:
    return await world.one(Order, kind=OrderKind.OPEN)


async def sends(world: World) -> list[SendState]:
    found = await world.journal.find(Send, order_by="number")
    return [each.state for each in found]


# ------------------------------------------------------------------------- once


async def test_an_order_is_sent_once_and_filled():
    world = await approved()
    await world.work()
    order = await order_of(world)
    assert (order.state, order.filled_volume, order.filled_price) == (
        OrderState.FILLED,
        D("0.17"),
        D("1950.50"),
    )
    assert await sends(world) == [SendState.EXECUTED]
    assert len(world.broker.received) == 1


async def test_what_leaves_is_what_was_approved():
    world = await approved()
    await world.work()
    order = await order_of(world)
    (request,) = world.broker.received
    send = await world.one(Send)
    assert request == OpenRequest(
        instrument=order.instrument,
        side=order.side,
        order_type=order.order_type,
        volume=order.volume,
        price=order.price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        deviation=order.deviation,
        expires_at=None,
        magic=send.magic,
        comment=f"tg-{order.id[-12:]}-1",
    )
    assert len(request.comment) <= COMMENT_LIMIT


async def test_the_intent_is_committed_before_the_broker_hears_of_it():
    world = await approved()
    seen = []

    async def look() -> None:
        seen.append(((await order_of(world)).state, await sends(world)))

    world.broker.meanwhile(look)
    await world.work()
    assert seen == [(OrderState.SUBMITTING, [SendState.IN_FLIGHT])]


async def test_a_fill_makes_a_trade():
    world = await approved()
    await world.work()
    order, trade = await order_of(world), await world.one(Trade)
    assert (trade.order_id, trade.signal_id, trade.position_id) == (
        order.id,
        order.signal_id,
        1001,
    )
    assert (trade.volume, trade.open_price, trade.risk_money, trade.state) == (
        D("0.17"),
        D("1950.50"),
        D("94.52"),
        TradeState.OPEN,
    )


async def test_a_fill_is_shown_and_audited():
    world = await approved()
    prompt = await world.prompt()
    await world.work()
    assert await world.redrawn(prompt) == 3
    assert (await world.one(AuditEntry, action="order_filled")).actor == "desk"


async def test_an_order_that_was_executed_is_left_alone():
    world = await approved()
    await world.work()
    await execute(world.tools, (await order_of(world)).id)
    assert len(world.broker.received) == 1


async def test_an_order_that_is_not_there_is_left_alone():
    world = await own_desk()
    await execute(world.tools, OrderId("nothing"))
    assert world.broker.received == []


async def test_two_workers_send_an_order_once():
    world = await approved()
    order = await order_of(world)
    world.journal.before_writing(Send, lambda: execute(world.tools, order.id))
    with pytest.raises(Conflict):
        await execute(world.tools, order.id)
    assert len(world.broker.received) == 1
    assert (await order_of(world)).state is OrderState.FILLED


async def test_an_order_of_an_account_that_is_not_served_here_does_not_leave():
    world = await approved()
    world.brokers.clear()
    with pytest.raises(LookupError, match="not served here"):
        await execute(world.tools, (await order_of(world)).id)
    assert (await order_of(world)).state is OrderState.QUEUED


async def test_a_lost_lease_stops_the_order_before_it_leaves():
    world = await approved()
    world.epochs = {ACCOUNT: 1}
    with pytest.raises(LeaseLost):
        await execute(world.tools, (await order_of(world)).id)
    assert world.broker.received == []


async def test_a_held_lease_lets_it_leave():
    world = await approved()
    lease = await world.journal.take_lease(
        "account:demo", holder="me", lasts=timedelta(seconds=3)
    )
    assert lease is not None
    world.epochs = {ACCOUNT: lease.epoch}
    await world.work()
    assert (await order_of(world)).state is OrderState.FILLED


# ------------------------------------------------------------- placed and partial


async def test_a_pending_order_is_placed():
    world = await approved(order_type=OrderType.LIMIT, price=D("1948.00"))
    await world.work()
    order = await order_of(world)
    assert (order.state, order.ticket) == (OrderState.PLACED, 1001)
    assert world.broker.orders[order.ticket].expires_at == NOON + timedelta(minutes=15)
    assert await world.journal.count(Trade) == 0


async def test_a_partial_fill_makes_a_trade_of_that_part():
    world = await approved()
    world.broker.distort(
        lambda result: replace(
            result, status=ResultStatus.PARTIALLY_FILLED, volume=D("0.10")
        )
    )
    await world.work()
    trade = await world.one(Trade)
    assert (await order_of(world)).state is OrderState.PARTIALLY_FILLED
    assert trade.volume == D("0.10")
    assert round(trade.risk_money, 2) == D("55.60")


@pytest.mark.parametrize("lacks", ["position_id", "volume", "price"])
async def test_a_fill_that_does_not_say_enough_proves_nothing(lacks):
    world = await approved()
    world.broker.distort(lambda result: replace(result, **{lacks: None}))
    await world.work()
    assert (await order_of(world)).state is OrderState.UNKNOWN
    await world.watch()
    assert (await order_of(world)).state is OrderState.FILLED
    assert (await world.one(Trade)).volume == D("0.17")


async def test_a_placement_without_a_ticket_proves_nothing():
    world = await approved(order_type=OrderType.LIMIT, price=D("1948.00"))
    world.broker.distort(lambda result: replace(result, order=None))
    await world.work()
    assert (await order_of(world)).state is OrderState.UNKNOWN
    await world.watch()
    assert (await order_of(world)).state is OrderState.PLACED


# --------------------------------------------------------------------- refusals


async def test_a_refusal_is_final_and_tells_the_brokers_reason():
    world = await approved()
    world.broker.refuse(10019, message="No money.")
    await world.work()
    order = await order_of(world)
    assert (order.state, order.reason) == (OrderState.REJECTED, "No money.")
    assert await sends(world) == [SendState.REFUSED]
    assert world.broker.executed == []


async def test_a_requote_is_sent_again_with_a_number_of_its_own():
    world = await approved()
    world.broker.refuse(10004)
    await world.work()
    assert (await order_of(world)).state is OrderState.FILLED
    assert await sends(world) == [SendState.REFUSED, SendState.EXECUTED]
    assert len({each.magic for each in world.broker.received}) == 2


@pytest.mark.parametrize("retcode", [10004, 10020, 10021, 10024, 10030])
async def test_no_order_is_sent_more_than_three_times(retcode):
    world = await approved()
    world.broker.refuse(retcode, 5)
    await world.work()
    assert (await order_of(world)).state is OrderState.REJECTED
    assert await sends(world) == [SendState.REFUSED] * 3


@pytest.mark.parametrize("retcode", [10006, 10013, 10018, 10031])
async def test_other_refusals_are_not_tried_again(retcode):
    world = await approved()
    world.broker.refuse(retcode)
    await world.work()
    assert len(world.broker.received) == 1


async def test_a_price_that_ran_away_is_not_followed():
    world = await approved()
    world.broker.move("XAUUSD", "1951.70")
    await world.work()
    assert (await order_of(world)).state is OrderState.REJECTED
    assert world.broker.executed == []


async def test_a_price_inside_the_drift_is_followed():
    world = await approved()
    world.broker.move("XAUUSD", "1951.60")
    await world.work()
    assert (await order_of(world)).filled_price == D("1951.80")


async def test_a_broker_that_is_not_there_was_surely_not_told():
    world = await approved()
    world.broker.fail(BrokerUnavailable("gone"))
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.REJECTED
    assert order.reason == "The broker cannot be reached; nothing was sent."
    assert await sends(world) == [SendState.REFUSED]


async def test_a_refusal_before_sending_gives_its_reason():
    world = await approved()
    world.broker.fail(Refused("The volume is not a multiple of the step."))
    await world.work()
    assert (await order_of(world)).reason == (
        "The volume is not a multiple of the step."
    )


# ---------------------------------------------------------------- what bars entry


async def test_an_order_does_not_leave_after_its_signal_expired():
    world = await approved()
    world.later(minutes=15)
    await world.watch()
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.CANCELLED
    assert "expired before the order could be sent" in order.reason
    assert world.broker.received == []


@pytest.mark.parametrize("phase", [GuardPhase.TRIGGERED, GuardPhase.BLIND])
async def test_an_order_does_not_leave_unless_the_guard_is_armed(phase):
    world = await approved()
    await world.change(await world.guard(), phase=phase)
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.CANCELLED
    assert order.reason == "The guard allows no entries now; nothing was sent."
    assert world.broker.received == []


async def fire(world: World) -> None:
    await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)


async def test_a_guard_that_fires_while_the_order_is_about_to_leave_stops_it():
    world = await approved()
    world.journal.before_writing(Send, lambda: fire(world))
    order = await order_of(world)
    with pytest.raises(Conflict):
        await execute(world.tools, order.id)
    await execute(world.tools, order.id)
    assert (await order_of(world)).state is OrderState.CANCELLED
    assert world.broker.received == []


async def test_a_guard_that_fires_after_a_requote_stops_the_next_send():
    world = await approved()

    world.broker.refuse(10004)
    world.broker.meanwhile(lambda: fire(world))
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.REJECTED
    assert order.reason == "The guard allows no entries now; nothing was sent."
    assert await sends(world) == [SendState.REFUSED]


async def test_a_guard_that_fires_just_before_the_second_send_stops_it():
    world = await approved()
    world.broker.refuse(10004, 2)

    async def meanwhile() -> None:  # the first send, its refusal, the second send
        world.journal.before_writing(Send, between)

    async def between() -> None:
        world.journal.before_writing(Send, lambda: fire(world))

    world.journal.before_writing(Send, meanwhile)
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.REJECTED
    assert order.reason == "The guard fired between two tries."
    assert len(world.broker.received) == 1


async def test_a_signal_that_expires_after_a_requote_is_not_sent_again():
    world = await approved()

    world.broker.refuse(10004)

    async def time_passes() -> None:
        world.later(minutes=15)

    world.broker.meanwhile(time_passes)
    await world.work()
    assert (await order_of(world)).state is OrderState.REJECTED
    assert await sends(world) == [SendState.REFUSED]


async def test_an_order_without_a_signal_is_barred_by_the_guard_alone():
    world = await own_desk()
    order = an_order()
    await world.put(order)
    world.later(hours=1)
    await world.watch()
    await execute(world.tools, order.id)
    assert (await order_of(world)).state is OrderState.FILLED


async def test_an_order_waits_for_the_first_look_after_a_start():
    world = await approved()
    world.later(seconds=11)
    with pytest.raises(Conflict):
        await execute(world.tools, (await order_of(world)).id)
    await world.watch()
    await world.work()
    assert (await order_of(world)).state is OrderState.FILLED


async def test_an_order_does_not_leave_while_the_guard_sleeps():
    world = await approved()
    world.later(seconds=31)
    await world.work()
    order = await order_of(world)
    assert order.state is OrderState.CANCELLED
    assert world.broker.received == []


async def test_closes_leave_although_the_guard_has_fired():
    world = await approved()
    await world.work()
    trade = await world.one(Trade)
    close = an_order(
        kind=OrderKind.CLOSE,
        ticket=trade.ticket,
        volume=trade.volume,
        trade_id=trade.id,
    )
    await world.put(close)
    await fire(world)
    await execute(world.tools, close.id)
    assert isinstance(world.broker.executed[-1], CloseRequest)
    assert world.broker.positions == {}


async def test_a_cancel_is_aimed_at_the_pending_order():
    world = await approved(order_type=OrderType.LIMIT, price=D("1948.00"))
    await world.work()
    cancel = an_order(
        kind=OrderKind.CANCEL, ticket=(await order_of(world)).ticket, volume=D(0)
    )
    await world.put(cancel)
    await execute(world.tools, cancel.id)
    assert isinstance(world.broker.executed[-1], CancelRequest)
    assert world.broker.past[-1].state is HistoryState.CANCELLED


async def test_a_persons_refused_close_is_told_to_them():
    world = await own_desk()
    close = an_order(kind=OrderKind.CLOSE, ticket=7, user_id=ADA)
    await world.put(close)
    world.broker.refuse(10018, message="Market closed.")
    await execute(world.tools, close.id)
    assert await world.told(ADA) == [NoticeKind.ORDER_FAILED]


async def test_a_close_of_what_is_gone_already_has_done_its_work():
    world = await own_desk()
    close = an_order(kind=OrderKind.CLOSE, ticket=7, user_id=ADA)
    await world.put(close)
    await execute(world.tools, close.id)
    assert (await world.one(Order)).state is OrderState.FILLED
    assert await world.told(ADA) == []


async def test_a_process_without_the_lease_sends_nothing():
    world = await approved()
    world.epochs = {}
    with pytest.raises(LeaseLost):
        await execute(world.tools, (await order_of(world)).id)
    assert world.broker.received == []


async def test_the_guards_refused_close_is_told_to_nobody():
    world = await own_desk()
    close = an_order(kind=OrderKind.CLOSE, ticket=7, user_id=None)
    await world.put(close)
    await execute(world.tools, close.id)
    assert await world.told() == []


# ------------------------------------------------------------ outcome not known


async def test_a_lost_reply_is_unknown_and_then_adopted():
    world = await approved()
    world.broker.lose_reply()
    await world.work()
    assert (await order_of(world)).state is OrderState.UNKNOWN
    assert await sends(world) == [SendState.UNKNOWN]
    await world.watch()
    order = await order_of(world)
    assert (order.state, order.reason) == (OrderState.FILLED, "")
    assert (await world.one(Trade)).position_id == 1001
    assert len(world.broker.received) == 1


async def test_a_lost_request_is_proved_absent_and_never_sent_again():
    world = await approved()
    world.broker.lose_request()
    await world.work()
    await world.pass_by(1, looks=4)
    assert (await order_of(world)).state is OrderState.UNKNOWN
    await world.pass_by(2)
    order = await order_of(world)
    assert order.state is OrderState.NOT_EXECUTED
    assert order.reason == "The broker never received it."
    assert await sends(world) == [SendState.ABSENT]
    assert len(world.broker.received) == 1


async def test_a_lost_reply_of_a_pending_order_is_found_waiting():
    world = await approved(order_type=OrderType.LIMIT, price=D("1948.00"))
    world.broker.lose_reply()
    await world.work()
    await world.watch()
    order = await order_of(world)
    assert (order.state, order.ticket) == (OrderState.PLACED, 1001)


async def test_an_unknown_order_hurries_the_next_look():
    world = await approved()
    world.broker.lose_request()
    await world.work()
    assert (await world.watch()).hurry


# ------------------------------------------------------------------ after a crash


async def test_an_order_that_was_on_its_way_is_unknown_after_a_start():
    world = await approved()
    order = await order_of(world)
    world.broker.fail(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await execute(world.tools, order.id)
    assert await recover(world.tools) == 1
    assert (await order_of(world)).state is OrderState.UNKNOWN


async def test_an_order_between_two_sends_is_rejected_after_a_start():
    world = await approved()
    order = await order_of(world)
    world.broker.refuse(10004, message="Requote.")

    async def stop() -> None:
        raise KeyboardInterrupt

    async def refused() -> None:
        world.journal.before_writing(Send, stop)

    async def first() -> None:
        world.journal.before_writing(Send, refused)

    world.journal.before_writing(Send, first)
    with pytest.raises(KeyboardInterrupt):
        await execute(world.tools, order.id)
    await recover(world.tools)
    order = await order_of(world)
    assert (order.state, order.reason) == (OrderState.REJECTED, "Requote.")


async def test_after_a_quiet_stop_there_is_nothing_to_recover():
    world = await approved()
    await world.work()
    assert await recover(world.tools) == 0


async def test_a_clock_set_back_does_not_hide_an_order_from_recovery():
    world = await approved()
    order = await order_of(world)
    world.broker.fail(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await execute(world.tools, order.id)
    world.clock.step_to(NOON - timedelta(hours=1))
    assert await recover(world.tools) == 1


async def test_an_answer_that_never_comes_is_given_up_while_running():
    world = await approved()
    order = await order_of(world)
    world.broker.fail(RuntimeError("the worker died"))
    with pytest.raises(RuntimeError):
        await execute(world.tools, order.id)
    world.later(seconds=59)
    await world.watch()
    assert (await order_of(world)).state is OrderState.SUBMITTING
    world.later(seconds=1)
    await world.watch()
    assert (await order_of(world)).state is OrderState.UNKNOWN


async def test_an_answer_that_comes_just_as_it_is_given_up_wins():
    world = await approved()
    order = await order_of(world)
    world.broker.fail(RuntimeError("the worker died"))
    with pytest.raises(RuntimeError):
        await execute(world.tools, order.id)
    world.later(minutes=2)

    async def answer() -> None:
        await world.change(await order_of(world), state=OrderState.REJECTED)

    world.journal.before_writing(Order, answer)
    assert (await world.watch()).hurry
    assert (await order_of(world)).state is OrderState.REJECTED


async def test_a_prompt_shows_each_outcome():
    world = await approved()
    world.broker.lose_request()
    prompt = await world.one(Prompt)
    before = await world.redrawn(prompt)
    await world.work()
    await world.watch()
    await world.pass_by(6)
    assert await world.redrawn(prompt) == before + 2

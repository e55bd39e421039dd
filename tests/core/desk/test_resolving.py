from datetime import timedelta
from decimal import Decimal

import pytest

from core.broker import CancelRequest, HistoryState, OpenRequest
from core.desk.commanding import close_all
from core.desk.resolving import (
    NEVER_SEEN,
    STILL_WAITS,
    adopt,
    answerable,
    not_placed,
    resolve,
)
from core.errors import BrokerUnavailable, Refused
from core.ids import OrderId, Ticket
from core.market import OrderType
from core.messages import AuditEntry, NoticeKind, Topic
from core.orders import Order, OrderKind, OrderState, Send, SendState
from core.trades import CloseReason, Trade
from core.users import Role
from tests.builders import an_order, an_outbox_item
from tests.core.desk.world import ADA, BOB, EVE, World, own_desk, shared_desk

MINUTES = 60


async def lost(*, executed: bool) -> World:
    """An approved order whose answer never came."""
    world = await own_desk()
    await world.offered()
    await world.approve()
    if executed:
        world.broker.lose_reply()
    else:
        world.broker.lose_request()
    await world.work()
    return world


async def parked(*, executed: bool) -> World:
    """The same, and the broker was out of sight for too long."""
    world = await lost(executed=executed)
    world.broker.down = True
    await world.pass_by(5 * MINUTES)
    assert (await world.one(Order)).state is OrderState.PARKED
    return world


async def state(world: World) -> OrderState:
    return (await world.one(Order, kind=OrderKind.OPEN)).state


# ------------------------------------------------------------------- looking


async def test_looks_that_find_nothing_prove_it_after_the_settle_window():
    world = await lost(executed=False)
    await world.watch()
    await world.pass_by(4.9)
    assert await state(world) is OrderState.UNKNOWN
    await world.pass_by(0.1)
    assert await state(world) is OrderState.NOT_EXECUTED


async def test_a_look_that_fails_starts_the_settle_window_anew():
    world = await lost(executed=False)
    await world.watch()
    world.broker.down = True
    await world.pass_by(4)
    world.broker.down = False
    await world.pass_by(4)
    assert await state(world) is OrderState.UNKNOWN
    await world.pass_by(5)
    assert await state(world) is OrderState.NOT_EXECUTED


async def test_an_account_that_is_not_seen_proves_no_absence():
    world = await lost(executed=False)
    world.broker.stale_by = timedelta(seconds=11)
    await world.pass_by(6, looks=3)
    assert await state(world) is OrderState.UNKNOWN
    world.broker.stale_by = timedelta()
    await world.pass_by(1)
    assert await state(world) is OrderState.UNKNOWN
    await world.pass_by(5)
    assert await state(world) is OrderState.NOT_EXECUTED


async def test_what_shows_late_is_adopted_and_not_declared_absent():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=4))
    world.broker.lose_reply()
    await world.work()
    await world.watch()
    assert await state(world) is OrderState.UNKNOWN
    await world.pass_by(4)
    assert await state(world) is OrderState.FILLED


async def test_what_shows_after_the_settle_window_is_still_adopted_as_an_orphan():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=30))
    world.broker.lose_reply()
    await world.work()
    await world.pass_by(6, looks=2)
    assert await state(world) is OrderState.NOT_EXECUTED
    await world.pass_by(30)
    trade = await world.one(Trade)
    assert (trade.position_id, trade.volume) == (1001, Decimal("0.17"))
    told = await world.told(ADA)
    assert {*told} == {NoticeKind.ORDER_FAILED, NoticeKind.TRADE_OPENED}
    assert len(world.broker.received) == 1


async def test_a_pending_order_that_shows_after_it_was_called_absent_is_withdrawn():
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=Decimal(1948))
    await world.approve()
    world.broker.hide_for(timedelta(seconds=30))
    world.broker.lose_reply()
    await world.work()
    await world.pass_by(6, looks=2)
    assert await state(world) is OrderState.NOT_EXECUTED
    world.broker.hide_for(timedelta())
    await world.pass_by(30)
    cancel = await world.one(Order, kind=OrderKind.CANCEL)
    assert (cancel.state, cancel.user_id) == (OrderState.FILLED, None)
    assert world.broker.orders == {}


async def test_a_refused_withdrawal_of_what_turned_up_is_tried_and_told_with_patience():
    world = await own_desk()
    await world.filled(order_type=OrderType.LIMIT, price=Decimal("1948.00"))
    await world.change(await world.one(Order), state=OrderState.EXPIRED)
    world.broker.refuse(10018, 1000, of=CancelRequest, message="Market closed.")
    await world.pass_by(10, looks=60)
    assert await world.journal.count(Order, kind=OrderKind.CANCEL) <= 15  # not 60
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 1


async def test_a_pending_order_of_somebody_else_is_left_alone():
    world = await own_desk()
    waiting = world.broker.place_by_hand("1940")
    await world.pass_by(1, looks=2)
    assert set(world.broker.orders) == {waiting}


async def test_an_order_known_as_filled_without_deals_is_neither_absent_nor_rejected():
    world = await lost(executed=True)
    world.broker.deals.clear()
    world.broker.positions.clear()
    await world.pass_by(6, looks=3)
    assert await state(world) is OrderState.UNKNOWN


async def test_a_lost_order_that_ended_at_the_broker_is_rejected():
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=Decimal(1948))
    await world.approve()
    world.broker.lose_reply()
    await world.work()
    world.broker.end_order(next(iter(world.broker.orders)), HistoryState.EXPIRED)
    await world.watch()
    order = await world.one(Order)
    assert (order.state, order.reason) == (
        OrderState.REJECTED,
        "The broker lists the order as expired.",
    )


async def test_two_looks_at_once_record_one_outcome():
    world = await lost(executed=True)
    order = await world.one(Order)
    world.journal.before_writing(Trade, lambda: resolve(world.tools, order))
    await world.watch()
    assert await world.journal.count(Trade) == 1


# ------------------------------------------------------------------- parking


async def test_an_order_that_cannot_be_looked_for_is_parked_after_five_minutes():
    world = await lost(executed=False)
    world.broker.down = True
    await world.pass_by(5 * MINUTES - 1)
    assert await state(world) is OrderState.UNKNOWN
    await world.pass_by(1)
    order = await world.one(Order)
    assert (order.state, order.reason) == (
        OrderState.PARKED,
        "Outcome unknown: do not repeat it by hand.",
    )


async def test_an_order_that_is_being_proved_absent_is_not_parked():
    world = await lost(executed=False)
    world.broker.settle = timedelta(minutes=6)
    await world.pass_by(1)
    await world.pass_by(5 * MINUTES)
    assert await state(world) is OrderState.UNKNOWN


async def test_parking_is_told_to_whom_it_may_concern():
    world = await parked(executed=False)
    kinds = await world.told(ADA)
    assert NoticeKind.ORDER_PARKED in kinds
    assert (await world.one(AuditEntry, action="order_parked")).actor == "desk"


async def test_a_parked_order_bars_entries():
    world = await parked(executed=False)
    world.broker.down = False
    await world.watch()
    prompt = await world.offered(external_id="gold-2")
    assert "An earlier order's outcome is unknown" in prompt.reason


async def test_a_parked_entry_that_is_absent_waits_for_a_person():
    world = await parked(executed=False)
    world.broker.down = False
    await world.pass_by(60, looks=3)
    assert await state(world) is OrderState.PARKED


async def test_a_parked_entry_that_shows_is_adopted_without_being_asked():
    world = await parked(executed=True)
    world.broker.down = False
    await world.pass_by(1)
    assert await state(world) is OrderState.FILLED


async def test_a_parked_order_does_not_hurry_the_next_look():
    world = await parked(executed=False)
    world.broker.down = False
    assert not (await world.watch()).hurry


async def test_a_parked_close_is_looked_for_on_and_proved_absent():
    world = await own_desk()
    await world.filled()
    trade = await world.one(Trade)
    close = an_order(
        kind=OrderKind.CLOSE,
        state=OrderState.QUEUED,
        ticket=trade.ticket,
        trade_id=trade.id,
    )
    world.broker.lose_request()
    await world.put(close, an_outbox_item(topic=Topic.EXECUTE, subject=close.id))
    await world.work()
    world.broker.down = True
    await world.pass_by(5 * MINUTES)
    assert (await world.one(Order, id=close.id)).state is OrderState.PARKED
    world.broker.down = False
    await world.pass_by(1)
    await world.pass_by(5)
    assert (await world.one(Order, id=close.id)).state is OrderState.NOT_EXECUTED


# ----------------------------------------------------------------- by a person


async def test_a_person_adopts_what_the_broker_shows():
    world = await parked(executed=True)
    world.broker.down = False
    order = await world.one(Order)
    text = await adopt(world.tools, order.id, by=ADA, reason="I see it.")
    assert text == "Adopted: the order is recorded as the broker shows it."
    assert await state(world) is OrderState.FILLED
    entry = await world.one(AuditEntry, action="order_adopted")
    assert (entry.actor, entry.detail) == ("user:1", '{"reason":"I see it."}')


async def test_nobody_adopts_what_cannot_be_seen():
    world = await parked(executed=True)
    order = await world.one(Order)
    with pytest.raises(Refused, match="cannot be reached now"):
        await adopt(world.tools, order.id, by=ADA, reason="")


async def test_nobody_adopts_what_is_not_there():
    world = await parked(executed=False)
    world.broker.down = False
    order = await world.one(Order)
    with pytest.raises(Refused, match="Nothing at the broker carries"):
        await adopt(world.tools, order.id, by=ADA, reason="")


@pytest.mark.parametrize("down", [True, False])
async def test_a_person_says_that_it_was_not_placed(down):
    world = await parked(executed=False)
    world.broker.down = down
    order = await world.one(Order)
    text = await not_placed(world.tools, order.id, by=ADA, reason="I looked.")
    assert "takes entries again" in text
    order = await world.one(Order)
    assert (order.state, order.reason) == (OrderState.NOT_EXECUTED, "I looked.")
    assert (await world.one(Send)).state is SendState.ABSENT
    assert (await world.one(AuditEntry, action="order_not_executed")).actor == "user:1"


async def test_not_placed_without_a_reason_still_says_what_became_of_it():
    world = await parked(executed=False)
    world.broker.down = False
    order = await world.one(Order)
    await not_placed(world.tools, order.id, by=ADA, reason="")
    assert (await world.one(Order)).reason == NEVER_SEEN
    assert (await world.told(ADA))[-1] is NoticeKind.ORDER_FAILED


async def test_nobody_says_not_placed_of_what_the_broker_shows():
    world = await parked(executed=True)
    world.broker.down = False
    order = await world.one(Order)
    with pytest.raises(Refused, match="choose Adopt"):
        await not_placed(world.tools, order.id, by=ADA, reason="")


async def test_what_was_called_not_placed_and_shows_after_all_is_adopted():
    world = await parked(executed=True)
    order = await world.one(Order)
    await not_placed(world.tools, order.id, by=ADA, reason="I think so.")
    world.broker.down = False
    await world.pass_by(1)
    assert (await world.one(Trade)).order_id == order.id


@pytest.mark.parametrize("verb", [adopt, not_placed])
async def test_only_a_parked_order_waits_for_an_answer(verb):
    world = await lost(executed=True)
    order = await world.one(Order)
    with pytest.raises(Refused, match="does not wait for an answer any more"):
        await verb(world.tools, order.id, by=ADA, reason="")


async def test_an_order_that_is_not_there_waits_for_nothing():
    world = await own_desk()
    with pytest.raises(Refused):
        await adopt(world.tools, OrderId("nothing"), by=ADA, reason="")


async def test_deciders_and_managers_may_answer_for_a_parked_order():
    world = await shared_desk()
    order = an_order()
    assert await answerable(world.tools, order) == [ADA, BOB]


async def test_an_own_accounts_person_and_its_admins_may_answer():
    world = await own_desk()
    await world.person(BOB, Role.ADMIN)
    await world.person(EVE, Role.VIEWER)
    assert await answerable(world.tools, an_order()) == [ADA, BOB]


async def test_a_fill_found_by_a_person_is_closed_like_any_other():
    world = await parked(executed=True)
    world.broker.down = False
    await adopt(world.tools, (await world.one(Order)).id, by=ADA, reason="Mine.")
    world.broker.close_by_hand(Ticket(1001))
    await world.pass_by(1)
    assert (await world.one(Trade)).close_reason is CloseReason.HAND


async def lost_withdrawal() -> World:
    """A /closeall whose withdrawal of a waiting order never came to the broker."""
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=Decimal("1949.00"))
    await world.approve()
    await world.work()
    await world.pass_by(1)
    world.broker.lose_request(of=CancelRequest)
    await close_all(world.tools, ADA)
    await world.work()
    return world


async def test_a_lost_withdrawal_has_a_last_word():
    world = await lost_withdrawal()
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 1
    await world.pass_by(3, looks=20)
    cancel = await world.one(Order, kind=OrderKind.CANCEL)
    assert cancel.state is OrderState.NOT_EXECUTED
    assert cancel.reason == STILL_WAITS
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 2


async def test_a_withdrawal_whose_answer_was_lost_needs_no_last_word():
    world = await lost_withdrawal()
    world.broker.orders.clear()
    await world.pass_by(3, looks=20)
    assert (await world.one(Order, kind=OrderKind.CANCEL)).reason == ""
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 1


async def test_what_a_withdrawal_left_is_not_guessed(monkeypatch):
    world = await lost_withdrawal()
    cancel = await world.one(Order, kind=OrderKind.CANCEL)
    await resolve(world.tools, cancel)
    world.later(seconds=60)

    async def broken(*, since):
        message = "gone"
        raise BrokerUnavailable(message)

    with monkeypatch.context() as unseen:
        unseen.setattr(world.broker, "get_snapshot", broken)
        await resolve(world.tools, cancel)
    cancel = await world.one(Order, kind=OrderKind.CANCEL)
    assert cancel.state is OrderState.UNKNOWN
    await resolve(world.tools, cancel)
    assert (await world.one(Order, kind=OrderKind.CANCEL)).reason == STILL_WAITS


async def test_every_order_that_cannot_be_looked_for_is_parked():
    world = await own_desk()
    for number in range(4):
        prompt = await world.offered(external_id=f"gold-{number}")
        world.broker.lose_reply(of=OpenRequest)
        await world.approve(nonce=prompt.nonce)
        await world.work()
    world.broker.down = True
    await world.pass_by(30, looks=20)
    orders = await world.journal.find(Order, kind=OrderKind.OPEN)
    assert [order.state for order in orders] == [OrderState.PARKED] * 4

"""What became of a new stop, by the position's stops and by nothing else."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.broker import ModifyRequest
from core.desk.executing import execute
from core.desk.handling import Change
from core.desk.resolving import (
    GONE_BEFORE,
    NEVER_MOVED,
    NOT_MOVED,
    adopt,
    not_placed,
    resolve,
)
from core.errors import Refused
from core.messages import NoticeKind, OutboxItem
from core.orders import Order, OrderKind, OrderState, Send, SendState
from core.trades import Trade
from tests.core.desk.hands import do, done, held, held_by_several, question, refused
from tests.core.desk.world import ADA, BOB, World, recover

D = Decimal
MINUTES = 60
ENTRY = D("1950.50")


async def lost(*, executed: bool) -> World:
    """A new stop was sent and no answer came."""
    world = await held_by_several()
    await do(world, Change.BREAK_EVEN)
    if executed:
        world.broker.lose_reply()
    else:
        world.broker.lose_request()
    await world.work()
    assert (await the_order(world)).state is OrderState.UNKNOWN
    return world


async def the_order(world: World) -> Order:
    return await world.one(Order, kind=OrderKind.MODIFY)


async def the_send(world: World) -> Send:
    return await world.one(Send, order_id=(await the_order(world)).id)


async def moved(world: World) -> int:
    """How many people were told that the stop stands."""
    return await world.journal.count(OutboxItem, notice=NoticeKind.STOP_MOVED)


# --------------------------------------------------------------------------- answers


async def test_the_request_carries_both_stops_and_a_number_of_its_own():
    world = await held()
    await done(world, Change.BREAK_EVEN)
    request = world.broker.received[-1]
    assert isinstance(request, ModifyRequest)
    assert (request.stop_loss, request.take_profit) == (ENTRY, D("1965.00"))
    assert request.magic == (await the_send(world)).magic


async def test_stops_that_stand_so_already_are_what_was_wanted():
    world = await held()
    await do(world, Change.BREAK_EVEN)
    (ticket,) = world.broker.positions
    world.broker.modify_by_hand(ticket, "1950.50")
    await world.work()
    order, send = await the_order(world), await the_send(world)
    assert (order.state, order.reason) == (OrderState.FILLED, "")
    assert (send.state, send.retcode) == (SendState.EXECUTED, 10025)
    assert await moved(world) == 1


async def test_a_position_that_closed_meanwhile_refuses():
    world = await held()
    await do(world, Change.BREAK_EVEN)
    world.broker.close_by_hand(next(iter(world.broker.positions)))
    await world.work()
    assert (await the_order(world)).state is OrderState.REJECTED
    assert await moved(world) == 0


async def test_an_answer_that_proves_non_execution_is_sent_once_more():
    world = await held()
    await do(world, Change.BREAK_EVEN)
    world.broker.refuse(10021)
    await world.work()
    assert (await the_order(world)).state is OrderState.FILLED
    assert await world.journal.count(Send, order_id=(await the_order(world)).id) == 2


# ----------------------------------------------------------------------- in doubt


async def test_a_stop_that_is_where_it_was_wanted_was_moved():
    world = await lost(executed=True)
    await world.pass_by(1)
    order, send = await the_order(world), await the_send(world)
    assert (order.state, order.reason) == (OrderState.FILLED, "")
    assert send.state is SendState.EXECUTED
    assert await moved(world) == 3
    assert (await world.one(Trade)).stop_loss == ENTRY


async def test_a_stop_that_stays_where_it_was_was_not_moved():
    world = await lost(executed=False)
    await world.watch()
    await world.pass_by(4.9)
    assert (await the_order(world)).state is OrderState.UNKNOWN
    await world.pass_by(0.1)
    order = await the_order(world)
    assert (order.state, order.reason) == (OrderState.NOT_EXECUTED, NEVER_MOVED)
    assert (await the_send(world)).state is SendState.ABSENT
    assert await moved(world) == 0
    assert len(world.broker.received) == 2
    assert (await question(world, Change.BREAK_EVEN)).bond.orders == 1


async def test_a_target_that_was_moved_too_is_another_wish():
    world = await lost(executed=False)
    (ticket,) = world.broker.positions
    position = world.broker.positions[ticket]
    other = replace(position, stop_loss=ENTRY, take_profit=D(1970))
    world.broker.positions[ticket] = other
    await world.pass_by(1, looks=7)
    assert (await the_order(world)).state is OrderState.NOT_EXECUTED


@pytest.mark.parametrize("executed", [False, True])
async def test_nothing_is_said_of_a_position_that_is_gone(executed):
    world = await lost(executed=executed)
    world.broker.close_by_hand(next(iter(world.broker.positions)))
    await world.pass_by(1, looks=7)
    order = await the_order(world)
    assert (order.state, order.reason) == (OrderState.NOT_EXECUTED, GONE_BEFORE)
    told = await world.journal.find(OutboxItem, notice=NoticeKind.ORDER_FAILED)
    assert {item.user_id for item in told} == {ADA}


async def test_a_new_ticket_is_still_the_same_position():
    world = await lost(executed=True)
    (ticket,) = world.broker.positions
    position = world.broker.positions.pop(ticket)
    world.broker.positions[type(ticket)(7)] = replace(position, ticket=7)
    await world.pass_by(1)
    assert (await the_order(world)).state is OrderState.FILLED


async def test_an_account_that_is_not_seen_proves_nothing():
    world = await lost(executed=False)
    world.broker.stale_by = timedelta(seconds=11)
    await world.pass_by(6, looks=3)
    assert (await the_order(world)).state is OrderState.UNKNOWN


async def test_a_process_that_died_finds_the_stop_that_it_moved():
    world = await held()
    await do(world, Change.BREAK_EVEN)
    order = await the_order(world)
    world.broker.fail(KeyboardInterrupt(), executed=True)
    with pytest.raises(KeyboardInterrupt):
        await execute(world.tools, order.id)
    assert (await the_order(world)).state is OrderState.SUBMITTING
    await recover(world.tools)
    await world.pass_by(1)
    assert (await the_order(world)).state is OrderState.FILLED
    assert len(world.broker.executed) == 2


async def test_while_a_stop_is_in_doubt_the_trade_can_be_closed():
    world = await lost(executed=False)
    await done(world, Change.CLOSE)
    assert world.broker.positions == {}


# ----------------------------------------------------------------------- parked


async def parked(*, executed: bool) -> World:
    world = await lost(executed=executed)
    world.broker.down = True
    await world.pass_by(5 * MINUTES)
    assert (await the_order(world)).state is OrderState.PARKED
    return world


@pytest.mark.parametrize("executed", [False, True])
async def test_a_parked_stop_is_looked_at_on(executed):
    world = await parked(executed=executed)
    world.broker.down = False
    await world.pass_by(1, looks=7)
    end = OrderState.FILLED if executed else OrderState.NOT_EXECUTED
    assert (await the_order(world)).state is end


async def test_a_person_can_say_that_a_parked_stop_stands():
    world = await parked(executed=True)
    world.broker.down = False
    order = await the_order(world)
    with pytest.raises(Refused):
        await not_placed(world.tools, order.id, by=BOB, reason="")
    assert (await adopt(world.tools, order.id, by=BOB, reason="")).startswith("Adopted")
    assert (await the_order(world)).state is OrderState.FILLED
    assert await moved(world) == 3


async def test_a_person_can_say_that_a_parked_stop_does_not():
    world = await parked(executed=False)
    world.broker.down = False
    order = await the_order(world)
    with pytest.raises(Refused) as no:
        await adopt(world.tools, order.id, by=BOB, reason="")
    assert no.value.reason == NOT_MOVED
    await not_placed(world.tools, order.id, by=BOB, reason="")
    assert (await the_order(world)).state is OrderState.NOT_EXECUTED


async def test_a_broker_that_is_away_answers_nothing():
    world = await lost(executed=True)
    world.broker.down = True
    assert not await resolve(world.tools, await the_order(world))
    assert "cannot be reached" in await refused(world, Change.CLOSE)

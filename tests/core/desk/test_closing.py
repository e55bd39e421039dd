from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from core.accounts import GuardPhase, GuardScope, GuardState
from core.broker import CancelRequest, CloseRequest, HistoryState, ResultStatus
from core.desk.closing import drive
from core.desk.commanding import close_all, panic, rearm
from core.errors import Conflict, Refused
from core.ids import Ticket
from core.market import OrderType, Side
from core.messages import AuditEntry, NoticeKind, OutboxItem, Priority, Topic
from core.orders import Cause, Order, OrderKind, OrderState, Send
from core.prompts import Prompt, PromptState
from core.trades import CloseReason, Trade, TradeState
from tests.builders import ACCOUNT
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    RULES,
    World,
    account_of,
    own_desk,
    shared_desk,
)

D = Decimal
OURS = replace(RULES, guard_closes=GuardScope.OURS)
GOLD = Ticket(1001)


async def traded(rules=RULES) -> World:
    world = await own_desk(rules)
    await world.filled()
    return world


async def ruin(world: World) -> None:
    """Two thirds of the money are gone; one look is enough to fire."""
    world.broker.balance -= 7_000
    world.later(seconds=1)
    await world.watch()


async def phase(world: World) -> GuardPhase:
    return (await world.guard()).phase


async def closes(world: World) -> list[OrderState]:
    found = await world.journal.find(Order, kind=OrderKind.CLOSE)
    return [each.state for each in found]


def asked(world: World) -> list[type]:
    return [type(request) for request in world.broker.received]


# ----------------------------------------------------------------- the whole way


async def test_the_guard_closes_proves_it_and_locks():
    world = await traded()
    await ruin(world)
    phases = [await phase(world)]
    for _ in range(5):
        await world.work()
        await world.pass_by(1)
        phases.append(await phase(world))
    assert phases == [
        GuardPhase.CLOSING,
        GuardPhase.CLOSING,
        GuardPhase.CLOSING,
        GuardPhase.FLAT,
        GuardPhase.LOCKED,
        GuardPhase.LOCKED,
    ]
    assert world.broker.positions == {}


async def test_the_trade_says_that_the_guard_closed_it():
    world = await traded()
    await ruin(world)
    await world.work()
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.state, trade.close_reason) == (TradeState.CLOSED, CloseReason.GUARD)
    assert trade.profit == D("-0.20") * 17 - D("1.02")


async def test_each_step_is_told_to_everybody_once():
    world = await shared_desk()
    await world.filled()
    await ruin(world)
    await world.work()
    await world.pass_by(1, looks=5)
    for person in (ADA, BOB, EVE):
        assert await world.told(person) == [
            NoticeKind.GUARD_FIRED,
            NoticeKind.TRADE_CLOSED,
            NoticeKind.GUARD_FLAT,
        ]
    actions = [each.action for each in await world.journal.find(AuditEntry)]
    assert actions.count("guard_fired") == actions.count("guard_flat") == 1


async def test_an_account_without_positions_is_locked_after_two_clean_looks():
    world = await own_desk()
    await ruin(world)
    assert (await world.guard()).flat_readings == 1
    await world.pass_by(1)
    assert await phase(world) is GuardPhase.FLAT
    await world.pass_by(1)
    assert await phase(world) is GuardPhase.LOCKED
    assert world.broker.received == []


async def test_firing_is_written_before_anything_is_closed():
    world = await traded()
    seen = []

    async def look() -> None:
        seen.append((await phase(world), await world.journal.count(Order)))

    world.journal.before_writing(Order, look)
    await ruin(world)
    assert seen == [(GuardPhase.CLOSING, 1)]


async def test_a_fired_guard_hurries_every_look():
    world = await traded()
    await ruin(world)
    assert (await world.watch()).hurry


async def test_a_locked_guard_is_in_no_hurry():
    world = await own_desk()
    await ruin(world)
    await world.pass_by(1)
    assert (await world.watch()).hurry
    await world.pass_by(1)
    assert await phase(world) is GuardPhase.LOCKED
    assert not (await world.watch()).hurry


# ------------------------------------------------------------------ what it ends


async def test_undecided_prompts_end_when_the_guard_fires():
    world = await own_desk()
    await world.offered()
    await ruin(world)
    prompt = await world.prompt()
    assert (prompt.state, prompt.reason) == (PromptState.EXPIRED, "The guard fired.")
    assert await world.redrawn(prompt) == 2


async def test_an_approved_order_that_was_not_sent_is_withdrawn():
    world = await own_desk()
    prompt = await world.offered()
    await world.approve()
    await ruin(world)
    order = await world.one(Order)
    assert order.state is OrderState.CANCELLED
    assert order.reason == "The guard fired before the order was sent."
    assert await world.redrawn(prompt) == 3
    await world.work()
    assert world.broker.received == []


async def test_an_order_without_a_prompt_is_withdrawn_too():
    world = await own_desk()
    await world.offered()
    await world.approve()
    await world.change(await world.one(Order), prompt_id=None)
    await ruin(world)
    assert (await world.one(Order)).state is OrderState.CANCELLED


async def test_pending_orders_are_cancelled_before_positions_are_closed():
    world = await traded()
    await world.filled(
        external_id="gold-2", order_type=OrderType.LIMIT, price=D("1948.00")
    )
    await ruin(world)
    await world.work()
    assert asked(world)[-2:] == [CancelRequest, CloseRequest]
    await world.pass_by(1)
    placed = await world.one(Order, order_type=OrderType.LIMIT, kind=OrderKind.OPEN)
    assert placed.state is OrderState.CANCELLED
    assert world.broker.past[-1].state is HistoryState.CANCELLED


async def test_the_worst_loss_is_closed_first():
    world = await own_desk()
    small = world.broker.open_by_hand(Side.BUY, "0.10")
    large = world.broker.open_by_hand(Side.BUY, "1.00")
    gain = world.broker.open_by_hand(Side.SELL, "0.10")
    world.broker.move("XAUUSD", "1940")
    await ruin(world)
    await world.work()
    assert [each.ticket for each in world.broker.received] == [large, small, gain]


async def test_a_prompt_decided_at_the_moment_of_firing_does_not_delay_it():
    world = await own_desk()
    await world.offered()
    world.broker.balance -= 7_000
    world.later(seconds=1)
    world.journal.before_writing(Prompt, world.reject)
    await world.watch()
    assert await phase(world) is GuardPhase.CLOSING


# ------------------------------------------------------------------------- scope


async def test_foreign_positions_are_closed_where_the_scope_is_all():
    world = await traded()
    world.broker.open_by_hand()
    world.broker.place_by_hand("1940")
    await ruin(world)
    await world.work()
    assert (world.broker.positions, world.broker.orders) == ({}, {})


async def test_foreign_positions_stay_where_the_scope_is_ours():
    world = await traded(OURS)
    foreign = world.broker.open_by_hand()
    waiting = world.broker.place_by_hand("1940")
    await ruin(world)
    await world.work()
    await world.pass_by(1, looks=4)
    assert set(world.broker.positions) == {foreign}
    assert set(world.broker.orders) == {waiting}
    assert await phase(world) is GuardPhase.LOCKED


async def test_a_foreign_positions_close_belongs_to_no_trade():
    world = await own_desk()
    ticket = world.broker.open_by_hand()
    await ruin(world)
    order = await world.one(Order)
    assert (order.trade_id, order.signal_id, order.ticket) == (None, None, ticket)
    assert (order.cause, order.user_id) == (Cause.GUARD, None)


# ----------------------------------------------------------------------- refused


async def test_a_refused_close_is_tried_again_with_growing_waits():
    world = await traded()
    world.broker.refuse(10018, 8, of=CloseRequest, message="Market closed.")
    await ruin(world)
    await world.work()
    tries = [world.clock.now()]
    for _ in range(130):
        before = len(world.broker.received)
        await world.pass_by(1)
        if len(world.broker.received) > before:
            tries.append(world.clock.now())
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert waits == [2, 4, 8, 16, 32, 60]
    assert await phase(world) is GuardPhase.CLOSING


async def test_a_clock_set_back_does_not_keep_a_close_waiting():
    world = await traded()
    world.broker.refuse(10018, of=CloseRequest, message="Market closed.")
    await ruin(world)
    await world.work()
    world.clock.step_to(world.clock.now() - timedelta(hours=1))
    await world.watch()
    await world.work()
    assert world.broker.positions == {}


async def test_a_close_is_not_ordered_twice_while_one_is_on_its_way():
    world = await traded()
    await ruin(world)
    for _ in range(5):
        world.later(seconds=40)
        await world.watch()
    assert await closes(world) == [OrderState.QUEUED]


async def test_two_who_close_one_position_at_the_same_moment_order_it_once():
    world = await traded()
    await world.watch()
    [trade] = await world.journal.find(Trade)

    async def closes_too() -> None:
        assert (await close_all(world.tools, ADA)).ordered == 1

    world.journal.before_writing(Order, closes_too)
    assert (await close_all(world.tools, ADA)).ordered == 0
    assert await closes(world) == [OrderState.QUEUED]
    assert trade.state is TradeState.OPEN


async def test_a_lost_close_is_looked_up_and_not_repeated_while_unknown():
    world = await traded()
    world.broker.lose_reply(of=CloseRequest)
    await ruin(world)
    await world.work()
    assert await closes(world) == [OrderState.UNKNOWN]
    await world.pass_by(1, looks=4)
    assert await closes(world) == [OrderState.FILLED]
    assert (await world.one(Trade)).close_reason is CloseReason.GUARD
    assert asked(world).count(CloseRequest) == 1


async def test_a_close_that_never_arrived_is_ordered_again_once_that_is_proved():
    world = await traded()
    world.broker.lose_request(of=CloseRequest)
    await ruin(world)
    await world.work()
    await world.pass_by(1, looks=5)
    assert await closes(world) == [OrderState.UNKNOWN]
    await world.pass_by(1, looks=6)
    assert await closes(world) == [OrderState.NOT_EXECUTED, OrderState.FILLED]
    assert await phase(world) is not GuardPhase.CLOSING


async def test_a_close_in_part_is_followed_by_the_rest():
    world = await traded()

    def partly(result):
        position = world.broker.positions[GOLD] = replace(before, volume=D("0.07"))
        return replace(
            result, status=ResultStatus.PARTIALLY_FILLED, volume=position.volume
        )

    before = world.broker.positions[GOLD]
    world.broker.distort(partly)
    await ruin(world)
    await world.work()
    await world.pass_by(1)
    assert await closes(world) == [OrderState.PARTIALLY_FILLED]
    await world.pass_by(1)
    assert await closes(world) == [OrderState.PARTIALLY_FILLED, OrderState.FILLED]
    assert world.broker.received[-1].volume == D("0.07")
    assert world.broker.positions == {}


# ------------------------------------------------------------------------- blind


async def test_a_blind_guard_concludes_nothing_while_closing():
    world = await own_desk()
    await ruin(world)
    world.broker.stale_by = timedelta(seconds=11)
    await world.pass_by(1, looks=5)
    assert (await phase(world), (await world.guard()).flat_readings) == (
        GuardPhase.CLOSING,
        1,
    )
    world.broker.stale_by = timedelta()
    await world.pass_by(1, looks=2)
    assert await phase(world) is GuardPhase.LOCKED


async def test_a_broker_out_of_reach_concludes_nothing_while_closing():
    world = await own_desk()
    await ruin(world)
    world.broker.down = True
    await world.pass_by(1, looks=5)
    assert await phase(world) is GuardPhase.CLOSING


async def test_a_guard_fired_while_nothing_can_be_reached_stops_entries_at_once():
    world = await own_desk()
    await world.offered()
    world.broker.down = True
    await panic(world.tools, ACCOUNT, by=ADA)
    await world.watch()
    assert await phase(world) is GuardPhase.CLOSING
    assert (await world.prompt()).state is PromptState.EXPIRED


async def test_a_stale_picture_with_positions_still_gets_them_closed():
    world = await traded()
    await ruin(world)
    world.broker.stale_by = timedelta(seconds=11)
    await world.pass_by(1)
    assert world.broker.positions == {}


# ------------------------------------------------------------------ late arrivals


async def test_a_late_fill_after_the_lock_is_recorded_and_closed_again():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=60))
    world.broker.lose_reply()
    await world.work()
    world.broker.hide_for(timedelta())
    await ruin(world)
    await world.pass_by(6, looks=6)
    assert await phase(world) is GuardPhase.LOCKED
    await world.pass_by(60)
    assert await phase(world) is GuardPhase.CLOSING
    await world.pass_by(1, looks=6)
    assert await phase(world) is GuardPhase.LOCKED
    assert (await world.one(Trade)).close_reason is CloseReason.GUARD
    assert world.broker.positions == {}


async def test_a_position_that_turns_up_while_flat_is_closed():
    world = await own_desk()
    await ruin(world)
    await world.pass_by(1)
    assert await phase(world) is GuardPhase.FLAT
    world.broker.open_by_hand()
    await world.pass_by(1)
    assert await phase(world) is GuardPhase.CLOSING
    await world.pass_by(1, looks=3)
    assert await phase(world) is GuardPhase.LOCKED


async def test_one_clean_look_between_two_positions_proves_nothing():
    world = await own_desk()
    await ruin(world)
    assert (await world.guard()).flat_readings == 1
    world.broker.open_by_hand()
    await world.pass_by(1)
    assert (await world.guard()).flat_readings == 0
    await world.pass_by(1)
    assert (await phase(world), (await world.guard()).flat_readings) == (
        GuardPhase.CLOSING,
        1,
    )


async def test_an_entry_whose_outcome_is_unknown_keeps_the_account_from_being_flat():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.lose_request()
    world.broker.settle = timedelta(seconds=60)
    await world.work()
    await ruin(world)
    await world.pass_by(5, looks=10)
    assert await phase(world) is GuardPhase.CLOSING
    await world.pass_by(5, looks=6)
    assert await phase(world) is GuardPhase.LOCKED


# ----------------------------------------------------------------------- restarts


async def test_closing_goes_on_where_a_crash_left_it():
    world = await traded()
    world.broker.balance -= 7_000
    world.later(seconds=1)

    async def crash() -> None:
        raise KeyboardInterrupt

    world.journal.before_writing(Order, crash)
    try:
        await world.watch()
    except KeyboardInterrupt:
        assert await phase(world) is GuardPhase.CLOSING
    await world.pass_by(1, looks=5)
    assert await phase(world) is GuardPhase.LOCKED
    assert world.broker.positions == {}


async def test_closes_leave_before_anything_else():
    world = await traded()
    await ruin(world)
    item = await world.one(OutboxItem, topic=Topic.EXECUTE, done_at=None)
    assert item.priority is Priority.GUARD


# --------------------------------------------------------------------------- panic


async def test_a_panic_closes_everything_and_says_so():
    world = await traded()
    assert await panic(world.tools, ACCOUNT, by=ADA)
    await world.pass_by(1, looks=5)
    assert await phase(world) is GuardPhase.LOCKED
    trade = await world.one(Trade)
    assert trade.close_reason is CloseReason.PANIC
    assert world.broker.positions == {}


async def test_a_guard_row_that_changes_under_the_closing_is_met_again():
    world = await traded()

    async def meddle() -> None:
        world.journal.before_writing(GuardState, again)

    async def again() -> None:
        await world.change(await world.guard(), warned_percent=50)

    world.journal.before_writing(GuardState, meddle)
    await ruin(world)
    assert await phase(world) is GuardPhase.CLOSING


async def test_a_guard_that_moved_on_is_not_driven_by_what_was_read_before():
    world = await traded()
    account = await account_of(world)
    fired = replace(await world.guard(), phase=GuardPhase.TRIGGERED)
    with pytest.raises(Conflict):
        await drive(world.tools, account, fired, None)
    assert await phase(world) is GuardPhase.ARMED


async def test_a_guard_row_that_changes_under_a_look_leaves_the_count_to_the_next():
    world = await traded()
    await ruin(world)
    await world.work()
    await world.pass_by(1)

    async def judged() -> None:
        world.journal.before_writing(GuardState, meddle)

    async def meddle() -> None:
        await world.change(await world.guard(), warned_percent=50)

    world.later(seconds=1)
    world.journal.before_writing(GuardState, judged)
    await world.watch()
    assert (await world.guard()).flat_readings == 0
    await world.pass_by(1)
    assert (await world.guard()).flat_readings == 1


async def test_a_close_that_the_broker_refuses_is_told_to_everybody_once():
    world = await traded()
    world.broker.refuse(10018, 3, of=CloseRequest, message="Market closed.")
    await ruin(world)
    await world.work()
    for _ in range(20):
        await world.pass_by(1)
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 1


async def test_a_refused_close_of_the_guards_is_told_though_a_person_tried_first():
    world = await traded()
    world.broker.refuse(10018, times=50, of=CloseRequest)
    assert (await close_all(world.tools, ADA)).ordered == 1
    await world.work()
    before = (await world.told(ADA)).count(NoticeKind.ORDER_FAILED)
    assert before == 1
    world.later(seconds=10)
    await ruin(world)
    await world.work()
    await world.pass_by(30, looks=20)
    assert world.broker.positions
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) > before


async def test_a_close_that_stays_refused_is_told_about_once_an_hour():
    world = await traded()
    world.broker.refuse(10018, 10_000, of=CloseRequest, message="Market closed.")
    await ruin(world)
    for _ in range(130):
        await world.pass_by(60)
    assert (await world.told(ADA)).count(NoticeKind.ORDER_FAILED) == 3


async def test_a_trade_that_nothing_shows_any_more_does_not_bar_flat_for_ever():
    world = await traded()
    trade = await world.one(Trade)
    world.broker.positions.clear()
    world.broker.deals = [deal for deal in world.broker.deals if not deal.magic]
    await ruin(world)
    await world.pass_by(10, looks=20)
    assert await phase(world) is GuardPhase.CLOSING
    await world.pass_by(60, looks=6)
    assert await phase(world) is GuardPhase.LOCKED
    assert (await world.one(Trade)).id == trade.id


async def fired_during_a_fill() -> World:
    """The guard fired while an entry was at the broker, which shows it 2 s later."""
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=2))

    async def fire() -> None:
        await panic(world.tools, ACCOUNT, by=ADA)
        await world.watch()

    world.broker.meanwhile(fire)
    await world.work()
    return world


async def test_flat_is_not_told_while_a_filled_position_is_not_shown_yet():
    world = await fired_during_a_fill()
    for _ in range(20):
        await world.watch()
        if (await world.guard()).phase is GuardPhase.FLAT:
            break
        await world.work()
        world.later(seconds=0.5)
    assert await phase(world) is GuardPhase.FLAT
    assert not world.broker.positions
    assert (await world.one(Trade)).close_reason is CloseReason.PANIC


async def test_nobody_rearms_over_a_position_that_is_not_shown_yet():
    world = await fired_during_a_fill()
    for _ in range(3):
        await world.watch()
        with pytest.raises(Refused):
            await rearm(world.tools, ACCOUNT, by=ADA, reason="flat")
        world.later(seconds=0.5)
    await world.pass_by(1, looks=10)
    assert await phase(world) is GuardPhase.LOCKED
    assert not world.broker.positions


async def test_a_look_asks_no_more_questions_the_longer_the_history_is():
    world = await traded()
    asked = []
    real = world.journal.get

    async def get(kind, identity):
        asked.append(kind)
        return await real(kind, identity)

    world.journal.get = get
    (deal,) = world.broker.deals
    order, send = await world.one(Order), await world.one(Send)
    for number in range(200):
        old = replace(
            order,
            id=f"old{number}",
            kind=OrderKind.CLOSE,
            ticket=5000 + number,
            prompt_id=None,
            approval_id=None,
        )
        ids = {"id": f"send{number}", "order_id": old.id, "magic": number + 1}
        await world.put(old, replace(send, **ids))
        deals = {"ticket": 9000 + number, "magic": number + 1, "position_id": number}
        world.broker.deals.append(replace(deal, **deals))
    asked.clear()
    await ruin(world)
    assert len(asked) < 50, len(asked)

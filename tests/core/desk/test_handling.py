import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.broker import CloseRequest, ModifyRequest
from core.desk.aiming import Will, close_positions
from core.desk.handling import CLOSED, GONE, REPEATED, UNDER_WAY, Bond, Change
from core.desk.holding import Held, held_by, look
from core.desk.offering import headroom_left
from core.desk.taps import OUTDATED, Reply
from core.errors import BrokerUnavailable, Refused
from core.ids import UserId
from core.market import Side
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.orders import Cause, Order, OrderKind, OrderState
from core.trades import CloseReason, Trade, TradeState
from core.users import Membership, Role, User
from tests.builders import a_trade
from tests.core.desk.hands import (
    asked,
    confirm,
    do,
    done,
    held,
    held_by_several,
    question,
    refused,
)
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    MALLORY,
    RULES,
    World,
    account_of,
    own_desk,
    shared_desk,
)

D = Decimal
EVERY = list(Change)
CLOSES = [Change.CLOSE, Change.HALF]


async def aimed(world: World) -> list[Order]:
    """The orders that were aimed at the trade."""
    trade = await world.one(Trade)
    return await world.journal.find(Order, trade_id=trade.id)


# ------------------------------------------------------------------------ the question


async def test_closing_it_all_is_asked_with_what_it_makes():
    asked_now = await question(await held(), Change.CLOSE)
    assert (asked_now.volume, asked_now.price) == (D("0.17"), D("1955.50"))
    assert (asked_now.money, asked_now.money_before) == (D("85.00"), None)


async def test_closing_half_is_asked_with_what_the_smaller_half_makes():
    asked_now = await question(await held(), Change.HALF)
    assert (asked_now.volume, asked_now.money) == (D("0.08"), D("40.00"))
    assert asked_now.bond == Bond(orders=0, volume=D("0.17"))


async def test_break_even_is_asked_with_all_costs_before_and_after():
    asked_now = await question(await held(), Change.BREAK_EVEN)
    assert (asked_now.price, asked_now.volume) == (D("1950.50"), D("0.17"))
    assert (asked_now.money, asked_now.money_before) == (D("-1.02"), D("-94.52"))


async def test_swap_is_a_cost_of_the_stop_too():
    world = await held()
    (ticket,) = world.broker.positions
    position = world.broker.positions[ticket]
    world.broker.positions[ticket] = replace(position, swap=D("-2.50"))
    assert (await question(world, Change.BREAK_EVEN)).money == D("-3.52")


async def test_a_position_without_a_stop_has_nothing_to_compare():
    world = await held()
    (ticket,) = world.broker.positions
    position = world.broker.positions[ticket]
    world.broker.positions[ticket] = replace(position, stop_loss=None)
    assert (await question(world, Change.BREAK_EVEN)).money_before is None


async def test_a_sale_is_counted_its_own_way():
    world = await own_desk()
    await world.filled(
        side=Side.SELL, price=D("1950.30"), stop_loss=D("1956"), take_profit=D("1940")
    )
    world.later(seconds=1)
    world.broker.move("XAUUSD", "1945.10")
    trade = await world.one(Trade)
    asked_now = await question(world, Change.CLOSE)
    assert asked_now.price == D("1945.30")
    assert asked_now.money == D(500) * trade.volume


# ------------------------------------------------------------- why nothing can be asked


@pytest.mark.parametrize("change", EVERY)
async def test_a_trade_that_is_over_is_left_alone(change):
    world = await held()
    world.broker.close_by_hand(next(iter(world.broker.positions)))
    assert await refused(world, change) == GONE
    await world.watch()
    assert await refused(world, change) == CLOSED


@pytest.mark.parametrize("change", EVERY)
async def test_a_broker_that_is_away_is_told(change):
    world = await held()
    world.broker.down = True
    assert await refused(world, change) == (
        "demo cannot be reached now and nothing was ordered. Try again, or do it by "
        "hand in the terminal."
    )


@pytest.mark.parametrize("missing", ["get_quote", "calc_loss"])
async def test_a_broker_that_goes_away_in_between_is_told(missing, monkeypatch):
    world = await held()

    async def gone(*_: object) -> None:
        raise BrokerUnavailable(missing)

    monkeypatch.setattr(world.broker, missing, gone)
    assert (await refused(world, Change.CLOSE)).startswith("demo cannot be reached")


@pytest.mark.parametrize("how", ["stale", "closed"])
async def test_a_market_that_stands_still_is_told(how):
    world = await held()
    if how == "stale":
        world.broker.stale_by = timedelta(seconds=11)
    else:
        gold = world.broker.specs["XAUUSD"]
        world.broker.specs["XAUUSD"] = replace(gold, tradable=False)
    assert await refused(world, Change.CLOSE) == (
        "The market of XAUUSD is closed, or its price is stale: nothing was ordered. "
        "Try again when it moves."
    )


async def test_an_instrument_that_the_broker_no_longer_has_is_told(monkeypatch):
    world = await held()
    words = "The broker does not have XAUUSD."

    async def unknown(_: str) -> None:
        raise Refused(words)

    monkeypatch.setattr(world.broker, "get_symbol", unknown)
    assert await refused(world, Change.CLOSE) == words


async def test_what_cannot_be_halved_is_told():
    world = await held()
    (ticket,) = world.broker.positions
    world.broker.close_by_hand(ticket, "0.16")
    assert (await refused(world, Change.HALF)).startswith("0.01 lots of XAUUSD cannot")
    assert (await question(world, Change.CLOSE)).volume == D("0.01")


async def test_a_stop_that_would_fire_at_once_is_told():
    world = await held()
    world.broker.move("XAUUSD", "1950.30")
    assert "the stop would fire at once" in await refused(world, Change.BREAK_EVEN)


@pytest.mark.parametrize(
    ("first", "then", "waits"),
    [
        (Change.CLOSE, Change.CLOSE, True),
        (Change.HALF, Change.CLOSE, True),
        (Change.HALF, Change.BREAK_EVEN, True),
        (Change.BREAK_EVEN, Change.BREAK_EVEN, True),
        (Change.BREAK_EVEN, Change.CLOSE, False),
        (Change.BREAK_EVEN, Change.HALF, False),
    ],
)
async def test_a_close_waits_for_no_stop_and_everything_for_a_close(first, then, waits):
    world = await held()
    await do(world, first)
    found = await asked(world, then)
    assert (found == Reply(text=UNDER_WAY, alert=True)) is waits


# --------------------------------------------------------------------------- who may


@pytest.mark.parametrize("change", EVERY)
@pytest.mark.parametrize(
    ("user", "words"),
    [
        pytest.param(EVE, "You are a viewer here", id="viewer"),
        pytest.param(MALLORY, "You are not a member", id="stranger"),
    ],
)
async def test_who_may_not_is_told_so_and_written_down(change, user, words):
    world = await held_by_several()
    assert (await refused(world, change, by=user)).startswith(words)
    bond = Bond(orders=0, volume=D("0.17"))
    reply = await confirm(world, change, bond, by=user)
    assert reply.text.startswith(words)
    tries = await world.journal.find(
        AuditEntry, actor=f"user:{user}", action="tap_refused"
    )
    assert len(tries) == 2
    assert await aimed(world) == []


async def test_nobody_but_its_person_acts_on_an_own_account():
    world = await held()
    owner = UserId(9)
    await world.person(owner, Role.OWNER)
    words = await refused(world, Change.CLOSE, by=owner)
    assert words == "Only the person who owns demo decides on it."


async def test_a_membership_that_has_lapsed_is_none():
    world = await held_by_several()
    mine = await world.one(Membership, user_id=BOB)
    await world.change(mine, until=world.clock.now())
    assert (await refused(world, Change.CLOSE, by=BOB)).startswith("You are not")


async def test_a_button_of_no_trade_is_outdated():
    world = await held()
    assert await asked(world, Change.CLOSE, trade_id="nothing") == OUTDATED


async def test_whoever_loses_the_role_meanwhile_orders_nothing():
    world = await held_by_several()
    bond = (await question(world, Change.CLOSE)).bond

    async def demote() -> None:
        mine = await world.one(Membership, user_id=ADA)
        await world.change(mine, role=Role.VIEWER)

    world.journal.before_writing(Order, demote)
    reply = await confirm(world, Change.CLOSE, bond)
    assert reply.text.startswith("You are a viewer here")
    assert await aimed(world) == []


# ------------------------------------------------------------------------- carried out


async def test_a_close_ends_the_trade_and_says_that_it_was_from_here():
    world = await held()
    await done(world, Change.CLOSE)
    trade = await world.one(Trade)
    assert (trade.state, trade.close_reason) == (
        TradeState.CLOSED,
        CloseReason.CLOSED_HERE,
    )
    assert trade.profit == D("83.98")
    (order,) = await aimed(world)
    assert (order.cause, order.user_id) == (Cause.TAP, ADA)
    assert order.signal_id == trade.signal_id


async def test_a_close_of_half_leaves_the_rest_with_its_stops():
    world = await held()
    await done(world, Change.HALF)
    trade = await world.one(Trade)
    assert (trade.state, trade.volume, trade.volume_open) == (
        TradeState.OPEN,
        D("0.17"),
        D("0.09"),
    )
    assert trade.booked == D("40.00") - D("0.24")
    (position,) = world.broker.positions.values()
    assert (position.volume, position.stop_loss) == (D("0.09"), D("1945.00"))


async def test_half_of_the_half_is_another_order():
    world = await held()
    await done(world, Change.HALF)
    await done(world, Change.HALF)
    trade = await world.one(Trade)
    assert trade.volume_open == D("0.05")
    assert [order.volume for order in await aimed(world)] == [D("0.08"), D("0.04")]


async def test_a_trade_closed_in_parts_is_worth_all_of_them():
    world = await held()
    await done(world, Change.HALF)
    world.broker.move("XAUUSD", "1945.00")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert trade.close_reason is CloseReason.STOP
    assert trade.profit == D("40.00") - D("5.50") * 9 - D("1.02")
    assert trade.r_multiple == trade.profit / D("94.52")


async def test_break_even_moves_the_stop_and_keeps_the_target():
    world = await held()
    await done(world, Change.BREAK_EVEN)
    (position,) = world.broker.positions.values()
    assert (position.stop_loss, position.take_profit) == (D("1950.50"), D("1965.00"))
    trade = await world.one(Trade)
    assert (trade.stop_loss, trade.first_stop) == (D("1950.50"), D("1945.00"))
    (order,) = await aimed(world)
    assert (order.kind, order.state) == (OrderKind.MODIFY, OrderState.FILLED)


async def test_a_trade_stopped_at_its_entry_counts_r_by_its_first_risk():
    world = await held()
    await done(world, Change.BREAK_EVEN)
    world.broker.move("XAUUSD", "1950.50")
    await world.pass_by(1)
    trade = await world.one(Trade)
    assert (trade.close_reason, trade.profit) == (CloseReason.STOP, D("-1.02"))
    assert trade.r_multiple == D("-1.02") / D("94.52")


async def room(world: World) -> Decimal:
    snapshot = await world.broker.get_snapshot(since=world.clock.now())
    return await headroom_left(world.tools, await account_of(world), RULES, snapshot)


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        pytest.param([], D(85) + D("94.52"), id="as it is"),
        pytest.param([Change.BREAK_EVEN], D(85), id="break-even"),
        pytest.param(
            [Change.HALF], D(45) + D("94.52") * 9 / 17, id="half of it closed"
        ),
        pytest.param([Change.HALF, Change.BREAK_EVEN], D(45), id="both"),
        pytest.param([Change.CLOSE], D(0), id="all of it closed"),
    ],
)
async def test_the_headroom_counts_what_is_still_at_stake(changes, lost):
    world = await held()
    for change in changes:
        await done(world, change)
    guard = await world.guard()
    floor = guard.peak * D("0.8")
    taken = await world.broker.get_snapshot(since=world.clock.now())
    assert await room(world) == taken.account.equity - floor - lost


@pytest.mark.parametrize("change", EVERY)
async def test_what_was_ordered_is_in_the_audit_with_whose_tap(change):
    world = await held()
    await do(world, change)
    (order,) = await aimed(world)
    entry = await world.one(AuditEntry, action=f"trade_{change}")
    assert entry.actor == f"user:{ADA}"
    trade = await world.one(Trade)
    assert entry.subject == f"trade:{trade.id}"
    detail = json.loads(entry.detail)
    assert detail["order"] == order.id
    assert detail["lots"] == {Change.HALF: "0.08"}.get(change, "0.17")
    assert detail["stop"] == ("1950.5" if change is Change.BREAK_EVEN else "")


# ------------------------------------------------------------------------ who is told


async def notices(world: World, kind: NoticeKind) -> list[UserId | None]:
    found = await world.journal.find(OutboxItem, notice=kind)
    return sorted(item.user_id or 0 for item in found)


async def test_everybody_of_the_account_is_told_of_a_part_that_was_closed():
    world = await held_by_several()
    await done(world, Change.HALF, by=BOB)
    assert await notices(world, NoticeKind.TRADE_REDUCED) == [ADA, BOB, EVE]
    item = (await world.journal.find(OutboxItem, notice=NoticeKind.TRADE_REDUCED))[0]
    made, price, reason = item.detail.split()
    assert (D(made), price, reason) == (D("39.76"), "1955.50", "closed_here")
    await world.pass_by(1, looks=3)
    assert len(await notices(world, NoticeKind.TRADE_REDUCED)) == 3


async def test_everybody_of_the_account_is_told_of_a_stop_that_was_moved():
    world = await held_by_several()
    await done(world, Change.BREAK_EVEN)
    assert await notices(world, NoticeKind.STOP_MOVED) == [ADA, BOB, EVE]


async def test_everybody_of_the_account_is_told_of_a_close():
    world = await held_by_several()
    await done(world, Change.CLOSE)
    assert await notices(world, NoticeKind.TRADE_CLOSED) == [ADA, BOB, EVE]


@pytest.mark.parametrize("change", EVERY)
async def test_what_the_broker_refuses_is_told_to_who_asked(change):
    world = await held_by_several()
    await do(world, change, by=BOB)
    world.broker.refuse(10018, message="The market is closed.")
    await world.work()
    assert await notices(world, NoticeKind.ORDER_FAILED) == [BOB]
    (order,) = await aimed(world)
    assert (order.state, order.reason) == (
        OrderState.REJECTED,
        "The market is closed.",
    )
    assert (await question(world, change)).bond.orders == 1


# ------------------------------------------------------------------ one order, once


@pytest.mark.parametrize("when", ["at once", "executed", "seen"])
@pytest.mark.parametrize("change", EVERY)
async def test_the_same_confirm_twice_orders_once(change, when):
    world = await held()
    bond = (await question(world, change)).bond
    await confirm(world, change, bond)
    if when != "at once":
        await world.work()
    if when == "seen":
        await world.watch()
    assert await confirm(world, change, bond) == REPEATED
    await world.work()
    assert len(await aimed(world)) == 1
    sent = [
        each
        for each in world.broker.executed
        if isinstance(each, CloseRequest | ModifyRequest)
    ]
    assert len(sent) == 1


async def test_of_two_people_the_second_is_told_who_came_first():
    world = await held_by_several()
    bonds = [(await question(world, Change.HALF, by=who)).bond for who in (ADA, BOB)]
    await confirm(world, Change.HALF, bonds[0], by=ADA)
    await world.work()
    late = await confirm(world, Change.HALF, bonds[1], by=BOB)
    assert late == Reply(
        text="Ada has ordered something on this position since. Look at it again.",
        alert=True,
    )
    assert len(await aimed(world)) == 1


@pytest.mark.parametrize("change", EVERY)
async def test_of_two_taps_at_the_same_moment_one_orders(change):
    world = await held_by_several()
    bond = (await question(world, change)).bond

    async def bob_is_faster() -> None:
        assert not (await confirm(world, change, bond, by=BOB)).alert
        await world.work()

    world.journal.before_writing(Order, bob_is_faster)
    late = await confirm(world, change, bond)
    assert late.text.startswith("Bob has ordered something")
    assert len(await aimed(world)) == 1


async def the_guard_closes(world: World) -> None:
    taken = await world.broker.get_snapshot(since=world.clock.now())
    account = await account_of(world)
    will = Will(cause=Cause.GUARD)
    await close_positions(world.tools, account, taken.positions, will)


async def test_the_guard_that_closes_meanwhile_is_named():
    world = await held()
    bond = (await question(world, Change.HALF)).bond
    await the_guard_closes(world)
    reply = await confirm(world, Change.HALF, bond)
    assert reply.text.startswith("The guard has ordered something")


async def test_the_guard_that_closes_at_the_same_moment_wins():
    world = await held()
    bond = (await question(world, Change.HALF)).bond
    world.journal.before_writing(Order, lambda: the_guard_closes(world))
    reply = await confirm(world, Change.HALF, bond)
    assert reply == Reply(text=UNDER_WAY, alert=True)
    (order,) = await aimed(world)
    assert order.cause is Cause.GUARD


async def test_a_person_who_is_erased_has_no_name():
    world = await held_by_several()
    bond = (await question(world, Change.HALF)).bond
    await do(world, Change.BREAK_EVEN, by=BOB)
    await world.change(await world.one(User, id=BOB), name="")
    reply = await confirm(world, Change.HALF, bond)
    assert reply.text.startswith("Somebody has ordered")


async def test_a_volume_that_changed_by_hand_is_asked_again():
    world = await held()
    bond = (await question(world, Change.HALF)).bond
    (ticket,) = world.broker.positions
    world.broker.close_by_hand(ticket, "0.07")
    reply = await confirm(world, Change.HALF, bond)
    assert reply.text == (
        "The position holds 0.1 lots now: nothing was ordered. Look at it again."
    )
    assert await aimed(world) == []


@pytest.mark.parametrize("change", EVERY)
async def test_a_confirm_is_looked_at_again(change):
    world = await held()
    bond = (await question(world, change)).bond
    world.broker.down = True
    reply = await confirm(world, change, bond)
    assert reply.alert
    assert reply.text.startswith("demo cannot be reached now and nothing was ordered")


async def test_closes_of_a_person_do_not_make_the_guard_wait():
    world = await held()
    for _ in range(3):
        await done(world, Change.HALF)
    world.later(seconds=2)
    await the_guard_closes(world)
    assert [order.cause for order in await aimed(world)][-1] is Cause.GUARD


# --------------------------------------------------------------------------- a look


async def mine(world: World) -> Held:
    found = await held_by(world.tools, world.tap("", ADA), (await world.one(Trade)).id)
    assert isinstance(found, Held)
    return found


async def test_a_look_shows_what_the_broker_shows_now():
    world = await held()
    world.broker.move("XAUUSD", "1956.50")
    (ticket,) = world.broker.positions
    world.broker.close_by_hand(ticket, "0.10")
    seen = await look(world.tools, await mine(world))
    assert seen.position is not None
    assert (seen.trade.floating, seen.trade.volume_open) == (D("42.00"), D("0.07"))
    assert seen.trade.booked == D("60.00") - D("0.30")
    assert seen.fresh_at == world.clock.now()


async def test_a_look_at_a_position_that_is_gone_shows_the_last_of_it():
    world = await held()
    world.broker.close_by_hand(next(iter(world.broker.positions)))
    seen = await look(world.tools, await mine(world))
    assert (seen.position, seen.fresh_at) == (None, world.clock.now())
    assert seen.trade.booked == D("85.00") - D("0.51")


async def test_a_look_without_a_broker_shows_what_is_remembered():
    world = await held()
    before = await mine(world)
    world.broker.down = True
    assert await look(world.tools, before) == before
    world.brokers.clear()
    assert await look(world.tools, before) == before


async def test_a_closed_trade_is_not_looked_for():
    world = await shared_desk()
    over = a_trade(state=TradeState.CLOSED)
    await world.put(over)
    found = await held_by(world.tools, world.tap("", ADA), over.id)
    assert isinstance(found, Held)
    world.broker.down = True
    assert await look(world.tools, found) == found

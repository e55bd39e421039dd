import json
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import AccountKind, GuardPhase, GuardState
from core.broker import CloseRequest
from core.desk.aiming import Aimed
from core.desk.commanding import (
    InviteWish,
    close_all,
    invite,
    managed,
    own_accounts,
    panic,
    rearm,
)
from core.errors import BrokerUnavailable, Refused
from core.ids import AccountId, Ticket
from core.market import OrderType
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.orders import Cause, Order, OrderKind, OrderState
from core.trades import CloseReason, Trade
from core.users import Invite, Role
from tests.builders import ACCOUNT
from tests.core.desk.world import ADA, BOB, DESK, World, own_desk, shared_desk
from tests.fakes import NOON

D = Decimal
SECOND = AccountId("second")


# ------------------------------------------------------------------------ invites

WISH = InviteWish(
    role=Role.APPROVER, account_id=ACCOUNT, uses=2, lasts=timedelta(hours=72)
)


async def test_an_invite_is_made_as_wished():
    world = await own_desk()
    key = await invite(world.tools, WISH, by=None)
    made = await world.one(Invite)
    assert len(key) == 22
    assert (made.role, made.uses_left, made.expires_at) == (
        Role.APPROVER,
        2,
        NOON + timedelta(hours=72),
    )
    assert (await world.one(AuditEntry)).actor == "cli"


async def test_an_invite_remembers_who_made_it():
    world = await own_desk()
    await invite(world.tools, WISH, by=ADA)
    assert (await world.one(Invite)).created_by == ADA
    assert (await world.one(AuditEntry)).actor == "user:1"


async def test_nobody_is_invited_to_an_account_that_is_not_there():
    world = await own_desk()
    wish = InviteWish(
        role=Role.VIEWER, account_id=DESK, uses=1, lasts=timedelta(hours=1)
    )
    with pytest.raises(Refused, match="There is no account desk; known: demo"):
        await invite(world.tools, wish, by=None)


async def test_nobody_is_invited_as_an_owner():
    world = await own_desk()
    wish = InviteWish(
        role=Role.OWNER, account_id=ACCOUNT, uses=1, lasts=timedelta(hours=1)
    )
    with pytest.raises(Refused, match="invite an admin instead"):
        await invite(world.tools, wish, by=ADA)
    assert await world.journal.count(Invite) == 0


# ------------------------------------------------------------------ whose account


async def test_admins_manage_their_accounts():
    world = await shared_desk()
    await world.open_account(id=SECOND)
    await world.member(ADA, Role.ADMIN, account=SECOND)
    assert [each.id for each in await managed(world.tools, ADA)] == [SECOND]


async def test_own_accounts_are_those_a_person_decides_on_alone():
    world = await own_desk()
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.open_account(id=SECOND, person_id=ADA)
    await world.member(ADA, Role.APPROVER, account=DESK)
    await world.member(ADA, Role.VIEWER, account=SECOND)
    assert [each.id for each in await own_accounts(world.tools, ADA)] == [ACCOUNT]


# -------------------------------------------------------------------------- panic


async def test_a_panic_fires_the_guard_and_tells_everybody_who_did_it():
    world = await shared_desk()
    assert await panic(world.tools, ACCOUNT, by=BOB)
    assert (await world.guard()).phase is GuardPhase.TRIGGERED
    assert await world.told(ADA) == [NoticeKind.GUARD_FIRED]
    assert (await world.one(OutboxItem, user_id=ADA)).detail == "user:2"
    assert (await world.one(AuditEntry)).actor == "user:2"


async def test_a_second_panic_changes_nothing():
    world = await own_desk()
    await panic(world.tools, ACCOUNT, by=ADA)
    assert not await panic(world.tools, ACCOUNT, by=ADA)


async def test_there_is_no_panic_without_a_guard():
    world = await own_desk()
    assert not await panic(world.tools, DESK, by=ADA)


async def test_a_panic_is_not_lost_to_a_look_at_the_same_time():
    world = await own_desk()
    world.later(seconds=1)
    world.journal.before_writing(GuardState, world.watch)
    assert await panic(world.tools, ACCOUNT, by=ADA)
    assert (await world.guard()).phase is GuardPhase.TRIGGERED


# -------------------------------------------------------------------------- rearm


async def locked() -> World:
    """An account whose guard fired at 3,000 of 10,000 and is done."""
    world = await own_desk()
    world.broker.balance = D(3_000)
    await world.pass_by(1, looks=3)
    assert (await world.guard()).phase is GuardPhase.LOCKED
    return world


async def test_a_rearmed_guard_measures_from_now_and_the_old_peak_is_recorded():
    world = await locked()
    await rearm(world.tools, ACCOUNT, by=ADA, reason=" I know why. ")
    guard = await world.guard()
    assert (guard.phase, guard.peak, guard.rearm_reason) == (
        GuardPhase.ARMED,
        3_000,
        "I know why.",
    )
    entry = await world.one(AuditEntry, action="rearm_reason")
    assert json.loads(entry.detail) == {
        "old_peak": "10000",
        "peak": "3000",
        "reason": "I know why.",
    }
    assert NoticeKind.GUARD_REARMED in await world.told(ADA)
    told = await world.one(OutboxItem, notice=NoticeKind.GUARD_REARMED)
    assert told.detail == "user:1"


async def test_an_account_that_is_flat_can_be_rearmed_before_it_is_locked():
    world = await own_desk()
    world.broker.balance = D(3_000)
    await world.pass_by(1, looks=2)
    assert (await world.guard()).phase is GuardPhase.FLAT
    await rearm(world.tools, ACCOUNT, by=ADA, reason="At once.")
    assert (await world.guard()).phase is GuardPhase.ARMED


async def test_a_rearmed_account_takes_entries_again():
    world = await locked()
    await rearm(world.tools, ACCOUNT, by=ADA, reason="Go.")
    await world.filled(take_profit=None)
    assert len(world.broker.positions) == 1


async def test_a_rearmed_guard_fires_again_at_the_next_limit():
    world = await locked()
    await rearm(world.tools, ACCOUNT, by=ADA, reason="Go.")
    world.broker.balance = D(2_000)
    await world.pass_by(1)
    assert (await world.guard()).trigger_peak == 3_000


@pytest.mark.parametrize("reason", ["", "   "])
async def test_nobody_rearms_without_a_reason(reason):
    world = await locked()
    with pytest.raises(Refused, match="Say why"):
        await rearm(world.tools, ACCOUNT, by=ADA, reason=reason)


@pytest.mark.parametrize("account", [ACCOUNT, DESK])
async def test_a_guard_that_has_not_fired_cannot_be_rearmed(account):
    world = await own_desk()
    with pytest.raises(Refused, match="has not fired"):
        await rearm(world.tools, account, by=ADA, reason="Why not.")


async def test_a_guard_that_is_still_closing_cannot_be_rearmed():
    world = await own_desk()
    await panic(world.tools, ACCOUNT, by=ADA)
    with pytest.raises(Refused, match=r"still being closed \(triggered\)"):
        await rearm(world.tools, ACCOUNT, by=ADA, reason="Stop.")


async def test_a_guard_that_sees_nothing_cannot_be_rearmed():
    world = await locked()
    world.broker.down = True
    await world.pass_by(1)
    with pytest.raises(Refused, match="its present equity is not known"):
        await rearm(world.tools, ACCOUNT, by=ADA, reason="Blindly.")
    world.broker.down = False
    await world.pass_by(1)
    await rearm(world.tools, ACCOUNT, by=ADA, reason="I see.")
    assert (await world.guard()).phase is GuardPhase.ARMED


# ----------------------------------------------------------------------- close all


async def test_close_all_closes_what_we_opened_and_nothing_else():
    world = await own_desk()
    await world.filled()
    foreign = world.broker.open_by_hand()
    assert (await close_all(world.tools, ADA)).ordered == 1
    await world.work()
    assert set(world.broker.positions) == {foreign}
    await world.pass_by(1)
    assert (await world.one(Trade)).close_reason is CloseReason.CLOSED_HERE


async def test_close_all_withdraws_what_waits_at_the_broker():
    world = await own_desk()
    await world.filled(order_type=OrderType.LIMIT, price=D("1948.00"))
    foreign = world.broker.place_by_hand("1940")
    assert (await close_all(world.tools, ADA)).ordered == 1
    await world.work()
    assert set(world.broker.orders) == {foreign}


async def test_a_close_by_a_person_is_theirs_and_the_trades():
    world = await own_desk()
    await world.filled()
    await close_all(world.tools, ADA)
    order = await world.one(Order, kind=OrderKind.CLOSE)
    trade = await world.one(Trade)
    assert (order.cause, order.user_id) == (Cause.CLOSE_ALL, ADA)
    assert (order.trade_id, order.signal_id) == (trade.id, trade.signal_id)


async def test_close_all_twice_orders_each_close_once():
    world = await own_desk()
    await world.filled()
    await close_all(world.tools, ADA)
    assert (await close_all(world.tools, ADA)).ordered == 0


async def approved(world: World) -> Order:
    """An entry that was approved and waits to be sent."""
    await world.offered()
    await world.approve()
    return await world.one(Order)


async def test_close_all_withdraws_an_entry_that_has_not_left():
    world = await own_desk()
    await approved(world)
    assert await close_all(world.tools, ADA) == Aimed(withdrawn=1)
    order = await world.one(Order)
    assert (order.state, order.reason) == (
        OrderState.CANCELLED,
        "Withdrawn with /closeall before it was sent.",
    )
    await world.work()
    assert world.broker.positions == {}


async def test_an_entry_that_close_all_withdrew_is_shown_and_audited():
    world = await own_desk()
    order = await approved(world)
    prompt = await world.prompt()
    before = await world.redrawn(prompt)
    await close_all(world.tools, ADA)
    entry = await world.one(AuditEntry, action="order_cancelled")
    assert (entry.actor, entry.subject) == ("user:1", f"order:{order.id}")
    assert await world.redrawn(prompt) == before + 1


async def test_an_entry_is_withdrawn_although_the_broker_is_away():
    world = await own_desk()
    await approved(world)
    world.broker.down = True
    with pytest.raises(Refused, match="demo cannot be reached now"):
        await close_all(world.tools, ADA)
    assert (await world.one(Order)).state is OrderState.CANCELLED


async def test_an_entry_that_leaves_just_now_is_not_withdrawn():
    world = await own_desk()
    await approved(world)
    world.journal.before_writing(Order, world.work)
    await close_all(world.tools, ADA)
    order = await world.one(Order, kind=OrderKind.OPEN)
    assert order.state is OrderState.FILLED
    await world.work()
    assert world.broker.positions == {}


async def test_a_close_that_is_queued_is_not_withdrawn():
    world = await own_desk()
    await world.filled()
    await close_all(world.tools, ADA)
    await close_all(world.tools, ADA)
    close = await world.one(Order, kind=OrderKind.CLOSE)
    assert close.state is OrderState.QUEUED


async def test_close_all_leaves_a_desks_queued_entries_alone():
    world = await shared_desk()
    await approved(world)
    assert (await close_all(world.tools, ADA)).ordered == 0
    assert (await world.one(Order)).state is OrderState.QUEUED


async def test_close_all_leaves_other_peoples_accounts_alone():
    world = await own_desk()
    await world.filled()
    await world.person(BOB, Role.ADMIN)
    assert (await close_all(world.tools, BOB)).ordered == 0


async def test_close_all_leaves_a_desk_alone():
    world = await shared_desk()
    await world.filled()
    assert (await close_all(world.tools, ADA)).ordered == 0


async def test_close_all_says_which_account_could_not_be_reached():
    world = await own_desk()
    await world.open_account(id=SECOND, person_id=ADA)
    await world.member(ADA, Role.APPROVER, account=SECOND)
    prompt = await world.offered()
    await world.approve(nonce=prompt.nonce)
    await world.work()
    world.brokers[SECOND].down = True
    with pytest.raises(Refused, match="second cannot be reached now; 1 closes were"):
        await close_all(world.tools, ADA)
    assert await world.journal.count(Order, kind=OrderKind.CLOSE) == 1


async def test_close_all_says_so_of_an_account_that_is_not_served_here():
    world = await own_desk()
    world.brokers.clear()
    with pytest.raises(Refused, match="demo cannot be reached now"):
        await close_all(world.tools, ADA)


async def test_a_close_that_the_broker_refuses_is_told_to_the_person():
    world = await own_desk()
    await world.filled()
    await close_all(world.tools, ADA)
    world.broker.fail(BrokerUnavailable("gone"))
    await world.work()
    assert await world.told(ADA) == [NoticeKind.ORDER_FAILED]
    close = await world.one(Order, kind=OrderKind.CLOSE)
    assert (close.state, close.ticket) == (OrderState.REJECTED, Ticket(1001))


async def test_a_person_who_asks_again_after_a_refusal_is_not_kept_waiting():
    world = await own_desk()
    await world.filled()
    world.broker.refuse(10018, of=CloseRequest)
    assert (await close_all(world.tools, ADA)).ordered == 1
    await world.work()
    assert world.broker.positions
    world.later(seconds=1)
    assert (await close_all(world.tools, ADA)).ordered == 1


async def test_a_close_that_is_on_its_way_is_told_as_such():
    world = await own_desk()
    await world.filled()
    await close_all(world.tools, ADA)
    assert await close_all(world.tools, ADA) == Aimed(under_way=1)


async def test_an_entry_that_may_still_open_is_told_as_such():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.broker.hide_for(timedelta(seconds=3))
    world.broker.lose_reply()
    await world.work()
    assert await close_all(world.tools, ADA) == Aimed(in_doubt=1)
    await world.pass_by(4, looks=3)
    assert await close_all(world.tools, ADA) == Aimed(ordered=1)

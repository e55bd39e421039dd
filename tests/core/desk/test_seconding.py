"""Two different people for one order: whoever is first, there is exactly one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.accounts import GuardPhase
from core.desk import deciding
from core.desk.expiring import expire
from core.desk.parting import leave
from core.desk.seconding import NOBODY_ELSE, SECOND_WANTED
from core.desk.taps import OUTDATED, Reply
from core.ids import PromptId, UserId
from core.market import Quote
from core.messages import AuditEntry
from core.orders import Order
from core.ports import Delete
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Signal, SignalStatus
from core.users import Membership, Role, User
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    RULES,
    World,
    own_desk,
    shared_desk,
)

D = Decimal
TWO = replace(RULES, second_above_risk_percent=D("0.5"))
CLEO = UserId(4)


async def two_wanted(**over: Any) -> World:
    world = await shared_desk(replace(TWO, **over))
    await world.offered()
    return world


async def back(world: World, user: UserId = ADA) -> Reply:
    tap = world.tap((await world.prompt(user)).nonce, user)
    return await deciding.back(world.tools, tap)


async def state_of(world: World, user: UserId) -> PromptState:
    return (await world.prompt(user)).state


async def no_order(world: World) -> bool:
    return not await world.journal.count(Order)


# ------------------------------------------------------------------- the first


async def test_the_first_approval_orders_nothing_and_waits():
    world = await two_wanted()
    reply = await world.approve(ADA)
    assert reply.text == SECOND_WANTED
    assert await state_of(world, ADA) is PromptState.AWAITING_SECOND
    assert await state_of(world, BOB) is PromptState.QUEUED
    assert await no_order(world)


async def test_the_first_approval_is_kept_with_its_numbers_and_audited():
    world = await two_wanted()
    await world.approve(ADA)
    approval = await world.one(Approval)
    assert (approval.decision, approval.user_id) == (Decision.FIRST, ADA)
    assert (approval.price, approval.lots) == (D("1950.50"), D("0.17"))
    entry = await world.one(AuditEntry, action="prompt_first")
    assert (entry.actor, '"lots":"0.17"' in entry.detail) == ("user:1", True)


async def test_the_others_who_decide_are_shown_that_a_second_is_wanted():
    world = await two_wanted()
    await world.approve(ADA)
    assert await world.redrawn(await world.prompt(BOB)) == 2
    assert await world.redrawn(await world.prompt(EVE)) == 1


async def test_whoever_is_first_cannot_be_the_second_too():
    world = await two_wanted()
    old = (await world.prompt(ADA)).nonce
    await world.approve(ADA)
    assert await world.approve(ADA, nonce=old) == OUTDATED
    for confirmed in (False, True):
        reply = await world.approve(ADA, confirmed=confirmed)
        assert (reply.text[:26], reply.alert) == ("You have approved already:", True)
    assert await no_order(world)


async def test_the_signal_stays_new_while_it_waits_for_a_second():
    world = await two_wanted()
    await world.approve(ADA)
    assert (await world.one(Signal)).status is SignalStatus.NEW


async def test_who_is_alone_is_told_that_nobody_else_is_asked():
    world = await two_wanted()
    await world.reject(BOB)
    reply = await world.approve(ADA)
    assert reply.text == NOBODY_ELSE


# ------------------------------------------------------------------ the second


async def test_a_second_different_person_makes_it_one_order():
    world = await two_wanted()
    await world.approve(ADA)
    reply = await world.approve(BOB)
    order = await world.one(Order)
    assert reply.text == "Approved, sending 0.17 lots…"
    assert order.user_id == BOB
    assert await state_of(world, BOB) is PromptState.APPROVED
    assert await state_of(world, ADA) is PromptState.SUPERSEDED


async def test_the_second_approval_names_the_first():
    world = await two_wanted()
    await world.approve(ADA)
    await world.approve(BOB)
    first = await world.one(Approval, user_id=ADA)
    second = await world.one(Approval, user_id=BOB)
    assert (first.decision, second.decision) == (Decision.FIRST, Decision.APPROVE)
    assert second.seconds == first.id
    assert (await world.one(Order)).approval_id == second.id


async def test_the_second_decides_at_the_numbers_of_now():
    world = await two_wanted()
    await world.approve(ADA)
    world.broker.move("XAUUSD", "1951.30")
    await world.approve(BOB)
    order = await world.one(Order)
    assert (order.price, order.volume) == (D("1951.50"), D("0.15"))


async def test_no_more_lots_are_ordered_than_the_first_has_approved():
    world = await two_wanted()
    world.broker.deposit("-4000")
    await world.watch()
    await world.approve(ADA)
    world.broker.deposit("4000")
    await world.watch()
    await world.approve(BOB)
    assert (await world.one(Order)).volume == D("0.10")


async def test_a_price_that_ran_away_since_the_first_approval_is_asked_about():
    world = await two_wanted()
    world.broker.move("XAUUSD", "1949.00")
    await world.approve(ADA)
    world.broker.move("XAUUSD", "1951.50")
    reply = await world.approve(BOB)
    assert reply.text.startswith("The price moved 0.6 R (250 points) against you")
    assert await no_order(world)
    await world.confirm(BOB)
    assert (await world.one(Order)).price == D("1951.70")


async def test_the_second_may_be_asked_to_confirm_too():
    world = await two_wanted(confirm_above_risk_percent=D("0.5"))
    await world.approve(ADA)
    await world.confirm(ADA)
    assert await state_of(world, ADA) is PromptState.AWAITING_SECOND
    await world.approve(BOB)
    assert await no_order(world)
    await world.confirm(BOB)
    assert await world.journal.count(Order) == 1


async def test_a_second_without_numbers_of_its_own_sees_them_first():
    world = await shared_desk(TWO)
    world.broker.down = True
    await world.offered()
    world.broker.down = False
    await world.approve(ADA)
    await world.confirm(ADA)
    await world.approve(BOB)
    assert await state_of(world, BOB) is PromptState.CONFIRMING
    await world.confirm(BOB)
    assert (await world.one(Order)).volume == D("0.17")


# -------------------------------------------------------------- when it is wanted


@pytest.mark.parametrize(
    ("threshold", "second"), [("0", False), ("0.95", False), ("0.94", True)]
)
async def test_a_second_is_wanted_above_the_threshold_only(threshold, second):
    world = await two_wanted(second_above_risk_percent=D(threshold))
    await world.approve(ADA)
    assert await no_order(world) is second


async def test_a_risk_without_a_stop_always_wants_a_second():
    world = await shared_desk(
        replace(RULES, second_above_risk_percent=D(50), lots_without_stop=D("0.03"))
    )
    await world.offered(stop_loss=None)
    await world.approve(ADA)
    await world.confirm(ADA)
    assert await state_of(world, ADA) is PromptState.AWAITING_SECOND


async def test_ones_own_account_never_wants_a_second():
    world = await own_desk(TWO)
    await world.offered()
    await world.approve()
    assert await world.journal.count(Order) == 1


async def test_a_risk_that_fell_below_the_threshold_is_one_persons_to_approve():
    world = await two_wanted(second_above_risk_percent=D("0.93"))
    await world.approve(ADA)
    world.broker.deposit("5000")
    await world.watch()
    await world.reject(ADA)
    await world.approve(BOB)
    assert (await world.one(Order)).user_id == BOB


# ----------------------------------------------------------------- taking it back


async def test_the_first_may_take_the_approval_back():
    world = await two_wanted()
    await world.approve(ADA)
    waiting = await world.prompt(ADA)
    reply = await back(world)
    prompt = await world.prompt(ADA)
    assert reply.text == "Your approval is taken back. Nothing was ordered."
    assert (prompt.state, prompt.nonce == waiting.nonce) == (PromptState.SENT, False)
    assert (await world.one(Approval)).decision is Decision.WITHDRAWN
    assert await world.journal.count(AuditEntry, action="prompt_withdrawn") == 1
    assert await world.redrawn(await world.prompt(BOB)) == 3


async def test_after_that_the_next_approval_is_the_first():
    world = await two_wanted()
    await world.approve(ADA)
    await back(world)
    await world.approve(BOB)
    assert await state_of(world, BOB) is PromptState.AWAITING_SECOND
    await world.approve(ADA)
    order = await world.one(Order)
    second = await world.one(Approval, user_id=ADA)
    assert (order.approval_id, second.decision) == (second.id, Decision.APPROVE)


async def test_who_took_it_back_may_reject():
    world = await two_wanted()
    await world.approve(ADA)
    await back(world)
    await world.reject(ADA)
    assert (await world.one(Approval)).decision is Decision.REJECT


async def test_the_first_may_reject_and_the_others_are_told():
    world = await two_wanted()
    await world.approve(ADA)
    await world.reject(ADA)
    assert await state_of(world, ADA) is PromptState.REJECTED
    assert await world.redrawn(await world.prompt(BOB)) == 3
    await world.approve(BOB)
    assert await state_of(world, BOB) is PromptState.AWAITING_SECOND


async def test_a_reject_by_another_withdraws_only_their_own():
    world = await two_wanted()
    await world.person(CLEO, name="Cleo")
    await world.offered(external_id="gold-2")
    await world.approve(ADA)
    await world.reject(BOB)
    assert await state_of(world, ADA) is PromptState.AWAITING_SECOND
    await world.approve(CLEO)
    assert (await world.one(Order)).user_id == CLEO


# -------------------------------------------------------------------- what ends it


async def test_what_found_no_second_in_time_expires():
    world = await two_wanted()
    await world.approve(ADA)
    world.later(minutes=15)
    assert "has expired" in (await world.approve(BOB)).text
    await expire(world.tools)
    assert {each.state for each in await world.journal.find(Prompt)} == {
        PromptState.EXPIRED
    }
    assert (await world.one(Signal)).status is SignalStatus.EXPIRED


@pytest.mark.parametrize("how", ["removed", "viewer"])
async def test_a_first_who_may_not_decide_any_more_does_not_count(how):
    world = await two_wanted()
    await world.approve(ADA)
    mine = await world.one(Membership, user_id=ADA)
    if how == "removed":
        await world.journal.commit(Delete(mine))
    else:
        await world.change(mine, role=Role.VIEWER)
    await world.approve(BOB)
    assert await state_of(world, BOB) is PromptState.AWAITING_SECOND
    assert await no_order(world)


async def test_a_fired_guard_lets_no_second_order():
    world = await two_wanted()
    await world.approve(ADA)
    await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)
    await world.approve(BOB)
    assert await no_order(world)


async def test_the_second_agrees_to_the_terms_first():
    world = await two_wanted()
    await world.approve(ADA)
    await world.change(await world.one(User, id=BOB), consent_version="0")
    assert (await world.approve(BOB)).consent_needed
    assert await no_order(world)


# ------------------------------------------------------------------------ races


async def test_of_two_first_ones_at_the_same_moment_the_later_is_the_second():
    world = await two_wanted()
    world.journal.before_writing(Approval, lambda: world.approve(BOB))
    reply = await world.approve(ADA)
    assert reply.text.startswith("Approved, sending")
    assert (await world.one(Order)).user_id == ADA
    assert await state_of(world, BOB) is PromptState.SUPERSEDED


async def test_a_first_that_is_taken_back_meanwhile_makes_the_second_the_first():
    world = await two_wanted()
    await world.approve(ADA)
    world.journal.before_writing(Order, lambda: back(world))
    reply = await world.approve(BOB)
    assert reply.text == SECOND_WANTED
    assert await no_order(world)


async def test_a_second_that_is_ordered_meanwhile_cannot_be_taken_back():
    world = await two_wanted()
    await world.approve(ADA)
    world.journal.before_writing(Approval, lambda: world.approve(BOB))
    reply = await back(world)
    assert reply.text.startswith("Already decided by Bob")
    assert await world.journal.count(Order) == 1


async def test_a_first_who_is_removed_meanwhile_does_not_count():
    world = await two_wanted()
    await world.approve(ADA)

    async def remove() -> None:
        mine = await world.one(Membership, user_id=ADA)
        await world.journal.commit(Delete(mine))

    world.journal.before_writing(Order, remove)
    await world.approve(BOB)
    assert await no_order(world)


async def test_of_two_second_ones_at_the_same_moment_one_orders():
    world = await two_wanted()
    await world.person(CLEO, name="Cleo")
    await world.offered(external_id="gold-2")
    await world.approve(ADA)
    world.journal.before_writing(Order, lambda: world.approve(CLEO))
    reply = await world.approve(BOB)
    assert reply.text.startswith("Already decided by Cleo")
    assert (await world.one(Order)).user_id == CLEO


async def test_a_first_taken_back_while_the_price_is_fetched_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
):
    world = await two_wanted()
    await world.approve(ADA)
    quote = world.broker.get_quote

    async def meanwhile(instrument: str) -> Quote:
        monkeypatch.undo()
        await back(world)
        return await quote(instrument)

    monkeypatch.setattr(world.broker, "get_quote", meanwhile)
    reply = await world.approve(BOB)
    assert reply.text == SECOND_WANTED
    assert await no_order(world)


async def test_two_prompts_of_one_person_are_not_two_people():
    world = await two_wanted()
    mine = await world.prompt(ADA)
    again = replace(mine, id=PromptId("again"), attempt=2, nonce="again")
    await world.put(again)
    await world.approve(ADA, nonce=mine.nonce)
    await world.approve(ADA, nonce="again")
    assert await no_order(world)


async def test_when_the_first_leaves_the_second_reads_that_nobody_approved():
    world = await two_wanted()
    await world.approve()
    await world.work()
    waiting = await world.prompt(BOB)
    before = await world.redrawn(waiting)
    await leave(world.tools, ADA)
    assert await world.redrawn(waiting) > before
    assert await no_order(world)

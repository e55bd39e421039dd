from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import GuardPhase
from core.broker import TradeMode
from core.desk import deciding
from core.desk.taps import OUTDATED, Reply
from core.errors import Conflict
from core.ids import UserId
from core.market import OrderType, Side
from core.messages import AuditEntry, OutboxItem, Topic
from core.orders import Cause, Order, OrderState
from core.ports import Delete
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Signal
from core.users import Membership, Role, User
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
from tests.fakes import NOON

D = Decimal
STRICT = replace(RULES, confirm_above_risk_percent=D("0.5"))


async def nothing_happened(world: World) -> bool:
    return not await world.journal.count(Order) and not await world.journal.count(
        Approval
    )


# --------------------------------------------------------------------- approve


async def test_an_approval_becomes_one_order_at_the_numbers_of_now():
    world = await own_desk()
    prompt = await world.offered()
    reply = await world.approve()
    order = await world.one(Order)
    assert reply.text == "Approved, sending 0.17 lots…"
    assert (order.state, order.cause, order.user_id) == (
        OrderState.QUEUED,
        Cause.TAP,
        ADA,
    )
    assert (order.volume, order.price, order.risk_money) == (
        D("0.17"),
        D("1950.50"),
        D("94.52"),
    )
    assert (order.stop_loss, order.take_profit, order.expires_at) == (
        D("1945.00"),
        D("1965.00"),
        None,
    )
    assert order.prompt_id == prompt.id


async def test_an_approval_is_kept_with_the_consent_and_the_numbers():
    world = await own_desk()
    await world.offered()
    await world.approve()
    approval = await world.one(Approval)
    assert (approval.decision, approval.user_id) == (Decision.APPROVE, ADA)
    assert (approval.consent_version, approval.consent_hash) == ("1", "c" * 64)
    assert (approval.price, approval.lots, approval.update_id) == (
        D("1950.50"),
        D("0.17"),
        1,
    )


async def test_an_approval_is_audited():
    world = await own_desk()
    await world.offered()
    await world.approve()
    entry = await world.one(AuditEntry, action="prompt_approve")
    order = await world.one(Order)
    assert entry.actor == "user:1"
    assert order.id in entry.detail
    assert await world.journal.verify_audit() == 2


async def test_an_approval_is_work_and_a_new_picture():
    world = await own_desk()
    prompt = await world.offered()
    await world.approve()
    work = await world.one(OutboxItem, topic=Topic.EXECUTE)
    assert work.subject == (await world.one(Order)).id
    assert await world.redrawn(prompt) == 2


async def test_a_decided_prompt_says_who_and_when():
    world = await own_desk()
    await world.offered()
    await world.approve()
    prompt = await world.prompt()
    assert (prompt.state, prompt.decided_by, prompt.decided_at) == (
        PromptState.APPROVED,
        ADA,
        NOON,
    )


async def test_a_pending_order_carries_the_signals_time():
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=D("1948.00"))
    await world.approve()
    order = await world.one(Order)
    assert (order.price, order.expires_at) == (
        D("1948.00"),
        NOON + timedelta(minutes=15),
    )


async def test_lots_grow_no_more_after_they_were_shown():
    world = await own_desk()
    await world.offered()
    world.broker.deposit("90000")
    await world.watch()
    await world.approve()
    assert (await world.one(Order)).volume == D("0.17")


async def test_lots_shrink_when_the_account_did():
    world = await own_desk()
    await world.offered()
    world.broker.deposit("-4000")
    await world.watch()
    await world.approve()
    assert (await world.one(Order)).volume == D("0.10")


# ---------------------------------------------------------------------- reject


async def test_a_rejection_is_kept_and_orders_nothing():
    world = await own_desk()
    await world.offered()
    reply = await world.reject()
    approval = await world.one(Approval)
    assert reply.text == "Rejected. Nothing was ordered."
    assert (approval.decision, approval.lots) == (Decision.REJECT, D("0.17"))
    assert await world.journal.count(Order) == 0


async def test_a_rejection_needs_no_consent():
    world = await own_desk()
    await world.offered()
    await world.change(await world.one(User), consent_version="0")
    await world.reject()
    assert (await world.prompt()).state is PromptState.REJECTED


async def test_a_prompt_without_numbers_can_be_rejected():
    world = await own_desk()
    world.broker.down = True
    await world.offered()
    await world.reject()
    entry = await world.one(AuditEntry, action="prompt_reject")
    assert '"price":""' in entry.detail


async def test_a_rejection_on_a_desk_withdraws_only_ones_own_prompt():
    world = await shared_desk()
    await world.offered()
    await world.reject(BOB)
    assert (await world.prompt(ADA)).state is PromptState.QUEUED
    await world.approve(ADA)
    assert (await world.one(Order)).user_id == ADA


# ----------------------------------------------------------------- who may not


async def test_a_strangers_tap_does_nothing_and_is_audited():
    world = await own_desk()
    await world.offered()
    reply = await world.approve(MALLORY, of=ADA)
    assert reply.alert
    assert "made for somebody else" in reply.text
    assert await nothing_happened(world)
    assert (await world.one(AuditEntry, action="tap_refused")).actor == "user:66"


@pytest.mark.parametrize("verb", ["approve", "reject", "back"])
async def test_another_approvers_prompt_cannot_be_answered(verb):
    world = await shared_desk()
    await world.offered()
    tap = world.tap((await world.prompt(ADA)).nonce, BOB)
    reply = await getattr(deciding, verb)(world.tools, tap)
    assert "made for somebody else" in reply.text
    assert await nothing_happened(world)


async def test_a_viewers_tap_decides_nothing():
    world = await shared_desk()
    await world.offered()
    reply = await world.approve(EVE)
    assert "You are a viewer here" in reply.text
    assert await nothing_happened(world)


async def test_who_was_removed_decides_nothing_any_more():
    world = await own_desk()
    await world.offered()
    await world.journal.commit(Delete(await world.one(Membership)))
    reply = await world.approve()
    assert "You are not a member" in reply.text
    assert await nothing_happened(world)


async def test_an_own_account_that_changed_hands_is_decided_by_its_person():
    world = await own_desk()
    await world.person(BOB, name="Bob")
    await world.offered()
    await world.change(await account_of(world), person_id=BOB)
    reply = await world.approve()
    assert reply.text == "Only the person who owns demo decides on it."
    assert await nothing_happened(world)


async def test_who_agreed_to_an_older_text_is_asked_to_agree_first():
    world = await own_desk()
    await world.offered()
    await world.change(await world.one(User), consent_version="0")
    reply = await world.approve()
    assert (reply.consent_needed, reply.alert) == (True, True)
    assert await nothing_happened(world)
    assert (await world.prompt()).state is PromptState.QUEUED


async def test_an_unknown_nonce_is_outdated():
    world = await own_desk()
    await world.offered()
    assert await world.approve(nonce="no such button") == OUTDATED


# -------------------------------------------------------------------- too late


async def test_a_tap_after_expiry_sends_nothing():
    world = await own_desk()
    await world.offered()
    world.later(minutes=15)
    reply = await world.approve()
    assert "has expired, nothing was sent" in reply.text
    assert await nothing_happened(world)
    assert (await world.prompt()).state is PromptState.EXPIRED


async def test_a_double_tap_is_quiet_for_the_one_who_decided():
    world = await own_desk()
    await world.offered()
    await world.approve()
    world.later(seconds=3)
    reply = await world.approve()
    assert reply.text == "Already approved by Ada at 12:00:00 UTC, 3 s ago."
    assert not reply.alert
    assert await world.journal.count(Order) == 1


async def test_a_late_tap_draws_the_message_again():
    world = await own_desk()
    prompt = await world.offered()
    await world.reject()
    await world.approve()
    assert await world.redrawn(prompt) == 3


async def test_a_rejection_stands_against_a_later_approval():
    world = await own_desk()
    await world.offered()
    await world.reject()
    reply = await world.approve()
    assert reply.text.startswith("Already rejected by Ada")
    assert await world.journal.count(Order) == 0


async def test_a_tap_on_a_refused_prompt_says_so():
    world = await own_desk()
    world.broker.balance = D(100)
    await world.offered()
    reply = await world.approve()
    assert (reply.text, reply.alert) == (
        "Already refused; the message shows why.",
        True,
    )


async def test_a_decider_whose_name_is_gone_is_somebody():
    world = await shared_desk()
    await world.offered()
    await world.approve(ADA)
    await world.journal.commit(Delete(await world.one(User, id=ADA)))
    reply = await world.approve(BOB)
    assert reply.text.startswith("Already decided by somebody at")


# -------------------------------------------------------------------- obstacles


async def test_a_passing_obstacle_leaves_the_prompt_open():
    world = await own_desk()
    await world.offered()
    world.broker.down = True
    reply = await world.approve()
    assert reply.text == (
        "demo cannot be reached now. The prompt stays open: tap again later."
    )
    assert (await world.prompt()).state is PromptState.QUEUED
    world.broker.down = False
    await world.approve()
    assert await world.journal.count(Order) == 1


async def test_a_final_obstacle_ends_the_prompt_with_its_reason():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1944")
    reply = await world.approve()
    prompt = await world.prompt()
    assert prompt.state is PromptState.REFUSED
    assert reply.text == f"{prompt.reason} Nothing was ordered."
    assert (await world.one(AuditEntry, action="approve_refused")).actor == "user:1"


async def test_a_disabled_account_refuses():
    world = await own_desk()
    await world.offered()
    await world.change(await account_of(world), enabled=False)
    reply = await world.approve()
    assert reply.text == "demo is disabled: ask an admin. Nothing was ordered."


async def test_a_fired_guard_refuses_an_approval():
    world = await own_desk()
    await world.offered()
    await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)
    await world.approve()
    assert (await world.prompt()).state is PromptState.REFUSED
    assert await nothing_happened(world)


@pytest.mark.parametrize(
    "moves",
    [
        [OrderState.SUBMITTING],
        [OrderState.SUBMITTING, OrderState.UNKNOWN],
        [OrderState.SUBMITTING, OrderState.PLACED],
    ],
)
async def test_orders_that_may_still_open_take_up_the_room_to_the_guard(moves):
    world = await own_desk(replace(RULES, max_drawdown_percent=D("1.5")))
    await world.offered()
    await world.approve()
    for state in moves:
        await world.change(await world.one(Order), state=state)
    await world.offered(external_id="gold-2")
    reply = await world.approve()
    assert "only 55.48 is left" in reply.text


async def test_a_fill_that_is_not_shown_yet_takes_up_its_whole_risk():
    world = await own_desk(replace(RULES, max_drawdown_percent=D("1.5")))
    await world.offered()
    await world.approve()
    await world.offered(external_id="gold-2")
    reply = await world.approve()
    assert "only 54.97 is left" in reply.text
    assert await world.journal.count(Order) == 1


# ----------------------------------------------------------------- desk, decided


async def test_the_first_approval_decides_for_the_desk():
    world = await shared_desk()
    await world.offered()
    await world.change(await world.prompt(BOB), chat_id=BOB, message_id=7)
    await world.approve(ADA)
    bobs = await world.prompt(BOB)
    assert (bobs.state, bobs.decided_by, bobs.decided_at) == (
        PromptState.SUPERSEDED,
        ADA,
        NOON,
    )
    assert await world.redrawn(bobs) == 2


async def test_the_second_approver_is_told_who_decided():
    world = await shared_desk()
    await world.offered()
    await world.approve(ADA)
    reply = await world.approve(BOB)
    assert reply.text == "Already decided by Ada at 12:00:00 UTC, 0 s ago."
    assert reply.alert
    assert await world.journal.count(Order) == 1


async def test_a_viewers_prompt_says_that_it_was_decided_too():
    world = await shared_desk()
    await world.offered()
    await world.approve(ADA)
    seen = await world.prompt(EVE)
    assert (seen.state, seen.decided_by) == (PromptState.SUPERSEDED, ADA)


async def test_a_market_far_from_the_signals_own_price_is_confirmed():
    world = await own_desk()
    world.broker.move("XAUUSD", "1952.30")
    await world.offered()
    await world.approve()
    await asked(
        world,
        "The price moved 0.36 R (200 points) against you, from 1950.50 to 1952.50: "
        "0.13 lots now. Confirm?",
    )
    await world.confirm()
    assert (await world.one(Order)).price == D("1952.50")


# ------------------------------------------------------------------------ races


async def test_the_loser_of_a_desk_race_orders_nothing():
    world = await shared_desk()
    await world.offered()
    world.journal.before_writing(Order, lambda: world.approve(BOB))
    reply = await world.approve(ADA)
    assert reply.text.startswith("Already decided by Bob")
    assert (await world.one(Order)).user_id == BOB


async def test_a_guard_that_fires_between_look_and_commit_stops_the_approval():
    world = await own_desk()
    await world.offered()

    async def fire() -> None:
        await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)

    world.journal.before_writing(Order, fire)
    reply = await world.approve()
    assert "has fired" in reply.text
    assert await nothing_happened(world)


async def test_a_signal_withdrawn_between_look_and_commit_is_not_approved():
    world = await own_desk()
    await world.offered()

    async def withdraw() -> None:
        now = world.clock.now()
        await world.change(await world.one(Signal), cancelled_at=now)

    world.journal.before_writing(Order, withdraw)
    reply = await world.approve()
    assert "withdrawn" in reply.text
    assert await nothing_happened(world)
    assert (await world.prompt()).state is PromptState.CANCELLED


async def test_a_member_removed_between_look_and_commit_decides_nothing():
    world = await own_desk()
    await world.offered()

    async def remove() -> None:
        await world.journal.commit(Delete(await world.one(Membership)))

    world.journal.before_writing(Order, remove)
    reply = await world.approve()
    assert "not a member" in reply.text
    assert await nothing_happened(world)


async def test_two_prompts_of_one_account_do_not_share_the_same_room():
    world = await own_desk(replace(RULES, max_drawdown_percent=D("1.5")))
    first = await world.offered()
    second = await world.offered(external_id="gold-2")
    world.journal.before_writing(Order, lambda: world.approve(nonce=first.nonce))
    reply = await world.approve(nonce=second.nonce)
    assert "is left before the guard's limit" in reply.text
    assert (await world.one(Order)).prompt_id == first.id


async def test_a_tap_that_always_loses_gives_up_and_orders_nothing():
    world = await own_desk()
    await world.offered()

    async def meddle() -> None:
        world.journal.before_writing(Order, meddle)
        await world.change(await account_of(world), currency="USD")

    await meddle()
    with pytest.raises(Conflict):
        await world.approve()
    assert await nothing_happened(world)


async def test_a_reject_that_loses_against_anothers_approval_is_told_so():
    world = await shared_desk()
    await world.offered()
    world.journal.before_writing(Approval, lambda: world.approve(BOB))
    reply = await world.reject(ADA)
    assert reply.text.startswith("Already decided by Bob")


# ---------------------------------------------------------------------- confirm


async def asked(world: World, text: str) -> Prompt:
    prompt = await world.prompt()
    assert (prompt.state, prompt.reason) == (PromptState.CONFIRMING, text)
    assert await nothing_happened(world)
    return prompt


async def test_a_risk_above_the_threshold_is_confirmed_first():
    world = await own_desk(STRICT)
    await world.offered()
    reply = await world.approve()
    assert reply.text == "This risks 0.95 %. Confirm?"
    await asked(world, reply.text)
    assert (await world.confirm()).text == "Approved, sending 0.17 lots…"
    assert await world.journal.count(Order) == 1


async def test_real_money_is_confirmed_first():
    world = await own_desk()
    await world.offered()
    await world.change(await account_of(world), mode=TradeMode.LIVE)
    await world.approve()
    await asked(world, "This is real money. Confirm?")
    await world.confirm()
    assert await world.journal.count(Order) == 1


async def test_real_money_needs_no_confirming_where_the_instance_says_so():
    world = await own_desk(replace(RULES, confirm_live=False))
    await world.change(await account_of(world), mode=TradeMode.LIVE)
    await world.offered()
    await world.approve()
    assert await world.journal.count(Order) == 1


async def test_a_prompt_that_showed_no_numbers_shows_them_before_it_orders():
    world = await own_desk()
    world.broker.down = True
    await world.offered()
    world.broker.down = False
    await world.approve()
    prompt = await asked(world, "Here are the numbers now. Confirm?")
    assert prompt.lots == D("0.17")
    await world.confirm()
    assert (await world.one(Order)).volume == D("0.17")


@pytest.mark.parametrize(
    ("side", "bid", "asks"),
    [
        (Side.BUY, "1951.67", False),  # 1.37 of 5.50 is 0.249 R
        (Side.BUY, "1951.68", True),  # 1.38 is 0.251 R
        (Side.BUY, "1947.00", False),
        (Side.SELL, "1949.10", False),  # 1.20 of 4.90 is 0.245 R
        (Side.SELL, "1949.00", True),  # 1.30 is 0.265 R
        (Side.SELL, "1952.00", False),
    ],
)
async def test_an_adverse_move_beyond_the_drift_is_confirmed(side, bid, asks):
    world = await own_desk(replace(RULES, confirm_above_risk_percent=D(3)))
    stop, target = ("1945", "1965") if side is Side.BUY else ("1955.20", "1935")
    shown = D("1950.50" if side is Side.BUY else "1950.30")
    await world.offered(
        side=side, price=shown, stop_loss=D(stop), take_profit=D(target)
    )
    world.broker.move("XAUUSD", bid)
    reply = await world.approve()
    assert ("against you" in reply.text) is asks


async def test_a_drifted_price_is_confirmed_at_the_new_numbers():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1952.30")
    await world.approve()
    prompt = await asked(
        world,
        "The price moved 0.36 R (200 points) against you, from 1950.50 to 1952.50: "
        "0.13 lots now. Confirm?",
    )
    assert (prompt.price, prompt.lots) == (D("1952.50"), D("0.13"))
    await world.confirm()
    order = await world.one(Order)
    assert (order.price, order.volume) == (D("1952.50"), D("0.13"))


async def test_a_price_that_drifts_on_is_asked_about_again():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1952.30")
    await world.approve()
    world.broker.move("XAUUSD", "1954.30")
    reply = await world.confirm()
    assert reply.text.startswith(
        "The price moved 0.27 R (200 points) against you, from 1952.50"
    )
    await asked(world, reply.text)


async def test_a_question_about_the_price_says_how_far_it_moved():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1952.30")
    await world.approve()
    prompt = await world.prompt()
    assert (prompt.drift_r, prompt.drift_points) == (D("0.36"), D(200))
    await back(world)
    prompt = await world.prompt()
    assert (prompt.drift_r, prompt.drift_points) == (None, None)


async def test_a_question_about_anything_else_is_not_about_the_price():
    world = await own_desk(STRICT)
    await world.offered()
    world.broker.move("XAUUSD", "1950.80")
    await world.approve()
    assert (await world.prompt()).drift_r is None


async def test_a_move_within_the_limit_is_told_and_kept():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1951.30")
    reply = await world.approve()
    prompt = await world.prompt()
    assert reply.text == (
        "Approved at 1951.50, 0.18 R (100 points) worse than shown: sending 0.15 lots…"
    )
    assert (prompt.drift_r, prompt.drift_points) == (D("0.18"), D(100))


async def test_a_move_in_favour_is_no_drift():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1948.30")
    reply = await world.approve()
    assert reply.text == "Approved, sending 0.17 lots…"
    assert (await world.prompt()).drift_points is None


async def test_without_a_stop_a_move_is_told_in_points():
    world = await own_desk(replace(RULES, lots_without_stop=D("0.03")))
    await world.offered(stop_loss=None)
    await world.approve()
    world.broker.move("XAUUSD", "1950.40")
    reply = await world.confirm()
    assert "1950.60, 10 points worse than shown" in reply.text
    assert (await world.prompt()).drift_r is None


@pytest.mark.parametrize(
    ("own", "asks", "agreed"),
    [("0.1", True, "0.1"), ("0.25", False, "0.25"), ("0.9", False, "0.25")],
)
async def test_a_members_own_limit_counts_where_it_is_stricter(own, asks, agreed):
    world = await own_desk()
    await world.change(await world.one(Membership), max_drift_r=D(own))
    await world.offered()
    world.broker.move("XAUUSD", "1951.30")
    await world.approve()
    assert ((await world.prompt()).state is PromptState.CONFIRMING) is asks
    if asks:
        world.broker.move("XAUUSD", "1951.30")
        await world.confirm()
    order = await world.one(Order)
    shown = D("1951.50") if asks else D("1950.50")
    assert order.price + order.deviation == shown + D(agreed) * (shown - D(1945))


async def test_a_pending_order_does_not_drift():
    world = await own_desk()
    await world.offered(order_type=OrderType.LIMIT, price=D("1948.00"))
    world.broker.move("XAUUSD", "1955")
    await world.approve()
    assert await world.journal.count(Order) == 1


async def test_what_moved_since_it_was_shown_is_part_of_the_agreed_drift():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1951.30")
    await world.approve()
    order = await world.one(Order)
    assert order.price + order.deviation == D("1950.50") + D("0.25") * D("5.50")


async def test_a_move_in_favour_allows_no_more_drift():
    world = await own_desk()
    await world.offered()
    world.broker.move("XAUUSD", "1948.30")
    await world.approve()
    assert (await world.one(Order)).deviation == D("0.25") * D("5.50")


async def test_an_order_without_a_stop_is_confirmed_and_may_drift_by_the_spread():
    world = await own_desk(replace(RULES, lots_without_stop=D("0.03")))
    prompt = await world.offered(stop_loss=None)
    reply = await world.approve()
    assert "no stop loss" in reply.text
    await world.confirm()
    assert (await world.one(Order)).deviation == prompt.spread


async def test_a_confirm_after_thirty_seconds_shows_the_new_numbers():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    await world.pass_by(30)
    world.broker.move("XAUUSD", "1950.80")
    reply = await world.confirm()
    assert reply.text == "These numbers are old. Confirm the new ones?"
    prompt = await asked(world, reply.text)
    assert prompt.price == D("1951.00")
    await world.confirm()
    assert await world.journal.count(Order) == 1


async def test_a_confirm_of_before_somebody_removed_its_time_is_asked_again():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    await world.change(await world.prompt(), confirm_until=None)
    assert "These numbers are old" in (await world.confirm()).text


async def test_the_first_question_makes_the_old_buttons_void():
    world = await own_desk(STRICT)
    first = await world.offered()
    await world.approve()
    assert await world.approve(nonce=first.nonce, confirmed=True) == OUTDATED
    assert await nothing_happened(world)


async def test_a_confirm_without_a_question_confirms_nothing():
    world = await own_desk(STRICT)
    await world.offered()
    assert await world.confirm() == OUTDATED
    assert await nothing_happened(world)


async def test_an_approve_cannot_stand_for_a_confirm():
    world = await own_desk()
    world.broker.down = True
    await world.offered()
    world.broker.down = False
    await world.approve()
    assert await world.approve() == OUTDATED
    assert await nothing_happened(world)


async def test_a_double_confirm_orders_once():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    await world.confirm()
    reply = await world.confirm()
    assert (reply.text[:23], reply.alert) == ("Already approved by Ada", False)
    assert await world.journal.count(Order) == 1


async def test_a_confirming_prompt_can_be_rejected():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    await world.reject()
    assert (await world.prompt()).state is PromptState.REJECTED


# ------------------------------------------------------------------------- back


async def back(world: World, user: UserId = ADA) -> Reply:
    return await deciding.back(
        world.tools, world.tap((await world.prompt(user)).nonce, user)
    )


async def test_back_leads_to_the_question_with_new_buttons():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    question = await world.prompt()
    reply = await back(world)
    prompt = await world.prompt()
    assert reply.text == "Nothing was ordered."
    assert (prompt.state, prompt.reason, prompt.confirm_until) == (
        PromptState.SENT,
        "",
        None,
    )
    assert prompt.nonce != question.nonce


async def test_back_without_a_question_is_outdated():
    world = await own_desk()
    await world.offered()
    assert await back(world) == OUTDATED


async def test_back_after_expiry_is_too_late():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    world.later(minutes=15)
    assert "Too late" in (await back(world)).text


# --------------------------------------------------------- rows that went missing


async def test_a_prompt_whose_account_is_gone_is_outdated():
    world = await own_desk()
    await world.offered()
    await world.journal.commit(Delete(await account_of(world)))
    assert await world.approve() == OUTDATED


async def test_a_desk_member_by_role_admin_may_decide_too():
    world = await shared_desk()
    mine = await world.one(Membership, user_id=BOB)
    await world.change(mine, role=Role.ADMIN)
    await world.offered()
    await world.approve(BOB)
    assert (await world.one(Order)).user_id == BOB

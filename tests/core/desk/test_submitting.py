from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from core.accounts import AccountKind
from core.desk.intake import Verdict, submit
from core.desk.people import read_people
from core.errors import Conflict, Duplicate
from core.ids import ProviderName, UserId
from core.intake import Draft
from core.market import OrderType, Timeframe
from core.messages import AuditEntry, OutboxItem, Topic
from core.orders import Order, OrderState
from core.prompts import Prompt, PromptState
from core.signals import Action, Signal, SignalStatus
from core.users import Provider, Role, Subscription, User
from tests.builders import DEMO, a_provider, a_subscription
from tests.core.desk.world import (
    ADA,
    BOB,
    DESK,
    EVE,
    GOLD_SIGNAL,
    INTAKE,
    MALLORY,
    RacingJournal,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

CANCEL = Draft(external_id="c-1", action=Action.CANCEL, target="gold-1")


# ------------------------------------------------------------------------ open


async def test_a_new_signal_is_stored_with_its_work_and_its_audit_entry():
    world = await own_desk()
    submission = await world.submit()
    assert submission.verdict is Verdict.STORED
    assert submission.signal == await world.one(Signal)
    assert (await world.one(OutboxItem)).topic is Topic.PROPOSE
    assert (await world.one(AuditEntry)).action == "signal_open"


async def test_a_signal_expires_when_the_instance_says_so():
    world = await own_desk()
    await world.submit()
    assert (await world.one(Signal)).expires_at == NOON + timedelta(minutes=15)


async def test_a_signal_expires_when_its_provider_says_so():
    world = await own_desk()
    await world.submit(expires_in=60)
    assert (await world.one(Signal)).expires_at == NOON + timedelta(minutes=1)


async def test_what_a_provider_leaves_out_has_its_default():
    world = await own_desk()
    await world.submit(order_type=None, timeframe=None)
    signal = await world.one(Signal)
    assert (signal.order_type, signal.timeframe) == (OrderType.MARKET, Timeframe.M15)


async def test_the_same_again_is_answered_with_the_first():
    world = await own_desk()
    first = await world.submit()
    again = await world.submit(price=GOLD_SIGNAL.price)
    assert (again.verdict, again.signal) == (Verdict.REPEATED, first.signal)
    assert await world.journal.count(OutboxItem) == 1


async def test_the_same_again_shows_the_present_status():
    world = await own_desk()
    await world.filled()
    again = await world.submit()
    assert again.signal is not None
    assert again.signal.status is SignalStatus.EXECUTED


async def test_the_same_id_with_other_content_is_a_conflict():
    world = await own_desk()
    await world.submit()
    assert (await world.submit(timeframe=Timeframe.H1)).verdict is Verdict.CONFLICT


async def test_another_provider_may_use_the_same_id():
    world = await own_desk()
    await world.submit()
    other = a_provider(id=ProviderName("other"))
    await world.put(other)
    again = await submit(
        world.tools, INTAKE, await read_people(world.journal), other, GOLD_SIGNAL
    )
    assert again.verdict is Verdict.STORED


async def test_who_was_known_before_is_enough_while_nobody_changed():
    world = await own_desk()
    version = await world.journal.people_version()
    people = await read_people(world.journal, version)
    provider = await world.one(Provider)
    ask = partial(submit, world.tools, INTAKE, people, provider, still=version)
    assert (await ask(GOLD_SIGNAL)).verdict is Verdict.STORED
    assert (await ask(GOLD_SIGNAL)).verdict is Verdict.REPEATED
    await world.put(a_provider(id=ProviderName("other")))
    another = replace(GOLD_SIGNAL, external_id="gold-2")
    with pytest.raises(Conflict):
        await ask(another)
    assert await world.journal.count(Signal) == 1


async def test_a_draft_that_never_passed_the_rules_is_an_error_of_ours():
    world = await own_desk()
    with pytest.raises(ValueError, match=r"must pass intake.problems first"):
        await world.submit(side=None)


async def test_a_taken_key_that_is_not_the_signals_is_not_hidden():
    class Full(RacingJournal):
        async def accept(self, batch):
            return [Duplicate("OutboxItem", ("id",))]

    world = await own_desk()
    provider = await world.one(Provider)
    people = await read_people(world.journal)
    tools = replace(world.tools, journal=Full(world.clock))
    with pytest.raises(Duplicate):
        await submit(tools, INTAKE, people, provider, GOLD_SIGNAL)


# ------------------------------------------------------------------ recipients


async def reached(world) -> set[tuple[UserId, str, bool]]:
    people = await read_people(world.journal)
    found = people.reached(DEMO, "XAUUSD", world.clock.now())
    assert people.reached(DEMO, "XAUUSD", world.clock.now()) == found
    return {(each.user.id, each.account.id, each.decides) for each in found}


async def test_a_desks_approvers_and_viewers_are_reached():
    world = await shared_desk()
    assert await reached(world) == {
        (ADA, "demo", True),
        (BOB, "demo", True),
        (EVE, "demo", False),
    }


async def test_the_receipt_counts_the_subscribed_memberships():
    world = await shared_desk()
    await world.submit()
    assert (await world.one(Signal)).recipients == 3


async def test_a_person_of_two_accounts_is_reached_on_both():
    world = await own_desk()
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.member(ADA, Role.VIEWER, account=DESK)
    assert await reached(world) == {(ADA, "demo", True), (ADA, "desk", False)}


async def test_an_admin_of_somebody_elses_own_account_is_not_reached():
    world = await own_desk()
    await world.person(BOB, Role.ADMIN)
    assert await reached(world) == {(ADA, "demo", True)}


async def test_a_disabled_account_is_not_reached():
    world = await own_desk()
    await world.open_account(id=DESK, enabled=False)
    await world.member(ADA, Role.VIEWER, account=DESK)
    assert await reached(world) == {(ADA, "demo", True)}


@pytest.mark.parametrize("over", [{"consented_at": None}, {"blocked_at": NOON}])
async def test_who_has_not_agreed_or_blocked_the_bot_is_not_reached(over):
    world = await own_desk()
    await world.change(await world.one(User), **over)
    assert await reached(world) == set()


async def test_who_does_not_subscribe_is_not_reached():
    world = await own_desk()
    await world.change(await world.one(Subscription), enabled=False)
    assert await reached(world) == set()


async def test_who_turned_off_this_provider_is_not_reached():
    world = await own_desk()
    await world.put(a_subscription(provider=DEMO, enabled=False))
    assert await reached(world) == set()


async def test_a_signal_for_one_person_counts_only_them():
    world = await shared_desk()
    submission = await world.submit(user_id=BOB)
    assert submission.signal is not None
    assert submission.signal.recipients == 1


async def test_a_signal_for_somebody_who_does_not_subscribe_is_refused():
    world = await own_desk()
    submission = await world.submit(user_id=MALLORY)
    assert submission.verdict is Verdict.REFUSED
    assert submission.problems[0].message == "subscribes to none of your signals"
    assert await world.journal.count(Signal) == 0


async def test_the_same_again_is_answered_though_its_person_left():
    world = await own_desk()
    await world.submit(user_id=ADA)
    await world.change(await world.one(Subscription), enabled=False)
    assert (await world.submit(user_id=ADA)).verdict is Verdict.REPEATED


# ---------------------------------------------------------------------- cancel


async def test_a_cancel_ends_every_undecided_prompt():
    world = await shared_desk()
    await world.offered()
    submission = await world.submit(CANCEL)
    assert submission.verdict is Verdict.STORED
    assert {each.state for each in await world.journal.find(Prompt)} == {
        PromptState.CANCELLED
    }


async def test_a_cancel_says_that_it_withdrew_something():
    world = await own_desk()
    await world.offered()
    await world.submit(CANCEL)
    cancel = await world.one(Signal, action=Action.CANCEL)
    target = await world.one(Signal, action=Action.OPEN)
    assert (cancel.status, target.status) == (
        SignalStatus.CANCELLED,
        SignalStatus.CANCELLED,
    )
    assert (cancel.instrument, cancel.target) == ("XAUUSD", "gold-1")


async def test_a_cancel_before_the_prompts_are_made_leaves_none_to_make():
    world = await own_desk()
    await world.submit()
    await world.submit(CANCEL)
    await world.work()
    assert await world.journal.count(Prompt) == 0


async def test_a_cancel_withdraws_an_order_that_was_not_sent():
    world = await own_desk()
    prompt = await world.offered()
    await world.approve()
    await world.submit(CANCEL)
    await world.work()
    order = await world.one(Order)
    assert order.state is OrderState.CANCELLED
    assert "The provider withdrew the signal" in order.reason
    assert world.broker.received == []
    assert await world.redrawn(prompt) == 3


async def test_a_cancel_withdraws_an_order_that_no_prompt_shows():
    world = await own_desk()
    await world.offered()
    await world.approve()
    await world.change(await world.one(Order), prompt_id=None)
    await world.submit(CANCEL)
    assert (await world.one(Order)).state is OrderState.CANCELLED


async def test_a_cancel_of_what_was_filled_changes_nothing():
    world = await own_desk()
    await world.filled()
    await world.submit(CANCEL)
    cancel = await world.one(Signal, action=Action.CANCEL)
    target = await world.one(Signal, action=Action.OPEN)
    assert (cancel.status, target.status) == (
        SignalStatus.REJECTED,
        SignalStatus.EXECUTED,
    )
    assert target.cancelled_at is None


async def test_a_cancel_of_what_everybody_rejected_leaves_it_rejected():
    world = await own_desk()
    await world.offered()
    await world.reject()
    await world.submit(CANCEL)
    target = await world.one(Signal, action=Action.OPEN)
    assert target.status is SignalStatus.REJECTED


async def test_the_same_cancel_again_is_answered_with_the_first():
    world = await own_desk()
    await world.offered()
    first = await world.submit(CANCEL)
    again = await world.submit(CANCEL)
    assert (again.verdict, again.signal) == (Verdict.REPEATED, first.signal)


async def test_a_second_cancel_of_its_own_id_finds_nothing_left():
    world = await own_desk()
    await world.offered()
    await world.submit(CANCEL)
    second = await world.submit(CANCEL, external_id="c-2")
    assert second.signal is not None
    assert second.signal.status is SignalStatus.REJECTED


async def test_a_second_cancel_keeps_the_moment_of_the_first():
    world = await own_desk()
    await world.submit()
    await world.submit(CANCEL)
    world.later(minutes=1)
    await world.submit(CANCEL, external_id="c-2")
    assert (await world.one(Signal, action=Action.OPEN)).cancelled_at == NOON


async def test_an_id_of_an_open_signal_cannot_be_a_cancels():
    world = await own_desk()
    await world.submit()
    answer = await world.submit(CANCEL, external_id="gold-1")
    assert answer.verdict is Verdict.CONFLICT


async def test_a_cancel_of_nothing_is_refused():
    world = await own_desk()
    submission = await world.submit(CANCEL)
    assert submission.problems[0].message == "names no open signal of yours"


async def test_a_cancel_of_another_providers_signal_is_refused():
    world = await own_desk()
    await world.submit()
    other = a_provider(id=ProviderName("other"))
    await world.put(other)
    answer = await submit(
        world.tools, INTAKE, await read_people(world.journal), other, CANCEL
    )
    assert answer.verdict is Verdict.REFUSED


# ----------------------------------------------------------------------- races


async def test_a_cancel_that_loses_against_an_approval_withdraws_its_order():
    world = await own_desk()
    await world.offered()
    world.journal.before_writing(Prompt, world.approve)
    await world.submit(CANCEL)
    await world.work()
    assert (await world.one(Order)).state is OrderState.CANCELLED
    assert world.broker.received == []


async def test_a_cancel_between_looking_and_showing_makes_no_prompt():
    world = await own_desk()
    await world.submit()
    world.journal.before_writing(Prompt, lambda: world.submit(CANCEL))
    await world.work()
    assert await world.journal.count(Prompt) == 0


async def test_prompts_made_while_a_cancel_looks_are_withdrawn_too():
    world = await own_desk()
    await world.submit()
    world.journal.before_writing(Signal, world.work)
    await world.submit(CANCEL)
    assert (await world.one(Prompt)).state is PromptState.CANCELLED


# -------------------------------------------------------------------- rehearsals


@pytest.mark.parametrize(
    "over",
    [
        pytest.param({}, id="again"),
        pytest.param({"external_id": "2"}, id="another"),
        pytest.param({"external_id": "2", "user_id": ADA}, id="for a subscriber"),
        pytest.param(
            {"external_id": "2", "action": Action.CLOSE, "target": "gold-1"},
            id="close",
        ),
    ],
)
async def test_what_would_be_taken_is_rehearsed_without_objection(over):
    world = await own_desk()
    await world.offered()
    assert await world.rehearse(GOLD_SIGNAL, **over) is None
    assert await world.journal.count(Signal) == 1
    assert (await world.submit(GOLD_SIGNAL, **over)).verdict in {
        Verdict.STORED,
        Verdict.REPEATED,
    }


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        pytest.param({"timeframe": Timeframe.H4}, Verdict.CONFLICT, id="other content"),
        pytest.param(
            {"external_id": "2", "user_id": MALLORY}, Verdict.REFUSED, id="a stranger"
        ),
        pytest.param(
            {"external_id": "2", "action": Action.CANCEL, "target": "gold-9"},
            Verdict.REFUSED,
            id="no target",
        ),
        pytest.param(
            {
                "external_id": "2",
                "action": Action.UPDATE,
                "target": "gold-1",
                "instrument": "EURUSD",
            },
            Verdict.REFUSED,
            id="another instrument",
        ),
    ],
)
async def test_a_rehearsal_is_refused_as_the_thing_itself_and_stores_nothing(
    over, verdict
):
    world = await own_desk()
    await world.offered()
    rehearsed = await world.rehearse(GOLD_SIGNAL, **over)
    assert rehearsed is not None
    assert rehearsed.verdict is verdict
    assert await world.journal.count(Signal) == 1
    assert await world.submit(GOLD_SIGNAL, **over) == rehearsed

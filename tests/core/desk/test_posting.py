"""A signal's message in a group, and what a tap on it does."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.desk.joining import agree
from core.desk.posting import (
    ASKED_THERE,
    NOT_ASKED,
    TERMS_THERE,
    approve_here,
    is_wanted,
    posted,
    prompt_of_tapper,
    reject_here,
    without_topic,
)
from core.desk.snoozing import snooze
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Consent
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import PostingId, ProviderName, UserId
from core.messages import MESSAGES, AuditEntry, OutboxItem, Priority, Topic
from core.orders import Order
from core.prompts import Prompt, PromptState
from core.signals import Signal
from core.trades import Trade
from core.users import Role
from tests.builders import ACCOUNT, a_group_chat, a_prompt, a_provider
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    MALLORY,
    RULES,
    World,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

CHAT = -1001
GOLD = ProviderName("gold")
S = PromptState


async def desk(rules=RULES, **choices) -> World:
    """Ada and Bob decide, Eve looks on; their group is shown everything."""
    world = await shared_desk(rules, **choices)
    await world.put(a_group_chat(chat_id=CHAT))
    return world


@pytest.fixture
async def world() -> World:
    return await desk()


async def _tap(world: World, user: UserId, **over) -> Tap:
    found = await world.journal.find(Posting)
    nonce = found[0].nonce if found else "none"
    return replace(world.tap(nonce, user), chat_id=CHAT, **over)


async def approve(world: World, user: UserId = ADA, **over) -> Reply:
    return await approve_here(world.tools, await _tap(world, user, **over))


async def reject(world: World, user: UserId = ADA) -> Reply:
    return await reject_here(world.tools, await _tap(world, user))


# ------------------------------------------------------------------ made


async def test_a_signal_has_one_message_in_each_group_that_shows_it(world: World):
    await world.put(
        a_group_chat(chat_id=CHAT, topic_id=7),
        a_group_chat(chat_id=CHAT, provider=ProviderName("demo")),
        a_group_chat(chat_id=-2, enabled=False),
        a_group_chat(chat_id=-3, provider=GOLD),
    )
    await world.offered()
    made = await world.journal.find(Posting)
    places = sorted((each.chat_id, each.topic_id) for each in made)
    assert places == [(CHAT, NO_TOPIC), (CHAT, 7)]
    items = await world.journal.find(OutboxItem, topic=Topic.POSTING)
    assert {each.subject for each in items} == {each.id for each in made}
    assert {each.priority for each in items} == {Priority.PROMPT}
    assert len({each.nonce for each in made}) == len(made)


async def test_a_group_is_shown_it_before_its_people(world: World):
    await world.offered()
    due = await world.journal.claim(MESSAGES, limit=9, hold=timedelta(seconds=9))
    assert [each.topic for each in due] == [Topic.POSTING, *[Topic.PROMPT] * 3]


async def test_a_group_of_another_account_is_shown_nothing(world: World):
    group = await world.one(GroupChat)
    await world.open_account(id="more", kind="desk")
    await world.change(group, account_id="more")
    await world.offered()
    assert await world.journal.count(Posting) == 0


async def test_a_signal_for_one_person_is_shown_in_no_group(world: World):
    signal = (await world.submit()).signal
    assert signal is not None
    await world.change(await world.one(Signal), user_id=ADA)
    await world.work()
    assert await world.journal.count(Prompt) == 1
    assert await world.journal.count(Posting) == 0


async def test_a_signal_that_asks_nobody_is_shown_in_no_group(world: World):
    world.broker.move("XAUUSD", "1940.00")
    await world.offered()
    assert {each.state for each in await world.journal.find(Prompt, viewer=False)} == {
        S.REFUSED
    }
    assert await world.journal.count(Posting) == 0


async def test_what_is_held_is_shown_in_no_group():
    world = await desk(prompts_per_minute=1)
    await world.offered()
    await world.offered(external_id="gold-2")
    assert await world.journal.count(Prompt, held=True) == 3
    assert await world.journal.count(Posting) == 1


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ((S.SENT,), True),
        ((S.REJECTED, S.QUEUED), True),
        ((S.APPROVED, S.SUPERSEDED), True),
        ((S.REJECTED, S.REJECTED), False),
        ((S.EXPIRED,), False),
        ((), False),
    ],
    ids=str,
)
def test_what_ended_without_an_approval_is_not_sent_any_more(states, wanted):
    asked = [a_prompt(state=each) for each in states]
    assert is_wanted(asked, NOON) is wanted


def test_what_is_over_although_nobody_said_so_is_not_sent_either():
    prompt = a_prompt(state=S.SENT)
    assert not is_wanted([prompt], prompt.expires_at)


# ------------------------------------------------------------------ its message


async def test_the_first_message_that_is_known_stays_it(world: World):
    await world.offered()
    posting = await world.one(Posting)
    await posted(world.tools, posting.id, 5)
    await posted(world.tools, posting.id, 6)
    await posted(world.tools, PostingId("gone"), 7)
    assert (await world.one(Posting)).message_id == 5


async def test_a_message_without_its_topic_goes_into_the_group_itself(world: World):
    await world.change(await world.one(GroupChat), topic_id=7)
    await world.offered()
    posting = await world.one(Posting)
    assert await without_topic(world.tools, posting.id)
    assert (await world.one(Posting)).topic_id == NO_TOPIC
    assert not await without_topic(world.tools, posting.id)
    assert not await without_topic(world.tools, PostingId("gone"))


async def test_a_group_is_not_shown_the_same_twice(world: World):
    await world.put(a_group_chat(chat_id=CHAT, topic_id=7))
    await world.offered()
    posting = await world.one(Posting, topic_id=7)
    assert not await without_topic(world.tools, posting.id)
    assert await world.one(Posting, topic_id=7) == posting


async def test_a_message_that_nobody_knew_of_is_the_one_that_was_tapped(world: World):
    await world.offered()
    await approve(world, message_id=12)
    await approve(world, message_id=13)
    assert (await world.one(Posting)).message_id == 12


async def test_a_tap_from_elsewhere_tells_nothing_of_the_message(world: World):
    await world.offered()
    await approve_here(world.tools, replace(await _tap(world, ADA), chat_id=ADA))
    await approve(world, EVE)
    assert (await world.one(Posting)).message_id is None


# ------------------------------------------------------------------ a tap


async def test_who_was_asked_approves_with_one_tap(world: World):
    await world.offered()
    reply = await approve(world)
    assert (reply.text, reply.alert) == ("Approved, sending 0.17 lots…", False)
    assert (await world.one(Order)).user_id == ADA
    assert (await world.prompt(ADA)).state is S.APPROVED
    assert (await world.prompt(BOB)).state is S.SUPERSEDED
    await world.work()
    assert (await world.one(Trade)).volume == Decimal("0.17")


async def test_who_taps_second_is_told_who_was_first(world: World):
    await world.offered()
    await approve(world)
    for reply in (await approve(world, BOB), await reject(world, BOB)):
        assert reply.text.startswith("Already decided by Ada at ")
        assert reply.alert
    assert (await approve(world)).alert is False
    assert await world.journal.count(Order) == 1


async def test_a_rejection_is_ones_own(world: World):
    await world.offered()
    reply = await reject(world)
    assert reply.text == "Rejected. Nothing was ordered."
    assert (await world.prompt(ADA)).state is S.REJECTED
    assert (await world.prompt(BOB)).state is S.QUEUED


async def test_a_viewer_decides_nothing_and_is_told_why(world: World):
    await world.offered()
    for reply in (await approve(world, EVE), await reject(world, EVE)):
        assert reply.text.startswith("You are a viewer here")
        assert reply.alert
    refused = await world.journal.find(AuditEntry, action="tap_refused")
    posting = await world.one(Posting)
    assert [each.actor for each in refused] == ["user:3"] * 2
    assert {each.subject for each in refused} == {f"posting:{posting.id}"}
    assert await world.journal.count(Order) == 0


async def test_a_stranger_decides_nothing_and_is_told_how_to_get_in(world: World):
    await world.offered()
    reply = await approve(world, MALLORY)
    assert reply.text.startswith("You are not a member of this account")
    assert await world.journal.count(AuditEntry, action="tap_refused") == 1


async def test_a_former_member_reads_why_they_are_none(world: World):
    await world.offered()
    await world.put(await _lapsed(world))
    reply = await approve(world, MALLORY)
    assert "lapsed" in reply.text


async def _lapsed(world: World):
    await world.person(MALLORY, Role.VIEWER, name="Mallory", account=ACCOUNT)
    (member,) = await world.tools.members(user_id=MALLORY)
    await world.change(member, until=NOON - timedelta(days=1))
    return a_group_chat(chat_id=-9)


async def test_an_approver_whose_membership_ended_meanwhile_decides_nothing(world):
    await world.offered()
    (member,) = await world.tools.members(user_id=ADA)
    await world.change(member, role=Role.VIEWER)
    reply = await approve(world)
    assert reply.text.startswith("You are a viewer here")
    assert await world.journal.count(Order) == 0


async def test_who_joined_later_waits_for_the_next_one(world: World):
    await world.offered()
    newcomer = UserId(9)
    await world.person(newcomer, name="Zoe")
    reply = await approve(world, newcomer)
    assert (reply.text, reply.alert) == (NOT_ASKED, True)
    assert await world.journal.count(AuditEntry, action="tap_refused") == 0


async def test_a_button_of_nothing_is_outdated(world: World):
    assert await approve(world) == OUTDATED


async def test_what_is_over_says_so(world: World):
    await world.offered()
    world.later(minutes=16)
    reply = await approve(world)
    assert reply.text.startswith("Too late: this signal has expired")


# ------------------------------------------------------------------ questions


async def test_what_is_to_be_confirmed_is_asked_in_ones_own_chat():
    world = await desk(replace(RULES, confirm_above_risk_percent=Decimal("0.5")))
    await world.offered()
    reply = await approve(world)
    assert reply.alert
    assert reply.text.startswith("Confirm it in your own chat with the bot: ")
    assert (await world.prompt(ADA)).state is S.CONFIRMING
    assert await world.journal.count(Order) == 0
    again = await approve(world)
    assert (again.text, again.alert) == (ASKED_THERE, True)
    assert await world.journal.count(Order) == 0
    await world.confirm()
    assert await world.journal.count(Order) == 1


async def test_a_question_in_ones_own_chat_may_be_answered_by_a_rejection():
    world = await desk(replace(RULES, confirm_above_risk_percent=Decimal("0.5")))
    await world.offered()
    await approve(world)
    assert (await reject(world)).text == "Rejected. Nothing was ordered."


async def test_a_snoozed_prompt_can_be_approved_from_the_group(world: World):
    prompt = await world.offered()
    await snooze(world.tools, world.tap(prompt.nonce, ADA))
    assert (await approve(world)).text.startswith("Approved, sending")


async def test_two_people_are_two_people_in_a_group_too():
    world = await desk(replace(RULES, second_above_risk_percent=Decimal("0.5")))
    await world.offered()
    assert (await approve(world)).text.startswith("Your approval is in")
    assert (await approve(world)).text.startswith("You have approved already")
    assert await world.journal.count(Order) == 0
    assert (await approve(world, BOB)).text.startswith("Approved, sending")


async def test_new_terms_are_agreed_to_in_ones_own_chat(world: World):
    await world.offered()
    newer = Consent(version="2", sha256="d" * 64, text="More risk.")
    world.more["consent"] = newer
    reply = await approve(world)
    assert (reply.text, reply.alert, reply.consent_needed) == (TERMS_THERE, True, True)
    await agree(world.tools, ADA, "2")
    assert (await approve(world)).text.startswith("Approved, sending")


# ------------------------------------------------------------------ looking


async def test_whoever_was_sent_a_prompt_may_look_at_it(world: World):
    await world.offered()
    for user in (ADA, EVE):
        found = await prompt_of_tapper(
            world.tools, await _tap(world, user), looking=True
        )
        assert isinstance(found, Prompt)
        assert found.user_id == user


async def test_a_stranger_may_not_look(world: World):
    await world.offered()
    tap = await _tap(world, MALLORY)
    found = await prompt_of_tapper(world.tools, tap, looking=True)
    assert isinstance(found, Reply)


async def test_the_latest_attempt_is_the_one_that_is_meant():
    world = await own_desk()
    await world.put(a_group_chat(chat_id=CHAT), a_provider(id=GOLD))
    first = await world.offered()
    await world.put(
        replace(first, id="later", nonce="later", attempt=2, version=1),
    )
    found = await prompt_of_tapper(world.tools, await _tap(world, ADA))
    assert isinstance(found, Prompt)
    assert found.attempt == 2

"""Which message is a prompt's, and whether it still wants one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.desk.delivering import (
    adopt_message,
    chat_moved,
    delivered,
    forget_message,
    is_late,
    is_wanted,
)
from core.desk.taps import Tap
from core.messages import OutboxItem, Priority, Topic
from core.prompts import Prompt, PromptState
from tests.builders import a_prompt
from tests.core.desk.world import ADA, BOB, World, own_desk, shared_desk
from tests.fakes import NOON

S = PromptState
LATE = NOON + timedelta(hours=1)


@pytest.fixture
async def world() -> World:
    return await own_desk()


def _tap(prompt: Prompt, **over) -> Tap:
    tap = Tap(user_id=ADA, nonce=prompt.nonce, chat_id=ADA, message_id=7, update_id=1)
    return replace(tap, **over)


async def _drawn(world: World) -> list[Priority]:
    """How urgently the prompt is to be drawn, in its first item or later ones."""
    items = await world.journal.find(OutboxItem, topic=Topic.PROMPT)
    return [each.priority for each in items]


# ------------------------------------------------------------------ wanted


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (S.QUEUED, True),
        (S.SENT, True),
        (S.CONFIRMING, True),
        (S.AWAITING_SECOND, True),
        (S.APPROVED, True),
        (S.REFUSED, True),
        (S.SNOOZED, False),
        (S.REJECTED, False),
        (S.EXPIRED, False),
        (S.CANCELLED, False),
        (S.SUPERSEDED, False),
    ],
    ids=str,
)
def test_only_what_somebody_has_to_read_is_sent_into_a_chat(state, wanted):
    assert is_wanted(a_prompt(state=state), NOON) is wanted


def test_every_state_is_either_sent_or_not():
    assert len(S) == 11


@pytest.mark.parametrize(
    ("state", "late"),
    [(S.QUEUED, True), (S.EXPIRED, True), (S.APPROVED, False), (S.REFUSED, False)],
    ids=str,
)
def test_a_question_whose_time_is_over_is_late(state, late):
    prompt = a_prompt(state=state)
    assert is_late(prompt, LATE) is late
    assert is_wanted(prompt, LATE) is not late


# ------------------------------------------------------------------ delivered


async def test_a_message_is_remembered(world):
    prompt = await world.offered()
    assert await delivered(world.tools, prompt, 5) == 5
    sent = await world.prompt()
    assert (sent.state, sent.chat_id, sent.message_id) == (S.SENT, ADA, 5)
    assert await _drawn(world) == [Priority.PROMPT]


async def test_what_changed_meanwhile_stays_and_is_drawn(world):
    prompt = await world.offered()
    await world.reject()
    assert await delivered(world.tools, prompt, 5) == 5
    sent = await world.prompt()
    assert (sent.state, sent.message_id) == (S.REJECTED, 5)
    assert await _drawn(world) == [Priority.PROMPT, Priority.TAP, Priority.TAP]


async def test_what_changes_while_it_is_remembered_stays_too(world):
    prompt = await world.offered()
    world.journal.before_writing(Prompt, world.reject)
    await delivered(world.tools, prompt, 5)
    sent = await world.prompt()
    assert (sent.state, sent.message_id) == (S.REJECTED, 5)


async def test_a_message_before_a_snooze_is_the_former_one_no_more(world):
    prompt = await world.offered()
    await world.change(prompt, former_message_id=3)
    prompt = await world.prompt()
    assert prompt.in_chat
    await delivered(world.tools, prompt, 5)
    sent = await world.prompt()
    assert (sent.message_id, sent.former_message_id) == (5, None)


async def test_a_prompt_that_is_gone_has_no_message(world):
    assert await delivered(world.tools, a_prompt(), 5) is None
    await forget_message(world.tools, a_prompt().id)
    assert await world.journal.count(Prompt) == 0


async def test_a_message_that_is_gone_is_forgotten(world):
    prompt = await world.offered()
    assert not prompt.in_chat
    await delivered(world.tools, prompt, 5)
    assert (await world.prompt()).in_chat
    await forget_message(world.tools, prompt.id)
    gone = await world.prompt()
    assert (gone.state, gone.chat_id, gone.message_id) == (S.SENT, None, None)


# ------------------------------------------------------------------ adopted


async def test_what_was_tapped_is_the_prompts_message(world):
    prompt = await world.offered()
    await adopt_message(world.tools, _tap(prompt))
    found = await world.prompt()
    assert (found.state, found.chat_id, found.message_id) == (S.SENT, ADA, 7)


async def test_a_second_copy_is_not_the_prompts_message(world):
    prompt = await world.offered()
    await adopt_message(world.tools, _tap(prompt))
    await adopt_message(world.tools, _tap(prompt, message_id=8))
    assert await delivered(world.tools, prompt, 9) == 7
    assert (await world.prompt()).message_id == 7


@pytest.mark.parametrize(
    "over",
    [{"user_id": BOB}, {"nonce": "somebody's"}, {"nonce": ""}, {"message_id": 0}],
    ids=["another person", "another button", "no button of ours", "no message"],
)
async def test_another_tap_shows_nothing(world, over):
    prompt = await world.offered()
    await adopt_message(world.tools, _tap(prompt, **over))
    assert await world.prompt() == prompt


# ------------------------------------------------------------------ moved


async def test_what_is_in_a_chat_that_moved_has_its_new_number(world):
    prompt = await world.offered()
    await delivered(world.tools, prompt, 5)
    await chat_moved(world.tools, ADA, -1001)
    moved = await world.prompt()
    assert (moved.chat_id, moved.message_id) == (-1001, 5)
    await chat_moved(world.tools, ADA, -1002)
    assert (await world.prompt()).chat_id == -1001


# ------------------------------------------------------------------ superseded


async def _decided(desk: World, *, sent: bool) -> int:
    """Ada decides; how many items Bob's prompt has."""
    prompt = await desk.offered()
    others = await desk.journal.find(Prompt, signal_id=prompt.signal_id)
    for each in others if sent else []:
        await delivered(desk.tools, each, 5)
    await desk.approve()
    bobs = await desk.prompt(BOB)
    assert bobs.state is S.SUPERSEDED
    return await desk.redrawn(bobs)


async def test_what_is_in_no_chat_needs_no_message_when_somebody_else_decides():
    assert await _decided(await shared_desk(), sent=False) == 1


async def test_what_is_in_a_chat_is_drawn_when_somebody_else_decides():
    assert await _decided(await shared_desk(), sent=True) == 2

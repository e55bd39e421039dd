"""A snoozed prompt is quiet, decidable all the while, and comes back in time."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.desk.expiring import expire
from core.desk.snoozing import snooze
from core.desk.taps import OUTDATED, Reply
from core.ids import UserId
from core.messages import AuditEntry
from core.orders import Order
from core.prompts import Prompt, PromptState
from tests.core.desk.world import (
    ADA,
    BOB,
    MALLORY,
    RULES,
    World,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

STRICT = replace(RULES, confirm_above_risk_percent=Decimal("0.5"))


async def snoozed(world: World, user: UserId = ADA, of: UserId = ADA) -> Reply:
    return await snooze(world.tools, world.tap((await world.prompt(of)).nonce, user))


async def delivered() -> World:
    world = await own_desk()
    await world.offered()
    await world.change(
        await world.prompt(), state=PromptState.SENT, chat_id=1, message_id=100
    )
    return world


async def test_a_snooze_is_shown_and_decides_nothing():
    world = await delivered()
    reply = await snoozed(world)
    prompt = await world.prompt()
    assert (reply.text, reply.alert) == ("Snoozed: it comes back in time.", False)
    assert (prompt.state, prompt.snoozed_until) == (
        PromptState.SNOOZED,
        NOON + timedelta(minutes=5),
    )
    assert prompt.message_id == 100
    assert await world.redrawn(prompt) == 2


async def test_it_comes_back_as_a_new_message_after_five_minutes():
    world = await delivered()
    await snoozed(world)
    nonce = (await world.prompt()).nonce
    world.later(minutes=4, seconds=59)
    await expire(world.tools)
    assert (await world.prompt()).state is PromptState.SNOOZED
    world.later(seconds=1)
    await expire(world.tools)
    prompt = await world.prompt()
    assert (prompt.state, prompt.snoozed_until) == (PromptState.QUEUED, None)
    assert (prompt.chat_id, prompt.message_id) == (None, None)
    assert (prompt.former_message_id, prompt.nonce) == (100, nonce)
    assert await world.redrawn(prompt) == 3


async def test_it_comes_back_once():
    world = await delivered()
    await snoozed(world)
    world.later(minutes=5)
    await expire(world.tools)
    await expire(world.tools)
    assert await world.redrawn(await world.prompt()) == 3


async def test_it_comes_back_two_minutes_before_it_expires():
    world = await delivered()
    world.later(minutes=11)
    await snoozed(world)
    assert (await world.prompt()).snoozed_until == NOON + timedelta(minutes=13)


async def test_what_expires_within_two_minutes_is_decided_now():
    world = await delivered()
    world.later(minutes=13)
    reply = await snoozed(world)
    assert reply.text == "This expires too soon to be snoozed: decide now."
    assert reply.alert
    assert (await world.prompt()).state is PromptState.SENT


async def test_one_that_is_not_known_to_be_delivered_can_be_snoozed():
    world = await own_desk()
    await world.offered()
    await snoozed(world)
    world.later(minutes=5)
    await expire(world.tools)
    assert (await world.prompt()).former_message_id is None


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_a_snoozed_prompt_is_decided_as_any_other(verb):
    world = await delivered()
    await snoozed(world)
    await getattr(world, verb)()
    prompt = await world.prompt()
    assert prompt.state.startswith(verb)
    assert prompt.snoozed_until is None
    assert await world.journal.count(Order) == (verb == "approve")


async def test_a_question_ends_the_snooze():
    world = await own_desk(STRICT)
    await world.offered()
    await snoozed(world)
    await world.approve()
    prompt = await world.prompt()
    assert (prompt.state, prompt.snoozed_until) == (PromptState.CONFIRMING, None)


async def test_a_prompt_that_asks_for_a_confirm_is_not_snoozed():
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    assert await snoozed(world) == OUTDATED


async def test_a_second_tap_on_snooze_changes_nothing():
    world = await delivered()
    await snoozed(world)
    before = await world.prompt()
    assert await snoozed(world) == OUTDATED
    assert await world.prompt() == before


async def test_one_may_snooze_only_ones_own_prompt():
    world = await delivered()
    reply = await snoozed(world, MALLORY)
    assert "made for somebody else" in reply.text
    assert (await world.prompt()).state is PromptState.SENT
    assert await world.journal.count(AuditEntry, action="tap_refused") == 1


async def test_a_snooze_on_a_desk_holds_up_nobody_else():
    world = await shared_desk()
    await world.offered()
    await snoozed(world)
    await world.approve(BOB)
    assert (await world.prompt(ADA)).state is PromptState.SUPERSEDED


async def test_a_snoozed_prompt_expires_with_its_signal():
    world = await delivered()
    await snoozed(world)
    world.later(minutes=15)
    assert await expire(world.tools) == 1
    assert (await world.prompt()).state is PromptState.EXPIRED


async def test_a_prompt_decided_while_it_is_woken_stays_decided():
    world = await delivered()
    await snoozed(world)
    world.later(minutes=5)
    world.journal.before_writing(Prompt, world.reject)
    await expire(world.tools)
    assert (await world.prompt()).state is PromptState.REJECTED

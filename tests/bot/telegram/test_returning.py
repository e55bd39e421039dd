"""What becomes of a snoozed prompt's messages: one that asks, whatever happens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram.wire.sender import Sender
from core.desk.expiring import expire
from core.desk.snoozing import snooze
from core.prompts import Prompt, PromptState
from tests.bot.telegram.stage import ADA, Hurry, Stage, a_gateway
from tests.bot.waiting import until
from tests.core.desk.world import World, own_desk

ASKS = "Approve 0.17 lots"


@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def sender(world: World, stage: Stage, tmp_path: Path) -> AsyncIterator[Sender]:
    nursery = Nursery()
    pace = Hurry(world.clock).pace
    gateway = a_gateway(stage.bot, tmp_path, pace=pace)
    yield Sender(world.tools, gateway, nursery, bell=Bell(), pace=pace)
    await nursery.close()


async def _sent(sender: Sender) -> None:
    while await sender.take() or sender._next:
        await until(lambda: not sender._next)


async def _snoozed(world: World, sender: Sender) -> Prompt:
    """A prompt in the chat, quiet since a moment ago."""
    await world.offered()
    await _sent(sender)
    prompt = await world.prompt()
    await snooze(world.tools, world.tap(prompt.nonce, ADA))
    await _sent(sender)
    return prompt


async def _woken(world: World, sender: Sender) -> None:
    world.later(minutes=5)
    await world.watch()
    await expire(world.tools)
    await _sent(sender)


async def test_a_snoozed_prompt_says_so_in_its_own_message(world, sender, stage):
    await _snoozed(world, sender)
    (message,) = stage.chat(ADA)
    assert "Snoozed until 12:05 UTC" in message.now.rich.text
    assert stage.labels(message) == [ASKS, "Reject", "Details"]


async def test_it_comes_back_as_a_new_message_and_the_old_one_asks_no_more(
    world, sender, stage
):
    await _snoozed(world, sender)
    await _woken(world, sender)
    former, newer = stage.chat(ADA)
    assert "asked again in a newer message" in former.now.rich.text
    assert stage.labels(former) == []
    assert ASKS in stage.labels(newer)
    prompt = await world.prompt()
    assert (prompt.state, prompt.message_id) == (PromptState.SENT, newer.id)
    assert prompt.former_message_id is None


async def test_a_decision_while_it_comes_back_is_shown_in_the_former_message(
    world, sender, stage
):
    await _snoozed(world, sender)
    world.later(minutes=5)
    await expire(world.tools)
    await world.reject()
    await _sent(sender)
    (message,) = stage.chat(ADA)
    assert "Rejected by Ada" in message.now.rich.text
    assert ASKS not in stage.labels(message)


async def test_a_message_that_was_deleted_meanwhile_does_not_keep_it_away(
    world, sender, stage
):
    await _snoozed(world, sender)
    stage.chat(ADA)[0].deleted_at = world.clock.now()
    await _woken(world, sender)
    (message,) = stage.chat(ADA)
    assert ASKS in stage.labels(message)

"""A language that is chosen is that of all that still waits for an answer."""

import pytest

from core.desk.languages import choose_language
from core.ids import UserId
from core.messages import OutboxItem, Topic
from core.prompts import Prompt
from core.users import User
from tests.core.desk.world import World, own_desk

ADA = UserId(1)


@pytest.fixture
async def world() -> World:
    return await own_desk()


async def _queued(world: World) -> list[str]:
    found = await world.journal.find(OutboxItem, topic=Topic.PROMPT, done_at=None)
    return [each.subject for each in found]


async def test_what_was_chosen_is_kept(world):
    await choose_language(world.tools, ADA, "ar")
    assert (await world.one(User, id=ADA)).language == "ar"


async def test_a_prompt_that_waits_is_drawn_again(world):
    await world.offered()
    prompt = await world.one(Prompt, user_id=ADA)
    await world.change(prompt, chat_id=1, message_id=7)
    before = await _queued(world)
    await choose_language(world.tools, ADA, "ru")
    assert await _queued(world) == [*before, prompt.id]


async def test_a_prompt_that_is_not_sent_yet_is_drawn_when_it_is(world):
    await world.offered()
    before = await _queued(world)
    await choose_language(world.tools, ADA, "ru")
    assert await _queued(world) == before


async def test_the_same_language_again_changes_nothing(world):
    before = await world.one(User, id=ADA)
    await choose_language(world.tools, ADA, before.language)
    assert await world.one(User, id=ADA) == before


async def test_a_stranger_has_no_language(world):
    await choose_language(world.tools, UserId(404), "es")
    assert await world.journal.get(User, UserId(404)) is None

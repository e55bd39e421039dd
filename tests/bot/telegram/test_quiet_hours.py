"""In quiet hours messages make no sound, but for the guard and what was asked for."""

from dataclasses import replace

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram.wire.sender import Sender
from core.ids import UserId
from core.messages import NoticeKind, Priority, Topic
from core.users import User
from tests.bot.telegram.stage import ADA, Hurry, a_gateway
from tests.bot.waiting import until
from tests.builders import an_outbox_item
from tests.core.desk.world import World, own_desk

NIGHT = {"quiet_from": 11 * 60, "quiet_until": 13 * 60}
"""Around noon, which is the present."""


@pytest.fixture
async def world() -> World:
    return await own_desk()


async def _send(world: World, stage, folder) -> list[bool]:
    """Send all that is due; for each message whether it made no sound."""
    nursery, pace = Nursery(), Hurry(world.clock).pace
    gateway = a_gateway(stage.bot, folder, pace=pace)
    sender = Sender(world.tools, gateway, nursery, bell=Bell(), pace=pace)
    while await sender.take() or sender._next:
        await until(lambda: not sender._next)
    await nursery.close()
    calls = stage.calls("sendMessage", "sendPhoto")
    return [call.params.get("disable_notification") == "true" for call in calls]


async def _sleeps(world: World, **over: object) -> None:
    user = await world.one(User, id=UserId(ADA))
    await world.change(user, **(NIGHT | over))


async def _tell(world: World, kind: NoticeKind, priority: Priority) -> None:
    item = an_outbox_item(
        topic=Topic.NOTICE, notice=kind, subject="demo", user_id=UserId(ADA)
    )
    await world.put(replace(item, priority=priority, due_at=world.clock.now()))


async def test_a_prompt_and_a_fill_make_no_sound_at_night(world, stage, tmp_path):
    await _sleeps(world)
    await world.offered()
    await _tell(world, NoticeKind.COMMAND_LATE, Priority.FILL)
    assert await _send(world, stage, tmp_path) == [True, True]


async def test_the_guard_is_heard_at_night(world, stage, tmp_path):
    await _sleeps(world)
    await _tell(world, NoticeKind.GUARD_SEES, Priority.GUARD)
    assert await _send(world, stage, tmp_path) == [False]


async def test_by_day_everything_is_heard(world, stage, tmp_path):
    await _sleeps(world, quiet_from=13 * 60, quiet_until=14 * 60)
    await world.offered()
    assert await _send(world, stage, tmp_path) == [False]


async def test_it_is_the_readers_own_night(world, stage, tmp_path):
    await _sleeps(world, time_zone="Asia/Tokyo", quiet_from=20 * 60, quiet_until=1320)
    await world.offered()
    assert await _send(world, stage, tmp_path) == [True]

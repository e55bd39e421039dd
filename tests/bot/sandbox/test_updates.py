"""getUpdates: what is delivered, confirmed, repeated and forgotten."""

import asyncio
from typing import Any

import pytest

from bot.sandbox import Sandbox, create_sandbox
from bot.sandbox.errors import ApiError
from bot.sandbox.updates import UpdateQueue
from tests.bot.sandbox.helpers import ADA, GRACE, Api, Clock, Control


def ids(updates: list[dict[str, Any]]) -> list[int]:
    return [update["update_id"] for update in updates]


async def test_updates_stay_until_the_offset_passes_them(
    api: Api, control: Control
) -> None:
    await control.start(ADA, GRACE)
    first, second = await api.updates()
    assert await api.updates(offset=first["update_id"]) == [first, second]
    assert await api.updates(offset=first["update_id"] + 1) == [second]
    assert await api.updates(offset=second["update_id"] + 1) == []
    assert await api.updates() == []


async def test_a_limit_is_obeyed(api: Api, control: Control) -> None:
    await control.start(ADA, GRACE)
    assert len(await api.updates(limit=1)) == 1
    assert len(await api.updates(limit=500)) == 2


async def test_a_negative_offset_keeps_the_last_ones(
    api: Api, control: Control
) -> None:
    await control.start(ADA, GRACE)
    last = (await api.updates())[-1]
    assert await api.updates(offset=-1) == [last]
    assert await api.updates() == [last]


async def test_a_long_poll_returns_when_something_happens(
    api: Api, control: Control
) -> None:
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(api.updates(timeout=30))
        while not (await control.get("state"))["bot"]["listening"]:
            pass
        await control.start(ADA)
    [update] = poll.result()
    assert update["message"]["text"] == "/start"


async def test_a_poll_ends_with_nothing_after_its_timeout(clock: Clock) -> None:
    queue = UpdateQueue(now=clock, first_id=1)
    assert await queue.poll(offset=0, limit=100, seconds=0) == []


async def test_a_newer_poll_ends_the_older_one(clock: Clock) -> None:
    queue = UpdateQueue(now=clock, first_id=1)
    async with asyncio.TaskGroup() as tasks:
        older = tasks.create_task(refused_poll(queue))
        newer = tasks.create_task(queue.poll(offset=0, limit=1, seconds=30))
        error = await older
        queue.add("message", {})
    assert error.status == 409
    assert error.description == (
        "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running"
    )
    assert ids(newer.result()) == [1]


async def refused_poll(queue: UpdateQueue) -> ApiError:
    with pytest.raises(ApiError) as error:
        await queue.poll(offset=0, limit=1, seconds=30)
    return error.value


async def test_updates_are_kept_for_a_day(
    api: Api, clock: Clock, control: Control
) -> None:
    await control.start(ADA)
    clock.advance(hours=24)
    assert len(await api.updates()) == 1
    clock.advance(seconds=1)
    assert await api.updates() == []


async def test_a_repeated_update_comes_once_more_and_first(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    [old] = await api.updates()
    offset = old["update_id"] + 1
    assert await api.updates(offset=offset) == []
    await control.post("duplicate", update_id=old["update_id"])
    await control.start(GRACE)
    again, new = await api.updates(offset=offset)
    assert again == old
    assert await api.updates(offset=new["update_id"]) == [new]


async def test_an_update_that_never_was_cannot_be_repeated(control: Control) -> None:
    status, _ = await control.problem("POST", "duplicate", {"update_id": 1})
    assert status == 404


async def test_only_the_last_10000_can_be_repeated(clock: Clock) -> None:
    queue = UpdateQueue(now=clock, first_id=1)
    for _ in range(10_001):
        queue.add("message", {})
    assert (queue.repeat(1), queue.repeat(2)) == (False, True)


async def test_kinds_that_are_not_allowed_never_come(
    api: Api, control: Control
) -> None:
    await api.updates(allowed_updates=["callback_query"])
    said = await control.post("say", user=ADA, text="/start")
    assert said["update_id"] is None
    await api.updates(allowed_updates=[])
    await control.start(GRACE)
    assert [u["message"]["from"]["id"] for u in await api.updates()] == [GRACE]


async def test_some_kinds_come_only_when_asked_for(clock: Clock) -> None:
    queue = UpdateQueue(now=clock, first_id=1)
    assert queue.add("message_reaction", {}) is None
    queue.allowed = ["message_reaction"]
    assert queue.add("message_reaction", {}) == 1


async def test_a_sandbox_started_later_never_reuses_ids(
    sandbox: Sandbox, clock: Clock
) -> None:
    first = sandbox.world.updates.add("message", {})
    clock.advance(seconds=1)
    second = create_sandbox(now=clock).world.updates.add("message", {})
    assert first is not None
    assert second is not None
    assert second > first


async def test_blocking_and_unblocking_are_updates(api: Api, control: Control) -> None:
    await control.start(ADA)
    await control.post("block", user=ADA)
    await control.post("unblock", user=ADA)
    _, blocked, unblocked = await api.updates()
    for update, old, new in (
        (blocked, "member", "kicked"),
        (unblocked, "kicked", "member"),
    ):
        member = update["my_chat_member"]
        assert member["old_chat_member"]["status"] == old
        assert member["new_chat_member"]["status"] == new
        assert member["from"]["id"] == ADA


async def test_blocking_twice_is_a_problem(control: Control) -> None:
    await control.post("block", user=ADA)
    assert (await control.problem("POST", "block", {"user": ADA}))[0] == 409


async def test_a_blocked_person_says_nothing(control: Control) -> None:
    await control.post("block", user=ADA)
    status, detail = await control.problem("POST", "say", {"user": ADA, "text": "x"})
    assert (status, detail) == (409, "Ada has blocked the bot; unblock it first.")


async def test_closing_ends_a_poll(clock: Clock) -> None:
    queue = UpdateQueue(now=clock, first_id=1)
    queue.bell.close()
    assert await queue.poll(offset=0, limit=1, seconds=30) == []

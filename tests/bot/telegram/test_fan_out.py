"""One signal for a thousand people, at the limits that Telegram enforces.

The sandbox, the sender and the taps share one clock, which moves whenever everybody
waits: forty seconds of Telegram's time take a few of ours.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import User as Person
from bot.tasks import Bell, Nursery
from bot.telegram.callbacks import Press, pack
from bot.telegram.desk import Desk
from bot.telegram.dispatching import Dispatching
from bot.telegram.wire.sender import AT_ONCE, Sender
from core.accounts import AccountKind
from core.ids import UserId
from core.messages import InboxUpdate, OutboxItem, Topic
from core.ports import Row
from core.prompts import Prompt, PromptState
from core.signals import Signal
from core.users import EVERY_PROVIDER, Role
from tests.bot.telegram.room import Watch
from tests.bot.telegram.stage import (
    Hurry,
    Stage,
    a_gateway,
    keep_picture,
    telegram,
)
from tests.bot.waiting import turns
from tests.builders import a_membership, a_provider, a_subscription, a_user
from tests.core.desk.world import DESK, World

MANY = 1000
FEW = 60
FIRST = 10_001
"""The number of the first person; every tenth looks on, the others decide."""
PATIENCE = 100
"""Seconds of real time; a thousand take about ten."""
SOON = timedelta(milliseconds=50)
WITHIN = timedelta(seconds=1)
"""In which a tap is answered."""


@dataclass
class Crowd:
    """A desk of many, and the bot that writes to all of them."""

    world: World
    stage: Stage
    sender: Sender
    bell: Bell
    dispatching: Dispatching
    people: range

    def deliver(self) -> "asyncio.Task[None]":
        """Send what is due until nothing is left."""
        return asyncio.get_running_loop().create_task(self._deliver())

    async def _deliver(self) -> None:
        while await self.sender.take() or self.sender._next:
            await self.bell.wait(SOON)  # it rings when there is room for more

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await turns(1)

    def delivered(self) -> int:
        """How many chats hold a message; nobody writes before."""
        return len(self.stage.world.messages)

    async def tap(self, press: Press, user: int) -> str:
        """Tap a prompt; returns the callback's id once it was handled."""
        found = await self.world.journal.find(Prompt, user_id=user)
        callback = self.stage.tap(user, pack(press, found[0].nonce))
        await self.handle()
        return callback

    async def handle(self) -> None:
        for update in self.stage.world.updates.waiting():
            self.stage.world.updates.confirm(update.id + 1)
            await self.dispatching.handle(_row(update.body, self.world))

    def sends(self) -> list[Any]:
        return self.stage.calls("sendPhoto", "sendMessage")


def _row(body: dict[str, Any], world: World) -> InboxUpdate:
    return InboxUpdate(
        id=body["update_id"],
        user_id=UserId(0),
        body=json.dumps(body),
        received_at=world.clock.now(),
        done_at=None,
    )


async def _desk_of(count: int) -> World:
    world = World()
    await world.put(a_provider())
    await world.open_account(kind=AccountKind.DESK, id=DESK)
    rows: list[Row] = []
    for user in range(FIRST, FIRST + count):
        role = Role.VIEWER if user % 10 == 0 else Role.APPROVER
        number = UserId(user)
        rows += [
            a_user(id=number, name=f"P{user}"),
            a_subscription(user_id=number, provider=EVERY_PROVIDER),
            a_membership(user_id=number, account_id=DESK, role=role),
        ]
    await world.put(*rows)
    return world


@asynccontextmanager
async def crowd(folder: Path, count: int, **choices: Any) -> AsyncIterator[Crowd]:
    """A desk of so many; a signal is there, nothing has been sent."""
    world = await _desk_of(count)
    people = range(FIRST, FIRST + count)
    nursery, bell = Nursery(), Bell()
    hurry = Hurry(world.clock, **choices)
    async with telegram(world.clock) as stage:
        for user in people:
            stage.world.people[user] = Person(id=user, first_name=f"P{user}")
        stage.world.started.update(people)
        stage.world.limits.enforced = True
        gateway = a_gateway(stage.bot, folder, pace=hurry.pace)
        desk = Desk(tools=world.tools, gateway=gateway, watch=Watch(world, []))
        sender = Sender(world.tools, gateway, nursery, bell=bell, pace=hurry.pace)
        dispatching = Dispatching(stage.bot, desk)
        made = Crowd(world, stage, sender, bell, dispatching, people)
        prompt = await world.offered()
        (path,) = {each.chart_path for each in await world.journal.find(Signal)}
        assert path is not None
        keep_picture(folder, path)
        assert prompt.state is PromptState.QUEUED
        try:
            yield made
        finally:
            await nursery.close()


# ------------------------------------------------------------------ a thousand


async def _taps(desk: Crowd) -> list[timedelta]:
    """Tap now and then while the signal goes out; how long each waited."""
    clock, waits = desk.world.clock, []
    for number in range(8):
        user, wanted = FIRST + 1 + number, 100 * (number + 1)
        await desk.until(lambda wanted=wanted: desk.delivered() > wanted)
        began = clock.monotonic()
        callback = await desk.tap(Press.REJECT, user)
        assert desk.stage.answered(callback) is not None
        waits.append(clock.monotonic() - began)
        await desk.until(lambda who=user: "Rejected" in desk.stage.texts(who)[0])
        waits.append(clock.monotonic() - began)
    began = clock.monotonic()
    desk.stage.say(FIRST + 20, "/help")
    await desk.handle()
    return [*waits, clock.monotonic() - began]


async def test_a_signal_reaches_a_thousand_and_a_tap_overtakes_it(tmp_path):
    async with crowd(tmp_path, MANY) as desk:
        began = desk.world.clock.monotonic()
        sending = desk.deliver()
        waits = await _taps(desk)
        await sending
        took = desk.world.clock.monotonic() - began
        journal = desk.stage.world.journal
        sent = [each.params for each in desk.stage.calls("sendPhoto")]
        unknown = await desk.world.journal.count(Prompt, message_id=None)
    chats = Counter(each["chat_id"] for each in sent)
    uploads = [isinstance(each["photo"], dict) for each in sent]
    assert max(waits) <= WITHIN
    assert (len(chats), set(chats.values()), unknown) == (MANY, {1}, 0)
    assert uploads.count(True) == 1
    assert [each for each in journal if each.status == 429] == []  # at most one
    assert took <= 1.1 * timedelta(seconds=MANY / 25)


# ------------------------------------------------------------------ what ends meanwhile


async def test_what_is_decided_while_it_waits_is_not_sent(tmp_path):
    async with crowd(tmp_path, FEW) as desk:
        sending = desk.deliver()
        await desk.until(lambda: desk.delivered() >= 20)
        await desk.tap(Press.APPROVE, FIRST + 1)
        under_way = len(desk.sender._pace._under_way)
        shown = desk.delivered()
        await sending
        left = await desk.world.journal.find(
            OutboxItem, topic=Topic.PROMPT, done_at=None
        )
        texts = [desk.stage.texts(user) for user in desk.people]
        superseded = await desk.world.journal.count(
            Prompt, state=PromptState.SUPERSEDED
        )
    assert left == []
    assert superseded == FEW - 1
    assert shown <= desk.delivered() <= shown + under_way
    assert all("Decided by" in text for (text,) in filter(None, texts[2:]))


async def test_the_others_messages_are_drawn_once_for_each_thing_to_tell(tmp_path):
    async with crowd(tmp_path, FEW) as desk:
        await desk.deliver()
        await desk.tap(Press.APPROVE, FIRST + 1)
        await desk.world.work()
        for _ in range(3):
            await desk.deliver()
            await desk.world.watch(DESK)
        edits = Counter(
            each.params["chat_id"] for each in desk.stage.calls("editMessageCaption")
        )
        texts = [desk.stage.texts(user)[0] for user in desk.people]
    assert all("Filled" in text for text in texts)
    # those that were on their way when the order was filled are drawn once more
    assert max(edits.values()) == 2
    assert sum(edits.values()) <= FEW + AT_ONCE


async def test_whoever_was_told_to_wait_is_told_alone_and_once(tmp_path):
    async with crowd(tmp_path, FEW) as desk:
        desk.stage.fail("sendPhoto", status=429, description="x", retry_after=3)
        sending = desk.deliver()
        await sending
        assert desk.delivered() == FEW - 1
        desk.world.later(seconds=3)
        await desk.deliver()
        assert desk.delivered() == FEW
        statuses = Counter(each.status for each in desk.sends())
    assert statuses == {200: FEW, 429: 1}


@pytest.mark.parametrize("per_second", [10, 25])
async def test_the_rate_is_the_one_that_was_chosen(tmp_path, per_second):
    async with crowd(tmp_path, FEW, per_second=per_second) as desk:
        began = desk.world.clock.monotonic()
        await desk.deliver()
        took = desk.world.clock.monotonic() - began
    expected = timedelta(seconds=FEW / per_second)
    assert 0.9 * expected < took <= 1.1 * expected

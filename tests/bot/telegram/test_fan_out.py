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
from typing_extensions import override

from bot.sandbox import User as Person
from bot.tasks import Bell, Nursery
from bot.telegram.callbacks import Press, pack
from bot.telegram.desk import Desk
from bot.telegram.dispatching import Dispatching
from bot.telegram.wire.sender import Sender
from core.accounts import AccountKind
from core.ids import UserId
from core.messages import InboxUpdate, OutboxItem, Topic
from core.ports import Insert, Row
from core.prompts import Prompt, PromptState
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
WITHIN = timedelta(seconds=1)
"""In which a tap is answered."""


class _QuickWorld(World):
    """A thousand prompts are compared with each other only once."""

    @override
    async def put(self, *rows: Row) -> None:
        await self.journal.commit(*(Insert(row) for row in rows))


@dataclass
class Crowd:
    """A desk of many, and the bot that writes to all of them."""

    world: World
    stage: Stage
    sender: Sender
    dispatching: Dispatching
    people: range

    def deliver(self) -> "asyncio.Task[None]":
        """Send what is due until nothing is left."""
        return asyncio.get_running_loop().create_task(self._deliver())

    async def _deliver(self) -> None:
        while await self.sender.take() or self.sender._next:
            await turns(1)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await turns(1)

    def delivered(self) -> int:
        return sum(bool(self.stage.chat(user)) for user in self.people)

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
    nursery, hurry = Nursery(), Hurry(world.clock, **choices)
    async with telegram(world.clock) as stage:
        for user in people:
            stage.world.people[user] = Person(id=user, first_name=f"P{user}")
        stage.world.started.update(people)
        stage.world.limits.enforced = True
        gateway = a_gateway(stage.bot, folder, pace=hurry.pace)
        desk = Desk(tools=world.tools, gateway=gateway, watch=Watch(world))
        sender = Sender(
            world.tools, gateway, nursery, bell=Bell(), pace=hurry.pace
        )
        dispatching = Dispatching(stage.bot, desk)
        made = Crowd(world, stage, sender, dispatching, people)
        prompt = await world.offered()
        (path,) = {each.chart_path for each in await world.journal.find(_Signal)}
        assert path is not None
        keep_picture(folder, path)
        assert prompt.state is PromptState.QUEUED
        try:
            yield made
        finally:
            await nursery.close()

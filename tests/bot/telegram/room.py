"""Two accounts, a person of each role, and a bot that answers them in the sandbox."""

import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.telegram.desk import Desk
from bot.telegram.dispatching import Dispatching
from core.accounts import AccountKind
from core.desk.tools import Tools
from core.desk.watching import watch
from core.ids import AccountId, UserId
from core.messages import InboxUpdate
from core.prompts import Prompt
from core.users import Role
from tests.bot.telegram.stage import (
    ADA,
    ANN,
    BOB,
    EVE,
    NAMES,
    OWEN,
    Stage,
    a_gateway,
    telegram,
)
from tests.builders import a_provider, a_subscription, a_user
from tests.core.desk.world import World
from tests.fakes import NOON, FixedClock

MINE, DESK = AccountId("mine"), AccountId("desk")
"""Ada's own account, and one for which several decide."""


@dataclass
class Watch:
    """The service's watch, as far as a room has one."""

    world: World
    looks: list[int]
    troubled: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        self.looks.append(1)

    async def reconcile(self, account_ids: Collection[AccountId]) -> None:
        for each in account_ids:
            await watch(self.world.tools, each)

    async def troubles(self) -> Mapping[str, str]:
        return self.troubled


@dataclass
class Room:
    """What is said and tapped here is handled at once."""

    stage: Stage
    world: World
    dispatching: Dispatching
    looks: list[int] = field(default_factory=list)
    """How often the watchers were hurried."""

    @property
    def tools(self) -> Tools:
        return self.world.tools

    async def handle(self, **update: Any) -> None:
        """Any update, as Telegram would send it."""
        await self._handle({"update_id": 1, **update})

    async def _handle(self, body: dict[str, Any]) -> None:
        row = InboxUpdate(
            id=body["update_id"],
            user_id=UserId(0),
            body=json.dumps(body),
            received_at=NOON,
            done_at=None,
        )
        await self.dispatching.handle(row)

    async def deliver(self) -> None:
        """Handle what people did in the sandbox."""
        for update in self.stage.world.updates.waiting():
            self.stage.world.updates.confirm(update.id + 1)
            await self._handle(update.body)

    async def say(self, user: int, text: str) -> str:
        """Write to the bot; returns its answers, the last paragraph last."""
        before = len(self.stage.chat(user))
        self.stage.say(user, text)
        await self.deliver()
        return "\n".join(self.stage.texts(user)[before:])

    async def tap(
        self, user: int, data: str, *, on: int | None = None
    ) -> tuple[str, bool]:
        """Tap a button; returns what the bot answered, and whether as an alert."""
        callback = self.stage.tap(user, data, on=on)
        await self.deliver()
        answer = self.stage.answered(callback)
        assert answer is not None, "a tap must always be answered"
        return answer

    async def tap_after_help(self, user: int, data: str) -> tuple[str, bool]:
        """Send crafted data from a chat that holds nothing but the help."""
        await self.say(user, "/help")
        return await self.tap(user, data)

    async def prompt(self, user: int, account: AccountId) -> Prompt:
        """The newest prompt of a person on an account."""
        found = await self.world.journal.find(
            Prompt, user_id=user, account_id=account, order_by="-id", limit=1
        )
        return found[0]


MEMBERS = (
    (ADA, MINE, Role.APPROVER),
    (BOB, DESK, Role.APPROVER),
    (EVE, DESK, Role.VIEWER),
    (ANN, DESK, Role.ADMIN),
    (OWEN, DESK, Role.OWNER),
    (OWEN, MINE, Role.OWNER),
)


async def _furnish(world: World) -> None:
    await world.put(a_provider())
    for user in {user for user, _, _ in MEMBERS}:
        await world.put(a_user(id=UserId(user), name=NAMES[user]))
        await world.put(a_subscription(user_id=UserId(user)))
    await world.open_account(id=MINE, kind=AccountKind.OWN, person_id=UserId(ADA))
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    for user, account, role in MEMBERS:
        await world.member(UserId(user), role, account=account)


@asynccontextmanager
async def open_room(folder: Path) -> AsyncIterator[Room]:
    """Everything is there, nothing has happened yet."""
    world = World(owners=frozenset({UserId(OWEN)}), instruments=("XAUUSD", "EURUSD"))
    await _furnish(world)
    async with telegram(FixedClock()) as stage:
        stage.world.started.add(6)
        looks: list[int] = []
        desk = Desk(
            tools=world.tools,
            gateway=a_gateway(stage.bot, folder),
            watch=Watch(world, looks),
        )
        yield Room(stage, world, Dispatching(stage.bot, desk), looks)

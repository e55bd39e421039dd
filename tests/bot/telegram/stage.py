"""A sandbox Telegram on a real socket, and a real aiogram bot that talks to it."""

from asyncio import Handle, get_running_loop
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiogram import Bot
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox import Sandbox, User, create_sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.model import Message
from bot.sandbox.people import Tap, say, set_blocked, tap
from bot.sandbox.world import JournalEntry, World
from bot.telegram.office import make_bot
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.pacing import Pace
from bot.telegram.wire.way_out import Moved, WayOut
from core.errors import Refused
from tests.bot.sandbox.helpers import TOKEN, picture
from tests.fakes import FixedClock

ADA, BOB, EVE, OWEN, ANN, SAM = 1, 2, 3, 4, 5, 6
"""Approver, another approver, viewer, owner, admin; a stranger."""
NAMES = {ADA: "Ada", BOB: "Bob", EVE: "Eve", OWEN: "Owen", ANN: "Ann", SAM: "Sam"}


@dataclass
class Stage:
    """The sandbox as a test sees it."""

    sandbox: Sandbox
    bot: Bot
    url: str

    @property
    def world(self) -> World:
        return self.sandbox.world

    def fail(self, method: str = "*", **how: Any) -> None:
        """Trouble for the next call of a method."""
        self.world.faults.add(Fault(method=method.lower(), **how))

    def calls(self, *methods: str) -> list[JournalEntry]:
        """What the bot called, oldest first."""
        return [each for each in self.world.journal if each.method in methods]

    def called(self) -> list[tuple[str, int]]:
        """Method and status of every call."""
        return [(each.method, each.status) for each in self.world.journal]

    def chat(self, user: int) -> list[Message]:
        """What stands in somebody's chat from the bot, oldest first."""
        return [m for m in reversed(self.world.present(user)) if m.sender.is_bot]

    def texts(self, user: int) -> list[str]:
        return [message.now.rich.text for message in self.chat(user)]

    def labels(self, message: Message) -> list[str]:
        return [button["text"] for button in message.buttons]

    def say(self, user: int, text: str) -> None:
        say(self.world, self.world.people[user], text)

    def tap(self, user: int, data: str, *, on: int | None = None) -> str:
        """Tap a button, or send crafted data; returns the callback's id."""
        wish = Tap(data=data, chat_id=user, message_id=on)
        query, _ = tap(self.world, self.world.people[user], wish)
        return query.id

    def answered(self, callback_id: str) -> tuple[str, bool] | None:
        """What the bot answered, and whether as an alert."""
        answer = self.world.queries[callback_id].answer
        return None if answer is None else (answer.text, answer.show_alert)

    def block(self, user: int, *, blocked: bool = True) -> None:
        set_blocked(self.world, self.world.people[user], blocked=blocked)


@asynccontextmanager
async def telegram(clock: FixedClock) -> AsyncIterator[Stage]:
    """Everybody has pressed START but the stranger."""
    people = [User(id=user, first_name=name) for user, name in NAMES.items()]
    sandbox = create_sandbox(now=clock.now, users=people)
    sandbox.world.started.update(set(NAMES) - {SAM})
    app = web.Application()
    sandbox.add_routes(app)
    server = TestServer(app)
    await server.start_server()
    url = str(server.make_url("/"))
    bot = make_bot(TOKEN, url)
    try:
        yield Stage(sandbox, bot, url)
    finally:
        await bot.session.close()
        await server.close()


class Hurry:
    """Time that passes as soon as everybody waits for it.

    Calls under way are answered before; one that hangs is not waited for.
    """

    patience = 500
    """How often the loop turns for the calls under way."""

    def __init__(self, clock: FixedClock | None = None, **choices: Any) -> None:
        self.clock = clock or FixedClock()
        self.pace = Pace(self.clock, wake=self._wake, **choices)
        self._rung: Handle | None = None

    def _wake(self, span: timedelta, call: Callable[[], None]) -> "Hurry":
        self._soon(span, call, self.patience)
        return self

    def _soon(self, span: timedelta, call: Callable[[], None], left: int) -> None:
        self._rung = get_running_loop().call_soon(self._ring, span, call, left)

    def _ring(self, span: timedelta, call: Callable[[], None], left: int) -> None:
        if self.pace._under_way and left:
            self._soon(span, call, left - 1)
        else:
            self.clock.advance(span)
            call()

    def cancel(self) -> None:
        """The one call that is due later is not made."""
        if self._rung is not None:
            self._rung.cancel()


def a_gateway(
    bot: Bot,
    folder: Path,
    *,
    pace: Pace | None = None,
    moved: Moved | None = None,
) -> Gateway:
    """A gateway whose waits take no time, unless it has a pace of its own."""

    async def nowhere(old: int, new: int) -> None:
        raise AssertionError(old, new)

    out = WayOut(bot, pace or Hurry().pace, moved=moved or nowhere)
    return Gateway(out, album(folder))


def album(folder: Path) -> Callable[[str], Path]:
    """Finds stored pictures, as the media folder does."""

    def find(path: str) -> Path:
        file = folder / path
        if not file.is_file():
            message = "there is no such picture"
            raise Refused(message)
        return file

    return find


def keep_picture(folder: Path, path: str = "chart.png", width: int = 800) -> str:
    """A stored picture; returns its media path."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(picture(width))
    return path

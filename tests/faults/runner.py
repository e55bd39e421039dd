"""One life of the service in a process of its own, until it is killed.

The house is composed as the product does it, with what a test needs around it: a
market that stands still unless somebody moves it, pictures that cost nothing, and
wrappers around journal, broker and Telegram. The data outlives the process, and so
does the Telegram sandbox, which lives in the test.
"""

import asyncio
import hashlib
import json
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web
from typing_extensions import override

from bot import logs
from bot.app import House, Wrap, open_house
from bot.clock import SystemClock
from bot.consent import packaged_texts
from bot.demo.people import ADA
from bot.plans import plan_of
from bot.providers import add_provider
from bot.service import Service
from bot.settings import Settings
from bot.telegram.wire import pacing
from charts.media import MediaStore
from charts.pool import RenderPool
from core.desk import aiming
from core.desk.accounts import keep_accounts
from core.desk.joining import Person, agree, start
from core.desk.watching import watch
from core.ids import AccountId, UserId
from core.ports import Broker, EquityChart, Journal, Media, SignalChart
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.session import PaperSettings
from tests.faults.bugs import Bug, buggy
from tests.faults.steps import Moment, Step
from tests.faults.tripwire import (
    Kill,
    LateBroker,
    TrippingBroker,
    TrippingCalls,
    TrippingCharts,
    TrippingJournal,
    Tripwire,
)
from tests.mt5_bridge.paper.bench import FlatFeed

ACCOUNT = AccountId("demo")
PROVIDER = "acme"
TOKEN = "4242424242:SANDBOX-canary-that-no-output-may-hold"  # noqa: S105
SETTLE = timedelta(milliseconds=500)
BALANCE = Decimal(10_000)
PER_CHAT = timedelta(milliseconds=20)
"""Between two messages in one chat; Telegram's second would make each run long."""
REFUSED_CLOSE = timedelta(milliseconds=300)
"""Before a close is ordered again; the product waits 2 seconds and more."""
PRICE_PATH = "/test/price"
NOTES, LOG, CREDENTIALS = "steps.txt", "log.txt", "provider.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one process is told: where, how it ends, and what is wrong with it."""

    folder: Path
    port: int
    telegram: str
    """The sandbox's address."""
    kill: Kill | None = None
    bug: Bug = Bug.NONE
    lost_replies: int = 0
    lost_changes: int = 0
    late_history: bool = False
    number: int = 1
    """Counts the lives of one run."""

    def to_json(self) -> str:
        """One line."""
        kill = self.kill
        told = {
            "folder": str(self.folder),
            "port": self.port,
            "telegram": self.telegram,
            "kill": None if kill is None else [kill.step, kill.moment, kill.hit],
            "bug": self.bug,
            "lost_replies": self.lost_replies,
            "lost_changes": self.lost_changes,
            "late_history": self.late_history,
            "number": self.number,
        }
        return json.dumps(told)

    @classmethod
    def from_json(cls, line: str) -> "Life":
        """The same back."""
        told: dict[str, Any] = json.loads(line)
        kill = told.pop("kill")
        return cls(
            **told
            | {
                "folder": Path(told["folder"]),
                "bug": Bug(told["bug"]),
                "kill": kill and Kill(Step(kill[0]), Moment(kill[1]), kill[2]),
            }
        )


def settings_of(life: Life) -> Settings:
    """What ``config.toml`` would say; everything as quick as it may be."""
    return Settings.model_validate(
        {
            "service": {"port": life.port, "data_dir": life.folder},
            "telegram": {
                "api_base": life.telegram,
                "owners": [ADA.id],
                "token": TOKEN,
            },
            "approvals": {"consent_dir": packaged_texts()},
            "risk": {"max_drawdown_percent": 3},
            "jobs": {
                "guard_seconds": "0.1",
                "reconcile_seconds": "0.1",
                "expire_seconds": 1,
            },
            "accounts": {ACCOUNT: {"broker": "paper"}},
        }
    )


@asynccontextmanager
async def open_test_house(life: Life, wire: Tripwire) -> AsyncIterator[House]:
    """The house of a life."""
    wrong = buggy(life.bug)

    def journal(real: Journal) -> Journal:
        return wrong.journal(TrippingJournal(real, wire))

    def broker(real: Broker) -> Broker:
        seen = LateBroker(real) if life.late_history else real
        lossy = TrippingBroker(
            seen, wire, lost=life.lost_replies, lost_changes=life.lost_changes
        )
        return wrong.broker(lossy)

    async with open_house(
        settings_of(life),
        life.folder,
        command="faults",
        wrap=Wrap(journal=journal, broker=broker),
        papers={ACCOUNT: _paper(life.folder)},
    ) as house:
        pictures = InstantCharts(MediaStore(life.folder / "media"))
        tools = replace(house.tools, charts=TrippingCharts(pictures, wire))
        yield replace(house, tools=tools, pool=NoPool(1, timedelta(seconds=1)))


def paper_file(folder: Path) -> Path:
    """The broker's own file."""
    return folder / f"paper-{ACCOUNT}.db"


def _paper(folder: Path) -> PaperBroker:
    return PaperBroker(
        name=ACCOUNT,
        path=paper_file(folder),
        clock=SystemClock(),
        feed=FlatFeed(),
        settings=PaperSettings(balance=BALANCE),
        settle=SETTLE,
    )


class NoPool(RenderPool):
    """A pool that nobody asks, so that it needs no process."""

    @override
    async def start(self) -> None:
        """Nothing to start."""


class InstantCharts:
    """One pixel for each signal, really stored."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        colour = hashlib.sha256(repr(chart).encode()).digest()[:3]
        return await self._store.save(
            _pixel(colour), at=at, owner="shared", kind="signal"
        )

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        colour = hashlib.sha256(repr(chart).encode()).digest()[:3]
        return await self._store.save(_pixel(colour), at=at, owner=to, kind="equity")


def _pixel(colour: bytes) -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(b"\0" + colour)),
            chunk(b"IEND", b""),
        )
    )


# ------------------------------------------------------------------ lives
async def prepare(life: Life) -> None:
    """What every run begins with: Ada has agreed, a provider is known, all is seen."""
    wire = Tripwire(life.folder / NOTES, None)
    async with open_test_house(life, wire) as house:
        accounts = house.office.settings.accounts.items()
        await keep_accounts(house.tools, [plan_of(*each) for each in accounts])
        ada = Person(id=UserId(ADA.id), name=ADA.first_name, language="en")
        await start(house.tools, ada, "")
        await agree(house.tools, ada.id, house.tools.choices.consent.version)
        made = await add_provider(house.tools, house.office.vault, name=PROVIDER)
        await watch(house.tools, ACCOUNT)
    secret = json.dumps({"name": made.name, "secret": made.secret})
    (life.folder / CREDENTIALS).write_text(secret)


async def live(life: Life) -> None:
    """Run the service until the process is killed."""
    logs.configure("text")
    pacing.PER_CHAT = PER_CHAT
    aiming.LONGEST_WAIT = REFUSED_CLOSE
    wire = Tripwire(life.folder / NOTES, life.kill)
    async with open_test_house(life, wire) as house:
        service = Service(house, token=TOKEN, api_base=life.telegram)
        calls = TrippingCalls(wire)
        service.telegram.bot.session.middleware.register(calls)
        await service.start(extra=lambda app: _add_price(app, house))
        wire.says(f"STARTED {life.number}")
        await asyncio.Event().wait()


def _add_price(app: web.Application, house: House) -> None:
    """Let the test move the market."""
    market = house.papers[ACCOUNT]

    async def move(request: web.Request) -> web.Response:
        wish: Mapping[str, str] = await request.json()
        await market.steer(wish["instrument"], Decimal(wish["price"]), timedelta(0))
        return web.json_response({"ok": True})

    app.router.add_post(PRICE_PATH, move)


def run(life: Life) -> None:
    """A process's whole life; without a number it only prepares."""
    asyncio.run(live(life) if life.number else prepare(life))

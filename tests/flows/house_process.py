"""The service, with a hand on its paper markets: a process to be driven over HTTP.

``run`` is its main function; its file is JSON with the content of a
``config.toml``. It is what ``tapgate run`` starts, and beside that
``POST /rig/<name>`` on the same port, for what nobody may do to a real one:

    market    price of an instrument, and moving it      {"account", "instrument"}
    broker    faults, see ``mt5_bridge.paper.faults``    {"account", …}
    by_hand   close a position in the terminal           {"account", "ticket", "volume"}
    open_by_hand  open one there                         {"account", "instrument"}
    unstop    take every stop and target away there      {"account"}
    deposit   money in, or below 0 out                   {"account", "amount"}
    invite    a token to join an account                 {"account", "role", …}
    until     a membership that lapses in so long         {"user", "account", "seconds"}
    provider  a provider with its secrets                {"name"}
    slow      how long the broker takes for a quote      {"account", "seconds"}
    inbox     the next updates that cannot be stored     {"fails"}
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from bot import logs
from bot.app import House, Wrap, open_house
from bot.config import build
from bot.providers import add_provider
from bot.service import Service
from bot.settings import Settings
from bot.tasks import until_told_to_stop
from core.broker import CloseRequest, ModifyRequest, OpenRequest
from core.desk.commanding import InviteWish, invite
from core.desk.membership import set_until
from core.errors import Refused
from core.ids import AccountId
from core.market import OrderType, Side
from core.ports import Journal
from core.users import Membership, Role
from mt5_bridge.paper.broker import PaperBroker
from tests.flows.agreed import READY, TOKEN, WEBHOOK_SECRET
from tests.flows.breakable import FullJournal, SlowBroker

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

Json = dict[str, Any]
Work = Callable[[Json], Awaitable[Json]]


class Rig:
    """What a test may do to the house besides being a person or a provider."""

    def __init__(self) -> None:
        self._journals: list[FullJournal] = []

    @property
    def wrap(self) -> Wrap:
        """What a house is opened with, so that the rig has a hand on it."""
        return Wrap(journal=self._breakable, broker=SlowBroker)

    def _breakable(self, journal: Journal) -> FullJournal:
        self._journals.append(FullJournal(journal))
        return self._journals[-1]

    def take(self, house: House) -> "Rig":
        """From here on the rig moves this house."""
        self._house = house
        return self

    def add_routes(self, app: web.Application) -> None:
        works: tuple[Work, ...] = (
            self.market,
            self.broker,
            self.by_hand,
            self.open_by_hand,
            self.unstop,
            self.deposit,
            self.invite,
            self.until,
            self.provider,
            self.slow,
            self.inbox,
        )
        for work in works:
            app.router.add_post(f"/rig/{work.__name__}", _answering(work))

    def _paper(self, wish: Json) -> PaperBroker:
        paper = self._house.papers[AccountId(wish["account"])]
        if not isinstance(paper, PaperBroker):
            message = "the rig drives paper brokers"
            raise TypeError(message)
        return paper

    async def market(self, wish: Json) -> Json:
        paper, instrument = self._paper(wish), wish["instrument"]
        if "price" in wish:
            over = timedelta(seconds=wish.get("over", 0))
            await paper.steer(instrument, Decimal(wish["price"]), over)
        quote = await paper.get_quote(instrument)
        return {"bid": str(quote.bid), "ask": str(quote.ask)}

    async def broker(self, wish: Json) -> Json:
        faults = {key: value for key, value in wish.items() if key != "account"}
        self._paper(wish).faults.apply(faults)
        return {}

    async def by_hand(self, wish: Json) -> Json:
        paper = self._paper(wish)
        snapshot = await paper.get_snapshot(since=LONG_AGO)
        (held,) = [each for each in snapshot.positions if each.ticket == wish["ticket"]]
        close = CloseRequest(
            ticket=held.ticket,
            instrument=held.instrument,
            side=held.side,
            volume=Decimal(wish.get("volume", held.volume)),
            magic=0,
            comment="",
        )
        return {"retcode": (await paper.send_by_hand(close)).retcode}

    async def open_by_hand(self, wish: Json) -> Json:
        paper, instrument = self._paper(wish), wish["instrument"]
        quote = await paper.get_quote(instrument)
        order = OpenRequest(
            instrument=instrument,
            side=Side.BUY,
            order_type=OrderType.MARKET,
            volume=Decimal("0.01"),
            price=quote.ask,
            stop_loss=None,
            take_profit=None,
            deviation=Decimal(0),
            expires_at=None,
            magic=0,
            comment="",
        )
        return {"retcode": (await paper.send_by_hand(order)).retcode}

    async def unstop(self, wish: Json) -> Json:
        paper = self._paper(wish)
        snapshot = await paper.get_snapshot(since=LONG_AGO)
        for held in snapshot.positions:
            await paper.send_by_hand(
                ModifyRequest(
                    ticket=held.ticket, stop_loss=None, take_profit=None, magic=0
                )
            )
        return {}

    async def deposit(self, wish: Json) -> Json:
        deal = await self._paper(wish).deposit(Decimal(wish["amount"]))
        return {"ticket": deal.ticket}

    async def invite(self, wish: Json) -> Json:
        wanted = InviteWish(
            role=Role(wish["role"]),
            account_id=AccountId(wish["account"]),
            uses=wish.get("uses", 1),
            lasts=timedelta(seconds=wish.get("seconds", 3600)),
        )
        return {"token": await invite(self._house.tools, wanted, by=None)}

    async def until(self, wish: Json) -> Json:
        tools = self._house.tools
        (row,) = await tools.journal.find(
            Membership, user_id=wish["user"], account_id=wish["account"]
        )
        end = tools.clock.now() + timedelta(seconds=wish["seconds"])
        await set_until(tools, row.id, end, by=None)
        return {"until": end.timestamp()}

    async def provider(self, wish: Json) -> Json:
        made = await add_provider(
            self._house.tools, self._house.office.vault, name=wish["name"]
        )
        return asdict(made)

    async def slow(self, wish: Json) -> Json:
        broker = self._house.tools.brokers[AccountId(wish["account"])]
        if not isinstance(broker, SlowBroker):
            message = "the rig slows brokers that it stands before"
            raise TypeError(message)
        broker.seconds = wish["seconds"]
        return {}

    async def inbox(self, wish: Json) -> Json:
        for journal in self._journals:
            journal.fails = wish["fails"]
        return {}


def _answering(work: Work) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        try:
            return web.json_response(await work(await request.json()))
        except Refused as refused:
            return web.json_response({"refused": refused.reason}, status=422)

    return handler


def read_settings(file: Path) -> Settings:
    """As ``tapgate run`` reads its file; the secrets come from here."""
    environ = {
        "TAPGATE_TELEGRAM__TOKEN": TOKEN,
        "TAPGATE_TELEGRAM__WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    return build(json.loads(file.read_text()), environ, source=str(file))


async def serve(settings: Settings, base: Path) -> None:
    """Run until told to stop; says when it is ready."""
    rig = Rig()
    async with open_house(
        settings, base, command="a flow test", wrap=rig.wrap
    ) as house:
        service = Service(house, token=TOKEN, api_base=settings.telegram.api_base)
        try:
            await service.start(extra=rig.take(house).add_routes)
            await house.pool.start()
            print(READY, flush=True)  # noqa: T201 - whom the test waits for
            await until_told_to_stop()
        finally:
            await service.stop()


def run(config: Path, log: Path) -> None:
    """The whole life of a process of its own, whose output goes to ``log``."""
    with log.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    logs.configure("text")
    asyncio.run(serve(read_settings(config), config.parent))

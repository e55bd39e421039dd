"""The demo's configuration and its one process on one port."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.app import House, open_house
from bot.clock import SystemClock
from bot.consent import packaged_texts
from bot.demo.hands import Hands
from bot.demo.people import ADA, PEOPLE, VERA
from bot.markets import PaperMarket
from bot.provider_client import ProviderClient
from bot.providers import add_provider
from bot.sandbox import Sandbox, create_sandbox
from bot.sandbox.errors import Problem
from bot.service import Service
from bot.settings import Settings
from core.desk.commanding import InviteWish, invite
from core.desk.joining import agreed
from core.desk.tools import Tools
from core.errors import Refused, TapgateError
from core.ids import AccountId
from core.users import Provider, Role, User

ACCOUNT = AccountId("demo")
PROVIDER = "demo"
TOKEN = "42:SANDBOX-demo"  # noqa: S105 - good for the sandbox only


def demo_settings(port: int, data_dir: Path, *, limit_percent: int) -> Settings:
    """What ``config.toml`` would say."""
    return Settings.model_validate(
        {
            "service": {"port": port, "data_dir": data_dir},
            "telegram": {
                "api_base": f"http://127.0.0.1:{port}",
                "owners": [ADA.id],
                "token": TOKEN,
            },
            "approvals": {"consent_dir": packaged_texts()},
            "risk": {"max_drawdown_percent": limit_percent},
            "jobs": {
                "guard_seconds": "0.5",
                "reconcile_seconds": 1,
                "expire_seconds": 1,
            },
            "accounts": {ACCOUNT: {"broker": "paper", "speed": 2}},
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo."""

    url: str
    house: House
    service: Service
    hands: Hands
    provider: ProviderClient
    account: AccountId = ACCOUNT
    glance: timedelta = timedelta(milliseconds=200)

    @property
    def paper(self) -> PaperMarket:
        """The demo account's broker."""
        return self.house.papers[self.account]

    @property
    def tools(self) -> Tools:
        """The desk's tools, for counting what is in the database."""
        return self.service.tools


@asynccontextmanager
async def open_demo(settings: Settings, base: Path) -> AsyncIterator[Demo]:
    """Start the demo: people have joined, the first chart can be drawn at once."""
    sandbox = create_sandbox(now=SystemClock().now, users=PEOPLE)
    token = settings.telegram.token.get_secret_value()
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            open_house(settings, base, command="tapgate demo")
        )
        _add_controls(sandbox, house)
        service = Service(house, token=token, api_base=settings.telegram.api_base)
        stack.push_async_callback(service.stop)
        await service.start(extra=sandbox.add_routes)
        await house.pool.start()
        url = f"http://127.0.0.1:{settings.service.port}"
        hands = await stack.enter_async_context(Hands(url))
        yield Demo(
            url=url,
            house=house,
            service=service,
            hands=hands,
            provider=await _provider(service.tools, house, url),
        )


async def _provider(tools: Tools, house: House, url: str) -> ProviderClient:
    """A provider of its own for each run: secrets are shown only once."""
    taken = await tools.journal.count(Provider)
    name = PROVIDER if not taken else f"{PROVIDER}{taken + 1}"
    made = await add_provider(tools, house.office.vault, name=name)
    return ProviderClient(
        url=url, name=made.name, secret=made.secret or "", clock=tools.clock
    )


def _add_controls(sandbox: Sandbox, house: House) -> None:
    """Price and faults of the paper brokers, reachable beside the control API."""

    async def market(wish: Mapping[str, Any]) -> dict[str, Any]:
        paper = _paper(house, wish)
        try:
            await _move(paper, wish)
            quote = await paper.get_quote(str(wish["instrument"]))
        except (TapgateError, KeyError, ValueError, ArithmeticError) as wrong:
            raise Problem(422, f"market: {wrong}") from wrong
        return {"bid": str(quote.bid), "ask": str(quote.ask)}

    async def broker(wish: Mapping[str, Any]) -> dict[str, Any]:
        faults = dict(wish)
        paper = _paper(house, faults)
        faults.pop("account", None)
        try:
            paper.faults.apply(faults)
        except (Refused, ValueError) as wrong:
            raise Problem(422, f"broker: {wrong}") from wrong
        return {"ok": True}

    sandbox.controls["market"] = market
    sandbox.controls["broker"] = broker


def _paper(house: House, wish: Mapping[str, Any]) -> PaperMarket:
    name = AccountId(str(wish.get("account", ACCOUNT)))
    if name not in house.papers:
        raise Problem(404, f"there is no paper account {name}")
    return house.papers[name]


async def _move(paper: PaperMarket, wish: Mapping[str, Any]) -> None:
    """``price`` moves to it within ``over`` seconds; without one, ask only."""
    instrument = str(wish["instrument"])
    if wish.get("release"):
        await paper.release(instrument)
    elif "price" in wish:
        over = timedelta(seconds=float(wish.get("over", 0)))
        await paper.steer(instrument, Decimal(str(wish["price"])), over)


async def settle_in(demo: Demo) -> None:
    """Ada owns the account; Vera comes by invite and looks on."""
    await _enter(demo, ADA.id, "/start")
    wish = InviteWish(
        role=Role.VIEWER, account_id=ACCOUNT, uses=1, lasts=timedelta(hours=1)
    )
    token = await invite(demo.tools, wish, by=None)
    await _enter(demo, VERA.id, f"/start {token}")


async def _enter(demo: Demo, user: int, words: str) -> None:
    """Somebody comes in, and agrees unless they did in an earlier run."""
    await demo.hands.say(user, words)
    await demo.hands.wait(user, "Welcome")
    known = await demo.tools.journal.get(User, user)
    if known is not None and agreed(demo.tools, known):
        return
    await demo.hands.tap(user, "I agree")
    await demo.hands.wait(user, "You agreed")

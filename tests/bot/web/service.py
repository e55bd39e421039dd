"""The HTTP edge as tests use it: a real server on loopback, a journal in memory."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot import keys, signing
from bot.web import (
    PartHealth,
    Proxies,
    Refusals,
    Runner,
    WebContext,
    WebLimits,
    add_routes,
)
from core.desk.joining import hash_token
from core.desk.tools import Choices, Consent, Tools
from core.errors import Refused
from core.ids import ProviderName, UserId
from core.intake import IntakeRules
from core.ports import EquityChart, Insert, Media, SignalChart
from core.signals import Signal
from core.users import EVERY_PROVIDER, Provider
from tests.builders import (
    USER,
    a_membership,
    a_provider,
    a_subscription,
    a_user,
    an_account,
)
from tests.fakes import CountingIds, FixedClock
from tests.memory_journal import MemoryJournal

SIGNALS = "/api/v1/signals"
SECRET = keys.new_secret(b"s" * 32)
HOOK = "hook-token-of-the-demo-provider"
TOKEN = "read-token-of-the-demo-provider"  # noqa: S105 - of a fake
FORMER = keys.new_secret(b"f" * 32)
"""What the provider signed with before, where it has rotated."""
NOBODY = keys.new_secret(b"n" * 32)

RULES = IntakeRules(
    instruments=("XAUUSD", "EURUSD"),
    require_stop_loss=True,
    expires_after=timedelta(minutes=15),
)
BODY: dict[str, Any] = {
    "external_id": "breakout-42",
    "action": "open",
    "instrument": "XAUUSD",
    "side": "buy",
    "price": "1950.50",
    "stop_loss": "1945.00",
    "take_profit": "1965.00",
    "order_type": "market",
    "timeframe": "M15",
    "expires_in": 600,
    "user": None,
    "payload": {"confidence": 0.85},
}


class NoCharts:
    """The edge draws nothing."""

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        raise NotImplementedError

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        raise NotImplementedError


class Folder:
    """Pictures in a folder; a link's signature is its path backwards."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trust = False

    def path(self, media_path: str) -> Path:
        file = self.root / media_path
        if not (self.trust or file.is_file()):
            reason = "there is no such picture"
            raise Refused(reason)
        return file

    def link(self, media_path: str, expires_at: datetime) -> str:
        expires = int(expires_at.timestamp())
        query = f"expires={expires}&signature={media_path[::-1]}"
        return f"https://cdn.example/media/{media_path}?{query}"

    def verify(
        self, media_path: str, expires: str, signature: str, now: datetime
    ) -> bool:
        if signature != media_path[::-1] or not re.fullmatch("[0-9]{1,12}", expires):
            return False
        return now.timestamp() < int(expires)


@dataclass
class Secrets:
    """What opening gives; remembers for whom it was asked."""

    closed: bool = False
    error: Exception | None = None
    asked: list[Provider | None] = field(default_factory=list)

    def open(self, provider: Provider | None) -> tuple[str | None, str | None]:
        self.asked.append(provider)
        if self.error is not None:
            raise self.error
        if self.closed:
            reason = f"The secret of {provider} needs another key."
            raise Refused(reason)
        if provider is None:
            return None, None
        former = FORMER if provider.former_secret_sealed else None
        return SECRET if provider.secret_sealed else None, former


@dataclass
class Service:
    """Everything a test may look at or turn."""

    client: TestClient[web.Request, web.Application]
    server: TestServer
    journal: MemoryJournal
    clock: FixedClock
    secrets: Secrets
    folder: Folder
    parts: dict[str, PartHealth]
    draining: list[bool]
    refusals: Refusals

    @property
    def timestamp(self) -> int:
        return int(self.clock.now().timestamp())

    def signed(self, body: bytes, **over: str) -> dict[str, str]:
        """The headers of the plain form; ``over`` with _ for - changes them."""
        headers = {
            "X-Provider": "demo",
            "Content-Type": "application/json",
            **signing.sign_plain(SECRET, self.timestamp, body),
        }
        return headers | {name.replace("_", "-"): value for name, value in over.items()}

    async def send(
        self, content: Mapping[str, object] | bytes, query: str = "", **over: str
    ) -> ClientResponse:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await self.client.post(
            SIGNALS + query, data=body, headers=self.signed(body, **over)
        )

    async def read(self, path: str, token: str = TOKEN, **more: str) -> ClientResponse:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        headers["Authorization"] = f"Bearer {token}"
        return await self.client.get(path, headers=headers)

    async def alert(
        self, content: Mapping[str, object] | bytes, token: str = HOOK, **more: str
    ) -> ClientResponse:
        """As TradingView sends it."""
        text = isinstance(content, bytes)
        body = content if text else json.dumps(content).encode()
        kind = "text/plain; charset=utf-8" if text else "application/json"
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        return await self.client.post(
            f"/hooks/tradingview/{token}",
            data=body,
            headers={"Content-Type": kind} | headers,
        )

    @asynccontextmanager
    async def dial(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A bare connection, for what a well-mannered client cannot send."""
        reader, writer = await asyncio.open_connection(
            self.server.host, self.server.port
        )
        try:
            yield reader, writer
        finally:
            writer.close()

    async def raw(self, request: bytes) -> bytes:
        """What the server says to these bytes, as far as the end of its problem."""
        async with self.dial() as (reader, writer), asyncio.timeout(10):
            writer.write(request)
            try:
                return await reader.readuntil(b"}")
            except asyncio.IncompleteReadError as all_there_is:
                return all_there_is.partial

    async def stored(self) -> list[Signal]:
        return await self.journal.find(Signal)


class RealServer(TestServer):
    """As in service: a handler goes on when its client has left."""

    def __init__(self, app: web.Application, limits: WebLimits) -> None:
        super().__init__(app)
        self.limits = limits

    async def _make_runner(self, **_: Any) -> web.AppRunner:
        return Runner(
            self.app,
            head_deadline=self.limits.head_deadline,
            most_connections=self.limits.most_connections,
        )


JournalMaker = Callable[[FixedClock], MemoryJournal]
Change = Callable[[WebContext], WebContext]


@asynccontextmanager
async def serving(
    root: Path,
    *,
    make_journal: JournalMaker = MemoryJournal,
    change: Change = lambda context: context,
    app: web.Application | None = None,
) -> AsyncIterator[Service]:
    """A service with provider and account ``demo``, and one subscriber, user 1."""
    clock = FixedClock()
    journal = make_journal(clock)
    await journal.commit(*(Insert(row) for row in ROWS))
    secrets, folder = Secrets(), Folder(root)
    parts: dict[str, PartHealth] = {}
    draining = [False]
    refusals = Refusals(journal, clock)

    async def health() -> Mapping[str, PartHealth]:
        return parts

    context = WebContext(
        tools=_tools(journal, clock),
        rules=RULES,
        limits=WebLimits(
            max_body_bytes=4096,
            max_payload_bytes=1024,
            timestamp_tolerance=timedelta(seconds=300),
            body_deadline=timedelta(seconds=0.2),
        ),
        open_secrets=secrets.open,
        refusals=refusals,
        proxies=Proxies(),
        media=folder,
        public_url="https://tapgate.example/",
        parts=health,
        draining=lambda: draining[0],
    )
    app = app or web.Application()
    context = change(context)
    add_routes(app, context)
    server = RealServer(app, context.limits)
    async with TestClient(server) as client:
        yield Service(
            client=client,
            server=server,
            journal=journal,
            clock=clock,
            secrets=secrets,
            folder=folder,
            parts=parts,
            draining=draining,
            refusals=refusals,
        )


ROWS = (
    a_provider(read_token_hash=hash_token(TOKEN), hook_token_hash=hash_token(HOOK)),
    a_provider(
        id=ProviderName("off"),
        enabled=False,
        read_token_hash=hash_token("off"),
        hook_token_hash=hash_token("hook-token-of-the-disabled-one"),
    ),
    a_provider(id=ProviderName("other"), read_token_hash=hash_token("other")),
    a_user(),
    an_account(person_id=USER),
    a_membership(),
    a_subscription(provider=EVERY_PROVIDER),
)


def _tools(journal: MemoryJournal, clock: FixedClock) -> Tools:
    return Tools(
        journal=journal,
        clock=clock,
        ids=CountingIds(),
        brokers={},
        charts=NoCharts(),
        choices=Choices(
            rules={},
            consent=Consent(version="1", sha256="c" * 64, text="terms"),
            owners=frozenset(),
            chart_candles=120,
            chart_account=None,
            stale_after=timedelta(seconds=10),
        ),
        epochs=None,
    )

"""The composition: the one place that ties ports to their implementations.

open_journal   database, schema, key: enough for administrative commands
open_house     brokers, charts and the desk's tools on top
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bot.clock import SystemClock, SystemIds
from bot.consent import folder_in_force, read_consent, read_translations
from bot.markets import Following, PaperMarket, Sources
from bot.plans import choices_of, public_url
from bot.settings import AccountConfig, Settings
from bot.undrawn import NoCharts
from charts.media import MediaStore, Pictures
from charts.pictures import Look
from charts.pool import RenderPool
from charts.studio import Studio
from charts.style import Theme
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import AccountId
from core.ports import Broker, Clock, Journal
from core.users import Provider
from migrations.runner import current_revision, head_revision, upgrade
from mt5_bridge.paper.board import Board
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.feed import open_feed
from mt5_bridge.paper.ground import FollowGround
from mt5_bridge.paper.session import PaperSettings
from storage.engine import SQLITE, database_url, is_sqlite
from storage.journal import SqlJournal, open_journal
from storage.lock import exclusive_lock
from storage.secrets import Vault, key_from_text, load_or_make_key

RENDER_DEADLINE = timedelta(seconds=10)
LOCK_FILE = "tapgate.lock"
KEY_FILE = "secret.key"
_NOBODY = "nobody"
_DECOY = "whsec_" + "A" * 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """Lets a test stand between the desk and the world; by default nobody does."""

    journal: Callable[[Journal], Journal] = lambda journal: journal
    broker: Callable[[Broker], Broker] = lambda broker: broker


NOBODY_BETWEEN = Wrap()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Journal, vault and choices: enough to administer."""

    settings: Settings
    journal: SqlJournal
    tools: Tools
    """Without brokers; the house's have them."""
    vault: Vault
    decoy: str
    """A sealed secret that nobody has."""
    media_key: bytes
    data_dir: Path

    def open_secrets(self, provider: Provider | None) -> tuple[str | None, str | None]:
        """A provider's present and former secret; one that is not takes as long.

        Raises:
            Refused: one was sealed with another key.
        """
        if provider is None:
            return self._open(None, _NOBODY), self._open(None, _NOBODY)
        return (
            self._open(provider.secret_sealed, provider.id),
            self._open(provider.former_secret_sealed, provider.id),
        )

    def _open(self, sealed: str | None, owner: str) -> str | None:
        if sealed is None:
            self.vault.unseal(self.decoy, owner=_NOBODY)
            return None
        return self.vault.unseal(sealed, owner=owner)

    async def schema_is_current(self) -> bool:
        """Whether the database is as this program needs it."""
        return await current_revision(self.journal.engines.write) == head_revision()


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The whole: an office, and what touches the world."""

    office: Office
    tools: Tools
    papers: dict[AccountId, PaperMarket]
    """Of every account that is served: those that are added come in here too."""
    open_account: Callable[[AccountId, AccountConfig], tuple[PaperMarket, Broker]]
    """An account that was added: its market, and what the desk works with."""
    open_following: Callable[[Sources], Following]
    """What those share who follow these markets on paper."""
    wrap: Wrap
    pool: RenderPool
    pictures: Pictures
    public_url: str
    embedded: bool
    """SQLite: nobody else works on this data."""


@asynccontextmanager
async def open_office(
    settings: Settings, base: Path, *, migrate: bool = True
) -> AsyncIterator[Office]:
    """Open the database of a configuration whose relative paths start at ``base``.

    On SQLite the schema is brought up to date; on PostgreSQL an old one is refused,
    unless ``migrate`` is false and the caller sees to it.

    Raises:
        Refused: the database cannot be used; says what to do.
        JournalUnavailable: it does not answer.
    """
    clock, data_dir = SystemClock(), base / settings.service.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    journal = await open_journal(settings.database.url, clock=clock, data_dir=data_dir)
    try:
        if migrate:
            await _need_schema(journal)
        key = _master_key(settings, data_dir)
        folder = folder_in_force(base, settings.approvals)
        tools = Tools(
            journal=journal,
            clock=clock,
            ids=SystemIds(),
            brokers={},
            charts=NoCharts(),
            choices=choices_of(
                settings, read_consent(folder), read_translations(folder)
            ),
            epochs=None,
        )
        vault = Vault(key)
        yield Office(
            settings=settings,
            journal=journal,
            tools=tools,
            vault=vault,
            decoy=vault.seal(_DECOY, owner=_NOBODY),
            media_key=hmac.digest(key, b"media links", "sha256"),
            data_dir=data_dir,
        )
    finally:
        await journal.close()


async def _need_schema(journal: SqlJournal) -> None:
    engine = journal.engines.write
    if is_sqlite(engine):
        await upgrade(engine)
    elif await current_revision(engine) != head_revision():
        message = "The database has an old schema: run `tapgate migrate` first."
        raise Refused(message)


def _master_key(settings: Settings, data_dir: Path) -> bytes:
    text = settings.secret_key.get_secret_value()
    return key_from_text(text) if text else load_or_make_key(data_dir / KEY_FILE)


@asynccontextmanager
async def open_house(
    settings: Settings,
    base: Path,
    *,
    command: str,
    wrap: Wrap = NOBODY_BETWEEN,
    papers: Mapping[AccountId, PaperBroker] | None = None,
) -> AsyncIterator[House]:
    """Open everything that the service works with.

    Raises:
        Refused: another process runs on this data, or an account cannot be served.
        BrokerUnavailable: a broker cannot be reached.
    """
    async with AsyncExitStack() as stack:
        data_dir = base / settings.service.data_dir
        embedded = is_embedded(settings, base)
        if embedded:
            stack.enter_context(
                exclusive_lock(
                    data_dir / LOCK_FILE, command=command, since=SystemClock().now()
                )
            )
        office = await stack.enter_async_context(open_office(settings, base))
        brokers = papers or paper_brokers(settings, base, office.tools.clock)
        for broker in brokers.values():
            await broker.connect()
            stack.push_async_callback(broker.close)
        store = MediaStore(data_dir / "media")
        pool = RenderPool(1, RENDER_DEADLINE)
        stack.push_async_callback(pool.close)
        tools = replace(
            office.tools,
            journal=wrap.journal(office.journal),
            brokers={name: wrap.broker(each) for name, each in brokers.items()},
            charts=_studio(settings, store, pool),
        )
        here = public_url(settings)
        base_url = settings.charts.cdn_base_url or here

        def open_account(
            name: AccountId, account: AccountConfig
        ) -> tuple[PaperMarket, Broker]:
            paper = _paper(name, account, settings, base, office.tools.clock)
            return paper, wrap.broker(paper)

        yield House(
            office=office,
            tools=tools,
            papers=dict(brokers),
            open_account=open_account,
            open_following=lambda sources: FollowGround(
                Board(sources, office.tools.clock), data_dir / "followers"
            ),
            wrap=wrap,
            pool=pool,
            pictures=Pictures(store, office.media_key, base_url),
            public_url=here,
            embedded=embedded,
        )


def is_embedded(settings: Settings, base: Path) -> bool:
    """Whether the database is a file that this process has for itself."""
    url = database_url(settings.database.url, data_dir=base / settings.service.data_dir)
    return url.drivername == SQLITE


def _studio(settings: Settings, store: MediaStore, pool: RenderPool) -> Studio:
    charts = settings.charts
    look = Look(
        candles=charts.candles,
        moving_averages=charts.moving_averages,
        width=charts.width,
        height=charts.height,
        theme=Theme(charts.theme),
    )
    return Studio(
        media=store,
        renderer=pool,
        look=look,
        entries=charts.cache_entries,
        keep=timedelta(seconds=charts.cache_seconds),
    )


def paper_brokers(
    settings: Settings, base: Path, clock: Clock
) -> dict[AccountId, PaperBroker]:
    """The brokers of the configured accounts, not connected yet.

    Raises:
        Refused: an account wants a broker that this version does not have.
    """
    return {
        AccountId(name): _paper(name, account, settings, base, clock)
        for name, account in settings.accounts.items()
    }


def _paper(
    name: str, account: AccountConfig, settings: Settings, base: Path, clock: Clock
) -> PaperBroker:
    if account.broker != "paper":
        message = (
            f'Account {name}: this version serves only broker = "paper", '
            f"was {account.broker!r}."
        )
        raise Refused(message)
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    return PaperBroker(
        name=name,
        path=base / settings.service.data_dir / f"paper-{name}.db",
        clock=clock,
        feed=open_feed(account.feed, seed=seed, speed=account.speed, base_dir=base),
        settings=PaperSettings(
            currency=account.currency,
            balance=account.balance,
            leverage=account.leverage,
            commission_per_lot=account.risk.commission_per_lot,
        ),
    )


async def migrate_database(settings: Settings, base: Path) -> str:
    """Bring the database to the newest schema; returns its revision."""
    async with open_office(settings, base, migrate=False) as office:
        await upgrade(office.journal.engines.write)
        return head_revision()

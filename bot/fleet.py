"""The accounts that this process serves: opened, watched, let go of while it runs.

Configured accounts are open when the house is. Those that were added at the command
line are opened here, at the start and whenever one is added; one that is disabled is
let go of, once it holds nothing. Brokers and rules stand in the desk's own tools, so
that everything that works with them sees the same accounts:

    accounts in the journal --keep_up--> brokers, rules, watchers, markets' clocks
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog

from bot.accounts import settings_of
from bot.app import House
from bot.deadlines import TimedBroker
from bot.markets import PaperMarket
from bot.plans import rules_of, seconds
from bot.settings import AccountConfig
from bot.tasks import Nursery, pause
from bot.watchers import Watcher
from core.accounts import OF_THE_HOUSE, Account, AccountSource, RiskRules
from core.desk.accounts import held_by
from core.desk.tools import Choices, Tools, already_seen, lease_of
from core.errors import BrokerUnavailable, Conflict, JournalUnavailable, Refused
from core.ids import AccountId
from core.messages import Lease
from core.ports import Broker, Save

log = structlog.get_logger()

QUOTES_PER_CANDLE = 4
SLOWEST_TICK = timedelta(seconds=1)
FASTEST_TICK = timedelta(milliseconds=50)


@dataclass(slots=True, kw_only=True)
class Registry:
    """Which accounts are served, as the desk's tools see it at any moment."""

    brokers: dict[AccountId, Broker] = field(default_factory=dict)
    rules: dict[AccountId, RiskRules] = field(default_factory=dict)
    sight: Callable[[AccountId], Awaitable[None]] = already_seen
    """Looks at an account that is not watched all the time."""

    async def see(self, account_id: AccountId) -> None:
        """See an account, as is known when it is asked."""
        await self.sight(account_id)

    def choices(self, choices: Choices) -> Choices:
        """The same choices, with the rules of whatever is served."""
        self.rules.update(choices.rules)
        return replace(choices, rules=self.rules)


@dataclass(slots=True, kw_only=True)
class _Served:
    """One account at work."""

    watcher: Watcher
    market: PaperMarket
    config: AccountConfig
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Fleet:
    """Serves what the journal says is to be served."""

    def __init__(
        self, house: House, tools: Tools, registry: Registry, nursery: Nursery
    ) -> None:
        self._house = house
        self._tools = tools
        self._registry = registry
        self._nursery = nursery
        self._settings = house.office.settings
        self.holders: set[str] = set()
        """Who we are on our leases; others of this process may add themselves."""
        self._served: dict[AccountId, _Served] = {}
        self._known: int | None = None
        """The version of people that was looked at last."""
        self._started = False
        for name, config in self._settings.accounts.items():
            self._take_up(AccountId(name), config, house.tools.brokers[AccountId(name)])

    # ------------------------------------------------------------ what is served
    @property
    def watchers(self) -> tuple[Watcher, ...]:
        """One for each account that is served now."""
        return tuple(each.watcher for each in self._served.values())

    def look(self) -> None:
        """Have every account looked at now."""
        for watcher in self.watchers:
            watcher.bell.ring()

    async def compare(self, account_ids: Collection[AccountId]) -> None:
        """Return once these accounts were compared with their brokers."""
        asked = (each for each in self.watchers if each.account_id in account_ids)
        await asyncio.gather(*(watcher.compare() for watcher in asked))

    async def first_look(self) -> None:
        """See every account before a waiting tap or order asks whether it is seen."""
        await asyncio.gather(*(each.look(deep=True) for each in self.watchers))

    def start(self) -> None:
        """From here on accounts are watched and their markets move."""
        self._started = True
        for served in self._served.values():
            self._keep(served)

    async def keep_up(self) -> None:
        """Serve what was added or enabled, let go of what was disabled."""
        version = await self._tools.journal.people_version()
        if version == self._known:
            return
        done = True
        for account in await self._tools.journal.find(Account, source=OF_THE_HOUSE):
            if account.enabled:
                done = await self._serve(account) and done
            elif account.id in self._served:
                done = await self._let_go(account.id) and done
        self._known = version if done else None

    async def _serve(self, account: Account) -> bool:
        """Whether it is served now, or cannot be at all."""
        config = self._config(account)
        if config is None or account.id in self._served:
            return True
        try:
            market, broker = self._opened(account.id, config)
            await broker.connect()
        except (BrokerUnavailable, Refused) as failure:
            log.warning("account_waits", account=account.id, reason=str(failure))
            return False
        self._house.papers[account.id] = market
        served = self._take_up(account.id, config, broker)
        await served.watcher.look(deep=True)
        if self._started:
            self._keep(served)
        log.info("account_taken_up", account=account.id)
        return True

    def _config(self, account: Account) -> AccountConfig | None:
        if account.source is AccountSource.CONFIG:
            return self._settings.accounts.get(account.id)
        return settings_of(account)

    def _opened(
        self, name: AccountId, config: AccountConfig
    ) -> tuple[PaperMarket, Broker]:
        """A configured account that was let go of has its broker yet."""
        if name in self._house.tools.brokers:
            return self._house.papers[name], self._house.tools.brokers[name]
        return self._house.open_account(name, config)

    def _take_up(
        self, name: AccountId, config: AccountConfig, broker: Broker
    ) -> _Served:
        holder = f"{socket.gethostname()}:{self._tools.ids.nonce()}"
        self.holders.add(holder)
        self._registry.brokers[name] = TimedBroker(broker)
        self._registry.rules[name] = rules_of(self._settings, config)
        watcher = Watcher(
            self._tools,
            name,
            holder=holder,
            period=seconds(self._settings.jobs.guard_seconds),
            reconcile=seconds(self._settings.jobs.reconcile_seconds),
        )
        served = _Served(
            watcher=watcher, market=self._house.papers[name], config=config
        )
        self._served[name] = served
        return served

    def _keep(self, served: _Served) -> None:
        name = served.watcher.account_id
        tick = partial(self.tick, name, served.market, served.config)
        served.tasks = [
            self._nursery.keep(f"market:{name}", tick),
            self._nursery.keep(f"watch:{name}", served.watcher.run),
        ]

    async def tick(
        self, name: AccountId, market: PaperMarket, config: AccountConfig
    ) -> None:
        """Keep a paper market moving, a few times per candle."""
        wait = seconds(1 / config.speed / QUOTES_PER_CANDLE)
        while True:
            try:
                await market.tick()
            except BrokerUnavailable as failure:
                log.warning("market_stands", account=name, reason=str(failure))
            await pause(min(SLOWEST_TICK, max(FASTEST_TICK, wait)))

    async def _let_go(self, name: AccountId) -> bool:
        """Whether nothing of it is served any more."""
        if await held_by(self._tools, name):
            return False
        served = self._served.pop(name)
        await self._nursery.end(served.tasks)
        broker = self._registry.brokers.pop(name)
        await broker.close()
        await release(self._tools, lambda lease: lease.id == lease_of(name))
        log.info("account_let_go", account=name)
        return True

    # ------------------------------------------------------------ the end
    async def close(self) -> None:
        """End our leases: the accounts are free, and nobody thinks that we run."""
        try:
            await release(self._tools, lambda lease: lease.holder in self.holders)
        except (Conflict, JournalUnavailable) as failure:
            log.warning("leases_run_out_by_themselves", reason=str(failure))
        for name in self._served.keys() - self._house.tools.brokers.keys():
            await self._registry.brokers[name].close()


async def release(tools: Tools, ours: Callable[[Lease], bool]) -> None:
    """Let go of these leases: whoever serves the accounts next need not wait."""
    now = tools.clock.now()
    for lease in await tools.journal.find(Lease):
        if ours(lease):
            await tools.journal.commit(Save(replace(lease, expires_at=now)))

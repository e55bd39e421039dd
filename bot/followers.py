"""Those who follow on paper, served at little cost: watched only while it matters.

A follower's account has no loop of its own. Prices are compared with all that is held
a few times a second (``Following.tick``); an account is looked at when that changed
it, every ``LOOK_EVERY`` while something is open on it, and at once when its person or
an order asks for it (``sight``). The longest waiting is looked at first, no more than
``AT_A_TIME`` in one round, so that a thousand followers only wait a little longer.
"""

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import timedelta

from bot.accounts import settings_of
from bot.app import House
from bot.deadlines import TimedBroker
from bot.fleet import Registry
from bot.plans import rules_of
from bot.settings import AccountConfig
from bot.tasks import Bell
from bot.watchers import Watcher
from core.accounts import (
    FIRED,
    OF_THE_HOUSE,
    Account,
    AccountSource,
    GuardPhase,
    GuardState,
)
from core.desk.accounts import held_by
from core.desk.followers import attend
from core.desk.tools import Tools
from core.ids import AccountId
from core.orders import LIVE, Order
from core.ports import Broker
from core.trades import ON_THE_BOOK, Trade

TICK = timedelta(milliseconds=250)
LOOK_EVERY = timedelta(seconds=10)
COMPARE_EVERY = timedelta(seconds=60)
"""Without a cause; with one, at once."""
AT_A_TIME = 5
LEASE = timedelta(seconds=25)
"""Renewed in its second half, so not at every look."""
SOON = timedelta(seconds=1)


@dataclass(slots=True, kw_only=True)
class _Follower:
    """One account that was looked at since the start."""

    watcher: Watcher
    due_at: timedelta
    """By the monotonic clock."""
    deep: bool = True
    """Whether the next look compares it with its broker."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Followers:
    """Serves every account on which somebody follows."""

    def __init__(self, house: House, tools: Tools, registry: Registry) -> None:
        self._tools = tools
        self._registry = registry
        self._settings = house.office.settings
        self._wrap = house.wrap
        self._following = house.open_following(self._sources)
        self._rules = rules_of(self._settings, AccountConfig(broker="paper"))
        self.holder = f"{socket.gethostname()}:{tools.ids.nonce()}"
        """Who we are on the leases."""
        self._house: tuple[AccountId, ...] = ()
        """The accounts whose markets are followed, that of the charts first."""
        self._ours: set[AccountId] = set()
        self._looked: dict[AccountId, _Follower] = {}
        self._open: frozenset[AccountId] = frozenset()
        """Those on which something is open."""
        self._stirred: set[AccountId] = set()
        """Those on which something happened since they were looked at."""
        self._listed_at: timedelta | None = None
        self._known: int | None = None
        self._bell = Bell()

    def _sources(self) -> list[Broker]:
        brokers = self._registry.brokers
        return [brokers[name] for name in self._house if name in brokers]

    @property
    def watching(self) -> int:
        """How many accounts are looked at again and again now."""
        return len((self._open | self._stirred) & self._ours)

    # ------------------------------------------------------------ who follows
    async def keep_up(self) -> None:
        """Serve whoever began to follow, and end what is to end."""
        version = await self._tools.journal.people_version()
        if version == self._known:
            return
        chosen = self._tools.choices.chart_account
        every = await self._tools.journal.find(Account, enabled=True)
        house = [each.id for each in every if each.source in OF_THE_HOUSE]
        self._house = tuple(sorted(house, key=lambda name: name != chosen))
        await self._list()
        done = await attend(self._tools)
        await self._list()
        self._known = version if done else None

    async def _list(self) -> None:
        papers = await self._tools.journal.find(Account, source=AccountSource.FOLLOW)
        for account in papers:
            if account.id in self._ours:
                if not account.enabled and not await held_by(self._tools, account.id):
                    self._let_go(account.id)
            elif account.enabled or await held_by(self._tools, account.id):
                self._take_up(account)

    def _take_up(self, account: Account) -> None:
        kept = settings_of(account)
        broker = self._following.broker(
            account.id, currency=kept.currency, balance=kept.balance
        )
        self._registry.brokers[account.id] = TimedBroker(self._wrap.broker(broker))
        self._registry.rules[account.id] = self._rules
        self._ours.add(account.id)

    def _let_go(self, name: AccountId) -> None:
        self._ours.discard(name)
        self._looked.pop(name, None)
        self._registry.brokers.pop(name, None)
        self._following.forget(name)

    # ------------------------------------------------------------ looking
    async def sight(self, account_id: AccountId) -> None:
        """See an account of ours that nobody has looked at lately."""
        if account_id not in self._ours:
            return
        follower = self._follower(account_id)
        seen, now = follower.watcher.looked_at, self._tools.clock.monotonic()
        if seen is None or now - seen > self._tools.choices.stale_after / 2:
            await self._look(follower)

    def _follower(self, name: AccountId) -> _Follower:
        if name not in self._looked:
            watcher = Watcher(
                self._tools,
                name,
                holder=self.holder,
                period=LOOK_EVERY,
                reconcile=COMPARE_EVERY,
                lease=LEASE,
            )
            due = self._tools.clock.monotonic()
            self._looked[name] = _Follower(watcher=watcher, due_at=due)
        return self._looked[name]

    async def _look(self, follower: _Follower) -> None:
        async with follower.turn:
            deep, follower.deep = follower.deep, False
            hurry = await follower.watcher.look(deep=deep)
            follower.deep = hurry
            wait = SOON if hurry else LOOK_EVERY
            follower.due_at = self._tools.clock.monotonic() + wait
            self._stirred.discard(follower.watcher.account_id)
            if hurry:
                self._stirred.add(follower.watcher.account_id)

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self.turn()
            await self._bell.wait(TICK)

    async def turn(self) -> None:
        """One round: prices, then those who have waited longest for a look."""
        for name in await self._following.tick():
            self.stir(AccountId(name))
        now = self._tools.clock.monotonic()
        if self._listed_at is None or now - self._listed_at >= LOOK_EVERY:
            self._open = await self._with_something_open()
            self._listed_at = now
        names = (self._open | self._stirred) & self._ours
        every = [self._follower(name) for name in names]
        due = sorted(
            (each for each in every if each.due_at <= now), key=lambda each: each.due_at
        )
        for follower in due[:AT_A_TIME]:
            await self._look(follower)

    def stir(self, account_id: AccountId) -> None:
        """Something happened on this account: compare it with its broker next."""
        if account_id in self._ours:
            follower = self._follower(account_id)
            follower.deep, follower.due_at = True, timedelta()
            self._stirred.add(account_id)

    async def _with_something_open(self) -> frozenset[AccountId]:
        journal = self._tools.journal
        trades = await journal.find(Trade, state=ON_THE_BOOK)
        orders = await journal.find(Order, state=LIVE)
        busy = FIRED - {GuardPhase.LOCKED}
        guards = await journal.find(GuardState, phase=busy)
        names = {each.account_id for each in trades}
        names |= {each.account_id for each in orders}
        names |= {each.id for each in guards}
        return frozenset(names & self._ours)

    async def close(self) -> None:
        """Let go of every account; the fleet lets go of the leases."""
        await self._following.close()

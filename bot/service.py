"""The running service: every loop and the web server, started and ended in order."""

import asyncio
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web

from bot.app import House
from bot.deadlines import TimedBroker
from bot.jobs import schedule
from bot.listening import listen
from bot.markets import PaperMarket
from bot.plans import intake_rules_of, plan_of, proxies_of, seconds, web_limits_of
from bot.ringing import RingingJournal
from bot.tasks import Bell, Nursery, pause
from bot.telegram.office import TelegramOffice, make_bot, open_telegram
from bot.telegram.wire.pacing import Pace
from bot.watchdog import Watchdog
from bot.watchers import Watcher
from bot.web import (
    PartHealth,
    Refusals,
    Runner,
    WebContext,
    add_routes,
)
from bot.webhook import webhook_plan
from bot.work import AT_ONCE, ORDERS, PROPOSALS, Worker
from core.accounts import Account
from core.desk.broadcasting import finish as finish_broadcasts
from core.desk.accounts import keep_accounts, refuse_forsaken
from core.desk.expiring import expire, forget
from core.desk.lapsing import lapse
from core.desk.owning import retire_owners
from core.desk.reporting import sum_up
from core.desk.tools import Tools
from core.errors import BrokerUnavailable, ChartFailed, Conflict, JournalUnavailable
from core.ids import AccountId
from core.messages import MESSAGES, WORK, Lease, OutboxItem
from core.ports import Save

log = structlog.get_logger()

QUOTES_PER_CANDLE = 4
SLOWEST_TICK = timedelta(seconds=1)
FASTEST_TICK = timedelta(milliseconds=50)
DRAIN = timedelta(seconds=5)
"""How long requests under way may take at the end."""
SWEEP = timedelta(seconds=30)
"""How long one sweep of what nobody decided may take."""


class Service:
    """One process's worth of Tapgate."""

    def __init__(self, house: House, *, token: str, api_base: str) -> None:
        self._house = house
        self._settings = house.office.settings
        self._nursery = Nursery()
        self._messages, self._proposals, self._orders = Bell(), Bell(), Bell()
        self.tools: Tools = replace(
            house.tools,
            journal=RingingJournal(
                house.tools.journal,
                bells={
                    PROPOSALS: self._proposals,
                    ORDERS: self._orders,
                    MESSAGES: self._messages,
                },
            ),
            epochs={},
            brokers={
                name: TimedBroker(each) for name, each in house.tools.brokers.items()
            },
        )
        self._holders: set[str] = set()
        self.watchers = [self._watcher(account) for account in self.tools.brokers]
        self._workers = [
            Worker(
                self.tools,
                self._nursery,
                lane,
                at_once=AT_ONCE[lane],
                bell=bell,
                look=self.look,
            )
            for lane, bell in (
                (PROPOSALS, self._proposals),
                (ORDERS, self._orders),
            )
        ]
        self.telegram: TelegramOffice = open_telegram(
            make_bot(token, api_base),
            self.tools,
            self._nursery,
            picture=house.pictures.path,
            bell=self._messages,
            watch=self,
            pace=Pace(
                self.tools.clock,
                per_second=self._settings.telegram.messages_per_second,
            ),
        ).hooked(webhook_plan(self._settings))
        self._scheduler = schedule(
            self.watchers,
            look_every=seconds(self._settings.jobs.guard_seconds),
            expire=self._expire,
            expire_every=seconds(self._settings.jobs.expire_seconds),
            forget=self._forget,
            lapse=partial(lapse, self.tools),
        )
        self._refusals = Refusals(self.tools.journal, self.tools.clock)
        self._watchdog = Watchdog()
        self._runner: web.AppRunner | None = None
        self._draining = False
        self.username = ""

    def _watcher(self, account_id: AccountId) -> Watcher:
        holder = f"{socket.gethostname()}:{self.tools.ids.nonce()}"
        self._holders.add(holder)
        return Watcher(
            self.tools,
            account_id,
            holder=holder,
            period=seconds(self._settings.jobs.guard_seconds),
            reconcile=seconds(self._settings.jobs.reconcile_seconds),
        )

    def look(self) -> None:
        """Have every account looked at now."""
        for watcher in self.watchers:
            watcher.bell.ring()

    async def reconcile(self, account_ids: Collection[AccountId]) -> None:
        """Return once these accounts were compared with their brokers."""
        asked = (each for each in self.watchers if each.account_id in account_ids)
        await asyncio.gather(*(watcher.compare() for watcher in asked))

    async def _expire(self) -> None:
        async with asyncio.timeout(SWEEP.total_seconds()):
            await expire(self.tools)
            await finish_broadcasts(self.tools)
            await sum_up(self.tools)

    async def _forget(self) -> None:
        async with asyncio.timeout(SWEEP.total_seconds()):
            await forget(self.tools)

    # ------------------------------------------------------------ start and end
    async def start(
        self, *, extra: Callable[[web.Application], None] | None = None
    ) -> None:
        """Start everything; ``extra`` adds routes to the same port."""
        await self._prepare()
        await self._serve_web(extra)
        self._watchdog.start()
        self._nursery.keep("watchdog", self._watchdog.renew_for_ever)
        for name, paper in self._house.papers.items():
            self._nursery.keep(f"market:{name}", partial(self._tick, name, paper))
        await self._first_look()
        for watcher in self.watchers:
            self._nursery.keep(f"watch:{watcher.account_id}", watcher.run)
        self._scheduler.start()
        for worker in self._workers:
            self._nursery.keep("work", worker.run)
        self._nursery.start("charts", self._warm_charts())
        self._nursery.start("introduce", self._introduce())
        await self.telegram.receiver.resume()
        self._nursery.keep("receive", self.telegram.receive)
        self._nursery.keep("send", self.telegram.sender.run)
        self._nursery.keep("refusals", self._refusals.run)

    async def _first_look(self) -> None:
        """See every account before a waiting tap or order asks whether it is seen."""
        looks = (watcher.look(deep=True) for watcher in self.watchers)
        await asyncio.gather(*looks)

    async def _prepare(self) -> None:
        """Accounts as configured; what a former process left behind is taken up."""
        plans = [
            plan_of(name, account) for name, account in self._settings.accounts.items()
        ]
        await refuse_forsaken(self.tools, plans)
        await keep_accounts(self.tools, plans)
        retired = await retire_owners(self.tools)
        freed = await self._free_claims() if self._house.embedded else 0
        log.info("started", freed_claims=freed, retired_owners=retired)

    async def _free_claims(self) -> int:
        """Embedded, nobody else can hold anything: a former process's is void.

        Its leases too, or no account would be watched until they run out.
        """
        now = self.tools.clock.now()
        for lease in await self.tools.journal.find(Lease):
            await self.tools.journal.commit(Save(replace(lease, expires_at=now)))
        held = await self.tools.journal.find(
            OutboxItem, done_at=None, topic=WORK | MESSAGES
        )
        claimed = [item for item in held if item.claimed_until is not None]
        for item in claimed:
            await self.tools.journal.commit(Save(replace(item, claimed_until=None)))
        return len(claimed)

    async def _serve_web(self, extra: Callable[[web.Application], None] | None) -> None:
        app = web.Application()
        context = self._web_context()
        add_routes(app, context)
        if extra is not None:
            extra(app)
        self._runner = Runner(
            app,
            head_deadline=context.limits.head_deadline,
            most_connections=context.limits.most_connections,
            shutdown_timeout=DRAIN.total_seconds(),
        )
        await self._runner.setup()
        service = self._settings.service
        await listen(self._runner, service.host, service.port)
        log.info("listening", host=service.host, port=service.port)

    def _web_context(self) -> WebContext:
        return WebContext(
            tools=self.tools,
            rules=intake_rules_of(self._settings),
            limits=web_limits_of(self._settings),
            open_secrets=self._house.office.open_secrets,
            refusals=self._refusals,
            proxies=proxies_of(self._settings),
            media=self._house.pictures,
            public_url=self._house.public_url,
            parts=self.parts,
            draining=lambda: self._draining,
            telegram=self.telegram.intake(),
        )

    async def _warm_charts(self) -> None:
        try:
            await self._house.pool.start()
        except ChartFailed as failure:
            log.warning("charts_not_ready", reason=str(failure))

    async def _introduce(self) -> None:
        self.username = await self.telegram.introduce()

    async def _tick(self, name: AccountId, paper: PaperMarket) -> None:
        """Keep a paper market moving, a few times per candle."""
        account = self._settings.accounts[name]
        wait = seconds(1 / account.speed / QUOTES_PER_CANDLE)
        while True:
            try:
                await paper.tick()
            except BrokerUnavailable as failure:
                log.warning("market_stands", reason=str(failure))
            await pause(min(SLOWEST_TICK, max(FASTEST_TICK, wait)))

    async def stop(self) -> None:
        """No new work; what is under way ends; then everything is let go of."""
        self._draining = True
        self.telegram.receiver.close()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        await self._nursery.close(grace=DRAIN)
        if self._runner is not None:
            await self._runner.cleanup()
        self._watchdog.stop()
        await self.telegram.close()
        await self._let_go()
        log.info("stopped")

    async def _let_go(self) -> None:
        """End our leases: the accounts are free, and nobody thinks that we run."""
        try:
            now = self.tools.clock.now()
            for lease in await self.tools.journal.find(Lease):
                if lease.holder in self._holders:
                    await self.tools.journal.commit(
                        Save(replace(lease, expires_at=now))
                    )
        except (Conflict, JournalUnavailable) as failure:
            log.warning("leases_run_out_by_themselves", reason=str(failure))

    # ------------------------------------------------------------ health
    async def parts(self) -> Mapping[str, PartHealth]:
        """Each part's health, for ``/readyz``."""
        await self.tools.journal.count(Account)
        current = await self._house.office.schema_is_current()
        blind = sum(each.overdue() for each in self.watchers)
        unheard = self.telegram.trouble()
        return {
            "database": PartHealth(ok=True),
            "schema": _part(current, "The schema is old: run `tapgate migrate`."),
            "guard": _part(not blind, f"{blind} accounts were not looked at in time."),
            "telegram": _part(not unheard, unheard),
        }

    async def troubles(self) -> Mapping[str, str]:
        """What is not well, for ``/status``."""
        return {
            name: part.detail
            for name, part in (await self.parts()).items()
            if not part.ok
        }


def _part(ok: bool, otherwise: str) -> PartHealth:  # noqa: FBT001 - reads as a sentence
    return PartHealth(ok=ok, detail="" if ok else otherwise)

"""The running service: every loop and the web server, started and ended in order."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web

from bot.app import House
from bot.fleet import Fleet, Registry
from bot.followers import Followers
from bot.jobs import Jobs, schedule
from bot.listening import listen
from bot.plans import intake_rules_of, plan_of, proxies_of, seconds, web_limits_of
from bot.ringing import RingingJournal
from bot.tasks import Bell, Nursery
from bot.telegram.office import TelegramOffice, make_bot, open_telegram, way_out_of
from bot.telegram.wire.pacing import Pace
from bot.watchdog import Watchdog
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
from core.desk.accounts import keep_accounts, refuse_forsaken
from core.desk.broadcasting import finish as finish_broadcasts
from core.desk.expiring import expire, forget
from core.desk.lapsing import lapse
from core.desk.owning import retire_owners
from core.desk.reporting import sum_up
from core.desk.tools import Tools
from core.errors import ChartFailed
from core.ids import AccountId
from core.messages import MESSAGES, WORK, Lease, OutboxItem
from core.ports import Save

log = structlog.get_logger()

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
        registry = Registry()
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
            brokers=registry.brokers,
            choices=registry.choices(house.tools.choices),
            sight=registry.see,
        )
        self.fleet = Fleet(house, self.tools, registry, self._nursery)
        self.followers = Followers(house, self.tools, registry)
        registry.sight = self.followers.sight
        self.fleet.holders.add(self.followers.holder)
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
            way_out_of(make_bot(token, api_base), self.tools, self._pace()),
            self.tools,
            self._nursery,
            picture=house.pictures.path,
            bell=self._messages,
            watch=self,
        ).hooked(webhook_plan(self._settings))
        self._scheduler = schedule(
            Jobs(
                look=self.look,
                look_every=seconds(self._settings.jobs.guard_seconds),
                expire=self._expire,
                expire_every=seconds(self._settings.jobs.expire_seconds),
                forget=self._forget,
                lapse=partial(lapse, self.tools),
                keep_up=self._keep_up,
            )
        )
        self._refusals = Refusals(self.tools.journal, self.tools.clock)
        self._watchdog = Watchdog()
        self._runner: web.AppRunner | None = None
        self._draining = False
        self.username = ""

    def _pace(self) -> Pace:
        per_second = self._settings.telegram.messages_per_second
        return Pace(self.tools.clock, per_second=per_second)

    def look(self) -> None:
        """Have every account looked at now."""
        self.fleet.look()

    async def reconcile(self, account_ids: Collection[AccountId]) -> None:
        """Return once these accounts were compared with their brokers."""
        await self.fleet.compare(account_ids)

    async def _keep_up(self) -> None:
        async with asyncio.timeout(SWEEP.total_seconds()):
            await self.fleet.keep_up()
            await self.followers.keep_up()

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
        await self.fleet.first_look()
        self.fleet.start()
        self._nursery.keep("followers", self.followers.run)
        self._scheduler.start()
        for worker in self._workers:
            self._nursery.keep("work", worker.run)
        self._nursery.start("charts", self._warm_charts())
        self._nursery.start("introduce", self._introduce())
        await self.telegram.receiver.resume()
        self._nursery.keep("receive", self.telegram.receive)
        self._nursery.keep("send", self.telegram.sender.run)
        self._nursery.keep("refusals", self._refusals.run)

    async def _prepare(self) -> None:
        """Accounts as configured; what a former process left behind is taken up."""
        plans = [
            plan_of(name, account) for name, account in self._settings.accounts.items()
        ]
        await refuse_forsaken(self.tools, plans)
        await keep_accounts(self.tools, plans)
        retired = await retire_owners(self.tools)
        freed = await self._free_claims() if self._house.embedded else 0
        await self.fleet.keep_up()
        await self.followers.keep_up()
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
        await self.followers.close()
        await self.fleet.close()
        log.info("stopped")

    # ------------------------------------------------------------ health
    async def parts(self) -> Mapping[str, PartHealth]:
        """Each part's health, for ``/readyz``."""
        await self.tools.journal.count(Account)
        current = await self._house.office.schema_is_current()
        blind = sum(each.overdue() for each in self.fleet.watchers)
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

"""Tapgate's web role as it runs in production: a real office, every route, its log.

Two limits of one provider are off, because here one provider stands for many: its
rate, and how many of its signals may be undecided.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from benchmarks.processes import announce, until_stdin_closes, use_core
from benchmarks.requests import PROVIDER
from bot import logs
from bot.app import Office, open_office
from bot.memory import keep_what_is_loaded
from bot.plans import intake_rules_of, plan_of, proxies_of, public_url
from bot.providers import Terms, add_provider
from bot.ringing import RingingJournal
from bot.settings import Settings
from bot.tasks import Bell
from bot.web import (
    PartHealth,
    Refusals,
    Runner,
    WebContext,
    WebLimits,
    add_routes,
)
from charts.media import MediaStore, Pictures
from core.desk.accounts import keep_accounts
from core.desk.tools import Tools
from core.ids import AccountId, ProviderName, UserId
from core.messages import MESSAGES, WORK
from core.ports import Insert
from core.users import EVERY_INSTRUMENT, Membership, Role, Subscription, User
from storage.engine import FILE_NAME

ACCOUNT = AccountId("bench")
UNLIMITED = Terms(rate_per_minute=0, open_signals=0)


def _settings() -> Settings:
    return Settings.model_validate(
        {"service": {"data_dir": "."}, "accounts": {ACCOUNT: {"broker": "paper"}}}
    )


async def furnish(office: Office, people: int = 1) -> str:
    """One account, its members, who follow the provider, and the provider's secret."""
    tools = office.tools
    accounts = office.settings.accounts
    await keep_accounts(tools, [plan_of(*each) for each in accounts.items()])
    made = await add_provider(tools, office.vault, name=PROVIDER, terms=UNLIMITED)
    rows = [row for number in range(people) for row in _person(tools, number + 1)]
    await tools.journal.commit(*map(Insert, rows))
    return made.secret or ""


def _person(tools: Tools, number: int) -> tuple[User, Membership, Subscription]:
    now, person, consent = tools.clock.now(), UserId(number), tools.choices.consent
    user = User(
        id=person,
        name="Ada",
        language="en",
        consent_version=consent.version,
        consent_hash=consent.sha256,
        consented_at=now,
        blocked_at=None,
        paused_until=None,
        time_zone="",
        quiet_from=None,
        quiet_until=None,
        created_at=now,
        updated_at=now,
    )
    member = Membership(
        id=tools.ids.identity(),
        user_id=person,
        account_id=ACCOUNT,
        role=Role.APPROVER,
        invited_by=None,
        until=None,
        warned=False,
        max_drift_r=None,
        risk_percent=None,
        created_at=now,
    )
    follows = Subscription(
        id=tools.ids.identity(),
        user_id=person,
        provider=ProviderName(PROVIDER),
        instrument=EVERY_INSTRUMENT,
        enabled=True,
        created_at=now,
    )
    return user, member, follows


def _context(office: Office) -> WebContext:
    settings, signals = office.settings, office.settings.signals
    here = public_url(settings)
    bells = {WORK: Bell(), MESSAGES: Bell()}
    tools = replace(office.tools, journal=RingingJournal(office.journal, bells=bells))
    return WebContext(
        tools=tools,
        rules=intake_rules_of(settings),
        limits=WebLimits(
            max_body_bytes=signals.max_body_bytes,
            max_payload_bytes=signals.max_payload_bytes,
            timestamp_tolerance=timedelta(seconds=signals.timestamp_tolerance_seconds),
            rate_per_minute=signals.rate_per_minute,
            rate_burst=signals.rate_burst,
            open_signals=signals.open_signals,
        ),
        open_secrets=office.open_secrets,
        refusals=Refusals(office.journal, office.tools.clock),
        proxies=proxies_of(settings),
        media=Pictures(MediaStore(office.data_dir / "media"), office.media_key, here),
        public_url=here,
        parts=_healthy,
        draining=lambda: False,
    )


async def _healthy() -> Mapping[str, PartHealth]:
    return {}


async def serve(folder: Path) -> None:
    """Serve until told to end."""
    settings = _settings()
    logs.configure(settings.service.log_format)
    async with open_office(settings, folder) as office:
        secret = await furnish(office)
        app = web.Application()
        context = _context(office)
        add_routes(app, context)
        runner = Runner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        keep_what_is_loaded()
        announce(port=runner.addresses[0][1], secret=secret, database=FILE_NAME)
        await asyncio.to_thread(until_stdin_closes)
        await runner.cleanup()


if __name__ == "__main__":
    use_core(0)
    asyncio.run(serve(Path(sys.argv[1])))

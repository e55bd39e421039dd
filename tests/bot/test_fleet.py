"""Accounts are taken up and let go of while the service runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import fleet as module
from bot.accounts import add_account
from bot.app import open_house
from bot.service import Service
from charts.pool import RenderPool
from core.accounts import Account, GuardPhase, GuardState
from core.desk.assigning import disable_account, enable_account
from core.desk.tools import lease_of
from core.errors import BrokerUnavailable
from core.ids import AccountId
from core.messages import Lease
from core.ports import Insert, Save
from core.trades import Trade, TradeState
from tests.bot.offices import PAPER, office_in, settings_of
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import Stage, telegram
from tests.bot.test_service import QUICK, _free_port
from tests.bot.waiting import until_found
from tests.builders import a_trade
from tests.fakes import FixedClock

DEMO, NIGHT = AccountId("demo"), AccountId("night")
WISH: dict[str, Any] = {"broker": "paper", "kind": "desk", "balance": 500, "speed": 20}


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    """No process draws charts here, and accounts are looked for often."""

    async def start(_: RenderPool) -> None:
        return

    monkeypatch.setattr(RenderPool, "start", start)
    monkeypatch.setattr("bot.jobs.KEEP_UP_EVERY", timedelta(milliseconds=50))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with telegram(FixedClock()) as opened:
        yield opened


@asynccontextmanager
async def _made(folder: Path, stage: Stage, **sections: Any) -> AsyncIterator[Service]:
    settings = settings_of(
        **{
            "service": {"port": _free_port()},
            "jobs": QUICK,
            "accounts": {"demo": PAPER | {"speed": 20}},
        }
        | sections
    )
    async with open_house(settings, folder, command="a test") as house:
        yield Service(house, token=TOKEN, api_base=stage.url)


@asynccontextmanager
async def _running(
    folder: Path, stage: Stage, **sections: Any
) -> AsyncIterator[Service]:
    async with _made(folder, stage, **sections) as service:
        await service.start()
        try:
            yield service
        finally:
            await service.stop()


async def _beside(folder: Path, work) -> Any:
    """An administrative command beside the running service."""
    async with office_in(folder) as office:
        return await work(office)


def _add(folder: Path, **wish: Any):
    return _beside(folder, lambda here: add_account(here, folder, NIGHT, WISH | wish))


def _served(service: Service) -> set[AccountId]:
    return {watcher.account_id for watcher in service.fleet.watchers}


async def _free(service: Service, name: AccountId) -> bool:
    (lease,) = await service.tools.journal.find(Lease, id=lease_of(name))
    return lease.expires_at <= service.tools.clock.now()


async def _seen(service: Service, name: AccountId) -> bool:
    guard = await service.tools.journal.get(GuardState, name)
    return guard is not None and guard.phase is GuardPhase.ARMED


async def test_an_account_that_is_added_is_watched_at_once(tmp_path, stage):
    async with _running(tmp_path, stage) as service:
        assert _served(service) == {DEMO}
        await _add(tmp_path, risk={"per_trade_percent": "0.3"})
        await until_found(lambda: _seen(service, NIGHT))
        assert _served(service) == {DEMO, NIGHT}
        broker = service.tools.brokers[NIGHT]
        account = (await broker.get_snapshot(since=service.tools.clock.now())).account
        assert account.balance == 500
        assert service.tools.choices.rules[NIGHT].per_trade_percent == Decimal("0.3")
        moved = await broker.get_quote("XAUUSD")

        async def moves() -> bool:
            return await broker.get_quote("XAUUSD") != moved

        await until_found(moves)


async def test_an_added_account_is_there_again_after_a_restart(tmp_path, stage):
    async with _running(tmp_path, stage) as service:
        await _add(tmp_path)
        await until_found(lambda: _seen(service, NIGHT))
    async with _running(tmp_path, stage) as service:
        assert _served(service) == {DEMO, NIGHT}
        assert await _seen(service, NIGHT)


async def test_a_disabled_account_is_let_go_of_and_taken_up_again(tmp_path, stage):
    async with _running(tmp_path, stage) as service:
        await _add(tmp_path)
        await until_found(lambda: _seen(service, NIGHT))
        for name in (DEMO, NIGHT):
            await _beside(tmp_path, lambda o, n=name: disable_account(o.tools, n))

        async def nothing_served() -> bool:
            return not _served(service) and not service.tools.brokers

        await until_found(nothing_served)
        await until_found(lambda: _free(service, NIGHT))
        for name in (DEMO, NIGHT):
            await _beside(tmp_path, lambda o, n=name: enable_account(o.tools, n))

        async def both() -> bool:
            return _served(service) == {DEMO, NIGHT}

        await until_found(both)
        for name in (DEMO, NIGHT):
            await service.tools.brokers[name].get_quote("XAUUSD")


async def test_a_disabled_account_is_served_while_it_holds_something(tmp_path, stage):
    async with _made(tmp_path, stage) as service:
        await service._prepare()
        journal = service.tools.journal
        trade = a_trade(account_id=DEMO, signal_id=None, order_id=None)
        await journal.commit(Insert(trade))
        (account,) = await journal.find(Account)
        await journal.commit(Save(replace(account, enabled=False)))
        await service.fleet.keep_up()
        assert _served(service) == {DEMO}
        for state in (TradeState.CLOSING, TradeState.CLOSED):
            (trade,) = await journal.find(Trade)
            await journal.commit(Save(replace(trade, state=state)))
        await service.fleet.keep_up()
        assert _served(service) == set()


async def test_an_account_that_cannot_be_opened_is_tried_again(tmp_path, stage):
    prices = tmp_path / "gold.csv"
    rows = "\n".join(f"2026-01-01T00:0{n}:00Z,10,11,9,10,5" for n in range(3))
    prices.write_text(f"time,open,high,low,close,volume\n{rows}\n")
    async with _made(tmp_path, stage) as service:
        await service._prepare()
        await _add(tmp_path, feed="csv:XAUUSD=gold.csv")
        text = prices.read_text()
        prices.unlink()
        with capture_logs() as lines:
            await service.fleet.keep_up()
        assert [each["event"] for each in lines] == ["account_waits"]
        assert _served(service) == {DEMO}
        prices.write_text(text)
        await service.fleet.keep_up()
        assert _served(service) == {DEMO, NIGHT}
        await service.fleet.close()


async def test_a_configured_account_of_before_is_not_opened(tmp_path, stage):
    two = {"demo": PAPER, "other": PAPER}
    async with _made(tmp_path, stage, accounts=two) as service:
        await service._prepare()
        assert _served(service) == {DEMO, AccountId("other")}
    async with _made(tmp_path, stage) as service:
        await service._prepare()
        assert _served(service) == {DEMO}


async def test_nothing_is_read_while_nobody_changed_anything(tmp_path, stage):
    async with _made(tmp_path, stage) as service:
        await service._prepare()
        with capture_logs() as lines:
            await service.fleet.keep_up()
        assert lines == []


# ------------------------------------------------------------------ markets


class Market:
    """A market that stands still, now and then out of reach."""

    def __init__(self) -> None:
        self.ticks = 0

    async def tick(self) -> None:
        self.ticks += 1
        if self.ticks == 1:
            message = "the disk is full"
            raise BrokerUnavailable(message)
        if self.ticks == 3:
            raise asyncio.CancelledError


@pytest.mark.parametrize(("speed", "expected"), [(1, 0.25), ("0.1", 1), (1000, 0.05)])
async def test_a_market_moves_a_few_times_a_candle(
    tmp_path, stage, monkeypatch, speed, expected
):
    waits: list[float] = []

    async def pause(span: timedelta) -> None:
        waits.append(span.total_seconds())

    monkeypatch.setattr(module, "pause", pause)
    accounts = {"demo": PAPER | {"speed": speed}}
    async with _made(tmp_path, stage, accounts=accounts) as service:
        market: Any = Market()
        config = service._settings.accounts["demo"]
        with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
            await service.fleet.tick(DEMO, market, config)
    assert waits == [expected] * 2
    assert [line["event"] for line in lines] == ["market_stands"]


async def test_looking_now_rings_every_watcher(tmp_path, stage):
    async with _made(tmp_path, stage) as service:
        service.look()
        for watcher in service.fleet.watchers:
            async with asyncio.timeout(5):
                await watcher.bell.wait(timedelta(hours=1))

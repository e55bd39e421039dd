"""Accounts of those who follow: taken up, looked at when it matters, let go of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot import followers as module
from bot.followers import Followers
from bot.service import Service
from core.accounts import GuardPhase, GuardState
from core.broker import CloseRequest, OpenRequest
from core.desk.followers import follow, unfollow
from core.ids import AccountId, UserId
from core.market import OrderType, Side
from core.messages import Lease
from core.ports import Insert, Save
from core.trades import Trade, TradeState
from core.users import Membership, Role
from tests.bot.offices import PAPER
from tests.bot.telegram.stage import Stage, telegram
from tests.bot.test_fleet import _made
from tests.builders import a_membership, a_trade, a_user
from tests.fakes import FixedClock

DESK = AccountId("desk")
EVE = UserId(3)
ACCOUNTS = {"desk": PAPER | {"kind": "desk"}}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with telegram(FixedClock()) as opened:
        yield opened


@asynccontextmanager
async def _followed(folder: Path, stage: Stage) -> AsyncIterator[Service]:
    """A service whose loops do not run, and Eve, who looks on."""
    async with _made(folder, stage, accounts=ACCOUNTS) as service:
        await service._prepare()
        journal = service.tools.journal
        if await journal.get(Membership, "0" * 25 + "E") is None:
            await journal.commit(
                Insert(a_user(id=EVE, name="Eve")),
                Insert(
                    a_membership(
                        id="0" * 25 + "E",
                        user_id=EVE,
                        account_id=DESK,
                        role=Role.VIEWER,
                    )
                ),
            )
        yield service
        await service.followers.close()


async def _following(service: Service) -> AccountId:
    name = await follow(service.tools, EVE)
    await service.followers.keep_up()
    return name


async def _guard(service: Service, name: AccountId) -> GuardState:
    guard = await service.tools.journal.get(GuardState, name)
    assert guard is not None
    return guard


async def test_who_begins_to_follow_is_served_and_not_watched(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        assert name in service.tools.brokers
        assert service.tools.choices.rules[name].per_trade_percent == 1
        await service.followers.turn()
        assert service.followers.watching == 0
        assert (await _guard(service, name)).phase is GuardPhase.BLIND
        assert not (tmp_path / "data" / "followers").exists()


async def test_an_account_is_seen_when_it_is_asked_about(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        await service.tools.sight(name)
        seen = await _guard(service, name)
        assert seen.phase is GuardPhase.ARMED
        assert seen.equity == Decimal(10_000)
        await service.tools.sight(name)
        assert await _guard(service, name) == seen
        await service.tools.sight(DESK)
        assert (await _guard(service, DESK)).phase is GuardPhase.BLIND


async def test_the_lease_of_a_follower_is_not_written_at_every_look(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        for _ in range(3):
            await service.followers._look(service.followers._follower(name))
        (lease,) = await service.tools.journal.find(Lease, id=f"account:{name}")
        assert lease.version == 1


async def test_the_lease_of_a_follower_is_let_go_of_at_the_end(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        await service.tools.sight(name)
        await service.fleet.close()
        (lease,) = await service.tools.journal.find(Lease, id=f"account:{name}")
        assert lease.expires_at <= service.tools.clock.now()


async def test_something_open_is_looked_at_again_and_again(
    tmp_path, stage, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_EVERY", timedelta())
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        trade = a_trade(account_id=name, signal_id=None, order_id=None)
        await service.tools.journal.commit(Insert(trade))
        await service.followers.turn()
        assert service.followers.watching == 1
        first = await _guard(service, name)
        await service.followers.turn()
        assert (await _guard(service, name)).version > first.version


async def test_no_more_than_a_few_are_looked_at_in_one_round(
    tmp_path, stage, monkeypatch
):
    monkeypatch.setattr(module, "AT_A_TIME", 0)
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        trade = a_trade(account_id=name, signal_id=None, order_id=None)
        await service.tools.journal.commit(Insert(trade))
        await service.followers.turn()
        assert service.followers.watching == 1
        assert (await _guard(service, name)).phase is GuardPhase.BLIND


async def test_what_the_market_did_is_compared_in_the_next_round(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        broker = service.tools.brokers[name]
        quote = await broker.get_quote("XAUUSD")
        bought = await broker.send(
            OpenRequest(
                instrument="XAUUSD",
                side=Side.BUY,
                order_type=OrderType.MARKET,
                volume=Decimal("0.10"),
                price=quote.ask,
                stop_loss=None,
                take_profit=None,
                deviation=Decimal(5),
                expires_at=None,
                magic=7,
                comment="tg-7",
            )
        )
        await service.followers.turn()
        assert (await _guard(service, name)).phase is GuardPhase.ARMED
        assert bought.order is not None
        await broker.send(
            CloseRequest(
                ticket=bought.order,
                instrument="XAUUSD",
                side=Side.BUY,
                volume=Decimal("0.10"),
                magic=8,
                comment="tg-8",
            )
        )
        before = await _guard(service, name)
        assert service.followers.watching == 0
        await service.followers.turn()
        assert (await _guard(service, name)).deal_cursor > before.deal_cursor
        assert service.followers.watching == 0


async def test_who_stops_is_let_go_of_once_nothing_is_open(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
        journal = service.tools.journal
        trade = a_trade(account_id=name, signal_id=None, order_id=None)
        await journal.commit(Insert(trade))
        await unfollow(service.tools, EVE)
        await service.followers.keep_up()
        assert name in service.tools.brokers
        assert service.followers._known is None, "it is tried again"
        for state in (TradeState.CLOSING, TradeState.CLOSED):
            (trade,) = await journal.find(Trade)
            await journal.commit(Save(replace(trade, state=state)))
        await service.followers.keep_up()
        assert name not in service.tools.brokers
        assert await journal.count(Membership, account_id=name) == 0


async def test_followers_are_served_again_after_a_restart(tmp_path, stage):
    async with _followed(tmp_path, stage) as service:
        name = await _following(service)
    async with _followed(tmp_path, stage) as service:
        assert name in service.tools.brokers


async def test_the_market_of_the_charts_is_followed_first(tmp_path, stage):
    accounts = ACCOUNTS | {"other": PAPER}
    charts = {"source_account": "other"}
    async with _made(tmp_path, stage, accounts=accounts, charts=charts) as service:
        await service._prepare()
        first = service.followers._sources()[0]
        assert first is service.tools.brokers[AccountId("other")]
        assert isinstance(service.followers, Followers)
        await service.followers.close()

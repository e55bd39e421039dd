"""Where everything stands, from the database alone."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.cli.common import print_json
from bot.status import Status, read_status
from core.accounts import AccountSource, GuardPhase
from core.desk.tools import lease_of
from core.ids import AccountId
from core.messages import Topic, Undelivered
from core.orders import OrderKind, OrderState
from core.trades import TradeState
from tests.builders import (
    ACCOUNT,
    a_guard,
    a_lease,
    a_provider,
    a_trade,
    a_user,
    an_account,
    an_inbox_update,
    an_order,
    an_outbox_item,
)
from tests.core.desk.world import World
from tests.fakes import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return World()


async def _read(world: World) -> Status:
    return await read_status(world.journal, now=world.clock.now())


async def _furnish(world: World) -> None:
    guard = a_guard(peak=Decimal(10_000), equity=Decimal("9500.50"))
    await world.put(a_provider(), a_user(), an_account(), guard)


async def test_an_account_shows_what_the_guard_last_saw(world):
    await _furnish(world)
    (account,) = (await _read(world)).accounts
    assert (account.name, account.broker, account.mode) == ("demo", "paper", "paper")
    assert (account.equity, account.peak) == (Decimal("9500.50"), 10_000)
    assert account.drawdown_percent == Decimal("5.00")
    assert (account.guard, account.currency) == (GuardPhase.ARMED, "USD")
    assert account.measured_at == NOON.isoformat()


async def test_an_account_that_was_never_seen_is_blind(world):
    await world.put(an_account())
    (account,) = (await _read(world)).accounts
    assert (account.guard, account.equity, account.measured_at) == ("blind", 0, None)


async def test_only_what_is_open_or_live_is_listed(world):
    await _furnish(world)
    held, gone = a_trade(), a_trade(state=TradeState.CLOSED)
    live, over = an_order(), an_order(state=OrderState.REJECTED)
    close = an_order(kind=OrderKind.CLOSE, state=OrderState.UNKNOWN)
    await world.put(held, gone, live, over, close)
    (account,) = (await _read(world)).accounts
    assert [each["ticket"] for each in account.positions] == [held.ticket]
    assert account.positions[0]["profit"] == held.floating
    listed = {(each["id"], each["kind"]) for each in account.orders}
    assert listed == {(live.id, "open"), (close.id, "close")}


async def test_a_reading_has_an_age(world):
    await _furnish(world)
    world.later(seconds=75)
    (account,) = (await _read(world)).accounts
    assert account.reading_age_seconds == 75


async def test_an_account_that_was_never_read_has_no_age(world):
    await world.put(an_account())
    (account,) = (await _read(world)).accounts
    assert account.reading_age_seconds is None


async def test_a_reading_of_the_future_is_no_younger_than_now(world):
    await world.put(an_account(), a_guard(measured_at=NOON + timedelta(hours=1)))
    (account,) = (await _read(world)).accounts
    assert account.reading_age_seconds == 0


async def test_the_service_runs_while_it_holds_an_account(world):
    await _furnish(world)
    await world.put(a_lease(id=lease_of(ACCOUNT), expires_at=NOON + SECOND))
    seen = await _read(world)
    assert (seen.running, seen.accounts[0].watched) == (True, True)


async def test_a_lease_that_ran_out_is_nobody_s(world):
    await _furnish(world)
    await world.put(a_lease(id=lease_of(ACCOUNT), expires_at=NOON))
    seen = await _read(world)
    assert (seen.running, seen.accounts[0].watched) == (False, False)


async def test_an_account_may_be_left_out_of_a_running_service(world):
    await _furnish(world)
    await world.put(a_lease(id="account:other", expires_at=NOON + SECOND))
    seen = await _read(world)
    assert (seen.running, seen.accounts[0].watched) == (True, False)


async def test_what_never_ran_does_not_run(world):
    assert not (await _read(world)).running


async def test_every_queue_is_counted(world):
    await _furnish(world)
    await world.put(
        an_outbox_item(topic=Topic.EXECUTE),
        an_outbox_item(topic=Topic.EXECUTE, done_at=NOON),
        an_inbox_update(),
    )
    queues = (await _read(world)).queues
    assert set(queues) == {*(topic.value for topic in Topic), "inbox"}
    assert {name: count for name, count in queues.items() if count} == {
        "execute": 1,
        "inbox": 1,
    }


async def test_it_is_one_json_document_of_the_contract_s_shape(world, capsys):
    await _furnish(world)
    await world.put(a_trade(), an_order())
    print_json((await _read(world)).as_json())
    document = json.loads(capsys.readouterr().out)
    (account,) = document["accounts"]
    assert {
        "name",
        "broker",
        "mode",
        "equity",
        "peak",
        "drawdown_percent",
        "guard",
        "positions",
        "orders",
    } <= set(account)
    assert account["equity"] == 9500.5
    assert account["positions"][0]["side"] == "buy"


async def test_what_never_reached_its_reader_is_counted(world):
    read = an_outbox_item(topic=Topic.NOTICE, done_at=NOON)
    lost = an_outbox_item(
        topic=Topic.NOTICE, done_at=NOON, failed=Undelivered.UNREACHABLE
    )
    await world.put(read, lost)
    assert (await _read(world)).undelivered == 1


async def test_followers_are_counted_and_not_listed(world):
    listed = len((await _read(world)).accounts)
    paper = an_account(id="paper-1", source=AccountSource.FOLLOW)
    gone = an_account(id="paper-2", source=AccountSource.FOLLOW, enabled=False)
    await world.put(paper, gone)
    seen = await _read(world)
    assert (len(seen.accounts), seen.followers) == (listed, 1)


async def test_the_lease_of_a_follower_does_not_say_that_the_service_runs(world):
    await world.put(an_account(id="paper-1", source=AccountSource.FOLLOW))
    until = NOON + 10 * SECOND
    await world.put(a_lease(id=lease_of(AccountId("paper-1")), expires_at=until))
    assert not (await _read(world)).running

"""An account is looked at in time, under its lease, whatever a look runs into."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot import watchers
from bot.watchers import Watcher
from core.accounts import GuardPhase, GuardState
from core.broker import Snapshot
from core.desk.commanding import panic
from core.desk.tools import lease_of
from core.errors import JournalUnavailable
from core.messages import Lease
from core.orders import Order, OrderState
from tests.builders import ACCOUNT, a_send, an_order
from tests.core.desk.world import ADA, World, own_desk

PERIOD = timedelta(seconds=2)
RECONCILE = timedelta(seconds=10)


@pytest.fixture
async def world() -> World:
    world = await own_desk()
    world.epochs = {}  # from here on nothing is written without a lease
    return world


@pytest.fixture
def watcher(world) -> Watcher:
    return _watcher(world)


def _watcher(world: World, holder: str = "here") -> Watcher:
    return Watcher(
        world.tools, ACCOUNT, holder=holder, period=PERIOD, reconcile=RECONCILE
    )


async def _lease(world: World) -> Lease:
    return await world.one(Lease, id=lease_of(ACCOUNT))


# ------------------------------------------------------------------ looking


async def test_a_look_is_noted_with_its_time(world, watcher):
    assert watcher.overdue()
    world.later(seconds=3)
    assert await watcher.look() is False
    assert watcher.looked_at == world.clock.monotonic()
    assert not watcher.overdue()
    world.later(seconds=11)
    assert watcher.overdue()


async def test_a_fired_guard_is_looked_at_again_soon(world, watcher):
    await panic(world.tools, ACCOUNT, by=ADA)
    assert await watcher.look() is True


async def test_the_broker_is_compared_with_at_its_own_interval(
    world, watcher, monkeypatch
):
    deep = []
    watch = watchers.watch

    async def noted(tools, account_id, **how):
        deep.append(how.get("deep", True))
        return await watch(tools, account_id, **how)

    monkeypatch.setattr(watchers, "watch", noted)
    for _ in range(7):
        await watcher.look()
        world.later(seconds=2)
    await watcher.look(deep=True)
    assert deep == [True, False, False, False, False, True, False, True]


# ------------------------------------------------------------------ the lease


async def test_a_look_takes_and_renews_the_lease(world, watcher):
    await watcher.look()
    world.later(seconds=4)
    await watcher.look()
    lease = await _lease(world)
    assert (lease.holder, lease.epoch) == ("here", 1)
    assert lease.expires_at == world.clock.now() + watchers.LEASE
    assert world.epochs == {ACCOUNT: 1}


async def test_without_the_lease_nothing_is_looked_at(world, watcher):
    other = _watcher(world, "there")
    await other.look()
    before = await world.guard()
    world.later(seconds=3)
    assert await watcher.look() is False
    assert watcher.looked_at is None
    assert (await world.guard()) == before
    assert ACCOUNT not in world.epochs


async def test_a_new_holder_has_a_larger_epoch(world, watcher):
    await watcher.look()
    world.later(seconds=11)
    other = _watcher(world, "there")
    await other.look()
    assert (await _lease(world)).epoch == 2
    assert world.epochs == {ACCOUNT: 2}


async def test_a_new_epoch_waits_no_more_for_answers_to_an_older_one(world, watcher):
    order = an_order(state=OrderState.SUBMITTING)
    await world.put(order, a_send(order_id=order.id))
    await watcher.look()
    assert (await world.one(Order, id=order.id)).state is OrderState.UNKNOWN


async def test_a_lease_that_was_lost_meanwhile_stops_the_look(world, watcher):
    await watcher.look()
    world.later(seconds=1)

    async def taken_over() -> None:
        world.later(seconds=11)
        await world.journal.take_lease(
            lease_of(ACCOUNT), holder="there", lasts=timedelta(minutes=1)
        )

    world.journal.before_writing(GuardState, taken_over)
    with capture_logs() as lines:
        assert await watcher.look() is False
    assert [line["event"] for line in lines] == ["lease_lost"]


# ------------------------------------------------------------------ trouble


async def test_a_look_that_hangs_is_given_up(world, watcher, monkeypatch):
    monkeypatch.setattr(watchers, "PASS_DEADLINE", timedelta(milliseconds=10))

    async def never(*, since: datetime) -> Snapshot:
        await asyncio.Event().wait()
        raise AssertionError(since)

    monkeypatch.setattr(world.broker, "get_snapshot", never)
    with capture_logs() as lines:
        assert await watcher.look() is False
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "look_failed"
    ]
    assert watcher.looked_at is None


async def test_a_look_that_fails_saw_nothing(world, watcher, monkeypatch):
    async def crash(*, since: datetime) -> Snapshot:
        message = f"a bug, at {since}"
        raise RuntimeError(message)

    monkeypatch.setattr(world.broker, "get_snapshot", crash)
    with capture_logs() as lines:
        assert await watcher.look() is False
    assert "look_failed" in [line["event"] for line in lines]
    assert (await world.guard()).phase is GuardPhase.BLIND


async def test_a_journal_that_cannot_be_written_ends_no_loop(world, watcher):
    async def broken() -> None:
        message = "disk full"
        raise JournalUnavailable(message)

    for _ in range(2):
        world.journal.before_writing(GuardState, broken)
    world.later(seconds=1)
    with suppress(JournalUnavailable):
        assert await watcher.look() is False
    assert watcher.looked_at is None


# ------------------------------------------------------------------ the loop


async def _run(watcher: Watcher, looks: int, monkeypatch) -> list[timedelta]:
    """What the loop waits between its looks."""
    waits: list[timedelta] = []
    enough = asyncio.Event()

    async def wait(span: timedelta) -> None:
        waits.append(span)
        if len(waits) == looks:
            enough.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(watcher.bell, "wait", wait)
    running = asyncio.get_running_loop().create_task(watcher.run())
    await asyncio.wait_for(enough.wait(), 5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return waits


async def test_unless_it_is_rung_for_it_looks_when_it_is_overdue(watcher, monkeypatch):
    waits = await _run(watcher, 2, monkeypatch)
    assert waits == [PERIOD * watchers.OVERDUE] * 2


async def test_while_something_is_left_to_do_it_looks_more_often(
    world, watcher, monkeypatch
):
    await panic(world.tools, ACCOUNT, by=ADA)
    assert await _run(watcher, 1, monkeypatch) == [watchers.WHILE_FIRED]

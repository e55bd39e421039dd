"""The schedule rings, holds no state, and one run that hangs stops no other job."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.jobs import Jobs, schedule
from bot.watchers import Watcher
from tests.core.desk.world import World

OFTEN = timedelta(milliseconds=20)
PATIENCE = 10


def _watcher(name: str) -> Watcher:
    return Watcher(World().tools, name, holder="here", period=OFTEN, reconcile=OFTEN)


@pytest.fixture
async def started():
    """Starts a schedule, and ends it."""
    running = []

    def start(watchers: list[Watcher], expire: Callable[[], Awaitable[None]]):
        def look() -> None:
            for watcher in watchers:
                watcher.bell.ring()

        scheduler = schedule(
            Jobs(
                look=look,
                look_every=OFTEN,
                expire=expire,
                expire_every=OFTEN,
                forget=_nothing,
                lapse=_nothing,
                keep_up=_nothing,
            )
        )
        scheduler.start()
        running.append(scheduler)
        return scheduler

    yield start
    for scheduler in running:
        scheduler.shutdown(wait=False)


async def _nothing() -> None:
    return


async def test_every_account_is_rung_for(started):
    watchers = [_watcher("one"), _watcher("two")]
    started(watchers, _nothing)
    async with asyncio.timeout(PATIENCE):
        for watcher in watchers:
            await watcher.bell.wait(timedelta(hours=1))


async def test_what_nobody_decided_is_swept_again_and_again(started):
    swept = asyncio.Semaphore(0)

    async def expire() -> None:
        swept.release()

    started([], expire)
    async with asyncio.timeout(PATIENCE):
        for _ in range(3):
            await swept.acquire()


async def test_a_run_that_hangs_neither_overlaps_nor_stops_the_looks(started):
    runs = []

    async def expire() -> None:
        runs.append(1)
        await asyncio.Event().wait()

    watcher = _watcher("one")
    started([watcher], expire)
    async with asyncio.timeout(PATIENCE):
        for _ in range(4):
            await watcher.bell.wait(timedelta(hours=1))
    assert runs == [1]


async def test_a_job_that_fails_is_logged_and_comes_again(started):
    runs = asyncio.Semaphore(0)

    async def expire() -> None:
        runs.release()
        message = "disk full"
        raise RuntimeError(message)

    with capture_logs() as lines:
        started([], expire)
        async with asyncio.timeout(PATIENCE):
            for _ in range(3):
                await runs.acquire()
    failed = [line for line in lines if line["event"] == "job_failed"]
    assert failed[0]["job"] == "expire"
    assert failed[0]["reason"] == "disk full"


async def test_a_run_that_the_end_cuts_off_is_no_alarm(started):
    begun = asyncio.Event()

    async def expire() -> None:
        begun.set()
        await asyncio.Event().wait()

    with capture_logs() as lines:
        scheduler = started([], expire)
        await begun.wait()
        scheduler.shutdown(wait=False)
        for _ in range(5):
            await asyncio.sleep(0)  # noqa: TID251 - lets the cancelled run end
        scheduler.start()
    assert lines == []


async def test_a_late_run_is_run_once_instead_of_dropped(started):
    scheduler = started([_watcher("one")], _nothing)
    names = {job.id for job in scheduler.get_jobs()}
    assert names == {"look", "keep_up", "expire", "forget", "lapse"}
    for job in scheduler.get_jobs():
        assert job.misfire_grace_time is None
        assert (job.coalesce, job.max_instances) == (True, 1)

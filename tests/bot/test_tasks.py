"""No task is lost, none fails unseen, and the end waits for what is under way."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot import tasks
from bot.tasks import Bell, Nursery, until_told_to_stop
from tests.bot.waiting import turns

SOON = timedelta(seconds=5)
NEVER = timedelta(hours=1)


@pytest.fixture
async def nursery():
    made = Nursery()
    yield made
    await made.close()


async def _fail() -> None:
    message = "as expected"
    raise RuntimeError(message)


async def test_a_failure_in_the_background_is_logged_once(nursery):
    with capture_logs() as lines:
        nursery.start("thing", _fail())
        await turns()
    (line,) = lines
    assert (line["event"], line["task"]) == ("task_failed", "thing")
    assert str(line["exc_info"]) == "as expected"


async def test_a_loop_that_fails_starts_again(nursery, monkeypatch):
    monkeypatch.setattr(tasks, "RESTART_AFTER", timedelta(0))
    runs = []

    async def work() -> None:
        runs.append(1)
        if len(runs) < 3:
            await _fail()
        await asyncio.Event().wait()

    with capture_logs() as lines:
        nursery.keep("loop", work)
        await turns(20)
    assert len(runs) == 3
    assert [line["event"] for line in lines] == ["loop_failed", "loop_failed"]


async def test_a_loop_that_ends_starts_again(nursery, monkeypatch):
    monkeypatch.setattr(tasks, "RESTART_AFTER", timedelta(0))
    runs = []

    async def work() -> None:
        runs.append(1)

    nursery.keep("loop", work)
    await turns(10)
    assert len(runs) > 1


async def test_the_end_cancels_what_is_left_and_waits_for_it():
    nursery, ended = Nursery(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await turns(2)
            ended.append(1)

    nursery.start("work", work())
    nursery.keep("loop", work)
    await turns()
    with capture_logs() as lines:
        await nursery.close()
    assert ended == [1, 1]
    assert lines == []


async def test_within_its_grace_work_ends_by_itself_but_loops_do_not():
    nursery, done, loops = Nursery(), [], []
    gate = asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.append(1)

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            loops.append(1)
            gate.set()

    nursery.start("work", work())
    nursery.keep("loop", loop)
    await turns()
    await nursery.close(grace=SOON)
    assert (done, loops) == ([1], [1])


async def test_after_its_grace_work_is_cancelled():
    nursery = Nursery()
    nursery.start("work", _wait_for_ever())
    await nursery.close(grace=timedelta(milliseconds=10))
    assert not nursery._tasks


async def _wait_for_ever() -> None:
    await asyncio.Event().wait()


async def test_work_that_starts_more_work_at_the_end_leaves_none_behind():
    nursery = Nursery()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            nursery.start("late", _wait_for_ever())

    nursery.start("work", work())
    await turns()
    await nursery.close()
    assert not nursery._tasks


async def test_a_ring_wakes_the_sleeper():
    bell = Bell()
    sleeper = asyncio.get_running_loop().create_task(bell.wait(NEVER))
    await turns()
    bell.ring()
    await asyncio.wait_for(sleeper, 5)


async def test_a_ring_while_nobody_sleeps_is_not_lost():
    bell = Bell()
    bell.ring()
    bell.ring()
    await asyncio.wait_for(bell.wait(NEVER), 5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bell.wait(NEVER), 0.01)


async def test_without_a_ring_the_sleeper_wakes_in_time():
    await asyncio.wait_for(Bell().wait(timedelta(milliseconds=1)), 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_tells_to_stop(number):
    waiting = asyncio.get_running_loop().create_task(until_told_to_stop())
    await turns()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(waiting, 5)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(each)

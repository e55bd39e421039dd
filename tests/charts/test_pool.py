"""Drawing processes: warm, bounded, replaced when they die or hang."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from charts.candles import draw
from charts.easel import Easel
from charts.pictures import SignalPicture
from charts.pool import RenderPool
from core.errors import ChartFailed
from tests.charts.samples import chart, picture

PROJECT = Path(__file__).parents[2]

SCRIPT = """
import json, os, sys, time
def say(data):
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()
if sys.argv[1:]:
    with open(sys.argv[1], "a") as log:
        log.write("started ")
say(b"")
while header := sys.stdin.buffer.read(4):
    size = int.from_bytes(header, "big")
    word = json.loads(sys.stdin.buffer.read(size))["instrument"]
    if word == "DIES":
        os._exit(3)
    if word == "HANGS":
        time.sleep(60)
    if word == "SLOW":
        time.sleep(0.2)
    say(str(os.getpid()).encode())
"""
FAST = (sys.executable, "-S", "-E", "-c", SCRIPT)
"""A worker that draws nothing: it answers with its process number."""


def asked(instrument: str) -> SignalPicture:
    return picture(chart((), instrument=instrument, stop_loss=None))


@asynccontextmanager
async def pool(*, workers=1, seconds=5.0, queue=64, command=FAST):
    made = RenderPool(workers, timedelta(seconds=seconds), queue=queue, command=command)
    try:
        yield made
    finally:
        await made.close()


def is_running(pid: int) -> bool:
    """Whether it is there and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_running(pid)


async def test_a_real_worker_draws_the_same_bytes_as_we_would():
    async with pool(
        command=(sys.executable, "-m", "charts.worker"), seconds=60
    ) as made:
        await made.start()
        png = await made.render(picture())
    assert png == draw(picture(), Easel())


async def test_workers_are_the_same_processes_from_picture_to_picture():
    async with pool(workers=2) as made:
        await made.start()
        pids = {await made.render(asked("ANY")) for _ in range(6)}
    assert 1 <= len(pids) <= 2


async def test_two_workers_draw_at_once():
    async with pool(workers=2) as made:
        await made.start()
        pids = await asyncio.gather(*(made.render(asked("SLOW")) for _ in range(2)))
    assert len(set(pids)) == 2


async def test_without_a_start_the_first_picture_starts_a_worker():
    async with pool() as made:
        assert await made.render(asked("ANY"))


async def test_a_worker_that_dies_fails_its_picture_and_is_replaced():
    async with pool() as made:
        before = await made.render(asked("ANY"))
        with pytest.raises(ChartFailed, match="the drawing process died"):
            await made.render(asked("DIES"))
        assert await made.render(asked("ANY")) != before


async def test_the_replacement_is_started_before_it_is_needed(tmp_path):
    log = tmp_path / "log"
    async with pool(command=(*FAST, str(log))) as made:
        with pytest.raises(ChartFailed):
            await made.render(asked("DIES"))
        end = time.monotonic() + 5
        while log.read_text() != "started started " and time.monotonic() < end:
            await asyncio.wait([asyncio.Future()], timeout=0.01)
    assert log.read_text() == "started started "


async def test_a_worker_killed_between_pictures_is_replaced():
    async with pool() as made:
        pid = int(await made.render(asked("ANY")))
        os.kill(pid, signal.SIGKILL)
        assert wait_until_gone(pid)
        with pytest.raises(ChartFailed):
            await made.render(asked("ANY"))
        assert int(await made.render(asked("ANY"))) != pid


async def test_a_worker_that_hangs_is_killed_at_the_deadline_and_replaced():
    async with pool(seconds=0.5) as made:
        await made.start()
        pid = made._workers[0]._process.pid
        with pytest.raises(ChartFailed):
            await made.render(asked("HANGS"))
        assert wait_until_gone(pid)
        await made.start()
        assert int(await made.render(asked("ANY"))) != pid


async def test_time_spent_waiting_for_a_worker_counts_against_the_deadline():
    async with pool(seconds=0.5) as made:
        await made.start()
        results = await asyncio.gather(
            *(made.render(asked("SLOW")) for _ in range(5)), return_exceptions=True
        )
    failed = [result for result in results if isinstance(result, ChartFailed)]
    assert len(failed) >= 2
    assert str(failed[-1]) == "no picture after 0.5 s"


async def test_more_pictures_than_the_queue_holds_fail_at_once():
    async with pool(queue=2) as made:
        await made.start()
        results = await asyncio.gather(
            *(made.render(asked("SLOW")) for _ in range(3)), return_exceptions=True
        )
        assert [type(result) for result in results] == [bytes, bytes, ChartFailed]
        assert str(results[2]) == "too many pictures are waiting"
        assert await made.render(asked("ANY"))


async def test_who_gives_up_waiting_leaves_the_pool_working():
    async with pool(queue=2) as made:
        await made.start()
        for _ in range(4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await made.render(asked("SLOW"))
        assert await made.render(asked("ANY"))


async def test_a_worker_that_does_not_start_is_told_at_the_start():
    command = (sys.executable, "-S", "-c", "raise SystemExit(1)")
    async with pool(command=command, workers=2) as made:
        with pytest.raises(ChartFailed, match="a drawing process did not start"):
            await made.start()
        with pytest.raises(ChartFailed, match="the drawing process died"):
            await made.render(asked("ANY"))


async def test_closing_ends_the_workers_and_what_they_draw():
    made = RenderPool(1, timedelta(seconds=30), command=FAST)
    pid = int(await made.render(asked("ANY")))
    hanging = asyncio.gather(
        *(made.render(asked("HANGS")) for _ in range(3)), return_exceptions=True
    )
    await asyncio.wait([hanging], timeout=0.05)
    await made.close()
    results = await hanging
    assert len(results) == 3
    assert all(isinstance(result, ChartFailed) for result in results)
    assert not is_running(pid)


async def test_after_closing_nothing_is_drawn_and_closing_again_is_fine():
    async with pool() as made:
        await made.start()
        await made.close()
        with pytest.raises(ChartFailed, match="no longer drawn"):
            await made.render(asked("ANY"))


async def test_the_event_loop_runs_on_while_a_picture_is_drawn():
    async with pool() as made:
        await made.start()
        drawing = asyncio.gather(made.render(asked("SLOW")))
        turns = 0
        while not drawing.done():
            await asyncio.wait([drawing], timeout=0.001)
            turns += 1
    assert turns > 20


def test_the_service_itself_loads_no_drawing_library():
    program = (
        "import sys, charts.studio, charts.pool, charts.media;"
        "print({'matplotlib', 'mplfinance', 'pandas', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    assert printed.stdout.strip() == b"set()"


OWNER = f"""
import asyncio, os, signal, sys
from datetime import timedelta
from charts.pool import RenderPool
sys.path.insert(0, {str(PROJECT)!r})
from tests.charts.samples import chart, picture

async def main():
    pool = RenderPool(1, timedelta(seconds=5), command={FAST!r})
    asked = picture(chart((), stop_loss=None))
    print((await pool.render(asked)).decode(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_no_worker_outlives_a_service_that_is_killed(tmp_path):
    script = tmp_path / "owner.py"  # without the guard that spawning would need
    script.write_text(OWNER)
    owner = subprocess.run(
        [sys.executable, str(script)],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        check=False,
    )
    assert owner.returncode == -signal.SIGKILL
    assert wait_until_gone(int(owner.stdout))

"""A process whose loop is stuck is ended, so that a supervisor starts it again."""

import subprocess
import sys
from datetime import timedelta

import pytest

from bot import watchdog
from bot.watchdog import EXIT_CODE, Watchdog

PROGRAM = """
import asyncio, time
from datetime import timedelta
from bot.watchdog import Watchdog

async def main():
    dog = Watchdog(limit=timedelta(seconds=0.3), step=timedelta(seconds=0.05))
    dog.start()
    renewing = asyncio.get_running_loop().create_task(dog.renew_for_ever())
    await asyncio.sleep(0.5)
    print("alive", flush=True)
    {what}
    print("done", flush=True)
    dog.stop()
    renewing.cancel()

asyncio.run(main())
"""


def _run(what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(what=what)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_loop_that_is_blocked_ends_the_process():
    ended = _run("time.sleep(30)")
    assert ended.returncode == EXIT_CODE == 70
    assert "alive" in ended.stdout
    assert "event_loop_stuck" in ended.stdout
    assert "done" not in ended.stdout


def test_a_loop_that_turns_is_left_alone():
    ended = _run("await asyncio.sleep(0.6)")
    assert (ended.returncode, ended.stdout) == (0, "alive\ndone\n")


@pytest.fixture
def bitten(monkeypatch) -> list[int]:
    """Exit codes instead of an end."""
    codes: list[int] = []
    monkeypatch.setattr(watchdog.os, "_exit", codes.append)
    return codes


def _time(monkeypatch, *, seconds: float) -> None:
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: seconds)


def _one_look(dog: Watchdog, monkeypatch) -> None:
    looks = iter([False, True])
    monkeypatch.setattr(dog._stop, "wait", lambda _: next(looks))
    dog._watch()


def test_it_bites_only_beyond_its_limit(monkeypatch, bitten):
    _time(monkeypatch, seconds=100)
    dog = Watchdog(limit=timedelta(seconds=10))
    _time(monkeypatch, seconds=110)
    _one_look(dog, monkeypatch)
    assert bitten == []
    _time(monkeypatch, seconds=110.5)
    _one_look(dog, monkeypatch)
    assert bitten == [EXIT_CODE]


def test_what_was_slow_before_it_began_does_not_count(monkeypatch, bitten):
    _time(monkeypatch, seconds=100)
    dog = Watchdog(limit=timedelta(seconds=10), step=timedelta(hours=1))
    _time(monkeypatch, seconds=200)
    dog.start()
    dog.stop()
    _one_look(dog, monkeypatch)
    assert bitten == []

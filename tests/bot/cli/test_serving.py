"""Commands that stay, in this process: they start, answer, and end when told to."""

import asyncio
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from bot.cli import serving
from bot.demo import story
from bot.errors import StoryFailed
from core.accounts import GuardPhase
from storage.lock import exclusive_lock
from tests.bot.offices import write_config
from tests.bot.sandbox.helpers import TOKEN
from tests.fakes import NOON

PATIENCE = 60


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def port() -> int:
    return _free_port()


@pytest.fixture
def token(monkeypatch) -> None:
    monkeypatch.setenv("TAPGATE_TELEGRAM__TOKEN", TOKEN)


def _get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return json.load(answer)


def _until(look: Callable[[], Any]) -> Any:
    """What the look returns, once it can."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return look()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)


@pytest.fixture
def told(monkeypatch) -> Event:
    """Set by a test instead of a signal, which would end the tests as well."""
    told = Event()

    async def until_told() -> None:
        await asyncio.to_thread(told.wait)

    monkeypatch.setattr(serving, "until_told_to_stop", until_told)
    return told


@contextmanager
def _meanwhile(told: Event, look: Callable[[], Any]) -> Iterator[list[Any]]:
    """From another thread: look, keep what was seen, and tell the command to stop."""
    seen: list[Any] = []
    told.clear()

    def watch() -> None:
        try:
            seen.append(_until(look))
        finally:
            told.set()

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        thread.join(PATIENCE)


# ------------------------------------------------------------------ run


def test_the_service_runs_until_it_is_told_to_stop(
    tapgate, tmp_path, port, token, told
):
    telegram = {"api_base": f"http://127.0.0.1:{_free_port()}"}
    write_config(tmp_path, service={"port": port}, telegram=telegram)
    with _meanwhile(told, lambda: _get(port, "/readyz")) as seen:
        ran = tapgate("run")
    assert ran.code == 0
    (answer,) = seen
    assert answer["parts"]["database"] == {"ok": True, "detail": ""}
    assert "listening" in ran.err
    assert "stopped" in ran.err
    assert TOKEN not in ran.err


def test_a_second_run_says_who_holds_the_data(tapgate, tmp_path, port, token):
    write_config(tmp_path, service={"port": port})
    lock = tmp_path / "data" / "tapgate.lock"
    with exclusive_lock(lock, command="tapgate run --role all", since=NOON):
        ran = tapgate("run")
    assert (ran.code, ran.out) == (1, "")
    assert f"`tapgate run --role all` (process {os.getpid()}, 2026-11-24T12" in ran.err
    assert "is already running on this database" in ran.err


def test_a_taken_port_is_told_and_everything_is_let_go(tapgate, tmp_path, token):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        write_config(tmp_path, service={"port": port})
        ran = tapgate("run")
    assert ran.code == 1
    assert f"Port {port} of 127.0.0.1 cannot be had" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"accounts": {}}, "there is no [accounts.NAME] section"),
        ({"telegram": {"mode": "webhook"}}, "set TAPGATE_TELEGRAM__WEBHOOK_SECRET to"),
        ({"telegram": {"mode": "webhook"}}, "service.public_url must be the https"),
        ({"cache": {"url": "redis://x"}}, "cache.url: this version serves"),
        (
            {"approvals": {"consent_dir": "terms"}},
            "terms, which [approvals] consent_dir",
        ),
    ],
)
def test_what_cannot_be_served_is_refused(tapgate, tmp_path, token, sections, said):
    write_config(tmp_path, **sections)
    ran = tapgate("run")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_without_a_token_the_service_does_not_start(tapgate, config):
    ran = tapgate("run")
    assert ran.code == 2
    assert "There is no bot token. Get one from @BotFather" in ran.err


# ------------------------------------------------------------------ sandbox


def test_the_sandbox_runs_alone(tapgate, port, told):
    with _meanwhile(told, lambda: _get(port, f"/bot{TOKEN}/getMe")) as seen:
        ran = tapgate("sandbox", "--port", str(port))
    assert ran.code == 0
    assert seen[0]["result"]["is_bot"] is True
    assert f"Telegram sandbox http://127.0.0.1:{port}" in ran.out


def test_the_sandbox_needs_a_free_port(tapgate):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = tapgate("sandbox", "--port", str(taken.getsockname()[1]))
    assert ran.code == 1
    assert "cannot be had" in ran.err


# ------------------------------------------------------------------ demo


def _first_prompt(port: int) -> Any:
    """The first prompt in Ada's chat that shows how many lots it is about."""
    path = f"/sandbox/wait?chat=1001&button=Approve%200&timeout={PATIENCE}"
    return _get(port, path)


def test_the_demo_is_there_to_be_tried_twice_on_the_same_data(
    tapgate, tmp_path, port, told
):
    words = ["demo", "--port", str(port), "--data-dir", str(tmp_path / "d")]
    for _ in range(2):
        with _meanwhile(told, lambda: _first_prompt(port)) as seen:
            ran = tapgate(*words)
        assert ran.code == 0, ran.err
        assert seen[0]["sandbox"]["labels"][0].startswith("Approve ")
        assert f"Open http://127.0.0.1:{port}" in ran.out
    assert (tmp_path / "d" / "tapgate.db").is_file()


@pytest.fixture
def short_story(monkeypatch) -> list[str]:
    """The story's steps, of which a test decides."""
    steps: list[str] = []

    async def play(_: story.Story) -> AsyncIterator[str]:
        for step in steps:
            if step == "never":
                await asyncio.Event().wait()
            if step.startswith("fail"):
                raise StoryFailed(step)
            yield step

    async def summary(_: story.Story) -> story.Summary:
        return story.Summary(
            signals=6,
            approved=2,
            rejected=2,
            orders_filled=2,
            trades_closed=2,
            closed_at_target=1,
            closed_by_guard=1,
            profit=story.Decimal("12.5"),
            guard=GuardPhase.ARMED,
            audit_entries=9,
        )

    monkeypatch.setattr(story.Story, "play", play)
    monkeypatch.setattr(story.Story, "summary", summary)
    return steps


def _auto(tapgate, port: int, *more: str):
    return tapgate("demo", "--auto", "--port", str(port), *more)


def test_a_story_that_ends_well_ends_with_its_numbers(tapgate, port, short_story):
    short_story += ["Ada tapped Approve: one order, filled"]
    ran = _auto(tapgate, port)
    assert ran.code == 0
    assert " s  ✔ Everything runs at http" in ran.out
    assert " s  ✔ Ada tapped Approve: one order, filled." in ran.out
    assert "Approved / rejected  2 / 2" in ran.out
    assert "Profit               +12.50 USD" in ran.out


def test_a_step_that_does_not_happen_is_a_failure(tapgate, port, short_story):
    short_story += ["fail [/] to fill"]
    ran = _auto(tapgate, port)
    assert ran.code == 1
    assert "✖ fail [/] to fill" in ran.out
    assert "What the database says" not in ran.out


async def _nothing() -> int:
    return 0


def test_a_story_past_its_deadline_is_a_failure(capsys):
    async def never() -> int:
        await asyncio.Event().wait()
        return 0

    within = serving._within
    assert asyncio.run(within(never(), 0, auto=True)) == 1
    assert "Not done within 0 seconds." in capsys.readouterr().out
    assert asyncio.run(within(never(), 0, auto=False)) == 0
    assert asyncio.run(within(_nothing(), None, auto=False)) == 0

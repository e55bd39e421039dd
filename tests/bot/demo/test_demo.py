"""The demo in this process: its controls, its hands, its show, and its whole story."""

import asyncio
import socket
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo import hands as hands_module
from bot.demo import show, story
from bot.demo.hands import Hands
from bot.demo.house import Demo, demo_settings, open_demo, settle_in
from bot.demo.people import ADA, PEOPLE, SAM, VERA
from bot.demo.story import Story
from bot.errors import StoryFailed
from charts.pool import RenderPool
from core.errors import ChartFailed
from core.market import Side
from core.signals import Signal
from core.users import Membership, Provider, Role
from tests.bot.waiting import until_found


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch) -> None:
    """Charts have tests of their own; here the prompts are texts."""

    async def start(_: RenderPool) -> None:
        return

    async def draw(*_: Any, **__: Any) -> bytes:
        message = "no pictures here"
        raise ChartFailed(message)

    monkeypatch.setattr(RenderPool, "start", start)
    monkeypatch.setattr(RenderPool, "render", draw, raising=False)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    settings = demo_settings(_free_port(), tmp_path, limit_percent=5)
    async with open_demo(settings, tmp_path) as opened:
        yield opened


# ------------------------------------------------------------------ the whole story


async def test_the_whole_story_happens_and_its_numbers_are_right(demo, monkeypatch):
    monkeypatch.setattr(story, "RISE_SECONDS", 0.2)
    monkeypatch.setattr(story, "FALL_SECONDS", 0.2)
    await settle_in(demo)
    told = [step async for step in Story(demo).play()]
    assert len(told) == 11
    assert told[-1] == "Ada re-armed the guard, with a reason"
    tale = Story(demo)
    tale._balance = Decimal(10_000)
    summary = await tale.summary()
    assert (summary.signals, summary.approved, summary.rejected) == (6, 2, 2)
    assert summary.trades_closed == summary.orders_filled == 2
    assert dict(summary.rows())["Approved / rejected"] == "2 / 2"
    roles = {
        each.user_id: each.role for each in await demo.tools.journal.find(Membership)
    }
    assert roles == {ADA.id: Role.OWNER, VERA.id: Role.VIEWER}
    await settle_in(demo)  # a second time nobody has to agree again


# ------------------------------------------------------------------ the story's doubts


async def test_numbers_that_are_not_the_story_s_are_a_failure(demo):
    with pytest.raises(StoryFailed, match="not as expected: five signals"):
        await Story(demo).summary()


async def test_a_refused_signal_is_a_failure(demo):
    with pytest.raises(StoryFailed, match=r"signal again: .*at most 1024 bytes"):
        await Story(demo)._post("again", payload={"reason": "x" * 2000})


async def test_a_peak_that_the_guard_never_saw_is_a_failure(demo, monkeypatch):
    async def pause(_: object) -> None:
        return

    monkeypatch.setattr(story, "pause", pause)
    signal = await show.a_signal(
        demo, "XAUUSD", Side.BUY, Decimal(5), reward=Decimal(2)
    )
    await settle_in(demo)
    quote = await demo.hands.quote("XAUUSD")
    await demo.hands.move("XAUUSD", quote["bid"])  # and there it stays
    await demo.provider.post(signal | {"external_id": "one"})
    await demo.hands.tap(ADA.id, "Approve")
    await demo.hands.wait(ADA.id, "Filled")
    with pytest.raises(StoryFailed, match="the guard never saw the peak"):
        await Story(demo)._peak_of_six_r()


# ------------------------------------------------------------------ controls


async def test_a_price_moves_where_it_is_told_to(demo):
    hands = demo.hands
    before = await hands.quote("XAUUSD")
    await hands.move("XAUUSD", str(Decimal(before["bid"]) + 7))
    await demo.paper.tick()
    after = await hands.quote("XAUUSD")
    assert Decimal(after["bid"]) == Decimal(before["bid"]) + 7
    released = await hands.post("/sandbox/x/market", instrument="XAUUSD", release=True)
    assert set(released) == {"bid", "ask"}


@pytest.mark.parametrize(
    "wish",
    [
        {"instrument": "MOON"},
        {"instrument": "MOON", "price": "5"},
        {"instrument": "XAUUSD", "price": "much"},
        {"instrument": "XAUUSD", "price": "-1"},
        {"price": "5"},
    ],
)
async def test_a_wish_that_makes_no_sense_is_a_problem(demo, wish):
    with pytest.raises(StoryFailed):
        await demo.hands.post("/sandbox/x/market", **wish)


async def test_a_paper_account_that_is_not_there_is_a_problem(demo):
    for control in ("market", "broker"):
        with pytest.raises(StoryFailed, match="there is no paper account moon"):
            await demo.hands.post(f"/sandbox/x/{control}", account="moon")


async def test_the_broker_may_be_broken_on_purpose(demo):
    assert await demo.hands.post("/sandbox/x/broker", clear=True) == {"ok": True}
    with pytest.raises(StoryFailed, match="broker: "):
        await demo.hands.post("/sandbox/x/broker", account="demo", nonsense=1)


# ------------------------------------------------------------------ hands


async def test_what_does_not_come_in_time_is_a_failure(demo, monkeypatch):
    monkeypatch.setattr(hands_module, "PATIENCE", 0)
    with pytest.raises(StoryFailed):
        await demo.hands.wait(SAM.id, "never said")


async def test_hands_are_an_async_context_manager():
    with pytest.raises(RuntimeError, match="async context manager"):
        await Hands("http://127.0.0.1:9").get("/sandbox/state")
    async with Hands("http://127.0.0.1:9") as hands:
        with pytest.raises(aiohttp.ClientError):
            await hands.get("/sandbox/state")
    await Hands("http://127.0.0.1:9").__aexit__(None, None, None)


# ------------------------------------------------------------------ house


async def test_every_run_has_a_provider_of_its_own(tmp_path):
    names = []
    for _ in range(2):
        settings = demo_settings(_free_port(), tmp_path, limit_percent=20)
        async with open_demo(settings, tmp_path) as opened:
            names.append(opened.provider.name)
            assert opened.house.office.settings.telegram.owners == (ADA.id,)
            known = await opened.tools.journal.count(Provider)
    assert (names, known) == (["demo", "demo2"], 2)


def test_the_people_of_the_demo_are_three():
    assert [each.first_name for each in PEOPLE] == ["Ada", "Vera", "Sam"]


# ------------------------------------------------------------------ show


@pytest.fixture
def shown(monkeypatch) -> list[object]:
    """Pauses of the show, after the second of which it stands still."""
    pauses: list[object] = []

    async def pause(span: object) -> None:
        pauses.append(span)
        if len(pauses) == 2:
            await asyncio.Event().wait()

    monkeypatch.setattr(show, "pause", pause)
    return pauses


async def _play(demo: Demo, shown: list[object]) -> None:
    playing = asyncio.get_running_loop().create_task(show.play(demo))

    async def over() -> bool:
        return len(shown) == 2 or playing.done()

    await until_found(over)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


async def test_the_show_sends_one_signal_after_the_other(demo, shown):
    await _play(demo, shown)
    signals = await demo.tools.journal.find(Signal, order_by="created_at")
    assert [each.instrument for each in signals] == ["XAUUSD", "EURUSD"]
    assert "Breakout above the range" in signals[0].payload
    assert shown == [show.EVERY] * 2


async def test_the_show_is_quiet_while_enough_wait(demo, shown, monkeypatch):
    monkeypatch.setattr(show, "MOST_WAITING", 0)
    await _play(demo, shown)
    assert await demo.tools.journal.count(Signal) == 0


async def test_the_show_goes_on_when_the_service_is_away(demo, shown, monkeypatch):
    async def away(_: object) -> None:
        message = "nobody listens"
        raise aiohttp.ClientConnectionError(message)

    monkeypatch.setattr(type(demo.provider), "post", lambda _, signal: away(signal))
    await _play(demo, shown)
    assert len(shown) == 2

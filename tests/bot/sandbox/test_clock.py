"""The sandbox's clock: forward only, at the speed a tester wants."""

from datetime import timedelta

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.clock import SandboxClock
from tests.bot.sandbox.helpers import ADA, Api, Clock, Control, button, keyboard


async def test_the_clock_is_the_machines_unless_asked(
    clock: Clock, control: Control
) -> None:
    told = await control.get("clock")
    assert told == {"now": clock.at.isoformat(), "speed": 1.0, "ahead": 0.0}


async def test_the_clock_jumps_forward_and_dates_follow(
    api: Api, clock: Clock, control: Control
) -> None:
    await control.start(ADA)
    await control.post("clock", advance=3600)
    sent = await api.call("sendMessage", chat_id=ADA, text="later")
    assert sent["date"] == int(clock.at.timestamp()) + 3600


async def test_the_clock_runs_faster(clock: Clock, control: Control) -> None:
    await control.post("clock", speed=60)
    clock.advance(seconds=10)
    assert (await control.get("clock"))["ahead"] == 590
    await control.post("clock", speed=1)
    clock.advance(seconds=10)
    assert (await control.get("clock"))["ahead"] == 590


def test_another_speed_leaves_the_past_as_it_was(clock: Clock) -> None:
    own = SandboxClock(clock)
    clock.advance(seconds=10)
    own.run_at(60)
    assert own.ahead == timedelta(0)
    clock.advance(seconds=1)
    assert own.ahead == timedelta(seconds=59)


async def test_the_clock_can_be_put_ahead_and_stand_still(
    clock: Clock, control: Control
) -> None:
    await control.post("clock", ahead=100, speed=0)
    clock.advance(seconds=40)
    assert (await control.get("clock"))["ahead"] == 60
    await control.post("clock", ahead=60, speed=1)
    assert (await control.get("clock"))["ahead"] == 60


async def test_limits_and_taps_age_by_this_clock(api: Api, control: Control) -> None:
    await control.start(ADA)
    await control.post("limits", enforce=True)
    markup = keyboard([button("Go", "g")])
    await api.call("sendMessage", chat_id=ADA, text="1", reply_markup=markup)
    tap = await control.post("tap", user=ADA, label="Go")
    assert (await api.refusal("sendMessage", chat_id=ADA, text="2"))[0] == 429
    await control.post("clock", advance=61)
    assert await api.call("sendMessage", chat_id=ADA, text="2")
    name = tap["callback_id"]
    assert (await api.refusal("answerCallbackQuery", callback_query_id=name))[0] == 400


async def test_a_slot_is_as_short_as_the_clock_is_fast(
    control: Control, sandbox: Sandbox
) -> None:
    await control.post("clock", speed=50)
    await control.post("limits", enforce=True)
    world = sandbox.world
    waits = [world.limits.slot(300_000) for _ in range(10)]
    assert world.clock.real_seconds(waits[-1]) == pytest.approx(1 / 50)
    await control.post("clock", speed=0)
    assert world.clock.real_seconds(waits[-1]) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"ahead": 5},
        {"advance": -1},
        {"speed": -1},
        {"speed": 2000},
        {"speed": "fast"},
        {"offset": 5},
    ],
    ids=str,
)
async def test_a_clock_that_cannot_be_is_a_problem(
    control: Control, values: dict[str, object]
) -> None:
    await control.post("clock", advance=10)
    assert (await control.problem("POST", "clock", values))[0] == 422

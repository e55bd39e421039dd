"""Turns by the numbers, on a clock that stands still."""

from datetime import timedelta

import pytest

from bot.telegram.wire import pacing
from bot.telegram.wire.pacing import Pace

A, B = 1, 2


def ms(*spans: timedelta) -> list[float]:
    return [span / timedelta(milliseconds=1) for span in spans]


@pytest.fixture
def pace(clock) -> Pace:
    return Pace(clock)


def test_a_quiet_chat_takes_three_at_once_and_then_one_a_second(pace):
    waits = [pace.reserve(A) for _ in range(6)]
    assert ms(*waits) == [0, 40, 80, 1000, 2000, 3000]


def test_a_chat_earns_its_burst_back(pace, clock):
    for _ in range(3):
        pace.reserve(A)
    clock.advance(timedelta(seconds=10))
    assert ms(*(pace.reserve(A) for _ in range(4))) == [0, 40, 80, 1000]


def test_all_chats_together_get_25_a_second(pace):
    waits = [pace.reserve(chat) for chat in range(100, 151)]
    assert ms(waits[25], waits[50]) == [1000, 2000]


def test_a_slow_chat_does_not_slow_the_others(pace):
    for _ in range(20):
        pace.reserve(A)
    assert ms(pace.reserve(B)) == [20 * 40]


def test_a_chat_that_was_told_to_wait_waits_alone(pace, clock):
    pace.hold(A, timedelta(seconds=30))
    assert ms(pace.wait_for(A), pace.wait_for(B)) == [30_000, 0]
    assert ms(pace.reserve(A), pace.reserve(B)) == [30_000, 40]
    clock.advance(timedelta(seconds=31))
    assert pace.wait_for(A) == timedelta(0)


def test_a_shorter_hold_does_not_end_a_longer_one(pace):
    pace.hold(A, timedelta(seconds=30))
    pace.hold(A, timedelta(seconds=1))
    assert ms(pace.wait_for(A)) == [30_000]


def test_looking_at_the_schedule_takes_no_turn(pace):
    for _ in range(10):
        assert pace.wait_for(A) == timedelta(0)
    assert ms(pace.reserve(A)) == [0]


async def test_a_turn_is_waited_for(pace, monkeypatch):
    waited = []

    async def noted(span: timedelta) -> None:
        waited.append(span)

    monkeypatch.setattr(pacing, "pause", noted)
    for _ in range(4):
        await pace.turn(A)
    await pace.edit_turn()
    assert ms(*waited) == [40, 80, 1000, 160]


def test_chats_that_are_quiet_again_are_forgotten(pace, clock, monkeypatch):
    monkeypatch.setattr(pacing, "_FORGET", 2)
    pace.reserve(A)
    clock.advance(timedelta(minutes=1))
    pace.hold(B, timedelta(minutes=5))
    pace.reserve(3)
    assert set(pace._chats) == {B, 3}

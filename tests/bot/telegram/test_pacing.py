"""Turns by the numbers, on a clock that moves when everybody waits."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import TypeVar

import pytest
from typing_extensions import override

from bot.telegram.wire import pacing
from bot.telegram.wire.failures import Paused
from bot.telegram.wire.pacing import Pace, Turn
from core.messages import Priority
from tests.bot.telegram.stage import Hurry
from tests.bot.waiting import turns

A, B, GROUP = 1, 2, -3
LONG = timedelta(hours=1)
T = TypeVar("T")


def _begin(work: Coroutine[None, None, T]) -> asyncio.Task[T]:
    return asyncio.get_running_loop().create_task(work)


@pytest.fixture
def hurry(clock) -> Hurry:
    return Hurry(clock)


@pytest.fixture
def pace(hurry) -> Pace:
    return hurry.pace


class Calls:
    """Calls that are answered at once, and when each of them left."""

    def __init__(self, hurry: Hurry) -> None:
        self._hurry = hurry
        self.left: list[tuple[int, int]] = []
        """Milliseconds, and whose."""

    async def one(
        self,
        chat: int,
        priority: Priority = Priority.PROMPT,
        patience: timedelta = LONG,
        **how: bool,
    ) -> None:
        pace = self._hurry.pace
        turn = await pace.turn(chat, priority, patience=patience, **how)
        now = self._hurry.clock.monotonic()
        self.left.append((round(now / timedelta(milliseconds=1)), chat))
        pace.over(turn)

    async def of(self, *chats: int, **how: bool) -> list[int]:
        """All at once; when each left."""
        await asyncio.gather(*(self.one(chat, **how) for chat in chats))
        return [at for at, _ in self.left]


@pytest.fixture
def calls(hurry) -> Calls:
    return Calls(hurry)


# ------------------------------------------------------------------ the limits


async def test_a_quiet_chat_takes_one_at_once_and_then_one_a_second(calls):
    assert await calls.of(*[A] * 4) == [0, 1000, 2000, 3000]


async def test_a_chat_saves_nothing_up(calls, clock):
    await calls.of(A)
    clock.advance(timedelta(minutes=10))
    calls.left.clear()
    assert await calls.of(A, A) == [600_000, 601_000]


async def test_all_chats_together_get_25_a_second_evenly(calls):
    left = await calls.of(*range(100, 151))
    assert left == [40 * number for number in range(51)]


async def test_no_second_has_more_calls_than_telegram_takes(calls, hurry):
    left = await calls.of(*range(100, 400))
    for at in left:
        assert sum(at <= each < at + 1000 for each in left) <= 30


async def test_the_rate_may_be_another(clock):
    calls = Calls(Hurry(clock, per_second=10))
    assert await calls.of(*range(100, 104)) == [0, 100, 200, 300]


async def test_a_turn_that_comes_late_does_not_make_the_next_ones_late(
    pace, hurry, clock
):
    took = []
    for chat in range(100, 104):
        turn = await pace.turn(chat, Priority.PROMPT, patience=LONG)
        took.append(clock.monotonic() / timedelta(milliseconds=1))
        pace.over(turn)
        clock.advance(timedelta(milliseconds=50))
    assert took == [0, 50, 100, 150]
    for chat in range(104, 109):
        turn = await pace.turn(chat, Priority.PROMPT, patience=LONG)
        took.append(clock.monotonic() / timedelta(milliseconds=1))
        pace.over(turn)
    assert took[4:] == [200, 200, 240, 280, 320]


async def test_an_edit_is_no_message_of_its_chat(calls):
    await calls.of(A)
    assert await calls.of(A, A, edit=True) == [0, 40, 80]
    assert await calls.of(A) == [0, 40, 80, 1000]


async def test_a_group_gets_20_messages_a_minute(calls):
    left = await calls.of(*[GROUP] * 41)
    assert left[:20] == [1000 * number for number in range(20)]
    assert (left[20], left[40]) == (60_000, 120_000)


async def test_a_group_gets_20_edits_a_minute(calls):
    left = await calls.of(*[GROUP] * 21, edit=True)
    assert (left[19], left[20]) == (760, 60_000)


# ------------------------------------------------------------------ who goes first


async def test_the_most_urgent_goes_first(calls):
    order = [
        Priority.BROADCAST,
        Priority.BUSY,
        Priority.EDIT,
        Priority.PROMPT,
        Priority.FILL,
        Priority.GUARD,
        Priority.TAP,
    ]
    first = calls.one(99)
    others = [calls.one(chat, each) for chat, each in enumerate(order)]
    await asyncio.gather(first, *others)
    assert [chat for _, chat in calls.left] == [99, 6, 5, 4, 3, 2, 1, 0]


async def test_a_reply_overtakes_thousands(calls, hurry):
    fan_out = [_begin(calls.one(chat)) for chat in range(1000, 3000)]
    await turns()
    before = hurry.clock.monotonic()
    await calls.one(A, Priority.TAP)
    assert hurry.clock.monotonic() - before <= timedelta(milliseconds=40)
    for each in fan_out:
        each.cancel()
    await asyncio.gather(*fan_out, return_exceptions=True)


async def test_the_same_urgency_goes_in_the_order_of_asking(calls):
    await calls.of(5, 3, 4)
    assert [chat for _, chat in calls.left] == [5, 3, 4]


async def test_a_slow_chat_does_not_slow_the_others(calls):
    await calls.of(*[A] * 3, B)
    assert calls.left == [(0, A), (40, B), (1000, A), (2000, A)]


async def test_whoever_stops_waiting_leaves_the_turn_to_the_others(calls, hurry):
    await calls.one(A)
    gone = _begin(calls.one(A))
    after = _begin(calls.one(A))
    await turns(1)
    gone.cancel()
    await asyncio.gather(gone, after, return_exceptions=True)
    assert calls.left == [(0, A), (1000, A)]


# ------------------------------------------------------------------ calls under way


async def _begun(pace: Pace, chat: int, **how: bool) -> Turn:
    return await pace.turn(chat, Priority.PROMPT, patience=LONG, **how)


async def test_a_chats_second_begins_when_the_answer_comes(pace, clock):
    turn = await _begun(pace, A)
    clock.advance(timedelta(milliseconds=700))
    pace.over(turn)
    assert pace.wait_for(A) == timedelta(seconds=1)


async def test_a_message_that_surely_did_not_arrive_costs_no_second(pace):
    pace.over(await _begun(pace, A), arrived=False)
    assert pace.wait_for(A) == timedelta(0)


class ByHand(Hurry):
    """Time that passes only when the test says so."""

    woken = timedelta(0)

    @override
    def _wake(self, span: timedelta, call: Callable[[], None]) -> Hurry:
        self.woken = span
        return self

    async def passes(self, span: timedelta) -> None:
        self.clock.advance(span)
        self.pace._hand_out()
        await turns()


@pytest.fixture
def by_hand(clock) -> ByHand:
    return ByHand(clock)


async def test_nothing_follows_into_a_chat_while_a_message_is_under_way(by_hand):
    pace = by_hand.pace
    first = await _begun(pace, A)
    await by_hand.passes(timedelta(seconds=1, milliseconds=500))
    second = _begin(_begun(pace, A))
    edit = _begin(_begun(pace, A, edit=True))
    await turns()
    assert (second.done(), edit.done()) == (False, True)
    pace.over(first)
    await by_hand.passes(timedelta(milliseconds=999))
    assert not second.done()
    await by_hand.passes(timedelta(milliseconds=1))
    assert second.done()
    third = _begin(_begun(pace, A))  # the second is never answered
    await by_hand.passes(timedelta(milliseconds=2999))
    assert not third.done()
    await by_hand.passes(timedelta(milliseconds=1))
    assert third.done()


async def test_calls_that_hang_hold_the_rest_back_only_for_a_while(by_hand):
    pace = by_hand.pace
    for chat in range(100, 130):
        await _begun(pace, chat)
        await by_hand.passes(timedelta(milliseconds=40))
    waiting = _begin(_begun(pace, A))
    await turns()
    assert not waiting.done()
    assert by_hand.woken == timedelta(seconds=3) - 30 * timedelta(milliseconds=40)
    await by_hand.passes(by_hand.woken)
    assert waiting.done()


async def test_an_answer_that_comes_too_late_counts_no_more(by_hand):
    pace = by_hand.pace
    late = await _begun(pace, A)
    await by_hand.passes(timedelta(minutes=1))
    await _begun(pace, B)
    pace.over(late)
    assert list(pace._over) == []


# ------------------------------------------------------------------ told to wait


async def test_a_chat_that_was_told_to_wait_waits_alone(pace, clock, calls):
    pace.hold(A, timedelta(seconds=30))
    assert pace.wait_for(A) == timedelta(seconds=30)
    assert pace.wait_for(A, edit=True) == timedelta(seconds=30)
    await calls.of(A, B)
    assert calls.left == [(0, B), (30_000, A)]


async def test_a_shorter_hold_does_not_end_a_longer_one(pace):
    pace.hold(A, timedelta(seconds=30))
    pace.hold(A, timedelta(seconds=1))
    assert pace.wait_for(A) == timedelta(seconds=30)
    assert pace.held() == timedelta(0)


async def test_when_several_are_told_to_wait_everybody_does(pace, clock, calls):
    pace.hold(A, timedelta(seconds=30))
    clock.advance(timedelta(seconds=4))
    pace.hold(B, timedelta(seconds=7))
    assert pace.held() == timedelta(seconds=7)
    await calls.of(9)
    assert calls.left == [(11_000, 9)]
    assert pace.wait_for(A) == timedelta(seconds=19)


async def test_chats_that_are_told_to_wait_long_after_each_other_wait_alone(
    pace, clock
):
    pace.hold(A, timedelta(seconds=30))
    clock.advance(timedelta(seconds=6))
    pace.hold(B, timedelta(seconds=30))
    assert pace.held() == timedelta(0)


async def test_whoever_does_not_wait_so_long_is_sent_away(pace, calls):
    await calls.one(A)
    patient = _begin(calls.one(A))
    other = _begin(calls.one(A, patience=timedelta(seconds=3)))
    await turns(1)
    pace.hold(A, timedelta(seconds=20))
    with pytest.raises(Paused) as told:
        await other
    assert told.value.wait == timedelta(seconds=20)
    await patient
    assert calls.left == [(0, A), (20_000, A)]
    pace.hold(A, timedelta(seconds=20))
    with pytest.raises(Paused):
        await calls.one(A, patience=timedelta(seconds=3))


async def test_what_waits_before_it_is_part_of_the_wait(pace, calls):
    await calls.one(A)
    waiting = [
        _begin(calls.one(A, Priority.TAP)),
        _begin(calls.one(A, Priority.EDIT, edit=True)),
    ]
    await turns(1)
    assert pace.wait_for(A, Priority.PROMPT) == timedelta(seconds=2)
    assert pace.wait_for(A, Priority.PROMPT, edit=True) == timedelta(0)
    await asyncio.gather(*waiting)


async def test_waits_that_are_guessed_grow_until_something_arrives(pace):
    guessed = [pace.hold(A, None).total_seconds() for _ in range(6)]
    assert guessed == [3, 6, 12, 24, 48, 60]
    pace.over(await _begun(pace, A))
    assert pace.hold(A, None).total_seconds() == 3


# ------------------------------------------------------------------ memory


async def test_chats_that_are_quiet_again_are_forgotten(
    pace, calls, clock, monkeypatch
):
    monkeypatch.setattr(pacing, "_FORGET", 2)
    await calls.of(A)
    pace.hold(B, timedelta(minutes=5))
    clock.advance(timedelta(minutes=1))
    await calls.of(3)
    assert set(pace._chats) == {B, 3}

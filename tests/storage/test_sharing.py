"""Calls that meet share one piece of work; each still has its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import JournalUnavailable
from storage.sharing import MOST, Shared
from storage.units import Units


class Desk:
    """Doubles numbers, when its gate is open; remembers what came together."""

    def __init__(self, *, at_once: int = 1) -> None:
        self.gate = asyncio.Event()
        self.rounds: list[list[int]] = []
        self.units = Units()
        self.shared: Shared[int, int] = Shared(self.units, self.work, at_once=at_once)

    async def work(self, questions: Sequence[int]) -> list[int]:
        self.rounds.append(list(questions))
        await self.gate.wait()
        if -1 in questions:
            message = "minus one"
            raise ValueError(message)
        if -2 in questions:
            raise JournalUnavailable(str(len(questions)))
        return [2 * each for each in questions]

    def ask(self, *questions: int) -> list[asyncio.Task[int]]:
        return [asyncio.Task(self.shared.call(each)) for each in questions]

    async def answers(self, tasks: list[asyncio.Task[int]]) -> list[object]:
        self.gate.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_who_comes_during_a_round_waits_for_the_next() -> None:
    desk = Desk()
    first = desk.ask(1)
    await asyncio.wait(first, timeout=0.001)
    later = desk.ask(2, 3, 4)
    assert await desk.answers(first + later) == [2, 4, 6, 8]
    assert desk.rounds == [[1], [2, 3, 4]]


async def test_a_long_round_does_not_hold_up_others_where_several_may_run() -> None:
    desk = Desk(at_once=2)
    first = desk.ask(1)
    await asyncio.wait(first, timeout=0.001)
    second = desk.ask(2)
    await asyncio.wait(second, timeout=0.001)
    third = desk.ask(3)
    await asyncio.wait(third, timeout=0.001)
    assert desk.rounds == [[1], [2]]
    assert await desk.answers(first + second + third) == [2, 4, 6]


async def test_who_fails_fails_alone() -> None:
    desk = Desk()
    answers = await desk.answers(desk.ask(1, -1, 3))
    assert answers[0::2] == [2, 6]
    assert isinstance(answers[1], ValueError)


async def test_where_the_database_is_away_nobody_is_tried_again() -> None:
    desk = Desk()
    answers = await desk.answers(desk.ask(1, -2, 3))
    assert [str(each) for each in answers] == ["3"] * 3
    assert len(desk.rounds) == 1


async def test_there_are_only_so_many_in_a_round() -> None:
    desk = Desk()
    assert len(await desk.answers(desk.ask(*range(MOST + 1)))) == MOST + 1
    assert [len(each) for each in desk.rounds] == [MOST, 1]


@pytest.mark.parametrize("question", [1, -1, -2])
async def test_who_leaves_is_not_answered_and_harms_nobody(question: int) -> None:
    desk = Desk()
    leaving, staying = desk.ask(question, 5)
    await asyncio.wait({leaving}, timeout=0.001)
    leaving.cancel()
    await asyncio.wait({leaving})
    [answer] = await desk.answers([staying])
    await desk.units.finish()
    assert leaving.cancelled()
    assert answer == 10 or isinstance(answer, JournalUnavailable)
    assert await desk.answers(desk.ask(6)) == [12]

"""Calls that meet share one transaction, and so one commit or one look.

Whoever comes while a transaction runs waits for the next, together with all who came
in the meantime. Each call still has its own answer, and one that fails fails alone:
then each of those that met is tried by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from core.errors import JournalUnavailable
from storage.units import Units

A = TypeVar("A")
B = TypeVar("B")

MOST = 256
"""Calls in one transaction, so that nobody waits long behind others."""


class Shared(Generic[A, B]):
    """Gathers calls for ``work``, which answers many in one transaction."""

    def __init__(
        self,
        units: Units,
        work: Callable[[Sequence[A]], Awaitable[Sequence[B]]],
        *,
        at_once: int = 1,
    ) -> None:
        self._units = units
        self._work = work
        self._free = at_once
        """How many more transactions may run now."""
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []

    async def call(self, question: A) -> B:
        """The answer; the work goes on when the caller is cancelled."""
        answer: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._free:
            self._free -= 1
            self._units.start(self._drain())
        return await answer

    async def _drain(self) -> None:
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle(calls)
        finally:
            self._free += 1

    async def _settle(self, calls: list[tuple[A, asyncio.Future[B]]]) -> None:
        try:
            answers = await self._work([question for question, _ in calls])
        except JournalUnavailable as failure:
            _fail(calls, failure)
        except Exception as failure:  # noqa: BLE001 - it is its caller's to handle
            if len(calls) == 1:
                _fail(calls, failure)
            else:
                for call in calls:
                    await self._settle([call])
        else:
            for (_, future), answer in zip(calls, answers, strict=True):
                if not future.done():
                    future.set_result(answer)


def _fail(calls: list[tuple[A, asyncio.Future[B]]], failure: Exception) -> None:
    for _, future in calls:
        if not future.done():
            future.set_exception(failure)

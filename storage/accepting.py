"""Calls of ``accept`` that meet share one transaction, and so one commit.

Whoever comes while a transaction runs waits for the next, together with all who came
in the meantime. Each call still has its own verdicts, and one that fails fails alone:
then each of those that met is tried by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.errors import Duplicate, JournalUnavailable
from core.ports import Write
from storage.units import Units

MOST = 256
"""Calls in one transaction, so that nobody waits long behind others."""

Batch = Sequence[Sequence[Write]]
Verdicts = list[Duplicate | None]


@dataclass(frozen=True, slots=True)
class _Call:
    batch: Batch
    answer: asyncio.Future[Verdicts]


class SharedAccepts:
    """Gathers calls for ``write``, which does a batch in one transaction."""

    def __init__(
        self, units: Units, write: Callable[[Batch], Awaitable[Verdicts]]
    ) -> None:
        self._units = units
        self._write = write
        self._waiting: list[_Call] = []
        self._draining = False

    async def accept(self, batch: Batch) -> Verdicts:
        """See ``Journal.accept``; goes on when the caller is cancelled."""
        answer: asyncio.Future[Verdicts] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(batch, answer))
        if not self._draining:
            self._draining = True
            self._units.start(self._drain())
        return await answer

    async def _drain(self) -> None:
        try:
            while self._waiting:
                calls, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle(calls)
        finally:
            self._draining = False

    async def _settle(self, calls: list[_Call]) -> None:
        try:
            verdicts = await self._write(
                [each for call in calls for each in call.batch]
            )
        except JournalUnavailable as failure:
            _fail(calls, failure)
        except Exception as failure:  # noqa: BLE001 - it is its caller's to handle
            if len(calls) == 1:
                _fail(calls, failure)
            else:
                for call in calls:
                    await self._settle([call])
        else:
            for call in calls:
                mine, verdicts = (
                    verdicts[: len(call.batch)],
                    verdicts[len(call.batch) :],
                )
                if not call.answer.done():
                    call.answer.set_result(mine)


def _fail(calls: list[_Call], failure: Exception) -> None:
    for call in calls:
        if not call.answer.done():
            call.answer.set_exception(failure)

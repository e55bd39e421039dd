"""Units of work run to their end, whoever stops waiting for them.

A cancelled transaction is not a rolled back one: the driver may have committed
already, or may leave a lock behind. So each unit runs in a task of its own that
nobody cancels, and ``finish`` waits for those whose callers have gone. The nursery
of ``bot.tasks`` is for work that goes on by itself; a unit is a call that has a
caller, who gets its result or its error.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Units:
    """The units of work that are under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``, which goes on when the caller is cancelled."""
        return await asyncio.shield(self.start(work))

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin ``work``, which nobody has to wait for."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def finish(self) -> None:
        """Return when nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        """Without a caller an error is nobody's: whoever left reads again by key."""
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

"""The only place that creates tasks, so that none is lost and none fails unseen."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta

import structlog

log = structlog.get_logger()

RESTART_AFTER = timedelta(seconds=1)
"""How long a loop that failed waits before it starts again."""


class Nursery:
    """Owns background tasks: logs what fails, cancels what is left at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Run ``work`` in the background; a failure is logged once, with its trace."""
        self._begin(self._tasks, name, work)

    def keep(
        self, name: str, work: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Run ``work`` for ever: when it fails it is logged and starts again."""
        return self._begin(self._loops, name, _for_ever(name, work))

    async def end(self, loops: Iterable[asyncio.Task[None]]) -> None:
        """End some of the loops before the rest."""
        await _end(set(loops))

    def _begin(
        self,
        among: set[asyncio.Task[None]],
        name: str,
        work: Coroutine[None, None, None],
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        among.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._loops.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), exc_info=failure)

    async def close(self, *, grace: timedelta = timedelta(0)) -> None:
        """End every loop; what is under way may end by itself within ``grace``."""
        await _end(self._loops)
        if self._tasks and grace:
            await asyncio.wait(self._tasks, timeout=grace.total_seconds())
        while self._tasks:
            await _end(self._tasks)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel the tasks and wait until all are over."""
    present = list(tasks)
    for task in present:
        task.cancel()
    await asyncio.gather(*present, return_exceptions=True)


async def _for_ever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # supervised edge: the loop must outlive any failure
            log.exception("loop_failed", loop=name)
        await pause(RESTART_AFTER)


async def pause(span: timedelta) -> None:
    """Do nothing for a while."""
    await asyncio.sleep(span.total_seconds())  # noqa: TID251 - the one wait


def wake_after(span: timedelta, call: Callable[[], None]) -> asyncio.TimerHandle:
    """Make a call a while from now; it may be cancelled until then."""
    return asyncio.get_running_loop().call_later(span.total_seconds(), call)


async def until_told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()


class Bell:
    """Wakes one sleeper early; a ring while nobody sleeps is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper."""
        self._event.set()

    async def wait(self, at_most: timedelta) -> None:
        """Sleep until the bell rings, or ``at_most``."""
        try:
            async with asyncio.timeout(at_most.total_seconds()):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()

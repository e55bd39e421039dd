"""Drawing in processes of its own, so that the event loop never waits for it.

Each worker is a plain child process with a pipe each way (``charts.worker``),
used by one thread at a time. That is less than ``ProcessPoolExecutor`` and more:
a single hung worker can be killed and replaced, the caller's main module is not
imported again, Ctrl-C does not reach the workers, and they end by themselves when
the service is killed, because their input ends.

    render -> thread -> worker process        at most ``queue`` pictures under way
              kills it at the deadline, starts another when it is gone
"""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import IO, cast

from charts.frames import read_frame, write_frame
from charts.pictures import Picture
from core.errors import ChartFailed

COMMAND = (sys.executable, "-m", "charts.worker")
START = timedelta(seconds=60)
"""matplotlib's very first start on a machine reads all its fonts."""


class _Lost(Exception):
    """The worker is gone, by itself or killed at its deadline."""


class _Worker:
    """One child process; all but ``stop`` by one thread at a time."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process, or find it started, and wait until it can draw."""
        if self._process is not None:
            return self._process
        with self._lock:
            if self._stopped:
                raise _Lost
            process = self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[1],
                start_new_session=True,
            )
        self._ask(process, None, START)
        return process

    def draw(self, request: bytes, deadline: timedelta) -> bytes:
        """The answer to a request, from a process that is started if need be."""
        return self._ask(self.start(), request, deadline)

    def _ask(
        self,
        process: subprocess.Popen[bytes],
        request: bytes | None,
        deadline: timedelta,
    ) -> bytes:
        timer = threading.Timer(deadline.total_seconds(), process.kill)
        timer.start()
        try:
            if request is not None:
                write_frame(cast("IO[bytes]", process.stdin), request)
            answer = read_frame(cast("IO[bytes]", process.stdout))
        except OSError:
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self.end()
            raise _Lost
        return answer

    def stop(self) -> None:
        """Kill the process, from any thread; none is started afterwards."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        """Kill the process and forget it."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()  # closes the pipes and waits


class RenderPool:
    """A fixed number of warm drawing processes.

    ``deadline`` is for one picture from being asked for to being there; ``queue``
    is how many may be under way at once.
    """

    def __init__(
        self,
        workers: int,
        deadline: timedelta,
        *,
        queue: int = 64,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._deadline = deadline
        self._queue = queue
        self._asked = 0
        self._closed = False
        self._workers = [_Worker(command) for _ in range(workers)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers, "charts")

    async def start(self) -> None:
        """Wait until every worker can draw.

        Raises:
            ChartFailed: one cannot be started; ``render`` will try again.
        """
        warmed = [self._threads.submit(self._warm) for _ in self._workers]
        await asyncio.gather(*map(asyncio.wrap_future, warmed))

    async def render(self, picture: Picture) -> bytes:
        """A PNG of the picture.

        Raises:
            ChartFailed: too many are waiting, it took too long, or the worker died.
        """
        if self._closed:
            msg = "pictures are no longer drawn"
            raise ChartFailed(msg)
        if self._asked >= self._queue:
            msg = "too many pictures are waiting"
            raise ChartFailed(msg)
        answer: Future[bytes] = Future()
        self._threads.submit(self._serve, picture.encode(), answer)
        self._asked += 1
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await asyncio.wrap_future(answer)
        except TimeoutError:
            msg = f"no picture after {self._deadline.total_seconds():g} s"
            raise ChartFailed(msg) from None
        finally:
            self._asked -= 1

    async def close(self) -> None:
        """End all workers; what is being drawn fails. Safe to call twice."""
        self._closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown()
        for worker in self._workers:
            worker.end()

    def _warm(self) -> None:
        worker = self._idle.get()
        try:
            worker.start()
        except _Lost:
            msg = "a drawing process did not start"
            raise ChartFailed(msg) from None
        finally:
            self._idle.put(worker)

    def _serve(self, request: bytes, answer: Future[bytes]) -> None:
        """Answer in one of our threads, then replace the worker if it is lost."""
        if not answer.set_running_or_notify_cancel():
            return
        worker = self._idle.get()
        try:
            answer.set_result(worker.draw(request, self._deadline))
        except _Lost:
            answer.set_exception(ChartFailed("the drawing process died"))
            with suppress(_Lost):  # the next picture tries again
                worker.start()
        finally:
            self._idle.put(worker)

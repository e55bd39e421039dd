"""Ends a process whose event loop is stuck, so that a supervisor starts it again.

A thread looks at a mark that the loop renews. A stuck loop watches no account, and
no guard at all is worse than a restart.
"""

import os
import threading
import time
from datetime import timedelta

import structlog

from bot.tasks import pause

log = structlog.get_logger()

LIMIT = timedelta(seconds=10)
STEP = timedelta(seconds=1)
EXIT_CODE = 70
"""EX_SOFTWARE."""


class Watchdog:
    """Bites when ``renew`` was not called for ``limit``."""

    def __init__(self, limit: timedelta = LIMIT, step: timedelta = STEP) -> None:
        self._limit = limit.total_seconds()
        self._step = step
        self._mark = time.monotonic()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to watch; what was slow before does not count."""
        self._mark = time.monotonic()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    async def renew_for_ever(self) -> None:
        """The loop's sign of life."""
        while True:
            self._mark = time.monotonic()
            await pause(self._step)

    def _watch(self) -> None:
        while not self._stop.wait(self._step.total_seconds()):
            stuck = time.monotonic() - self._mark
            if stuck > self._limit:
                log.critical("event_loop_stuck", seconds=round(stuck, 1))
                os._exit(EXIT_CODE)

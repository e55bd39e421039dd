"""The sandbox's own clock: ahead of the machine's, and as fast as a tester wants.

Limits, expiries and dates follow it; waiting does not (a long poll of 50 seconds
lasts 50 seconds), because those who wait have clocks of their own.
"""

from collections.abc import Callable
from datetime import datetime, timedelta


class SandboxClock:
    """Called, it says what time it is here; it never goes back."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._since = self._shown = real()
        self.speed = 1.0

    def __call__(self) -> datetime:
        """Now, as the sandbox counts."""
        return self._shown + (self._real() - self._since) * self.speed

    @property
    def ahead(self) -> timedelta:
        """How far it is in front of the machine's clock at this moment."""
        return self() - self._real()

    def advance(self, span: timedelta) -> None:
        """Jump forward."""
        self._settle()
        self._shown += span

    def run_at(self, speed: float) -> None:
        """From now on, one second of the machine is `speed` seconds here."""
        self._settle()
        self.speed = speed

    def real_seconds(self, span: timedelta) -> float:
        """How long a span of this clock takes; no time at all if it stands still."""
        return span.total_seconds() / self.speed if self.speed else 0.0

    def _settle(self) -> None:
        """Begin a new stretch here, so that the past keeps the speed it had."""
        self._shown, self._since = self(), self._real()

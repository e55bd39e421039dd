"""How many signals one provider may send: a steady rate with a burst.

The generic cell rate algorithm: one moment per provider says when the bucket is
full again. It lives in memory; a restart forgives.
"""

from datetime import timedelta

from core.ids import ProviderName
from core.ports import Clock

MINUTE = timedelta(minutes=1)
QUOTA_WAIT = timedelta(seconds=30)
"""When to try again while too many signals are undecided."""
NOW = timedelta(0)


class Rates:
    """Admits signals; 0 per minute is no limit."""

    def __init__(self, clock: Clock, *, per_minute: int, burst: int) -> None:
        self._clock = clock
        self._step = MINUTE / per_minute if per_minute else NOW
        self._burst = max(1, burst)
        self._full_at: dict[ProviderName, timedelta] = {}

    def wait(self, provider: ProviderName) -> timedelta:
        """Take one place, or say how long there is none."""
        now = self._clock.monotonic()
        full_at = max(self._full_at.get(provider, NOW), now) + self._step
        too_early = full_at - now - self._step * self._burst
        if too_early > NOW:
            return too_early
        self._full_at[provider] = full_at
        return NOW

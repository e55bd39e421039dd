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
    """Admits signals."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[ProviderName, timedelta] = {}

    def wait(self, provider: ProviderName, *, per_minute: int, burst: int) -> timedelta:
        """Take one place, or say how long there is none; 0 a minute is no limit."""
        if not per_minute:
            return NOW
        step = MINUTE / per_minute
        now = self._clock.monotonic()
        full_at = max(self._full_at.get(provider, NOW), now) + step
        too_early = full_at - now - step * max(1, burst)
        if too_early > NOW:
            return too_early
        self._full_at[provider] = full_at
        return NOW

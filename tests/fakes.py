"""Small working stand-ins for the clock and for chance."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""The present, where a test does not say otherwise."""


class FixedClock:
    """Stands still until it is told to move."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._monotonic = timedelta()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> timedelta:
        return self._monotonic

    def advance(self, span: timedelta) -> None:
        """Let time pass, on both scales."""
        self._now += span
        self._monotonic += span

    def step_to(self, moment: datetime) -> None:
        """Set the wall clock, as an administrator may; no time passes."""
        self._now = moment


class CountingIds:
    """Ids that a test can foretell: 1, 2, 3, in their full length."""

    def __init__(self) -> None:
        self._identities = 0
        self._nonces = 0

    def identity(self) -> str:
        self._identities += 1
        return f"{self._identities:026d}"

    def nonce(self) -> str:
        self._nonces += 1
        return f"{self._nonces:022d}"

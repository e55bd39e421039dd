"""The real clock and the real chance, behind the core's ports."""

import secrets
import time
from datetime import UTC, datetime, timedelta

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_SHIFTS = range(120, -10, -10)
_RANDOM_BITS = 80
_MILLISECOND = 1_000_000


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(time.time_ns() / 1e9, tz=UTC)

    def monotonic(self) -> timedelta:
        """Time since some start; never steps."""
        return timedelta(seconds=time.monotonic())


class SystemIds:
    """ULIDs and unguessable nonces.

    Within one millisecond the ULIDs of a process count up from the first, as their
    specification says, and so they rise.
    """

    def __init__(self) -> None:
        self._last = 0

    def identity(self) -> str:
        """26 characters, sortable by time."""
        least = time.time_ns() // _MILLISECOND << _RANDOM_BITS
        if self._last < least:
            self._last = least + secrets.randbits(_RANDOM_BITS)
        else:
            self._last += 1  # the same millisecond, or the clock was set back
        number = self._last
        return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])

    def nonce(self) -> str:
        """128 bits in 22 characters."""
        return secrets.token_urlsafe(16)

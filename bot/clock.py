"""The real clock and the real chance, behind the core's ports."""

import secrets
import time
from datetime import UTC, datetime, timedelta

from ulid import ULID


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(time.time_ns() / 1e9, tz=UTC)

    def monotonic(self) -> timedelta:
        """Time since some start; never steps."""
        return timedelta(seconds=time.monotonic())


class SystemIds:
    """ULIDs and unguessable nonces."""

    def identity(self) -> str:
        """26 characters, sortable by time."""
        return str(ULID())

    def nonce(self) -> str:
        """128 bits in 22 characters."""
        return secrets.token_urlsafe(16)

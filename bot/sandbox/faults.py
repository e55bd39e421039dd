"""Trouble on request: refusals, delays, lost replies, and Telegram's rate limits."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.sandbox.errors import ApiError

ANY_METHOD: Final = "*"
SECOND: Final = timedelta(seconds=1)
PER_SECOND: Final = 30


@dataclass(slots=True, kw_only=True)
class Fault:
    """Trouble for the next `times` calls of a method (lowercase name or `*`).

    `status` None lets the call through, after `latency` seconds, and with
    `drop_after_apply` its effect stays while the connection is cut.
    """

    method: str
    times: int = 1
    status: int | None = None
    description: str = ""
    retry_after: int | None = None
    latency: float = 0
    drop_after_apply: bool = False
    non_json: bool = False

    def error(self) -> ApiError | None:
        """The refusal this fault asks for, if it asks for one."""
        if self.status is None:
            return None
        extra = {} if self.retry_after is None else {"retry_after": self.retry_after}
        return ApiError(self.status, self.description, **extra)


class Faults:
    """The faults that are set now; the oldest that fits a call is used first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._cleared = asyncio.Event()

    def add(self, fault: Fault) -> None:
        """Set one more."""
        self._faults.append(fault)

    def clear(self) -> int:
        """Remove all, release calls that are being delayed; how many there were."""
        removed = len(self._faults)
        self._faults.clear()
        cleared, self._cleared = self._cleared, asyncio.Event()
        cleared.set()
        return removed

    def take(self, method: str) -> Fault | None:
        """The fault for this call, used up by one."""
        for fault in self._faults:
            if fault.method in {ANY_METHOD, method}:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    async def delay(self, seconds: float) -> None:
        """Hold a call back, until the faults are cleared at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._cleared.wait()


class Limits:
    """30 messages a second over all chats, one a second in each; off by default."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sent: deque[datetime] = deque()
        self._by_chat: dict[int, datetime] = {}
        self.enforced = False

    def check(self, chat_id: int, messages: int = 1) -> None:
        """Count messages about to be sent; ApiError 429 if that is too many."""
        if not self.enforced:
            return
        now = self._now()
        while self._sent and self._sent[0] <= now - SECOND:
            self._sent.popleft()
        if len(self._sent) + messages > PER_SECOND:
            raise _too_many(self._sent[0] + SECOND - now)
        free_at = self._by_chat.get(chat_id, now)
        if free_at > now:
            raise _too_many(free_at - now)
        self._sent.extend([now] * messages)
        self._by_chat[chat_id] = now + SECOND * messages


def _too_many(wait: timedelta) -> ApiError:
    seconds = max(1, math.ceil(wait.total_seconds()))
    description = f"Too Many Requests: retry after {seconds}"
    return ApiError(429, description, retry_after=seconds)

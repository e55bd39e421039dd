"""Telegram's rate limits, on request; the numbers are those that bots report.

| what | how much | beyond |
|---|---|---|
| messages over all chats | 30 in a second | 429, until the oldest is a second old |
| messages in one chat | 1 a second | 429, until the second is over |
| messages in one group | 20 in a minute | 429, until the oldest is a minute old |
| edits in one group | 20 in a minute | the same; edits in private chats are free |
| uploads over 100,000 bytes | a slot of 0.2 to 0.9 s for each *size* | the call waits \
for its slot; more than 5 s of waiting ahead: 429 for a minute |
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.sandbox.errors import ApiError

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
NO_TIME: Final = timedelta(0)
LARGE: Final = 100_000
"""Bytes of an upload that are not counted."""
SLOT_PER_BYTE: Final = 1e-7
"""Seconds; a slot has at least 0.2 of them and at most 0.9."""
SHORTEST_SLOT: Final = 0.2
LONGEST_SLOT: Final = 0.9
BACKLOG: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How much is allowed; 0 switches one limit off."""

    per_second: int = 30
    per_chat_second: int = 1
    per_group_minute: int = 20
    edits_per_group_minute: int = 20
    uploads: bool = True


class Limits:
    """Counts what is about to be sent; off by default."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sent: deque[datetime] = deque()
        self._by_chat: dict[int, datetime] = {}
        self._by_group: dict[int, deque[datetime]] = {}
        self._edits: dict[int, deque[datetime]] = {}
        self._slots: dict[int, datetime] = {}
        self.enforced = False
        self.rates = Rates()

    def check(self, chat_id: int, messages: int = 1) -> None:
        """Count messages about to be sent; ApiError 429 if that is too many."""
        if not self.enforced:
            return
        now, waits = self._now(), [NO_TIME]
        rates, sent, group = self.rates, self._sent, self._group(chat_id)
        if rates.per_second:
            waits.append(_wait(sent, now, SECOND, rates.per_second - messages))
        if rates.per_chat_second:
            waits.append(self._by_chat.get(chat_id, now) - now)
        if group is not None:
            waits.append(_wait(group, now, MINUTE, rates.per_group_minute - messages))
        if max(waits) > NO_TIME:
            raise _too_many(max(waits))
        sent.extend([now] * messages)
        self._by_chat[chat_id] = now + SECOND * messages / max(rates.per_chat_second, 1)
        if group is not None:
            group.extend([now] * messages)

    def _group(self, chat_id: int) -> deque[datetime] | None:
        """What was sent to a group, if that is limited; groups have negative ids."""
        if chat_id > 0 or not self.rates.per_group_minute:
            return None
        return self._by_group.setdefault(chat_id, deque())

    def check_edit(self, chat_id: int) -> None:
        """Count an edit about to be made; ApiError 429 if a group has had too many."""
        if not self.enforced or not self.rates.edits_per_group_minute or chat_id > 0:
            return
        now, edits = self._now(), self._edits.setdefault(chat_id, deque())
        wait = _wait(edits, now, MINUTE, self.rates.edits_per_group_minute - 1)
        if wait > NO_TIME:
            raise _too_many(wait)
        edits.append(now)

    def slot(self, size: int) -> timedelta:
        """How long an upload of so many bytes waits for its turn; ApiError 429.

        Uploads of exactly the same size share one row of slots, as at Telegram: to
        send one chart to a thousand people, upload it once.
        """
        if not self.enforced or not self.rates.uploads or size <= LARGE:
            return NO_TIME
        now = self._now()
        taken = self._slots.get(size, now - SECOND)
        if taken > now + BACKLOG:
            raise _too_many(MINUTE)
        length = min(max(size * SLOT_PER_BYTE, SHORTEST_SLOT), LONGEST_SLOT)
        self._slots[size] = max(taken, now - SECOND) + timedelta(seconds=length)
        return max(self._slots[size] - now, NO_TIME)


def _wait(
    sent: deque[datetime], now: datetime, window: timedelta, room: int
) -> timedelta:
    """How long until no more than `room` of the sent ones are inside the window."""
    while sent and sent[0] <= now - window:
        sent.popleft()
    beyond = len(sent) - max(room, 0)
    return sent[beyond - 1] + window - now if beyond > 0 else NO_TIME


def _too_many(wait: timedelta) -> ApiError:
    seconds = max(1, math.ceil(wait.total_seconds()))
    description = f"Too Many Requests: retry after {seconds}"
    return ApiError(429, description, retry_after=seconds)

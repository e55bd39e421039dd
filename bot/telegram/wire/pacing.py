"""Telegram's speed limits: 25 calls a second overall, one message a second per chat.

The first few messages of a quiet chat leave at once; Telegram tolerates short
bursts. A chat that was told to wait waits alone.
"""

from datetime import timedelta

from bot.tasks import pause
from core.ports import Clock

OVERALL = timedelta(milliseconds=40)
PER_CHAT = timedelta(seconds=1)
BURST = 3
"""Messages that a quiet chat takes at once."""
_FORGET = 10_000
"""Chats remembered before the quiet ones are dropped."""
_NOTHING = timedelta(0)


class Pace:
    """Hands out turns; each chat has a schedule of its own (GCRA)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = _NOTHING
        self._chats: dict[int, timedelta] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message may leave for this chat."""
        await _wait(self.reserve(chat_id))

    async def edit_turn(self) -> None:
        """Wait until an edit may leave; it is no new message for its chat."""
        await _wait(self._slot(self._clock.monotonic()))

    def wait_for(self, chat_id: int) -> timedelta:
        """How long the chat's own schedule lets the next message wait."""
        due = self._chats.get(chat_id, _NOTHING) - PER_CHAT * (BURST - 1)
        return max(_NOTHING, due - self._clock.monotonic())

    def reserve(self, chat_id: int) -> timedelta:
        """Take the next turn; returns how long to wait for it."""
        now, own = self._clock.monotonic(), self.wait_for(chat_id)
        self._chats[chat_id] = max(self._chats.get(chat_id, _NOTHING), now) + PER_CHAT
        if len(self._chats) > _FORGET:
            self._chats = {c: at for c, at in self._chats.items() if at > now}
        return max(own, self._slot(now))

    def _slot(self, now: timedelta) -> timedelta:
        """The next free place among all calls; a slow chat does not push it away."""
        at = max(self._next, now)
        self._next = at + OVERALL
        return at - now

    def hold(self, chat_id: int, wait: timedelta) -> None:
        """Nothing leaves for this chat for a while."""
        until = self._clock.monotonic() + wait + PER_CHAT * (BURST - 1)
        self._chats[chat_id] = max(self._chats.get(chat_id, _NOTHING), until)


async def _wait(span: timedelta) -> None:
    if span:
        await pause(span)

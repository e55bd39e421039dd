"""Telegram's speed limits: 25 new messages a second overall, one a second per chat.

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


class Pace:
    """Hands out turns; each chat has a schedule of its own (GCRA)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = timedelta(0)
        self._chats: dict[int, timedelta] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message may leave for this chat."""
        wait = self.reserve(chat_id)
        if wait:
            await pause(wait)

    def reserve(self, chat_id: int) -> timedelta:
        """Take the next turn; returns how long to wait for it."""
        now = self._clock.monotonic()
        due = max(self._chats.get(chat_id, timedelta(0)), now)
        self._chats[chat_id] = due + PER_CHAT
        allowed = max(now, due - PER_CHAT * (BURST - 1), self._next)
        self._next = allowed + OVERALL
        if len(self._chats) > _FORGET:
            self._chats = {c: at for c, at in self._chats.items() if at > now}
        return allowed - now

    def hold(self, chat_id: int, wait: timedelta) -> None:
        """Nothing leaves for this chat for a while."""
        until = self._clock.monotonic() + wait + PER_CHAT * (BURST - 1)
        self._chats[chat_id] = max(self._chats.get(chat_id, timedelta(0)), until)

"""Telegram's speed limits, and who goes first.

    all          so many calls a second, evenly; never more than Telegram counts in one
    a chat       one message a second; an edit is no new message
    a group      20 messages a minute, and as many edits

Every call waits for its turn here. The most urgent of those that may go, goes next;
whose chat has to wait holds up nobody else. A chat that was told to wait waits alone;
when several are told within a few seconds, everybody waits. When a call arrives lies
somewhere between its start and its answer, so what is counted is counted until then.
"""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from bot.tasks import wake_after
from bot.telegram.wire.failures import SOME_TIME, Paused
from core.messages import Priority
from core.ports import Clock

PER_SECOND = 25
"""Calls, unless the configuration says otherwise; Telegram takes about 30."""
PER_CHAT = timedelta(seconds=1)
PER_GROUP = 20
"""In a minute; of messages, and of edits."""
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LOST_AFTER = timedelta(seconds=2)
"""A call without an answer has arrived by then, or never will."""
SEVERAL_WITHIN = timedelta(seconds=5)
"""Chats that are told to wait within this time are told the same."""
LONGEST_GUESS = timedelta(seconds=60)
_CATCH_UP = timedelta(milliseconds=100)
"""How late a turn may be for the next one to come on time all the same."""
_FORGET = 10_000
"""Chats remembered before the quiet ones are dropped."""
_NOTHING = timedelta(0)


class Alarm(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Do not make it."""


Wake = Callable[[timedelta, Callable[[], None]], Alarm]


@dataclass(slots=True, kw_only=True, eq=False)
class Turn:
    """One call's place in the queue, and then its right to go."""

    chat_id: int
    priority: Priority
    edit: bool
    patience: timedelta
    number: int
    given: asyncio.Future[None]
    began: timedelta = _NOTHING


@dataclass(slots=True)
class _Chat:
    due: timedelta = _NOTHING
    """When the next message may leave."""
    under_way: timedelta = _NOTHING
    """Until when the last one may still arrive, while its answer has not come."""
    held: timedelta = _NOTHING
    """Until when Telegram wants nothing."""
    guesses: int = 0
    """How often in a row it was told to wait, and not how long."""
    sent: deque[timedelta] = field(default_factory=lambda: deque(maxlen=PER_GROUP))
    edited: deque[timedelta] = field(default_factory=lambda: deque(maxlen=PER_GROUP))


class Pace:
    """Hands out turns to call Telegram; one for everything that goes out."""

    def __init__(
        self, clock: Clock, *, per_second: int = PER_SECOND, wake: Wake = wake_after
    ) -> None:
        self._clock = clock
        self._wake = wake
        self._gap = SECOND / per_second
        self._most = per_second + max(1, per_second // 5)
        """Calls that may arrive within any one second."""
        self._next = _NOTHING
        self._held = _NOTHING
        self._waiting: list[Turn] = []
        self._under_way: dict[Turn, None] = {}
        self._over: deque[timedelta] = deque()
        """When the answers of the last second came."""
        self._chats: dict[int, _Chat] = {}
        self._told: list[tuple[timedelta, int, timedelta]] = []
        """When which chat was told to wait how long, of late."""
        self._alarm: Alarm | None = None
        self._numbers = 0

    # ------------------------------------------------------------ waiting
    async def turn(
        self,
        chat_id: int,
        priority: Priority,
        *,
        patience: timedelta,
        edit: bool = False,
    ) -> Turn:
        """Wait until a call may leave for this chat; say ``over`` when it is.

        Raises:
            Paused: the chat has to wait for longer than ``patience``.
        """
        alone, before = self._wait(chat_id, priority, edit=edit)
        if alone + PER_CHAT * before > patience:
            # later, at the chat's next second, the most urgent is chosen anew
            raise Paused(max(alone, PER_CHAT) if before else alone)
        self._numbers += 1
        turn = Turn(
            chat_id=chat_id,
            priority=priority,
            edit=edit,
            patience=patience,
            number=self._numbers,
            given=asyncio.get_running_loop().create_future(),
        )
        insort(self._waiting, turn, key=lambda each: (each.priority, each.number))
        self._hand_out()
        try:
            await turn.given
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
        return turn

    def wait_for(
        self,
        chat_id: int,
        priority: Priority = Priority.TAP,
        *,
        edit: bool = False,
    ) -> timedelta:
        """How long the chat's own schedule lets the next call wait, at least."""
        alone, before = self._wait(chat_id, priority, edit=edit)
        return alone + PER_CHAT * before

    def _wait(
        self, chat_id: int, priority: Priority, *, edit: bool
    ) -> tuple[timedelta, int]:
        """Until the chat takes anything, and how many go before."""
        chat = self._chats.get(chat_id, _Chat())
        due = max(self._held, chat.held, *self._own(chat_id, chat, edit=edit))
        alone = max(_NOTHING, due - self._clock.monotonic())
        if edit:
            return alone, 0
        before = sum(
            each.chat_id == chat_id and each.priority <= priority and not each.edit
            for each in self._waiting
        )
        return alone, before

    def held(self) -> timedelta:
        """How long everybody has to wait."""
        return max(_NOTHING, self._held - self._clock.monotonic())

    @staticmethod
    def _own(chat_id: int, chat: _Chat, *, edit: bool) -> tuple[timedelta, timedelta]:
        """When the chat takes the next one by its two limits."""
        minute = chat.edited if edit else chat.sent
        full = chat_id < 0 and len(minute) == PER_GROUP
        return (
            _NOTHING if edit else chat.due,
            minute[0] + MINUTE if full else _NOTHING,
        )

    # ------------------------------------------------------------ handing out
    def _hand_out(self) -> None:
        """Give turns to whoever may go now, and wake up for the next."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        now = self._clock.monotonic()
        while self._waiting:
            at = self._free_at(now)
            if at <= now:
                ready = [each for each in self._waiting if self._due(each) <= now]
                if ready:
                    self._give(ready[0], now)
                    continue
                at = min(self._due(each) for each in self._waiting)
            self._alarm = self._wake(at - now, self._hand_out)
            return

    def _free_at(self, now: timedelta) -> timedelta:
        """When the next call may leave, whosever it is."""
        while self._over and self._over[0] <= now - SECOND:
            self._over.popleft()
        forgotten = [
            each for each in self._under_way if each.began + LOST_AFTER + SECOND <= now
        ]
        for each in forgotten:
            del self._under_way[each]
        at = max(self._next, self._held)
        if len(self._over) + len(self._under_way) < self._most:
            return at
        over = [each + SECOND for each in list(self._over)[:1]]
        lost = [each.began + LOST_AFTER + SECOND for each in list(self._under_way)[:1]]
        return max(at, min(over + lost))

    def _due(self, turn: Turn) -> timedelta:
        """When its chat takes it."""
        chat = self._chats.get(turn.chat_id)
        if chat is None:
            return _NOTHING
        under_way = _NOTHING if turn.edit else chat.under_way
        own = self._own(turn.chat_id, chat, edit=turn.edit)
        return max(chat.held, under_way, *own)

    def _give(self, turn: Turn, now: timedelta) -> None:
        self._waiting.remove(turn)
        late = now - self._next
        self._next = (self._next if late <= _CATCH_UP else now) + self._gap
        self._under_way[turn] = None
        turn.began = now
        chat = self._chat(turn.chat_id)
        if turn.edit:
            chat.edited.append(now)
        else:
            chat.sent.append(now)
            chat.due = now + PER_CHAT
            chat.under_way = now + LOST_AFTER + PER_CHAT
        if not turn.given.done():  # whoever waited may just have been cancelled
            turn.given.set_result(None)

    def over(self, turn: Turn, *, arrived: bool = True) -> None:
        """The call was answered; ``arrived`` unless it surely left no message."""
        now = self._clock.monotonic()
        if turn in self._under_way:
            del self._under_way[turn]
            self._over.append(now)
        chat = self._chat(turn.chat_id)
        if arrived:
            chat.guesses = 0
        if not turn.edit:
            chat.under_way = _NOTHING
            chat.due = now + PER_CHAT if arrived else now
            if chat.sent:
                chat.sent[-1] = now
        self._hand_out()

    # ------------------------------------------------------------ told to wait
    def hold(self, chat_id: int, wait: timedelta | None) -> timedelta:
        """Nothing leaves for this chat for a while; ``None`` if it is to be guessed.

        Returns how long that is.
        """
        now, chat = self._clock.monotonic(), self._chat(chat_id)
        if wait is None:
            wait = min(LONGEST_GUESS, SOME_TIME * 2**chat.guesses)
            chat.guesses = min(chat.guesses + 1, 10)
        chat.held = max(chat.held, now + wait)
        self._told = [
            (at, who, how)
            for at, who, how in self._told
            if at > now - SEVERAL_WITHIN and who != chat_id
        ]
        self._told.append((now, chat_id, wait))
        if len(self._told) > 1:
            everybody = min(how for _, _, how in self._told)
            self._held = max(self._held, now + everybody)
        self._send_away(now)
        self._hand_out()
        return wait

    def _send_away(self, now: timedelta) -> None:
        """Whoever does not wait that long comes again later."""
        for turn in list(self._waiting):
            chat = self._chats.get(turn.chat_id, _Chat())
            wait = max(self._held, chat.held) - now
            if wait > turn.patience and not turn.given.done():
                self._waiting.remove(turn)
                turn.given.set_exception(Paused(wait))

    def _chat(self, chat_id: int) -> _Chat:
        if chat_id not in self._chats and len(self._chats) >= _FORGET:
            self._chats = {
                known: chat
                for known, chat in self._chats.items()
                if not self._is_quiet(chat)
            }
        return self._chats.setdefault(chat_id, _Chat())

    def _is_quiet(self, chat: _Chat) -> bool:
        """Whether nothing of what is known of it matters any more."""
        now = self._clock.monotonic()
        latest = [*list(chat.sent)[-1:], *list(chat.edited)[-1:]]
        busy = max(chat.due, chat.under_way, chat.held)
        return busy <= now and all(each + MINUTE <= now for each in latest)

r"""The queue of updates: kept until the bot confirms them, at most for a day.

```
add ---> waiting --(offset passes it)--> forgotten, but kept for `repeat`
            \--(24 h)--> gone
```

A tester may hold deliveries back, and change the order of what waits. The ids stay:
a poll that confirms the last one it saw gets those above it once more.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.sandbox.bell import Bell
from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json

KEPT: Final = timedelta(hours=24)
REMEMBERED: Final = 10_000
LONGEST_POLL: Final = 50
MOST_UPDATES: Final = 100
ON_REQUEST_ONLY: Final = frozenset(
    {"chat_member", "message_reaction", "message_reaction_count"}
)

WEBHOOK_ACTIVE: Final = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
OTHER_POLL: Final = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update as the bot receives it, and when it came to be."""

    id: int
    at: datetime
    body: Json


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Where updates go instead, and how the last delivery went."""

    url: str
    secret: str | None
    max_connections: int
    failed_at: datetime | None = None
    failure: str | None = None


class UpdateQueue:
    """Updates in order of their ids; one reader at a time, the newest one wins."""

    def __init__(self, *, now: Callable[[], datetime], first_id: int) -> None:
        self._now = now
        self._next_id = first_id
        self._waiting: deque[Update] = deque()
        self._repeats: deque[Update] = deque()
        self._past: OrderedDict[int, Update] = OrderedDict()
        self._poll = 0
        self._polling = 0
        self.held = False
        self.allowed: Collection[str] = ()
        self.webhook: Webhook | None = None
        self.bell = Bell()

    @property
    def bot_is_listening(self) -> bool:
        """Whether a long poll is open or a webhook is set."""
        return self._polling > 0 or self.webhook is not None

    def add(self, kind: str, payload: Json) -> int | None:
        """Queue an update and return its id; None if the bot did not ask for it."""
        wanted = kind in self.allowed if self.allowed else kind not in ON_REQUEST_ONLY
        if not wanted:
            return None
        update = Update(
            id=self._next_id,
            at=self._now(),
            body={"update_id": self._next_id, kind: payload},
        )
        self._next_id += 1
        self._waiting.append(update)
        self._past[update.id] = update
        if len(self._past) > REMEMBERED:
            self._past.popitem(last=False)
        self.bell.ring()
        return update.id

    def repeat(self, update_id: int) -> bool:
        """Deliver a past update once more, as Telegram sometimes does."""
        update = self._past.get(update_id)
        if update is None:
            return False
        self._repeats.append(update)
        self.bell.ring()
        return True

    def hold(self, *, held: bool) -> None:
        """Keep updates back until they are let go; polls go on and find nothing."""
        self.held = held
        self.bell.ring()

    def reorder(self, ids: Sequence[int]) -> bool:
        """Put waiting updates into this order, at the places they hold together.

        False, and nothing done, if one of the ids does not wait or stands twice.
        """
        by_id = {update.id: update for update in self._waiting}
        if len(set(ids)) != len(ids) or not by_id.keys() >= set(ids):
            return False
        order = iter(ids)
        self._waiting = deque(
            by_id[next(order)] if update.id in ids else update
            for update in self._waiting
        )
        self.bell.ring()
        return True

    def waiting(self) -> list[Update]:
        """What is not confirmed yet: repeats first, then in order."""
        oldest = self._now() - KEPT
        if any(update.at < oldest for update in self._waiting):
            self._waiting = deque(u for u in self._waiting if u.at >= oldest)
        return [*self._repeats, *self._waiting]

    def due(self) -> list[Update]:
        """What may be delivered now."""
        return [] if self.held else self.waiting()

    def confirm(self, offset: int) -> None:
        """Forget what is before `offset`; a negative one keeps only the last ones."""
        if offset < 0:
            offset = self._next_id + offset
        while self._waiting and self._waiting[0].id < offset:
            self._waiting.popleft()
        if any(update.id < offset for update in self._waiting):
            self._waiting = deque(u for u in self._waiting if u.id >= offset)

    def delivered(self, update: Update) -> None:
        """The webhook took this update."""
        if self._repeats and self._repeats[0] is update:
            self._repeats.popleft()
        elif update in self._waiting:
            self._waiting.remove(update)

    def drop_all(self) -> None:
        """`drop_pending_updates`."""
        self._waiting.clear()
        self._repeats.clear()

    async def poll(self, *, offset: int, limit: int, seconds: int) -> list[Json]:
        """getUpdates: waits up to `seconds` (50 at most) for something.

        ApiError 409 if a webhook is set or a newer poll has begun meanwhile.
        """
        if self.webhook is not None:
            raise ApiError(409, WEBHOOK_ACTIVE)
        self._poll += 1
        mine = self._poll
        self.bell.ring()
        self.confirm(offset)
        most = limit if 1 <= limit <= MOST_UPDATES else MOST_UPDATES

        def found() -> list[Update] | None:
            if self._poll != mine:
                raise ApiError(409, OTHER_POLL)
            if self.webhook is not None:
                raise ApiError(409, WEBHOOK_ACTIVE)
            return self.due()[:most] or None

        self._polling += 1
        try:
            patience = min(max(seconds, 0), LONGEST_POLL)
            updates = await self.bell.until(found, patience) or []
        finally:
            self._polling -= 1
        for update in updates:
            if self._repeats and self._repeats[0] is update:
                self._repeats.popleft()
        return [update.body for update in updates]

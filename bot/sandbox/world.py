"""Everything that is true in the sandbox now, in memory, by the injected clock.

Ids begin at a number that grows with the clock, so that a sandbox started later on
the same day as an older one never reuses an update or message id that a bot's
database may still hold.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from bot.sandbox.bell import Bell, Feed
from bot.sandbox.clock import SandboxClock
from bot.sandbox.faults import Faults
from bot.sandbox.files import FileStore
from bot.sandbox.limits import Limits
from bot.sandbox.model import Chat, ChatKind, Json, Message, Query, User, Version
from bot.sandbox.updates import UpdateQueue

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
UPDATES_PER_SECOND: Final = 10
JOURNAL_ENTRIES: Final = 10_000
ANSWER_WINDOW: Final = timedelta(seconds=60)
GROUPS_BEGIN: Final = -4_000_000_000
SUPERGROUPS_BEGIN: Final = -1_002_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One request of the bot and what it got; `status` 0 is a dropped connection."""

    at: datetime
    method: str
    params: Json
    status: int
    description: str | None
    message_id: int | None


@dataclass(slots=True)
class Profile:
    """What the bot says about itself: commands by (scope, language) and texts."""

    username: str
    id: int | None = None
    first_name: str = "Tapgate"
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int | None, Json] = field(default_factory=dict)
    sees_all: bool = False
    """Whether privacy mode is off: groups are read whole."""


class World:
    """People, their chats with the bot, and what the bot did and has to do."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        bot_username: str,
        users: Iterable[User] = (),
    ) -> None:
        age = int((now() - EPOCH).total_seconds())
        self.clock = SandboxClock(now)
        self.now: Callable[[], datetime] = self.clock
        self.profile = Profile(bot_username)
        self.people = {user.id: user for user in users}
        self.started: set[int] = set()
        self.blocked: set[int] = set()
        self.deactivated: set[int] = set()
        self.groups: dict[int, Chat] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        self.pinned: dict[int, list[int]] = {}
        self.queries: dict[str, Query] = {}
        self.files = FileStore()
        self.updates = UpdateQueue(now=self.now, first_id=age * UPDATES_PER_SECOND)
        self.journal: deque[JournalEntry] = deque(maxlen=JOURNAL_ENTRIES)
        self.faults = Faults(self.now)
        self.limits = Limits(self.now)
        self.bell = Bell()
        self.feed = Feed()
        self._first_message_id = age
        self._last_ids: dict[int, int] = {}
        self._query_ids = count(age * 1_000_000)
        self._group_numbers = count(age)

    def bot(self, bot_id: int) -> User:
        """The bot's own user; its id comes from the token it last used."""
        if self.profile.id != bot_id:
            self.profile.id = bot_id
            self.changed(lambda: {"type": "profile"})
        return User(
            id=bot_id,
            first_name=self.profile.first_name,
            username=self.profile.username,
            language_code=None,
            is_bot=True,
        )

    def chat(self, chat_id: int) -> Chat | None:
        """The chat with this id: a group, or a person's chat with the bot."""
        person = self.people.get(chat_id)
        if person is None:
            return self.groups.get(chat_id)
        return Chat(
            id=person.id,
            kind=ChatKind.PRIVATE,
            title=person.first_name,
            username=person.username,
        )

    def group_id(self, kind: ChatKind) -> int:
        """An id for a new group, in the range that its kind has at Telegram."""
        first = GROUPS_BEGIN if kind is ChatKind.GROUP else SUPERGROUPS_BEGIN
        return first - next(self._group_numbers)

    def post(
        self,
        chat_id: int,
        sender: User,
        version: Version,
        receiver: User | None = None,
    ) -> Message:
        """Add a message to a chat; the caller announces it once it is complete."""
        chat = self.messages.setdefault(chat_id, {})
        message = Message(
            id=self._next_message_id(chat_id, ephemeral=receiver is not None),
            chat_id=chat_id,
            sender=sender,
            versions=[version],
            receiver=receiver,
        )
        chat[message.id] = message
        return message

    def _next_message_id(self, chat_id: int, *, ephemeral: bool) -> int:
        if ephemeral:
            return -1 - sum(1 for key in self.messages[chat_id] if key < 0)
        last = self._last_ids.get(chat_id, self._first_message_id)
        self._last_ids[chat_id] = last + 1
        return last + 1

    def message(self, chat_id: int, message_id: int | None) -> Message | None:
        """A message that exists and was not deleted."""
        message = self.messages.get(chat_id, {}).get(message_id or 0)
        return message if message and message.deleted_at is None else None

    def present(self, chat_id: int) -> list[Message]:
        """The messages that stand in the chat, newest first."""
        chat = self.messages.get(chat_id, {})
        return [m for m in reversed(chat.values()) if m.deleted_at is None]

    def query(self, person: User, message_id: tuple[int, int], data: str) -> Query:
        """Register a tap on the message (chat id, message id)."""
        query = Query(
            id=str(next(self._query_ids)),
            person=person,
            chat_id=message_id[0],
            message_id=message_id[1],
            data=data,
            at=self.now(),
        )
        self.queries[query.id] = query
        return query

    def changed(self, event: Callable[[], Json]) -> None:
        """Tell pages and waiting tests that something is different now.

        The event is only made if a page is open: a thousand messages to people whom
        nobody watches cost nothing here.
        """
        if self.feed.is_read:
            now = int(self.now().timestamp() * 1000)
            self.feed.publish(event() | {"now": now, "speed": self.clock.speed})
        self.bell.ring()

    def close(self) -> None:
        """End every long poll, wait and event stream."""
        self.updates.bell.close()
        self.bell.close()
        self.feed.close()

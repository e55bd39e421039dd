"""The things a Telegram chat consists of, as far as the sandbox needs them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]


class ChatKind(StrEnum):
    """The kinds of chat that a bot meets here; channels are not among them."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"


class Standing(StrEnum):
    """What somebody is in a group, in Telegram's words."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    LEFT = "left"
    KICKED = "kicked"


PRESENT: Final = frozenset({Standing.CREATOR, Standing.ADMINISTRATOR, Standing.MEMBER})
ADMINS: Final = frozenset({Standing.CREATOR, Standing.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody's place in a group; an anonymous administrator writes as the group."""

    standing: Standing
    anonymous: bool = False


@dataclass(slots=True, kw_only=True)
class Topic:
    """One topic of a forum; its id is the `message_thread_id`."""

    id: int
    name: str
    icon_color: int
    closed: bool = False


@dataclass(slots=True, kw_only=True)
class Chat:
    """Where messages stand: a person's chat with the bot, or a group.

    A group remembers everybody who ever was in it by id, and the bot apart from
    them. `bot` is None until the bot was added for the first time.
    """

    id: int
    kind: ChatKind
    title: str
    username: str | None = None
    forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    bot: Member | None = None
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None

    @property
    def is_group(self) -> bool:
        """Whether more than one person may be in it."""
        return self.kind is not ChatKind.PRIVATE

    def has(self, user_id: int) -> bool:
        """Whether a person is in the group now, or it is their own chat."""
        member = self.members.get(user_id)
        if not self.is_group:
            return user_id == self.id
        return member is not None and member.standing in PRESENT

    @property
    def has_bot(self) -> bool:
        """Whether the bot is in it now."""
        return self.bot is not None and self.bot.standing in PRESENT

    @property
    def obeys_bot(self) -> bool:
        """Whether the bot is an administrator."""
        return self.bot is not None and self.bot.standing in ADMINS


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or the bot; a person's id is also the id of their chat with the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One downloadable file; a thumbnail shares the bytes of its original."""

    file_id: str
    unique_id: str
    kind: str  # "photo" or "document"
    name: str
    mime_type: str
    content: bytes = field(repr=False)
    bot_id: int
    width: int = 0
    height: int = 0
    thumbnail: "StoredFile | None" = None
    reduced: bool = False

    @property
    def path(self) -> str:
        """The `file_path` that getFile hands out."""
        folder = "thumbnails" if self.reduced else f"{self.kind}s"
        return f"{folder}/{self.unique_id}{self.suffix}"

    @property
    def suffix(self) -> str:
        """The file name's ending with its dot, or nothing."""
        _, dot, ending = self.name.rpartition(".")
        return f"{dot}{ending}" if dot else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """Plain text and its entities; offsets count UTF-16 units as Telegram does."""

    text: str = ""
    entities: tuple[Json, ...] = ()

    @property
    def units(self) -> int:
        """Length in UTF-16 units."""
        return len(self.text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A checked `reply_markup`: inline rows, or a reply keyboard and its kind.

    `other` holds a reply keyboard, its removal or a force-reply as it was sent;
    Telegram shows these to the person and never returns them in a message.
    """

    inline: tuple[tuple[Json, ...], ...] | None = None
    force_reply: bool = False
    other: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a message says at one time; an edit adds one."""

    at: datetime
    rich: RichText
    file: StoredFile | None = None
    markup: Markup = Markup()

    def shows_the_same_as(self, other: "Version") -> bool:
        """Whether Telegram would call an edit from one to the other no change."""
        return (self.rich, self.file, self.markup.inline) == (
            other.rich,
            other.file,
            other.markup.inline,
        )


@dataclass(slots=True, kw_only=True)
class Message:
    """A message with its whole history; `extras` are Bot API fields kept as sent.

    An ephemeral message has a `receiver`: only its two ends see it, and its id is
    the negative of its `ephemeral_message_id`. A service message says what happened
    in `service` fields of the Bot API and has no text.
    """

    id: int
    chat_id: int
    sender: User
    versions: list[Version]
    reply_to: int | None = None
    thread: int | None = None
    receiver: User | None = None
    replaces: int | None = None
    as_chat: bool = False
    service: Json | None = None
    extras: Json = field(default_factory=dict)
    reactions: list[Json] = field(default_factory=list)
    deleted_at: datetime | None = None

    @property
    def now(self) -> Version:
        """The version that is shown at present."""
        return self.versions[-1]

    @property
    def by_bot(self) -> bool:
        """Whether the bot wrote it; an anonymous administrator's sender is one too."""
        return self.sender.is_bot and not self.as_chat and self.service is None

    def seen_by(self, user_id: int) -> bool:
        """Whether a person in the chat sees it."""
        return self.receiver is None or user_id in {self.receiver.id, self.sender.id}

    @property
    def sent_at(self) -> datetime:
        """When the first version was sent."""
        return self.versions[0].at

    @property
    def buttons(self) -> list[Json]:
        """Inline buttons that are shown at present, row by row."""
        return [button for row in self.now.markup.inline or () for button in row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bot answered to a tap."""

    at: datetime
    text: str
    show_alert: bool
    url: str | None


@dataclass(slots=True, kw_only=True)
class Query:
    """A tap on an inline button, waiting for its one answer."""

    id: str
    person: User
    chat_id: int
    message_id: int
    data: str
    at: datetime
    answer: Answer | None = None

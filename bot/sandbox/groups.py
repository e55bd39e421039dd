r"""What happens to groups: people and the bot come and go, topics, migration.

```
               add                    migrate
make_group ---------> has the bot ------------> supergroup (a new id; the old one
   |  ^                 |      \                 answers with it for ever)
   |  '----- remove ----'       '-- make_topic, in a forum
   '-- members: creator, administrator, member, left, kicked
```
Each change is told to the bot as Telegram does: `my_chat_member` about itself,
`chat_member` about others if it is an administrator and asked for them, and service
messages to everybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from bot.sandbox.errors import Problem
from bot.sandbox.model import (
    PRESENT,
    Chat,
    ChatKind,
    Json,
    Member,
    Message,
    RichText,
    Standing,
    Topic,
    User,
    Version,
)
from bot.sandbox.shapes import (
    ANONYMOUS,
    bot_json,
    membership_json,
    message_json,
    topic_json,
    user_json,
)
from bot.sandbox.views import page_message, people_event
from bot.sandbox.world import World

GONE: Final = Member(standing=Standing.LEFT)
TOPIC_CHARACTERS: Final = 128
COLORS: Final = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGroup:
    """A group that somebody makes; without `bot` the bot is not added."""

    id: int | None = None
    kind: ChatKind = ChatKind.SUPERGROUP
    title: str
    username: str | None = None
    forum: bool = False
    creator: User
    members: Iterable[User] = field(default_factory=tuple)
    bot: Standing | None = Standing.MEMBER


def group(world: World, chat_id: int) -> Chat:
    """The group with this id, if it was not upgraded; Problem 404 or 409."""
    found = world.groups.get(chat_id)
    if found is None:
        raise Problem(404, f"There is no group {chat_id}; make one at /sandbox/chats.")
    if found.migrated_to is not None:
        raise Problem(409, f"The group became {found.migrated_to}; use that.")
    return found


def in_chat(chat: Chat, user: User) -> None:
    """Problem 409 unless the person is in the group."""
    if not chat.has(user.id):
        raise Problem(409, f'{user.first_name} is not in "{chat.title}".')


def make_group(world: World, wish: NewGroup) -> Chat:
    """A new group; Problem 409 if the id is taken, 422 if there is no such kind."""
    chat_id = wish.id or world.group_id(wish.kind)
    if world.chat(chat_id) is not None:
        raise Problem(409, f"Chat {chat_id} exists already.")
    if chat_id > 0 or not wish.title.strip():
        raise Problem(422, "A group has a negative id and a title.")
    if wish.forum and wish.kind is not ChatKind.SUPERGROUP:
        raise Problem(422, "Only a supergroup can be a forum.")
    chat = Chat(
        id=chat_id,
        kind=wish.kind,
        title=wish.title,
        username=wish.username,
        forum=wish.forum,
    )
    chat.members = {
        user.id: Member(standing=Standing.MEMBER) for user in wish.members
    } | {wish.creator.id: Member(standing=Standing.CREATOR)}
    world.groups[chat_id] = chat
    made = "group" if wish.kind is ChatKind.GROUP else "supergroup"
    serve(world, chat, wish.creator, {f"{made}_chat_created": True})
    if wish.bot is not None:
        set_bot(world, chat, Member(standing=wish.bot), wish.creator)
    world.changed(lambda: people_event(world))
    return chat


def set_member(world: World, chat: Chat, who: User, now: Member, by: User) -> None:
    """A person joins, leaves, is removed, becomes an administrator or anonymous."""
    was = chat.members.get(who.id, GONE)
    chat.members[who.id] = now
    if chat.obeys_bot:
        body = membership_json(world, chat, by, was, now, who)
        world.updates.add("chat_member", body)
    _announce_move(world, chat, (was, now), by, user_json(who))
    world.changed(lambda: people_event(world))


def set_bot(world: World, chat: Chat, now: Member, by: User) -> int | None:
    """The bot is added, promoted, removed or kicked; returns the update's id."""
    was, chat.bot = chat.bot or GONE, now
    body = membership_json(world, chat, by, was, now, None)
    update_id = world.updates.add("my_chat_member", body)
    _announce_move(world, chat, (was, now), by, bot_json(world))
    world.changed(lambda: people_event(world))
    return update_id


def _announce_move(
    world: World, chat: Chat, change: tuple[Member, Member], by: User, who: Json
) -> None:
    """The service message that everybody in the group sees."""
    was, now = (member.standing in PRESENT for member in change)
    if now and not was:
        serve(world, chat, by, {"new_chat_members": [who]})
    elif was and not now:
        message = _service(world, chat, by, {"left_chat_member": who})
        _tell(world, chat, message, last=who["is_bot"])


def migrate(world: World, chat: Chat, by: User) -> Chat:
    """Upgrade a group: a supergroup with a new id, and a service message in each.

    The old id answers every call with the new one from now on.
    """
    if chat.kind is not ChatKind.GROUP:
        raise Problem(409, f'"{chat.title}" is a supergroup already.')
    new_id = world.group_id(ChatKind.SUPERGROUP)
    upgraded = replace(
        chat,
        id=new_id,
        kind=ChatKind.SUPERGROUP,
        members=dict(chat.members),
        topics={},
    )
    world.groups[new_id] = upgraded
    serve(world, chat, by, {"migrate_to_chat_id": new_id})
    chat.migrated_to = new_id
    serve(world, upgraded, ANONYMOUS, {"migrate_from_chat_id": chat.id})
    world.changed(lambda: people_event(world))
    return upgraded


def make_topic(
    world: World, chat: Chat, name: str, by: User, color: int | None = None
) -> tuple[Topic, Message]:
    """A new topic; its id is that of the service message that opens it."""
    if not chat.forum:
        raise Problem(409, f'"{chat.title}" is no forum: it has no topics.')
    if not 1 <= len(name) <= TOPIC_CHARACTERS:
        raise Problem(422, f"A topic's name has 1 to {TOPIC_CHARACTERS} characters.")
    topic = Topic(
        id=0, name=name, icon_color=color or COLORS[len(chat.topics) % len(COLORS)]
    )
    said = {key: topic_json(topic)[key] for key in ("name", "icon_color")}
    opening = _service(world, chat, by, {"forum_topic_created": said})
    topic.id = opening.thread = opening.id
    chat.topics[topic.id] = topic
    _tell(world, chat, opening)
    world.changed(lambda: people_event(world))
    return topic, opening


def serve(
    world: World, chat: Chat, by: User, service: Json, thread: int | None = None
) -> None:
    """A service message that everybody in the group sees, the bot too."""
    message = _service(world, chat, by, service)
    message.thread = thread
    _tell(world, chat, message)


def _service(world: World, chat: Chat, by: User, service: Json) -> Message:
    message = world.post(chat.id, by, Version(at=world.now(), rich=RichText()))
    message.service = service
    message.as_chat = by is ANONYMOUS
    return message


def _tell(world: World, chat: Chat, message: Message, *, last: bool = False) -> None:
    """The bot hears of it unless it did it itself; it still sees itself go (`last`)."""
    own = message.sender.is_bot and not message.as_chat
    if (chat.has_bot or last) and not own:
        world.updates.add("message", message_json(world, message))
    world.changed(lambda: {"type": "message", "message": page_message(world, message)})


def is_for_bot(world: World, chat: Chat, message: Message) -> bool:
    """Whether the bot hears what a person wrote in a group.

    In privacy mode it hears commands to it (or to nobody by name) and replies to its
    messages; an administrator, or with privacy mode off, hears everything.
    """
    if not chat.has_bot:
        return False
    if chat.obeys_bot or world.profile.sees_all or message.receiver is not None:
        return True
    answered = world.message(chat.id, message.reply_to)
    return _commands_bot(world, message) or (answered is not None and answered.by_bot)


def _commands_bot(world: World, message: Message) -> bool:
    rich = message.now.rich
    if not any(e["type"] == "bot_command" and e["offset"] == 0 for e in rich.entities):
        return False
    _, _, to = rich.text.split(maxsplit=1)[0].partition("@")
    return to.lower() in {"", world.profile.username.lower()}

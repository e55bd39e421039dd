"""What happens to groups, on request: made, joined, left, given topics, upgraded."""

from collections.abc import Callable
from typing import Final, TypeVar

from bot.sandbox import groups, people
from bot.sandbox.control.acting import whoever
from bot.sandbox.control.fields import Fields, needed
from bot.sandbox.errors import Problem
from bot.sandbox.model import Chat, ChatKind, Json, Member, Standing, User
from bot.sandbox.shapes import topic_json
from bot.sandbox.views import group_json
from bot.sandbox.world import World

T = TypeVar("T")

KINDS: Final = {
    "group": (ChatKind.GROUP, False),
    "supergroup": (ChatKind.SUPERGROUP, False),
    "forum": (ChatKind.SUPERGROUP, True),
}
NOT_IN: Final = "none"


def _add_chat(world: World, fields: Fields) -> Json:
    fields.only("type", "title", "id", "username", "creator", "members", "bot")
    kind, forum = _one_of(fields, "type", KINDS, "supergroup")
    wish = groups.NewGroup(
        id=fields.integer("id"),
        kind=kind,
        title=needed(fields.text("title"), "title"),
        username=fields.text("username"),
        forum=forum,
        creator=whoever(world, fields, "creator"),
        members=[people.person(world, each) for each in fields.integers("members")],
        bot=_standing(fields, "bot", "member", or_none=True),
    )
    return group_json(world, groups.make_group(world, wish))


def _add_topic(world: World, fields: Fields) -> Json:
    chat = _group(world, fields.only("chat", "name", "user"))
    user = _doer(world, fields, chat)
    name = needed(fields.text("name"), "name")
    topic, opening = groups.make_topic(world, chat, name, user)
    return topic_json(topic) | {"message_id": opening.id}


def _set_member(world: World, fields: Fields) -> Json:
    chat = _group(world, fields.only("chat", "user", "status", "by", "anonymous"))
    who = whoever(world, fields)
    status = needed(_standing(fields, "status", "member"), "status")
    now = Member(standing=status, anonymous=fields.flag("anonymous"))
    by = whoever(world, fields, "by") if fields.integer("by") else who
    groups.set_member(world, chat, who, now, by)
    return group_json(world, chat)


def _set_bot(world: World, fields: Fields) -> Json:
    chat = _group(world, fields.only("chat", "status", "by"))
    status = needed(_standing(fields, "status", "member"), "status")
    by = _doer(world, fields, chat, "by")
    update_id = groups.set_bot(world, chat, Member(standing=status), by)
    return group_json(world, chat) | {"update_id": update_id}


def _migrate(world: World, fields: Fields) -> Json:
    chat = _group(world, fields.only("chat", "user"))
    upgraded = groups.migrate(world, chat, _doer(world, fields, chat))
    return group_json(world, upgraded)


def _set_privacy(world: World, fields: Fields) -> Json:
    world.profile.sees_all = not fields.only("on").flag("on")
    return {"on": not world.profile.sees_all}


def _group(world: World, fields: Fields) -> Chat:
    return groups.group(world, needed(fields.integer("chat"), "chat"))


def _doer(world: World, fields: Fields, chat: Chat, name: str = "user") -> User:
    """Who does it: the person named, or whoever made the group."""
    if fields.integer(name) is not None:
        return whoever(world, fields, name)
    for user_id, member in chat.members.items():
        if member.standing is Standing.CREATOR:
            return people.person(world, user_id)
    raise Problem(422, f'Field "{name}" is needed: the group has lost its creator.')


def _standing(
    fields: Fields, name: str, usual: str, *, or_none: bool = False
) -> Standing | None:
    known: dict[str, Standing | None] = {each.value: each for each in Standing}
    if or_none:
        known[NOT_IN] = None
    return _one_of(fields, name, known, usual)


def _one_of(fields: Fields, name: str, known: dict[str, T], usual: str) -> T:
    wish = fields.text(name) or usual
    if wish not in known:
        raise Problem(422, f'Field "{name}" must be one of {", ".join(known)}.')
    return known[wish]


DEEDS: Final[dict[str, Callable[[World, Fields], Json]]] = {
    "chats": _add_chat,
    "topics": _add_topic,
    "members": _set_member,
    "bot": _set_bot,
    "migrate": _migrate,
    "privacy": _set_privacy,
}

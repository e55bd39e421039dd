"""What persons do, on request: join, write, tap, block, and vanish."""

from collections.abc import Callable
from typing import Final

from bot.sandbox import people
from bot.sandbox.control.fields import Fields, needed
from bot.sandbox.errors import Problem
from bot.sandbox.model import Json, User
from bot.sandbox.views import person_json
from bot.sandbox.world import World


def whoever(world: World, fields: Fields, name: str = "user") -> User:
    """The person a field names; Problem 422 or 404."""
    return people.person(world, needed(fields.integer(name), name))


def _add_user(world: World, fields: Fields) -> Json:
    fields.only("id", "first_name", "username", "language_code")
    user = User(
        id=fields.integer("id") or max(world.people, default=1000) + 1,
        first_name=needed(fields.text("first_name"), "first_name"),
        username=fields.text("username"),
        language_code=fields.text("language_code") or "en",
    )
    if user.id <= 0 or not user.first_name.strip():
        raise Problem(422, "A user has a positive id and a name.")
    people.join(world, user)
    return person_json(world, user)


def _say(world: World, fields: Fields) -> Json:
    fields.only("user", "text", "reply_to", "chat", "thread")
    text = needed(fields.text("text"), "text")
    place = people.Place(
        chat_id=fields.integer("chat"),
        thread=fields.integer("thread"),
        reply_to=fields.integer("reply_to"),
    )
    user = whoever(world, fields)
    message, update_id = people.say(world, user, text, place=place)
    return {"message_id": message.id, "update_id": update_id}


def _tap(world: World, fields: Fields) -> Json:
    fields.only("user", "label", "data", "message_id", "chat")
    person = whoever(world, fields)
    wish = people.Tap(
        label=fields.text("label"),
        data=fields.text("data"),
        chat_id=fields.integer("chat") or person.id,
        message_id=fields.integer("message_id"),
    )
    if (wish.label is None) == (wish.data is None):
        raise Problem(422, "A tap needs either a label or data.")
    query, update_id = people.tap(world, person, wish)
    return {
        "callback_id": query.id,
        "update_id": update_id,
        "chat": query.chat_id,
        "message_id": query.message_id,
        "data": query.data,
    }


def _block(world: World, fields: Fields) -> Json:
    return _set_blocked(world, fields, blocked=True)


def _unblock(world: World, fields: Fields) -> Json:
    return _set_blocked(world, fields, blocked=False)


def _set_blocked(world: World, fields: Fields, *, blocked: bool) -> Json:
    person = whoever(world, fields.only("user"))
    return {"update_id": people.set_blocked(world, person, blocked=blocked)}


def _deactivate(world: World, fields: Fields) -> Json:
    person = whoever(world, fields.only("user"))
    people.deactivate(world, person)
    return person_json(world, person)


DEEDS: Final[dict[str, Callable[[World, Fields], Json]]] = {
    "users": _add_user,
    "say": _say,
    "tap": _tap,
    "block": _block,
    "unblock": _unblock,
    "deactivate": _deactivate,
}

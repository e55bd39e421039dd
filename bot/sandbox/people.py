"""What persons do in the sandbox: say, tap, block. Each becomes an update."""

from dataclasses import dataclass

from bot.sandbox.entities import TEXT_UNITS, said
from bot.sandbox.errors import Problem
from bot.sandbox.model import Json, Message, Query, User, Version
from bot.sandbox.views import (
    chat_json,
    message_json,
    page_message,
    people_event,
    query_json,
    unix,
    user_json,
)
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """Which button: by `label` (or its part), or raw `data` on any message.

    Without `message_id` the newest message of the chat that has such a button.
    """

    label: str | None = None
    data: str | None = None
    chat_id: int
    message_id: int | None = None


def person(world: World, user_id: int) -> User:
    """The person with this id; Problem 404."""
    found = world.people.get(user_id)
    if found is None:
        raise Problem(404, f"There is no user {user_id}; add one at /sandbox/users.")
    return found


def join(world: World, user: User) -> None:
    """A new person appears; Problem 409 if the id is taken."""
    if user.id in world.people:
        raise Problem(409, f"User {user.id} exists already.")
    world.people[user.id] = user
    world.changed(people_event(world))


def say(
    world: World, user: User, text: str, reply_to: int | None = None
) -> tuple[Message, int | None]:
    """The person writes to the bot; the first message is also the start.

    Returns the message and the update's id. Problem 409 if the bot is blocked, 422
    if there is nothing to say or it is too long, 404 for an unknown `reply_to`.
    """
    _not_blocked(world, user)
    rich = said(text)
    if not 1 <= rich.units <= TEXT_UNITS:
        raise Problem(422, f"A message has 1 to {TEXT_UNITS} characters.")
    if reply_to is not None and world.message(user.id, reply_to) is None:
        raise Problem(404, f"There is no message {reply_to} to reply to.")
    if user.id not in world.started:
        world.started.add(user.id)
        world.changed(people_event(world))
    message = world.post(user.id, user, Version(at=world.now(), rich=rich))
    message.reply_to = reply_to
    update_id = world.updates.add("message", message_json(world, message))
    world.changed({"type": "message", "message": page_message(world, message)})
    return message, update_id


def tap(world: World, user: User, wish: Tap) -> tuple[Query, int | None]:
    """The person taps a button, or sends crafted data as a modified app could.

    Returns the callback query and the update's id. Problem 404 if there is no such
    button, 409 if it does not call the bot or the person has blocked it.
    """
    _not_blocked(world, user)
    person(world, wish.chat_id)
    message_id, data = _target(world, wish)
    query = world.query(user, (wish.chat_id, message_id), data)
    update_id = world.updates.add("callback_query", query_json(world, query))
    world.changed(
        {
            "type": "tap",
            "callback_id": query.id,
            "user": user.id,
            "chat": query.chat_id,
            "message_id": query.message_id,
            "data": data,
        }
    )
    return query, update_id


def set_blocked(world: World, user: User, *, blocked: bool) -> int | None:
    """The person blocks or unblocks the bot, which hears it as `my_chat_member`."""
    if (user.id in world.blocked) == blocked:
        raise Problem(409, f"{user.first_name} has done that already.")
    member, kicked = {"status": "member"}, {"status": "kicked", "until_date": 0}
    old, new = (member, kicked) if blocked else (kicked, member)
    (world.blocked.add if blocked else world.blocked.discard)(user.id)
    me: Json = {"id": world.profile.id or 0, "is_bot": True}
    me |= {
        "first_name": world.profile.first_name,
        "username": world.profile.username,
    }
    update_id = world.updates.add(
        "my_chat_member",
        {
            "chat": chat_json(user),
            "from": user_json(user),
            "date": unix(world.now()),
            "old_chat_member": {"user": me} | old,
            "new_chat_member": {"user": me} | new,
        },
    )
    world.changed(people_event(world))
    return update_id


def _not_blocked(world: World, user: User) -> None:
    if user.id in world.blocked:
        raise Problem(409, f"{user.first_name} has blocked the bot; unblock it first.")


def _target(world: World, wish: Tap) -> tuple[int, str]:
    if wish.data is not None:
        return _message_for(world, wish, wish.data), wish.data
    label = wish.label or ""
    for message in world.present(wish.chat_id):
        button = _button(message, label)
        if button is not None and wish.message_id in {None, message.id}:
            return message.id, _data(button)
    raise Problem(404, f'Chat {wish.chat_id} shows no button "{label}".')


def _message_for(world: World, wish: Tap, data: str) -> int:
    """Data need not stand on any button: Telegram itself warns of that."""
    if wish.message_id is not None:
        return wish.message_id
    messages = world.present(wish.chat_id)
    if not messages:
        raise Problem(404, f"Chat {wish.chat_id} has no message to tap.")
    fitting = [
        message
        for message in messages
        if any(button.get("callback_data") == data for button in message.buttons)
    ]
    return (fitting or messages)[0].id


def _button(message: Message, label: str) -> Json | None:
    fitting = [button for button in message.buttons if label in button["text"]]
    fitting.sort(key=lambda button: button["text"] != label)
    return fitting[0] if fitting else None


def _data(button: Json) -> str:
    data: str | None = button.get("callback_data")
    if data is None:
        raise Problem(409, f'The button "{button["text"]}" does not call the bot.')
    return data

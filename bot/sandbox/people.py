"""What persons do in the sandbox: say, tap, block. Each becomes an update.

In a group that is so only for what the bot may hear (`groups.is_for_bot`).
"""

from dataclasses import dataclass

from bot.sandbox.entities import TEXT_UNITS, said
from bot.sandbox.errors import Problem
from bot.sandbox.groups import group, in_chat, is_for_bot
from bot.sandbox.model import (
    ADMINS,
    Chat,
    Json,
    Member,
    Message,
    Query,
    RichText,
    Standing,
    User,
    Version,
)
from bot.sandbox.shapes import (
    ANONYMOUS,
    membership_json,
    message_json,
    query_json,
)
from bot.sandbox.views import group_json, page_message, people_event
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said: a group, a topic of it, as an answer to a message."""

    chat_id: int | None = None
    thread: int | None = None
    reply_to: int | None = None


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
    world.changed(lambda: people_event(world))


def say(
    world: World,
    user: User,
    text: str,
    reply_to: int | None = None,
    place: Place | None = None,
) -> tuple[Message, int | None]:
    """The person writes to the bot or to a group; the first message is the start.

    Returns the message and the update's id, None if the bot does not hear it. Problem
    409 if the bot is blocked or the person is not in the group, 422 if there is
    nothing to say or it is too long, 404 for what is not there.
    """
    place = place or Place(reply_to=reply_to)
    chat = _chat(world, user, place.chat_id or user.id)
    rich = said(text)
    if not 1 <= rich.units <= TEXT_UNITS:
        raise Problem(422, f"A message has 1 to {TEXT_UNITS} characters.")
    answered = world.message(chat.id, place.reply_to)
    if place.reply_to is not None and answered is None:
        raise Problem(404, f"There is no message {place.reply_to} to reply to.")
    if not chat.is_group and user.id not in world.started:
        world.started.add(user.id)
        world.changed(lambda: people_event(world))
    message = _written(world, chat, user, rich)
    message.reply_to = place.reply_to
    message.thread = _thread(chat, place, answered)
    return message, _told(world, chat, message)


def _written(world: World, chat: Chat, user: User, rich: RichText) -> Message:
    """The new message: by the person, as the group, or seen by the bot only."""
    member = chat.members.get(user.id, Member(standing=Standing.MEMBER))
    anonymous = member.anonymous and member.standing in ADMINS
    private = chat.is_group and _is_ephemeral(world, chat, rich.text)
    message = world.post(
        chat.id,
        ANONYMOUS if anonymous and not private else user,
        Version(at=world.now(), rich=rich),
        receiver=world.bot(world.profile.id or 0) if private else None,
    )
    message.as_chat = anonymous and not private
    return message


def _is_ephemeral(world: World, chat: Chat, text: str) -> bool:
    """Whether a command of the group's menu is one that only the bot sees."""
    name = text.split(maxsplit=1)[0].removeprefix("/").partition("@")[0]
    commands = group_json(world, chat)["commands"] if text.startswith("/") else []
    return any(c["command"] == name and c.get("is_ephemeral") for c in commands)


def _thread(chat: Chat, place: Place, answered: Message | None) -> int | None:
    thread = place.thread or (answered.thread if answered else None)
    if thread is not None and thread not in chat.topics:
        raise Problem(404, f'"{chat.title}" has no topic {thread}.')
    return thread


def _told(world: World, chat: Chat, message: Message) -> int | None:
    hears = not chat.is_group or is_for_bot(world, chat, message)
    update_id = (
        world.updates.add("message", message_json(world, message)) if hears else None
    )
    world.changed(lambda: {"type": "message", "message": page_message(world, message)})
    return update_id


def tap(world: World, user: User, wish: Tap) -> tuple[Query, int | None]:
    """The person taps a button, or sends crafted data as a modified app could.

    Returns the callback query and the update's id. Problem 404 if there is no such
    button, 409 if it does not call the bot, the person has blocked it, or they or the
    bot are not in the group.
    """
    if wish.chat_id in world.groups:
        chat = _chat(world, user, wish.chat_id)
        if not chat.has_bot:
            raise Problem(409, f'The bot is not in "{chat.title}".')
    else:
        _can_write(world, user)
        person(world, wish.chat_id)
    message_id, data = _target(world, user, wish)
    query = world.query(user, (wish.chat_id, message_id), data)
    update_id = world.updates.add("callback_query", query_json(world, query))
    world.changed(
        lambda: {
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
    states = [Member(standing=Standing.MEMBER), Member(standing=Standing.KICKED)]
    was, now = states if blocked else reversed(states)
    (world.blocked.add if blocked else world.blocked.discard)(user.id)
    chat = _private(world, user)
    body = membership_json(world, chat, user, was, now, None)
    update_id = world.updates.add("my_chat_member", body)
    world.changed(lambda: people_event(world))
    return update_id


def deactivate(world: World, user: User) -> None:
    """The person's account is gone: nothing reaches it and it does nothing more."""
    world.deactivated.add(user.id)
    world.changed(lambda: people_event(world))


def _private(world: World, user: User) -> Chat:
    chat = world.chat(user.id)
    if chat is None:
        raise Problem(404, f"There is no user {user.id}; add one at /sandbox/users.")
    return chat


def _chat(world: World, user: User, chat_id: int) -> Chat:
    """The chat in which a person may do something now; Problem 404 or 409."""
    if chat_id == user.id:
        _can_write(world, user)
        return _private(world, user)
    _alive(world, user)
    chat = group(world, chat_id)
    in_chat(chat, user)
    return chat


def _alive(world: World, user: User) -> None:
    if user.id in world.deactivated:
        raise Problem(409, f"{user.first_name} has no account any more.")


def _can_write(world: World, user: User) -> None:
    _alive(world, user)
    if user.id in world.blocked:
        raise Problem(409, f"{user.first_name} has blocked the bot; unblock it first.")


def _target(world: World, user: User, wish: Tap) -> tuple[int, str]:
    if wish.data is not None:
        return _message_for(world, wish, wish.data), wish.data
    label = wish.label or ""
    for message in world.present(wish.chat_id):
        button = _button(message, label) if message.seen_by(user.id) else None
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

"""Ephemeral messages: in a group, seen by one person and the bot only.

They are sent by the usual methods with `ephemeral_message_parameters`, have no
`message_id` (it is 0) but an `ephemeral_message_id`, and methods of their own edit
and delete them. The words of the refusals are the sandbox's: Telegram's are not
published.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.sandbox.api.callbacks import TOO_OLD
from bot.sandbox.errors import ApiError
from bot.sandbox.model import Chat, Json, Message, User
from bot.sandbox.params import Call
from bot.sandbox.world import World

REPLY_WINDOW: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who sees a message; nobody named means everybody."""

    receiver: User | None = None
    replaces: int | None = None
    reply_to: int | None = None


def audience(world: World, call: Call, chat: Chat) -> Audience:
    """Who an ephemeral message is for; ApiError 400 if it cannot be."""
    wish = call.params.object("ephemeral_message_parameters") or _old_fields(call)
    if wish is None:
        return Audience()
    if not chat.is_group:
        raise ApiError(
            400, "Bad Request: ephemeral messages can be sent in groups only"
        )
    receiver = world.people.get(wish.get("receiver_user_id") or 0)
    if receiver is None or not chat.has(receiver.id):
        raise ApiError(400, "Bad Request: receiver of the ephemeral message not found")
    return Audience(
        receiver=receiver,
        replaces=_tapped(world, chat, receiver, wish),
        reply_to=_answered(world, call, chat),
    )


def _old_fields(call: Call) -> Json | None:
    """The parameters of Bot API 10.2, before they became one object."""
    receiver = call.params.integer("receiver_user_id")
    if receiver is None:
        return None
    query_id = call.params.text("callback_query_id")
    return {"receiver_user_id": receiver, "callback_query_id": query_id}


def _tapped(world: World, chat: Chat, receiver: User, wish: Json) -> int | None:
    """The message to show this one in place of; the tap must be theirs and recent."""
    query_id = wish.get("callback_query_id")
    if query_id is None:
        return None
    query = world.queries.get(query_id)
    if (
        query is None
        or (query.chat_id, query.person.id) != (chat.id, receiver.id)
        or world.now() - query.at > REPLY_WINDOW
    ):
        raise ApiError(400, TOO_OLD)
    if not wish.get("replace_callback_query_message"):
        return None
    if query.message_id < 0:
        raise ApiError(400, "Bad Request: an ephemeral message can't be replaced")
    return query.message_id


def _answered(world: World, call: Call, chat: Chat) -> int | None:
    wish = call.params.object("reply_parameters") or {}
    number = wish.get("ephemeral_message_id")
    if number is None:
        return None
    message = world.message(chat.id, -int(number))
    if message is None or world.now() - message.sent_at > REPLY_WINDOW:
        raise ApiError(400, "Bad Request: message to be replied not found")
    return message.id


def ephemeral_in(world: World, call: Call, chat: Chat) -> Message:
    """The bot's message of `receiver_user_id` and `ephemeral_message_id`; or 400."""
    number = call.params.integer("ephemeral_message_id") or 0
    message = world.message(chat.id, -number)
    receiver = call.params.integer("receiver_user_id")
    if message is None or message.receiver is None or message.receiver.id != receiver:
        raise ApiError(400, "Bad Request: ephemeral message not found")
    return message

"""Finding the chat of a call, and the methods that look at or decorate one."""

from typing import Final

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Chat, Json, Message, Standing
from bot.sandbox.params import Call
from bot.sandbox.shapes import PERMISSIONS, chat_json, message_json
from bot.sandbox.views import page_message
from bot.sandbox.world import World

UPGRADED: Final = "Bad Request: group chat was upgraded to a supergroup chat"
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def known_chat(world: World, call: Call, field: str = "chat_id") -> Chat:
    """The chat that is meant; ApiError 400 if the bot cannot know it.

    An upgraded group answers with its new id, as `migrate_to_chat_id`.
    """
    if call.params.text(field) is None:
        raise ApiError(400, f"Bad Request: {field} is empty")
    chat = _named(world, call, field)
    if chat is None or (chat.is_group and chat.bot is None):
        raise ApiError(400, "Bad Request: chat not found")
    if chat.migrated_to is not None:
        raise ApiError(400, UPGRADED, migrate_to_chat_id=chat.migrated_to)
    return chat


def _named(world: World, call: Call, field: str) -> Chat | None:
    """By its id, or a supergroup by its @username; persons have no names for bots."""
    name = call.params.text(field) or ""
    if not name.startswith("@"):
        return world.chat(call.params.integer(field) or 0)
    named = [c for c in world.groups.values() if c.username == name.removeprefix("@")]
    return named[-1] if named else None


def open_chat(world: World, call: Call) -> Chat:
    """A chat the bot may look into: one that was started, or a group it is in."""
    chat = known_chat(world, call)
    if chat.is_group:
        _is_inside(chat)
    elif chat.id not in world.started:
        raise ApiError(400, "Bad Request: chat not found")
    return chat


def writable_chat(world: World, call: Call) -> Chat:
    """A chat the bot may send to now; ApiError 400 or 403 in Telegram's words."""
    chat = known_chat(world, call)
    if chat.is_group:
        _is_inside(chat)
    elif chat.id in world.deactivated:
        raise ApiError(403, "Forbidden: user is deactivated")
    elif chat.id not in world.started:
        forbidden = "Forbidden: bot can't initiate conversation with a user"
        raise ApiError(403, forbidden)
    elif chat.id in world.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return chat


def _is_inside(chat: Chat) -> None:
    if chat.bot is not None and chat.bot.standing is Standing.KICKED:
        raise ApiError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
    if not chat.has_bot:
        raise ApiError(403, f"Forbidden: bot is not a member of the {chat.kind} chat")


def message_in(world: World, call: Call, what: str) -> Message:
    """The message of `chat_id` and `message_id`; ApiError 400 `message WHAT not found`.

    `what` says what it was wanted for: "to edit", "to delete".
    """
    chat = open_chat(world, call)
    if call.params.text("message_id") is None:
        raise ApiError(400, "Bad Request: message identifier is not specified")
    message = world.message(chat.id, call.params.integer("message_id"))
    if message is None or message.receiver is not None:
        raise ApiError(400, f"Bad Request: message {what} not found")
    return message


def get_chat(world: World, call: Call) -> Json:
    """GetChat: with the newest pinned message."""
    chat = open_chat(world, call)
    gifts = ("unlimited", "limited", "unique")
    full: Json = chat_json(chat) | {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "premium_subscription": False,
            "gifts_from_channels": False,
        }
        | {f"{kind}_gifts": False for kind in gifts},
    }
    if chat.is_group:
        full["permissions"] = dict.fromkeys(PERMISSIONS, True)
    pinned = world.pinned.get(chat.id)
    message = world.message(chat.id, pinned[-1]) if pinned else None
    if message is not None:
        full["pinned_message"] = message_json(world, message, nested=True)
    return full


def send_chat_action(world: World, call: Call) -> bool:
    """SendChatAction: the page shows it for some seconds."""
    chat = writable_chat(world, call)
    action = call.params.text("action")
    if action not in ACTIONS:
        raise ApiError(400, "Bad Request: wrong parameter action in request")
    event = {"type": "action", "chat": chat.id, "action": action}
    world.changed(lambda: event)
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    """SetMessageReaction: a bot sets one emoji at most."""
    message = message_in(world, call, "to react")
    reactions = call.params.items("reaction") or []
    if len(reactions) > 1 or any(not item.get("emoji") for item in reactions):
        raise ApiError(400, "Bad Request: REACTION_INVALID")
    message.reactions = reactions
    world.changed(lambda: {"type": "edited", "message": page_message(world, message)})
    return True


def pin_chat_message(world: World, call: Call) -> bool:
    """PinChatMessage: the newest pinned one is shown."""
    message = message_in(world, call, "to pin")
    _may_pin(world.chat(message.chat_id))
    pins = world.pinned.setdefault(message.chat_id, [])
    if message.id in pins:
        pins.remove(message.id)
    pins.append(message.id)
    announce_pins(world, message.chat_id)
    return True


def unpin_chat_message(world: World, call: Call) -> bool:
    """UnpinChatMessage: the one named, or the newest pinned one."""
    chat = open_chat(world, call)
    _may_pin(chat)
    pins = world.pinned.get(chat.id, [])
    message_id = call.params.integer("message_id") or (pins[-1] if pins else 0)
    if message_id not in pins:
        raise ApiError(400, "Bad Request: message to unpin not found")
    pins.remove(message_id)
    announce_pins(world, chat.id)
    return True


def unpin_all_chat_messages(world: World, call: Call) -> bool:
    """UnpinAllChatMessages."""
    chat = open_chat(world, call)
    _may_pin(chat)
    world.pinned.pop(chat.id, None)
    announce_pins(world, chat.id)
    return True


def _may_pin(chat: Chat | None) -> None:
    if chat is not None and chat.is_group and not chat.obeys_bot:
        raise ApiError(
            400, "Bad Request: not enough rights to manage pinned messages in the chat"
        )


def announce_pins(world: World, chat_id: int) -> None:
    """Tell the pages which messages are pinned now."""
    pinned = world.pinned.get(chat_id, [])
    world.changed(lambda: {"type": "pinned", "chat": chat_id, "pinned": pinned})


METHODS = {
    "getChat": get_chat,
    "sendChatAction": send_chat_action,
    "setMessageReaction": set_message_reaction,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}

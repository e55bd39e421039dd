"""Finding the chat of a call, and the methods that look at or decorate one."""

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json, Message, User
from bot.sandbox.params import Call
from bot.sandbox.views import chat_json, message_json, page_message, user_json
from bot.sandbox.world import World

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


def known_chat(world: World, call: Call, field: str = "chat_id") -> User:
    """The person whose chat is meant; ApiError 400 if the bot cannot know them."""
    if call.params.text(field) is None:
        raise ApiError(400, f"Bad Request: {field} is empty")
    person = world.people.get(call.params.integer(field) or 0)
    if person is None:
        raise ApiError(400, "Bad Request: chat not found")
    return person


def open_chat(world: World, call: Call) -> User:
    """A chat that exists because the person pressed start, blocked or not."""
    person = known_chat(world, call)
    if person.id not in world.started:
        raise ApiError(400, "Bad Request: chat not found")
    return person


def writable_chat(world: World, call: Call) -> User:
    """A chat the bot may send to now; ApiError 400 or 403 in Telegram's words."""
    person = known_chat(world, call)
    if person.id not in world.started:
        forbidden = "Forbidden: bot can't initiate conversation with a user"
        raise ApiError(403, forbidden)
    if person.id in world.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return person


def message_in(world: World, call: Call, what: str) -> Message:
    """The message of `chat_id` and `message_id`; ApiError 400 `message WHAT not found`.

    `what` says what it was wanted for: "to edit", "to delete".
    """
    chat = open_chat(world, call)
    if call.params.text("message_id") is None:
        raise ApiError(400, "Bad Request: message identifier is not specified")
    message = world.message(chat.id, call.params.integer("message_id"))
    if message is None:
        raise ApiError(400, f"Bad Request: message {what} not found")
    return message


def get_chat(world: World, call: Call) -> Json:
    """GetChat: with the newest pinned message."""
    person = open_chat(world, call)
    full: Json = chat_json(person) | {
        "accent_color_id": person.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    pinned = world.pinned.get(person.id)
    message = world.message(person.id, pinned[-1]) if pinned else None
    if message is not None:
        full["pinned_message"] = message_json(world, message, nested=True)
    return full


def get_chat_member(world: World, call: Call) -> Json:
    """GetChatMember: a private chat has two members."""
    person = open_chat(world, call)
    user_id = call.params.integer("user_id")
    members = {person.id: person, call.bot.id: call.bot}
    if user_id not in members:
        raise ApiError(400, "Bad Request: member not found")
    return {"status": "member", "user": user_json(members[user_id])}


def send_chat_action(world: World, call: Call) -> bool:
    """SendChatAction: the page shows it for some seconds."""
    person = writable_chat(world, call)
    action = call.params.text("action")
    if action not in ACTIONS:
        raise ApiError(400, "Bad Request: wrong parameter action in request")
    world.changed({"type": "action", "chat": person.id, "action": action})
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    """SetMessageReaction: a bot sets one emoji at most."""
    message = message_in(world, call, "to react")
    reactions = call.params.items("reaction") or []
    if len(reactions) > 1 or any(not item.get("emoji") for item in reactions):
        raise ApiError(400, "Bad Request: REACTION_INVALID")
    message.reactions = reactions
    world.changed({"type": "edited", "message": page_message(world, message)})
    return True


def pin_chat_message(world: World, call: Call) -> bool:
    """PinChatMessage: the newest pinned one is shown."""
    message = message_in(world, call, "to pin")
    pins = world.pinned.setdefault(message.chat_id, [])
    if message.id in pins:
        pins.remove(message.id)
    pins.append(message.id)
    announce_pins(world, message.chat_id)
    return True


def unpin_chat_message(world: World, call: Call) -> bool:
    """UnpinChatMessage: the one named, or the newest pinned one."""
    chat = open_chat(world, call)
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
    world.pinned.pop(chat.id, None)
    announce_pins(world, chat.id)
    return True


def announce_pins(world: World, chat_id: int) -> None:
    """Tell the pages which messages are pinned now."""
    pinned = world.pinned.get(chat_id, [])
    world.changed({"type": "pinned", "chat": chat_id, "pinned": pinned})


METHODS = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "sendChatAction": send_chat_action,
    "setMessageReaction": set_message_reaction,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}

"""The methods that change or remove a message; an edit adds a version.

Those for ephemeral messages do the same to a message that one person sees, and
answer only that it was done.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.sandbox.api.chats import announce_pins, message_in, open_chat
from bot.sandbox.api.ephemeral import ephemeral_in
from bot.sandbox.api.sending import file_of_media
from bot.sandbox.entities import caption, message_text
from bot.sandbox.errors import ApiError
from bot.sandbox.markup import inline_markup
from bot.sandbox.model import Json, Message, Version
from bot.sandbox.params import Call, Params
from bot.sandbox.shapes import message_json
from bot.sandbox.views import page_message
from bot.sandbox.world import World

DELETABLE_FOR: Final = timedelta(hours=48)
MOST_AT_ONCE: Final = 100
NOT_MODIFIED: Final = (
    "Bad Request: message is not modified: specified new message content and reply "
    "markup are exactly the same as a current content and reply markup of the message"
)


def edit_message_text(world: World, call: Call) -> Json | bool:
    """EditMessageText: a text message only."""
    message = _editable(world, call)
    if message.now.file is not None:
        raise ApiError(400, "Bad Request: there is no text in the message to edit")
    return _edit(
        world, call, message, replace(message.now, rich=message_text(call.params))
    )


def edit_message_caption(world: World, call: Call) -> Json | bool:
    """EditMessageCaption: a photo or document only; no caption removes it."""
    message = _editable(world, call)
    if message.now.file is None:
        raise ApiError(400, "Bad Request: there is no caption in the message to edit")
    return _edit(world, call, message, replace(message.now, rich=caption(call.params)))


def edit_message_media(world: World, call: Call) -> Json | bool:
    """EditMessageMedia: also turns a text message into a photo."""
    message = _editable(world, call)
    item = call.params.object("media")
    if item is None or item.get("type") not in {"photo", "document"}:
        raise ApiError(400, "Bad Request: can't parse InputMedia")
    file = file_of_media(world, call, item)
    edited = replace(message.now, rich=caption(Params(item)), file=file)
    return _edit(world, call, message, edited)


def edit_message_reply_markup(world: World, call: Call) -> Json | bool:
    """EditMessageReplyMarkup."""
    message = _editable(world, call)
    return _edit(world, call, message, message.now)


def _editable(world: World, call: Call) -> Message:
    if _is_ephemeral(call):
        return ephemeral_in(world, call, open_chat(world, call))
    message = message_in(world, call, "to edit")
    if not message.by_bot:
        raise ApiError(400, "Bad Request: message can't be edited")
    return message


def _is_ephemeral(call: Call) -> bool:
    return "ephemeralmessage" in call.method


def _edit(world: World, call: Call, message: Message, edited: Version) -> Json | bool:
    """Add the version; without `reply_markup` the keyboard goes away."""
    markup = inline_markup(call.params)
    markup = replace(markup, force_reply=message.now.markup.force_reply)
    edited = replace(edited, at=world.now(), markup=markup)
    world.limits.check_edit(message.chat_id)
    if edited.shows_the_same_as(message.now):
        raise ApiError(400, NOT_MODIFIED)
    message.versions.append(edited)
    world.changed(lambda: {"type": "edited", "message": page_message(world, message)})
    return True if _is_ephemeral(call) else message_json(world, message)


def delete_message(world: World, call: Call) -> bool:
    """DeleteMessage: within 48 hours."""
    message = message_in(world, call, "to delete")
    if not _may_delete(world, message):
        raise ApiError(400, "Bad Request: message can't be deleted")
    if world.now() - message.sent_at >= DELETABLE_FOR:
        raise ApiError(400, "Bad Request: message can't be deleted for everyone")
    _delete(world, message)
    return True


def delete_messages(world: World, call: Call) -> bool:
    """DeleteMessages: skips what cannot be deleted."""
    chat = open_chat(world, call)
    ids = call.params.parsed("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_AT_ONCE:
        raise ApiError(400, "Bad Request: message identifiers are not specified")
    for message_id in ids:
        message = world.message(chat.id, message_id)
        if (
            message is not None
            and _may_delete(world, message)
            and world.now() - message.sent_at < DELETABLE_FOR
        ):
            _delete(world, message)
    return True


def delete_ephemeral_message(world: World, call: Call) -> bool:
    """DeleteEphemeralMessage."""
    _delete(world, ephemeral_in(world, call, open_chat(world, call)))
    return True


def _may_delete(world: World, message: Message) -> bool:
    """In a group the bot removes what others wrote only as an administrator."""
    chat = world.chat(message.chat_id)
    ours = message.by_bot or chat is None or not chat.is_group or chat.obeys_bot
    return ours and message.receiver is None


def _delete(world: World, message: Message) -> None:
    message.deleted_at = world.now()
    pins = world.pinned.get(message.chat_id, [])
    if message.id in pins:
        pins.remove(message.id)
        announce_pins(world, message.chat_id)
    event = {"type": "deleted", "chat": message.chat_id, "message_id": message.id}
    world.changed(lambda: event)


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editEphemeralMessageText": edit_message_text,
    "editEphemeralMessageCaption": edit_message_caption,
    "editEphemeralMessageMedia": edit_message_media,
    "editEphemeralMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "deleteEphemeralMessage": delete_ephemeral_message,
}

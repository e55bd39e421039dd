"""The methods that change or remove a message; an edit adds a version."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.sandbox.chats import announce_pins, message_in, open_chat
from bot.sandbox.entities import caption, message_text
from bot.sandbox.errors import ApiError
from bot.sandbox.markup import inline_markup
from bot.sandbox.model import Json, Message, Version
from bot.sandbox.params import Call, Params
from bot.sandbox.sending import file_of_media
from bot.sandbox.views import message_json, page_message
from bot.sandbox.world import World

DELETABLE_FOR: Final = timedelta(hours=48)
MOST_AT_ONCE: Final = 100
NOT_MODIFIED: Final = (
    "Bad Request: message is not modified: specified new message content and reply "
    "markup are exactly the same as a current content and reply markup of the message"
)


def edit_message_text(world: World, call: Call) -> Json:
    """EditMessageText: a text message only."""
    message = _editable(world, call)
    if message.now.file is not None:
        raise ApiError(400, "Bad Request: there is no text in the message to edit")
    return _edit(
        world, call, message, replace(message.now, rich=message_text(call.params))
    )


def edit_message_caption(world: World, call: Call) -> Json:
    """EditMessageCaption: a photo or document only; no caption removes it."""
    message = _editable(world, call)
    if message.now.file is None:
        raise ApiError(400, "Bad Request: there is no caption in the message to edit")
    return _edit(world, call, message, replace(message.now, rich=caption(call.params)))


def edit_message_media(world: World, call: Call) -> Json:
    """EditMessageMedia: also turns a text message into a photo."""
    message = _editable(world, call)
    item = call.params.object("media")
    if item is None or item.get("type") not in {"photo", "document"}:
        raise ApiError(400, "Bad Request: can't parse InputMedia")
    file = file_of_media(world, call, item)
    edited = replace(message.now, rich=caption(Params(item)), file=file)
    return _edit(world, call, message, edited)


def edit_message_reply_markup(world: World, call: Call) -> Json:
    """EditMessageReplyMarkup."""
    message = _editable(world, call)
    return _edit(world, call, message, message.now)


def _editable(world: World, call: Call) -> Message:
    message = message_in(world, call, "to edit")
    if not message.sender.is_bot:
        raise ApiError(400, "Bad Request: message can't be edited")
    return message


def _edit(world: World, call: Call, message: Message, edited: Version) -> Json:
    """Add the version; without `reply_markup` the keyboard goes away."""
    markup = inline_markup(call.params)
    markup = replace(markup, force_reply=message.now.markup.force_reply)
    edited = replace(edited, at=world.now(), markup=markup)
    if edited.shows_the_same_as(message.now):
        raise ApiError(400, NOT_MODIFIED)
    message.versions.append(edited)
    world.changed({"type": "edited", "message": page_message(world, message)})
    return message_json(world, message)


def delete_message(world: World, call: Call) -> bool:
    """DeleteMessage: within 48 hours."""
    message = message_in(world, call, "to delete")
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
        if message and world.now() - message.sent_at < DELETABLE_FOR:
            _delete(world, message)
    return True


def _delete(world: World, message: Message) -> None:
    message.deleted_at = world.now()
    pins = world.pinned.get(message.chat_id, [])
    if message.id in pins:
        pins.remove(message.id)
        announce_pins(world, message.chat_id)
    world.changed(
        {"type": "deleted", "chat": message.chat_id, "message_id": message.id}
    )


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}

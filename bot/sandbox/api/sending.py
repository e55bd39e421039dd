"""The methods that put a new message into a chat."""

from dataclasses import dataclass
from typing import Final

from bot.sandbox.api.chats import writable_chat
from bot.sandbox.api.ephemeral import Audience, audience
from bot.sandbox.api.topics import thread_of
from bot.sandbox.entities import caption, message_text
from bot.sandbox.errors import ApiError
from bot.sandbox.markup import reply_markup
from bot.sandbox.model import Chat, Json, StoredFile, Version
from bot.sandbox.params import Call, Params
from bot.sandbox.shapes import message_json
from bot.sandbox.views import page_message
from bot.sandbox.world import World

ALBUM: Final = range(2, 11)
ALBUM_KINDS: Final = frozenset({"photo", "document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that passed every check and only has to be put into the chat."""

    chat: Chat
    audience: Audience
    reply_to: int | None
    thread: int | None
    extras: Json


def send_message(world: World, call: Call) -> Json:
    """SendMessage."""
    draft = _draft(world, call)
    rich = message_text(call.params)
    markup = reply_markup(call.params)
    world.limits.check(draft.chat.id)
    version = Version(at=world.now(), rich=rich, markup=markup)
    return _deliver(world, call, draft, version)


def send_photo(world: World, call: Call) -> Json:
    """SendPhoto: an upload or a file_id."""
    return _send_file(world, call, "photo")


def send_document(world: World, call: Call) -> Json:
    """SendDocument: an upload or a file_id."""
    return _send_file(world, call, "document")


def _send_file(world: World, call: Call, kind: str) -> Json:
    draft = _draft(world, call)
    rich = caption(call.params)
    markup = reply_markup(call.params)
    file = world.files.receive(call, kind, kind)
    world.limits.check(draft.chat.id)
    version = Version(at=world.now(), rich=rich, file=file, markup=markup)
    return _deliver(world, call, draft, version)


def send_media_group(world: World, call: Call) -> list[Json]:
    """SendMediaGroup: 2 to 10 photos or documents, and no keyboard."""
    draft = _draft(world, call)
    items = call.params.items("media") or []
    if len(items) not in ALBUM:
        raise ApiError(400, "Bad Request: wrong number of media, must be 2-10")
    album = [_album_item(world, call, item) for item in items]
    world.limits.check(draft.chat.id, len(album))
    now = int(world.now().timestamp() * 1000)
    draft.extras["media_group_id"] = f"{now}{draft.chat.id}"
    return [_deliver(world, call, draft, version) for version in album]


def _album_item(world: World, call: Call, item: Json) -> Version:
    kind = item.get("type")
    if kind not in ALBUM_KINDS:
        raise ApiError(400, f"Bad Request: the sandbox sends no albums of {kind}")
    file = file_of_media(world, call, item)
    return Version(at=world.now(), rich=caption(Params(item)), file=file)


def file_of_media(world: World, call: Call, item: Json) -> StoredFile:
    """The file of an InputMedia object: `attach://NAME` or a file_id."""
    within = Call(
        bot=call.bot, method=call.method, params=Params(item), uploads=call.uploads
    )
    return world.files.receive(within, "media", item["type"])


def copy_message(world: World, call: Call) -> Json:
    """CopyMessage: the same content again, without its keyboard unless given."""
    draft = _draft(world, call)
    source_chat = call.params.integer("from_chat_id") or 0
    source = world.message(source_chat, call.params.integer("message_id"))
    if source is None:
        raise ApiError(400, "Bad Request: message to copy not found")
    rich = source.now.rich
    if call.params.text("caption") is not None and source.now.file is not None:
        rich = caption(call.params)
    markup = reply_markup(call.params)
    world.limits.check(draft.chat.id)
    file = source.now.file
    version = Version(at=world.now(), rich=rich, file=file, markup=markup)
    sent = _deliver(world, call, draft, version)
    return {"message_id": sent["message_id"]}


def _draft(world: World, call: Call) -> Draft:
    chat = writable_chat(world, call)
    seen_by = audience(world, call, chat)
    reply_to = seen_by.reply_to or _reply_to(world, call, chat)
    answered = world.message(chat.id, reply_to)
    return Draft(
        chat=chat,
        audience=seen_by,
        reply_to=reply_to,
        thread=thread_of(chat, call) or (answered.thread if answered else None),
        extras=_extras(call),
    )


def _reply_to(world: World, call: Call, chat: Chat) -> int | None:
    wanted = call.params.object("reply_parameters") or {
        "message_id": call.params.integer("reply_to_message_id"),
        "allow_sending_without_reply": call.params.flag("allow_sending_without_reply"),
    }
    message_id = wanted.get("message_id")
    if message_id is None or world.message(chat.id, message_id) is not None:
        return message_id
    if wanted.get("allow_sending_without_reply"):
        return None
    raise ApiError(400, "Bad Request: message to be replied not found")


def _extras(call: Call) -> Json:
    """Parameters that come back in the message just as they were sent."""
    flags = {
        "protect_content": "has_protected_content",
        "show_caption_above_media": "show_caption_above_media",
        "has_spoiler": "has_media_spoiler",
    }
    extras: Json = {
        shown: True for sent, shown in flags.items() if call.params.flag(sent)
    }
    preview = call.params.object("link_preview_options")
    if preview is not None:
        extras["link_preview_options"] = preview
    effect = call.params.text("message_effect_id")
    return extras | ({"effect_id": effect} if effect else {})


def _deliver(world: World, call: Call, draft: Draft, version: Version) -> Json:
    seen_by = draft.audience
    message = world.post(draft.chat.id, call.bot, version, seen_by.receiver)
    message.reply_to, message.thread = draft.reply_to, draft.thread
    message.replaces = seen_by.replaces
    message.extras = dict(draft.extras)
    world.changed(lambda: {"type": "message", "message": page_message(world, message)})
    return message_json(world, message)


METHODS = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendMediaGroup": send_media_group,
    "copyMessage": copy_message,
}

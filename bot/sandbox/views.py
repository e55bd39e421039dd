"""How the world looks from outside: as Bot API objects, and for the page and tests."""

from datetime import datetime

from bot.sandbox.model import Json, Message, Query, StoredFile, User, Version
from bot.sandbox.world import JournalEntry, World


def unix(moment: datetime) -> int:
    """Whole seconds, as Telegram writes dates."""
    return int(moment.timestamp())


def user_json(user: User) -> Json:
    """A Bot API User."""
    optional = {"username": user.username, "language_code": user.language_code}
    return {
        "id": user.id,
        "is_bot": user.is_bot,
        "first_name": user.first_name,
    } | {key: value for key, value in optional.items() if value is not None}


def chat_json(person: User) -> Json:
    """The private Chat of a person with the bot."""
    chat: Json = {"id": person.id, "type": "private", "first_name": person.first_name}
    return chat | ({"username": person.username} if person.username else {})


def message_json(world: World, message: Message, *, nested: bool = False) -> Json:
    """A Bot API Message as it is now; `nested` leaves out what it replies to."""
    shown = message.now
    result: Json = {
        "message_id": message.id,
        "from": user_json(message.sender),
        "chat": chat_json(world.people[message.chat_id]),
        "date": unix(message.sent_at),
    }
    if len(message.versions) > 1 and message.sender.is_bot:
        result["edit_date"] = unix(shown.at)
    answered = world.message(message.chat_id, message.reply_to)
    if answered is not None and not nested:
        result["reply_to_message"] = message_json(world, answered, nested=True)
    return result | message.extras | content_json(shown)


def content_json(version: Version) -> Json:
    """The fields of a Message that an edit can change."""
    result: Json = {}
    text, entities = "text", "entities"
    if version.file is not None:
        text, entities = "caption", "caption_entities"
        result |= _file_fields(version.file)
    if version.rich.text:
        result[text] = version.rich.text
    if version.rich.entities:
        result[entities] = list(version.rich.entities)
    if version.markup.inline is not None:
        rows = [list(row) for row in version.markup.inline]
        result["reply_markup"] = {"inline_keyboard": rows}
        if version.markup.force_reply:
            result["reply_markup"]["force_reply"] = True
    return result


def _file_fields(file: StoredFile) -> Json:
    if file.kind == "photo":
        sizes = [file.thumbnail, file] if file.thumbnail else [file]
        return {"photo": [photo_size(size) for size in sizes]}
    document = file_json(file) | {
        "file_name": file.name,
        "mime_type": file.mime_type,
    }
    return {"document": document}


def file_json(file: StoredFile) -> Json:
    """The fields every Bot API file has; a thumbnail is not drawn, so not weighed."""
    size = {} if file.reduced else {"file_size": len(file.content)}
    return {"file_id": file.file_id, "file_unique_id": file.unique_id} | size


def photo_size(file: StoredFile) -> Json:
    """A Bot API PhotoSize."""
    return file_json(file) | {"width": file.width, "height": file.height}


def query_json(world: World, query: Query) -> Json:
    """A Bot API CallbackQuery; a message that is gone is an InaccessibleMessage."""
    message = world.message(query.chat_id, query.message_id)
    chat = chat_json(world.people[query.chat_id])
    return {
        "id": query.id,
        "from": user_json(query.person),
        "chat_instance": str(7_000_000_000 + query.chat_id),
        "message": message_json(world, message)
        if message
        else {"chat": chat, "message_id": query.message_id, "date": 0},
        "data": query.data,
    }


def page_message(world: World, message: Message) -> Json:
    """A Bot API Message and, under `sandbox`, what only the page and tests see."""
    shown = message.now
    return message_json(world, message) | {
        "sandbox": {
            "content": shown.rich.text,
            "entities": list(shown.rich.entities),
            "labels": [button["text"] for button in message.buttons],
            "versions": len(message.versions),
            "deleted": message.deleted_at is not None,
            "file": _link(shown.file),
            "reply_keyboard": shown.markup.other,
            "force_reply": shown.markup.force_reply,
            "reactions": message.reactions,
        }
    }


def _link(file: StoredFile | None) -> Json | None:
    if file is None:
        return None
    return {
        "url": f"/sandbox/files/{file.unique_id}",
        "kind": file.kind,
        "name": file.name,
        "size": len(file.content),
        "width": file.width,
        "height": file.height,
    }


def transcript_json(world: World, message: Message) -> Json:
    """A message with all its versions, the oldest first."""
    return page_message(world, message) | {
        "versions": [
            {"at": version.at.isoformat()} | content_json(version)
            for version in message.versions
        ],
        "deleted_at": message.deleted_at.isoformat() if message.deleted_at else None,
    }


def person_json(world: World, person: User) -> Json:
    """A person for the page: who they are and which commands they see."""
    return user_json(person) | {
        "started": person.id in world.started,
        "blocked": person.id in world.blocked,
        "commands": commands_for(world, person),
    }


def people_event(world: World) -> Json:
    """What pages hear when somebody joined, started, blocked or got commands."""
    users = [person_json(world, person) for person in world.people.values()]
    return {"type": "people", "users": users}


def commands_for(world: World, person: User) -> list[Json]:
    """The command menu Telegram would show: narrowest scope, own language first."""
    language = person.language_code or ""
    for scope in (f"chat {person.id}", "all_private_chats", "default"):
        for code in (language, ""):
            commands = world.profile.commands.get((scope, code))
            if commands:
                return commands
    return []


def journal_json(entry: JournalEntry) -> Json:
    """One request of the bot."""
    return {
        "at": entry.at.isoformat(),
        "method": entry.method,
        "params": entry.params,
        "status": entry.status,
        "description": entry.description,
        "message_id": entry.message_id,
    }


def state_json(world: World) -> Json:
    """Everything the page needs to draw itself."""
    profile = world.profile
    return {
        "now": int(world.now().timestamp() * 1000),
        "bot": {
            "id": profile.id,
            "username": profile.username,
            "first_name": profile.first_name,
            "description": profile.texts.get(("setmydescription", ""), ""),
            "listening": world.updates.bot_is_listening,
        },
        "users": [person_json(world, person) for person in world.people.values()],
        "chats": [
            {
                "id": chat_id,
                "type": "private",
                "pinned": world.pinned.get(chat_id, []),
                "messages": [
                    page_message(world, message)
                    for message in reversed(world.present(chat_id))
                ],
            }
            for chat_id in world.messages
        ],
        "pending_updates": len(world.updates.waiting()),
        "webhook": world.updates.webhook.url if world.updates.webhook else "",
    }

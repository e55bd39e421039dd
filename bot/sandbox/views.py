"""How the world looks to the page and to tests: Bot API objects, and what they miss."""

from bot.sandbox.faults import Fault
from bot.sandbox.model import Chat, Json, Message, StoredFile, User
from bot.sandbox.sentences import service_words
from bot.sandbox.shapes import (
    chat_json,
    chat_of,
    content_json,
    message_json,
    topic_json,
    user_json,
)
from bot.sandbox.world import JournalEntry, World


def page_message(world: World, message: Message) -> Json:
    """A Bot API Message and, under `sandbox`, what only the page and tests see."""
    shown = message.now
    chat = chat_of(world, message)
    return message_json(world, message) | {
        "sandbox": {
            "id": message.id,
            "content": shown.rich.text,
            "entities": list(shown.rich.entities),
            "labels": [button["text"] for button in message.buttons],
            "versions": len(message.versions),
            "deleted": message.deleted_at is not None,
            "file": _link(shown.file),
            "reply_keyboard": shown.markup.other,
            "force_reply": shown.markup.force_reply,
            "reactions": message.reactions,
            "by_bot": message.by_bot,
            "author": chat.title if message.as_chat else message.sender.first_name,
            "service": service_words(message),
            "receiver": message.receiver.id if message.receiver else None,
            "replaces": message.replaces,
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
        "deactivated": person.id in world.deactivated,
        "commands": commands_for(world, person),
    }


def people_event(world: World) -> Json:
    """What pages hear when somebody joined, started, blocked or got commands."""
    users = [person_json(world, person) for person in world.people.values()]
    return {"type": "people", "users": users, "groups": groups_json(world)}


def group_json(world: World, chat: Chat) -> Json:
    """A group for the page and tests: its people, its topics, and where it went."""
    members = [
        {"id": user_id, "status": member.standing.value, "anonymous": member.anonymous}
        for user_id, member in chat.members.items()
    ]
    return chat_json(chat) | {
        "members": members,
        "bot": chat.bot.standing.value if chat.bot else None,
        "topics": [
            topic_json(topic) | {"closed": topic.closed}
            for topic in chat.topics.values()
        ],
        "migrated_to": chat.migrated_to,
        "commands": _commands(world, (f"chat {chat.id}", "all_group_chats"), ""),
    }


def groups_json(world: World) -> list[Json]:
    """All groups, as they were made."""
    return [group_json(world, chat) for chat in world.groups.values()]


def commands_for(world: World, person: User) -> list[Json]:
    """The command menu Telegram would show: narrowest scope, own language first."""
    scopes = (f"chat {person.id}", "all_private_chats")
    return _commands(world, scopes, person.language_code or "")


def _commands(world: World, scopes: tuple[str, ...], language: str) -> list[Json]:
    for scope in (*scopes, "default"):
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


def fault_json(fault: Fault) -> Json:
    """A fault that is set, and how often it met a call and hit one."""
    return {
        "method": fault.method,
        "chat": fault.chat,
        "times": fault.times,
        "status": fault.status,
        "seen": fault.seen,
        "fired": fault.fired,
    }


def clock_json(world: World) -> Json:
    """What time it is here and how the clock runs."""
    return {
        "now": world.now().isoformat(),
        "speed": world.clock.speed,
        "ahead": world.clock.ahead.total_seconds(),
    }


def state_json(world: World) -> Json:
    """Everything the page needs to draw itself."""
    profile = world.profile
    return {
        "now": int(world.now().timestamp() * 1000),
        "speed": world.clock.speed,
        "bot": {
            "id": profile.id,
            "username": profile.username,
            "first_name": profile.first_name,
            "description": profile.texts.get(("setmydescription", ""), ""),
            "listening": world.updates.bot_is_listening,
        },
        "users": [person_json(world, person) for person in world.people.values()],
        "groups": groups_json(world),
        "chats": [_chat_state(world, chat_id) for chat_id in world.messages],
        "pending_updates": len(world.updates.waiting()),
        "held": world.updates.held,
        "webhook": world.updates.webhook.url if world.updates.webhook else "",
    }


def _chat_state(world: World, chat_id: int) -> Json:
    chat = world.chat(chat_id)
    return {
        "id": chat_id,
        "type": chat.kind.value if chat else "private",
        "pinned": world.pinned.get(chat_id, []),
        "messages": [
            page_message(world, message) for message in reversed(world.present(chat_id))
        ],
    }

"""What happened in a chat, in words for people."""

from collections.abc import Callable
from typing import Any, Final

from bot.sandbox.model import Message


def service_words(message: Message) -> str | None:
    """A service message as one line; None for an ordinary message."""
    if message.service is None:
        return None
    [(kind, what)] = message.service.items()
    return WORDS[kind](message, what)


def _came(message: Message, who: list[dict[str, Any]]) -> str:
    name = message.sender.first_name
    if who[0]["id"] == message.sender.id:
        return f"{name} joined"
    return f"{name} added {who[0]['first_name']}"


def _went(message: Message, who: dict[str, Any]) -> str:
    name = message.sender.first_name
    if who["id"] == message.sender.id:
        return f"{name} left the group"
    return f"{name} removed {who['first_name']}"


def _created(message: Message, _: bool) -> str:  # noqa: FBT001 - as Telegram sends it
    return f"{message.sender.first_name} created the group"


WORDS: Final[dict[str, Callable[[Message, Any], str]]] = {
    "group_chat_created": _created,
    "supergroup_chat_created": _created,
    "new_chat_members": _came,
    "left_chat_member": _went,
    "migrate_to_chat_id": lambda _, chat: f"The group became the supergroup {chat}",
    "migrate_from_chat_id": lambda _, chat: f"This supergroup was the group {chat}",
    "forum_topic_created": lambda message, topic: (
        f"{message.sender.first_name} created the topic {topic['name']}"
    ),
    "forum_topic_edited": lambda message, topic: (
        f"{message.sender.first_name} renamed the topic to {topic['name']}"
    ),
    "forum_topic_closed": lambda message, _: (
        f"{message.sender.first_name} closed the topic"
    ),
    "forum_topic_reopened": lambda message, _: (
        f"{message.sender.first_name} opened the topic again"
    ),
}

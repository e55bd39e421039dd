"""Everything that was said and tapped, to keep: JSON for programs, text for people.

```
Ada (private chat, 1001)
------------------------
12:00:01  Ada: /start
12:00:02  Tapgate: BUY EURUSD
              [Approve] [Reject]
12:00:09  Ada tapped [Approve]; answer: Approved
12:00:10  Tapgate changed it to: BUY EURUSD filled
```
"""

import json
from collections.abc import Iterator
from datetime import datetime
from textwrap import indent
from typing import Final

from bot.sandbox.api.callbacks import answer_json
from bot.sandbox.model import Chat, ChatKind, Message, Query, Version
from bot.sandbox.sentences import service_words
from bot.sandbox.views import clock_json, group_json, person_json, transcript_json
from bot.sandbox.world import World

MARGIN: Final = " " * 14
KINDS: Final = {
    ChatKind.PRIVATE: "private chat",
    ChatKind.GROUP: "group",
    ChatKind.SUPERGROUP: "supergroup",
}
Line = tuple[datetime, str]


def as_json(world: World) -> str:
    """One document: people, groups, every message with its versions, every tap."""
    document = {
        "exported": clock_json(world),
        "people": [person_json(world, person) for person in world.people.values()],
        "groups": [group_json(world, chat) for chat in world.groups.values()],
        "chats": [
            {
                "id": chat_id,
                "messages": [transcript_json(world, m) for m in messages.values()],
            }
            for chat_id, messages in world.messages.items()
        ],
        "taps": [
            {
                "callback_id": query.id,
                "user": query.person.id,
                "chat": query.chat_id,
                "message_id": query.message_id,
                "data": query.data,
                "at": query.at.isoformat(),
                "answer": answer_json(query, query.answer) if query.answer else None,
            }
            for query in world.queries.values()
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_text(world: World) -> str:
    """Chat by chat, what happened in its order, the way one would tell it."""
    head = f"Telegram sandbox, {world.now():%d %B %Y, %H:%M} UTC"
    parts = [head, *(_chat(world, chat_id) for chat_id in world.messages)]
    return "\n\n".join(parts) + "\n"


def _chat(world: World, chat_id: int) -> str:
    chat = world.chat(chat_id)
    title = _title(chat) if chat else str(chat_id)
    lines = [line for m in world.messages[chat_id].values() for line in _told(chat, m)]
    lines += [
        line
        for query in world.queries.values()
        if query.chat_id == chat_id
        for line in _tapped(world, query)
    ]
    lines.sort(key=lambda line: line[0])
    told = [f"{at:%H:%M:%S}  {text}" for at, text in lines]
    return "\n".join([title, "-" * len(title), *told])


def _title(chat: Chat) -> str:
    kind = "forum" if chat.forum else KINDS[chat.kind]
    return f"{chat.title} ({kind}, {chat.id})"


def _told(chat: Chat | None, message: Message) -> Iterator[Line]:
    service = service_words(message)
    if service is not None:
        yield message.sent_at, f"* {service}"
        return
    author = chat.title if chat and message.as_chat else message.sender.first_name
    first, *later = message.versions
    yield first.at, f"{author}{_aside(chat, message)}: {_shown(first)}"
    for version in later:
        yield version.at, f"{author} changed it to: {_shown(version)}"
    if message.deleted_at is not None:
        yield message.deleted_at, f"{author} deleted: {_summary(first)}"


def _aside(chat: Chat | None, message: Message) -> str:
    """Where in the group, or for whom alone."""
    topic = chat.topics.get(message.thread or 0) if chat else None
    notes = [f"in {topic.name}"] if topic else []
    if message.receiver is not None:
        notes.append(f"only {message.receiver.first_name} sees it")
    return f" ({'; '.join(notes)})" if notes else ""


def _shown(version: Version) -> str:
    """Text as it stands in the chat, what is attached, and the buttons below it."""
    file = [f"<{version.file.kind}> "] if version.file else []
    text = indent("".join([*file, version.rich.text]), MARGIN).lstrip()
    rows = [
        MARGIN + " ".join(f"[{button['text']}]" for button in row)
        for row in version.markup.inline or ()
    ]
    return "\n".join([text, *rows])


def _summary(version: Version) -> str:
    return version.rich.text.partition("\n")[0] or "a photo"


def _tapped(world: World, query: Query) -> Iterator[Line]:
    message = world.messages.get(query.chat_id, {}).get(query.message_id)
    label = _label(message, query.data)
    answer = query.answer
    yield query.at, f"{query.person.first_name} tapped [{label}]"
    if answer is not None:
        kind = "alert" if answer.show_alert else "answer"
        yield answer.at, f"  {kind}: {answer.text or '(nothing)'}"


def _label(message: Message | None, data: str) -> str:
    versions = message.versions if message else []
    for version in versions:
        for row in version.markup.inline or ():
            for button in row:
                if button.get("callback_data") == data:
                    return str(button["text"])
    return data

"""What can be asked: everything at once, a message to wait for, what was said."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bot.sandbox.api.callbacks import answer_json
from bot.sandbox.control.fields import Fields, needed
from bot.sandbox.errors import Problem
from bot.sandbox.export import as_json, as_text
from bot.sandbox.model import Json, Message
from bot.sandbox.views import (
    journal_json,
    page_message,
    state_json,
    transcript_json,
)
from bot.sandbox.world import World

Look: TypeAlias = Callable[[World, Fields], Awaitable[Json]]

LONGEST_WAIT: Final = 120.0
USUAL_WAIT: Final = 10.0


async def _state(world: World, _fields: Fields) -> Json:
    return state_json(world)


async def _answers(world: World, fields: Fields) -> Json:
    fields.only("callback_id", "wait")
    query_id = needed(fields.text("callback_id"), "callback_id")
    query = world.queries.get(query_id)
    if query is None:
        raise Problem(404, f"There was no tap {query_id}.")
    seconds = fields.seconds("wait", USUAL_WAIT, LONGEST_WAIT)
    answer = await world.bell.until(lambda: query.answer, seconds)
    if answer is None:
        raise Problem(408, f"The bot has not answered within {seconds:g} seconds.")
    return answer_json(query, answer)


async def _wait(world: World, fields: Fields) -> Json:
    """The newest message that shows it; for ephemeral ones say as which `user`."""
    fields.only("chat", "contains", "button", "after", "timeout", "user", "thread")
    chat_id = needed(fields.integer("chat"), "chat")
    contains = fields.text("contains") or ""
    button = fields.text("button")
    after = fields.integer("after") or 0
    user, thread = fields.integer("user"), fields.integer("thread")
    seconds = fields.seconds("timeout", USUAL_WAIT, LONGEST_WAIT)

    def found() -> Message | None:
        for message in world.present(chat_id):
            newer = message.id > after or message.receiver is not None
            here = thread is None or message.thread == thread
            seen = user is None or message.seen_by(user)
            if newer and here and seen and _shows(message, contains, button):
                return message
        return None

    message = await world.bell.until(found, seconds)
    if message is None:
        wanted = f'"{contains}"' + (f' and a button "{button}"' if button else "")
        raise Problem(
            408, f"No message of chat {chat_id} had {wanted} in {seconds:g} seconds."
        )
    return page_message(world, message)


def _shows(message: Message, contains: str, button: str | None) -> bool:
    labels = [shown["text"] for shown in message.buttons]
    return contains in message.now.rich.text and (
        button is None or any(button in label for label in labels)
    )


async def _transcript(world: World, fields: Fields) -> Json:
    chat_id = needed(fields.only("chat").integer("chat"), "chat")
    chat = world.messages.get(chat_id, {})
    return {"messages": [transcript_json(world, m) for m in chat.values()]}


async def _journal(world: World, fields: Fields) -> Json:
    method = fields.only("method").text("method")
    return {
        "requests": [
            journal_json(entry)
            for entry in world.journal
            if method is None or entry.method.lower() == method.lower()
        ]
    }


def export(world: World, fields: Fields) -> tuple[str, str, str]:
    """All chats as one file: its text, its kind and its name."""
    name = f"telegram-sandbox-{world.now():%Y-%m-%d-%H%M}"
    match fields.only("format").text("format") or "json":
        case "json":
            return as_json(world), "application/json", f"{name}.json"
        case "text":
            return as_text(world), "text/plain", f"{name}.txt"
        case _:
            raise Problem(422, 'Field "format" must be json or text.')


LOOKS: Final[dict[str, Look]] = {
    "state": _state,
    "answers": _answers,
    "wait": _wait,
    "transcript": _transcript,
    "journal": _journal,
}

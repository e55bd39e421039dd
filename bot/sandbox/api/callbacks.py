"""AnswerCallbackQuery: one answer for each tap, and only for a while."""

from typing import Final

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Answer, Json, Query
from bot.sandbox.params import Call
from bot.sandbox.world import ANSWER_WINDOW, World

ANSWER_CHARACTERS: Final = 200
TOO_OLD: Final = (
    "Bad Request: query is too old and response timeout expired or query ID is invalid"
)


def answer_callback_query(world: World, call: Call) -> bool:
    """AnswerCallbackQuery: a toast, an alert, a link, or just the end of waiting."""
    text = call.params.text("text") or ""
    if len(text) > ANSWER_CHARACTERS:
        raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
    url = call.params.text("url")
    links = (f"https://t.me/{world.profile.username}?", "tg://")
    if url is not None and not url.startswith(links):
        raise ApiError(400, "Bad Request: URL_INVALID")
    query = world.queries.get(call.params.text("callback_query_id") or "")
    if query is None or query.answer or world.now() - query.at > ANSWER_WINDOW:
        raise ApiError(400, TOO_OLD)
    answer = query.answer = Answer(
        at=world.now(), text=text, show_alert=call.params.flag("show_alert"), url=url
    )
    world.changed(lambda: {"type": "answer"} | answer_json(query, answer))
    return True


def answer_json(query: Query, answer: Answer) -> Json:
    """An answer for the page and for tests."""
    return {
        "callback_id": query.id,
        "user": query.person.id,
        "chat": query.chat_id,
        "message_id": query.message_id,
        "text": answer.text,
        "show_alert": answer.show_alert,
        "url": answer.url,
        "at": answer.at.isoformat(),
    }


METHODS = {"answerCallbackQuery": answer_callback_query}

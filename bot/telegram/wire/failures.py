"""What a call to Telegram came to, in the words of whoever has to go on.

Paused      Telegram asked to wait; nothing was sent
MovedTo     the group has another number now; nothing was sent
TopicGone   the topic of the forum takes nothing; nothing was sent
Outdated    what it would have said is no longer so; it was not sent
Unreachable the person cannot be written to any more
Unsent      nothing was sent, and the same again may work later
Lost        no answer: it may or may not have arrived
Rejected    Telegram says why not; the same again would fail again
"""

import re
from datetime import timedelta

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

SOME_TIME = timedelta(seconds=3)
"""How long to wait when Telegram does not say."""
_RETRY_AFTER = re.compile(r"retry after (\d{1,6})")
_GONE = ("message to edit not found", "message can't be edited")
_NO_CHAT = ("chat not found", "initiate conversation", "peer_id_invalid")
_NO_TOPIC = ("message thread not found", "topic_deleted", "topic_closed")
_SAME = "message is not modified"


class TelegramFailure(Exception):
    """A call did not do what it was meant to."""


class Paused(TelegramFailure):
    """Telegram asked to wait this long; without saying so it is a guess."""

    def __init__(self, wait: timedelta, *, guessed: bool = False) -> None:
        super().__init__(f"told to wait {wait.total_seconds():.0f} s")
        self.wait = wait
        self.guessed = guessed


class MovedTo(TelegramFailure):
    """The group became a supergroup, which has another chat id."""

    def __init__(self, chat_id: int) -> None:
        super().__init__(f"the chat is {chat_id} now")
        self.chat_id = chat_id


class TopicGone(TelegramFailure):
    """The topic was deleted, or closed to us; the group is there."""


class Outdated(TelegramFailure):
    """When its turn came, there was something else to say."""


class Unreachable(TelegramFailure):
    """The person blocked the bot, is gone, or never pressed START."""


class Lost(TelegramFailure):
    """No answer came; the call may have worked."""


class Unsent(Lost):
    """The server could not be reached, or is in trouble and did nothing."""


class Rejected(TelegramFailure):
    """Telegram refused the call for good."""


class MessageGone(Rejected):
    """The message to edit does not exist any more."""


class SameAlready(Rejected):
    """The message shows this already: an edit has done its work."""


def translated(error: AiogramError) -> TelegramFailure:
    """Our word for what aiogram raised."""
    if isinstance(error, TelegramRetryAfter):
        return Paused(timedelta(seconds=error.retry_after))
    if isinstance(error, TelegramMigrateToChat):
        return MovedTo(error.migrate_to_chat_id)
    if isinstance(error, _BAD):
        return _refused(error.message or "")
    if isinstance(error, TelegramNetworkError):
        unsent = "ClientConnector" in error.message
        return (Unsent if unsent else Lost)(error.message)
    if isinstance(error, TelegramAPIError):
        word = next((word for kind, word in _WORDS if isinstance(error, kind)), None)
        return word(error.message) if word else _odd(error.message or "")
    page = isinstance(error, ClientDecodeError) and isinstance(error.data, str)
    return (Unsent if page else Lost)(type(error).__name__)


_BAD = (TelegramBadRequest, TelegramNotFound, TelegramEntityTooLarge)
_WORDS: tuple[tuple[type[TelegramAPIError], type[TelegramFailure]], ...] = (
    (TelegramForbiddenError, Unreachable),
    (TelegramServerError, Unsent),
    (TelegramConflictError, Unsent),
    (TelegramUnauthorizedError, Unsent),
)


def _refused(message: str) -> TelegramFailure:
    text = message.lower()
    if _SAME in text:
        return SameAlready(message)
    if any(each in text for each in _GONE):
        return MessageGone(message)
    if any(each in text for each in _NO_TOPIC):
        return TopicGone(message)
    if any(each in text for each in _NO_CHAT):
        return Unreachable(message)
    return Rejected(message)


def _odd(message: str) -> TelegramFailure:
    """An answer whose status says nothing, as some servers in between make them."""
    text = message.lower()
    if "too many requests" not in text:
        return Lost(message)
    told = _RETRY_AFTER.search(text)
    if told is None:
        return Paused(SOME_TIME, guessed=True)
    return Paused(timedelta(seconds=int(told[1])))

"""The only module that calls the Bot API: one way out, and each call when its turn is.

Whatever writes into a chat waits for its turn, see ``pacing``; the answer to a tap
does not, nor what is said to nobody in particular.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

from bot.telegram.wire.calls import EditButtons, EditCaption, EditText
from bot.telegram.wire.failures import (
    MessageGone,
    MovedTo,
    Outdated,
    Paused,
    Rejected,
    TopicGone,
    Unsent,
    translated,
)
from bot.telegram.wire.pacing import Pace
from core.messages import Priority

Moved: TypeAlias = Callable[[int, int], Awaitable[None]]
_EDITS = (EditButtons, EditCaption, EditText)


async def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """How urgent a call is, and until when it is worth making."""

    priority: Priority
    patience: timedelta
    """How long its chat may make it wait."""
    still: Callable[[], Awaitable[bool]] = _always
    """Asked when its turn has come: whether there is nothing newer to say."""
    silent: bool = False
    """Whether a new message makes no sound."""


class WayOut:
    """Everything that is said to Telegram passes here."""

    def __init__(self, bot: Bot, pace: Pace, *, moved: Moved) -> None:
        """``moved`` is told of every group that has another chat id now."""
        self.bot = bot
        self.pace = pace
        self._moved = moved
        self._homes: dict[int, int] = {}
        """Where the chats are that have moved."""

    async def call(
        self, method: TelegramMethod[TelegramType], urgency: Urgency
    ) -> TelegramType:
        """One call when its turn comes; once more where the chat is by now.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """
        chat_id: int | None = getattr(method, "chat_id", None)
        if chat_id is None:
            return await self._ask(method)
        home = self._homes.get(chat_id)
        if home is None:
            try:
                return await self._paced(method, chat_id, urgency)
            except MovedTo as moved:
                home = self._homes[chat_id] = moved.chat_id
                await self._moved(chat_id, home)
        if isinstance(method, _EDITS):
            message = "messages have other numbers where the group is now"
            raise MessageGone(message)
        return await self._paced(_for_chat(method, home), home, urgency)

    async def _paced(
        self, method: TelegramMethod[TelegramType], chat_id: int, urgency: Urgency
    ) -> TelegramType:
        turn = await self.pace.turn(
            chat_id,
            urgency.priority,
            patience=urgency.patience,
            edit=isinstance(method, _EDITS),
        )
        arrived = True
        try:
            return await self._make(method, urgency)
        except Paused as told:
            arrived = False
            wait = self.pace.hold(chat_id, None if told.guessed else told.wait)
            raise Paused(wait, guessed=told.guessed) from told
        except (MovedTo, Outdated, Rejected, TopicGone, Unsent):
            arrived = False
            raise
        finally:
            self.pace.over(turn, arrived=arrived)

    async def _make(
        self, method: TelegramMethod[TelegramType], urgency: Urgency
    ) -> TelegramType:
        if not await urgency.still():
            raise Outdated
        return await self._ask(method)

    async def _ask(self, method: TelegramMethod[TelegramType]) -> TelegramType:
        """One call, its failure translated."""
        try:
            return await self.bot(method)
        except AiogramError as error:
            raise translated(error) from error


def _for_chat(
    method: TelegramMethod[TelegramType], chat_id: int
) -> TelegramMethod[TelegramType]:
    return method.model_copy(update={"chat_id": chat_id})

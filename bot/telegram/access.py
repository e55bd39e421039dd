"""The one door: who sent this update, by numeric id. Default deny.

People only: what comes from a channel, a bot or an edit is dropped before any handler
sees it. People without a membership reach /start and /help in their own chat, nothing
else; a tap of theirs is answered and written down. From a group come its own news,
taps of members, and what is written there; who writes in the group's name is nobody.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.types import Chat, Message, TelegramObject, Update
from typing_extensions import override

from bot.telegram.reading import reading
from bot.telegram.views.speech import retold, say
from bot.telegram.views.welcoming import stranger_view
from bot.telegram.wire.gateway import Gateway
from core.access import is_manager
from core.desk.absence import why_out
from core.desk.joining import Person
from core.desk.tools import Tools, by_user
from core.ids import UserId
from core.ports import Record

log = structlog.get_logger()

_OPEN_TO_ALL = ("/start", "/help")
GROUPS = ("group", "supergroup")
"""Kinds of chats that more than one person writes in."""

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Door(BaseMiddleware):
    """Outer middleware of every update: adds ``person`` and ``manages``."""

    def __init__(self, tools: Tools, gateway: Gateway) -> None:
        self._tools = tools
        self._gateway = gateway

    @override
    async def __call__(
        self, handler: Handler, event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        """Let members in, and anybody to /start."""
        if not isinstance(event, Update):
            return None
        data["update_id"] = event.update_id
        if _is_in_group(event):
            return await self._from_group(handler, event, data)
        person = _person(event)
        if person is None:
            return None
        memberships = await self._tools.members(user_id=person.id)
        data["person"] = person
        data["manages"] = is_manager(memberships)
        with await reading(self._tools, person.id, person.language):
            if memberships or _is_open(event.message) or event.my_chat_member:
                return await handler(event, data)
            await self._turn_away(event, person)
        return None

    async def _from_group(
        self, handler: Handler, update: Update, data: dict[str, Any]
    ) -> Any:
        """A tap is a member's; what is written may be anybody's, or the group's own."""
        person = _somebody(update)
        if person is None:
            return await handler(update, data) if _is_of_group(update) else None
        memberships = await self._tools.members(user_id=person.id)
        data["person"] = person
        data["manages"] = is_manager(memberships)
        with await reading(self._tools, person.id, person.language):
            if memberships or update.callback_query is None:
                return await handler(update, data)
            await self._turn_away(update, person)
        return None

    async def _turn_away(self, update: Update, person: Person) -> None:
        log.info("stranger_turned_away", user_id=person.id)
        since = await why_out(self._tools, person.id)
        if update.callback_query is None:
            view = stranger_view(person.id, since=since)
            await self._gateway.reply(person.id, view)
            return
        record = Record(
            actor=by_user(person.id),
            action="tap_refused",
            subject="stranger",
            detail={"update": str(update.update_id)},
        )
        await self._tools.journal.commit(record)
        text = retold(since) or say(
            "You are not a member here. Ask an admin for an invite, or send /start."
        )
        await self._gateway.answer(update.callback_query.id, text, alert=True)


def _person(update: Update) -> Person | None:
    """The person behind an update from a private chat; ``None`` for anything else."""
    return _somebody(update) if _is_private(update) else None


def _somebody(update: Update) -> Person | None:
    """The person behind an update; ``None`` where it is a bot, a channel or a group."""
    event = update.callback_query or update.message or update.my_chat_member
    sender = event.from_user if event else None
    if sender is None or sender.is_bot or _sender_chat(update) is not None:
        return None
    return Person(
        id=UserId(sender.id),
        name=sender.full_name[:64],
        language=sender.language_code or "en",
    )


def _sender_chat(update: Update) -> Chat | None:
    return update.message.sender_chat if update.message else None


def _is_private(update: Update) -> bool:
    """Whether it happened in a person's own chat with us."""
    return all(chat.type == "private" for chat in _chats(update))


def _is_in_group(update: Update) -> bool:
    return any(chat.type in GROUPS for chat in _chats(update))


def _is_of_group(update: Update) -> bool:
    """Whether nobody in particular did it: an anonymous admin, or Telegram itself."""
    if update.my_chat_member is not None:
        return True
    message, sender = update.message, _sender_chat(update)
    return message is not None and sender is not None and sender.id == message.chat.id


def _chats(update: Update) -> list[Chat]:
    message, member = update.message, update.my_chat_member
    query = update.callback_query.message if update.callback_query else None
    return [each.chat for each in (message, member, query) if each is not None]


def _is_open(message: Message | None) -> bool:
    words = (message.text or "").lower().split() if message else []
    return bool(words) and words[0].split("@")[0] in _OPEN_TO_ALL

"""The only module that calls the Bot API: views out, our own failures back.

Paused      Telegram asked to wait; nothing was sent
Unreachable the person cannot be written to any more
Lost        no answer: it may or may not have arrived
Rejected    Telegram says why not; the same again would fail again
"""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageText,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import (
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from bot.telegram.text import clip
from bot.telegram.views import View
from core.errors import Refused

log = structlog.get_logger()

_TG_TIME = re.compile(r"</?tg-time[^>]*>")
_ANSWER_LIMIT = 200
_NOT_THERE = ("message to edit not found", "message can't be edited")
_OTHER_KIND = ("there is no caption", "there is no text")


class TelegramFailure(Exception):
    """A call did not do what it was meant to."""


class Paused(TelegramFailure):
    """Telegram asked to wait this long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"told to wait {wait.total_seconds():.0f} s")
        self.wait = wait


class Unreachable(TelegramFailure):
    """The person blocked the bot, is gone, or never pressed START."""


class Lost(TelegramFailure):
    """No answer came; the call may have worked."""


class Unsent(Lost):
    """The server could not be reached at all."""


class Rejected(TelegramFailure):
    """Telegram refused the call for good."""


class MessageGone(Rejected):
    """The message to edit does not exist any more."""


class Gateway:
    """Sends, edits and answers; remembers uploads and what the server can."""

    def __init__(self, bot: Bot, picture: Callable[[str], Path]) -> None:
        self._bot = bot
        self._picture = picture
        self._file_ids: dict[str, str] = {}
        self._uploads: dict[str, asyncio.Lock] = {}
        self._modest = False

    async def send(self, chat_id: int, view: View) -> int:
        """Send a view and return its message id; without its picture if need be.

        Raises:
            TelegramFailure: see the module.
        """
        if view.photo is not None:
            try:
                return await self._send_photo(chat_id, view, view.photo)
            except Rejected as refused:
                log.warning("photo_refused", reason=str(refused), path=view.photo)
        message = await self._modestly(
            view,
            lambda shown: SendMessage(
                chat_id=chat_id,
                text=shown.text,
                parse_mode="HTML",
                reply_markup=_markup(shown),
            ),
        )
        return message.message_id

    async def _send_photo(self, chat_id: int, view: View, path: str) -> int:
        """Upload once; whoever needs the same picture meanwhile waits for its id."""
        if path in self._file_ids:
            return await self._upload_or_reuse(chat_id, view, path)
        async with self._uploads.setdefault(path, asyncio.Lock()):
            message_id = await self._upload_or_reuse(chat_id, view, path)
        self._uploads.pop(path, None)
        return message_id

    async def _upload_or_reuse(self, chat_id: int, view: View, path: str) -> int:
        known = self._file_ids.get(path)
        try:
            message = await self._photo(chat_id, view, known or self._file(path))
        except Rejected:
            if known is None:
                raise
            del self._file_ids[path]
            message = await self._photo(chat_id, view, self._file(path))
        if message.photo:
            self._file_ids[path] = message.photo[-1].file_id
        return message.message_id

    def _file(self, path: str) -> FSInputFile:
        try:
            return FSInputFile(self._picture(path))
        except Refused as gone:
            raise Rejected(gone.reason) from gone

    async def _photo(
        self, chat_id: int, view: View, photo: str | FSInputFile
    ) -> Message:
        return await self._modestly(
            view,
            lambda shown: SendPhoto(
                chat_id=chat_id,
                photo=photo,
                caption=shown.text,
                parse_mode="HTML",
                reply_markup=_markup(shown),
            ),
        )

    async def edit(self, chat_id: int, message_id: int, view: View) -> None:
        """Make a message show this view; one that shows it already is fine.

        Raises:
            TelegramFailure: see the module.
        """
        kinds = [self._caption, self._text]
        if view.photo is None:
            kinds.reverse()
        first, second = kinds
        try:
            await self._modestly(view, lambda shown: first(chat_id, message_id, shown))
        except Rejected as refused:
            if not any(each in str(refused).lower() for each in _OTHER_KIND):
                raise
            await self._modestly(view, lambda shown: second(chat_id, message_id, shown))

    async def try_edit(self, chat_id: int, message_id: int, view: View) -> None:
        """Edit what need not be edited: a failure is logged and that is all."""
        try:
            await self.edit(chat_id, message_id, view)
        except TelegramFailure as failure:
            log.info("message_not_edited", reason=str(failure))

    @staticmethod
    def _caption(
        chat_id: int, message_id: int, view: View
    ) -> TelegramMethod[Message | bool]:
        return EditMessageCaption(
            chat_id=chat_id,
            message_id=message_id,
            caption=view.text,
            parse_mode="HTML",
            reply_markup=_markup(view),
        )

    @staticmethod
    def _text(
        chat_id: int, message_id: int, view: View
    ) -> TelegramMethod[Message | bool]:
        return EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=view.text,
            parse_mode="HTML",
            reply_markup=_markup(view),
        )

    async def answer(self, callback_id: str, text: str, *, alert: bool) -> None:
        """Stop the button's spinner; best effort, the decision stands without it."""
        try:
            await self._call(
                AnswerCallbackQuery(
                    callback_query_id=callback_id,
                    text=clip(text, _ANSWER_LIMIT),
                    show_alert=alert,
                )
            )
        except TelegramFailure as failure:
            log.info("callback_not_answered", reason=str(failure))

    async def _modestly(
        self, view: View, method: Callable[[View], TelegramMethod[TelegramType]]
    ) -> TelegramType:
        """Call with colours and live times; plainly where the server takes neither."""
        if self._modest:
            return await self._call(method(_plain(view)))
        try:
            return await self._call(method(view))
        except MessageGone:
            raise
        except Rejected as refused:
            plain = _plain(view)
            if plain == view or any(
                each in str(refused).lower() for each in _OTHER_KIND
            ):
                raise
        result = await self._call(method(plain))
        self._modest = True
        return result

    async def _call(self, method: TelegramMethod[TelegramType]) -> TelegramType:
        """One call, its failure translated."""
        try:
            return await self._bot(method)
        except TelegramRetryAfter as pause:
            raise Paused(timedelta(seconds=pause.retry_after)) from pause
        except TelegramForbiddenError as forbidden:
            raise Unreachable(forbidden.message) from forbidden
        except (TelegramBadRequest, TelegramNotFound, TelegramEntityTooLarge) as bad:
            return _refused(method, bad)
        except TelegramNetworkError as failure:
            unsent = "ClientConnector" in failure.message
            raise (Unsent if unsent else Lost)(failure.message) from failure
        except TelegramAPIError as failure:
            if "too many requests" in failure.message.lower():
                raise Paused(timedelta(seconds=3)) from failure
            raise Lost(failure.message) from failure
        except AiogramError as failure:
            raise Lost(type(failure).__name__) from failure


def _refused(
    method: TelegramMethod[TelegramType], bad: TelegramAPIError
) -> TelegramType:
    text = bad.message.lower()
    if "message is not modified" in text:
        return True  # type: ignore[return-value]  # an edit: it shows this already
    if any(each in text for each in _NOT_THERE):
        raise MessageGone(bad.message) from bad
    if "chat not found" in text or "initiate conversation" in text:
        raise Unreachable(bad.message) from bad
    message = f"{type(method).__name__}: {bad.message}"
    raise Rejected(message) from bad


def _plain(view: View) -> View:
    """The view without what only newer servers understand."""
    rows = tuple(tuple(button.without_style() for button in row) for row in view.rows)
    text = _TG_TIME.sub("", view.text).replace(
        "<blockquote expandable>", "<blockquote>"
    )
    return View(text=text, rows=rows, photo=view.photo)


def _markup(view: View) -> InlineKeyboardMarkup | None:
    if not view.rows:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(
                    text=button.text,
                    callback_data=button.data,
                    style=button.style or None,
                )
                for button in row
            ]
            for row in view.rows
        ]
    )

"""Views out, message ids or our own failures back; all of it by the one way out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import structlog
from aiogram.methods import AnswerCallbackQuery, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import (
    BufferedInputFile,
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
)

from bot.telegram.views.text import clip, in_a_line, plainly
from bot.telegram.views.view import Document, View
from bot.telegram.wire.calls import (
    EditButtons,
    EditCaption,
    EditText,
    SendFile,
    SendPicture,
    SendText,
    Sent,
)
from bot.telegram.wire.failures import (
    MessageGone,
    Paused,
    Rejected,
    SameAlready,
    TelegramFailure,
)
from bot.telegram.wire.way_out import Urgency, WayOut
from core.errors import Refused
from core.messages import Priority

log = structlog.get_logger()

REPLY_PATIENCE = timedelta(seconds=30)
"""How long a person's own question may wait for its answer."""
TRY_PATIENCE = timedelta(seconds=5)
"""How long what need not be done may wait for its turn."""
MOST_PICTURES = 1000
"""Uploads whose id is remembered."""
_ANSWER_LIMIT = 200
_OTHER_KIND = ("there is no caption", "there is no text")
_NOT_ABOUT_LOOKS = ("photo", "image", "file", "too long", "not found", *_OTHER_KIND)
"""Refusals that a plainer message would meet too."""

Redraw: TypeAlias = Callable[[View], TelegramMethod[Any]]

AT_ONCE = Urgency(priority=Priority.TAP, patience=REPLY_PATIENCE)
"""Somebody waits for it."""
IF_POSSIBLE = Urgency(priority=Priority.TAP, patience=TRY_PATIENCE)


class Gateway:
    """Sends, edits and answers; remembers uploads and what the server can."""

    def __init__(self, out: WayOut, picture: Callable[[str], Path]) -> None:
        self._out = out
        self._picture = picture
        self._file_ids: dict[str, str] = {}
        self._uploads: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._modest = False

    # ------------------------------------------------------------ sending
    async def send(self, chat_id: int, view: View, urgency: Urgency = AT_ONCE) -> int:
        """Send a view and return its message id; without its picture if need be.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """
        if view.photo is not None:
            try:
                return await self._send_photo(chat_id, view, view.photo, urgency)
            except Rejected as refused:
                log.warning("photo_refused", reason=str(refused), path=view.photo)
        sent = await self._modestly(
            view,
            lambda shown: SendText(
                chat_id=chat_id,
                message_thread_id=shown.topic,
                text=shown.text,
                disable_notification=urgency.silent or None,
                reply_markup=_markup(shown),
            ),
            urgency,
        )
        return sent.message_id

    async def reply(self, chat_id: int, view: View) -> None:
        """Send what somebody waits for; once more if Telegram wants a short wait.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """
        try:
            await self.send(chat_id, view)
        except Paused as told:
            if told.wait > REPLY_PATIENCE:
                raise
            await self.send(chat_id, view)  # when the chat's turn comes again

    async def hand_over(self, chat_id: int, document: Document) -> None:
        """Send a file that somebody waits for.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
            Refused: the picture is not there any more.
        """
        name, stored = document.name, document.picture
        file: InputFile = BufferedInputFile(document.content, name)
        if stored is not None:
            file = FSInputFile(self._picture(stored), name)
        await self._out.call(SendFile(chat_id=chat_id, document=file), AT_ONCE)

    async def _send_photo(
        self, chat_id: int, view: View, path: str, urgency: Urgency
    ) -> int:
        """By its id where that is known; else the first uploads, the rest wait."""
        known = self._file_ids.get(path)
        if known is not None:
            try:
                return (await self._photo(chat_id, view, known, urgency)).message_id
            except Rejected as refused:
                log.info("file_id_refused", reason=str(refused), path=path)
                self._forget(path, known)
        async with self._uploads.setdefault(path, asyncio.Lock()):
            known = self._file_ids.get(path)
            if known is None:
                return await self._upload(chat_id, view, path, urgency)
        return (await self._photo(chat_id, view, known, urgency)).message_id

    async def _upload(
        self, chat_id: int, view: View, path: str, urgency: Urgency
    ) -> int:
        try:
            file = self._picture(path)
        except Refused as gone:
            raise Rejected(gone.reason) from gone
        sent = await self._photo(chat_id, view, FSInputFile(file), urgency)
        if sent.photo:
            self._file_ids[path] = sent.photo[-1].file_id
        if len(self._file_ids) > MOST_PICTURES:
            self._file_ids.pop(next(iter(self._file_ids)))
        return sent.message_id

    def _forget(self, path: str, file_id: str) -> None:
        """Unless somebody else has uploaded it anew meanwhile."""
        if self._file_ids.get(path) == file_id:
            del self._file_ids[path]

    async def _photo(
        self, chat_id: int, view: View, photo: str | FSInputFile, urgency: Urgency
    ) -> Sent:
        return await self._modestly(
            view,
            lambda shown: SendPicture(
                chat_id=chat_id,
                message_thread_id=shown.topic,
                photo=photo,
                caption=shown.text,
                disable_notification=urgency.silent or None,
                reply_markup=_markup(shown),
            ),
            urgency,
        )

    # ------------------------------------------------------------ editing
    async def edit(
        self, chat_id: int, message_id: int, view: View, urgency: Urgency = AT_ONCE
    ) -> None:
        """Make a message show this view; one that shows it already is fine.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """

        def caption(shown: View) -> EditCaption:
            return EditCaption(
                chat_id=chat_id,
                message_id=message_id,
                caption=shown.text,
                reply_markup=_markup(shown),
            )

        def text(shown: View) -> EditText:
            return EditText(
                chat_id=chat_id,
                message_id=message_id,
                text=shown.text,
                reply_markup=_markup(shown),
            )

        if view.photo is None:
            await self._either(view, (text, caption), urgency)
        else:
            await self._either(view, (caption, text), urgency)

    async def _either(
        self, view: View, ways: tuple[Redraw, Redraw], urgency: Urgency
    ) -> None:
        """A message may have a picture or not, whatever its view has by now."""
        usual, other = ways
        try:
            await self._redraw(view, usual, urgency)
        except Rejected as refused:
            if not _mentions(refused, _OTHER_KIND):
                raise
            await self._redraw(view, other, urgency)

    async def _redraw(self, view: View, draw: Redraw, urgency: Urgency) -> None:
        with suppress(SameAlready):
            await self._modestly(view, draw, urgency)

    async def try_edit(self, chat_id: int, message_id: int, view: View) -> None:
        """Edit what need not be edited: a failure is logged and that is all."""
        try:
            await self.edit(chat_id, message_id, view, IF_POSSIBLE)
        except TelegramFailure as failure:
            log.info("message_not_edited", reason=str(failure))

    async def try_clear(self, chat_id: int, message_id: int) -> None:
        """Take the buttons away that lead nowhere; the words stay."""
        await self.try_call(EditButtons(chat_id=chat_id, message_id=message_id))

    # ------------------------------------------------------------ answering
    async def answer(self, callback_id: str, text: str, *, alert: bool) -> None:
        """Stop the button's spinner; best effort, the decision stands without it."""
        await self.try_call(
            AnswerCallbackQuery(
                callback_query_id=callback_id,
                text=clip(in_a_line(text), _ANSWER_LIMIT),
                show_alert=alert,
            )
        )

    # ------------------------------------------------------------ calling
    async def try_call(
        self, method: TelegramMethod[TelegramType]
    ) -> TelegramType | None:
        """Call what need not work: a failure is logged, and ``None`` comes back."""
        try:
            return await self._out.call(method, IF_POSSIBLE)
        except TelegramFailure as failure:
            name = method.__api_method__
            log.info("call_without_effect", method=name, reason=str(failure))
            return None

    async def _modestly(
        self,
        view: View,
        draw: Callable[[View], TelegramMethod[TelegramType]],
        urgency: Urgency,
    ) -> TelegramType:
        """Call with colours and live times; plainly where the server takes neither."""
        plain = _plain(view)
        if self._modest:
            return await self._out.call(draw(plain), urgency)
        try:
            return await self._out.call(draw(view), urgency)
        except (MessageGone, SameAlready):
            raise
        except Rejected as refused:
            if plain == view or _mentions(refused, _NOT_ABOUT_LOOKS):
                raise
        result = await self._out.call(draw(plain), urgency)
        self._modest = True
        return result


def _mentions(refused: Rejected, words: tuple[str, ...]) -> bool:
    text = str(refused).lower()
    return any(each in text for each in words)


def _plain(view: View) -> View:
    """The view without what only newer servers understand."""
    rows = tuple(tuple(button.without_style() for button in row) for row in view.rows)
    return replace(view, text=plainly(view.text), rows=rows)


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

"""The few Bot API calls that carry our messages, and the little we read of an answer.

A server may say more about a message than we know, or less: what was sent is sent,
so an answer counts as one as long as it has the message's number.
"""

from typing import Any, ClassVar

from aiogram.methods import TelegramMethod
from aiogram.types import InlineKeyboardMarkup, InputFile
from pydantic import BaseModel


class Size(BaseModel):
    """One size of a picture that was sent."""

    file_id: str


class Sent(BaseModel):
    """A message that was sent; sizes of its picture, the largest last."""

    message_id: int
    photo: list[Size] | None = None


class FetchUpdates(TelegramMethod[list[dict[str, Any]]]):
    """Updates as they came: one that we cannot read must not hide the others."""

    __returning__: ClassVar[Any] = list[dict[str, Any]]
    __api_method__: ClassVar[str] = "getUpdates"

    offset: int | None = None
    timeout: int
    allowed_updates: list[str]


class SendText(TelegramMethod[Sent]):
    """A new message."""

    __returning__: ClassVar[Any] = Sent
    __api_method__: ClassVar[str] = "sendMessage"

    chat_id: int
    message_thread_id: int | None = None
    text: str
    parse_mode: str = "HTML"
    disable_notification: bool | None = None
    reply_markup: InlineKeyboardMarkup | None = None


class SendPicture(TelegramMethod[Sent]):
    """A new message with a picture: a file to upload, or the id of one."""

    __returning__: ClassVar[Any] = Sent
    __api_method__: ClassVar[str] = "sendPhoto"

    chat_id: int
    message_thread_id: int | None = None
    photo: InputFile | str
    caption: str
    parse_mode: str = "HTML"
    disable_notification: bool | None = None
    reply_markup: InlineKeyboardMarkup | None = None


class SendFile(TelegramMethod[Sent]):
    """A new message with a file that is kept as it is."""

    __returning__: ClassVar[Any] = Sent
    __api_method__: ClassVar[str] = "sendDocument"

    chat_id: int
    document: InputFile
    caption: str | None = None
    parse_mode: str = "HTML"


class EditText(TelegramMethod[Any]):
    """Another text for a message without a picture."""

    __returning__: ClassVar[Any] = Any
    __api_method__: ClassVar[str] = "editMessageText"

    chat_id: int
    message_id: int
    text: str
    parse_mode: str = "HTML"
    reply_markup: InlineKeyboardMarkup | None = None


class EditButtons(TelegramMethod[Any]):
    """Other buttons below a message that stays as it is; none without a markup."""

    __returning__: ClassVar[Any] = Any
    __api_method__: ClassVar[str] = "editMessageReplyMarkup"

    chat_id: int
    message_id: int
    reply_markup: InlineKeyboardMarkup | None = None


class EditCaption(TelegramMethod[Any]):
    """Another text below a message's picture."""

    __returning__: ClassVar[Any] = Any
    __api_method__: ClassVar[str] = "editMessageCaption"

    chat_id: int
    message_id: int
    caption: str
    parse_mode: str = "HTML"
    reply_markup: InlineKeyboardMarkup | None = None

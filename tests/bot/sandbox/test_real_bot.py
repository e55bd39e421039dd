"""The sandbox driven by aiogram itself, as the product drives Telegram."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ButtonStyle, ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    DisabledButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from aiohttp.test_utils import TestClient

from tests.bot.sandbox.helpers import ADA, TOKEN, VIKTOR, Control, picture

APPROVE = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(
                text="✅ Approve", callback_data="s1:a", style=ButtonStyle.SUCCESS
            ),
            InlineKeyboardButton(
                text="✖ Reject", callback_data="s1:r", style=ButtonStyle.DANGER
            ),
        ]
    ]
)


def bot_on(client: TestClient[Any, Any], token: str) -> Bot:
    server = TelegramAPIServer.from_base(str(client.make_url("/")))
    return Bot(
        token,
        session=AiohttpSession(api=server),
        default=DefaultBotProperties(parse_mode=ParseMode.HTML),
    )


@pytest.fixture
async def bot(client: TestClient[Any, Any]) -> AsyncIterator[Bot]:
    made = bot_on(client, TOKEN)
    yield made
    await made.session.close()


@pytest.fixture
async def ada(control: Control) -> None:
    await control.start(ADA)


async def test_an_approval_from_start_to_fill(bot: Bot, control: Control) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def started(message: Message, command: CommandObject) -> None:
        assert command.args == "inv_1"
        photo = BufferedInputFile(picture(), "chart.png")
        await message.answer_photo(photo, caption="<b>BUY</b>", reply_markup=APPROVE)

    @dispatcher.callback_query(F.data == "s1:a")
    async def approved(query: CallbackQuery) -> None:
        await query.answer("Approved")
        assert isinstance(query.message, Message)
        final = InlineKeyboardButton(text="Filled", disabled=DisabledButton())
        await query.message.edit_caption(
            caption="<b>BUY</b> filled at 1.08545",
            reply_markup=InlineKeyboardMarkup(inline_keyboard=[[final]]),
        )

    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(
            dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5)
        )
        await control.post("say", user=ADA, text="/start inv_1")
        await control.get("wait", chat=ADA, contains="BUY", button="Approve")
        tap = await control.post("tap", user=ADA, label="Approve")
        answer = await control.get("answers", callback_id=tap["callback_id"])
        assert answer["text"] == "Approved"
        filled = await control.get("wait", chat=ADA, contains="filled at 1.08545")
        assert filled["sandbox"]["labels"] == ["Filled"]
        await dispatcher.stop_polling()
        await polling


@pytest.mark.usefixtures("ada")
async def test_a_photo_is_uploaded_once_and_then_sent_by_its_id(bot: Bot) -> None:
    first = await bot.send_photo(ADA, BufferedInputFile(picture(), "chart.png"))
    assert first.photo
    second = await bot.send_photo(ADA, first.photo[-1].file_id)
    assert second.photo == first.photo
    media = InputMediaPhoto(media=BufferedInputFile(picture(900, 600), "x.png"))
    edited = await bot.edit_message_media(
        media, chat_id=ADA, message_id=second.message_id
    )
    assert isinstance(edited, Message)
    assert edited.photo
    file = await bot.get_file(edited.photo[-1].file_id)
    assert file.file_path
    content = await bot.download_file(file.file_path)
    assert content is not None
    assert content.read() == picture(900, 600)


@pytest.mark.usefixtures("ada")
async def test_commands_for_one_chat(bot: Bot) -> None:
    commands = [BotCommand(command="risk", description="Your limits")]
    scope = BotCommandScopeChat(chat_id=ADA)
    await bot.set_my_commands(commands, scope=scope)
    [kept] = await bot.get_my_commands(scope=scope)
    assert kept.command == "risk"


@pytest.mark.usefixtures("ada")
async def test_refusals_arrive_as_aiograms_errors(bot: Bot, control: Control) -> None:
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(VIKTOR, "x")
    with pytest.raises(TelegramBadRequest, match="can't parse entities"):
        await bot.send_message(ADA, "<b>x")
    await control.post("faults", retry_after=3)
    with pytest.raises(TelegramRetryAfter) as flood:
        await bot.send_message(ADA, "x")
    assert flood.value.retry_after == 3
    await control.post("faults", non_json=True)
    with pytest.raises(ClientDecodeError):
        await bot.get_me()


async def test_a_real_token_is_refused(client: TestClient[Any, Any]) -> None:
    real = bot_on(client, "42:AAHreal")
    with pytest.raises(TelegramUnauthorizedError):
        await real.get_me()
    await real.session.close()

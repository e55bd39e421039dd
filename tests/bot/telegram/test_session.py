"""A file goes under its own field name, which more servers understand."""

from pathlib import Path

from aiogram import Bot
from aiogram.methods import SendMediaGroup, SendPhoto
from aiogram.types import BufferedInputFile, InputMediaPhoto, ReplyParameters
from aiohttp import FormData

from bot.telegram.wire.calls import SendPicture
from bot.telegram.wire.session import PlainSession
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import ADA, Stage, keep_picture

FILE = BufferedInputFile(b"picture", filename="chart.png")


def _fields(form: FormData) -> dict[str, str]:
    """Field names, each with its file name or its text."""
    return {
        options["name"]: options.get("filename") or str(value)
        for options, _, value in form._fields
    }


def _form(method) -> FormData:
    session = PlainSession()
    return session.build_form_data(Bot(TOKEN, session=session), method)


def test_a_file_stands_under_its_own_name():
    method = SendPicture(chat_id=ADA, photo=FILE, caption="BUY")
    fields = _fields(_form(method))
    assert fields == {
        "chat_id": "1",
        "photo": "chart.png",
        "caption": "BUY",
        "parse_mode": "HTML",
    }


def test_a_file_without_a_name_gets_that_of_its_field():
    method = SendPicture(
        chat_id=ADA, photo=BufferedInputFile(b"picture", filename=""), caption="BUY"
    )
    assert _fields(_form(method))["photo"] == "photo"


def test_nested_files_are_attached_as_usual():
    media = [InputMediaPhoto(media=FILE), InputMediaPhoto(media="known-id")]
    fields = _fields(_form(SendMediaGroup(chat_id=ADA, media=media)))
    (attached,) = set(fields) - {"chat_id", "media"}
    assert f"attach://{attached}" in fields["media"]
    assert fields[attached] == "chart.png"


def test_values_that_are_absent_are_left_out_and_objects_are_json():
    method = SendPhoto(
        chat_id=ADA,
        photo="known-id",
        has_spoiler=False,
        reply_parameters=ReplyParameters(message_id=7),
    )
    fields = _fields(_form(method))
    assert fields["photo"] == "known-id"
    assert fields["has_spoiler"] == "false"
    assert '"message_id": 7' in fields["reply_parameters"]
    assert "caption" not in fields


async def test_the_sandbox_receives_the_picture(stage: Stage, tmp_path: Path):
    path = tmp_path / keep_picture(tmp_path)
    photo = BufferedInputFile(path.read_bytes(), filename="chart.png")
    await stage.bot(SendPicture(chat_id=ADA, photo=photo, caption="BUY"))
    (call,) = stage.calls("sendPhoto")
    assert call.params["photo"] == {
        "file": "chart.png",
        "bytes": path.stat().st_size,
    }


async def test_letting_go_needs_no_connection():
    session = PlainSession()
    await session.close()
    inner = await session.create_session()
    await session.close()
    assert inner.closed

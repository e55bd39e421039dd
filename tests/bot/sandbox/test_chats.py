"""Looking at a chat, pins, reactions, and downloading files."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    TOKEN,
    VIKTOR,
    Api,
    Control,
    picture,
)


@pytest.fixture
async def message(api: Api, control: Control) -> dict[str, Any]:
    await control.start(ADA)
    sent = await api.call("sendMessage", chat_id=ADA, text="one")
    return {"chat_id": ADA, "message_id": sent["message_id"]}


async def pinned(api: Api) -> str | None:
    chat = await api.call("getChat", chat_id=ADA)
    text: str | None = chat.get("pinned_message", {}).get("text")
    return text


async def test_the_newest_pinned_message_is_shown(
    api: Api, message: dict[str, Any]
) -> None:
    await api.call("pinChatMessage", **message)
    newer = await api.call("sendMessage", chat_id=ADA, text="two")
    await api.call("pinChatMessage", chat_id=ADA, message_id=newer["message_id"])
    assert await pinned(api) == "two"
    await api.call("pinChatMessage", **message)
    assert await pinned(api) == "one"
    await api.call("unpinChatMessage", chat_id=ADA)
    assert await pinned(api) == "two"
    await api.call("unpinAllChatMessages", chat_id=ADA)
    assert await pinned(api) is None


async def test_a_deleted_message_is_not_pinned(
    api: Api, message: dict[str, Any]
) -> None:
    await api.call("pinChatMessage", **message)
    await api.call("deleteMessage", **message)
    assert await pinned(api) is None


async def test_what_is_not_pinned_cannot_be_unpinned(
    api: Api, message: dict[str, Any]
) -> None:
    for params in (message, {"chat_id": ADA}):
        refusal = await api.refusal("unpinChatMessage", **params)
        assert refusal == (400, "Bad Request: message to unpin not found")


async def test_a_private_chat_has_two_members(
    api: Api, message: dict[str, Any]
) -> None:
    for user in (ADA, 42):
        member = await api.call("getChatMember", chat_id=ADA, user_id=user)
        assert (member["status"], member["user"]["id"]) == ("member", user)
    refusal = await api.refusal("getChatMember", chat_id=ADA, user_id=GRACE)
    assert refusal == (400, "Bad Request: member not found")


async def test_a_chat_that_was_never_started_is_not_found(api: Api) -> None:
    refusal = await api.refusal("getChat", chat_id=VIKTOR)
    assert refusal == (400, "Bad Request: chat not found")


async def test_a_reaction_is_shown(
    api: Api, control: Control, message: dict[str, Any]
) -> None:
    thumb = [{"type": "emoji", "emoji": "👍"}]
    await api.call("setMessageReaction", reaction=thumb, **message)
    seen = await control.get("wait", chat=ADA, contains="one")
    assert seen["sandbox"]["reactions"] == thumb


@pytest.mark.parametrize("reaction", [[{"type": "emoji", "emoji": "👍"}] * 2, [{}]])
async def test_a_bot_reacts_with_one_emoji(
    api: Api, message: dict[str, Any], reaction: list[Any]
) -> None:
    refusal = await api.refusal("setMessageReaction", reaction=reaction, **message)
    assert refusal == (400, "Bad Request: REACTION_INVALID")


async def test_a_photo_can_be_downloaded_in_each_size(
    api: Api, message: dict[str, Any]
) -> None:
    original = picture(1200, 750, "JPEG")
    sent = await api.call("sendPhoto", chat_id=ADA, photo=original)
    content = b""
    for size in sent["photo"]:
        file = await api.call("getFile", file_id=size["file_id"])
        answer = await api.client.get(f"/file/bot{TOKEN}/{file['file_path']}")
        content = await answer.read()
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == (size["width"], size["height"])
    assert content == original


async def test_a_document_can_be_downloaded_but_not_shown(
    api: Api, message: dict[str, Any]
) -> None:
    page = b"<script>alert(1)</script>"
    sent = await api.call("sendDocument", chat_id=ADA, document=page)
    file = await api.call("getFile", file_id=sent["document"]["file_id"])
    answer = await api.client.get(f"/file/bot{TOKEN}/{file['file_path']}")
    assert await answer.read() == page
    assert answer.content_type == "application/octet-stream"


async def test_an_unknown_file_cannot_be_downloaded(
    api: Api, message: dict[str, Any]
) -> None:
    refusal = await api.refusal("getFile", file_id="x")
    assert refusal == (
        400,
        "Bad Request: wrong file_id or the file is temporarily unavailable",
    )
    sent = await api.call("sendPhoto", chat_id=ADA, photo=picture(10, 10))
    file = await api.call("getFile", file_id=sent["photo"][0]["file_id"])
    path = file["file_path"]
    for token, wrong, status in (
        (TOKEN, "photos/x.png", 404),
        (TOKEN, path.replace("photos", "documents"), 404),
        ("43:SANDBOX", path, 404),
        ("43:REAL", path, 401),
    ):
        answer = await api.client.get(f"/file/bot{token}/{wrong}")
        assert answer.status == status
        assert (await answer.json())["ok"] is False

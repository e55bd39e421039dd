"""Edits and deletions."""

from typing import Any

import pytest

from tests.bot.sandbox.helpers import (
    ADA,
    VIKTOR,
    Api,
    Clock,
    Control,
    button,
    keyboard,
    picture,
)

KEYS = keyboard([button("Approve", "a"), button("Reject", "r")])


@pytest.fixture
async def text(api: Api, control: Control) -> dict[str, Any]:
    await control.start(ADA)
    sent = await api.call("sendMessage", chat_id=ADA, text="one", reply_markup=KEYS)
    return {"chat_id": ADA, "message_id": sent["message_id"]}


@pytest.fixture
async def photo(api: Api, control: Control) -> dict[str, Any]:
    await control.start(ADA)
    sent = await api.call(
        "sendPhoto", chat_id=ADA, photo=picture(), caption="one", reply_markup=KEYS
    )
    return {"chat_id": ADA, "message_id": sent["message_id"]}


async def test_an_edit_changes_the_text_and_says_when(
    api: Api, clock: Clock, text: dict[str, Any]
) -> None:
    clock.advance(seconds=5)
    edited = await api.call("editMessageText", text="two", reply_markup=KEYS, **text)
    assert (edited["text"], edited["reply_markup"]) == ("two", KEYS)
    assert edited["edit_date"] == edited["date"] + 5


async def test_an_edit_without_keyboard_removes_it(
    api: Api, text: dict[str, Any], photo: dict[str, Any]
) -> None:
    for edited in (
        await api.call("editMessageText", text="two", **text),
        await api.call("editMessageCaption", caption="two", **photo),
    ):
        assert "reply_markup" not in edited


async def test_an_edit_that_changes_nothing_is_refused(
    api: Api, text: dict[str, Any], photo: dict[str, Any]
) -> None:
    for method, params in (
        ("editMessageText", text | {"text": "one"}),
        ("editMessageCaption", photo | {"caption": "one"}),
        ("editMessageReplyMarkup", photo),
    ):
        status, why = await api.refusal(method, reply_markup=KEYS, **params)
        assert status == 400
        assert why == (
            "Bad Request: message is not modified: specified new message content and "
            "reply markup are exactly the same as a current content and reply markup "
            "of the message"
        )


async def test_a_keyboard_alone_can_be_edited(api: Api, photo: dict[str, Any]) -> None:
    final = keyboard([{"text": "Approved by Ada", "disabled": {}}])
    edited = await api.call("editMessageReplyMarkup", reply_markup=final, **photo)
    assert edited["reply_markup"] == final
    assert edited["caption"] == "one"


async def test_a_caption_can_be_removed(api: Api, photo: dict[str, Any]) -> None:
    assert "caption" not in await api.call("editMessageCaption", **photo)


async def test_a_photo_can_be_replaced(api: Api, photo: dict[str, Any]) -> None:
    media = {"type": "photo", "media": "attach://new", "caption": "two"}
    edited = await api.call(
        "editMessageMedia", media=media, new=picture(900, 500), **photo
    )
    assert (edited["photo"][-1]["width"], edited["caption"]) == (900, "two")


async def test_a_text_can_become_a_photo(api: Api, text: dict[str, Any]) -> None:
    media = {"type": "photo", "media": "attach://new", "caption": "two"}
    edited = await api.call("editMessageMedia", media=media, new=picture(), **text)
    assert "text" not in edited
    assert edited["photo"]


@pytest.mark.parametrize("media", [{"type": "video", "media": "x"}, ""])
async def test_other_media_are_refused(
    api: Api, photo: dict[str, Any], media: Any
) -> None:
    refusal = await api.refusal("editMessageMedia", media=media, **photo)
    assert refusal == (400, "Bad Request: can't parse InputMedia")


async def test_a_photo_has_no_text_to_edit(api: Api, photo: dict[str, Any]) -> None:
    refusal = await api.refusal("editMessageText", text="x", **photo)
    assert refusal == (400, "Bad Request: there is no text in the message to edit")


async def test_a_text_has_no_caption_to_edit(api: Api, text: dict[str, Any]) -> None:
    refusal = await api.refusal("editMessageCaption", caption="x", **text)
    assert refusal == (400, "Bad Request: there is no caption in the message to edit")


async def test_asking_for_a_reply_stays_through_edits(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    markup = KEYS | {"force_reply": True}
    sent = await api.call("sendMessage", chat_id=ADA, text="Why?", reply_markup=markup)
    edited = await api.call(
        "editMessageText",
        chat_id=ADA,
        message_id=sent["message_id"],
        text="Why not?",
        reply_markup=KEYS,
    )
    assert edited["reply_markup"]["force_reply"] is True


async def test_only_inline_keyboards_fit_an_edit(
    api: Api, text: dict[str, Any]
) -> None:
    refusal = await api.refusal(
        "editMessageText", text="x", reply_markup={"force_reply": True}, **text
    )
    assert refusal == (400, "Bad Request: inline keyboard expected")


async def test_a_persons_message_cannot_be_edited(api: Api, control: Control) -> None:
    said = await control.post("say", user=ADA, text="hello")
    refusal = await api.refusal(
        "editMessageText", chat_id=ADA, message_id=said["message_id"], text="x"
    )
    assert refusal == (400, "Bad Request: message can't be edited")


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("editMessageText", "to edit"),
        ("editMessageCaption", "to edit"),
        ("editMessageMedia", "to edit"),
        ("editMessageReplyMarkup", "to edit"),
        ("deleteMessage", "to delete"),
        ("setMessageReaction", "to react"),
        ("pinChatMessage", "to pin"),
    ],
)
async def test_a_message_that_is_gone_is_not_found(
    api: Api, text: dict[str, Any], method: str, what: str
) -> None:
    await api.call("deleteMessage", **text)
    refusal = await api.refusal(method, text="x", **text)
    assert refusal == (400, f"Bad Request: message {what} not found")


async def test_a_message_must_be_named(api: Api, control: Control) -> None:
    await control.start(ADA)
    refusal = await api.refusal("editMessageText", chat_id=ADA, text="x")
    assert refusal == (400, "Bad Request: message identifier is not specified")


async def test_a_chat_that_never_was_has_no_messages(api: Api) -> None:
    refusal = await api.refusal("deleteMessage", chat_id=VIKTOR, message_id=1)
    assert refusal == (400, "Bad Request: chat not found")


async def test_a_message_can_be_deleted_for_48_hours(
    api: Api, clock: Clock, text: dict[str, Any]
) -> None:
    clock.advance(hours=48)
    refusal = await api.refusal("deleteMessage", **text)
    assert refusal == (400, "Bad Request: message can't be deleted for everyone")


async def test_many_are_deleted_at_once_and_old_or_missing_ones_skipped(
    api: Api, clock: Clock, control: Control, text: dict[str, Any]
) -> None:
    clock.advance(hours=48)
    fresh = await api.call("sendMessage", chat_id=ADA, text="fresh")
    ids = [1, text["message_id"], fresh["message_id"]]
    await api.call("deleteMessages", chat_id=ADA, message_ids=ids)
    transcript = await control.get("transcript", chat=ADA)
    deleted = [m["message_id"] for m in transcript["messages"] if m["deleted_at"]]
    assert deleted == [fresh["message_id"]]


@pytest.mark.parametrize("ids", [[], [1] * 101, {}])
async def test_1_to_100_are_deleted_at_once(
    api: Api, text: dict[str, Any], ids: Any
) -> None:
    refusal = await api.refusal("deleteMessages", chat_id=ADA, message_ids=ids)
    assert refusal == (400, "Bad Request: message identifiers are not specified")

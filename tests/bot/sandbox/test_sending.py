"""Messages the bot sends, over the wire."""

from typing import Any

import pytest

from bot.sandbox import Sandbox
from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    VIKTOR,
    Api,
    Clock,
    Control,
    button,
    keyboard,
    picture,
)

SEND = pytest.mark.parametrize(
    ("method", "params"),
    [
        ("sendMessage", {"text": "hello"}),
        ("sendPhoto", {"photo": picture()}),
        ("sendDocument", {"document": b"a,b\n1,2\n"}),
        ("sendChatAction", {"action": "typing"}),
    ],
)


@pytest.fixture(autouse=True)
async def ada_started(control: Control) -> None:
    await control.start(ADA)


async def test_a_message_comes_back_as_it_stands_in_the_chat(
    api: Api, clock: Clock
) -> None:
    sent = await api.call(
        "sendMessage",
        chat_id=ADA,
        text="<b>Hi</b>",
        parse_mode="HTML",
        protect_content=True,
        reply_markup=keyboard([button("Go", "g", style="success")]),
        link_preview_options={"is_disabled": True},
        disable_web_page_preview=True,
        message_effect_id="5104841245755180586",
    )
    assert sent["text"] == "Hi"
    assert sent["entities"] == [{"offset": 0, "length": 2, "type": "bold"}]
    assert sent["chat"]["id"] == ADA
    assert sent["from"]["username"] == "tapgate_sandbox_bot"
    assert sent["date"] == int(clock.at.timestamp())
    assert sent["has_protected_content"] is True
    assert sent["reply_markup"]["inline_keyboard"][0][0]["style"] == "success"
    assert "edit_date" not in sent


async def test_message_ids_grow_within_a_chat(api: Api) -> None:
    first = await api.call("sendMessage", chat_id=ADA, text="1")
    second = await api.call("sendMessage", chat_id=ADA, text="2")
    assert second["message_id"] == first["message_id"] + 1


@SEND
async def test_an_unknown_chat_is_not_found(
    api: Api, method: str, params: dict[str, Any]
) -> None:
    for chat in (5, "@nobody"):
        answer = await api.refusal(method, chat_id=chat, **params)
        assert answer == (400, "Bad Request: chat not found")


@SEND
async def test_a_chat_must_be_named(
    api: Api, method: str, params: dict[str, Any]
) -> None:
    answer = await api.refusal(method, **params)
    assert answer == (400, "Bad Request: chat_id is empty")


@SEND
async def test_who_never_pressed_start_cannot_be_written_to(
    api: Api, method: str, params: dict[str, Any]
) -> None:
    assert await api.refusal(method, chat_id=VIKTOR, **params) == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )


@SEND
async def test_who_blocked_the_bot_cannot_be_written_to(
    api: Api, control: Control, method: str, params: dict[str, Any]
) -> None:
    await control.post("block", user=ADA)
    assert await api.refusal(method, chat_id=ADA, **params) == (
        403,
        "Forbidden: bot was blocked by the user",
    )


async def test_after_unblocking_the_bot_can_write_again(
    api: Api, control: Control
) -> None:
    await control.post("block", user=ADA)
    await control.post("unblock", user=ADA)
    assert await api.call("sendMessage", chat_id=ADA, text="back")


async def test_a_photo_comes_in_sizes_and_can_be_sent_again_by_its_id(
    api: Api,
) -> None:
    first = await api.call("sendPhoto", chat_id=ADA, photo=picture(1200, 750))
    sizes = [(size["width"], size["height"]) for size in first["photo"]]
    assert sizes == [(320, 200), (1200, 750)]
    file_id = first["photo"][-1]["file_id"]
    again = await api.call("sendPhoto", chat_id=ADA, photo=file_id, caption="again")
    assert again["photo"] == first["photo"]
    assert again["caption"] == "again"


async def test_a_small_photo_has_one_size(api: Api) -> None:
    sent = await api.call("sendPhoto", chat_id=ADA, photo=picture(100, 80))
    assert len(sent["photo"]) == 1


async def test_a_photo_may_be_attached_under_any_name(api: Api) -> None:
    sent = await api.call(
        "sendPhoto", chat_id=ADA, photo="attach://Xy12", Xy12=picture(kind="JPEG")
    )
    assert sent["photo"]


async def test_a_caption_may_stand_above_a_spoilered_photo(api: Api) -> None:
    sent = await api.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(),
        caption="x",
        show_caption_above_media=True,
        has_spoiler=True,
    )
    assert sent["show_caption_above_media"] is sent["has_media_spoiler"] is True


@pytest.mark.parametrize(
    ("photo", "why"),
    [
        ("AgACAgIunknown", "wrong file identifier/HTTP URL specified"),
        ("https://x.example/a.png", "failed to get HTTP URL content"),
        ("attach://missing", "wrong file identifier/HTTP URL specified"),
        ("", "there is no photo in the request"),
        (b"", "file must be non-empty"),
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (picture(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (picture(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_a_photo_that_cannot_be_one_is_refused(
    api: Api, photo: Any, why: str
) -> None:
    answer = await api.refusal("sendPhoto", chat_id=ADA, photo=photo)
    assert answer == (400, f"Bad Request: {why}")


async def test_a_photo_larger_than_10_mb_is_refused(api: Api) -> None:
    heavy = picture() + b"\0" * (10 * 1024 * 1024)
    status, why = await api.refusal("sendPhoto", chat_id=ADA, photo=heavy)
    assert status == 400
    assert "is too big for a photo" in why


async def test_a_photo_that_would_fill_the_memory_is_refused(api: Api) -> None:
    bomb = bytearray(picture(10, 10, "GIF"))
    bomb[6:10] = b"\xff\xff\xff\xff"
    answer = await api.refusal("sendPhoto", chat_id=ADA, photo=bytes(bomb))
    assert answer == (400, "Bad Request: PHOTO_INVALID_DIMENSIONS")


async def test_another_bot_cannot_use_the_file(api: Api) -> None:
    sent = await api.call("sendPhoto", chat_id=ADA, photo=picture())
    other = Api(api.client, "43:SANDBOX")
    answer = await other.refusal(
        "sendPhoto", chat_id=ADA, photo=sent["photo"][-1]["file_id"]
    )
    assert answer[1] == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_a_document_keeps_its_name(api: Api) -> None:
    sent = await api.call("sendDocument", chat_id=ADA, document=b"a,b")
    assert sent["document"]["file_name"] == "document.png"
    assert sent["document"]["file_size"] == 3


async def test_a_document_is_not_a_photo(api: Api) -> None:
    sent = await api.call("sendDocument", chat_id=ADA, document=picture())
    file_id = sent["document"]["file_id"]
    assert await api.refusal("sendPhoto", chat_id=ADA, photo=file_id) == (
        400,
        "Bad Request: can't use file of type Document as Photo",
    )


async def test_an_album_is_several_messages_of_one_group(api: Api) -> None:
    media = [
        {"type": "photo", "media": "attach://one", "caption": "<b>M15</b>"}
        | {"parse_mode": "HTML"},
        {"type": "document", "media": "attach://two"},
    ]
    sent = await api.call(
        "sendMediaGroup", chat_id=ADA, media=media, one=picture(), two=b"x"
    )
    assert len(sent) == 2
    assert sent[0]["media_group_id"] == sent[1]["media_group_id"]
    assert sent[0]["caption_entities"][0]["type"] == "bold"


@pytest.mark.parametrize("number", [0, 1, 11])
async def test_an_album_has_2_to_10_items(api: Api, number: int) -> None:
    media = [{"type": "photo", "media": "x"}] * number
    status, _ = await api.refusal("sendMediaGroup", chat_id=ADA, media=media)
    assert status == 400


async def test_an_album_of_something_else_is_refused(api: Api) -> None:
    media = [{"type": "video", "media": "x"}] * 2
    assert await api.refusal("sendMediaGroup", chat_id=ADA, media=media) == (
        400,
        "Bad Request: the sandbox sends no albums of video",
    )


async def test_a_refused_album_sends_nothing(api: Api, sandbox: Sandbox) -> None:
    media = [
        {"type": "photo", "media": "attach://one"},
        {"type": "photo", "media": "unknown"},
    ]
    await api.refusal("sendMediaGroup", chat_id=ADA, media=media, one=picture())
    assert len(sandbox.world.messages[ADA]) == 1


async def test_a_reply_shows_what_it_answers(api: Api) -> None:
    first = await api.call("sendMessage", chat_id=ADA, text="first")
    for way in (
        {"reply_parameters": {"message_id": first["message_id"]}},
        {"reply_to_message_id": first["message_id"]},
    ):
        reply = await api.call("sendMessage", chat_id=ADA, text="second", **way)
        assert reply["reply_to_message"]["text"] == "first"


async def test_a_reply_to_nothing_is_refused_unless_allowed(api: Api) -> None:
    lost: dict[str, Any] = {"message_id": 1}
    params: dict[str, Any] = {"chat_id": ADA, "text": "x"}
    refusal = await api.refusal("sendMessage", reply_parameters=lost, **params)
    assert refusal == (400, "Bad Request: message to be replied not found")
    lost["allow_sending_without_reply"] = True
    sent = await api.call("sendMessage", reply_parameters=lost, **params)
    assert "reply_to_message" not in sent


async def test_a_copy_has_the_content_but_not_the_keyboard(
    api: Api, control: Control
) -> None:
    await control.start(GRACE)
    source = await api.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(),
        caption="old",
        reply_markup=keyboard([button("Go", "g")]),
    )
    for given, shown in (({}, "old"), ({"caption": "new"}, "new")):
        copy = await api.call(
            "copyMessage",
            chat_id=GRACE,
            from_chat_id=ADA,
            message_id=source["message_id"],
            **given,
        )
        seen = await control.get("wait", chat=GRACE, contains=shown)
        assert seen["message_id"] == copy["message_id"]
        assert "reply_markup" not in seen


async def test_a_copy_needs_a_source(api: Api) -> None:
    refusal = await api.refusal(
        "copyMessage", chat_id=ADA, from_chat_id=ADA, message_id=1
    )
    assert refusal == (400, "Bad Request: message to copy not found")


async def test_a_reply_keyboard_is_for_the_person_only(
    api: Api, control: Control
) -> None:
    markup = {"keyboard": [[{"text": "Yes"}]]}
    sent = await api.call("sendMessage", chat_id=ADA, text="?", reply_markup=markup)
    assert "reply_markup" not in sent
    seen = await control.get("wait", chat=ADA, contains="?")
    assert seen["sandbox"]["reply_keyboard"] == markup


async def test_an_unknown_chat_action_is_refused(api: Api) -> None:
    answer = await api.refusal("sendChatAction", chat_id=ADA, action="dancing")
    assert answer == (400, "Bad Request: wrong parameter action in request")

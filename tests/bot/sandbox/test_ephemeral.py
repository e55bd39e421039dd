"""Ephemeral messages: one person in a group sees them, and the bot."""

from typing import Any

import pytest

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


@pytest.fixture
async def desk(control: Control) -> int:
    chat = await control.post("chats", title="Desk", creator=ADA, members=[GRACE])
    return int(chat["id"])


def to(user: int, **more: Any) -> dict[str, Any]:
    return {"receiver_user_id": user} | more


async def whispered(api: Api, desk: int, user: int = GRACE, **more: Any) -> Any:
    return await api.call(
        "sendMessage",
        chat_id=desk,
        text="Only approvers can decide.",
        ephemeral_message_parameters=to(user),
        **more,
    )


async def test_it_has_no_message_id_but_one_of_its_own(api: Api, desk: int) -> None:
    sent = await whispered(api, desk)
    assert (sent["message_id"], sent["ephemeral_message_id"]) == (0, 1)
    assert sent["receiver_user"]["id"] == GRACE


async def test_the_old_parameter_works_too(api: Api, desk: int) -> None:
    sent = await api.call("sendMessage", chat_id=desk, text="x", receiver_user_id=GRACE)
    assert sent["receiver_user"]["id"] == GRACE


async def test_only_its_addressee_sees_it(
    api: Api, control: Control, desk: int
) -> None:
    await whispered(api, desk)
    query = {"chat": desk, "contains": "approvers", "timeout": 0}
    seen = await control.get("wait", user=GRACE, **query)
    assert seen["sandbox"]["receiver"] == GRACE
    assert (await control.problem("GET", "wait", query | {"user": ADA}))[0] == 408


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (VIKTOR, "receiver of the ephemeral message not found"),
        (77, "receiver of the ephemeral message not found"),
    ],
)
async def test_who_is_not_in_the_group_gets_none(
    api: Api, desk: int, user: int, words: str
) -> None:
    refusal = await api.refusal(
        "sendMessage", chat_id=desk, text="x", ephemeral_message_parameters=to(user)
    )
    assert refusal == (400, f"Bad Request: {words}")


async def test_a_private_chat_has_none(api: Api, control: Control) -> None:
    await control.start(ADA)
    refusal = await api.refusal(
        "sendMessage", chat_id=ADA, text="x", ephemeral_message_parameters=to(ADA)
    )
    assert refusal[0] == 400


async def test_it_is_edited_and_deleted_by_methods_of_its_own(
    api: Api, control: Control, desk: int
) -> None:
    sent = await whispered(api, desk, reply_markup=keyboard([button("Ask", "q")]))
    number = sent["ephemeral_message_id"]
    where = {"chat_id": desk, "receiver_user_id": GRACE, "ephemeral_message_id": number}
    assert await api.call("editEphemeralMessageText", text="Asked.", **where) is True
    markup = {"reply_markup": keyboard([button("Again", "q")])}
    assert await api.call("editEphemeralMessageReplyMarkup", **markup, **where) is True
    shown = await control.get("wait", chat=desk, contains="Asked.", user=GRACE)
    assert shown["sandbox"]["labels"] == ["Again"]
    others = where | {"receiver_user_id": ADA}
    wanted = (400, "Bad Request: ephemeral message not found")
    assert await api.refusal("deleteEphemeralMessage", **others) == wanted
    assert await api.call("deleteEphemeralMessage", **where) is True
    assert await api.refusal("deleteEphemeralMessage", **where) == wanted
    usual = {"chat_id": desk, "message_id": -number}
    assert (await api.refusal("editMessageText", text="x", **usual))[0] == 400


async def test_a_photo_can_be_one(api: Api, desk: int) -> None:
    sent = await api.call(
        "sendPhoto",
        chat_id=desk,
        photo=picture(),
        caption="Full size",
        ephemeral_message_parameters=to(GRACE),
    )
    where = {"chat_id": desk, "receiver_user_id": GRACE, "ephemeral_message_id": 1}
    assert sent["photo"]
    assert await api.call("editEphemeralMessageCaption", caption="x", **where) is True
    media = {"type": "photo", "media": sent["photo"][-1]["file_id"]}
    assert await api.call("editEphemeralMessageMedia", media=media, **where) is True


async def test_its_buttons_are_tapped_by_its_addressee(
    api: Api, control: Control, desk: int
) -> None:
    await whispered(api, desk, reply_markup=keyboard([button("Ask", "q")]))
    values = {"user": ADA, "chat": desk, "label": "Ask"}
    assert (await control.problem("POST", "tap", values))[0] == 404
    await control.post("tap", **values | {"user": GRACE})
    message = (await api.updates())[-1]["callback_query"]["message"]
    assert (message["message_id"], message["ephemeral_message_id"]) == (0, 1)


async def test_it_answers_a_tap_within_15_seconds_and_may_stand_in_its_place(
    api: Api, clock: Clock, control: Control, desk: int
) -> None:
    markup = keyboard([button("Approve", "a")])
    prompt = await api.call("sendMessage", chat_id=desk, text="?", reply_markup=markup)
    tap = await control.post("tap", user=GRACE, chat=desk, label="Approve")
    name = tap["callback_id"]
    stead = to(GRACE, callback_query_id=name, replace_callback_query_message=True)
    where = {"chat_id": desk, "text": "No."}
    await api.call("sendMessage", ephemeral_message_parameters=stead, **where)
    shown = await control.get("wait", chat=desk, contains="No.", user=GRACE)
    assert shown["sandbox"]["replaces"] == prompt["message_id"]
    plain = to(GRACE, callback_query_id=name)
    await api.call("sendMessage", ephemeral_message_parameters=plain, **where)
    others = to(ADA, callback_query_id=name)
    assert await api.refusal(
        "sendMessage", ephemeral_message_parameters=others, **where
    )
    clock.advance(seconds=16)
    status, words = await api.refusal(
        "sendMessage", ephemeral_message_parameters=plain, **where
    )
    assert status == 400
    assert words.startswith("Bad Request: query is too old")


async def test_an_ephemeral_command_is_seen_by_the_bot_only(
    api: Api, clock: Clock, control: Control, desk: int
) -> None:
    secret = {"command": "risk", "description": "Your limits", "is_ephemeral": True}
    scope = {"type": "all_group_chats"}
    await api.call("setMyCommands", commands=[secret], scope=scope)
    assert (await api.call("getMyCommands", scope=scope))[0]["is_ephemeral"] is True
    await control.post("say", user=GRACE, chat=desk, text="/risk@tapgate_sandbox_bot")
    message = (await api.updates())[-1]["message"]
    assert (message["message_id"], message["ephemeral_message_id"]) == (0, 1)
    assert message["from"]["id"] == GRACE
    query = {"chat": desk, "contains": "/risk", "timeout": 0}
    assert (await control.problem("GET", "wait", query | {"user": ADA}))[0] == 408
    answer = {
        "chat_id": desk,
        "text": "0.5 %",
        "reply_parameters": {"ephemeral_message_id": 1},
        "ephemeral_message_parameters": to(GRACE),
    }
    assert await api.call("sendMessage", **answer)
    clock.advance(seconds=16)
    assert (await api.refusal("sendMessage", **answer))[0] == 400


async def test_a_message_in_the_place_of_an_ephemeral_one_is_refused(
    api: Api, control: Control, desk: int
) -> None:
    await whispered(api, desk, reply_markup=keyboard([button("Ask", "q")]))
    tap = await control.post("tap", user=GRACE, chat=desk, label="Ask")
    stead = to(
        GRACE,
        callback_query_id=tap["callback_id"],
        replace_callback_query_message=True,
    )
    refusal = await api.refusal(
        "sendMessage", chat_id=desk, text="x", ephemeral_message_parameters=stead
    )
    assert refusal == (400, "Bad Request: an ephemeral message can't be replaced")

"""The control API: people, waiting, transcripts, extra controls, problems."""

import asyncio
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.errors import Problem
from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    Api,
    Clock,
    Control,
    button,
    keyboard,
    picture,
)


async def test_a_person_can_be_added(api: Api, control: Control) -> None:
    added = await control.post("users", first_name="Lin", username="lin")
    assert added["id"] == 1004
    await control.start(added["id"])
    assert await api.call("sendMessage", chat_id=added["id"], text="hello")


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"id": ADA, "first_name": "Again"}, 409),
        ({"id": -5, "first_name": "Group"}, 422),
        ({"first_name": " "}, 422),
        ({}, 422),
        ({"first_name": 7}, 422),
    ],
)
async def test_a_person_who_cannot_be_is_a_problem(
    control: Control, values: dict[str, Any], status: int
) -> None:
    assert (await control.problem("POST", "users", values))[0] == status


async def test_saying_start_with_a_payload_is_a_command(
    api: Api, control: Control
) -> None:
    said = await control.post("say", user=ADA, text="/start inv_7Kq2")
    [update] = await api.updates()
    assert update["update_id"] == said["update_id"]
    message = update["message"]
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert message["message_id"] == said["message_id"]
    assert message["from"]["language_code"] == "en"


async def test_a_person_can_reply(api: Api, control: Control) -> None:
    await control.start(ADA)
    asked = await api.call("sendMessage", chat_id=ADA, text="Why?")
    await control.post("say", user=ADA, text="news", reply_to=asked["message_id"])
    update = (await api.updates())[-1]
    assert update["message"]["reply_to_message"]["text"] == "Why?"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"user": 5, "text": "x"}, 404),
        ({"user": ADA, "text": " "}, 422),
        ({"user": ADA, "text": "x" * 4097}, 422),
        ({"user": ADA}, 422),
        ({"user": "Ada", "text": "x"}, 422),
        ({"user": ADA, "text": "x", "reply_to": 5}, 404),
        ({"user": ADA, "text": "x", "chat": -5}, 404),
        ({"user": ADA, "text": "x", "room": 5}, 422),
    ],
)
async def test_what_cannot_be_said_is_a_problem(
    control: Control, values: dict[str, Any], status: int
) -> None:
    assert (await control.problem("POST", "say", values))[0] == status


async def test_waiting_ends_when_the_message_is_there(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            control.get("wait", chat=ADA, contains="Buy", button="Approve", timeout=30)
        )
        await api.call("sendMessage", chat_id=ADA, text="Buy without buttons")
        await api.call(
            "sendPhoto",
            chat_id=ADA,
            photo=picture(),
            caption="<b>Buy</b>",
            parse_mode="HTML",
            reply_markup=keyboard([button("✅ Approve", "a")]),
        )
    seen = waiting.result()
    assert seen["caption"] == "Buy"
    assert seen["sandbox"]["content"] == "Buy"
    assert seen["sandbox"]["labels"] == ["✅ Approve"]
    assert seen["sandbox"]["file"]["kind"] == "photo"


async def test_waiting_sees_edits_and_only_what_is_newer(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    first = await api.call("sendMessage", chat_id=ADA, text="sent")
    name = first["message_id"]
    await api.call("editMessageText", chat_id=ADA, message_id=name, text="filled")
    assert (await control.get("wait", chat=ADA, contains="filled"))[
        "message_id"
    ] == name
    values = {"chat": ADA, "contains": "filled", "after": name, "timeout": 0}
    assert (await control.problem("GET", "wait", values))[0] == 408


async def test_waiting_in_vain_says_for_what(control: Control) -> None:
    values = {"chat": ADA, "contains": "x", "button": "y", "timeout": "0.01"}
    assert await control.problem("GET", "wait", values) == (
        408,
        'No message of chat 1001 had "x" and a button "y" in 0.01 seconds.',
    )


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("wait", {}, 422),
        ("wait", {"chat": "x"}, 422),
        ("wait", {"chat": 1, "timeout": 121}, 422),
        ("answers", {}, 422),
        ("answers", {"callback_id": "5"}, 404),
        ("transcript", {}, 422),
        ("journal", {"since": "x"}, 422),
    ],
)
async def test_a_wrong_question_is_a_problem(
    control: Control, name: str, values: dict[str, Any], status: int
) -> None:
    assert (await control.problem("GET", name, values))[0] == status


async def test_an_answer_can_be_waited_for(api: Api, control: Control) -> None:
    await control.start(ADA)
    await api.call(
        "sendMessage", chat_id=ADA, text="?", reply_markup=keyboard([button("Go", "g")])
    )
    tap = await control.post("tap", user=ADA, label="Go")
    query = {"callback_id": tap["callback_id"]}
    assert (await control.problem("GET", "answers", query | {"wait": 0}))[0] == 408
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(control.get("answers", wait=30, **query))
        name = tap["callback_id"]
        await api.call("answerCallbackQuery", callback_query_id=name, text="Done")
    assert waiting.result()["text"] == "Done"


async def test_the_transcript_keeps_every_version(
    api: Api, clock: Clock, control: Control
) -> None:
    await control.start(ADA)
    sent = await api.call(
        "sendMessage", chat_id=ADA, text="1", reply_markup=keyboard([button("Go", "g")])
    )
    name = sent["message_id"]
    clock.advance(seconds=1)
    await api.call("editMessageText", chat_id=ADA, message_id=name, text="2")
    await api.call("deleteMessage", chat_id=ADA, message_id=name)
    said, shown = (await control.get("transcript", chat=ADA))["messages"]
    assert said["text"] == "/start"
    assert [version["text"] for version in shown["versions"]] == ["1", "2"]
    assert shown["versions"][1]["at"] == "2026-11-24T12:00:01+00:00"
    assert shown["deleted_at"] == "2026-11-24T12:00:01+00:00"
    assert shown["sandbox"]["deleted"] is True


async def test_a_chat_without_messages_has_an_empty_transcript(
    control: Control,
) -> None:
    assert await control.get("transcript", chat=GRACE) == {"messages": []}


async def test_the_state_shows_people_chats_and_what_waits(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    await api.call("sendMessage", chat_id=ADA, text="hello")
    state = await control.get("state")
    assert state["bot"]["id"] == 42
    assert [user["started"] for user in state["users"]] == [True, False, False]
    [chat] = state["chats"]
    assert [m["text"] for m in chat["messages"]] == ["/start", "hello"]
    assert state["pending_updates"] == 1


async def test_an_extra_control_answers_under_its_name(
    control: Control, sandbox: Sandbox
) -> None:
    async def market(values: dict[str, Any]) -> dict[str, Any]:
        if not values:
            raise Problem(422, "Name a price.")
        return {"price": values["price"]}

    sandbox.controls["market"] = market
    assert await control.post("x/market", price="1.1") == {"price": "1.1"}
    assert await control.problem("POST", "x/market", {}) == (422, "Name a price.")
    assert (await control.problem("POST", "x/moon", {}))[0] == 404


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 422), (b"[]", 422), (b" " * 262145, 413)]
)
async def test_a_body_that_is_no_object_is_a_problem(
    control: Control, body: bytes, status: int
) -> None:
    answer = await control.client.post("/sandbox/say", data=body)
    assert answer.status == status

"""Taps and their answers."""

from typing import Any

import pytest

from tests.bot.sandbox.helpers import (
    ADA,
    GRACE,
    Api,
    Clock,
    Control,
    button,
    keyboard,
)

TOO_OLD = (
    400,
    "Bad Request: query is too old and response timeout expired or query ID is invalid",
)


@pytest.fixture
async def prompt(api: Api, control: Control) -> dict[str, Any]:
    await control.start(ADA)
    keys = keyboard([button("✅ Approve", "s1:a"), button("✖ Reject", "s1:r")])
    sent = await api.call("sendMessage", chat_id=ADA, text="Buy?", reply_markup=keys)
    await api.updates(offset=-1)
    return dict(sent)


async def tapped(api: Api) -> dict[str, Any]:
    [*_, update] = await api.updates()
    query: dict[str, Any] = update["callback_query"]
    return query


async def test_a_tap_reaches_the_bot_with_the_message(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    query = await tapped(api)
    assert query["id"] == tap["callback_id"]
    assert (query["from"]["id"], query["data"]) == (ADA, "s1:a")
    assert query["message"] == prompt


async def test_an_answer_reaches_the_person(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    await api.call(
        "answerCallbackQuery",
        callback_query_id=tap["callback_id"],
        text="Done",
        show_alert=True,
        cache_time=0,
    )
    answer = await control.get("answers", callback_id=tap["callback_id"])
    assert (answer["text"], answer["show_alert"]) == ("Done", True)


async def test_a_tap_is_answered_once(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    await api.call("answerCallbackQuery", callback_query_id=tap["callback_id"])
    again = await api.refusal(
        "answerCallbackQuery", callback_query_id=tap["callback_id"]
    )
    assert again == TOO_OLD


async def test_a_tap_is_answered_within_a_minute(
    api: Api, clock: Clock, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    clock.advance(seconds=61)
    late = await api.refusal(
        "answerCallbackQuery", callback_query_id=tap["callback_id"]
    )
    assert late == TOO_OLD


@pytest.mark.parametrize("params", [{}, {"callback_query_id": "123"}])
async def test_an_unknown_tap_cannot_be_answered(
    api: Api, params: dict[str, Any]
) -> None:
    assert await api.refusal("answerCallbackQuery", **params) == TOO_OLD


async def test_200_characters_are_the_longest_answer(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    name = tap["callback_id"]
    long = await api.refusal(
        "answerCallbackQuery", callback_query_id=name, text="x" * 201
    )
    assert long == (400, "Bad Request: MESSAGE_TOO_LONG")
    await api.call("answerCallbackQuery", callback_query_id=name, text="x" * 200)


async def test_an_answer_may_open_the_bot_but_no_other_page(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, label="Approve")
    params = {"callback_query_id": tap["callback_id"]}
    refusal = await api.refusal(
        "answerCallbackQuery", url="https://x.example", **params
    )
    assert refusal == (400, "Bad Request: URL_INVALID")
    url = "https://t.me/tapgate_sandbox_bot?start=x"
    await api.call("answerCallbackQuery", url=url, **params)
    answer = await control.get("answers", callback_id=tap["callback_id"])
    assert answer["url"] == url


async def test_a_stranger_can_tap_a_message_they_do_not_see(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    await control.post(
        "tap",
        user=GRACE,
        chat=ADA,
        message_id=prompt["message_id"],
        label="Approve",
    )
    query = await tapped(api)
    assert (query["from"]["id"], query["message"]["chat"]["id"]) == (GRACE, ADA)


async def test_data_may_be_made_up(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    tap = await control.post("tap", user=ADA, data="s9:evil")
    assert tap["message_id"] == prompt["message_id"]
    assert (await tapped(api))["data"] == "s9:evil"


async def test_data_finds_the_message_that_has_it(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    await api.call("sendMessage", chat_id=ADA, text="newer")
    tap = await control.post("tap", user=ADA, data="s1:r")
    assert tap["message_id"] == prompt["message_id"]


async def test_a_tap_on_a_deleted_message_says_only_which_it_was(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    name = prompt["message_id"]
    await api.call("deleteMessage", chat_id=ADA, message_id=name)
    await control.post("tap", user=ADA, message_id=name, data="s1:a")
    message = (await tapped(api))["message"]
    assert (message["date"], message["message_id"]) == (0, name)


async def test_the_newest_message_with_the_button_is_tapped(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    newer = await api.call(
        "sendMessage",
        chat_id=ADA,
        text="Buy more?",
        reply_markup=keyboard([button("Approve all", "x"), button("Approve", "y")]),
    )
    tap = await control.post("tap", user=ADA, label="Approve")
    assert (tap["message_id"], tap["data"]) == (newer["message_id"], "y")


@pytest.mark.parametrize(
    ("values", "status", "word"),
    [
        ({"user": ADA, "label": "Nope"}, 404, 'no button "Nope"'),
        ({"user": ADA}, 422, "either a label or data"),
        ({"user": ADA, "label": "x", "data": "x"}, 422, "either a label or data"),
        ({"user": 5, "label": "x"}, 404, "no user 5"),
        ({"user": ADA, "label": "x", "chat": 5}, 404, "no user 5"),
        ({"user": GRACE, "data": "x"}, 404, "no message"),
        ({"user": ADA, "label": "x", "mesage_id": 1}, 422, "mesage_id"),
    ],
)
async def test_a_tap_on_nothing_is_a_problem(
    control: Control,
    prompt: dict[str, Any],
    values: dict[str, Any],
    status: int,
    word: str,
) -> None:
    got, detail = await control.problem("POST", "tap", values)
    assert got == status
    assert word in detail


async def test_a_button_that_does_not_call_the_bot_is_a_problem(
    api: Api, control: Control, prompt: dict[str, Any]
) -> None:
    await api.call(
        "sendMessage",
        chat_id=ADA,
        text="final",
        reply_markup=keyboard([{"text": "Approved", "disabled": {}}]),
    )
    values = {"user": ADA, "label": "Approved"}
    assert (await control.problem("POST", "tap", values))[0] == 409


async def test_who_blocked_the_bot_cannot_tap(
    control: Control, prompt: dict[str, Any]
) -> None:
    await control.post("block", user=ADA)
    values = {"user": ADA, "label": "Approve"}
    assert (await control.problem("POST", "tap", values))[0] == 409

"""Keyboards: what Telegram takes and what it refuses."""

from typing import Any

import pytest

from bot.sandbox.errors import ApiError
from bot.sandbox.markup import inline_markup, reply_markup
from bot.sandbox.params import Params
from tests.bot.sandbox.helpers import button, keyboard

ONE_OF = "the sandbox accepts one of callback_data, url, copy_text, disabled"


def checked(markup: Any) -> Any:
    return reply_markup(Params({"reply_markup": markup}))


def refused(markup: Any) -> str:
    with pytest.raises(ApiError) as error:
        checked(markup)
    assert error.value.status == 400
    return error.value.description


@pytest.mark.parametrize(
    "made",
    [
        button("Approve", "s1:a", style="success"),
        button("Reject", "s1:r", style="danger"),
        button("Details", "s1:d", style="primary"),
        {"text": "Terms", "url": "https://example.com/x"},
        {"text": "Chart", "url": "http://127.0.0.1:8080/media/x.png"},
        {"text": "Me", "url": "tg://user?id=1"},
        {"text": "Copy", "copy_text": {"text": "1.08542"}},
        {"text": "Approved", "disabled": {}},
    ],
)
def test_these_buttons_are_taken_as_they_are(made: dict[str, Any]) -> None:
    assert checked(keyboard([made])).inline == ((made,),)


@pytest.mark.parametrize("size", [1, 64])
def test_callback_data_has_1_to_64_bytes(size: int) -> None:
    assert checked(keyboard([button("x", "d" * size)])).inline


@pytest.mark.parametrize("data", ["", "d" * 65, "ü" * 33, 7])
def test_other_callback_data_is_refused(data: Any) -> None:
    markup = keyboard([button("x", data)])
    assert refused(markup) == "Bad Request: BUTTON_DATA_INVALID"


@pytest.mark.parametrize("url", ["http://localhost/x", "x.example", 7, "ftp://x/y"])
def test_a_link_must_lead_somewhere(url: Any) -> None:
    assert refused(keyboard([{"text": "x", "url": url}])).endswith("Wrong HTTP URL")


@pytest.mark.parametrize("copy", [None, {}, {"text": ""}, {"text": "x" * 257}, "x"])
def test_copied_text_has_1_to_256_characters(copy: Any) -> None:
    assert refused(keyboard([{"text": "x", "copy_text": copy}]))


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("x", "Object expected as an inline keyboard button"),
        ({"callback_data": "d"}, 'Field "text" must be of type String'),
        ({"text": " ", "callback_data": "d"}, 'Field "text" must be of type String'),
        ({"text": "x"}, "Text buttons are unallowed in the inline keyboard"),
        (button("x", "d", style="link"), "Invalid button style specified"),
        ({"text": "x", "disabled": 1}, 'Field "disabled" must be of type Object'),
        (
            button("x", "d", url="https://x.example"),
            f"{ONE_OF}; the button has callback_data, url",
        ),
        (
            {"text": "x", "pay": True},
            f"{ONE_OF}; the button has pay",
        ),
    ],
)
def test_other_buttons_are_refused(made: Any, why: str) -> None:
    expected = f"Bad Request: can't parse inline keyboard button: {why}"
    assert refused(keyboard([made])) == expected


def test_a_row_must_be_a_list() -> None:
    assert refused({"inline_keyboard": [{}]}) == (
        'Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be '
        "an Array of Arrays"
    )


def test_100_buttons_are_the_most() -> None:
    rows = [[button("x", "d")] * 10] * 10
    assert checked(keyboard(*rows)).inline
    assert refused(keyboard(*rows, [button("x", "d")])) == (
        "Bad Request: reply markup is too long"
    )


def test_an_empty_keyboard_is_none() -> None:
    assert checked(keyboard([])).inline is None


def test_an_inline_keyboard_may_ask_for_a_reply() -> None:
    markup = keyboard([button("News", "n")]) | {"force_reply": True}
    assert checked(markup).force_reply


@pytest.mark.parametrize(
    "markup",
    [
        {"keyboard": [["Yes", {"text": "No"}]]},
        {"remove_keyboard": True},
        {"force_reply": True},
    ],
)
def test_other_kinds_are_kept_as_sent(markup: dict[str, Any]) -> None:
    assert checked(markup).other == markup


@pytest.mark.parametrize("key", [{}, {"text": ""}, 7])
def test_a_reply_key_needs_text(key: Any) -> None:
    assert "can't parse keyboard button" in refused({"keyboard": [[key]]})


def test_something_else_is_refused() -> None:
    assert refused({}) == "Bad Request: object expected as reply markup"
    assert refused([1]) == "Bad Request: object expected as reply markup"


def test_text_that_is_not_json_is_refused() -> None:
    assert refused("{") == "Bad Request: can't parse reply markup JSON object"


def test_only_inline_keyboards_can_be_edited() -> None:
    with pytest.raises(ApiError, match="inline keyboard expected"):
        inline_markup(Params({"reply_markup": {"force_reply": True}}))

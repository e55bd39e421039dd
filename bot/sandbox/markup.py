"""Checking `reply_markup` as strictly as Telegram does."""

import re
from typing import Any, Final

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json, Markup
from bot.sandbox.params import Params

DATA_BYTES: Final = 64
COPY_CHARACTERS: Final = 256
MOST_BUTTONS: Final = 100
STYLES: Final = frozenset({"success", "danger", "primary"})
ACTIONS: Final = ("callback_data", "url", "copy_text", "disabled")
BUTTON: Final = "Bad Request: can't parse inline keyboard button"
LINK: Final = re.compile(r"(?:https?|tg)://(?!localhost\b)[^\s/]+", re.IGNORECASE)
DECORATION: Final = frozenset({"text", "style", "icon_custom_emoji_id"})


def reply_markup(params: Params) -> Markup:
    """The `reply_markup` of a sent message, checked; ApiError 400 if refused."""
    raw = params.object("reply_markup")
    if raw is None:
        return Markup()
    if "inline_keyboard" in raw:
        return _inline(raw)
    if any(key in raw for key in ("keyboard", "remove_keyboard", "force_reply")):
        _check_reply_keyboard(raw)
        return Markup(force_reply=bool(raw.get("force_reply")), other=raw)
    raise ApiError(400, "Bad Request: object expected as reply markup")


def inline_markup(params: Params) -> Markup:
    """The keyboard of an edit: inline or none, as only those can be edited."""
    markup = reply_markup(params)
    if markup.other is not None:
        raise ApiError(400, "Bad Request: inline keyboard expected")
    return markup


def _inline(raw: Json) -> Markup:
    rows = tuple(
        tuple(_button(item) for item in row)
        for row in _rows(raw, "inline_keyboard", "InlineKeyboardMarkup")
        if row
    )
    if sum(len(row) for row in rows) > MOST_BUTTONS:
        raise ApiError(400, "Bad Request: reply markup is too long")
    return Markup(inline=rows or None, force_reply=bool(raw.get("force_reply")))


def _rows(raw: Json, key: str, owner: str) -> list[list[Any]]:
    rows = raw[key]
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return rows
    raise ApiError(
        400, f'Bad Request: field "{key}" of the {owner} must be an Array of Arrays'
    )


def _check_reply_keyboard(raw: Json) -> None:
    if "keyboard" not in raw:
        return
    for row in _rows(raw, "keyboard", "ReplyKeyboardMarkup"):
        for button in row:
            text = button.get("text") if isinstance(button, dict) else button
            if not isinstance(text, str) or not text:
                raise ApiError(
                    400,
                    "Bad Request: can't parse keyboard button: "
                    'Field "text" must be of type String',
                )


def _button(item: Any) -> Json:
    if not isinstance(item, dict):
        raise ApiError(400, f"{BUTTON}: Object expected as an inline keyboard button")
    if not isinstance(item.get("text"), str) or not item["text"].strip():
        raise ApiError(400, f'{BUTTON}: Field "text" must be of type String')
    if item.get("style") not in {None, *STYLES}:
        raise ApiError(400, f"{BUTTON}: Invalid button style specified")
    _check_action(item)
    return {key: value for key, value in item.items() if value is not None}


def _check_action(item: Json) -> None:
    actions = [key for key in item if key not in DECORATION and item[key] is not None]
    match actions:
        case []:
            raise ApiError(
                400, f"{BUTTON}: Text buttons are unallowed in the inline keyboard"
            )
        case ["callback_data"]:
            _check_data(item["callback_data"])
        case ["url"]:
            _check_url(item["url"])
        case ["copy_text"]:
            _check_copy(item["copy_text"])
        case ["disabled"]:
            if not isinstance(item["disabled"], dict):
                raise ApiError(
                    400, f'{BUTTON}: Field "disabled" must be of type Object'
                )
        case _:
            raise ApiError(
                400,
                f"{BUTTON}: the sandbox accepts one of {', '.join(ACTIONS)}; "
                f"the button has {', '.join(actions)}",
            )


def _check_data(data: Any) -> None:
    encoded = data.encode("utf-8", "replace") if isinstance(data, str) else b""
    if not 1 <= len(encoded) <= DATA_BYTES:
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not LINK.match(url):
        raise ApiError(
            400,
            f"Bad Request: inline keyboard button URL '{url}' is invalid: "
            "Wrong HTTP URL",
        )


def _check_copy(copy: Any) -> None:
    text = copy.get("text") if isinstance(copy, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= COPY_CHARACTERS:
        raise ApiError(400, "Bad Request: BUTTON_COPY_TEXT_INVALID")

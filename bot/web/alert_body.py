"""The body of an alert: a JSON object, or lines of ``name=value``.

TradingView calls a message JSON only when it is that to the letter, else text. A level
that a script does not have comes as a bare ``NaN``, which is no JSON; it is taken as
``null``.
"""

import re

from bot.web.strict_json import Json, NotJson, Number, parse_object

_PAIR = re.compile(
    r"\s*\"?([A-Za-z_][A-Za-z0-9_.]{0,39})\"?\s*[=:]\s*(.*?)\s*", re.DOTALL
)
_SEPARATORS = re.compile(r"[;,]")
_BARE_NAN = re.compile(rb'("\s*:\s*)NaN(?=\s*[,}])')
_WHOLE = re.compile(r"[0-9]{1,16}")
_NUMBERS = ("expires_in", "user")


class NotAnAlert(Exception):
    """It is neither JSON nor pairs; the text says what was expected."""


def parse_alert(body: bytes) -> dict[str, Json]:
    """The names and values of a message.

    Raises:
        NotAnAlert: it has none.
    """
    if body.lstrip()[:1] == b"{":
        try:
            return parse_object(_BARE_NAN.sub(rb"\1null", body))
        except NotJson as error:
            raise NotAnAlert(str(error)) from None
    try:
        text = body.decode()
    except UnicodeError:
        message = "it is not UTF-8"
        raise NotAnAlert(message) from None
    return _pairs(text)


def _pairs(text: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    lines = text.strip().splitlines()
    parts = lines if len(lines) > 1 else _SEPARATORS.split(text)
    for part in parts:
        if not part.strip():
            continue
        match = _PAIR.fullmatch(part)
        if match is None:
            message = (
                "the message must be a JSON object, or lines of name=value as in "
                f'ticker={{{{ticker}}}}; "{part.strip()[:40]}" is neither'
            )
            raise NotAnAlert(message)
        name, value = match[1], match[2].rstrip(",;").strip('"')
        if name in found:
            message = f"{name} is there twice"
            raise NotAnAlert(message)
        found[name] = _value(name, value)
    if not found:
        message = "the message is empty; it must be a JSON object"
        raise NotAnAlert(message)
    return found


def _value(name: str, value: str) -> Json:
    number = name in _NUMBERS and _WHOLE.fullmatch(value)
    return Number(value) if number else value

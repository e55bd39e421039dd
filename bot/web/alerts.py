"""TradingView's words in ours: the alert's message as it comes, to a signal's fields.

A message is a JSON object, or lines of ``name=value`` where TradingView would not
call it JSON. It may use the API's own names, or those of TradingView's placeholders:

    ticker                  the instrument, an exchange before a colon is dropped
    interval                the timeframe: 15, 60, D
    close, order_price      the price, where there is no ``price``
    action, order_action    ``buy`` or ``sell``: the side
    market_position         where the strategy stands after the order

An order that leaves a position is a ``close`` of what was opened before, never an
open to the other side. What else TradingView knows is kept in the payload.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.web.strict_json import Json, NotJson, Number, parse_object
from core.intake import FieldProblem
from core.market import Side

_PLACEHOLDER = re.compile(r"\{\{[^{}]{0,60}\}\}")
_PAIR = re.compile(r"\s*\"?([A-Za-z_.]{1,40})\"?\s*[=:]\s*(.*?)\s*", re.DOTALL)
_SEPARATORS = re.compile(r"[\n;,]")
_WHOLE = re.compile(r"[0-9]{1,16}")
_NUMBERS = ("expires_in", "user")

_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_POSITIONS = {"long": Side.BUY, "short": Side.SELL}
FLAT = "flat"
_MINUTES = {1: "M1", 5: "M5", 15: "M15", 30: "M30", 60: "H1", 240: "H4", 1440: "D1"}
_DAYS = {"D": "D1", "W": "W1", "M": "W1"}
_ABSENT = ("", "NaN", "na")
"""What Pine writes for a level that is not there."""
_INTERVAL = re.compile(r"([0-9]{0,4})([SDWM]?)", re.IGNORECASE)

KEPT = (
    "alert_message",
    "bar_time",
    "comment",
    "contracts",
    "exchange",
    "high",
    "low",
    "market_position",
    "market_position_size",
    "open",
    "order_comment",
    "order_id",
    "position_size",
    "prev_market_position",
    "prev_market_position_size",
    "reason",
    "time",
    "timenow",
    "volume",
)
"""Names of placeholders whose values are kept in the payload."""


class NotAnAlert(Exception):
    """It is neither JSON nor pairs; the text says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with the API's names."""

    document: dict[str, Json]
    problems: tuple[FieldProblem, ...] = ()


def parse_alert(body: bytes) -> dict[str, Json]:
    """The names and values of a message.

    Raises:
        NotAnAlert: it has none.
    """
    if body.lstrip()[:1] == b"{":
        try:
            return parse_object(body)
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
    for part in _SEPARATORS.split(text):
        if not part.strip():
            continue
        match = _PAIR.fullmatch(part)
        if match is None:
            message = (
                "the message must be a JSON object, or lines of name=value as in "
                f'ticker={{{{ticker}}}}; "{part.strip()[:40]}" is neither'
            )
            raise NotAnAlert(message)
        name, value = match[1], match[2].strip('"')
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


def as_signal(message: Mapping[str, Json]) -> Alert:
    """The same with the API's names; what TradingView left open is a problem."""
    given = {_short(name): value for name, value in message.items()}
    problems = tuple(
        FieldProblem(
            field=name,
            message=f"still holds {found[0]}: TradingView did not fill it in here",
        )
        for name, value in given.items()
        if isinstance(value, str) and (found := _PLACEHOLDER.search(value))
    )
    if problems:
        given = {name: None if _open(value) else value for name, value in given.items()}
    return Alert(document=_translated(given), problems=problems)


def _short(name: str) -> str:
    """``strategy.order.action`` is ``order_action``."""
    return name.removeprefix("strategy.").replace(".", "_")


def _open(value: Json) -> bool:
    return isinstance(value, str) and bool(_PLACEHOLDER.search(value))


def _translated(given: dict[str, Json]) -> dict[str, Json]:
    document = dict(given)
    _take(document, "instrument", _instrument, "ticker", "symbol")
    _take(document, "timeframe", _timeframe, "interval")
    _take(document, "price", _same, "order_price", "close")
    for name in ("stop_loss", "take_profit"):
        if document.get(name) in _ABSENT:
            document[name] = None
    _understand_order(document)
    payload = document.get("payload")
    kept = {name: document.pop(name) for name in KEPT if name in document}
    if kept and (payload is None or isinstance(payload, dict)):
        document["payload"] = kept | (payload or {})
    return document


def _take(
    document: dict[str, Json], name: str, read: Callable[[Json], Json], *others: str
) -> None:
    """Put the first of these that is there under ``name``; drop the others."""
    for other in others:
        value = document.pop(other, None)
        if value is not None and document.get(name) is None:
            document[name] = read(value)


def _same(value: Json) -> Json:
    return value


def _instrument(value: Json) -> Json:
    """Without the exchange: ``OANDA:XAUUSD``."""
    return value.rpartition(":")[2] if isinstance(value, str) else value


def _timeframe(value: Json) -> Json:
    """Ours that fits, or the next shorter one; what is no interval stays itself."""
    text = value.text if isinstance(value, Number) else value
    match = _INTERVAL.fullmatch(text) if isinstance(text, str) else None
    if not text or match is None:
        return value
    count, unit = match[1], match[2].upper()
    if unit == "S":
        return "M1"
    if unit:
        return _DAYS[unit]
    return next(
        (
            name
            for most, name in sorted(_MINUTES.items(), reverse=True)
            if most <= int(count)
        ),
        "M1",
    )


def _understand_order(document: dict[str, Json]) -> None:
    """What the strategy's order means: an open, or leaving what is held."""
    for name in ("side", "order_action", "action"):
        document[name] = _lower(document.get(name))
    order = document.pop("order_action")
    if document["action"] in _SIDES:
        action = document.pop("action")
        order = action if order is None else order
    if document["side"] is None:
        document["side"] = order
    position = _lower(document.get("market_position"))
    side = _SIDES.get(str(document["side"]))
    held = _POSITIONS.get(str(position))
    before = _POSITIONS.get(str(_lower(document.get("prev_market_position"))))
    if position == FLAT:
        _leave(document, before or (side.opposite if side else None))
    elif held is not None and side is None:
        document["side"] = held.value
    elif held is not None and side is not held:
        _leave(document, held)


def _lower(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def _leave(document: dict[str, Json], held: Side | None) -> None:
    """Make it a close of the position that was held."""
    if document.get("action") in (None, "open"):
        document["action"] = "close"
    document["side"] = held.value if held is not None else None
    for name in ("stop_loss", "take_profit", "order_type", "expires_in"):
        document.pop(name, None)

"""TradingView's words in ours: what an alert means, as a signal's fields.

An alert may use the API's own names, or those of TradingView's placeholders:

    ticker                  the instrument, an exchange before a colon is dropped
    interval                the timeframe: 15, 60, D
    close, order_price      the price, where there is no ``price``
    action, order_action    ``buy`` or ``sell``: the side
    market_position         where the strategy stands after the order

    flat                            a close of what was held
    held, and the order against it  a close of a part: nothing is withdrawn
    turned round                    a close of what was held, then an open
    held, and the order with it     an open

Where it cannot be told which of them is meant, it is a problem and never an open. What
else TradingView knows is kept in the payload.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.web.strict_json import Json, Number, compact
from core.intake import FieldProblem
from core.market import Side

_PLACEHOLDER = re.compile(r"\{\{[^{}]{0,60}\}\}")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_PLOT = re.compile(r"plot_[0-9]{1,3}")

_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_POSITIONS = {"long": Side.BUY, "short": Side.SELL}
FLAT = "flat"
_ORDERS = ("order_action", "order_contracts", "order_id", "order_price")
"""Names that only a strategy's orders have."""
_OF_A_CLOSE = ("external_id", "action", "target", "instrument", "side", "timeframe")
_LONGEST_KEPT = 60
_LARGEST_KEPT = 512

_MINUTES = ((1440, "D1"), (240, "H4"), (60, "H1"), (30, "M30"), (15, "M15"), (5, "M5"))
_DAYS = {"D": "D1", "W": "W1", "M": "W1"}
_ABSENT = ("", "NaN", "na")
"""What Pine writes for a level that is not there."""
_INTERVAL = re.compile(r"([0-9]{0,5})([A-Z]?)", re.IGNORECASE)

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
    "order_contracts",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert with the API's names."""

    document: dict[str, Json]
    problems: tuple[FieldProblem, ...] = ()
    partial: bool = False
    """A close of a part of what is held."""
    reverses: Side | None = None
    """The side that was held, when an open turned it round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What the strategy did, as far as the alert tells."""

    side: Side | None
    held: Side | None
    """After the order."""
    before: Side | None
    flat: bool

    @property
    def leaves(self) -> bool:
        """Whether less is held than before, and nothing on the other side."""
        if self.flat:
            return True
        position = self.held or self.before
        return None not in (position, self.side) and position is not self.side

    @property
    def left(self) -> Side | None:
        """The side that a leaving order left."""
        if not self.flat and self.held:
            return self.held
        return self.before or (self.side.opposite if self.side else None)


def as_signal(message: Mapping[str, Json]) -> Alert:
    """The same with the API's names; what is open or contradictory is a problem."""
    given = {_short(name): value for name, value in message.items()}
    problems = [
        FieldProblem(
            field=name,
            message=f"still holds {found[0]}: TradingView did not fill it in here",
        )
        for name, value in given.items()
        if isinstance(value, str) and (found := _PLACEHOLDER.search(value))
    ]
    for problem in problems:
        given[problem.field] = None
    problems += _contradictions(given)
    order = _order(given)
    document = _translated(given, order.side)
    if order.leaves and document["action"] in (None, "open"):
        document = _as_close(document, order.left)
        ours = (each for each in problems if each.field in (*_OF_A_CLOSE, "ticker"))
        partial = not order.flat and order.held is not None
        return Alert(document=document, problems=tuple(ours), partial=partial)
    opens = document["action"] in (None, "open")
    turned = order.before is not None and order.held is order.before.opposite
    return Alert(
        document=document,
        problems=tuple(problems),
        reverses=order.before if opens and turned else None,
    )


def _short(name: str) -> str:
    """``strategy.order.action`` is ``order_action``."""
    return name.removeprefix("strategy.").replace(".", "_")


# ------------------------------------------------------------------ the order


def _words(given: Mapping[str, Json]) -> list[str]:
    """All that the alert says of the side of its order."""
    names = ("side", "order_action", "action")
    told = (_lower(given.get(name)) for name in names)
    return [word for word in told if isinstance(word, str) and word in _SIDES]


def _order(given: Mapping[str, Json]) -> _Order:
    words, position = _words(given), _position(given)
    held = _POSITIONS.get(position)
    side = _SIDES[words[0]] if words else held
    before = _POSITIONS.get(str(_lower(given.get("prev_market_position"))))
    return _Order(side=side, held=held, before=before, flat=position == FLAT)


def _position(given: Mapping[str, Json]) -> str:
    """Where the strategy stands, by its word or else by the size; empty: unknown."""
    word = _lower(given.get("market_position"))
    if word is not None:
        return str(word)
    for name in ("position_size", "market_position_size"):
        size = _number(given.get(name))
        if size == 0:
            return FLAT
        if size is not None and name == "position_size":
            return "long" if size > 0 else "short"
    return ""


def _contradictions(given: Mapping[str, Json]) -> list[FieldProblem]:
    """What leaves open whether an order opens or leaves."""
    found = []
    if len(set(_words(given))) > 1:
        message = "says another side than the order: which of them is meant?"
        found.append(FieldProblem(field="side", message=message))
    position = _position(given)
    if position not in ("", FLAT, *_POSITIONS):
        message = f"must be long, short or flat, was {position[:30]!r}"
        found.append(FieldProblem(field="market_position", message=message))
    ordered = any(given.get(name) is not None for name in _ORDERS)
    if ordered and not position and given.get("prev_market_position") is None:
        message = "is required: without it an exit cannot be told from an entry"
        found.append(FieldProblem(field="market_position", message=message))
    return found


def _lower(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def _number(value: Json) -> float | None:
    text = value.text if isinstance(value, Number) else value
    good = isinstance(text, str) and _NUMBER.fullmatch(text)
    return float(text) if good and isinstance(text, str) else None


# ------------------------------------------------------------------ the fields


def _translated(given: Mapping[str, Json], side: Side | None) -> dict[str, Json]:
    document = dict(given)
    _take(document, "instrument", _instrument, "ticker", "symbol")
    _take(document, "timeframe", _timeframe, "interval")
    _take(document, "price", _same, "order_price", "close")
    document.pop("order_action", None)
    for name in ("stop_loss", "take_profit"):
        if document.get(name) in _ABSENT:
            document[name] = None
    action = _lower(document.get("action"))
    document["action"] = None if str(action) in _SIDES else action
    if side is not None:
        document["side"] = side.value
    _keep(document)
    return document


def _keep(document: dict[str, Json]) -> None:
    """Move what else TradingView knows into the payload."""
    payload = document.get("payload")
    names = [name for name in document if name in KEPT or _PLOT.fullmatch(name)]
    kept = {name: document.pop(name) for name in names}
    kept = {name: value for name, value in kept.items() if value is not None}
    if kept and (payload is None or isinstance(payload, dict)):
        document["payload"] = kept | (payload or {})


def _as_close(document: dict[str, Json], left: Side | None) -> dict[str, Json]:
    """Only what a close needs: it must not fail for the levels of an entry."""
    close = {name: document[name] for name in _OF_A_CLOSE if name in document}
    close |= {"action": "close", "side": left.value if left is not None else None}
    if _number(document.get("price")) is not None:
        close["price"] = document["price"]
    payload = document.get("payload")
    if isinstance(payload, dict):
        short = {name: _cut(value) for name, value in payload.items()}
        if len(compact(short).encode()) <= _LARGEST_KEPT:
            close["payload"] = short
    return close


def _cut(value: Json) -> Json:
    return value[:_LONGEST_KEPT] if isinstance(value, str) else value


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
    if unit or not count:
        return _DAYS.get(unit, "M1")  # of seconds, ticks and ranges, too
    return next((name for least, name in _MINUTES if least <= int(count)), "M1")

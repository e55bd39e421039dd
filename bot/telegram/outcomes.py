"""What became of an order and a trade, one line each, wherever people read of it."""

from bot.telegram.text import brief, price, signed
from core.broker import TradeMode
from core.market import Side
from core.money import ZERO, plain
from core.orders import Order, OrderState
from core.trades import CloseReason, Trade

REASON_LIMIT = 300
"""Units of what a rule or the broker says."""
MODES = {
    TradeMode.PAPER: "DEMO (paper)",
    TradeMode.DEMO: "DEMO",
    TradeMode.LIVE: "LIVE",
}
SIDES = {Side.BUY: "🟢 BUY", Side.SELL: "🔴 SELL"}

_CLOSED_BY = {
    CloseReason.STOP: "Stop hit",
    CloseReason.TARGET: "Target hit",
    CloseReason.HAND: "Closed by hand at the broker",
    CloseReason.CLOSED_HERE: "Closed from here",
    CloseReason.GUARD: "Closed by the guard",
    CloseReason.PANIC: "Closed by /panic",
    CloseReason.STOP_OUT: "Stopped out by the broker",
    CloseReason.OTHER: "Closed at the broker",
}
_ORDER_LINES = {
    OrderState.QUEUED: "⏳ Sending to the broker…",
    OrderState.SUBMITTING: "⏳ Sending to the broker…",
    OrderState.PLACED: "🕓 Waits at the broker for {price}.",
    OrderState.FILLED: "🎯 Filled{lots}.",
    OrderState.PARTIALLY_FILLED: "🎯 Filled{lots}, the rest was not executed.",
    OrderState.REJECTED: "⛔ Broker refused: {reason}",
    OrderState.UNKNOWN: (
        "❔ Outcome unknown, being looked up. Do not repeat it by hand."
    ),
    OrderState.PARKED: "❔ <b>Outcome unknown, do not repeat it by hand.</b>",
    OrderState.NOT_EXECUTED: "⚪ Not executed: {reason}",
    OrderState.EXPIRED: "⌛ The pending order expired at the broker.",
    OrderState.CANCELLED: "🚫 Not executed: {reason}",
}
_UNSAID = {OrderState.CANCELLED: "it was withdrawn."}
"""What is said where nobody gave a reason."""


def order_line(order: Order, *, lots: bool = True) -> str:
    """Where an opening order stands."""
    filled = plain(order.filled_volume or ZERO)
    unsaid = _UNSAID.get(order.state, "no reason was given.")
    return _ORDER_LINES[order.state].format(
        reason=brief(order.reason, REASON_LIMIT) or unsaid,
        price=price(order.price),
        lots=f" {filled} lots" if lots else "",
    )


def filled_line(trade: Trade, order: Order | None = None, *, lots: bool = True) -> str:
    """How a trade was opened; in part, where less was filled than ordered."""
    part = order is not None and order.state is OrderState.PARTIALLY_FILLED
    whole = f" of {plain(order.volume)}" if order is not None and part else ""
    how_many = f" {plain(trade.volume)}{whole} lots" if lots else ""
    rest = ", the rest was not executed" if part else ""
    return f"🎯 Filled{how_many} at <b>{price(trade.open_price)}</b>{rest}"


def closed_line(trade: Trade, currency: str) -> str:
    """How a trade ended: why, where, and its result; money only with a currency.

    Without a stop there is no R.
    """
    r = None if trade.stop_loss is None else trade.r_multiple
    money = currency and trade.profit is not None
    parts = [f"<b>{signed(trade.profit or ZERO)} {currency}</b>"] if money else []
    parts += [] if r is None else [f"{signed(r, 1)} R"]
    result = f": {' · '.join(parts)}" if parts else ""
    where = "" if trade.close_price is None else f" at {price(trade.close_price)}"
    return f"🏁 {_CLOSED_BY[trade.close_reason or CloseReason.OTHER]}{where}{result}"

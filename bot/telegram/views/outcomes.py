"""What became of an order and a trade, one line each, wherever people read of it."""

from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.text import brief, number, places, price, signed
from bot.telegram.views.view import Button
from core.broker import TradeMode
from core.market import Side
from core.money import ZERO, plain, risk_up
from core.orders import Order, OrderState
from core.trades import CloseReason, Trade, TradeState

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


def order_line(order: Order, *, lots: bool = True, least: int = 0) -> str:
    """Where an opening order stands; its price with ``least`` decimals or more."""
    filled = plain(order.filled_volume or ZERO)
    unsaid = _UNSAID.get(order.state, "no reason was given.")
    return _ORDER_LINES[order.state].format(
        reason=brief(order.reason, REASON_LIMIT) or unsaid,
        price=price(order.price, least),
        lots=f" {filled} lots" if lots else "",
    )


def places_of(trade: Trade, order: Order | None = None) -> int:
    """Decimals with which the prices of a trade, and of its order, are shown."""
    own = (trade.open_price, trade.stop_loss, trade.take_profit, trade.close_price)
    return places(*own, order.price if order is not None else None)


def filled_line(
    trade: Trade, order: Order | None = None, *, lots: bool = True, least: int = 0
) -> str:
    """How a trade was opened; in part, where less was filled than ordered."""
    part = order is not None and order.state is OrderState.PARTIALLY_FILLED
    whole = f" of {plain(order.volume)}" if order is not None and part else ""
    how_many = f" {plain(trade.volume)}{whole} lots" if lots else ""
    rest = ", the rest was not executed" if part else ""
    least = max(least, places_of(trade, order))
    where = f"<b>{price(trade.open_price, least)}</b>{_slipped(trade, order, least)}"
    return f"🎯 Filled{how_many} at {where}{rest}"


def _slipped(trade: Trade, order: Order | None, least: int) -> str:
    """How far the fill is from the price that was approved; mostly nothing."""
    adverse = _slippage(trade, order)
    if not adverse:
        return ""
    which = "against you" if adverse > 0 else "in your favour"
    return f", slipped {price(abs(adverse), least)} {which}"


def _slippage(trade: Trade, order: Order | None) -> Decimal:
    """Above 0 when the position was opened at a worse price than was approved."""
    if order is None or order.id != trade.order_id:
        return ZERO
    return (trade.open_price - order.price) * trade.side.sign


def risk_line(trade: Trade, order: Order | None, currency: str) -> str:
    """What the stop costs now, where that is known and no longer what was shown.

    A part of what was approved risks its part of the money. At another price
    nobody here can say: how much of the risk is commission is not kept.
    """
    if order is None or not _part_as_approved(trade, order):
        return ""
    return f"Risk at the stop <b>{number(risk_up(trade.risk_money))} {currency}</b>"


def _part_as_approved(trade: Trade, order: Order) -> bool:
    """Whether fewer lots were filled, and nothing else differs from the approval."""
    return (
        order.state is OrderState.PARTIALLY_FILLED
        and order.id == trade.order_id
        and trade.state is TradeState.OPEN
        and trade.open_price == order.price
        and trade.stop_loss is not None
        and trade.stop_loss == order.stop_loss
        and bool(trade.risk_money)
    )


def closed_line(trade: Trade, currency: str, *, least: int = 0) -> str:
    """How a trade ended: why, where, and its result; money only with a currency.

    Without a stop there is no R.
    """
    r = None if trade.stop_loss is None else trade.r_multiple
    money = currency and trade.profit is not None
    parts = [f"<b>{signed(trade.profit or ZERO)} {currency}</b>"] if money else []
    parts += [] if r is None else [f"{signed(r, 1)} R"]
    result = f": {' · '.join(parts)}" if parts else ""
    shown = price(trade.close_price, max(least, places_of(trade)))
    where = "" if trade.close_price is None else f" at {shown}"
    return f"🏁 {_CLOSED_BY[trade.close_reason or CloseReason.OTHER]}{where}{result}"


def parked_row(order: Order) -> tuple[Button, ...]:
    """What a person can say about an order whose outcome nobody can prove."""
    return (
        Button(text="Adopt", data=pack(Press.ADOPT, order.id)),
        Button(text="Not placed", data=pack(Press.NOT_PLACED, order.id)),
    )

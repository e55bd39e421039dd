"""What became of an order and a trade, one line each, wherever people read of it."""

from collections.abc import Iterator
from decimal import Decimal

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import dotted, money, places, price, result, signed, told
from bot.telegram.views.view import Button
from core.broker import TradeMode
from core.market import Side
from core.money import ZERO, plain, risk_up
from core.orders import Order, OrderState
from core.trades import ON_THE_BOOK, CloseReason, Trade, TradeState

REASON_LIMIT = 300
"""Units of what a rule or the broker says."""
MODES = {
    TradeMode.PAPER: later("DEMO (PAPER)"),
    TradeMode.DEMO: later("DEMO"),
    TradeMode.LIVE: later("LIVE"),
}
SIDES = {Side.BUY: later("🟢 BUY"), Side.SELL: later("🔴 SELL")}

CLOSED_BY = {
    CloseReason.STOP: later("Stop hit"),
    CloseReason.TARGET: later("Target hit"),
    CloseReason.HAND: later("Closed by hand at the broker"),
    CloseReason.CLOSED_HERE: later("Closed from here"),
    CloseReason.GUARD: later("Closed by the guard"),
    CloseReason.PANIC: later("Closed by /panic"),
    CloseReason.STOP_OUT: later("Stopped out by the broker"),
    CloseReason.OTHER: later("Closed at the broker"),
}
_ORDER_LINES = {
    OrderState.QUEUED: later("⏳ Sending to the broker…"),
    OrderState.SUBMITTING: later("⏳ Sending to the broker…"),
    OrderState.PLACED: later("🕓 Waits at the broker for {price}."),
    OrderState.FILLED: later("🎯 Filled {lots} lots."),
    OrderState.PARTIALLY_FILLED: later(
        "🎯 Filled {lots} lots, the rest was not executed."
    ),
    OrderState.REJECTED: later("⛔ Broker refused: {reason}"),
    OrderState.UNKNOWN: later(
        "❔ Outcome unknown, being looked up. Do not repeat it by hand."
    ),
    OrderState.PARKED: later("❔ <b>Outcome unknown, do not repeat it by hand.</b>"),
    OrderState.NOT_EXECUTED: later("⚪ Not executed: {reason}"),
    OrderState.EXPIRED: later("⌛ The pending order expired at the broker."),
    OrderState.CANCELLED: later("🚫 Not executed: {reason}"),
}
_WITHOUT_LOTS = {
    OrderState.FILLED: later("🎯 Filled."),
    OrderState.PARTIALLY_FILLED: later("🎯 Filled, the rest was not executed."),
}
_UNSAID = {OrderState.CANCELLED: later("it was withdrawn.")}
"""What is said where nobody gave a reason."""


def order_line(order: Order, *, lots: bool = True, least: int = 0) -> str:
    """Where an opening order stands; its price with ``least`` decimals or more."""
    line = _ORDER_LINES[order.state]
    return say(
        line if lots else _WITHOUT_LOTS.get(order.state, line),
        reason=told(order.reason, REASON_LIMIT) or _unsaid(order),
        price=price(order.price, least),
        lots=plain(order.filled_volume or ZERO),
    )


def _unsaid(order: Order) -> str:
    return say(_UNSAID.get(order.state, later("no reason was given.")))


def places_of(trade: Trade, order: Order | None = None) -> int:
    """Decimals with which the prices of a trade, and of its order, are shown."""
    own = (trade.open_price, trade.stop_loss, trade.take_profit, trade.close_price)
    return places(*own, order.price if order is not None else None)


def filled_line(
    trade: Trade, order: Order | None = None, *, lots: bool = True, least: int = 0
) -> str:
    """How a trade was opened; in part, where less was filled than ordered."""
    part = order is not None and order.state is OrderState.PARTIALLY_FILLED
    least = max(least, places_of(trade, order))
    line = say(
        _FILLED[lots, part and lots],
        lots=plain(trade.volume),
        whole=plain(order.volume) if order is not None else "",
        price=price(trade.open_price, least),
    )
    line = _slipped(line, trade, order, least)
    return say("{filled}, the rest was not executed", filled=line) if part else line


_FILLED = {
    (True, False): later("🎯 Filled {lots} lots at <b>{price}</b>"),
    (True, True): later("🎯 Filled {lots} of {whole} lots at <b>{price}</b>"),
    (False, False): later("🎯 Filled at <b>{price}</b>"),
}
"""By whether lots are shown, and whether it is a part of them."""


def _slipped(line: str, trade: Trade, order: Order | None, least: int) -> str:
    """How far the fill is from the price that was approved; mostly nothing."""
    adverse = _slippage(trade, order)
    if not adverse:
        return line
    message = (
        later("{filled}, slipped {distance} against you")
        if adverse > 0
        else later("{filled}, slipped {distance} in your favour")
    )
    return say(message, filled=line, distance=price(abs(adverse), least))


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
    risk = money(risk_up(trade.stake), currency)
    return say("Risk at the stop <b>{money}</b>", money=risk)


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


def closed_by(trade: Trade) -> str:
    """Why it ended, in a few words."""
    return say(CLOSED_BY[trade.close_reason or CloseReason.OTHER])


def part_line(trade: Trade, currency: str) -> list[str]:
    """What closed parts of an open trade have made; nothing while it is whole."""
    if trade.state not in ON_THE_BOOK or trade.volume_open == trade.volume:
        return []
    line = say(
        "{part} of {whole} lots are closed: {money} booked",
        part=plain(trade.volume - trade.volume_open),
        whole=plain(trade.volume),
        money=result(trade.booked, currency),
    )
    return [line]


def closed_line(trade: Trade, currency: str, *, least: int = 0) -> str:
    """How a trade ended: why, where, and its result; money only with a currency.

    Without a stop there is no R.
    """
    why = say(CLOSED_BY[trade.close_reason or CloseReason.OTHER])
    where = price(trade.close_price, max(least, places_of(trade)))
    line = (
        say("🏁 {why}", why=why)
        if trade.close_price is None
        else say("🏁 {why} at {price}", why=why, price=where)
    )
    came_of_it = dotted(*_result(trade, currency))
    if not came_of_it:
        return line
    return say("{closed}: {result}", closed=line, result=came_of_it)


def _result(trade: Trade, currency: str) -> Iterator[str]:
    if currency and trade.profit is not None:
        yield f"<b>{result(trade.profit, currency)}</b>"
    if trade.r_multiple is not None:
        yield say("{r} R", r=signed(trade.r_multiple, 1))


def parked_row(order: Order) -> tuple[Button, ...]:
    """What a person can say about an order whose outcome nobody can prove."""
    return (
        Button(text=say("Adopt"), data=pack(Press.ADOPT, order.id)),
        Button(text=say("Not placed"), data=pack(Press.NOT_PLACED, order.id)),
    )


def in_hand_row(trade: Trade | None) -> tuple[tuple[Button, ...], ...]:
    """The way from a message about a trade to its card, while it is open."""
    if trade is None or trade.state not in ON_THE_BOOK:
        return ()
    return ((Button(text=say("Position"), data=pack(Press.POSITION, trade.id)),),)

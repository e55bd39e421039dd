"""What a quote does to a paper account: stops, targets, pending orders, stop-out.

Whatever fills, fills at the quote that is there and never at its level: a stop that
was jumped over costs more, a limit or a target that was jumped over earns more. One
quote works in this order, so that a position lives at least one quote:

    stops and targets of positions -> activation of pending orders -> stop-out
"""

from core.broker import DealReason, HistoryState, PendingOrder
from core.market import OrderType
from core.money import HUNDRED, percent_of
from mt5_bridge.paper.account import Leaving, PaperAccount
from mt5_bridge.paper.book import Held
from mt5_bridge.paper.engine import too_poor

STOP_OUT_PERCENT = 50
"""The margin level at and below which the broker closes positions."""


def expire(account: PaperAccount) -> None:
    """Retire the pending orders whose time is up."""
    for order in account.book.pending():
        if order.expires_at is not None and order.expires_at <= account.moment.now:
            account.retire(order, HistoryState.EXPIRED)


def match(account: PaperAccount) -> None:
    """Let the present quotes work, oldest ticket first."""
    closed = account.moment.closed
    for held in account.book.held():
        if held.instrument not in closed and (leaving := _triggered(account, held)):
            account.leave(held, held.volume, leaving)
    for order in account.book.pending():
        if order.instrument not in closed and _reached(account, order):
            _activate(account, order)
    _stop_out(account)


def stirs(account: PaperAccount) -> bool:
    """Whether the present quotes would close or fill something, the stop-out apart."""
    closed = account.moment.closed
    return (
        any(
            _triggered(account, held)
            for held in account.book.held()
            if held.instrument not in closed
        )
        or any(
            _reached(account, order)
            for order in account.book.pending()
            if order.instrument not in closed
        )
        or any(
            order.expires_at is not None and order.expires_at <= account.moment.now
            for order in account.book.pending()
        )
    )


def _triggered(account: PaperAccount, held: Held) -> Leaving | None:
    present, sign = account.leaving_price(held), held.side.sign
    digits = account.terms.specs[held.instrument].digits
    stop, target = held.stop_loss, held.take_profit
    if stop is not None and (present - stop) * sign <= 0:
        reason, comment = DealReason.STOP_LOSS, f"[sl {stop:.{digits}f}]"
    elif target is not None and (present - target) * sign >= 0:
        reason, comment = DealReason.TAKE_PROFIT, f"[tp {target:.{digits}f}]"
    else:
        return None
    return Leaving(reason=reason, magic=held.magic, comment=comment)


def _reached(account: PaperAccount, order: PendingOrder) -> bool:
    present = account.moment.quote_of(order.instrument).to_open(order.side)
    worse = (present - order.price) * order.side.sign
    return worse <= 0 if order.order_type is OrderType.LIMIT else worse >= 0


def _activate(account: PaperAccount, order: PendingOrder) -> None:
    spec = account.terms.specs[order.instrument]
    present = account.moment.quote_of(order.instrument).to_open(order.side)
    if too_poor(account, spec, order.volume, present):
        account.retire(order, HistoryState.REJECTED)
    else:
        account.enter(order, DealReason.EXPERT)


def _stop_out(account: PaperAccount) -> None:
    """Close the largest loss until the margin level is above the limit again."""
    while margin := account.margin():
        equity = account.equity()
        losing = [
            held
            for held in account.book.held()
            if held.instrument not in account.moment.closed
        ]
        if equity * HUNDRED > margin * STOP_OUT_PERCENT or not losing:
            return
        held = min(losing, key=account.floating)
        leaving = Leaving(
            reason=DealReason.STOP_OUT,
            magic=held.magic,
            comment=f"[so {percent_of(equity, margin):.2f}%]",
        )
        account.leave(held, held.volume, leaving)

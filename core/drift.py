"""How far the price has moved against a decision since it was shown."""

from decimal import Decimal

from core.market import OrderType, Quote, Side
from core.money import ZERO, plain


def drift_r(
    *, side: Side, shown: Decimal, now: Decimal, stop_loss: Decimal | None
) -> Decimal:
    """The adverse move in units of the distance from shown price to stop.

    0 when the price moved in favour; with no stop there is no unit, and 0 too.
    """
    if stop_loss is None or stop_loss == shown:
        return ZERO
    adverse = (now - shown) * side.sign
    return max(ZERO, adverse / abs(shown - stop_loss))


def obstacle_of_levels(
    quote: Quote,
    *,
    side: Side,
    order_type: OrderType,
    price: Decimal,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
) -> str:
    """Why the levels make no sense any more, as a sentence; empty when they do."""
    now = quote.to_open(side)
    if order_type is not OrderType.MARKET:
        return _obstacle_of_pending(side, order_type, price=price, now=now)
    out = quote.to_close(side)
    if stop_loss is not None and (out - stop_loss) * side.sign <= 0:
        return f"The price {plain(out)} is already beyond the stop {plain(stop_loss)}."
    if take_profit is not None and (take_profit - now) * side.sign <= 0:
        return (
            f"The price {plain(now)} has already reached the target "
            f"{plain(take_profit)}."
        )
    return ""


def _obstacle_of_pending(
    side: Side, order_type: OrderType, *, price: Decimal, now: Decimal
) -> str:
    beyond = (now - price) * side.sign
    if order_type is OrderType.LIMIT and beyond <= 0:
        return (
            f"The price {plain(now)} is already better than the limit {plain(price)}."
        )
    if order_type is OrderType.STOP and beyond >= 0:
        return (
            f"The price {plain(now)} has already passed the stop entry {plain(price)}."
        )
    return ""

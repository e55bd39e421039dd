"""How far the price has moved against a decision since it was shown."""

from dataclasses import dataclass
from decimal import Decimal

from core.market import OrderType, Quote, Side
from core.money import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """An adverse move; both are 0 when the price moved in favour."""

    r: Decimal
    """In units of the distance from shown price to stop; without a stop 0."""
    points: Decimal
    """In the smallest steps of the price."""


def drift_of(
    *,
    side: Side,
    shown: Decimal,
    now: Decimal,
    stop_loss: Decimal | None,
    point: Decimal,
) -> Drift:
    """How far the price has gone against who would open at it."""
    adverse = max(ZERO, (now - shown) * side.sign)
    risk = ZERO if stop_loss is None else abs(shown - stop_loss)
    return Drift(
        r=adverse / risk if risk else ZERO, points=Decimal(round(adverse / point))
    )


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
        return (
            f"The price {plain(out)} is already beyond the stop {plain(stop_loss)}: "
            "this signal is over."
        )
    if take_profit is not None and (take_profit - now) * side.sign <= 0:
        return (
            f"The price {plain(now)} has already reached the target "
            f"{plain(take_profit)}: this signal is over."
        )
    return ""


def _obstacle_of_pending(
    side: Side, order_type: OrderType, *, price: Decimal, now: Decimal
) -> str:
    beyond = (now - price) * side.sign
    if order_type is OrderType.LIMIT and beyond <= 0:
        return (
            f"The price {plain(now)} is already better than the limit {plain(price)}: "
            "this signal is over."
        )
    if order_type is OrderType.STOP and beyond >= 0:
        return (
            f"The price {plain(now)} has already passed the stop entry {plain(price)}: "
            "this signal is over."
        )
    return ""

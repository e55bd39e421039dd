"""Exact decimals and the one rounding direction of each quantity.

Lots round down, risk rounds up, prices to the tick; never through a float.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
_DOWN = Context(rounding=ROUND_FLOOR)


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that is not above ``value``."""
    whole = value // step  # exact, but towards zero
    return (whole if whole * step <= value else whole - 1) * step


def divided_down(money: Decimal, per_lot: Decimal) -> Decimal:
    """How many lots ``money`` pays for; the last digit never rounds up."""
    return _DOWN.divide(money, per_lot)


def round_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The nearest price that the symbol's tick size allows."""
    return (price / tick).to_integral_value(rounding=ROUND_HALF_EVEN) * tick


def risk_up(money: Decimal) -> Decimal:
    """Money at risk, in cents, never understated."""
    return money.quantize(CENT, rounding=ROUND_CEILING)


def cents(money: Decimal) -> Decimal:
    """Money as booked, in cents."""
    return money.quantize(CENT, rounding=ROUND_HALF_EVEN)


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """``part`` in percent of ``whole``; 0 when there is no whole."""
    return part / whole * HUNDRED if whole else ZERO


def plain(value: Decimal) -> str:
    """Digits without an exponent and without trailing zeros: ``0.1``, ``20``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Accounts whose guard fires soon, and a loss that makes it."""

from decimal import Decimal

from tests.flows.seats import Asked, Seat

GUARDED = {
    "broker": "paper",
    "speed": "0.25",
    "risk": {"per_trade_percent": 1, "max_drawdown_percent": 5},
}
GAP = Decimal(27)
"""A fall of gold that costs one position more than the limit, were there no stop."""


def phase(seat: Seat, wanted: str) -> None:
    """Wait until the guard stands there."""
    seat.house.books.wait(
        "SELECT * FROM guards WHERE id = ? AND phase = ?", seat.account, wanted
    )


def unprotected(seat: Seat) -> Asked:
    """A filled position whose stop somebody took away at the broker."""
    prompt = seat.filled()
    seat.house.rig("unstop", account=seat.account)
    return prompt


def deep_loss(seat: Seat) -> Asked:
    """A filled position, then a loss beyond the limit that no stop prevents."""
    prompt = unprotected(seat)
    seat.move(prompt.signal.entry - GAP)
    return prompt

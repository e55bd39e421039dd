"""When one Approve is not enough, and how far the price may still run."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.accounts import Account, RiskRules
from core.broker import TradeMode
from core.drift import drift_r
from core.market import OrderType
from core.money import ZERO, plain
from core.prompts import Offer, Prompt
from core.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person was shown, and whether the tap was on Confirm."""

    prompt: Prompt
    signal: Signal
    account: Account
    rules: RiskRules
    confirmed: bool
    now: datetime


def question(asked: Asked, found: Offer) -> str:
    """What has to be confirmed before these numbers may be ordered; mostly nothing."""
    prompt = asked.prompt
    if prompt.lots is None or prompt.price is None:
        return "Here are the numbers now. Confirm?"
    drift = _drift(asked, prompt.price, found)
    if drift > asked.rules.max_drift_r:
        return _moved(prompt.price, found, drift)
    if asked.confirmed:
        until = prompt.confirm_until
        late = until is None or until <= asked.now
        return "These numbers are old. Confirm the new ones?" if late else ""
    return _risky(asked, found)


def _drift(asked: Asked, shown: Decimal, found: Offer) -> Decimal:
    """How far a market price went against the person, in R; a pending one stands."""
    signal = asked.signal
    if signal.order_type is not OrderType.MARKET:
        return ZERO
    return drift_r(
        side=signal.side, shown=shown, now=found.price, stop_loss=signal.stop_loss
    )


def _moved(shown: Decimal, found: Offer, drift: Decimal) -> str:
    return (
        f"The price moved {plain(round(drift, 2))} R against you, from {shown:f} to "
        f"{found.price:f}: {plain(found.lots)} lots now. Confirm?"
    )


def _risky(asked: Asked, found: Offer) -> str:
    """Why the first Approve is not enough."""
    if asked.signal.stop_loss is None:
        return "There is no stop loss: nothing limits the loss. Confirm?"
    late = _drift(asked, asked.signal.price, found)
    if late > asked.rules.max_drift_r:
        return _moved(asked.signal.price, found, late)
    if found.risk_percent > asked.rules.confirm_above_risk_percent:
        return f"This risks {plain(found.risk_percent)} %. Confirm?"
    if asked.rules.confirm_live and asked.account.mode is TradeMode.LIVE:
        return "This is real money. Confirm?"
    return ""


def drift_left(asked: Asked, found: Offer) -> Decimal:
    """How far the price may still go from ``found``, in price.

    What it has moved since it was shown is part of the drift that was agreed to.
    Without a stop there is no R: then it is the spread.
    """
    stop = asked.signal.stop_loss
    if stop is None:
        return found.spread
    shown = found.price if asked.prompt.price is None else asked.prompt.price
    limit = asked.rules.max_drift_r * abs(shown - stop)
    moved = max(ZERO, (found.price - shown) * asked.signal.side.sign)
    return max(ZERO, limit - moved)

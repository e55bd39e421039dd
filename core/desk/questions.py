"""When one Approve is not enough, and how far the price may still run."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.accounts import RiskRules
from core.broker import TradeMode
from core.desk.authorising import Case
from core.drift import Drift, drift_of
from core.market import OrderType
from core.money import ZERO, plain
from core.prompts import Offer, PromptState

NO_DRIFT = Drift(r=ZERO, points=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What has to be confirmed before it is ordered, as a sentence."""

    text: str
    drift: Drift | None = None
    """How far the price moved, where that is the question."""


def question(
    case: Case,
    rules: RiskRules,
    found: Offer,
    now: datetime,
    *,
    first_price: Decimal | None = None,
) -> Question | None:
    """What has to be confirmed before these numbers may be ordered; mostly nothing.

    ``first_price`` is the one that somebody else has approved, where this is the
    second of two.
    """
    prompt = case.prompt
    if prompt.lots is None or prompt.price is None:
        return Question(text="Here are the numbers now. Confirm?")
    asked = _moved(case, rules, found, prompt.price)
    if asked:
        return asked
    if prompt.state is PromptState.CONFIRMING:
        until = prompt.confirm_until
        late = until is None or until <= now
        old = Question(text="These numbers are old. Confirm the new ones?")
        return old if late else None
    return _risky(case, rules, found, first_price)


def drift_since(case: Case, found: Offer, shown: Decimal | None) -> Drift:
    """How far a market price went against the person; a pending one stands."""
    signal = case.signal
    if signal.order_type is not OrderType.MARKET or shown is None:
        return NO_DRIFT
    return drift_of(
        side=signal.side,
        shown=shown,
        now=found.price,
        stop_loss=signal.stop_loss,
        point=found.point,
    )


def drift_limit(case: Case, rules: RiskRules) -> Decimal:
    """The account's limit in R, or the member's own where that is stricter."""
    own = case.membership.max_drift_r
    return rules.max_drift_r if own is None else min(own, rules.max_drift_r)


def _moved(
    case: Case, rules: RiskRules, found: Offer, shown: Decimal
) -> Question | None:
    """The question whether a price that ran away since then is still wanted."""
    drift = drift_since(case, found, shown)
    if drift.r <= drift_limit(case, rules):
        return None
    text = (
        f"The price moved {plain(round(drift.r, 2))} R ({plain(drift.points)} points) "
        f"against you, from {shown:f} to {found.price:f}: {plain(found.lots)} lots "
        "now. Confirm?"
    )
    return Question(text=text, drift=drift)


def _risky(
    case: Case, rules: RiskRules, found: Offer, first_price: Decimal | None
) -> Question | None:
    """Why the first Approve is not enough."""
    if case.signal.stop_loss is None:
        return Question(text="There is no stop loss: nothing limits the loss. Confirm?")
    for since in (case.signal.price, first_price):
        asked = None if since is None else _moved(case, rules, found, since)
        if asked:
            return asked
    if found.risk_percent > rules.confirm_above_risk_percent:
        return Question(text=f"This risks {plain(found.risk_percent)} %. Confirm?")
    if rules.confirm_live and case.account.mode is TradeMode.LIVE:
        return Question(text="This is real money. Confirm?")
    return None


def drift_left(case: Case, rules: RiskRules, found: Offer) -> Decimal:
    """How far the price may still go from ``found``, in price.

    What it has moved since it was shown is part of the drift that was agreed to.
    Without a stop there is no R: then it is the spread.
    """
    stop = case.signal.stop_loss
    if stop is None:
        return found.spread
    shown = found.price if case.prompt.price is None else case.prompt.price
    limit = drift_limit(case, rules) * abs(shown - stop)
    moved = max(ZERO, (found.price - shown) * case.signal.side.sign)
    return max(ZERO, limit - moved)

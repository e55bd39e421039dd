"""Standing rules: what a person lets be approved in their name, and how far.

A rule is granted by a tap and traces every order of its own back to it. It is of one
person, on an account of their own, for one provider, and has an end.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.ids import AccountId, ProviderName, RuleId, UserId

MOST_A_DAY = 20
"""Orders a day that a rule may allow at most."""
LONGEST_DAYS = 31
"""How far ahead a rule may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRule:
    """One rule as stored; it is over at ``until`` or once it is revoked."""

    id: RuleId
    user_id: UserId
    account_id: AccountId
    provider: ProviderName
    max_risk_percent: Decimal
    """Of each order; lots are sized for no more than that."""
    per_day: int
    """Orders in one trading day of the account."""
    until: datetime
    granted_update_id: int
    """The Telegram update that carried the tap on Confirm."""
    revoked_at: datetime | None
    created_at: datetime
    version: int = 1

    def holds(self, now: datetime) -> bool:
        """Whether it approves anything at that moment."""
        return self.revoked_at is None and now < self.until

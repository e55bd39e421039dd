"""What somebody chose for themselves, read at one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.access import is_paused, may_decide, subscribes
from core.accounts import Account, AccountKind, RiskRules
from core.desk.followers import may_follow, paper_account
from core.desk.tools import Tools
from core.ids import ProviderName, UserId
from core.users import EVERY_INSTRUMENT, Membership, Provider, Subscription, User


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """What a person set for themselves on one account, and what its rules allow."""

    account: Account
    membership: Membership
    rules: RiskRules

    @property
    def risk(self) -> Decimal:
        """Percent of one trade."""
        most, own = self.rules.per_trade_percent, self.membership.risk_percent
        return most if own is None else min(own, most)

    @property
    def sets_risk(self) -> bool:
        """Whether the risk is this person's to set."""
        return self.account.kind is AccountKind.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsCard:
    """All that /settings shows."""

    user: User
    limits: Sequence[OwnLimits]
    paused: bool
    now: datetime
    follows: bool = False
    """Whether they follow on paper."""
    may_follow: bool = False


async def settings_card(tools: Tools, user_id: UserId) -> SettingsCard | None:
    """``None`` for somebody whom nobody knows."""
    user = await tools.journal.get(User, user_id)
    if user is None:
        return None
    now = tools.clock.now()
    paper = await paper_account(tools, user_id)
    return SettingsCard(
        user=user,
        limits=await own_limits(tools, user_id),
        paused=is_paused(user, now),
        now=now,
        follows=paper is not None and paper.enabled,
        may_follow=await may_follow(tools, user_id),
    )


async def own_limits(tools: Tools, user_id: UserId) -> list[OwnLimits]:
    """The accounts on which this person decides."""
    found = []
    for membership in await tools.members(user_id=user_id):
        account = await tools.journal.get(Account, membership.account_id)
        rules = tools.choices.rules.get(membership.account_id)
        if account is not None and rules and may_decide(account, membership):
            found.append(OwnLimits(account=account, membership=membership, rules=rules))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionsCard:
    """Which providers there are, and what a person said about each."""

    providers: Sequence[Provider]
    said: Sequence[Subscription]

    def wants(self, provider: ProviderName, instrument: str = EVERY_INSTRUMENT) -> bool:
        """Whether the person gets such signals."""
        return subscribes(self.said, provider, instrument)

    def exceptions(self, provider: ProviderName) -> Mapping[str, bool]:
        """What was said about instruments of it."""
        return {
            each.instrument: each.enabled
            for each in self.said
            if each.provider == provider and each.instrument != EVERY_INSTRUMENT
        }


async def subscriptions_card(tools: Tools, user_id: UserId) -> SubscriptionsCard:
    """The enabled providers, by name."""
    return SubscriptionsCard(
        providers=await tools.journal.find(Provider, enabled=True, order_by="id"),
        said=await tools.journal.find(Subscription, user_id=user_id),
    )

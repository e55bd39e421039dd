"""The rows behind /rules: what holds, and what could be granted."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.accounts import Account
from core.desk.commanding import own_accounts
from core.desk.granting import most_risk, rules_of
from core.desk.standing import used_today
from core.desk.tools import Tools
from core.ids import ProviderName, UserId
from core.standing import StandingRule
from core.users import Provider

MOST_PAIRS = 40
"""Buttons of a choice; Telegram takes a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A provider and an account of one's own, for which there could be a rule."""

    account: Account
    provider: ProviderName
    most_percent: Decimal
    """What any trade of the account may risk."""

    @property
    def key(self) -> str:
        """Short enough for a button, whatever the names."""
        names = f"{self.account.id}\n{self.provider}"
        return hashlib.sha256(names.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesCard:
    """A person's standing rules, and what they could grant."""

    rules: tuple[tuple[StandingRule, int], ...]
    """With how often each was used today."""
    pairs: tuple[Pair, ...]
    now: datetime
    owns: bool = True
    """Whether there is an account of the person's own."""


async def rules_card(tools: Tools, user_id: UserId) -> RulesCard:
    """Everything that /rules shows a person."""
    accounts = [
        each
        for each in await own_accounts(tools, user_id)
        if each.id in tools.choices.rules
    ]
    mine = {each.id for each in accounts}
    providers = await tools.journal.find(Provider, enabled=True)
    pairs = [
        Pair(
            account=account,
            provider=provider.id,
            most_percent=most_risk(tools, account.id),
        )
        for account in accounts
        for provider in providers
    ]
    rules = [each for each in await rules_of(tools, user_id) if each.account_id in mine]
    return RulesCard(
        rules=tuple([(each, await used_today(tools, each)) for each in rules]),
        pairs=tuple(pairs[:MOST_PAIRS]),
        now=tools.clock.now(),
        owns=bool(accounts),
    )

"""A standing rule is granted by a tap and revoked by a tap, both written down.

Only on an account of one's own, for a provider that signs, within the account's own
risk, for so many days at most. A new rule takes the place of the one before it for
the same provider and account.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.access import may_decide
from core.accounts import Account, AccountKind
from core.desk.taps import Tap
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import AccountId, ProviderName, RuleId, UserId
from core.money import ZERO, plain
from core.ports import Expect, Insert, Record, Save
from core.standing import LONGEST_DAYS, MOST_A_DAY, StandingRule
from core.users import Membership, Provider, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The rule that somebody wants."""

    account_id: AccountId
    provider: ProviderName
    max_risk_percent: Decimal
    per_day: int
    until: datetime


async def rules_of(tools: Tools, user_id: UserId) -> list[StandingRule]:
    """The rules of a person that hold, the oldest first."""
    now = tools.clock.now()
    found = await tools.journal.find(
        StandingRule, user_id=user_id, revoked_at=None, order_by="created_at"
    )
    return [each for each in found if each.holds(now)]


async def grant(tools: Tools, tap: Tap, wish: Wish) -> StandingRule:
    """Let signals of a provider be approved in one's name, so far and no further.

    The same tap again grants nothing more.

    Raises:
        Refused: the wish goes too far; the reason says how far it may.
    """
    return await again(lambda: _grant(tools, tap, wish))


async def _grant(tools: Tools, tap: Tap, wish: Wish) -> StandingRule:
    granted = await tools.journal.find(StandingRule, granted_update_id=tap.update_id)
    if granted:
        return granted[0]
    mine = await _own(tools, tap.user_id, wish)
    await _within_bounds(tools, tap.user_id, wish)
    now = tools.clock.now()
    rule = StandingRule(
        id=RuleId(tools.ids.identity()),
        user_id=tap.user_id,
        account_id=wish.account_id,
        provider=wish.provider,
        max_risk_percent=wish.max_risk_percent,
        per_day=wish.per_day,
        until=wish.until,
        granted_update_id=tap.update_id,
        revoked_at=None,
        created_at=now,
    )
    before = [
        Save(replace(each, revoked_at=now))
        for each in await rules_of(tools, tap.user_id)
        if (each.account_id, each.provider) == (wish.account_id, wish.provider)
    ]
    await tools.journal.commit(
        Expect(Membership, mine.id, {"role": mine.role}),
        *before,
        Insert(rule),
        _record(rule, "rule_granted", tap),
    )
    return rule


async def _own(tools: Tools, user_id: UserId, wish: Wish) -> Membership:
    """The membership that makes the account the person's own."""
    account = await tools.journal.get(Account, wish.account_id)
    for member in await tools.members(user_id=user_id, account_id=wish.account_id):
        if account is not None and is_own(account, member):
            return member
    message = "Standing rules are for accounts of your own only; /rules lists yours."
    raise Refused(message)


def is_own(account: Account, membership: Membership | None) -> bool:
    """Whether this member alone decides on the account, and bears its risk."""
    return account.kind is AccountKind.OWN and may_decide(account, membership)


async def _within_bounds(tools: Tools, user_id: UserId, wish: Wish) -> None:
    user = await tools.journal.get(User, user_id)
    if user is None or user.consent_version != tools.choices.consent.version:
        message = "Please agree to the terms first: send /start; then try again."
        raise Refused(message)
    provider = await tools.journal.get(Provider, wish.provider)
    if provider is None or not provider.enabled:
        message = "There is no such provider now; /rules starts again."
        raise Refused(message)
    most = most_risk(tools, wish.account_id)
    if not ZERO < wish.max_risk_percent <= most:
        message = f"A rule on {wish.account_id} may risk {plain(most)} % at most."
        raise Refused(message)
    if not 0 < wish.per_day <= MOST_A_DAY:
        message = f"A rule may approve {MOST_A_DAY} a day at most."
        raise Refused(message)
    now = tools.clock.now()
    if not now < wish.until <= now + timedelta(days=LONGEST_DAYS):
        message = f"A rule may hold for {LONGEST_DAYS} days at most."
        raise Refused(message)


def most_risk(tools: Tools, account_id: AccountId) -> Decimal:
    """The percentage that any trade of the account may risk; 0 where none may."""
    rules = tools.choices.rules.get(account_id)
    return ZERO if rules is None else rules.per_trade_percent


async def revoke(tools: Tools, tap: Tap, rule_id: str) -> bool:
    """End a rule of one's own; ``False`` when it was over already.

    Raises:
        Refused: it is nobody's, or somebody else's.
    """
    return await again(lambda: _revoke(tools, tap, rule_id))


async def _revoke(tools: Tools, tap: Tap, rule_id: str) -> bool:
    rule = await tools.journal.get(StandingRule, rule_id)
    if rule is None or rule.user_id != tap.user_id:
        message = "That is no rule of yours; /rules lists yours."
        raise Refused(message)
    if rule.revoked_at is not None:
        return False
    await tools.journal.commit(
        Save(replace(rule, revoked_at=tools.clock.now())),
        _record(rule, "rule_revoked", tap),
    )
    return True


def _record(rule: StandingRule, action: str, tap: Tap) -> Record:
    return Record(
        actor=by_user(tap.user_id),
        action=action,
        subject=f"rule:{rule.id}",
        detail={
            "account": rule.account_id,
            "provider": rule.provider,
            "risk": plain(rule.max_risk_percent),
            "per_day": str(rule.per_day),
            "until": rule.until.isoformat(),
            "update": str(tap.update_id),
        },
    )

"""What people choose for themselves: which signals, how much risk, when to be quiet.

Everything here is within what the admins allow: a person may risk less than the
account's rules, demand less drift, and be asked less often; never the other way.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.access import may_decide
from core.accounts import Account, AccountKind
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import AccountId, ProviderName, UserId
from core.money import ZERO, plain
from core.ports import Insert, Record, Save
from core.users import EVERY_INSTRUMENT, Membership, Provider, Subscription, User

MINUTES = 24 * 60
"""In a day."""


async def _change(
    tools: Tools,
    user_id: UserId,
    change: Callable[[User], User],
    action: str,
    detail: dict[str, str],
) -> None:
    async def attempt() -> None:
        user = await tools.journal.get(User, user_id)
        if user is None:
            message = "Say /start first."
            raise Refused(message)
        record = Record(
            actor=by_user(user_id),
            action=action,
            subject=by_user(user_id),
            detail=detail,
        )
        await tools.journal.commit(Save(change(user)), record)

    await again(attempt)


async def pause(tools: Tools, user_id: UserId, *, until: datetime) -> None:
    """No signal reaches the person until then; what was asked already can be decided.

    Raises:
        Refused: nobody knows the person.
    """
    await _change(
        tools,
        user_id,
        lambda user: replace(user, paused_until=until),
        "paused",
        {"until": until.isoformat()},
    )


async def resume(tools: Tools, user_id: UserId) -> None:
    """Signals reach the person again, from the next one on.

    Raises:
        Refused: nobody knows the person.
    """
    await _change(
        tools, user_id, lambda user: replace(user, paused_until=None), "resumed", {}
    )


async def live_in(tools: Tools, user_id: UserId, zone: str) -> None:
    """The clock on which times are shown and quiet hours are meant.

    Raises:
        Refused: there is no such time zone.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = (
            f"There is no time zone {zone[:40]}. Write it like Europe/Madrid or "
            "America/Sao_Paulo."
        )
        raise Refused(message) from None
    await _change(
        tools,
        user_id,
        lambda user: replace(user, time_zone=zone),
        "time_zone_chosen",
        {"zone": zone},
    )


async def be_quiet(
    tools: Tools, user_id: UserId, begins: int | None, ends: int | None
) -> None:
    """Messages make no sound between these minutes of the person's day; or always do.

    Raises:
        Refused: they are no minutes of a day, or only one of them is there.
    """
    given = [each for each in (begins, ends) if each is not None]
    if len(given) == 1 or not all(0 <= each < MINUTES for each in given):
        message = "Write the hours like 22:00-07:00."
        raise Refused(message)
    await _change(
        tools,
        user_id,
        lambda user: replace(user, quiet_from=begins, quiet_until=ends),
        "quiet_hours_chosen",
        {"from": str(begins), "until": str(ends)},
    )


async def choose(
    tools: Tools,
    user_id: UserId,
    provider: ProviderName,
    instrument: str = EVERY_INSTRUMENT,
    *,
    enabled: bool,
) -> None:
    """Whether the person wants a provider's signals, all of them or of an instrument.

    What is said of a provider as a whole takes back what was said of its instruments.

    Raises:
        Refused: there is no such provider.
    """
    await again(lambda: _choose(tools, user_id, provider, instrument, enabled=enabled))


async def _choose(
    tools: Tools,
    user_id: UserId,
    provider: ProviderName,
    instrument: str,
    *,
    enabled: bool,
) -> None:
    if await tools.journal.get(Provider, provider) is None:
        message = f"There is no provider {provider} any more; /subscriptions shows all."
        raise Refused(message)
    said = await tools.journal.find(Subscription, user_id=user_id, provider=provider)
    whole = instrument == EVERY_INSTRUMENT
    touched = [each for each in said if whole or each.instrument == instrument]
    known = any(each.instrument == instrument for each in touched)
    fresh = Subscription(
        id=tools.ids.identity(),
        user_id=user_id,
        provider=provider,
        instrument=instrument,
        enabled=enabled,
        created_at=tools.clock.now(),
    )
    record = Record(
        actor=by_user(user_id),
        action="subscribed" if enabled else "unsubscribed",
        subject=f"provider:{provider}",
        detail={"instrument": instrument},
    )
    await tools.journal.commit(
        *(Save(replace(each, enabled=enabled)) for each in touched),
        *([] if known else [Insert(fresh)]),
        record,
    )


async def risk_less(
    tools: Tools, user_id: UserId, account_id: AccountId, percent: Decimal | None
) -> None:
    """What the person of an own account risks in one trade; ``None``: as allowed.

    Raises:
        Refused: it is not their own account, or more than its rules allow.
    """
    account = await tools.journal.get(Account, account_id)
    if account is not None and account.kind is not AccountKind.OWN:
        message = (
            f"The risk on {account_id} is the desk's: its admins set it, for everybody."
        )
        raise Refused(message)
    rules = tools.choices.rules.get(account_id)
    if rules and percent is not None and not ZERO < percent <= rules.per_trade_percent:
        most = plain(rules.per_trade_percent)
        message = (
            f"On {account_id} you may risk up to {most} % in one trade. Say a number "
            f"above 0 and up to {most}."
        )
        raise Refused(message)

    def change(member: Membership) -> Membership:
        return replace(member, risk_percent=percent)

    await _set_own(tools, user_id, account_id, change, "risk_chosen", percent)


async def own_risk(tools: Tools, account: Account) -> Decimal | None:
    """What the person of an own account wants to risk; ``None``: as allowed."""
    if account.kind is not AccountKind.OWN or account.person_id is None:
        return None
    mine = await tools.members(user_id=account.person_id, account_id=account.id)
    return mine[0].risk_percent if mine else None


async def drift_less(
    tools: Tools, user_id: UserId, account_id: AccountId, limit: Decimal | None
) -> None:
    """How far the price may move before the person is asked again, in R.

    Raises:
        Refused: they do not decide there, or it is more than the account's rules allow.
    """
    rules = tools.choices.rules.get(account_id)
    if rules and limit is not None and not ZERO <= limit <= rules.max_drift_r:
        most = plain(rules.max_drift_r)
        message = (
            f"On {account_id} the price may move up to {most} R. Say a number from 0 "
            f"to {most}."
        )
        raise Refused(message)

    def change(member: Membership) -> Membership:
        return replace(member, max_drift_r=limit)

    await _set_own(tools, user_id, account_id, change, "drift_chosen", limit)


async def _set_own(
    tools: Tools,
    user_id: UserId,
    account_id: AccountId,
    change: Callable[[Membership], Membership],
    action: str,
    value: Decimal | None,
) -> None:
    async def attempt() -> None:
        member = await _decider(tools, user_id, account_id)
        record = Record(
            actor=by_user(user_id),
            action=action,
            subject=f"account:{account_id}",
            detail={"value": "" if value is None else plain(value)},
        )
        await tools.journal.commit(Save(change(member)), record)

    await again(attempt)


async def _decider(tools: Tools, user_id: UserId, account_id: AccountId) -> Membership:
    account = await tools.journal.get(Account, account_id)
    mine = await tools.members(user_id=user_id, account_id=account_id)
    if account is None or not mine or not may_decide(account, mine[0]):
        message = "You do not decide on that account."
        raise Refused(message)
    return mine[0]

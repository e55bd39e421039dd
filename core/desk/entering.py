"""What makes somebody a member, in whichever way they came: the writes of it.

An own account takes its first decider as its person. Whoever agreed to the terms and
has chosen nothing gets every provider's signals.
"""

from dataclasses import replace

from core.accounts import Account, AccountKind, AccountSource
from core.desk.telling import about_account
from core.desk.tools import Tools, by_user
from core.ids import UserId
from core.ports import Insert, Record, Save, Write
from core.users import (
    EVERY_INSTRUMENT,
    EVERY_PROVIDER,
    Membership,
    Role,
    Subscription,
    User,
)


async def entered(
    tools: Tools, account: Account, user: User, role: Role, *, by: UserId | None
) -> list[Write]:
    """The user becomes a member of the account, let in by somebody."""
    membership = Membership(
        id=tools.ids.identity(),
        user_id=user.id,
        account_id=account.id,
        role=role,
        invited_by=by,
        until=None,
        warned=False,
        max_drift_r=None,
        risk_percent=None,
        created_at=tools.clock.now(),
    )
    return [
        Insert(membership),
        joined(account, user, role, by),
        *taken(account, user.id, role),
        *await subscribed(tools, user),
    ]


def joined(account: Account, user: User, role: Role, by: UserId | None) -> Record:
    """The audit's word of it."""
    return Record(
        actor=by_user(user.id),
        action="joined",
        subject=about_account(account.id),
        detail={"role": role, "invited_by": str(by or "")},
    )


def taken(account: Account, user_id: UserId, role: Role) -> list[Write]:
    """An own account takes its first decider as its person.

    An owner does not take one that was added: it waits for whom it is assigned to.
    """
    free = account.kind is AccountKind.OWN and account.person_id is None
    if role is Role.OWNER and account.source is not AccountSource.CONFIG:
        return []
    if free and role.rank >= Role.APPROVER.rank:
        return [Save(replace(account, person_id=user_id))]
    return []


def freed(account: Account, user_id: UserId) -> list[Write]:
    """The account has no person any more, if it was this one.

    A paper account stays the follower's, who may come back to it.
    """
    if account.person_id == user_id and account.source is not AccountSource.FOLLOW:
        return [Save(replace(account, person_id=None))]
    return []


async def subscribed(tools: Tools, user: User) -> list[Write]:
    """Every provider's signals for whoever agreed to the terms and chose nothing."""
    if user.consented_at is None:
        return []
    if await tools.journal.count(Subscription, user_id=user.id):
        return []
    everything = Subscription(
        id=tools.ids.identity(),
        user_id=user.id,
        provider=EVERY_PROVIDER,
        instrument=EVERY_INSTRUMENT,
        enabled=True,
        created_at=tools.clock.now(),
    )
    return [Insert(everything)]

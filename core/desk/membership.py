"""What admins change of the members of their accounts: role, end date, removal.

Whoever does it administers the account at that moment, and the write says so. Nobody
changes their own role. Owners stand in the configuration, and only there. An own
account has one person who decides. ``by`` is nobody at the command line.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from core.access import is_taken, may_manage
from core.accounts import Account
from core.desk.absence import Parting
from core.desk.entering import freed, taken
from core.desk.parting import asked_no_more, parted, remaining
from core.desk.telling import about_account, tell_admins, told_member
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import AccountId, UserId
from core.ports import Expect, Record, Save, Write
from core.users import Membership, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A membership that somebody may change, and on which right."""

    membership: Membership
    account: Account
    by: UserId | None
    right: tuple[Expect, ...]
    """Fails when whoever does it is no admin any more."""

    @property
    def who(self) -> str:
        return by_user(self.membership.user_id)

    def record(self, action: str, **detail: str) -> Record:
        """The audit's word of it."""
        return Record(
            actor=by_user(self.by),
            action=action,
            subject=about_account(self.account.id),
            detail={"user": str(self.membership.user_id), **detail},
        )


async def set_role(
    tools: Tools, membership_id: str, role: Role, *, by: UserId | None
) -> bool:
    """Give a member another role. ``False``: they have it already.

    Raises:
        Refused: it may not be, with why and what to do.
    """
    return await again(lambda: _set_role(tools, membership_id, role, by=by))


async def _set_role(
    tools: Tools, membership_id: str, role: Role, *, by: UserId | None
) -> bool:
    case = await _case(tools, membership_id, by)
    before, account = case.membership, case.account
    if role is Role.OWNER:
        message = "Owners are named in the configuration, under [telegram] owners."
        raise Refused(message)
    if by == before.user_id:
        message = "Nobody changes their own role: ask another admin."
        raise Refused(message)
    if before.role is role:
        return False
    if is_taken(account, role, before.user_id):
        message = (
            f"{account.id} is an own account, on which one person decides. Leave this "
            "member a viewer, or remove the person first."
        )
        raise Refused(message)
    await tools.journal.commit(
        *case.right,
        Save(replace(before, role=role)),
        *await _with_the_role(tools, case, role),
        case.record("role_changed", role=role, before=before.role),
        told_member(tools, before, you_are(role, account.id)),
        *await tell_admins(
            tools, [account.id], by=by, sentence=they_are(case.who, role, account.id)
        ),
    )
    return True


async def _with_the_role(tools: Tools, case: _Case, role: Role) -> list[Write]:
    """A viewer is not asked any more; an own account may get or lose its person."""
    user_id, account = case.membership.user_id, case.account
    if role is not Role.VIEWER:
        return taken(account, user_id, role)
    said = f"You are a viewer of {account.id} now; nothing was ordered."
    return [
        *freed(account, user_id),
        *await asked_no_more(tools, user_id, account.id, said),
    ]


def you_are(role: Role, account_id: AccountId) -> str:
    """What a member of that role is told of it."""
    match role:
        case Role.VIEWER:
            return f"You are a viewer of {account_id} now: others decide."
        case Role.APPROVER:
            return f"You are an approver of {account_id} now: you decide on signals."
        case _:
            return f"You are an admin of {account_id} now: /help shows what you can do."


def they_are(who: str, role: Role, account_id: AccountId) -> str:
    """What the admins are told of it."""
    match role:
        case Role.VIEWER:
            return f"{who} is a viewer of {account_id} now."
        case Role.APPROVER:
            return f"{who} is an approver of {account_id} now."
        case _:
            return f"{who} is an admin of {account_id} now."


async def set_until(
    tools: Tools, membership_id: str, until: datetime | None, *, by: UserId | None
) -> None:
    """Let a membership lapse on a date, or never.

    Raises:
        Refused: it may not be, with why and what to do.
    """
    await again(lambda: _set_until(tools, membership_id, until, by=by))


async def _set_until(
    tools: Tools, membership_id: str, until: datetime | None, *, by: UserId | None
) -> None:
    case = await _case(tools, membership_id, by)
    if by == case.membership.user_id:
        message = "Nobody sets the end of their own membership: ask another admin."
        raise Refused(message)
    if until is not None and until <= tools.clock.now():
        message = "That date is over. Choose a later one, or remove the member."
        raise Refused(message)
    name, day = case.account.id, f"{until:%Y-%m-%d}" if until else ""
    you = (
        f"Your membership of {name} ends on {day}."
        if day
        else f"Your membership of {name} has no end any more."
    )
    they = (
        f"The membership of {case.who} in {name} ends on {day}."
        if day
        else f"The membership of {case.who} in {name} has no end any more."
    )
    await tools.journal.commit(
        *case.right,
        Save(replace(case.membership, until=until, warned=False)),
        case.record("until_set", until=until.isoformat() if until else ""),
        told_member(tools, case.membership, you),
        *await tell_admins(tools, [name], by=by, sentence=they),
    )


async def remove(tools: Tools, membership_id: str, *, by: UserId | None) -> str:
    """End a membership; returns what stays open there, mostly nothing.

    Raises:
        Refused: it may not be, with why and what to do.
    """
    return await again(lambda: _remove(tools, membership_id, by=by))


async def _remove(tools: Tools, membership_id: str, *, by: UserId | None) -> str:
    case = await _case(tools, membership_id, by)
    if by == case.membership.user_id:
        message = "To leave an account yourself, send /stop."
        raise Refused(message)
    name = case.account.id
    remains = await remaining(tools, case.membership)
    you = f"You were removed from {name}: its signals do not reach you any more."
    told = [
        told_member(tools, case.membership, sentence)
        for sentence in (you, remains)
        if sentence
    ]
    await tools.journal.commit(
        *case.right,
        *await parted(tools, case.membership, Parting.REMOVED, by=by),
        *told,
        *await tell_admins(
            tools, [name], by=by, sentence=f"{case.who} was removed from {name}."
        ),
    )
    return remains


async def _case(tools: Tools, membership_id: str, by: UserId | None) -> _Case:
    membership = await tools.journal.get(Membership, membership_id)
    if membership is None:
        message = "That membership is over; /users shows who is there."
        raise Refused(message)
    account = await account_of(tools, membership)
    right = () if by is None else await _right(tools, account.id, by)
    if membership.role is Role.OWNER:
        message = (
            "An owner stands in the configuration, under [telegram] owners, and is "
            "changed or removed only there."
        )
        raise Refused(message)
    return _Case(membership=membership, account=account, by=by, right=right)


async def account_of(tools: Tools, membership: Membership) -> Account:
    """The account of a membership; the journal keeps no membership without one."""
    (account,) = await tools.journal.find(Account, id=membership.account_id)
    return account


async def _right(tools: Tools, account_id: AccountId, by: UserId) -> tuple[Expect, ...]:
    mine = await tools.members(user_id=by, account_id=account_id)
    if not mine or not may_manage(mine[0]):
        message = f"You do not administer {account_id}. Ask one of its admins."
        raise Refused(message)
    return (Expect(Membership, mine[0].id, {"role": mine[0].role}),)

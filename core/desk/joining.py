"""People come by invite, agree to the terms, and are subscribed.

Without an invite nobody gets in; an owner named in the configuration needs none.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from core.access import is_taken
from core.accounts import Account, AccountKind
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import UserId
from core.messages import NoticeKind
from core.ports import Delete, Insert, Record, Save, Write
from core.users import (
    EVERY_PROVIDER,
    Invite,
    Membership,
    Role,
    Subscription,
    User,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who writes to the bot, as Telegram vouches for them."""

    id: UserId
    name: str
    language: str


class Entry(StrEnum):
    """How somebody stands at the door."""

    JOINED = "joined"
    """The invite was good."""
    KNOWN = "known"
    """A member already."""
    STRANGER = "stranger"
    """No invite, no membership."""
    BAD_INVITE = "bad_invite"
    """The invite is used up, over, or none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What /start found."""

    entry: Entry
    consent_needed: bool
    memberships: tuple[Membership, ...] = ()


def hash_token(token: str) -> str:
    """What is kept of an invite or a read token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def start(tools: Tools, person: Person, token: str) -> Welcome:
    """Somebody said /start, with an invite's token or an empty one.

    Raises:
        Refused: the account of the invite belongs to somebody else.
    """
    user = await again(lambda: _greet(tools, person))
    entry = Entry.KNOWN
    if token:
        entry = await again(lambda: _join(tools, user, token))
    mine = await tools.journal.find(Membership, user_id=user.id)
    if not mine and entry is Entry.KNOWN:
        entry = Entry.STRANGER
    return Welcome(
        entry=entry,
        consent_needed=bool(mine) and not agreed(tools, user),
        memberships=tuple(mine),
    )


def agreed(tools: Tools, user: User) -> bool:
    """Whether the person agreed to the text that is in force."""
    return user.consent_version == tools.choices.consent.version


async def _greet(tools: Tools, person: Person) -> User:
    """The person's row, made or brought up to date; owners get their accounts."""
    known = await tools.journal.get(User, person.id)
    now = tools.clock.now()
    if known is None:
        known = User(
            id=person.id,
            name=person.name,
            language=person.language,
            consent_version="",
            consent_hash="",
            consented_at=None,
            blocked_at=None,
            created_at=now,
            updated_at=now,
        )
        await tools.journal.commit(Insert(known))
    elif (known.name, known.blocked_at) != (person.name, None):
        known = replace(known, name=person.name, blocked_at=None)
        await tools.journal.commit(Save(known))
        known = replace(known, version=known.version + 1)
    if person.id in tools.choices.owners:
        await _own(tools, known)
    return known


async def _own(tools: Tools, user: User) -> None:
    """An owner is an owner of every account, and the person of one without any."""
    held = {
        each.account_id: each
        for each in await tools.journal.find(Membership, user_id=user.id)
    }
    for account in await tools.journal.find(Account):
        mine = held.get(account.id)
        if mine is None:
            entered = _membership(tools, account, user, Role.OWNER, None)
        elif mine.role is not Role.OWNER:
            raised = replace(mine, role=Role.OWNER)
            entered = [Save(raised), _entry(account, user, Role.OWNER, None)]
        else:
            continue
        await tools.journal.commit(*entered, *_take(account, user, Role.OWNER))


def _membership(
    tools: Tools, account: Account, user: User, role: Role, by: UserId | None
) -> list[Write]:
    membership = Membership(
        id=tools.ids.identity(),
        user_id=user.id,
        account_id=account.id,
        role=role,
        invited_by=by,
        created_at=tools.clock.now(),
    )
    return [Insert(membership), _entry(account, user, role, by)]


def _entry(account: Account, user: User, role: Role, by: UserId | None) -> Record:
    return Record(
        actor=by_user(user.id),
        action="joined",
        subject=f"account:{account.id}",
        detail={"role": role, "invited_by": str(by or "")},
    )


def _take(account: Account, user: User, role: Role) -> list[Write]:
    """An own account takes its first decider as its person."""
    free = account.kind is AccountKind.OWN and account.person_id is None
    if free and role.rank >= Role.APPROVER.rank:
        return [Save(replace(account, person_id=user.id))]
    return []


async def _join(tools: Tools, user: User, token: str) -> Entry:
    rows = await tools.journal.find(Invite, token_hash=hash_token(token))
    invite = rows[0] if rows else None
    if invite is None or not invite.uses_left:
        return Entry.BAD_INVITE
    account = await tools.journal.get(Account, invite.account_id)
    if account is None or invite.expires_at <= tools.clock.now():
        return Entry.BAD_INVITE
    if await tools.journal.find(Membership, user_id=user.id, account_id=account.id):
        return Entry.KNOWN
    if is_taken(account, invite.role, user.id):
        message = (
            f"{account.id} belongs to one person already. Ask for a viewer's invite, "
            "or for an account of your own."
        )
        raise Refused(message)
    told = [
        tools.notice(
            NoticeKind.MEMBER_JOINED,
            str(user.id),
            to=member.user_id,
            detail=f"{invite.role} of {account.id}",
        )
        for member in await tools.concerned(account.id)
        if member.role.rank >= Role.ADMIN.rank
    ]
    await tools.journal.commit(
        Save(replace(invite, uses_left=invite.uses_left - 1)),
        *_membership(tools, account, user, invite.role, invite.created_by),
        *_take(account, user, invite.role),
        *told,
    )
    return Entry.JOINED


async def agree(tools: Tools, user_id: UserId, version: str) -> bool:
    """The person agreed to a version of the terms; whether it is the one in force."""
    return await again(lambda: _agree(tools, user_id, version))


async def _agree(tools: Tools, user_id: UserId, version: str) -> bool:
    consent = tools.choices.consent
    user = await tools.journal.get(User, user_id)
    if user is None or version != consent.version:
        return False
    consented = replace(
        user,
        consent_version=consent.version,
        consent_hash=consent.sha256,
        consented_at=tools.clock.now(),
    )
    chosen = await tools.journal.count(Subscription, user_id=user_id)
    everything = Subscription(
        id=tools.ids.identity(),
        user_id=user_id,
        provider=EVERY_PROVIDER,
        enabled=True,
        created_at=tools.clock.now(),
    )
    await tools.journal.commit(
        Save(consented),
        *([] if chosen else [Insert(everything)]),
        Record(
            actor=by_user(user_id),
            action="agreed",
            subject=by_user(user_id),
            detail={"version": consent.version, "sha256": consent.sha256},
        ),
    )
    return True


async def mark_blocked(tools: Tools, user_id: UserId, *, blocked: bool) -> None:
    """Remember that Telegram cannot reach the person, or can again."""
    await again(lambda: _mark_blocked(tools, user_id, blocked=blocked))


async def _mark_blocked(tools: Tools, user_id: UserId, *, blocked: bool) -> None:
    user = await tools.journal.get(User, user_id)
    if user is None or (user.blocked_at is not None) is blocked:
        return
    since = tools.clock.now() if blocked else None
    await tools.journal.commit(Save(replace(user, blocked_at=since)))


async def retire_owners(tools: Tools) -> int:
    """Take the rights of owners whom the configuration names no more.

    Returns how many memberships ended.
    """
    ended = 0
    for membership in await tools.journal.find(Membership, role=Role.OWNER):
        if membership.user_id not in tools.choices.owners:
            await _retire(tools, membership)
            ended += 1
    return ended


async def _retire(tools: Tools, membership: Membership) -> None:
    account = await tools.journal.get(Account, membership.account_id)
    mine = account is not None and account.person_id == membership.user_id
    freed = [Save(replace(account, person_id=None))] if account and mine else []
    record = Record(
        actor="configuration",
        action="owner_retired",
        subject=f"account:{membership.account_id}",
        detail={"user": str(membership.user_id)},
    )
    await tools.journal.commit(Delete(membership), *freed, record)

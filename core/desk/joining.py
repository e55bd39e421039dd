"""People come by invite, agree to the terms, and are subscribed.

Whoever comes without an invite asks the admins for one (``requesting``); an owner
named in the configuration needs none.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from core.access import is_manager, is_taken
from core.accounts import Account
from core.desk.absence import put_out_at
from core.desk.entering import entered, subscribed
from core.desk.lapsing import lapse_of
from core.desk.owning import own
from core.desk.requesting import Filing, file_request, settled
from core.desk.tools import Consent, Tools, again, by_user
from core.errors import Refused
from core.ids import UserId
from core.messages import NoticeKind
from core.ports import Insert, Record, Save
from core.users import Invite, Membership, Role, User


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
    filing: Filing | None = None
    """What became of the request of somebody who is no member."""


def hash_token(token: str) -> str:
    """What is kept of an invite or a read token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def start(tools: Tools, person: Person, token: str) -> Welcome:
    """Somebody said /start, with an invite's token or an empty one.

    Raises:
        Refused: the account of the invite belongs to somebody else.
    """
    user = await again(lambda: _greet(tools, person))
    await lapse_of(tools, user.id)
    entry = Entry.KNOWN
    if token:
        entry = await again(lambda: _join(tools, user, token))
    mine = await tools.members(user_id=user.id)
    if not mine:
        return Welcome(
            entry=Entry.STRANGER if entry is Entry.KNOWN else entry,
            consent_needed=False,
            filing=await file_request(tools, user.id),
        )
    await again(lambda: _subscribe(tools, user))
    return Welcome(
        entry=entry,
        consent_needed=not agreed(tools, user),
        memberships=tuple(mine),
    )


async def _subscribe(tools: Tools, user: User) -> None:
    """Back after /stop: signals come again."""
    writes = await subscribed(tools, user)
    if writes:
        await tools.journal.commit(*writes)


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
            paused_until=None,
            time_zone="",
            quiet_from=None,
            quiet_until=None,
            created_at=now,
            updated_at=now,
        )
        await tools.journal.commit(Insert(known))
    elif (known.name, known.blocked_at) != (person.name, None):
        known = replace(known, name=person.name, blocked_at=None)
        await tools.journal.commit(Save(known))
        known = replace(known, version=known.version + 1)
    if person.id in tools.choices.owners:
        await own(tools, known)
    return known


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
    if not await _still_invites(tools, invite, user.id):
        return Entry.BAD_INVITE
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
        *await entered(tools, account, user, invite.role, by=invite.created_by),
        *await settled(tools, user.id, by=invite.created_by),
        *told,
    )
    return Entry.JOINED


async def _still_invites(tools: Tools, invite: Invite, user_id: UserId) -> bool:
    """Whether its maker may still invite, and made it since this person was put out."""
    maker = invite.created_by
    if maker is not None:
        theirs = await tools.members(user_id=maker, account_id=invite.account_id)
        if not is_manager(theirs):
            return False
    out = await put_out_at(tools, user_id, invite.account_id)
    return out is None or invite.created_at >= out


async def terms_for(tools: Tools, user_id: UserId) -> Consent:
    """The terms in force, in the person's language."""
    user = await tools.journal.get(User, user_id)
    return tools.choices.terms(user.language if user else "")


async def agree(tools: Tools, user_id: UserId, shown: str) -> Consent | None:
    """The person agreed to the terms that were ``shown``, by ``Consent.name``.

    Returns them, if they are still in force.
    """
    return await again(lambda: _agree(tools, user_id, shown))


async def _agree(tools: Tools, user_id: UserId, shown: str) -> Consent | None:
    consent = tools.choices.shown(shown)
    user = await tools.journal.get(User, user_id)
    if user is None or consent is None:
        return None
    consented = replace(
        user,
        consent_version=consent.version,
        consent_hash=consent.sha256,
        consented_at=tools.clock.now(),
    )
    await tools.journal.commit(
        Save(consented),
        *await subscribed(tools, consented),
        Record(
            actor=by_user(user_id),
            action="agreed",
            subject=by_user(user_id),
            detail={
                "version": consent.version,
                "language": consent.language,
                "sha256": consent.sha256,
            },
        ),
    )
    return consent


async def mark_blocked(tools: Tools, user_id: UserId, *, blocked: bool) -> None:
    """Remember that Telegram cannot reach the person, or can again."""
    await again(lambda: _mark_blocked(tools, user_id, blocked=blocked))


async def _mark_blocked(tools: Tools, user_id: UserId, *, blocked: bool) -> None:
    user = await tools.journal.get(User, user_id)
    if user is None or (user.blocked_at is not None) is blocked:
        return
    since = tools.clock.now() if blocked else None
    await tools.journal.commit(Save(replace(user, blocked_at=since)))

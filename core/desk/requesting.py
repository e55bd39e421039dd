"""Somebody without an invite asks to be let in, and an admin answers.

    /start     one request a person; the admins are told once, with buttons
    accepted   as viewer or approver of an account that the admin administers
    declined   told, and may ask again after a week

Anybody can send /start, so requests are few: in an hour the admins are told of
``TOLD_AN_HOUR`` and that there are more, and only so many may wait at a time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.access import is_manager, is_taken, may_manage
from core.accounts import Account
from core.desk.entering import entered
from core.desk.telling import admins_of, tell_admins
from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import NoticeKind
from core.ports import AtMost, Expect, Insert, Record, Save, Write
from core.users import JoinRequest, Membership, RequestState, Role, User

ASK_AGAIN = timedelta(days=7)
"""How long a declined request stands."""
LATELY = timedelta(hours=1)
TOLD_AN_HOUR = 5
"""Requests of which the admins are told one by one."""
MOST_WAITING = 200
"""Requests that may wait at a time; whoever comes then is told to try later."""
ROLES = (Role.APPROVER, Role.VIEWER)
"""What a request can be accepted as; an admin is made afterwards."""


class Filing(StrEnum):
    """What became of a request when it was made."""

    FILED = "filed"
    """It waits from now on; the admins are told."""
    WAITS = "waits"
    """It waited already."""
    DECLINED = "declined"
    """It was declined, not long ago."""
    TOO_MANY = "too_many"
    """Too many wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an admin wants to become of a request."""

    account_id: AccountId
    role: Role
    by: UserId


async def file_request(tools: Tools, user_id: UserId) -> Filing:
    """Ask the admins to let this person in."""
    return await again(lambda: _file(tools, user_id))


async def _file(tools: Tools, user_id: UserId) -> Filing:
    now = tools.clock.now()
    known = await tools.journal.get(JoinRequest, user_id)
    if known is not None and known.state is RequestState.WAITING:
        return Filing.WAITS
    if known is not None and _was_declined_lately(known, now):
        return Filing.DECLINED
    waiting = await tools.journal.count(JoinRequest, state=RequestState.WAITING)
    if waiting >= MOST_WAITING:
        return Filing.TOO_MANY
    fresh = JoinRequest(
        id=user_id,
        state=RequestState.WAITING,
        asked_at=now,
        decided_by=None,
        decided_at=None,
    )
    await tools.journal.commit(
        Insert(fresh) if known is None else Save(replace(fresh, version=known.version)),
        Record(
            actor=by_user(user_id), action="asked_to_join", subject=by_user(user_id)
        ),
        *await _tell_of_request(tools, user_id, now),
    )
    return Filing.FILED


def _was_declined_lately(request: JoinRequest, now: datetime) -> bool:
    at = request.decided_at
    declined = request.state is RequestState.DECLINED
    return declined and at is not None and now < at + ASK_AGAIN


async def _tell_of_request(tools: Tools, user_id: UserId, now: datetime) -> list[Write]:
    """Each admin once, and of no more than a few in an hour."""
    ever = await tools.journal.count(JoinRequest)
    before = AtMost(value=now - LATELY)
    lately = ever - await tools.journal.count(JoinRequest, asked_at=before)
    if lately > TOLD_AN_HOUR:
        return []
    kind, subject = NoticeKind.MEMBER_ASKS, str(user_id)
    if lately == TOLD_AN_HOUR:
        kind, subject = NoticeKind.MEMBERS_ASK, ""
    admins = await admins_of(tools, None)
    return [tools.notice(kind, subject, to=admin) for admin in admins]


async def waiting_requests(tools: Tools, *, limit: int | None = None) -> list[User]:
    """The people whose requests wait, whoever asked first before the others."""
    rows = await tools.journal.find(
        JoinRequest, state=RequestState.WAITING, order_by="asked_at", limit=limit
    )
    users = [await tools.journal.get(User, row.id) for row in rows]
    return [user for user in users if user is not None]


async def accept(tools: Tools, user_id: UserId, answer: Answer) -> None:
    """Let somebody in who asked; they are told, and the other admins too.

    Raises:
        Refused: it was answered already, the role cannot be given so, or whoever
            answers does not administer the account.
    """
    await again(lambda: _accept(tools, user_id, answer, alone=True))


async def accept_all(
    tools: Tools, account_id: AccountId, *, by: UserId, asked_before: datetime
) -> int:
    """Let in as viewers all who had asked by then; returns how many.

    Raises:
        Refused: whoever answers does not administer the account.
    """
    await _need_manager(tools, account_id, by)
    rows = await tools.journal.find(
        JoinRequest,
        state=RequestState.WAITING,
        asked_at=AtMost(value=asked_before),
        order_by="asked_at",
    )
    answer = Answer(account_id=account_id, role=Role.VIEWER, by=by)
    count = 0
    for row in rows:
        count += await _accepted(tools, row.id, answer)
    if count:
        said = f"Requests to join {account_id} were accepted, as viewers: {count}."
        await tools.journal.commit(
            *await tell_admins(tools, [account_id], by=by, sentence=said)
        )
    return count


async def _accepted(tools: Tools, user_id: UserId, answer: Answer) -> bool:
    """Whether it was still there to accept."""
    try:
        await again(lambda: _accept(tools, user_id, answer, alone=False))
    except Refused:
        return False
    return True


async def _accept(
    tools: Tools, user_id: UserId, answer: Answer, *, alone: bool
) -> None:
    manager = await _need_manager(tools, answer.account_id, answer.by)
    request = await _need_waiting(tools, user_id)
    account = await tools.journal.get(Account, answer.account_id)
    user = await tools.journal.get(User, user_id)
    if account is None or user is None or answer.role not in ROLES:
        message = "Accept somebody as a viewer or an approver of an account of yours."
        raise Refused(message)
    if is_taken(account, answer.role, user_id):
        message = (
            f"{account.id} belongs to one person already. Accept them as a viewer, or "
            "for another account."
        )
        raise Refused(message)
    await tools.journal.commit(
        Expect(Membership, manager.id, {"role": manager.role}),
        Save(_answered(tools, request, RequestState.ACCEPTED, answer.by)),
        *await entered(tools, account, user, answer.role, by=answer.by),
        _noted(answer.by, "request_accepted", user_id),
        *_welcome(tools, user, answer),
        *(await _tell_accepted(tools, user_id, answer) if alone else []),
    )


def _welcome(tools: Tools, user: User, answer: Answer) -> list[Write]:
    """What the new member is told: first that they are in, then the terms."""
    told: list[Write] = [
        tools.notice(
            NoticeKind.MEMBER_ACCEPTED,
            answer.account_id,
            to=user.id,
            detail=answer.role.value,
        )
    ]
    if user.consent_version != tools.choices.consent.version:
        told.append(tools.notice(NoticeKind.TERMS, str(user.id), to=user.id))
    return told


async def _tell_accepted(tools: Tools, user_id: UserId, answer: Answer) -> list[Write]:
    who, name = by_user(user_id), answer.account_id
    said = (
        f"{who} asked to join and is a viewer of {name} now."
        if answer.role is Role.VIEWER
        else f"{who} asked to join and is an approver of {name} now."
    )
    return await tell_admins(tools, [name], by=answer.by, sentence=said)


async def decline(tools: Tools, user_id: UserId, *, by: UserId) -> None:
    """Do not let somebody in who asked; they are told politely, this once.

    Raises:
        Refused: it was answered already, or whoever answers administers nothing.
    """
    await again(lambda: _decline(tools, user_id, by=by))


async def _decline(tools: Tools, user_id: UserId, *, by: UserId) -> None:
    if not is_manager(await tools.members(user_id=by)):
        message = "Only admins can do that. Ask one of them."
        raise Refused(message)
    request = await _need_waiting(tools, user_id)
    polite = "The admins did not accept your request. You can ask again in a week."
    said = f"The request of {by_user(user_id)} was declined."
    await tools.journal.commit(
        Save(_answered(tools, request, RequestState.DECLINED, by)),
        _noted(by, "request_declined", user_id),
        tools.notice(NoticeKind.MEMBERSHIP, "", to=user_id, detail=polite),
        *await tell_admins(tools, None, by=by, sentence=said),
    )


async def settled(tools: Tools, user_id: UserId, *, by: UserId | None) -> list[Write]:
    """A request that an invite made needless is accepted with it."""
    request = await tools.journal.get(JoinRequest, user_id)
    if request is None or request.state is not RequestState.WAITING:
        return []
    return [Save(_answered(tools, request, RequestState.ACCEPTED, by))]


def _answered(
    tools: Tools, request: JoinRequest, state: RequestState, by: UserId | None
) -> JoinRequest:
    now = tools.clock.now()
    return replace(request, state=state, decided_by=by, decided_at=now)


def _noted(by: UserId, action: str, user_id: UserId) -> Record:
    return Record(actor=by_user(by), action=action, subject=by_user(user_id))


async def _need_manager(tools: Tools, account_id: AccountId, by: UserId) -> Membership:
    mine = await tools.members(user_id=by, account_id=account_id)
    if not mine or not may_manage(mine[0]):
        message = f"You do not administer {account_id}. Ask one of its admins."
        raise Refused(message)
    return mine[0]


async def _need_waiting(tools: Tools, user_id: UserId) -> JoinRequest:
    request = await tools.journal.get(JoinRequest, user_id)
    if request is None:
        message = "There is no such request; /users shows those that wait."
        raise Refused(message)
    if request.state is not RequestState.WAITING:
        decider = request.decided_by
        user = await tools.journal.get(User, decider) if decider else None
        name = user.name if user else "an invite"
        message = f"That request was answered already, by {name}."
        raise Refused(message)
    return request

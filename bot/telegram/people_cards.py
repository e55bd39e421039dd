"""What /users shows, read at one go: members of an account, requests, one member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.access import is_taken
from core.accounts import Account
from core.desk.commanding import managed
from core.desk.followers import count_followers
from core.desk.requesting import waiting_requests
from core.desk.tools import Tools
from core.ids import AccountId, UserId
from core.users import JoinRequest, Membership, RequestState, Role, Subscription, User

A_PAGE = 8
"""Members in one message, each with a button."""
MOST_REQUESTS = 5
"""Requests in one message, each with a button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCard:
    """One person's part in one account."""

    membership: Membership
    user: User
    account: Account
    inviter: User | None
    """Who let them in; ``None`` at the command line or by the configuration."""
    invited: int
    """People here now whom they let in, on whichever account."""
    hears: bool
    """Whether any provider's signals reach them."""
    myself: bool
    """Whether the reader looks at their own card."""
    taken: bool
    """Whether somebody else decides on this own account."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Those who ask to join."""

    users: Sequence[User]
    """The first of them."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account in the overview."""

    account: Account
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Accounts to choose from, or members: of one account, or one person's."""

    accounts: Sequence[AccountLine]
    """All that the reader administers."""
    account: Account | None
    """Whose members are shown."""
    members: Sequence[MemberCard]
    count: int
    """Members in all, of whom a page is shown."""
    page: int
    requests: Requests
    followers: int = 0
    """People who follow on paper, each on an account of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCard:
    """Somebody who asks to join, and where the reader may let them in."""

    user: User
    asked_at: datetime
    accounts: Sequence[tuple[Account, bool]]
    """With each, whether it takes an approver."""
    now: datetime


async def people_page(
    tools: Tools, reader: UserId, wanted: str = "", page: int = 0
) -> PeoplePage | None:
    """Members of the account of that name, or of the person of that id.

    Without ``wanted`` the accounts; where there is only one, its members. ``None``
    when the reader administers nothing of what is wanted.
    """
    mine = await managed(tools, reader)
    if not wanted and len(mine) == 1:
        wanted = mine[0].id
    named = [each for each in mine if each.id.lower() == wanted.lower()]
    rows = await _rows(tools, mine, named, wanted)
    if not mine or (wanted and not named and not rows):
        return None
    shown = rows[page * A_PAGE : (page + 1) * A_PAGE]
    return PeoplePage(
        accounts=[await _line(tools, each) for each in mine],
        account=named[0] if named else None,
        members=[await member_card(tools, reader, each) for each in shown],
        count=len(rows),
        page=page,
        requests=await _requests(tools),
        followers=await count_followers(tools),
    )


async def _rows(
    tools: Tools, mine: Sequence[Account], named: Sequence[Account], wanted: str
) -> list[Membership]:
    """Those who may most come first."""
    if named:
        rows = await tools.members(account_id=named[0].id)
    elif wanted.isdecimal():
        ours = frozenset(each.id for each in mine)
        rows = await tools.members(user_id=UserId(int(wanted)), account_id=ours)
    else:
        rows = []
    return sorted(rows, key=lambda each: (-each.role.rank, each.user_id))


async def _line(tools: Tools, account: Account) -> AccountLine:
    members = await tools.members(account_id=account.id)
    return AccountLine(account=account, members=len(members))


async def _requests(tools: Tools) -> Requests:
    return Requests(
        users=await waiting_requests(tools, limit=MOST_REQUESTS),
        count=await tools.journal.count(JoinRequest, state=RequestState.WAITING),
    )


async def member_card(
    tools: Tools, reader: UserId, membership: Membership
) -> MemberCard:
    """One member as an admin sees them."""
    journal = tools.journal
    (user,) = await journal.find(User, id=membership.user_id)
    (account,) = await journal.find(Account, id=membership.account_id)
    let_in = await journal.find(Membership, invited_by=user.id)
    inviter = membership.invited_by
    choices = await journal.find(Subscription, user_id=user.id)
    return MemberCard(
        membership=membership,
        user=user,
        account=account,
        inviter=await journal.get(User, inviter) if inviter else None,
        invited=len({each.user_id for each in let_in}),
        hears=any(each.enabled for each in choices),
        myself=user.id == reader,
        taken=is_taken(account, Role.APPROVER, user.id),
        now=tools.clock.now(),
    )


async def request_card(
    tools: Tools, reader: UserId, user_id: UserId
) -> RequestCard | None:
    """A request that waits, as this admin may answer it; ``None`` for any other."""
    request = await tools.journal.get(JoinRequest, user_id)
    user = await tools.journal.get(User, user_id)
    if request is None or user is None or request.state is not RequestState.WAITING:
        return None
    mine = await managed(tools, reader)
    return RequestCard(
        user=user,
        asked_at=request.asked_at,
        accounts=[(each, not is_taken(each, Role.APPROVER, user_id)) for each in mine],
        now=tools.clock.now(),
    )


async def card_of(
    tools: Tools, reader: UserId, membership_id: str
) -> MemberCard | None:
    """The member's card, for whoever administers the account; else ``None``."""
    membership = await tools.journal.get(Membership, membership_id)
    names: set[AccountId] = {each.id for each in await managed(tools, reader)}
    if membership is None or membership.account_id not in names:
        return None
    return await member_card(tools, reader, membership)

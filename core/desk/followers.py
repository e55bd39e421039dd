"""Following on paper: a viewer has an account of their own, and nothing at risk.

Everything works there as on any own account: prompts, orders, the guard, the history.
It is the follower's and nobody else's: no owner or admin is a member of it, and what
concerns every account of the instance does not concern it.

    follow      an account is made, or the one of before is taken up again
    unfollow    it is disabled; what is open is closed; then the membership ends
    attend      the same for whoever is a member of nothing else any more

One person has one such account for good: its rows and its money stay when they stop,
and are there again when they come back.
"""

import json
from dataclasses import replace
from decimal import Decimal
from functools import partial

from core.accounts import (
    FIRED,
    Account,
    AccountKind,
    AccountSource,
    BrokerKind,
    GuardPhase,
    GuardState,
)
from core.broker import TradeMode
from core.desk.accounts import AccountPlan, account_of, held_by, opened
from core.desk.commanding import close_account, stop_entries
from core.desk.entering import entered
from core.desk.parting import asked_no_more
from core.desk.prompting import market_source
from core.desk.telling import about_account
from core.desk.tools import Tools, again, by_user
from core.errors import BrokerUnavailable, Refused
from core.guard import rearmed
from core.ids import AccountId, UserId
from core.orders import LIVE, Order
from core.ports import Delete, Record, Save, Write
from core.trades import ON_THE_BOOK, Trade
from core.users import Membership, Role, User

OPENING_BALANCE = Decimal(10_000)
"""Of a new paper account, in the currency of the account whose market it follows."""
FOR_VIEWERS = (
    "Following on paper is for viewers: who decides on an account gets its prompts "
    "already."
)
REARMED = "Followed again."


async def may_follow(tools: Tools, user_id: UserId) -> bool:
    """Whether this person looks on somewhere."""
    mine = await tools.members(user_id=user_id)
    return any(each.role is Role.VIEWER for each in mine)


async def paper_account(tools: Tools, user_id: UserId) -> Account | None:
    """The person's paper account, disabled if they follow no more."""
    found = await tools.journal.find(
        Account, person_id=user_id, source=AccountSource.FOLLOW
    )
    return found[0] if found else None


async def follow(tools: Tools, user_id: UserId) -> AccountId:
    """The person follows on paper from now on; returns the account's name.

    Raises:
        Refused: they follow already, or cannot now, with why and what to do.
    """
    return await again(lambda: _follow(tools, user_id))


async def _follow(tools: Tools, user_id: UserId) -> AccountId:
    mine = await paper_account(tools, user_id)
    if mine is not None and mine.enabled:
        message = f"You follow on paper already, on {mine.id}. /positions shows it."
        raise Refused(message)
    user = await tools.journal.get(User, user_id)
    if user is None or not await may_follow(tools, user_id):
        raise Refused(FOR_VIEWERS)
    if mine is None:
        account, writes = await _made(tools, user)
    else:
        account, writes = mine, await _resumed(tools, mine, user)
    record = Record(
        actor=by_user(user_id), action="followed", subject=about_account(account.id)
    )
    await tools.journal.commit(
        *writes,
        *await entered(tools, account, user, Role.APPROVER, by=None),
        record,
    )
    return account.id


async def _made(tools: Tools, user: User) -> tuple[Account, list[Write]]:
    source = await market_source(tools)
    market = await tools.journal.get(Account, source) if source else None
    if market is None:
        message = "There is no market here to follow yet. Try again later."
        raise Refused(message)
    settings = {
        "broker": BrokerKind.PAPER,
        "currency": market.currency,
        "balance": str(OPENING_BALANCE),
    }
    plan = AccountPlan(
        id=AccountId(f"paper-{tools.ids.identity()[-6:].lower()}"),
        broker=BrokerKind.PAPER,
        kind=AccountKind.OWN,
        mode=TradeMode.PAPER,
        currency=market.currency,
        source=AccountSource.FOLLOW,
        settings=json.dumps(settings),
    )
    account = account_of(tools, plan, person_id=user.id)
    return account, opened(account)


async def _resumed(tools: Tools, account: Account, user: User) -> list[Write]:
    """The account of before; a guard that has fired is armed by the one it guards."""
    guard = await tools.journal.get(GuardState, account.id)
    fired = guard if guard is not None and guard.phase in FIRED else None
    busy = fired is not None and fired.phase not in _AT_REST
    if busy or await tools.journal.count(Membership, account_id=account.id):
        message = f"{account.id} is still being closed. Try again in a minute."
        raise Refused(message)
    enabled = Save(replace(account, enabled=True))
    if fired is None:
        return [enabled]
    now = tools.clock.now()
    return [enabled, Save(rearmed(fired, by=user.id, reason=REARMED, now=now))]


_AT_REST = frozenset({GuardPhase.FLAT, GuardPhase.LOCKED})
"""Fired, and nothing is being closed any more."""


async def unfollow(tools: Tools, user_id: UserId) -> bool:
    """The person follows no more. ``False``: something is still being closed.

    Raises:
        Refused: they do not follow.
    """
    account = await paper_account(tools, user_id)
    if account is None or not account.enabled:
        message = "You do not follow on paper. /follow begins it."
        raise Refused(message)
    await again(partial(_stop, tools, account.id))
    return await _wind_up(tools, account)


async def _stop(tools: Tools, account_id: AccountId) -> None:
    """Nothing is asked on it any more."""
    account = await tools.journal.get(Account, account_id)
    if account is None or account.person_id is None or not account.enabled:
        return
    said = "Following on paper has ended; nothing was ordered."
    await tools.journal.commit(
        Save(replace(account, enabled=False)),
        *await asked_no_more(tools, account.person_id, account_id, said),
        Record(
            actor=by_user(account.person_id),
            action="unfollowed",
            subject=about_account(account_id),
        ),
    )


async def _wind_up(tools: Tools, account: Account) -> bool:
    """Close what is open; once nothing is, the membership ends. Whether it has."""
    if account.person_id is not None and await held_by(tools, account.id):
        await stop_entries(tools, account, account.person_id)
        try:
            await close_account(tools, account, account.person_id)
        except BrokerUnavailable:
            return False
    if await held_by(tools, account.id):
        return False
    for membership in await tools.journal.find(Membership, account_id=account.id):
        await tools.journal.commit(Delete(membership))
    return True


async def attend(tools: Tools) -> bool:
    """End what is to end; whether nothing is left to do.

    Whoever is a member of nothing else follows no more: they left, were removed, or
    their membership has lapsed.
    """
    papers = await tools.journal.find(Account, source=AccountSource.FOLLOW)
    if not papers:
        return True
    names = {each.id for each in papers}
    members = await tools.members()
    here = {each.user_id for each in members if each.account_id not in names}
    inside = {each.account_id for each in members}
    done = True
    for each in papers:
        if each.enabled and (each.person_id not in here or each.id not in inside):
            await again(partial(_stop, tools, each.id))
            done = await _wind_up(tools, each) and done
    ended = {each.id: each for each in papers if not each.enabled}
    for name in await _unfinished(tools, frozenset(ended)):
        done = await _wind_up(tools, ended[name]) and done
    return done


async def _unfinished(
    tools: Tools, ended: frozenset[AccountId]
) -> frozenset[AccountId]:
    """Those of these accounts on which something is still to be closed or ended."""
    journal = tools.journal
    members = await journal.find(Membership, account_id=ended)
    trades = await journal.find(Trade, account_id=ended, state=ON_THE_BOOK)
    orders = await journal.find(Order, account_id=ended, state=LIVE)
    return frozenset(
        {each.account_id for each in members}
        | {each.account_id for each in trades}
        | {each.account_id for each in orders}
    )


async def count_followers(tools: Tools) -> int:
    """How many follow on paper now."""
    return await tools.journal.count(Account, source=AccountSource.FOLLOW, enabled=True)

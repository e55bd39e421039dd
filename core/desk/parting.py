"""How a membership ends, and what is said of it.

    left      the member sent /stop
    removed   an admin, or the command line
    lapsed    the date that was set has come

What the member was asked is over, and an own account has no person any more. What is
open there stays open, under the guard, and is named to whoever goes. Why it ended is
kept by the audit, for a later tap (``absence``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.access import may_decide
from core.accounts import Account, AccountKind, AccountSource
from core.desk.absence import Parting
from core.desk.authorising import moved
from core.desk.entering import freed
from core.desk.telling import admins_of
from core.desk.tools import Tools, again, by_user
from core.ids import AccountId, UserId
from core.messages import NoticeKind, Priority, Topic
from core.orders import LIVE, Order, OrderKind
from core.ports import Delete, Record, Save, Write
from core.prompts import UNDECIDED, Prompt, PromptEvent, PromptState
from core.standing import StandingRule
from core.trades import ON_THE_BOOK, Trade
from core.users import Membership, Role, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What /stop has done."""

    accounts: tuple[AccountId, ...]
    """Left behind."""
    owned: tuple[AccountId, ...]
    """Those of an owner, who stays one."""
    remains: tuple[str, ...]
    """What stays open, a sentence for each account that has something."""


async def leave(tools: Tools, user_id: UserId) -> Left:
    """Leave every account that can be left, and get no more signals."""
    left, owned, remains = [], [], []
    for membership in await tools.journal.find(Membership, user_id=user_id):
        if membership.role is Role.OWNER:
            owned.append(membership.account_id)
        else:
            left.append(membership.account_id)
            remains.append(await _leave(tools, membership))
    await again(lambda: _hush(tools, user_id, owned))
    return Left(
        accounts=tuple(left),
        owned=tuple(owned),
        remains=tuple(said for said in remains if said),
    )


async def _leave(tools: Tools, membership: Membership) -> str:
    async def decide() -> str:
        present = await tools.journal.get(Membership, membership.id)
        if present is None:
            return ""
        remains = await remaining(tools, present)
        who = by_user(present.user_id)
        await tools.journal.commit(
            *await parted(tools, present, Parting.LEFT, by=present.user_id),
            *await tell_of_member(
                tools, present, f"{who} has left {present.account_id}."
            ),
        )
        return remains

    return await again(decide)


async def _hush(tools: Tools, user_id: UserId, owned: Iterable[AccountId]) -> None:
    """No subscription is left, and nothing asks an owner any more."""
    choices = await tools.journal.find(Subscription, user_id=user_id)
    writes: list[Write] = [Delete(each) for each in choices]
    for account_id in owned:
        said = "You sent /stop before you decided; nothing was ordered."
        writes += await asked_no_more(tools, user_id, account_id, said)
    if writes:
        record = Record(
            actor=by_user(user_id), action="signals_off", subject=by_user(user_id)
        )
        await tools.journal.commit(*writes, record)


async def parted(
    tools: Tools, membership: Membership, why: Parting, *, by: UserId | None
) -> list[Write]:
    """The membership ends, and all that hung on it."""
    user_id, account_id = membership.user_id, membership.account_id
    account = await tools.journal.get(Account, account_id)
    said = f"You are no member of {account_id} any more; nothing was ordered."
    record = Record(
        actor="clock" if why is Parting.LAPSED else by_user(by),
        action=why.value,
        subject=by_user(user_id),
        detail={"account": account_id, "role": membership.role},
    )
    return [
        Delete(membership),
        *(freed(account, user_id) if account else []),
        *await asked_no_more(tools, user_id, account_id, said),
        record,
    ]


async def asked_no_more(
    tools: Tools, user_id: UserId, account_id: AccountId, why: str
) -> list[Write]:
    """What the person was asked on the account is over, and the messages say why.

    Nothing is ordered in their name any more either: they may come back, and then
    grant anew what they want.
    """
    writes: list[Write] = await _rules_over(tools, user_id, account_id)
    for prompt in await tools.journal.find(
        Prompt, user_id=user_id, account_id=account_id, state=UNDECIDED
    ):
        gone = replace(moved(prompt, PromptEvent.REFUSE), reason=why)
        writes += [Save(gone), tools.item(Topic.PROMPT, gone.id, Priority.EDIT)]
        if prompt.state is PromptState.AWAITING_SECOND:
            writes += await _others_redrawn(tools, prompt)
    return writes


async def _others_redrawn(tools: Tools, first: Prompt) -> list[Write]:
    """Those who could have been the second read that nobody has approved."""
    others = await tools.journal.find(
        Prompt,
        signal_id=first.signal_id,
        account_id=first.account_id,
        state=UNDECIDED,
    )
    return [
        tools.item(Topic.PROMPT, each.id, Priority.EDIT)
        for each in others
        if each.id != first.id
    ]


async def _rules_over(
    tools: Tools, user_id: UserId, account_id: AccountId
) -> list[Write]:
    now = tools.clock.now()
    rules = await tools.journal.find(
        StandingRule, user_id=user_id, account_id=account_id, revoked_at=None
    )
    return [
        write
        for rule in rules
        for write in (
            Save(replace(rule, revoked_at=now)),
            Record(
                actor=by_user(user_id),
                action="rule_revoked",
                subject=f"rule:{rule.id}",
                detail={"account": account_id, "provider": rule.provider},
            ),
        )
    ]


async def tell_of_member(
    tools: Tools, membership: Membership, sentence: str
) -> list[Write]:
    """Tell the admins of the account what nobody of them has done."""
    admins = await admins_of(tools, frozenset({membership.account_id}))
    return [
        tools.notice(
            NoticeKind.MEMBERSHIP, membership.account_id, to=admin, detail=sentence
        )
        for admin in admins
        if admin != membership.user_id
    ]


async def remaining(tools: Tools, membership: Membership) -> str:
    """What stays open on the person's own account, and what to do; mostly nothing."""
    account = await tools.journal.get(Account, membership.account_id)
    if account is None or account.kind is not AccountKind.OWN:
        return ""
    if not may_decide(account, membership):
        return ""
    trades = await tools.journal.count(Trade, account_id=account.id, state=ON_THE_BOOK)
    orders = await tools.journal.count(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=LIVE
    )
    if not trades and not orders:
        return ""
    if account.source is AccountSource.FOLLOW:
        return f"What is open on {account.id} is closed: it is paper."
    return (
        f"Open trades on {account.id}: {trades}, orders under way: {orders}. They stay "
        "as they are, with their stops and under the guard. To close them, ask an "
        "admin, or come back and send /closeall."
    )

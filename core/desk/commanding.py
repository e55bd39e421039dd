"""What admins and owners order, each order audited and told to whom it concerns."""

from dataclasses import dataclass
from datetime import timedelta

from core.access import may_decide, may_manage
from core.accounts import (
    FIRED,
    OF_THE_HOUSE,
    Account,
    AccountKind,
    GuardPhase,
    GuardState,
)
from core.desk.aiming import Aimed, Will, close_positions, withdraw_pendings
from core.desk.joining import hash_token
from core.desk.recording import withdrawn
from core.desk.telling import tell_admins
from core.desk.tools import Tools, again, by_user
from core.errors import BrokerUnavailable, Conflict, Refused
from core.guard import fire_by_hand, rearmed
from core.ids import AccountId, UserId
from core.messages import NoticeKind
from core.orders import IN_DOUBT, Cause, Order, OrderKind, OrderState
from core.ports import Insert, Record, Save, Write
from core.trades import ON_THE_BOOK, Trade
from core.users import Invite, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteWish:
    """An invite as somebody wants it."""

    role: Role
    account_id: AccountId
    uses: int
    lasts: timedelta


async def invite(tools: Tools, wish: InviteWish, *, by: UserId | None) -> str:
    """Make an invite and return its token, which is shown this once.

    Raises:
        Refused: there is no such account, or the role is an owner's.
    """
    if wish.role is Role.OWNER:
        message = "Owners are named in the configuration; invite an admin instead."
        raise Refused(message)
    known = await tools.journal.find(Account, source=OF_THE_HOUSE)
    if wish.account_id not in {each.id for each in known}:
        names = ", ".join(each.id for each in known)
        message = f"There is no account {wish.account_id}; known: {names}."
        raise Refused(message)
    token = tools.ids.nonce()
    now = tools.clock.now()
    row = Invite(
        id=tools.ids.identity(),
        token_hash=hash_token(token),
        role=wish.role,
        account_id=wish.account_id,
        uses=wish.uses,
        uses_left=wish.uses,
        created_by=by,
        expires_at=now + wish.lasts,
        created_at=now,
    )
    record = Record(
        actor=by_user(by),
        action="invited",
        subject=f"account:{wish.account_id}",
        detail={"role": wish.role, "uses": str(wish.uses)},
    )
    said = f"An invite to {row.account_id} was made: {wish.role}, uses {wish.uses}."
    told = await tell_admins(tools, [row.account_id], by=by, sentence=said)
    await tools.journal.commit(Insert(row), record, *told)
    return token


async def managed(tools: Tools, user_id: UserId) -> list[Account]:
    """The accounts that this person administers."""
    found = []
    for membership in await tools.members(user_id=user_id):
        account = await tools.journal.get(Account, membership.account_id)
        if account is not None and may_manage(membership):
            found.append(account)
    return found


async def panic(tools: Tools, account_id: AccountId, *, by: UserId) -> bool:
    """Fire the guard by hand: flatten and stay out. ``False``: it had fired."""
    return await again(lambda: _panic(tools, account_id, by=by))


async def _panic(tools: Tools, account_id: AccountId, *, by: UserId) -> bool:
    guard = await tools.journal.get(GuardState, account_id)
    if guard is None or guard.phase in FIRED:
        return False
    fired = fire_by_hand(guard, now=tools.clock.now())
    await tools.journal.commit(
        Save(fired), *await _tell_all(tools, NoticeKind.GUARD_FIRED, account_id, by=by)
    )
    return True


async def _tell_all(
    tools: Tools, kind: NoticeKind, account_id: AccountId, *, by: UserId
) -> list[Write]:
    """Tell everybody, and who did it; the audit knows it too."""
    who = by_user(by)
    told: list[Write] = [
        tools.notice(kind, account_id, to=member.user_id, detail=who)
        for member in await tools.concerned(account_id)
    ]
    record = Record(actor=who, action=kind.value, subject=f"account:{account_id}")
    return [*told, record]


async def rearm(
    tools: Tools, account_id: AccountId, *, by: UserId, reason: str
) -> None:
    """Arm a fired guard again; the present equity becomes the new peak.

    Raises:
        Refused: no reason, the guard is not locked, or the account is not seen.
    """
    if not reason.strip():
        message = "Say why: /rearm ACCOUNT REASON."
        raise Refused(message)
    await again(lambda: _rearm(tools, account_id, by=by, reason=reason.strip()))


async def _rearm(
    tools: Tools, account_id: AccountId, *, by: UserId, reason: str
) -> None:
    guard = await tools.journal.get(GuardState, account_id)
    if guard is None or guard.phase not in FIRED:
        message = (
            f"The guard of {account_id} has not fired; there is nothing to re-arm."
        )
        raise Refused(message)
    if guard.phase not in (GuardPhase.FLAT, GuardPhase.LOCKED):
        message = (
            f"{account_id} is still being closed ({guard.phase}). Re-arm it when it "
            "is flat; /guard shows where it stands."
        )
        raise Refused(message)
    if guard.blind_since is not None:
        message = (
            f"{account_id} cannot be seen now, so its present equity is not known. "
            "Re-arm it when it is seen again."
        )
        raise Refused(message)
    armed = rearmed(guard, by=by, reason=reason, now=tools.clock.now())
    detail = {"reason": reason, "old_peak": str(guard.peak), "peak": str(armed.peak)}
    told = await _tell_all(tools, NoticeKind.GUARD_REARMED, account_id, by=by)
    record = Record(
        actor=by_user(by),
        action="rearm_reason",
        subject=f"account:{account_id}",
        detail=detail,
    )
    await tools.journal.commit(Save(armed), *told, record)


async def close_all(tools: Tools, user_id: UserId) -> Aimed:
    """Order the close of everything we opened on the person's own accounts.

    Entries that have not left yet never do; those whose outcome nobody knows are
    counted, for they may become a position yet.

    Raises:
        Refused: an account cannot be reached; what could be ordered was.
    """
    aimed, blind = Aimed(), []
    for account in await own_accounts(tools, user_id):
        aimed += await stop_entries(tools, account, user_id)
        try:
            aimed += await close_account(tools, account, user_id)
        except BrokerUnavailable:
            blind.append(account.id)
    if blind:
        message = (
            f"{', '.join(blind)} cannot be reached now; {aimed.ordered} closes were "
            "ordered elsewhere. Try again, or close by hand in the terminal."
        )
        raise Refused(message)
    return aimed


async def stop_entries(tools: Tools, account: Account, user_id: UserId) -> Aimed:
    """End the entries that wait to be sent, each unless it leaves just now."""
    queued = await tools.journal.find(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=OrderState.QUEUED
    )
    ended = [await _withdraw(tools, order, user_id) for order in queued]
    doubtful = await tools.journal.count(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=IN_DOUBT
    )
    return Aimed(withdrawn=sum(ended), in_doubt=doubtful)


async def _withdraw(tools: Tools, order: Order, user_id: UserId) -> bool:
    reason = "Withdrawn with /closeall before it was sent."
    record = Record(
        actor=by_user(user_id),
        action=f"order_{OrderState.CANCELLED}",
        subject=f"order:{order.id}",
        detail={"reason": reason},
    )
    try:
        await tools.journal.commit(*withdrawn(tools, order, reason), record)
    except Conflict:  # it left, or ended, since we looked
        return False
    return True


async def own_accounts(tools: Tools, user_id: UserId) -> list[Account]:
    """The own accounts on which this person decides."""
    found = []
    for membership in await tools.members(user_id=user_id):
        account = await tools.journal.get(Account, membership.account_id)
        if (
            account is not None
            and account.kind is AccountKind.OWN
            and may_decide(account, membership)
        ):
            found.append(account)
    return found


async def close_account(tools: Tools, account: Account, user_id: UserId) -> Aimed:
    """Order the close of all that we opened on an account.

    Raises:
        BrokerUnavailable: it cannot be reached.
    """
    broker = tools.brokers.get(account.id)
    if broker is None:
        message = f"{account.id} is not served here"
        raise BrokerUnavailable(message)
    snapshot = await broker.get_snapshot(since=tools.clock.now())
    trades = await tools.journal.find(Trade, account_id=account.id, state=ON_THE_BOOK)
    ours = {trade.position_id for trade in trades}
    placed = {
        order.ticket
        for order in await tools.journal.find(
            Order, account_id=account.id, state=OrderState.PLACED
        )
    }
    will = Will(cause=Cause.CLOSE_ALL, user_id=user_id)
    held = [each for each in snapshot.positions if each.identifier in ours]
    waiting = [each for each in snapshot.orders if each.ticket in placed]
    closes = await close_positions(tools, account, held, will)
    return closes + await withdraw_pendings(tools, account, waiting, will)

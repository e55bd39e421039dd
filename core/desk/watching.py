"""One look at one account: reconcile, judge, act.

The pass reads one snapshot and passes it on. The schedule holds no state: a pass
may come early, late or twice. Without a snapshot it concludes nothing but that it
is blind; a fired guard goes on closing whatever it last knew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.accounts import (
    FIRED,
    Account,
    EquityPoint,
    GuardPhase,
    GuardScope,
    GuardState,
)
from core.broker import Snapshot
from core.desk.aiming import withdraw_strays
from core.desk.closing import Scope, drive, scope_of
from core.desk.executing import OVERDUE, give_up
from core.desk.reconciling import orders_by_magic, reconcile
from core.desk.resolving import resolve
from core.desk.tools import Tools, again
from core.errors import BrokerUnavailable, Conflict
from core.guard import Notice, Verdict, judge, newborn, reading_of
from core.ids import AccountId
from core.orders import Order, OrderKind, OrderState
from core.ports import Insert, Record, Save, Write
from core.trades import ON_THE_BOOK, Trade

HISTORY = timedelta(days=1)
"""How far before the oldest open row the broker's history is read."""
CURVE_STEP = timedelta(seconds=60)
"""Distance of the points of the equity curve."""
AT_BROKER = frozenset({OrderState.PLACED, OrderState.UNKNOWN, OrderState.PARKED})
"""Orders whose outcome may still turn up in the broker's history."""
SILENCES = 2
"""Questions that the broker may leave unanswered in one pass: each takes time, and the
guard's next look waits for the end of this one. The rest are not asked."""
SOON = timedelta(seconds=1)
"""When to look again while something is in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a pass saw, for whoever schedules the next."""

    guard: GuardState
    hurry: bool
    """Whether the next look should come within ``SOON``."""


async def watch(tools: Tools, account_id: AccountId, *, deep: bool = True) -> Looked:
    """One pass over an account; a ``deep`` one, or after the guard fired, reconciles.

    Raises:
        LookupError: the account is not in the journal.
        LeaseLost: another process serves the account now.
    """
    account = await tools.journal.get(Account, account_id)
    if account is None:
        message = f"account {account_id} is not in the journal"
        raise LookupError(message)
    snapshot = await _snapshot(tools, account_id)
    guard = await again(lambda: _judge(tools, account_id, snapshot))
    if guard.phase in FIRED:
        await _close(tools, account, guard, snapshot)
    if snapshot is not None and (deep or guard.phase in FIRED):
        book = await reconcile(tools, account_id, snapshot)
        await withdraw_strays(tools, account, snapshot, book.by_magic)
    seen = guard.blind_since is None
    unsettled = await _resolve_all(tools, account_id, seen=seen)
    if seen:
        await _draw_curve(tools, guard)
    return Looked(guard=guard, hurry=unsettled or _restless(guard))


def _restless(guard: GuardState) -> bool:
    """Whether a breach waits for its proof, or a fired guard is not done yet."""
    if guard.phase in FIRED:
        return guard.phase is not GuardPhase.LOCKED
    return guard.breach_since is not None


async def lose_sight(tools: Tools, account_id: AccountId) -> GuardState:
    """A pass that failed saw nothing: whatever the cause, the guard is blind."""
    return await again(lambda: _judge(tools, account_id, None))


async def _snapshot(tools: Tools, account_id: AccountId) -> Snapshot | None:
    since = await _since(tools, account_id)
    try:
        return await tools.brokers[account_id].get_snapshot(since=since)
    except BrokerUnavailable:
        return None


async def _since(tools: Tools, account_id: AccountId) -> datetime:
    """From when on history is needed: before the oldest row that is not over."""
    moments = [tools.clock.now()]
    moments += [
        trade.opened_at
        for trade in await tools.journal.find(
            Trade, account_id=account_id, state=ON_THE_BOOK
        )
    ]
    moments += [
        order.created_at
        for order in await tools.journal.find(
            Order, account_id=account_id, kind=OrderKind.OPEN, state=AT_BROKER
        )
    ]
    guard = await tools.journal.get(GuardState, account_id)
    if guard is not None and guard.measured_at is not None:
        moments.append(guard.measured_at)
    return min(moments) - HISTORY


async def _judge(
    tools: Tools, account_id: AccountId, snapshot: Snapshot | None
) -> GuardState:
    """The guard's verdict on this look, committed before anything is done."""
    now = tools.clock.now()
    before = await tools.journal.get(GuardState, account_id)
    if before is None:
        before = newborn(account_id, now)
        await tools.journal.commit(Insert(before))
    verdict = judge(
        before,
        None if snapshot is None else reading_of(snapshot),
        rules=tools.choices.rules[account_id],
        now=now,
        max_age=tools.choices.stale_after,
    )
    if verdict.state == before:
        return before
    await tools.journal.commit(
        *tools.fence(account_id),
        Save(verdict.state),
        *await _told(tools, account_id, verdict),
    )
    return replace(verdict.state, version=before.version + 1)


async def _told(
    tools: Tools, account_id: AccountId, verdict: Verdict
) -> Sequence[Write]:
    """The notices of a verdict to everybody concerned, and its audit entries."""
    writes: list[Write] = []
    members = await tools.concerned(account_id) if verdict.notices else []
    for notice in verdict.notices:
        writes += [
            tools.notice(
                notice.kind, account_id, to=member.user_id, detail=notice.detail
            )
            for member in members
        ]
        writes.append(_guard_record(account_id, notice, verdict.state))
    return writes


def _guard_record(account_id: AccountId, notice: Notice, state: GuardState) -> Record:
    return Record(
        actor="guard",
        action=notice.kind.value,
        subject=f"account:{account_id}",
        detail={
            "equity": str(state.equity),
            "peak": str(state.peak),
            "reason": state.reason,
        },
    )


async def _resolve_all(tools: Tools, account_id: AccountId, *, seen: bool) -> bool:
    """Look for every order in doubt; whether there is any."""
    try:
        await give_up(tools, account_id, sent_before=tools.clock.now() - OVERDUE)
    except Conflict:  # its answer came after all
        return True
    unknown, parked = [
        await tools.journal.find(Order, account_id=account_id, state=state)
        for state in (OrderState.UNKNOWN, OrderState.PARKED)
    ]
    silences = 0
    for order in (*unknown, *parked):
        ask = silences < SILENCES
        try:
            silences += not await resolve(tools, order, seen=seen, ask=ask)
        except Conflict:
            continue
    return bool(unknown)


async def _close(
    tools: Tools, account: Account, guard: GuardState, snapshot: Snapshot | None
) -> None:
    left: Scope | None = None
    if snapshot is not None:
        scope = tools.choices.rules[account.id].guard_closes
        ours = scope is GuardScope.OURS
        numbers = await orders_by_magic(tools, snapshot) if ours else {}
        left = scope_of(snapshot, scope, numbers)
    try:
        await drive(tools, account, guard, left)
    except Conflict:
        return


async def _draw_curve(tools: Tools, guard: GuardState) -> None:
    """Add a point to the equity curve once in ``CURVE_STEP``, and when it fires."""
    last = await tools.journal.find(
        EquityPoint, account_id=guard.id, order_by="-at", limit=1
    )
    now = tools.clock.now()
    firing = guard.phase is GuardPhase.TRIGGERED
    if last and now - last[0].at < CURVE_STEP and not firing:
        return
    point = EquityPoint(
        id=tools.ids.identity(),
        account_id=guard.id,
        at=now,
        balance=guard.balance,
        equity=guard.equity,
        peak=guard.peak,
    )
    await tools.journal.commit(Insert(point))

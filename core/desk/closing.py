"""A fired guard flattens its account and proves it.

    triggered   undecided prompts end, queued entries are withdrawn
    closing     pending orders are cancelled, every position in scope is closed;
                each pass looks again, so a crash goes on where it was
    flat        two looks in a row found nothing; told, and locked
    locked      anything in scope that turns up is closed again

Closes are orders like any other. A refused one is tried again, each time a
little later, until nothing is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from core.accounts import (
    GUARD_MOVES,
    Account,
    GuardEvent,
    GuardPhase,
    GuardScope,
    GuardState,
)
from core.broker import PendingOrder, Position, Snapshot
from core.desk.recording import picture
from core.desk.tools import Tools, again
from core.errors import Conflict, Duplicate
from core.guard import BY_HAND
from core.ids import OrderId, Ticket, TradeId, UserId
from core.market import OrderType, Side
from core.messages import NoticeKind, Priority, Topic
from core.money import ZERO
from core.moves import follow
from core.orders import (
    LIVE,
    ORDER_MOVES,
    OVER,
    Cause,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
)
from core.ports import Insert, Record, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent
from core.trades import ON_THE_BOOK, Trade

FLAT_READINGS = 2
"""Looks in a row that must find nothing."""
LONGEST_WAIT = timedelta(seconds=60)
TOLD_EVERY = 60
"""Refusals of one close between two notices of it; an hour at ``LONGEST_WAIT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a snapshot a fired guard has to get rid of."""

    positions: tuple[Position, ...]
    orders: tuple[PendingOrder, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not self.positions and not self.orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """Whose will a close carries out."""

    cause: Cause
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """What became of the wish to close or withdraw something."""

    ordered: int = 0
    under_way: int = 0
    """Ordered earlier, without an outcome yet."""

    def __add__(self, other: "Aimed") -> "Aimed":
        return Aimed(
            ordered=self.ordered + other.ordered,
            under_way=self.under_way + other.under_way,
        )


def scope_of(snapshot: Snapshot, scope: GuardScope, ours: Iterable[int]) -> Scope:
    """Positions and pending orders in scope; ``ours`` are our magic numbers."""
    numbers = set(ours)
    every = scope is GuardScope.ALL
    return Scope(
        positions=tuple(
            each for each in snapshot.positions if every or each.magic in numbers
        ),
        orders=tuple(
            each for each in snapshot.orders if every or each.magic in numbers
        ),
    )


async def drive(
    tools: Tools, account: Account, guard: GuardState, left: Scope | None
) -> None:
    """One step towards flat; ``left`` is ``None`` when the broker cannot be seen."""
    if guard.phase is GuardPhase.TRIGGERED:
        guard = await again(lambda: _stop_entries(tools, account))
    if left is None:
        return
    if not left.empty:
        await _something_left(tools, account, guard, left)
    elif not await _in_doubt(tools, account) and guard.blind_since is None:
        await _nothing_left(tools, account, guard)


async def _in_doubt(tools: Tools, account: Account) -> bool:
    """Whether an entry may still become a position, or a fill is not shown yet.

    A trade whose position nothing has shown for so long is no longer waited for.
    """
    journal = tools.journal
    if await journal.count(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=LIVE
    ):
        return True
    now = tools.clock.now()
    trades = await journal.find(Trade, account_id=account.id, state=ON_THE_BOOK)
    return any(now - each.updated_at < tools.choices.park_after for each in trades)


async def _stop_entries(tools: Tools, account: Account) -> GuardState:
    """Nothing undecided or queued may become a position any more.

    Returns the guard as it is then; a prompt that changes meanwhile is read again.
    """
    guard = await tools.journal.get(GuardState, account.id)
    if guard is None or guard.phase is not GuardPhase.TRIGGERED:
        message = f"the guard of {account.id} has moved on"
        raise Conflict(message)
    writes: list[Write] = []
    for prompt in await tools.journal.find(
        Prompt, account_id=account.id, state=UNDECIDED
    ):
        state = follow(PROMPT_MOVES, prompt.state, PromptEvent.EXPIRE)
        gone = replace(prompt, state=state, reason="The guard fired.")
        writes += [Save(gone), tools.item(Topic.PROMPT, gone.id, Priority.EDIT)]
    for order in await tools.journal.find(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=OrderState.QUEUED
    ):
        reason = "The guard fired before the order was sent."
        writes += withdrawn(tools, order, reason)
    closing = replace(
        guard, phase=follow(GUARD_MOVES, guard.phase, GuardEvent.START_CLOSING)
    )
    await tools.journal.commit(*tools.fence(account.id), Save(closing), *writes)
    return replace(closing, version=closing.version + 1)


def withdrawn(tools: Tools, order: Order, reason: str) -> list[Write]:
    """The end of a queued order that has not left and never will."""
    ended = follow(ORDER_MOVES, order.state, OrderEvent.CANCEL)
    return [
        Save(replace(order, state=ended, reason=reason)),
        *picture(tools, order),
    ]


async def _nothing_left(tools: Tools, account: Account, guard: GuardState) -> None:
    """Count the looks that found nothing; enough of them are proof."""
    if guard.phase is GuardPhase.FLAT:
        locked = follow(GUARD_MOVES, guard.phase, GuardEvent.LOCK)
        await tools.journal.commit(
            *tools.fence(account.id), Save(replace(guard, phase=locked))
        )
    elif guard.phase is GuardPhase.CLOSING:
        counted = replace(guard, flat_readings=guard.flat_readings + 1)
        if counted.flat_readings < FLAT_READINGS:
            await tools.journal.commit(*tools.fence(account.id), Save(counted))
        else:
            await _flat(tools, account, counted)


async def _flat(tools: Tools, account: Account, guard: GuardState) -> None:
    flat = replace(
        guard, phase=follow(GUARD_MOVES, guard.phase, GuardEvent.VERIFY_FLAT)
    )
    told = [
        tools.notice(NoticeKind.GUARD_FLAT, account.id, to=member.user_id)
        for member in await tools.concerned(account.id)
    ]
    record = Record(actor="guard", action="guard_flat", subject=f"account:{account.id}")
    await tools.journal.commit(*tools.fence(account.id), Save(flat), *told, record)


async def _something_left(
    tools: Tools, account: Account, guard: GuardState, left: Scope
) -> None:
    phase = guard.phase
    if phase in (GuardPhase.FLAT, GuardPhase.LOCKED):
        phase = follow(GUARD_MOVES, phase, GuardEvent.START_CLOSING)
    if phase is not guard.phase or guard.flat_readings:
        again = replace(guard, phase=phase, flat_readings=0)
        await tools.journal.commit(*tools.fence(account.id), Save(again))
    will = Will(cause=Cause.PANIC if guard.reason == BY_HAND else Cause.GUARD)
    await withdraw_pendings(tools, account, left.orders, will)
    await close_positions(tools, account, left.positions, will)


async def close_positions(
    tools: Tools, account: Account, positions: Iterable[Position], will: Will
) -> Aimed:
    """Order the close of each position that none is on its way for.

    The worst loss first.
    """
    trades = {
        each.position_id: each
        for each in await tools.journal.find(
            Trade, account_id=account.id, state=ON_THE_BOOK
        )
    }
    aimed = Aimed()
    for position in sorted(positions, key=lambda each: each.profit):
        trade = trades.get(position.identifier)
        close = _aimed(tools, account, position.ticket, will)
        close = replace(
            close,
            signal_id=trade.signal_id if trade else None,
            trade_id=TradeId(trade.id) if trade else None,
            instrument=position.instrument,
            side=position.side,
            volume=position.volume,
            price=position.current_price,
            position_id=position.identifier,
        )
        aimed += await _order(tools, close)
    return aimed


async def withdraw_pendings(
    tools: Tools, account: Account, pendings: Iterable[PendingOrder], will: Will
) -> Aimed:
    """Order the withdrawal of each pending order."""
    aimed = Aimed()
    for pending in pendings:
        cancel = replace(
            _aimed(tools, account, pending.ticket, will),
            kind=OrderKind.CANCEL,
            instrument=pending.instrument,
            side=pending.side,
            order_type=pending.order_type,
            volume=pending.volume,
            price=pending.price,
        )
        aimed += await _order(tools, cancel)
    return aimed


async def withdraw_strays(
    tools: Tools, account: Account, snapshot: Snapshot, by_magic: Mapping[int, Order]
) -> None:
    """Withdraw what waits at the broker although its order is known as ended."""
    for pending in snapshot.orders:
        order = by_magic.get(pending.magic)
        if order is not None and order.state in OVER:
            will = Will(cause=order.cause, user_id=order.user_id)
            await withdraw_pendings(tools, account, [pending], will)


def _aimed(tools: Tools, account: Account, ticket: Ticket, will: Will) -> Order:
    """An order aimed at one ticket of the broker."""
    now = tools.clock.now()
    return Order(
        id=OrderId(tools.ids.identity()),
        account_id=account.id,
        signal_id=None,
        prompt_id=None,
        approval_id=None,
        trade_id=None,
        kind=OrderKind.CLOSE,
        attempt=1,
        cause=will.cause,
        user_id=will.user_id,
        state=OrderState.QUEUED,
        reason="",
        instrument="",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        volume=ZERO,
        price=ZERO,
        deviation=ZERO,
        stop_loss=None,
        take_profit=None,
        risk_money=ZERO,
        ticket=ticket,
        position_id=None,
        filled_volume=None,
        filled_price=None,
        expires_at=None,
        created_at=now,
        updated_at=now,
    )


async def _order(tools: Tools, order: Order) -> Aimed:
    """Queue an aimed order unless one is on its way.

    The guard, which asks at every look, waits a while after a refusal; a person
    who asks again is not kept waiting.
    """
    journal = tools.journal
    target = {
        "account_id": order.account_id,
        "kind": order.kind,
        "ticket": order.ticket,
    }
    if await journal.count(Order, state=LIVE, **target):
        return Aimed(under_way=1)
    tries = await journal.count(Order, **target)
    last = await journal.find(Order, order_by="-attempt", limit=1, **target)
    wait = min(timedelta(seconds=2 ** min(tries, 6)), LONGEST_WAIT)
    since = abs(tools.clock.now() - last[0].updated_at) if last else wait
    if since < wait and order.user_id is None:
        return Aimed()
    try:
        await journal.commit(
            *tools.fence(order.account_id),
            Insert(replace(order, attempt=tries + 1)),
            tools.item(Topic.EXECUTE, order.id, Priority.GUARD),
            *await _refusals(tools, last, target),
        )
    except Duplicate:  # somebody else ordered it since we looked
        return Aimed(under_way=1)
    return Aimed(ordered=1)


async def _refusals(
    tools: Tools, last: list[Order], target: Mapping[str, object]
) -> list[Insert]:
    """Tell everybody that a close of the guard's did not go through, now and then.

    At the first refusal, and about once an hour while it lasts.
    """
    if not last or last[0].user_id is not None or last[0].state not in OVER:
        return []
    refused = await tools.journal.count(Order, user_id=None, state=OVER, **target)
    if refused % TOLD_EVERY != 1:
        return []
    return [
        tools.notice(NoticeKind.ORDER_FAILED, last[0].id, to=member.user_id)
        for member in await tools.concerned(last[0].account_id)
    ]

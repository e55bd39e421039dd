"""A fired guard flattens its account and proves it.

    triggered   undecided prompts end, queued entries are withdrawn
    closing     pending orders are cancelled, every position in scope is closed;
                each pass looks again, so a crash goes on where it was
    flat        two looks in a row found nothing; told, and locked
    locked      anything in scope that turns up is closed again

Closes are orders like any other, aimed at a ticket (``aiming``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.accounts import (
    GUARD_MOVES,
    Account,
    GuardEvent,
    GuardPhase,
    GuardScope,
    GuardState,
)
from core.broker import PendingOrder, Position, Snapshot
from core.desk.aiming import Will, close_positions, withdraw_pendings
from core.desk.recording import withdrawn
from core.desk.tools import Tools, again
from core.errors import Conflict
from core.guard import BY_HAND
from core.messages import NoticeKind, Priority, Topic
from core.moves import follow
from core.orders import (
    LIVE,
    Cause,
    Order,
    OrderKind,
    OrderState,
)
from core.ports import Record, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent
from core.trades import ON_THE_BOOK, Trade

FLAT_READINGS = 2
"""Looks in a row that must find nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a snapshot a fired guard has to get rid of."""

    positions: tuple[Position, ...]
    orders: tuple[PendingOrder, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not self.positions and not self.orders


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
    patience = tools.choices.park_after
    return any(abs(now - each.updated_at) < patience for each in trades)


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

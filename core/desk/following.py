"""What follows an earlier signal of the same provider: cancel, update, close.

cancel    withdraws what is undecided or not yet sent; what was sent stands
close     withdraws the same, and asks to leave what was traded
update    asks for other levels

Each is a signal of its own, with an ``external_id`` of its own, and stands for itself:

    new         waits for what it asks to be done
    cancelled   has withdrawn everything that it meant
    rejected    changes nothing: what it means is over, or was sent
"""

from dataclasses import replace

from core.desk.recording import withdrawn
from core.desk.submissions import (
    Submission,
    Verdict,
    entry_of,
    known_already,
    refused,
    signal_of,
)
from core.desk.tools import Tools, again
from core.intake import Draft, IntakeRules, content_hash, target_problems
from core.market import Side
from core.messages import Priority, Topic
from core.moves import follow
from core.orders import Order, OrderKind, OrderState
from core.ports import Insert, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent
from core.signals import Action, Signal, SignalStatus
from core.users import Provider

UNDER_WAY = frozenset({SignalStatus.NEW, SignalStatus.APPROVED, SignalStatus.EXECUTED})


async def follow_up(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft
) -> Submission:
    """Take one validated cancel, update or close; what was answered is durable."""
    return await again(lambda: _follow(tools, rules, provider, draft))


async def _follow(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft
) -> Submission:
    known = await known_already(tools, provider, draft)
    if known is not None:
        return known
    targets = await _targets(tools, provider, draft)
    against = _objection(draft, targets)
    if against is not None:
        return against
    latest = targets[0]
    changes: list[Write] = []
    if draft.action is not Action.UPDATE and not draft.partial:
        for target in targets:
            changes += await _withdrawal(tools, target)
    signal = _signal(tools, rules, provider, draft, latest)
    status = _status(draft, targets, changes)
    signal = replace(signal, content_hash=content_hash(draft), status=status)
    await tools.journal.commit(Insert(signal), *changes, entry_of(provider, signal))
    return Submission(verdict=Verdict.STORED, signal=signal)


async def objection(
    tools: Tools, provider: Provider, draft: Draft
) -> Submission | None:
    """What speaks against a new cancel, update or close; nothing is stored."""
    return _objection(draft, await _targets(tools, provider, draft))


def _objection(draft: Draft, targets: list[Signal]) -> Submission | None:
    if not targets:
        return refused("target", _nothing_meant(draft))
    problems = tuple(target_problems(draft, targets[0]))
    return Submission(verdict=Verdict.REFUSED, problems=problems) if problems else None


def _nothing_meant(draft: Draft) -> str:
    if draft.target:
        return "names no open signal of yours"
    return f"is needed: you have sent no open signal in {draft.instrument} before"


async def _targets(tools: Tools, provider: Provider, draft: Draft) -> list[Signal]:
    """The signals that are meant, what is traded first, then the latest.

    Without a target (an alert that says "flat") they are all that are under way in
    the instrument, or the last one there was.
    """
    if draft.target:
        return await tools.journal.find(
            Signal,
            provider=provider.id,
            external_id=draft.target,
            action=Action.OPEN,
        )
    sides = frozenset({draft.side} if draft.side else Side)
    last = await tools.journal.find(
        Signal,
        provider=provider.id,
        instrument=draft.instrument,
        side=sides,
        action=Action.OPEN,
        order_by="-created_at",
        limit=1,
    )
    live = await tools.journal.find(
        Signal,
        provider=provider.id,
        instrument=draft.instrument,
        side=sides,
        action=Action.OPEN,
        status=UNDER_WAY,
        order_by="-created_at",
    )
    live.sort(key=lambda signal: signal.status is not SignalStatus.EXECUTED)
    return live or last


def _signal(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft, target: Signal
) -> Signal:
    """Of the target's instrument and side, and with its price where none is given."""
    told = replace(
        draft,
        target=target.external_id,
        instrument=target.instrument,
        side=target.side,
        price=draft.price or target.price,
    )
    signal = signal_of(tools, rules, provider, told, 0)
    if draft.action is Action.CANCEL:
        return replace(signal, expires_at=target.expires_at)
    return signal


def _status(draft: Draft, targets: list[Signal], changes: list[Write]) -> SignalStatus:
    if draft.action is Action.CANCEL:
        return SignalStatus.CANCELLED if changes else SignalStatus.REJECTED
    withdrawn = {w.row.id for w in changes if isinstance(w, Save)}
    left = [
        target
        for target in targets
        if target.status in UNDER_WAY and target.id not in withdrawn
    ]
    traded = any(target.status is SignalStatus.EXECUTED for target in targets)
    if left or traded:
        return SignalStatus.NEW
    return SignalStatus.CANCELLED if changes else SignalStatus.REJECTED


async def _withdrawal(tools: Tools, target: Signal) -> list[Write]:
    """Writes that take back what is undecided or not yet sent, if anything is."""
    writes = await _withdrawals(tools, target)
    if target.status is SignalStatus.NEW or writes:
        cancelled_at = target.cancelled_at or tools.clock.now()
        writes.append(Save(replace(target, cancelled_at=cancelled_at)))
    return writes


async def _withdrawals(tools: Tools, target: Signal) -> list[Write]:
    writes: list[Write] = []
    for prompt in await tools.journal.find(
        Prompt, signal_id=target.id, state=UNDECIDED
    ):
        state = follow(PROMPT_MOVES, prompt.state, PromptEvent.CANCEL)
        writes.append(Save(replace(prompt, state=state)))
        writes.append(tools.item(Topic.PROMPT, prompt.id, Priority.EDIT))
    for order in await tools.journal.find(
        Order, signal_id=target.id, kind=OrderKind.OPEN, state=OrderState.QUEUED
    ):
        reason = "The provider withdrew the signal before the order was sent."
        writes += withdrawn(tools, order, reason)
    return writes

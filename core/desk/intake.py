"""A provider's signal comes in, or an earlier one is withdrawn.

new            stored with its outbox item and audit entry, in one transaction
same again     the receipt of the first
conflict       the same external_id with other content
refused        a rule says no; nothing is stored
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from core.desk.people import People
from core.desk.recording import withdrawn
from core.desk.tools import Tools, about_signal, again, by_provider
from core.ids import SignalId
from core.intake import Draft, FieldProblem, IntakeRules, content_hash
from core.market import OrderType, Timeframe
from core.messages import Priority, Topic
from core.moves import follow
from core.orders import Order, OrderKind, OrderState
from core.ports import Insert, Record, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent
from core.signals import Action, Signal, SignalStatus
from core.users import Provider


class Verdict(StrEnum):
    """What became of a submission."""

    STORED = "stored"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The answer to a provider; ``signal`` unless it was refused."""

    verdict: Verdict
    signal: Signal | None = None
    problems: tuple[FieldProblem, ...] = ()


async def submit(
    tools: Tools, rules: IntakeRules, people: People, provider: Provider, draft: Draft
) -> Submission:
    """Take one validated draft; what was answered is durable."""
    if draft.action is Action.CANCEL:
        return await again(lambda: _cancel(tools, rules, provider, draft))
    reached = people.reached(provider.id)
    if draft.user_id is not None:
        reached = tuple(each for each in reached if each.user.id == draft.user_id)
        if not reached:
            known = await _known(tools, provider, draft)
            return known or _refused("user", "subscribes to none of your signals")
    signal = _open_signal(tools, rules, provider, draft, len(reached))
    propose = tools.item(Topic.PROPOSE, signal.id, Priority.PROMPT)
    writes = (Insert(signal), propose, _record(provider, signal))
    (taken,) = await tools.journal.accept([writes])
    if taken is None:
        return Submission(verdict=Verdict.STORED, signal=signal)
    known = await _known(tools, provider, draft)
    if known is None:
        raise taken
    return known


def _refused(field: str, message: str) -> Submission:
    problem = FieldProblem(field=field, message=message)
    return Submission(verdict=Verdict.REFUSED, problems=(problem,))


def _record(provider: Provider, signal: Signal) -> Record:
    return Record(
        actor=by_provider(provider.id),
        action=f"signal_{signal.action}",
        subject=about_signal(signal.id),
        detail={"external_id": signal.external_id, "content": signal.content_hash},
    )


async def _known(tools: Tools, provider: Provider, draft: Draft) -> Submission | None:
    """The answer for an ``external_id`` that was seen before."""
    rows = await tools.journal.find(
        Signal, provider=provider.id, external_id=draft.external_id
    )
    if not rows:
        return None
    same = rows[0].content_hash == content_hash(draft)
    verdict = Verdict.REPEATED if same else Verdict.CONFLICT
    return Submission(verdict=verdict, signal=rows[0])


def _open_signal(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft, reached: int
) -> Signal:
    if draft.instrument is None or draft.side is None or draft.price is None:
        message = "an open draft must pass intake.problems first"
        raise ValueError(message)
    now = tools.clock.now()
    lasts = (
        rules.expires_after
        if draft.expires_in is None
        else timedelta(seconds=draft.expires_in)
    )
    return Signal(
        id=SignalId(tools.ids.identity()),
        provider=provider.id,
        external_id=draft.external_id or "",
        action=Action.OPEN,
        target=None,
        instrument=draft.instrument,
        side=draft.side,
        order_type=draft.order_type or OrderType.MARKET,
        price=draft.price,
        stop_loss=draft.stop_loss,
        take_profit=draft.take_profit,
        timeframe=draft.timeframe or Timeframe.M15,
        user_id=draft.user_id,
        payload=draft.payload,
        content_hash=content_hash(draft),
        status=SignalStatus.NEW,
        recipients=reached,
        chart_path=None,
        proposed_at=None,
        cancelled_at=None,
        expires_at=now + lasts,
        created_at=now,
        updated_at=now,
    )


async def _cancel(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft
) -> Submission:
    """Withdraw what is undecided or not yet sent; what was sent stands."""
    known = await _known(tools, provider, draft)
    if known is not None:
        return known
    targets = await tools.journal.find(
        Signal, provider=provider.id, external_id=draft.target, action=Action.OPEN
    )
    if not targets:
        return _refused("target", "names no open signal of yours")
    target = targets[0]
    withdrawn = await _withdrawals(tools, target)
    if target.status is SignalStatus.NEW or target.proposed_at is None or withdrawn:
        now = tools.clock.now()
        withdrawn.append(Save(replace(target, cancelled_at=target.cancelled_at or now)))
    signal = replace(
        _open_signal(
            tools,
            rules,
            provider,
            replace(
                draft,
                instrument=target.instrument,
                side=target.side,
                price=target.price,
            ),
            0,
        ),
        action=Action.CANCEL,
        target=target.external_id,
        content_hash=content_hash(draft),
        status=SignalStatus.CANCELLED if withdrawn else SignalStatus.REJECTED,
        expires_at=target.expires_at,
    )
    await tools.journal.commit(Insert(signal), *withdrawn, _record(provider, signal))
    return Submission(verdict=Verdict.STORED, signal=signal)


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

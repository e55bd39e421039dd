"""What a provider is answered, and what any of its signals needs on the way there."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.desk.tools import Tools, about_signal, by_provider
from core.ids import SignalId
from core.intake import Draft, FieldProblem, IntakeRules, content_hash
from core.market import OrderType, Timeframe
from core.ports import Record
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


def refused(field: str, message: str) -> Submission:
    """A rule says no, about one field."""
    problem = FieldProblem(field=field, message=message)
    return Submission(verdict=Verdict.REFUSED, problems=(problem,))


def entry_of(provider: Provider, signal: Signal) -> Record:
    """What the audit chain says of an accepted signal."""
    return Record(
        actor=by_provider(provider.id),
        action=f"signal_{signal.action}",
        subject=about_signal(signal.id),
        detail={"external_id": signal.external_id, "content": signal.content_hash},
    )


async def known_already(
    tools: Tools, provider: Provider, draft: Draft
) -> Submission | None:
    """The answer where this ``external_id`` or ``webhook_id`` was seen before."""
    rows: list[Signal] = []
    if draft.webhook_id is not None:
        rows = await tools.journal.find(
            Signal, provider=provider.id, webhook_id=draft.webhook_id
        )
    rows = rows or await tools.journal.find(
        Signal, provider=provider.id, external_id=draft.external_id
    )
    if not rows:
        return None
    found = rows[0]
    same = (found.external_id, found.content_hash) == (
        draft.external_id,
        content_hash(draft),
    )
    verdict = Verdict.REPEATED if same else Verdict.CONFLICT
    return Submission(verdict=verdict, signal=found)


def signal_of(
    tools: Tools, rules: IntakeRules, provider: Provider, draft: Draft, reached: int
) -> Signal:
    """The row of a draft that reaches so many memberships.

    Raises:
        ValueError: it has not passed ``core.intake.problems``.
    """
    if draft.instrument is None or draft.side is None or draft.price is None:
        message = "a draft must pass intake.problems first"
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
        webhook_id=draft.webhook_id,
        source=draft.source,
        action=draft.action or Action.OPEN,
        target=draft.target,
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

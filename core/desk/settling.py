"""The compare-and-swap: a decision with all its consequences, or nothing.

Approval, order, the others' prompts, messages and audit are one transaction under
the account's row; whoever loses a race decides again on what the winner left. Taps
and standing rules end here alike.
"""

from dataclasses import dataclass, replace

from core.accounts import GuardPhase, GuardState
from core.desk.authorising import Case, moved
from core.desk.questions import drift_left
from core.desk.tools import Tools, by_user
from core.drift import Drift
from core.ids import ApprovalId, OrderId
from core.market import OrderType
from core.messages import Priority, Topic
from core.money import plain
from core.orders import Cause, Order, OrderKind, OrderState
from core.ports import Expect, Insert, Record, Save, Write
from core.prompts import (
    UNDECIDED,
    Approval,
    Decision,
    Offer,
    Prompt,
    PromptEvent,
    with_offer,
)
from core.signals import Signal
from core.standing import StandingRule
from core.users import Membership, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """The first of two approvals, and what must still hold of it."""

    approval: Approval
    expected: tuple[Expect, ...]


async def settle(
    tools: Tools,
    case: Case,
    found: Offer,
    drift: Drift,
    *,
    backing: Backing | None = None,
) -> Prompt:
    """Approve and order; returns the decided prompt.

    ``backing`` is the approval that this one seconds.

    Raises:
        Conflict: something of it is no longer so.
    """
    approval, kept = await keep_approval(
        tools, case, Decision.APPROVE, found, backing=backing
    )
    decided = replace(
        with_offer(moved(case.prompt, PromptEvent.APPROVE), found),
        drift_r=round(drift.r, 2) or None,
        drift_points=drift.points or None,
        decided_by=case.tap.user_id,
        decided_at=tools.clock.now(),
    )
    order = _order(tools, case, found, approval)
    await tools.journal.commit(
        *still_so(case),
        *(backing.expected if backing else ()),
        Save(case.account),
        Save(decided),
        kept,
        Insert(order),
        *await _supersede(tools, decided),
        tools.item(Topic.EXECUTE, order.id, Priority.FILL),
        tools.item(Topic.PROMPT, decided.id, Priority.TAP),
        record(case, approval, {"order": order.id, "lots": plain(found.lots)}),
    )
    return decided


def still_so(case: Case) -> tuple[Expect, ...]:
    """What an approval rests on, asked again in its own transaction."""
    rule = case.standing
    granted = (
        ()
        if rule is None
        else (
            Expect(StandingRule, rule.id, {"revoked_at": rule.revoked_at}),
            Expect(Provider, rule.provider, {"enabled": True}),
        )
    )
    return (
        Expect(Signal, case.signal.id, {"cancelled_at": None}),
        Expect(GuardState, case.account.id, {"phase": GuardPhase.ARMED}),
        Expect(Membership, case.membership.id, {"role": case.membership.role}),
        *granted,
    )


_NOT_THE_LAST = frozenset({Decision.FIRST, Decision.WITHDRAWN})
"""Decisions that another one of the same person may replace; any other stands."""


async def keep_approval(
    tools: Tools,
    case: Case,
    decision: Decision,
    found: Offer | None,
    *,
    backing: Backing | None = None,
) -> tuple[Approval, Write]:
    """The decision, and how to write it: it takes the place of one taken back."""
    rule = case.standing
    approval = Approval(
        id=ApprovalId(tools.ids.identity()),
        signal_id=case.signal.id,
        prompt_id=case.prompt.id,
        user_id=case.tap.user_id,
        account_id=case.account.id,
        decision=decision,
        consent_version=case.user.consent_version,
        consent_hash=case.user.consent_hash,
        reason=None,
        reason_asked_at=None,
        price=found.price if found else case.prompt.price,
        lots=found.lots if found else case.prompt.lots,
        update_id=case.tap.update_id,
        seconds=backing.approval.id if backing else None,
        rule_id=None if rule is None else rule.id,
        rule_number=case.number,
        created_at=tools.clock.now(),
    )
    before = await tools.journal.find(
        Approval,
        prompt_id=case.prompt.id,
        user_id=case.tap.user_id,
        decision=_NOT_THE_LAST,
    )
    if not before:
        return approval, Insert(approval)
    kept = replace(approval, id=before[0].id, version=before[0].version)
    return kept, Save(kept)


def _order(tools: Tools, case: Case, found: Offer, approval: Approval) -> Order:
    now = tools.clock.now()
    signal = case.signal
    pending = signal.order_type is not OrderType.MARKET
    return Order(
        id=OrderId(tools.ids.identity()),
        account_id=case.account.id,
        signal_id=signal.id,
        prompt_id=case.prompt.id,
        approval_id=approval.id,
        trade_id=None,
        kind=OrderKind.OPEN,
        attempt=case.prompt.attempt,
        cause=Cause.TAP if case.standing is None else Cause.STANDING,
        user_id=case.tap.user_id,
        state=OrderState.QUEUED,
        reason="",
        instrument=signal.instrument,
        side=signal.side,
        order_type=signal.order_type,
        volume=found.lots,
        price=found.price,
        deviation=drift_left(case, tools.choices.rules[case.account.id], found),
        stop_loss=signal.stop_loss,
        take_profit=signal.take_profit,
        risk_money=found.risk_money,
        ticket=None,
        position_id=None,
        filled_volume=None,
        filled_price=None,
        expires_at=signal.expires_at if pending else None,
        created_at=now,
        updated_at=now,
    )


async def others(tools: Tools, prompt: Prompt) -> list[Prompt]:
    """The other undecided prompts of the same signal on the same account."""
    found = await tools.journal.find(
        Prompt,
        signal_id=prompt.signal_id,
        account_id=prompt.account_id,
        state=UNDECIDED,
    )
    return [each for each in found if each.id != prompt.id]


async def _supersede(tools: Tools, decided: Prompt) -> list[Write]:
    """What the others were asked is decided, viewers' too.

    They may be a thousand: those whose message was not sent yet need none now.
    """
    gone = [
        replace(
            moved(other, PromptEvent.SUPERSEDE),
            decided_by=decided.decided_by,
            decided_at=decided.decided_at,
        )
        for other in await others(tools, decided)
    ]
    return [
        *(Save(each) for each in gone),
        *(
            tools.item(Topic.PROMPT, each.id, Priority.EDIT)
            for each in gone
            if each.in_chat
        ),
    ]


def record(case: Case, approval: Approval, more: dict[str, str]) -> Record:
    """The audit's entry of a decision; one by a rule names it and the tap behind it."""
    rule = case.standing
    actor = by_user(case.tap.user_id) if rule is None else f"rule:{rule.id}"
    return Record(
        actor=actor,
        action=f"prompt_{approval.decision}",
        subject=f"prompt:{case.prompt.id}",
        detail={
            "approval": approval.id,
            "consent": approval.consent_hash,
            "price": "" if approval.price is None else plain(approval.price),
            "update": str(case.tap.update_id),
            **more,
        },
    )

"""The request shown to one user for one signal on one account, and the decision.

    queued ─sent─> sent ─ask─> confirming ─back─> sent
    queued | sent ─snooze─> snoozed ─wake─> queued, to be sent anew
    any of these ─second─> awaiting_second ─back─> sent
    undecided ─> approved | rejected | expired | cancelled | superseded | refused

A queued prompt can be decided: its message may have arrived although the sender
died before it could say so. A snoozed one too: it is only quiet. One that awaits a
second person is never approved by the first. A passing obstacle changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.ids import AccountId, ApprovalId, PromptId, RuleId, SignalId, UserId


class PromptKind(StrEnum):
    """What is asked."""

    OPEN = "open"
    """May this trade be opened?"""


class PromptState(StrEnum):
    """Where a prompt stands."""

    QUEUED = "queued"
    """Made, not known to be delivered."""
    SENT = "sent"
    """In the chat, with its buttons."""
    CONFIRMING = "confirming"
    """Approved once, waits for Confirm."""
    AWAITING_SECOND = "awaiting_second"
    """Approved by its reader; somebody else has to approve too."""
    SNOOZED = "snoozed"
    """Quiet until ``snoozed_until``; then it is sent anew."""
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """The provider withdrew the signal."""
    SUPERSEDED = "superseded"
    """Somebody else decided for the account."""
    REFUSED = "refused"
    """A rule says no; ``reason`` says why."""


class PromptEvent(StrEnum):
    """What can happen to a prompt."""

    SEND = "send"
    ASK = "ask"
    BACK = "back"
    SECOND = "second"
    SNOOZE = "snooze"
    WAKE = "wake"
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    REFUSE = "refuse"


ANSWERABLE = frozenset(
    {
        PromptState.QUEUED,
        PromptState.SENT,
        PromptState.CONFIRMING,
        PromptState.SNOOZED,
    }
)
"""Its reader may still approve."""
UNDECIDED = ANSWERABLE | {PromptState.AWAITING_SECOND}
"""Not over yet."""
DECLINED = frozenset({PromptState.REJECTED, PromptState.REFUSED})
"""Ended by a no."""

PROMPT_MOVES = (
    {
        (PromptState.QUEUED, PromptEvent.SEND): PromptState.SENT,
        (PromptState.CONFIRMING, PromptEvent.BACK): PromptState.SENT,
        (PromptState.AWAITING_SECOND, PromptEvent.BACK): PromptState.SENT,
        (PromptState.QUEUED, PromptEvent.SNOOZE): PromptState.SNOOZED,
        (PromptState.SENT, PromptEvent.SNOOZE): PromptState.SNOOZED,
        (PromptState.SNOOZED, PromptEvent.WAKE): PromptState.QUEUED,
    }
    | {
        (state, event): end
        for state in ANSWERABLE
        for event, end in (
            (PromptEvent.ASK, PromptState.CONFIRMING),
            (PromptEvent.SECOND, PromptState.AWAITING_SECOND),
            (PromptEvent.APPROVE, PromptState.APPROVED),
        )
    }
    | {
        (state, event): end
        for state in UNDECIDED
        for event, end in (
            (PromptEvent.REJECT, PromptState.REJECTED),
            (PromptEvent.EXPIRE, PromptState.EXPIRED),
            (PromptEvent.CANCEL, PromptState.CANCELLED),
            (PromptEvent.SUPERSEDE, PromptState.SUPERSEDED),
            (PromptEvent.REFUSE, PromptState.REFUSED),
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The numbers that a prompt shows and a tap agrees to."""

    price: Decimal
    """Where the position would open now (or the price of a pending order)."""
    lots: Decimal
    risk_money: Decimal
    """Loss at the stop with commission, in account currency, rounded up."""
    risk_percent: Decimal
    reward_money: Decimal | None
    """Gain at the target; ``None`` without a target."""
    spread: Decimal
    headroom: Decimal
    """Account currency that may still be lost before the guard fires."""
    point: Decimal
    """The smallest step of the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt as stored; a viewer's has neither lots nor buttons."""

    id: PromptId
    signal_id: SignalId
    user_id: UserId
    account_id: AccountId
    kind: PromptKind
    attempt: int
    viewer: bool
    state: PromptState
    reason: str
    """Why it was refused, or what stands in the way; empty when nothing does."""
    nonce: str
    """Carried by the buttons; changes whenever the question does."""
    price: Decimal | None
    lots: Decimal | None
    risk_money: Decimal | None
    risk_percent: Decimal | None
    reward_money: Decimal | None
    spread: Decimal | None
    headroom: Decimal | None
    drift_r: Decimal | None
    """How far the price has gone against the person since it was shown, in R; kept
    where the question is about that, or the tap was taken in spite of it."""
    drift_points: Decimal | None
    """The same in points of the instrument."""
    confirm_until: datetime | None
    snoozed_until: datetime | None
    decided_by: UserId | None
    decided_at: datetime | None
    chat_id: int | None
    message_id: int | None
    former_message_id: int | None
    """Of the message before it was snoozed, which still has buttons."""
    held: bool
    """Beyond what its provider may ask in a minute: shown to who asks for it."""
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1

    @property
    def in_chat(self) -> bool:
        """Whether a message of it is known, be it the one before a snooze."""
        return self.message_id is not None or self.former_message_id is not None


def with_offer(prompt: Prompt, found: Offer) -> Prompt:
    """The prompt showing these numbers."""
    return replace(
        prompt,
        price=found.price,
        lots=found.lots,
        risk_money=found.risk_money,
        risk_percent=found.risk_percent,
        reward_money=found.reward_money,
        spread=found.spread,
        headroom=found.headroom,
        drift_r=None,
        drift_points=None,
        reason="",
    )


class Decision(StrEnum):
    """A person's answer."""

    APPROVE = "approve"
    """This one was ordered."""
    REJECT = "reject"
    FIRST = "first"
    """The first of two; alone it orders nothing."""
    WITHDRAWN = "withdrawn"
    """Was the first of two, and was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The audited decision: who, what, on which consent, at which numbers."""

    id: ApprovalId
    signal_id: SignalId
    prompt_id: PromptId
    user_id: UserId
    account_id: AccountId
    decision: Decision
    consent_version: str
    consent_hash: str
    reason: str | None
    """Why, in the person's words; at most 500 characters."""
    reason_asked_at: datetime | None
    """Since when the next plain message counts as the reason."""
    price: Decimal | None
    lots: Decimal | None
    update_id: int
    """The Telegram update that carried the tap, or that granted the rule."""
    seconds: ApprovalId | None
    """The first approval, of which this is the second."""
    rule_id: RuleId | None
    """The standing rule that approved in the person's name."""
    rule_number: int | None
    """Which of the rule's of that day it was, from 1."""
    created_at: datetime
    version: int = 1


REASON_LIMIT = 500

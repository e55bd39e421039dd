"""The request shown to one user for one signal on one account, and the decision.

    queued ─sent─> sent ─ask─> confirming ─back─> sent
    queued | sent | confirming ─> approved | rejected
                               ─> expired | cancelled | superseded | refused

A queued prompt can be decided: its message may have arrived although the sender
died before it could say so. A passing obstacle changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.ids import AccountId, ApprovalId, PromptId, SignalId, UserId


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
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    REFUSE = "refuse"


UNDECIDED = frozenset({PromptState.QUEUED, PromptState.SENT, PromptState.CONFIRMING})
"""Still open to a tap."""
DECLINED = frozenset({PromptState.REJECTED, PromptState.REFUSED})
"""Ended by a no."""

PROMPT_MOVES = {
    (PromptState.QUEUED, PromptEvent.SEND): PromptState.SENT,
    (PromptState.QUEUED, PromptEvent.ASK): PromptState.CONFIRMING,
    (PromptState.SENT, PromptEvent.ASK): PromptState.CONFIRMING,
    (PromptState.CONFIRMING, PromptEvent.ASK): PromptState.CONFIRMING,
    (PromptState.CONFIRMING, PromptEvent.BACK): PromptState.SENT,
} | {
    (state, event): end
    for state in UNDECIDED
    for event, end in (
        (PromptEvent.APPROVE, PromptState.APPROVED),
        (PromptEvent.REJECT, PromptState.REJECTED),
        (PromptEvent.EXPIRE, PromptState.EXPIRED),
        (PromptEvent.CANCEL, PromptState.CANCELLED),
        (PromptEvent.SUPERSEDE, PromptState.SUPERSEDED),
        (PromptEvent.REFUSE, PromptState.REFUSED),
    )
}


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
    confirm_until: datetime | None
    decided_by: UserId | None
    decided_at: datetime | None
    chat_id: int | None
    message_id: int | None
    held: bool
    """Beyond what its provider may ask in a minute: shown to who asks for it."""
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Decision(StrEnum):
    """A person's answer."""

    APPROVE = "approve"
    REJECT = "reject"


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
    """The Telegram update that carried the tap."""
    created_at: datetime
    version: int = 1


REASON_LIMIT = 500

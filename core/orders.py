"""Our instructions to a broker, and each transmission of them.

    queued ─> submitting | cancelled
    submitting ─> filled | partially_filled | placed | rejected | unknown
    placed ─> filled | partially_filled | expired | cancelled
    unknown ─> any outcome | not_executed | parked
    parked ─> any outcome | not_executed          by a person

``submitting`` is committed before the broker is called. Nothing in this table
leads from ``unknown`` back to ``submitting``: what may have happened is looked
up, never sent again.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.ids import (
    AccountId,
    ApprovalId,
    OrderId,
    PromptId,
    SendId,
    SignalId,
    Ticket,
    TradeId,
    UserId,
)
from core.market import OrderType, Side


class OrderKind(StrEnum):
    """What an order does."""

    OPEN = "open"
    """Opens a position, at once or when its price comes."""
    CLOSE = "close"
    """Closes a position, whole or in part."""
    CANCEL = "cancel"
    """Withdraws a pending order from the broker."""
    MODIFY = "modify"
    """Sets the stop and the target of a position."""


class OrderState(StrEnum):
    """Where an order stands."""

    QUEUED = "queued"
    """Decided, not yet on its way."""
    SUBMITTING = "submitting"
    """On its way: the broker may hear of it any moment."""
    FILLED = "filled"
    PARTIALLY_FILLED = "partially_filled"
    """Executed in part; the rest is gone."""
    PLACED = "placed"
    """Waits at the broker for its price."""
    REJECTED = "rejected"
    """The broker refused; nothing happened."""
    UNKNOWN = "unknown"
    """Sent, outcome unknown; being looked for."""
    NOT_EXECUTED = "not_executed"
    """Proved absent at the broker; a person may try again."""
    PARKED = "parked"
    """Cannot be proved either way; waits for a person."""
    EXPIRED = "expired"
    """Placed, and its time ran out."""
    CANCELLED = "cancelled"
    """Withdrawn before it was executed."""


class OrderEvent(StrEnum):
    """What can happen to an order."""

    SUBMIT = "submit"
    FILL = "fill"
    FILL_PART = "fill_part"
    PLACE = "place"
    REJECT = "reject"
    LOSE = "lose"
    PROVE_ABSENT = "prove_absent"
    PARK = "park"
    EXPIRE = "expire"
    CANCEL = "cancel"


LIVE = frozenset(
    {
        OrderState.QUEUED,
        OrderState.SUBMITTING,
        OrderState.PLACED,
        OrderState.UNKNOWN,
        OrderState.PARKED,
    }
)
"""May still open a position, as far as we know."""
IN_DOUBT = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.PARKED})
"""The broker may have executed it without our knowing."""
EVER_FILLED = frozenset({OrderState.FILLED, OrderState.PARTIALLY_FILLED})
"""Executed, whole or in part."""
OVER = frozenset(OrderState) - LIVE - EVER_FILLED
"""Ended without having been executed, as far as we know."""

_OUTCOMES = {
    OrderEvent.FILL: OrderState.FILLED,
    OrderEvent.FILL_PART: OrderState.PARTIALLY_FILLED,
    OrderEvent.PLACE: OrderState.PLACED,
    OrderEvent.REJECT: OrderState.REJECTED,
}
_ENDS_OF_PLACED = {
    OrderEvent.FILL: OrderState.FILLED,
    OrderEvent.FILL_PART: OrderState.PARTIALLY_FILLED,
    OrderEvent.EXPIRE: OrderState.EXPIRED,
    OrderEvent.CANCEL: OrderState.CANCELLED,
}
ORDER_MOVES = (
    {
        (OrderState.QUEUED, OrderEvent.SUBMIT): OrderState.SUBMITTING,
        (OrderState.QUEUED, OrderEvent.CANCEL): OrderState.CANCELLED,
        (OrderState.SUBMITTING, OrderEvent.LOSE): OrderState.UNKNOWN,
        (OrderState.UNKNOWN, OrderEvent.PARK): OrderState.PARKED,
    }
    | {(state, event): end for state in IN_DOUBT for event, end in _OUTCOMES.items()}
    | {
        (state, event): end
        for state in (OrderState.UNKNOWN, OrderState.PARKED)
        for event, end in (
            (OrderEvent.PROVE_ABSENT, OrderState.NOT_EXECUTED),
            (OrderEvent.EXPIRE, OrderState.EXPIRED),
            (OrderEvent.CANCEL, OrderState.CANCELLED),
        )
    }
    | {(OrderState.PLACED, event): end for event, end in _ENDS_OF_PLACED.items()}
)


class Cause(StrEnum):
    """Whose will an order carries out."""

    TAP = "tap"
    """A person approved a prompt, or closed or changed one trade."""
    STANDING = "standing"
    """A standing rule of a person approved a prompt."""
    CLOSE_ALL = "close_all"
    """A person closed their own account's trades."""
    PANIC = "panic"
    """An admin flattened the account."""
    GUARD = "guard"
    """The guard fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as stored; what does not apply to its kind is ``None``."""

    id: OrderId
    account_id: AccountId
    signal_id: SignalId | None
    prompt_id: PromptId | None
    approval_id: ApprovalId | None
    trade_id: TradeId | None
    """The trade that a close or a modification means."""
    kind: OrderKind
    attempt: int
    cause: Cause
    user_id: UserId | None
    """Who caused it; ``None`` for the guard."""
    state: OrderState
    reason: str
    """The broker's refusal or the doubt, in words; empty when all is well."""
    instrument: str
    side: Side
    """For a close or a modification: the side of the position."""
    order_type: OrderType
    volume: Decimal
    price: Decimal
    deviation: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    """For a modification both are as they are to be; ``None`` removes one."""
    risk_money: Decimal
    """What the stop would cost, in account currency; 0 unless it opens."""
    ticket: Ticket | None
    """The broker's order; unless it opens, what it is aimed at."""
    position_id: Ticket | None
    filled_volume: Decimal | None
    filled_price: Decimal | None
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int = 1


class SendState(StrEnum):
    """What is known of one transmission."""

    IN_FLIGHT = "in_flight"
    """Committed; the broker is being called."""
    EXECUTED = "executed"
    """The broker did it."""
    REFUSED = "refused"
    """The broker proved that it did not."""
    UNKNOWN = "unknown"
    """No proof either way."""
    ABSENT = "absent"
    """Looked for and proved never executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One transmission of an order, with a magic number of its own."""

    id: SendId
    order_id: OrderId
    account_id: AccountId
    number: int
    """Counts sends of this order from 1."""
    magic: int
    state: SendState
    retcode: int | None
    message: str
    sent_at: datetime
    answered_at: datetime | None
    version: int = 1


MAX_SENDS = 3
"""Transmissions of one order, all after proof that the former did nothing."""
RESENDABLE = frozenset({10004, 10020, 10021, 10024, 10030})
"""Retcodes that prove non-execution and may pass on another try."""

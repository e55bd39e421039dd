"""A provider's wish, and what became of it.

The status is derived from the signal's prompts, orders and trades, and stored by
the transaction that changes one of them. The first line that holds, wins:

    executed    a trade is open
    approved    an order is live
    closed      anything was ever filled
    new         unexpired, and a prompt is undecided or not made yet
    cancelled   the provider withdrew it
    rejected    by everybody, or by the broker
    expired     nobody decided in time, or the price did not come in time
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from core.ids import ProviderName, SignalId, UserId
from core.market import OrderType, Side, Timeframe
from core.orders import EVER_FILLED, LIVE, Order, OrderKind, OrderState
from core.prompts import DECLINED, UNDECIDED, PromptState
from core.trades import ON_THE_BOOK, Trade


class Action(StrEnum):
    """What the provider asks for."""

    OPEN = "open"
    """A new trade."""
    CANCEL = "cancel"
    """Withdraw an earlier signal while it is undecided."""
    UPDATE = "update"
    """Other stops or another price for an earlier signal."""
    CLOSE = "close"
    """Leave the trade that came of an earlier signal."""


class Source(StrEnum):
    """How a signal came in, and so how far it is trusted."""

    API = "api"
    """Signed by the provider."""
    TRADINGVIEW = "tradingview"
    """A token in an address: a person decides, always."""


class SignalStatus(StrEnum):
    """Where a signal stands; derived, see the module."""

    NEW = "new"
    APPROVED = "approved"
    EXECUTED = "executed"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal as stored. ``payload`` is the provider's JSON, compact."""

    id: SignalId
    provider: ProviderName
    external_id: str
    webhook_id: str | None
    """Of the message it came in, where that had one."""
    source: Source
    action: Action
    target: str | None
    """The ``external_id`` that is meant; ``None`` for an open."""
    instrument: str
    side: Side
    order_type: OrderType
    price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    timeframe: Timeframe
    user_id: UserId | None
    """The one subscriber meant; ``None`` means all."""
    payload: str
    content_hash: str
    """SHA-256 of the validated content: same again, or a conflict?"""
    status: SignalStatus
    recipients: int
    """Subscribed memberships at the moment of acceptance."""
    chart_path: str | None
    proposed_at: datetime | None
    """When its prompts were made."""
    cancelled_at: datetime | None
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Vote(Protocol):
    """As much of a prompt as its signal's status depends on."""

    @property
    def viewer(self) -> bool:
        """Whether its reader only looks on."""
        ...

    @property
    def state(self) -> PromptState:
        """Where it stands."""
        ...


def derive_status(
    signal: Signal,
    *,
    prompts: Collection[Vote],
    orders: Collection[Order],
    trades: Collection[Trade],
    now: datetime,
) -> SignalStatus:
    """Where ``signal`` stands, by the rules at the head of this module."""
    if signal.action is not Action.OPEN:
        over = signal.status is SignalStatus.NEW and now >= signal.expires_at
        return SignalStatus.EXPIRED if over else signal.status
    openings = [order for order in orders if order.kind is OrderKind.OPEN]
    if any(trade.state in ON_THE_BOOK for trade in trades):
        return SignalStatus.EXECUTED
    if any(order.state in LIVE for order in openings):
        return SignalStatus.APPROVED
    if trades or any(order.state in EVER_FILLED for order in openings):
        return SignalStatus.CLOSED
    refused = any(order.state is not OrderState.EXPIRED for order in openings)
    return _without_execution(signal, prompts, refused=refused, now=now)


def _without_execution(
    signal: Signal, prompts: Collection[Vote], *, refused: bool, now: datetime
) -> SignalStatus:
    deciding = [prompt for prompt in prompts if not prompt.viewer]
    waiting = any(prompt.state in UNDECIDED for prompt in deciding)
    open_to_all = signal.cancelled_at is None and now < signal.expires_at
    if open_to_all and (waiting or signal.proposed_at is None):
        return SignalStatus.NEW
    if signal.cancelled_at is not None:
        return SignalStatus.CANCELLED
    declined = [prompt.state in DECLINED for prompt in deciding]
    if refused or (declined and all(declined)):
        return SignalStatus.REJECTED
    return SignalStatus.EXPIRED

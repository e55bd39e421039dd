"""What a broker holds, says and is told, in the terms of MetaTrader 5.

Decimals and aware UTC on this side of the port; the broker's floats and server
clock stay behind it. ``None`` never stands for empty: a query that fails raises.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.ids import Ticket
from core.market import OrderType, Side
from core.money import ZERO


class TradeMode(StrEnum):
    """Whose money it is."""

    PAPER = "paper"
    """Simulated here; nobody's money."""
    DEMO = "demo"
    """The broker's demo account."""
    LIVE = "live"
    """Real money."""


class MarginMode(StrEnum):
    """How positions in one symbol live together."""

    HEDGING = "hedging"
    """Each order opens a position of its own."""
    NETTING = "netting"
    """One position per symbol; orders merge into it."""


class DealType(StrEnum):
    """What a deal booked."""

    BUY = "buy"
    SELL = "sell"
    BALANCE = "balance"
    """A deposit (positive profit) or a withdrawal (negative)."""
    CREDIT = "credit"
    BONUS = "bonus"
    CORRECTION = "correction"
    CHARGE = "charge"
    """Commission, interest, dividend, tax: costs and income that count as result."""


FLOWS = frozenset({DealType.BALANCE, DealType.BONUS, DealType.CORRECTION})
"""Deals that move money in or out; credit stays outside the measured equity."""


class DealEntry(StrEnum):
    """What a deal did to its position."""

    IN = "in"
    OUT = "out"
    INOUT = "inout"
    """Reversed a netting position."""
    OUT_BY = "out_by"
    NONE = "none"
    """A balance operation has no position."""


class DealReason(StrEnum):
    """Who or what caused a deal."""

    CLIENT = "client"
    """By hand, in a terminal, a phone or a browser."""
    EXPERT = "expert"
    """By a program, Tapgate included."""
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    STOP_OUT = "stop_out"
    """The broker closed for want of margin."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The money of an account at one moment, in its own currency."""

    login: int
    server: str
    currency: str
    mode: TradeMode
    margin_mode: MarginMode
    leverage: int
    balance: Decimal
    equity: Decimal
    credit: Decimal
    margin: Decimal
    margin_free: Decimal
    trade_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An open position. ``identifier`` never changes; requests use ``ticket``."""

    ticket: Ticket
    identifier: Ticket
    instrument: str
    side: Side
    volume: Decimal
    open_price: Decimal
    current_price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    profit: Decimal
    """Floating, without swap and commission."""
    swap: Decimal
    magic: int
    comment: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOrder:
    """An order that waits at the broker for its price."""

    ticket: Ticket
    instrument: str
    side: Side
    order_type: OrderType
    volume: Decimal
    price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    expires_at: datetime | None
    magic: int
    comment: str
    placed_at: datetime


class HistoryState(StrEnum):
    """How an order at the broker ended."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """An order that is over at the broker."""

    ticket: Ticket
    position_id: Ticket | None
    state: HistoryState
    magic: int
    comment: str
    done_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One execution or balance operation; ``profit`` of an IN deal is 0."""

    ticket: Ticket
    order: Ticket
    position_id: Ticket
    type: DealType
    entry: DealEntry
    reason: DealReason
    instrument: str
    volume: Decimal
    price: Decimal
    profit: Decimal
    swap: Decimal
    commission: Decimal
    fee: Decimal
    magic: int
    comment: str
    time: datetime

    @property
    def net(self) -> Decimal:
        """All that this deal did to the balance."""
        return self.profit + self.swap + self.commission + self.fee


def average_price(deals: Collection[Deal]) -> Decimal:
    """The volume-weighted price of ``deals``, of which there is at least one.

    With as many decimals as the finest of their prices has.
    """
    volume = sum((deal.volume for deal in deals), start=ZERO)
    average = sum((deal.volume * deal.price for deal in deals), start=ZERO) / volume
    digits = min(int(deal.price.as_tuple().exponent) for deal in deals)
    return average.quantize(Decimal(1).scaleb(digits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything an account holds, read at one moment.

    ``deals`` and ``past_orders`` reach back to the moment that was asked for.
    ``fresh_at`` is the newest evidence that the market talks to this broker: a
    reading whose evidence is old proves nothing.
    """

    taken_at: datetime
    fresh_at: datetime
    account: AccountState
    positions: tuple[Position, ...]
    orders: tuple[PendingOrder, ...]
    past_orders: tuple[PastOrder, ...]
    deals: tuple[Deal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """An opening order as it leaves; ``price`` is the reference for a market order."""

    instrument: str
    side: Side
    order_type: OrderType
    volume: Decimal
    price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    deviation: Decimal
    """Largest adverse move from ``price`` that is still wanted, in price."""
    expires_at: datetime | None
    magic: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """Closes a position, whole or in part, by its ticket."""

    ticket: Ticket
    instrument: str
    side: Side
    """The side of the position, not of the closing deal."""
    volume: Decimal
    magic: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyRequest:
    """Sets both stops of a position; ``None`` removes one."""

    ticket: Ticket
    stop_loss: Decimal | None
    take_profit: Decimal | None
    magic: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """Withdraws a pending order."""

    ticket: Ticket
    magic: int


BrokerRequest = OpenRequest | CloseRequest | ModifyRequest | CancelRequest


class ResultStatus(StrEnum):
    """What the broker's answer proves."""

    FILLED = "filled"
    """Executed whole (for a modification or a cancel: done)."""
    PARTIALLY_FILLED = "partially_filled"
    """Executed in part; the rest is gone."""
    PLACED = "placed"
    """Waits at the broker."""
    REJECTED = "rejected"
    """Not executed, for certain."""
    UNKNOWN = "unknown"
    """The answer proves nothing: look, never send again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """The broker's answer to one send."""

    status: ResultStatus
    retcode: int
    message: str
    """The reason in words for a person; empty when all is well."""
    order: Ticket | None = None
    deal: Ticket | None = None
    position_id: Ticket | None = None
    volume: Decimal | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLookup:
    """All that the broker knows under one magic number; all empty when nothing."""

    positions: tuple[Position, ...]
    orders: tuple[PendingOrder, ...]
    past_orders: tuple[PastOrder, ...]
    deals: tuple[Deal, ...]

    @property
    def found(self) -> bool:
        """Whether the broker has seen this number at all."""
        return bool(self.positions or self.orders or self.past_orders or self.deals)

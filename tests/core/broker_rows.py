"""What a broker shows, one valid thing of each kind."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.broker import (
    AccountState,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    MarginMode,
    OrderLookup,
    PastOrder,
    PendingOrder,
    Position,
    Snapshot,
    TradeMode,
)
from core.ids import Ticket
from core.market import OrderType, Side
from tests.fakes import NOON

MAGIC = (1 << 32) + 7
SEEN = NOON + timedelta(minutes=5)
"""When the snapshots were taken."""


def a_position(**over: Any) -> Position:
    row = Position(
        ticket=Ticket(1),
        identifier=Ticket(1),
        instrument="XAUUSD",
        side=Side.BUY,
        volume=Decimal("0.18"),
        open_price=Decimal("1950.55"),
        current_price=Decimal("1950.30"),
        stop_loss=Decimal("1945.00"),
        take_profit=Decimal("1965.00"),
        profit=Decimal("-4.50"),
        swap=Decimal(0),
        magic=MAGIC,
        comment="",
        opened_at=NOON,
    )
    return replace(row, **over)


def a_deal(**over: Any) -> Deal:
    """A closing deal, unless said otherwise."""
    row = Deal(
        ticket=Ticket(50),
        order=Ticket(50),
        position_id=Ticket(1),
        type=DealType.SELL,
        entry=DealEntry.OUT,
        reason=DealReason.STOP_LOSS,
        instrument="XAUUSD",
        volume=Decimal("0.18"),
        price=Decimal("1945.00"),
        profit=Decimal("-99.90"),
        swap=Decimal(0),
        commission=Decimal("-0.54"),
        fee=Decimal(0),
        magic=MAGIC,
        comment="",
        time=NOON + timedelta(minutes=1),
    )
    return replace(row, **over)


def an_entry(**over: Any) -> Deal:
    """The deal that opened the position."""
    opening = {
        "ticket": Ticket(40),
        "order": Ticket(1),
        "type": DealType.BUY,
        "entry": DealEntry.IN,
        "reason": DealReason.EXPERT,
        "price": Decimal("1950.55"),
        "profit": Decimal(0),
        "time": NOON,
    }
    return a_deal(**opening | over)


def a_pending(**over: Any) -> PendingOrder:
    row = PendingOrder(
        ticket=Ticket(1),
        instrument="XAUUSD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        volume=Decimal("0.18"),
        price=Decimal("1949.00"),
        stop_loss=Decimal("1945.00"),
        take_profit=Decimal("1965.00"),
        expires_at=None,
        magic=MAGIC,
        comment="",
        placed_at=NOON,
    )
    return replace(row, **over)


def a_past_order(**over: Any) -> PastOrder:
    row = PastOrder(
        ticket=Ticket(1),
        position_id=None,
        state=HistoryState.CANCELLED,
        magic=MAGIC,
        comment="",
        done_at=NOON,
    )
    return replace(row, **over)


def a_snapshot(
    *,
    positions: Collection[Position] = (),
    orders: Collection[PendingOrder] = (),
    past: Collection[PastOrder] = (),
    deals: Collection[Deal] = (),
    **over: Any,
) -> Snapshot:
    account = AccountState(
        login=1,
        server="",
        currency="USD",
        mode=TradeMode.PAPER,
        margin_mode=MarginMode.HEDGING,
        leverage=100,
        balance=Decimal(10_000),
        equity=Decimal(10_000),
        credit=Decimal(0),
        margin=Decimal(0),
        margin_free=Decimal(10_000),
        trade_allowed=True,
    )
    row = Snapshot(
        taken_at=SEEN,
        fresh_at=SEEN,
        account=account,
        positions=tuple(positions),
        orders=tuple(orders),
        past_orders=tuple(past),
        deals=tuple(deals),
    )
    return replace(row, **over)


def a_lookup(
    *,
    positions: Collection[Position] = (),
    orders: Collection[PendingOrder] = (),
    past: Collection[PastOrder] = (),
    deals: Collection[Deal] = (),
) -> OrderLookup:
    return OrderLookup(
        positions=tuple(positions),
        orders=tuple(orders),
        past_orders=tuple(past),
        deals=tuple(deals),
    )

"""Our record of one position's life, from its opening deal to its last."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.broker import Position
from core.ids import AccountId, OrderId, SignalId, Ticket, TradeId
from core.market import Side


class TradeState(StrEnum):
    """Where a trade stands."""

    OPEN = "open"
    """The broker holds the position."""
    CLOSING = "closing"
    """The position is gone but its closing deal has not been seen yet."""
    CLOSED = "closed"
    """The closing deals are booked."""


class TradeEvent(StrEnum):
    """What can happen to a trade."""

    VANISH = "vanish"
    REAPPEAR = "reappear"
    CLOSE = "close"


ON_THE_BOOK = frozenset({TradeState.OPEN, TradeState.CLOSING})
"""Not known to be over."""

TRADE_MOVES = {
    (TradeState.OPEN, TradeEvent.VANISH): TradeState.CLOSING,
    (TradeState.CLOSING, TradeEvent.REAPPEAR): TradeState.OPEN,
    (TradeState.OPEN, TradeEvent.CLOSE): TradeState.CLOSED,
    (TradeState.CLOSING, TradeEvent.CLOSE): TradeState.CLOSED,
}


class CloseReason(StrEnum):
    """Why a trade ended."""

    STOP = "stop"
    """The stop loss was hit."""
    TARGET = "target"
    """The take profit was hit."""
    HAND = "hand"
    """Closed by hand at the broker."""
    CLOSED_HERE = "closed_here"
    """Closed by a person through Tapgate."""
    GUARD = "guard"
    """Closed by the guard."""
    PANIC = "panic"
    """Closed by an admin's /panic."""
    STOP_OUT = "stop_out"
    """Closed by the broker for want of margin."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One position's life; ``position_id`` is the broker's identifier."""

    id: TradeId
    account_id: AccountId
    signal_id: SignalId | None
    order_id: OrderId | None
    position_id: Ticket
    ticket: Ticket
    """The present ticket; requests use it, keys do not."""
    instrument: str
    side: Side
    state: TradeState
    volume: Decimal
    """As opened."""
    volume_open: Decimal
    """Still open."""
    open_price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    risk_money: Decimal
    """What the first stop would have cost; 0 when unknown."""
    floating: Decimal
    """Profit at the last look, without swap and commission."""
    close_price: Decimal | None
    close_reason: CloseReason | None
    profit: Decimal | None
    """All that the deals booked, commission and swap included."""
    opened_at: datetime
    closed_at: datetime | None
    updated_at: datetime
    version: int = 1

    def seen(self, position: Position) -> "Trade":
        """The trade with all that its position shows now."""
        return replace(
            self,
            ticket=position.ticket,
            volume_open=position.volume,
            stop_loss=position.stop_loss,
            take_profit=position.take_profit,
            floating=position.profit,
        )

    @property
    def r_multiple(self) -> Decimal | None:
        """Result in units of the risk taken; ``None`` while open or unknown."""
        if self.profit is None or not self.risk_money:
            return None
        return self.profit / self.risk_money

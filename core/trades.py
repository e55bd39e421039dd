"""Our record of one position's life, from its opening deal to its last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.broker import Deal, DealEntry, Position
from core.ids import AccountId, OrderId, SignalId, Ticket, TradeId
from core.market import Side
from core.money import ZERO

_EXITS = frozenset({DealEntry.OUT, DealEntry.OUT_BY, DealEntry.INOUT})


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
    first_stop: Decimal | None
    """The stop that ``risk_money`` and every R are counted by."""
    floating: Decimal
    """Profit at the last look, without swap and commission."""
    booked: Decimal
    """What the deals that closed a part of it have booked; 0 while it is whole."""
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
    def stake(self) -> Decimal:
        """What the present stop would cost of what is still open; below 0 a gain.

        By the first risk, in proportion to volume and distance; a position without a
        stop counts as if it had its first.
        """
        part = self.risk_money * self.volume_open / self.volume
        if self.stop_loss is None or self.first_stop is None:
            return part
        first = self.open_price - self.first_stop
        return part * (self.open_price - self.stop_loss) / first if first else part

    def r_of(self, money: Decimal | None) -> Decimal | None:
        """Money in units of the risk that was taken; ``None`` where one is unknown.

        Without a first stop there is no unit, whatever was set later.
        """
        if money is None or self.first_stop is None or not self.risk_money:
            return None
        return money / self.risk_money

    @property
    def r_multiple(self) -> Decimal | None:
        """Result in units of the risk taken; ``None`` while open or unknown."""
        return self.r_of(self.profit)


def exits_of(deals: Iterable[Deal], position_id: Ticket) -> list[Deal]:
    """The deals that closed a position or parts of it, oldest first."""
    mine = (each for each in deals if each.position_id == position_id)
    found = [each for each in mine if each.entry in _EXITS]
    return sorted(found, key=lambda each: (each.time, each.ticket))


def entries_of(deals: Iterable[Deal]) -> dict[Ticket, list[Deal]]:
    """The deals that opened each position."""
    found: dict[Ticket, list[Deal]] = {}
    for deal in deals:
        if deal.entry is DealEntry.IN:
            found.setdefault(deal.position_id, []).append(deal)
    return found


def booked_by(exits: Iterable[Deal]) -> Decimal:
    """What closing deals did to the balance, costs included."""
    return sum((each.net for each in exits), start=ZERO)

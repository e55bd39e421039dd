"""The books of the small broker: its market, its positions, its money.

Hedging, two instruments, exact money. A test moves the price and acts by hand.
"""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.broker import (
    AccountState,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    MarginMode,
    OpenRequest,
    PastOrder,
    PendingOrder,
    Position,
    TradeMode,
)
from core.ids import Ticket
from core.market import OrderType, Quote, Side, SymbolSpec
from core.money import ZERO
from core.ports import Clock

GOLD = SymbolSpec(
    instrument="XAUUSD",
    broker_name="XAUUSD",
    digits=2,
    point=Decimal("0.01"),
    tick_size=Decimal("0.01"),
    tick_value=Decimal(1),
    contract_size=Decimal(100),
    volume_min=Decimal("0.01"),
    volume_max=Decimal(100),
    volume_step=Decimal("0.01"),
    volume_limit=ZERO,
    stops_level=0,
    freeze_level=0,
    currency_profit="USD",
    tradable=True,
)
EURO = replace(
    GOLD,
    instrument="EURUSD",
    broker_name="EURUSD",
    digits=5,
    point=Decimal("0.00001"),
    tick_size=Decimal("0.00001"),
    contract_size=Decimal(100_000),
)
COMMISSION = Decimal(6)
"""Per lot, half of it on the way in and half on the way out."""


class FakeBook:
    """What the broker holds, on a market that moves when a test says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.mode = TradeMode.PAPER
        self.balance = Decimal(10_000)
        self.credit = ZERO
        self.trade_allowed = True
        self.specs = {"XAUUSD": GOLD, "EURUSD": EURO}
        self.bids = {"XAUUSD": Decimal("1950.30"), "EURUSD": Decimal("1.10000")}
        self.spreads = {"XAUUSD": Decimal("0.20"), "EURUSD": Decimal("0.00010")}
        self.positions: dict[Ticket, Position] = {}
        self.orders: dict[Ticket, PendingOrder] = {}
        self.past: list[PastOrder] = []
        self.deals: list[Deal] = []
        self.stale_by = timedelta()
        """How long the market has said nothing."""
        self._hidden: dict[Ticket, datetime] = {}
        self._hide_for = timedelta()
        self._tickets = itertools.count(1001)

    def hide_for(self, span: timedelta) -> None:
        """Show whatever is executed from now on only after ``span``."""
        self._hide_for = span

    def move(self, instrument: str, bid: str) -> None:
        """Set the bid; stops, targets and pending orders follow."""
        self.bids[instrument] = Decimal(bid)
        quote = self._quote(instrument)
        for order in list(self.orders.values()):
            if order.instrument == instrument and _triggers(order, quote):
                del self.orders[order.ticket]
                self._enter(order, order.price, DealReason.EXPERT)
        for position in list(self.positions.values()):
            if position.instrument == instrument:
                self._hit(position, quote)

    def _hit(self, position: Position, quote: Quote) -> None:
        out, sign = quote.to_close(position.side), position.side.sign
        stop, target = position.stop_loss, position.take_profit
        if stop is not None and (out - stop) * sign <= 0:
            self._leave(position, position.volume, out, DealReason.STOP_LOSS)
        elif target is not None and (out - target) * sign >= 0:
            self._leave(position, position.volume, target, DealReason.TAKE_PROFIT)

    def open_by_hand(
        self, side: Side = Side.BUY, volume: str = "0.10", instrument: str = "XAUUSD"
    ) -> Ticket:
        """Somebody trades on the account without us."""
        order = self._new_order(_by_hand(instrument, side, Decimal(volume)))
        price = self._quote(instrument).to_open(side)
        self._enter(order, price, DealReason.CLIENT)
        return order.ticket

    def place_by_hand(self, price: str) -> Ticket:
        """Somebody leaves a pending order on the account without us."""
        wish = _by_hand("XAUUSD", Side.BUY, Decimal("0.10"))
        wish = replace(wish, order_type=OrderType.LIMIT, price=Decimal(price))
        order = self._new_order(wish)
        self.orders[order.ticket] = order
        return order.ticket

    def close_by_hand(
        self,
        ticket: Ticket,
        volume: str = "",
        *,
        reason: DealReason = DealReason.CLIENT,
    ) -> None:
        """Somebody, or the broker, closes a position without us."""
        position = self.positions[ticket]
        part = Decimal(volume) if volume else position.volume
        price = self._quote(position.instrument).to_close(position.side)
        self._leave(position, part, price, reason)

    def end_order(self, ticket: Ticket, state: HistoryState) -> None:
        """A pending order ends without having been filled."""
        order = self.orders.pop(ticket)
        self._remember(order, state)

    def modify_by_hand(self, ticket: Ticket, stop_loss: str) -> None:
        """Somebody moves a stop."""
        moved = replace(self.positions[ticket], stop_loss=Decimal(stop_loss))
        self.positions[ticket] = moved

    def deposit(self, amount: str, kind: DealType = DealType.BALANCE) -> None:
        """Money comes in; a negative amount is a withdrawal."""
        self.balance += Decimal(amount)
        self._book(_NO_POSITION, DealEntry.NONE, kind, profit=Decimal(amount))

    def _quote(self, instrument: str) -> Quote:
        bid = self.bids[instrument]
        return Quote(
            instrument=instrument,
            bid=bid,
            ask=bid + self.spreads[instrument],
            time=self._clock.now() - self.stale_by,
        )

    def _account(self) -> AccountState:
        floating = sum((self._profit(p) for p in self.positions.values()), start=ZERO)
        margin = sum(
            (
                p.volume * p.open_price * self.specs[p.instrument].contract_size / 100
                for p in self.positions.values()
            ),
            start=ZERO,
        )
        equity = self.balance + self.credit + floating
        return AccountState(
            login=1,
            server="fake",
            currency="USD",
            mode=self.mode,
            margin_mode=MarginMode.HEDGING,
            leverage=100,
            balance=self.balance,
            equity=equity,
            credit=self.credit,
            margin=margin,
            margin_free=equity - margin,
            trade_allowed=self.trade_allowed,
        )

    def _profit(self, position: Position) -> Decimal:
        out = self._quote(position.instrument).to_close(position.side)
        size = self.specs[position.instrument].contract_size
        return (out - position.open_price) * position.side.sign * position.volume * size

    def _shown_positions(self) -> list[Position]:
        return [
            replace(
                each,
                profit=self._profit(each),
                current_price=self._quote(each.instrument).to_close(each.side),
            )
            for each in self.positions.values()
            if self._shown(each)
        ]

    def _shown(self, thing: Position | PendingOrder | PastOrder | Deal) -> bool:
        return self._hidden.get(thing.ticket, self._clock.now()) <= self._clock.now()

    def _ticket(self) -> Ticket:
        ticket = Ticket(next(self._tickets))
        self._hide(ticket)
        return ticket

    def _hide(self, ticket: Ticket) -> None:
        if self._hide_for:
            self._hidden[ticket] = self._clock.now() + self._hide_for

    def _new_order(self, request: OpenRequest) -> PendingOrder:
        return PendingOrder(
            ticket=self._ticket(),
            instrument=request.instrument,
            side=request.side,
            order_type=request.order_type,
            volume=request.volume,
            price=request.price,
            stop_loss=request.stop_loss,
            take_profit=request.take_profit,
            expires_at=request.expires_at,
            magic=request.magic,
            comment=request.comment,
            placed_at=self._clock.now(),
        )

    def _enter(self, order: PendingOrder, price: Decimal, reason: DealReason) -> Deal:
        self._hide(order.ticket)
        position = Position(
            ticket=order.ticket,
            identifier=order.ticket,
            instrument=order.instrument,
            side=order.side,
            volume=order.volume,
            open_price=price,
            current_price=price,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            profit=ZERO,
            swap=ZERO,
            magic=order.magic,
            comment=order.comment,
            opened_at=self._clock.now(),
        )
        self.positions[position.ticket] = position
        self._remember(order, HistoryState.FILLED)
        cost = -COMMISSION / 2 * order.volume
        self.balance += cost
        return self._book(
            position, DealEntry.IN, _TYPES[order.side], reason=reason, commission=cost
        )

    def _leave(
        self,
        position: Position,
        volume: Decimal,
        price: Decimal,
        reason: DealReason,
        *,
        magic: int | None = None,
    ) -> Deal:
        size = self.specs[position.instrument].contract_size
        profit = (price - position.open_price) * position.side.sign * volume * size
        cost = -COMMISSION / 2 * volume
        left = replace(position, volume=position.volume - volume)
        if left.volume:
            self.positions[position.ticket] = left
        else:
            del self.positions[position.ticket]
        self.balance += profit + cost
        gone = replace(
            position,
            volume=volume,
            open_price=price,
            magic=position.magic if magic is None else magic,
        )
        kind = _TYPES[position.side.opposite]
        return self._book(
            gone, DealEntry.OUT, kind, reason=reason, profit=profit, commission=cost
        )

    def _remember(self, order: PendingOrder, state: HistoryState) -> None:
        filled = state is HistoryState.FILLED
        self.past.append(
            PastOrder(
                ticket=order.ticket,
                position_id=order.ticket if filled else None,
                state=state,
                magic=order.magic,
                comment=order.comment,
                done_at=self._clock.now(),
            )
        )

    def _book(
        self,
        of: Position,
        entry: DealEntry,
        kind: DealType,
        *,
        reason: DealReason = DealReason.OTHER,
        profit: Decimal = ZERO,
        commission: Decimal = ZERO,
    ) -> Deal:
        ticket = self._ticket()
        deal = Deal(
            ticket=ticket,
            order=of.ticket if entry is DealEntry.IN else ticket,
            position_id=of.identifier,
            type=kind,
            entry=entry,
            reason=reason,
            instrument=of.instrument,
            volume=of.volume,
            price=of.open_price,
            profit=profit,
            swap=ZERO,
            commission=commission,
            fee=ZERO,
            magic=of.magic,
            comment=of.comment,
            time=self._clock.now(),
        )
        self.deals.append(deal)
        return deal


_TYPES = {Side.BUY: DealType.BUY, Side.SELL: DealType.SELL}
_NO_POSITION = Position(
    ticket=Ticket(0),
    identifier=Ticket(0),
    instrument="",
    side=Side.BUY,
    volume=ZERO,
    open_price=ZERO,
    current_price=ZERO,
    stop_loss=None,
    take_profit=None,
    profit=ZERO,
    swap=ZERO,
    magic=0,
    comment="",
    opened_at=datetime.min,  # noqa: DTZ901 - never shown
)
"""Stands for the position that a balance operation does not have."""


def _by_hand(instrument: str, side: Side, volume: Decimal) -> OpenRequest:
    return OpenRequest(
        instrument=instrument,
        side=side,
        order_type=OrderType.MARKET,
        volume=volume,
        price=ZERO,
        stop_loss=None,
        take_profit=None,
        deviation=ZERO,
        expires_at=None,
        magic=0,
        comment="",
    )


def _triggers(order: PendingOrder, quote: Quote) -> bool:
    beyond = (quote.to_open(order.side) - order.price) * order.side.sign
    return beyond <= 0 if order.order_type is OrderType.LIMIT else beyond >= 0

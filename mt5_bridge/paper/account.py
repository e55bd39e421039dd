"""A paper account at one moment: what it is worth, and how it is booked to.

Pure: works on a draft of the book with the quotes of the moment. Every posting is
whole: an order that fills leaves the order, the deal, the position and the balance
changed together.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.broker import (
    Deal,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    PastOrder,
    PendingOrder,
    Position,
)
from core.ids import Ticket
from core.market import Quote, Side
from core.money import ZERO, cents
from mt5_bridge.paper.book import Book, Held
from mt5_bridge.paper.money import Money
from mt5_bridge.paper.specs import PaperSpec

_NO_TICKET = Ticket(0)
_DEAL_TYPES = {Side.BUY: DealType.BUY, Side.SELL: DealType.SELL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What does not change while a paper account lives."""

    specs: Mapping[str, PaperSpec]
    """The instruments that can be traded."""
    money: Money
    commission_per_lot: Decimal
    """For one lot in and out; half is booked with each deal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The market as a request or a quote meets it."""

    now: datetime
    quote_of: Callable[[str], Quote]
    closed: Collection[str] = ()
    """Instruments whose market is closed: nothing of them moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Who closes a position, and what the closing order is called."""

    reason: DealReason
    magic: int
    comment: str


class PaperAccount:
    """Reads and changes a draft; read the draft afterwards for what came of it."""

    def __init__(self, book: Book, terms: Terms, moment: Moment) -> None:
        self.book = book
        self.terms = terms
        self.moment = moment

    # ------------------------------------------------------------ what it is worth
    def equity(self) -> Decimal:
        """The balance and all floating profit."""
        floating = map(self.floating, self.book.held())
        return self.book.balance + sum(floating, ZERO)

    def margin(self) -> Decimal:
        """What the open positions bind; opposite ones do not set each other off."""
        bound = map(self._bound, self.book.held())
        return sum(bound, ZERO)

    def floating(self, held: Held) -> Decimal:
        """What closing the position now would book, without commission."""
        return self._profit(held, held.volume, self.leaving_price(held))

    def leaving_price(self, held: Held) -> Decimal:
        """The price at which the position would close now."""
        return self.moment.quote_of(held.instrument).to_close(held.side)

    def commission(self, volume: Decimal) -> Decimal:
        """What one deal of this volume costs."""
        return cents(self.terms.commission_per_lot * volume / 2)

    def positions(self) -> tuple[Position, ...]:
        """The open positions at the present price."""
        return tuple(map(self._told, self.book.held()))

    def _told(self, held: Held) -> Position:
        return Position(
            ticket=held.ticket,
            identifier=held.ticket,
            instrument=held.instrument,
            side=held.side,
            volume=held.volume,
            open_price=held.open_price,
            current_price=self.leaving_price(held),
            stop_loss=held.stop_loss,
            take_profit=held.take_profit,
            profit=self.floating(held),
            swap=ZERO,
            magic=held.magic,
            comment=held.comment,
            opened_at=held.opened_at,
        )

    def _bound(self, held: Held) -> Decimal:
        spec = self.terms.specs[held.instrument]
        return self.terms.money.margin(spec, held.volume, held.open_price)

    def _profit(self, held: Held, volume: Decimal, price: Decimal) -> Decimal:
        spec = self.terms.specs[held.instrument]
        return self.terms.money.profit(spec, held.side, volume, held.open_price, price)

    # ------------------------------------------------------------ postings
    def enter(self, order: PendingOrder, reason: DealReason) -> Deal:
        """Fill an opening order at the present price."""
        price = self.moment.quote_of(order.instrument).to_open(order.side)
        self.book.positions[order.ticket] = Held(
            ticket=order.ticket,
            instrument=order.instrument,
            side=order.side,
            volume=order.volume,
            open_price=price,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            magic=order.magic,
            comment=order.comment,
            opened_at=self.moment.now,
        )
        self.retire(order, HistoryState.FILLED)
        deal = replace(
            self._blank_deal(),
            order=order.ticket,
            position_id=order.ticket,
            type=_DEAL_TYPES[order.side],
            entry=DealEntry.IN,
            reason=reason,
            instrument=order.instrument,
            volume=order.volume,
            price=price,
            commission=-self.commission(order.volume),
            magic=order.magic,
            comment=order.comment,
        )
        return self._post(deal)

    def leave(self, held: Held, volume: Decimal, leaving: Leaving) -> Deal:
        """Close a position, or the part ``volume`` of it, at the present price."""
        price = self.leaving_price(held)
        profit = self._profit(held, volume, price)
        if volume == held.volume:
            del self.book.positions[held.ticket]
        else:
            rest = replace(held, volume=held.volume - volume)
            self.book.positions[held.ticket] = rest
        order = PastOrder(
            ticket=self.book.ticket(),
            position_id=held.ticket,
            state=HistoryState.FILLED,
            magic=leaving.magic,
            comment=leaving.comment,
            done_at=self.moment.now,
        )
        self.book.past_orders.append(order)
        deal = replace(
            self._blank_deal(),
            order=order.ticket,
            position_id=held.ticket,
            type=_DEAL_TYPES[held.side.opposite],
            entry=DealEntry.OUT,
            reason=leaving.reason,
            instrument=held.instrument,
            volume=volume,
            price=price,
            profit=profit,
            commission=-self.commission(volume),
            magic=leaving.magic,
            comment=leaving.comment,
        )
        return self._post(deal)

    def retire(self, order: PendingOrder, state: HistoryState) -> None:
        """An opening order is over; it opened a position only when filled."""
        self.book.orders.pop(order.ticket, None)
        past = PastOrder(
            ticket=order.ticket,
            position_id=order.ticket if state is HistoryState.FILLED else None,
            state=state,
            magic=order.magic,
            comment=order.comment,
            done_at=self.moment.now,
        )
        self.book.past_orders.append(past)

    def deposit(self, amount: Decimal, comment: str) -> Deal:
        """Book a balance operation; below 0 a withdrawal."""
        return self._post(replace(self._blank_deal(), profit=amount, comment=comment))

    def _post(self, deal: Deal) -> Deal:
        self.book.deals.append(deal)
        self.book.balance += deal.net
        return deal

    def _blank_deal(self) -> Deal:
        """A balance operation of nothing, with the next ticket."""
        return Deal(
            ticket=self.book.ticket(),
            order=_NO_TICKET,
            position_id=_NO_TICKET,
            type=DealType.BALANCE,
            entry=DealEntry.NONE,
            reason=DealReason.CLIENT,
            instrument="",
            volume=ZERO,
            price=ZERO,
            profit=ZERO,
            swap=ZERO,
            commission=ZERO,
            fee=ZERO,
            magic=0,
            comment="",
            time=self.moment.now,
        )

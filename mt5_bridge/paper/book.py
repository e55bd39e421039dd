"""What a paper account holds: balance, positions, pending orders, next ticket.

A book is changed as a whole or not at all: work is done on a draft, and the draft
takes the book's place only after it has been written. What came to be on the way,
deals and orders that are over, leaves with the draft as news.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.broker import Deal, PastOrder, PendingOrder
from core.ids import Ticket
from core.market import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An open position without what follows from the present price."""

    ticket: Ticket
    """Also the identifier: the ticket of the order that opened it."""
    instrument: str
    side: Side
    volume: Decimal
    open_price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    magic: int
    comment: str
    opened_at: datetime


@dataclass(slots=True, kw_only=True)
class Book:
    """The account; ``deals`` and ``past_orders`` hold only what this draft added."""

    balance: Decimal
    next_ticket: int
    positions: dict[Ticket, Held] = field(default_factory=dict)
    orders: dict[Ticket, PendingOrder] = field(default_factory=dict)
    past_orders: list[PastOrder] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)

    def draft(self) -> "Book":
        """A copy to work on, without news."""
        return Book(
            balance=self.balance,
            next_ticket=self.next_ticket,
            positions=dict(self.positions),
            orders=dict(self.orders),
        )

    def ticket(self) -> Ticket:
        """The next number of the one sequence."""
        number = self.next_ticket
        self.next_ticket += 1
        return Ticket(number)

    def held(self) -> tuple[Held, ...]:
        """The open positions by ticket."""
        return tuple(self.positions[ticket] for ticket in sorted(self.positions))

    def pending(self) -> tuple[PendingOrder, ...]:
        """The waiting orders by ticket."""
        return tuple(self.orders[ticket] for ticket in sorted(self.orders))

    def same_as(self, other: "Book") -> bool:
        """Whether nothing has happened between the two."""
        return self.next_ticket == other.next_ticket and (
            self.positions == other.positions and self.orders == other.orders
        )

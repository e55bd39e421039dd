"""A second, simpler broker to compare the paper broker with.

Written from the rules alone, in fractions, with no code of the first: an account in
dollars, leverage 100, gold (100 ounces, spread 0.25) and dollar/yen (100000 dollars,
spread 0.012), 7 dollars commission a lot, stops at least 0.20 or 0.010 away.
"""

from dataclasses import dataclass, field
from fractions import Fraction

GOLD, YEN = "XAUUSD", "USDJPY"
SPREAD = {GOLD: Fraction(25, 100), YEN: Fraction(12, 1000)}
NEAREST = {GOLD: Fraction(20, 100), YEN: Fraction(10, 1000)}
SIZE = {GOLD: 100, YEN: 100_000}
DONE, PLACED = 10009, 10008


def cents(money: Fraction) -> Fraction:
    return Fraction(round(money * 100), 100)


@dataclass
class Line:
    """A position or a pending order; ``kind`` is ``market``, ``limit`` or ``stop``."""

    ticket: int
    instrument: str
    sign: int
    kind: str
    lots: Fraction
    price: Fraction
    stop: Fraction | None
    target: Fraction | None
    expires: int | None = None


@dataclass
class Replay:
    """The account; prices are bids, time is whole seconds."""

    balance: Fraction = Fraction(10_000)
    now: int = 0
    tickets: int = 100_002
    bids: dict[str, Fraction] = field(
        default_factory=lambda: {GOLD: Fraction(1950), YEN: Fraction(145)}
    )
    open: list[Line] = field(default_factory=list)
    waiting: list[Line] = field(default_factory=list)
    deals: list[tuple[int, str, Fraction]] = field(default_factory=list)
    """Position, reason (``in out sl tp so``) and what it did to the balance."""

    # ------------------------------------------------------------ prices and money
    def buys_at(self, line: Line) -> Fraction:
        bid = self.bids[line.instrument]
        return bid + SPREAD[line.instrument] if line.sign > 0 else bid

    def sells_at(self, line: Line) -> Fraction:
        bid = self.bids[line.instrument]
        return bid if line.sign > 0 else bid + SPREAD[line.instrument]

    def gain(self, line: Line, lots: Fraction) -> Fraction:
        there = self.sells_at(line)
        money = (there - line.price) * line.sign * lots * SIZE[line.instrument]
        return cents(money / there if line.instrument == YEN else money)

    def bound(self, instrument: str, lots: Fraction, price: Fraction) -> Fraction:
        value = lots * SIZE[instrument] * (1 if instrument == YEN else price)
        return cents(value / 100)

    @property
    def equity(self) -> Fraction:
        return self.balance + sum(self.gain(line, line.lots) for line in self.open)

    @property
    def margin(self) -> Fraction:
        return sum(
            self.bound(e.instrument, e.lots, e.price) for e in self.open
        ) or Fraction(0)

    def affords(self, line: Line, price: Fraction) -> bool:
        needed = self.bound(line.instrument, line.lots, price) + self.fee(line.lots)
        return needed <= self.equity - self.margin

    def fee(self, lots: Fraction) -> Fraction:
        return cents(lots * 7 / 2)

    # ------------------------------------------------------------ what people do
    def send(self, line: Line) -> int:
        market = line.kind == "market"
        there, nearest = self.buys_at(line), NEAREST[line.instrument]
        better = (there - line.price) * line.sign
        if line.kind == "limit" and better < nearest:
            return 10015
        if line.kind == "stop" and -better < nearest:
            return 10015
        if not self.fits(line, self.sells_at(line) if market else line.price):
            return 10016
        if not self.affords(line, there if market else line.price):
            return 10019
        line.ticket = self.next_ticket()
        if not market:
            self.waiting.append(line)
            return PLACED
        self.enter(line)
        return DONE

    def fits(self, line: Line, base: Fraction) -> bool:
        nearest = NEAREST[line.instrument]
        if line.stop is not None and (base - line.stop) * line.sign < nearest:
            return False
        return line.target is None or (line.target - base) * line.sign >= nearest

    def close(self, line: Line, lots: Fraction) -> int:
        if lots > line.lots:
            return 10038
        self.leave(line, lots, "out")
        return DONE

    def set_stops(
        self, line: Line, stop: Fraction | None, target: Fraction | None
    ) -> int:
        if (line.stop, line.target) == (stop, target):
            return 10025
        wanted = Line(**{**vars(line), "stop": stop, "target": target})
        if not self.fits(wanted, self.sells_at(line)):
            return 10016
        line.stop, line.target = stop, target
        return DONE

    def deposit(self, amount: Fraction) -> None:
        self.next_ticket()
        self.balance += amount

    # ------------------------------------------------------------ what the market does
    def quote(self) -> None:
        """One quote comes."""
        for line in list(self.open):
            there = self.sells_at(line)
            if line.stop is not None and (there - line.stop) * line.sign <= 0:
                self.leave(line, line.lots, "sl")
            elif line.target is not None and (there - line.target) * line.sign >= 0:
                self.leave(line, line.lots, "tp")
        for line in list(self.waiting):
            worse = (self.buys_at(line) - line.price) * line.sign
            if (worse if line.kind == "stop" else -worse) >= 0:
                self.waiting.remove(line)
                if self.affords(line, self.buys_at(line)):
                    self.enter(line)
        while self.margin and self.equity * 2 <= self.margin:
            self.leave(*self.worst(), "so")

    def worst(self) -> tuple[Line, Fraction]:
        line = min(self.open, key=lambda e: (self.gain(e, e.lots), e.ticket))
        return line, line.lots

    def second(self) -> None:
        """A second passes: four quotes."""
        self.now += 1
        gone = [
            e for e in self.waiting if e.expires is not None and e.expires <= self.now
        ]
        for line in gone:
            self.waiting.remove(line)
        for _ in range(4):
            self.quote()

    # ------------------------------------------------------------ booking
    def next_ticket(self) -> int:
        self.tickets += 1
        return self.tickets - 1

    def enter(self, line: Line) -> None:
        self.next_ticket()
        line.price = self.buys_at(line)
        self.open.append(line)
        self.open.sort(key=lambda e: e.ticket)
        self.book(line, "in", -self.fee(line.lots))

    def leave(self, line: Line, lots: Fraction, reason: str) -> None:
        net = self.gain(line, lots) - self.fee(lots)
        self.next_ticket()
        self.next_ticket()
        line.lots -= lots
        if not line.lots:
            self.open.remove(line)
        self.book(line, reason, net)

    def book(self, line: Line, reason: str, net: Fraction) -> None:
        self.balance += net
        self.deals.append((line.ticket, reason, net))

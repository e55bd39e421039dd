"""Instruments, quotes and candles, in the words of MetaTrader."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """The direction of a signal, an order or a position."""

    BUY = "buy"
    """Long: bought at the ask, closed at the bid."""
    SELL = "sell"
    """Short: sold at the bid, closed at the ask."""

    @property
    def opposite(self) -> "Side":
        """The side that closes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 when a rising price earns, -1 when it costs."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an opening order is executed."""

    MARKET = "market"
    """At once, at the present price."""
    LIMIT = "limit"
    """When the price has come to a better one."""
    STOP = "stop"
    """When the price has run to a worse one."""


class Timeframe(StrEnum):
    """The length of a candle."""

    M1 = "M1"
    M5 = "M5"
    M15 = "M15"
    M30 = "M30"
    H1 = "H1"
    H4 = "H4"
    D1 = "D1"
    W1 = "W1"

    @property
    def span(self) -> timedelta:
        """How long one candle lasts."""
        unit, count = self.value[0], int(self.value[1:])
        minutes = {"M": 1, "H": 60, "D": 1_440, "W": 10_080}[unit]
        return timedelta(minutes=minutes * count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the market offers for one instrument at one moment."""

    instrument: str
    bid: Decimal
    ask: Decimal
    time: datetime
    """When the market last said so, aware UTC."""

    def to_open(self, side: Side) -> Decimal:
        """The price at which a position of this side opens now."""
        return self.ask if side is Side.BUY else self.bid

    def to_close(self, side: Side) -> Decimal:
        """The price at which a position of this side closes now."""
        return self.bid if side is Side.BUY else self.ask

    @property
    def spread(self) -> Decimal:
        """Ask minus bid, in price."""
        return self.ask - self.bid


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar: prices are the bid's; ``time`` is the bar's opening, aware UTC."""

    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSpec:
    """What the broker says of one instrument; sizes are never guessed.

    ``stops_level`` and ``freeze_level`` count points; ``tick_value`` is the
    money, in account currency, that one tick moves one lot of a losing position.
    """

    instrument: str
    """The canonical name that signals use."""
    broker_name: str
    """The broker's own name for it, as in ``XAUUSD.m``."""
    digits: int
    point: Decimal
    tick_size: Decimal
    tick_value: Decimal
    contract_size: Decimal
    volume_min: Decimal
    volume_max: Decimal
    volume_step: Decimal
    volume_limit: Decimal
    """Largest total per side; 0 means none."""
    stops_level: int
    freeze_level: int
    currency_profit: str
    tradable: bool

"""How a feed becomes a price: candles by number, each walked in four quotes.

A feed is a function from a candle's number to the candle, so nothing has to be
remembered but how far the walk has come. Candle 0 is the first that is walked;
a feed that has history before the start answers for negative numbers too.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.errors import Refused
from core.market import Candle, Timeframe

QUOTES = 4
"""Quotes that one candle is walked in."""
_SECOND = 1_000_000
_FASTEST = 1_000
_SUNDAY = datetime(1970, 1, 4, tzinfo=UTC)


class Feed(ABC):
    """Prices, all of them bids, by candle number; candles carry the feed's own time."""

    def __init__(
        self,
        *,
        fingerprint: str,
        instruments: frozenset[str],
        speed: Decimal,
        resumes_anywhere: bool,
    ) -> None:
        """Raises ``Refused`` when the speed is out of range."""
        self.fingerprint = fingerprint
        """Tells one feed from another: a saved place belongs to one of them."""
        self.instruments = instruments
        self.quote_span = quote_span(speed)
        """The time from one quote to the next."""
        self.resumes_anywhere = resumes_anywhere
        """Whether the feed goes on from a steered price, or returns to its own."""

    @abstractmethod
    def spacing(self, instrument: str) -> timedelta:
        """The time from one candle to the next, in the feed's own time."""

    @abstractmethod
    def last(self, instrument: str) -> int | None:
        """The number of the last candle; ``None`` when there is no end."""

    @abstractmethod
    def candle(self, instrument: str, number: int) -> Candle:
        """One whole candle."""

    @abstractmethod
    def back(
        self, instrument: str, number: int, timeframe: Timeframe
    ) -> Iterator[Candle]:
        """Whole candles from ``number`` back, newest first, as far as there are any.

        May be coarser than the feed's own where ``timeframe`` does not need more;
        none lies across a border of ``timeframe``.
        """


def walked(candle: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The four prices of a candle in the order in which they are quoted."""
    if candle.close >= candle.open:
        return candle.open, candle.low, candle.high, candle.close
    return candle.open, candle.high, candle.low, candle.close


def quote_span(speed: Decimal) -> timedelta:
    """The time between two quotes.

    Raises:
        Refused: the speed is not within 0 to 1000 candles per second.
    """
    if not 0 < speed <= _FASTEST:
        reason = f"speed must be above 0 and at most {_FASTEST}, was {speed}"
        raise Refused(reason)
    return timedelta(microseconds=int(_SECOND / (QUOTES * speed)))


def opening(moment: datetime, span: timedelta) -> datetime:
    """When the bar of this length that covers ``moment`` opened; weeks on Sunday."""
    return moment - (moment - _SUNDAY) % span

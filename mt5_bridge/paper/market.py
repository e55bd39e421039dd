"""The price at every moment: a feed walked in time, unless it is steered by hand.

The market's time is how long it has been walked, without the pauses in which no
process walked it. Whatever was ever steered is kept as turns, so the price at any
moment, past ones included, follows from the feed and the turns alone:

    feed --steer--> moving to the target, then held --release--> feed again

After a release a made-up market goes on from where it was held; one read from a
file returns to the file's own prices.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from operator import attrgetter

from core.market import Candle
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.paper.walk import QUOTES, Feed, walked

_FINE = timedelta(milliseconds=50)
"""While a price is being steered, a quote comes at least this often."""
_LONGEST = 4_000
"""Quotes that one advance walks at most; what is beyond never happened."""
_NONE = timedelta(0)
_ONE = Decimal(1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """From ``at`` on (market time) an instrument is steered, or released again."""

    instrument: str
    at: timedelta
    start: Decimal
    """Where it was when steered; after a release, what the feed is multiplied by."""
    target: Decimal | None
    """``None`` releases."""
    over: timedelta

    @property
    def done(self) -> timedelta:
        """When the target is reached."""
        return self.at + self.over


class Market:
    """Walks a feed. All prices are bids on the tick; times are market time."""

    def __init__(
        self,
        feed: Feed,
        specs: Mapping[str, PaperSpec],
        *,
        elapsed: timedelta = _NONE,
        turns: Iterable[Turn] = (),
    ) -> None:
        self.feed = feed
        self.elapsed = elapsed
        self._specs = specs
        self._turns: dict[str, tuple[Turn, ...]] = {}
        for turn in turns:
            self.add(turn)

    def add(self, turn: Turn) -> None:
        """Take a turn, which must not lie before the instrument's last one."""
        self._turns[turn.instrument] = (*self._turns.get(turn.instrument, ()), turn)

    def steering(self, instrument: str, target: Decimal, over: timedelta) -> Turn:
        """The turn that moves the price from here to ``target`` and holds it there."""
        return Turn(
            instrument=instrument,
            at=self.elapsed,
            start=self.price(instrument),
            target=target,
            over=over,
        )

    def releasing(self, instrument: str) -> Turn:
        """The turn that gives the instrument back to its feed."""
        factor = _ONE
        if self.feed.resumes_anywhere:
            factor = self.price(instrument) / self._fed(instrument, self.elapsed)
        return Turn(
            instrument=instrument,
            at=self.elapsed,
            start=factor,
            target=None,
            over=_NONE,
        )

    def price(self, instrument: str) -> Decimal:
        """The present bid."""
        return self._price_at(instrument, self.elapsed)

    def advance(self, by: timedelta) -> Iterator[None]:
        """Let time pass; stops at every moment at which a new quote may come."""
        span = self.feed.quote_span
        until = self.elapsed + min(by, _LONGEST * span)
        while self.elapsed < until:
            moment = (self.elapsed // span + 1) * span
            if self._moving():
                moment = min(moment, self.elapsed + _FINE, until)
            self.elapsed = min(moment, until)
            if moment <= until:
                yield

    def number(self, instrument: str) -> int:
        """The number of the candle that is forming."""
        return self._place(instrument, self.elapsed)[0]

    def turned_from(self, instrument: str) -> int | None:
        """The first candle that is not the feed's own; ``None`` when all are."""
        turns = self._turns.get(instrument)
        return self._place(instrument, turns[0].at)[0] if turns else None

    def candle(self, instrument: str, number: int) -> Candle:
        """A candle as it was quoted, as far as it has been."""
        own = self.feed.candle(instrument, number)
        moments = sorted(self._moments(instrument, number))
        prices = [self._price_at(instrument, moment) for moment in moments]
        quoted = (self.elapsed - moments[0]) // self.feed.quote_span + 1
        return Candle(
            time=own.time,
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=max(1, own.volume * min(quoted, QUOTES) // QUOTES),
        )

    def _moments(self, instrument: str, number: int) -> Iterator[timedelta]:
        """When, within a candle and until now, its price may have turned."""
        span = self.feed.quote_span
        begins, ends = number * QUOTES * span, (number + 1) * QUOTES * span
        if self.feed.last(instrument) == number:
            ends = max(ends, self.elapsed + _INSTANT)
        yield begins
        bends = [begins + quote * span for quote in range(1, QUOTES)]
        for turn in self._turns.get(instrument, ()):
            bends += [turn.at - _INSTANT, turn.at]
        for moment in (*bends, ends - _INSTANT, self.elapsed):
            if begins < moment < ends and moment <= self.elapsed:
                yield moment

    def _moving(self) -> bool:
        last = (turns[-1] for turns in self._turns.values() if turns)
        return any(turn.target and self.elapsed < turn.done for turn in last)

    def _price_at(self, instrument: str, moment: timedelta) -> Decimal:
        turns = self._turns.get(instrument, ())
        place = bisect_right(turns, moment, key=attrgetter("at"))
        if not place:
            return self._fed(instrument, moment)
        turn, tick = turns[place - 1], self._specs[instrument].point
        if turn.target is None:
            price = self._fed(instrument, moment) * turn.start
        elif moment >= turn.done:
            price = turn.target
        else:
            passed, over = (moment - turn.at) // _INSTANT, turn.over // _INSTANT
            price = turn.start + (turn.target - turn.start) * passed / over
        return max(tick, price.quantize(tick))

    def _fed(self, instrument: str, moment: timedelta) -> Decimal:
        number, quote = self._place(instrument, moment)
        return walked(self.feed.candle(instrument, number))[quote]

    def _place(self, instrument: str, moment: timedelta) -> tuple[int, int]:
        """The candle's number and the quote within it; at the end they stand."""
        number, quote = divmod(moment // self.feed.quote_span, QUOTES)
        last = self.feed.last(instrument)
        if last is not None and number > last:
            return last, QUOTES - 1
        return number, quote

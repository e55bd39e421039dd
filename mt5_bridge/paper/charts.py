"""The market's candles in any timeframe, as if the newest were forming right now.

A feed has a time of its own: a file its past, a made-up market minutes that last
seconds. Bars are cut along the feed's own borders, so that they stay the same from
one look to the next, and then all moved by the same span of time, so that the
newest bar is the one that covers the present. Gaps such as weekends stay.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby, islice

from core.market import Candle, Timeframe
from mt5_bridge.paper.market import Market
from mt5_bridge.paper.walk import opening


def chart(
    market: Market, instrument: str, timeframe: Timeframe, count: int, now: datetime
) -> tuple[Candle, ...]:
    """At most ``count`` bars, oldest first, the last one forming.

    A timeframe finer than the feed's candles gives those candles themselves.
    """
    span = max(timeframe.span, market.feed.spacing(instrument))
    bars = list(islice(_bars(market, instrument, timeframe, span), count))
    if not bars:
        return ()
    shift = opening(now, span) - bars[0].time
    return tuple(replace(bar, time=bar.time + shift) for bar in reversed(bars))


def _bars(
    market: Market, instrument: str, timeframe: Timeframe, span: timedelta
) -> Iterator[Candle]:
    """Bars, newest first, in the feed's own time."""
    candles = _candles(market, instrument, timeframe)
    if span > timeframe.span:
        return candles
    bars = groupby(candles, key=lambda candle: opening(candle.time, span))
    return (_joined(time, list(parts)) for time, parts in bars)


def _candles(market: Market, instrument: str, timeframe: Timeframe) -> Iterator[Candle]:
    """Candles, newest first; as quoted while steered, before that the feed's own."""
    number = market.number(instrument)
    turned = market.turned_from(instrument)
    yield market.candle(instrument, number)
    number -= 1
    while turned is not None and number >= turned:
        yield market.candle(instrument, number)
        number -= 1
    yield from market.feed.back(instrument, number, timeframe)


def _joined(time: datetime, parts: list[Candle]) -> Candle:
    """Newest first, as one bar."""
    return Candle(
        time=time,
        open=parts[-1].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[0].close,
        volume=sum(part.volume for part in parts),
    )

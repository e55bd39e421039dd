"""The prices of the instance's own markets, asked for once for all who follow them.

Each instrument has a source: the first broker that has it, so that a follower sees
the price of the chart. A quote serves everybody for a moment (``FRESH``); however
many follow, the sources are asked no more often.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from core.errors import BrokerUnavailable, Refused
from core.market import Candle, Quote, Timeframe
from core.ports import Broker, Clock

FRESH = timedelta(milliseconds=200)

Sources = Callable[[], Sequence[Broker]]
"""The brokers of the instance at this moment, that of the charts first."""


class Board:
    """What every follower reads; filled on the event loop, read on their lane."""

    def __init__(
        self, sources: Sources, clock: Clock, *, fresh: timedelta = FRESH
    ) -> None:
        self._sources = sources
        self.clock = clock
        self._fresh = fresh
        self._quotes: dict[str, Quote] = {}
        self._asked_at: dict[str, timedelta] = {}
        self.closed: frozenset[str] = frozenset()
        """Instruments that their source does not trade now."""

    # ------------------------------------------------------------ the event loop
    async def need(self, instruments: Iterable[str]) -> None:
        """See that these have the present price, as far as anybody has one."""
        now = self.clock.monotonic()
        stale = [
            each
            for each in instruments
            if each not in self._asked_at or now - self._asked_at[each] >= self._fresh
        ]
        for each in stale:
            self._asked_at[each] = now
        await asyncio.gather(*map(self._ask, stale))

    async def _ask(self, instrument: str) -> None:
        try:
            source = await self.source_of(instrument)
            tradable = (await source.get_symbol(instrument)).tradable
            self._quotes[instrument] = await source.get_quote(instrument)
        except (BrokerUnavailable, Refused):
            self._quotes.pop(instrument, None)
            return
        closed = self.closed - {instrument}
        self.closed = closed if tradable else closed | {instrument}

    async def source_of(self, instrument: str) -> Broker:
        """The first broker that has the instrument.

        Raises:
            Refused: none has it.
            BrokerUnavailable: one that may have it cannot be reached.
        """
        for source in self._sources():
            try:
                await source.get_symbol(instrument)
            except Refused:
                continue
            return source
        reason = f"no account here has {instrument}"
        raise Refused(reason)

    async def candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        """Those of the chart; raises as ``source_of``."""
        source = await self.source_of(instrument)
        return await source.get_candles(instrument, timeframe, count)

    # ------------------------------------------------------------ the lane
    def quote(self, instrument: str) -> Quote:
        """The price that was asked for last.

        Raises:
            BrokerUnavailable: nobody had one.
        """
        try:
            return self._quotes[instrument]
        except KeyError as unknown:
            message = f"there is no price of {instrument} to follow"
            raise BrokerUnavailable(message) from unknown

    def rate(self, pair: str) -> Decimal | None:
        """The bid of a dollar pair, if anybody has one."""
        quote = self._quotes.get(pair)
        return quote.bid if quote else None

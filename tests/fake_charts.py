"""Charts that nobody has to look at."""

import hashlib
from datetime import datetime

from core.errors import ChartFailed
from core.ports import Media, SignalChart


class FakeCharts:
    """``core.ports.Charts`` that remembers what was drawn."""

    def __init__(self) -> None:
        self.drawn: list[SignalChart] = []
        self.fails = False

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        if self.fails:
            message = "no picture today"
            raise ChartFailed(message)
        if min([chart.entry, *(candle.low for candle in chart.candles)]) <= 0:
            message = "a price must be above 0"
            raise ValueError(message)
        if chart not in self.drawn:
            self.drawn.append(chart)
        digest = hashlib.sha256(repr(chart).encode()).hexdigest()
        path = f"{at:%Y-%m-%d}/shared/signal/{digest}.png"
        return Media(path=path, sha256=digest, size=1)

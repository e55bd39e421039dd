"""Charts that nobody has to look at."""

import hashlib
from datetime import datetime

from core.errors import ChartFailed
from core.ids import UserId
from core.ports import EquityChart, Media, SignalChart


class FakeCharts:
    """``core.ports.Charts`` that remembers what was drawn."""

    def __init__(self) -> None:
        self.drawn: list[SignalChart] = []
        self.curves: list[EquityChart] = []
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
        return _media(chart, at, "shared", "signal")

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        if self.fails:
            message = "no picture today"
            raise ChartFailed(message)
        if len(chart.points) < 2:
            message = "an equity curve needs 2 points"
            raise ValueError(message)
        self.curves.append(chart)
        return _media(chart, at, str(to), "equity")


def _media(chart: object, at: datetime, owner: str, kind: str) -> Media:
    digest = hashlib.sha256(repr(chart).encode()).hexdigest()
    path = f"{at:%Y-%m-%d}/{owner}/{kind}/{digest}.png"
    return Media(path=path, sha256=digest, size=1)

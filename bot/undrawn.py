"""The pictures of an office: none, because nobody looks at them there."""

from datetime import datetime

from core.errors import ChartFailed
from core.ids import UserId
from core.ports import EquityChart, Media, SignalChart


class NoCharts:
    """An office draws nothing."""

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        """See ``Charts.signal_chart``."""
        message = f"an office draws nothing, not {chart.instrument} at {at}"
        raise ChartFailed(message)

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        """See ``Charts.equity_chart``."""
        message = f"an office draws nothing, not {chart.title} at {at} for {to}"
        raise ChartFailed(message)

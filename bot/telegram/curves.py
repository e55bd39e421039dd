"""An account's curve as a picture for one person; none where it cannot be drawn."""

from datetime import datetime

import structlog

from core.accounts import Account
from core.desk.reporting import equity_chart
from core.desk.tools import Tools
from core.errors import ChartFailed
from core.ids import UserId

log = structlog.get_logger()


async def drawn(
    tools: Tools, account: Account, *, since: datetime | None, to: UserId
) -> str | None:
    """The picture's path below the media folder."""
    chart = await equity_chart(tools, account, since=since)
    if chart is None:
        return None
    try:
        media = await tools.charts.equity_chart(chart, at=tools.clock.now(), to=to)
    except ChartFailed as failure:
        log.warning("curve_not_drawn", account=account.id, reason=str(failure))
        return None
    return media.path

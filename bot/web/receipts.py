"""A signal as its provider sees it: the receipt, the same wherever it is given.

Prices are text in canonical form (``1950.5``), times ISO 8601 in UTC with ``Z``.
"""

from datetime import UTC, datetime, timedelta

from bot.web.context import WebContext
from core.desk.counting import Counts
from core.money import plain
from core.signals import Signal

CHART_LINK_LASTS = timedelta(hours=48)
CHART_LINK_RENEWED = timedelta(hours=24)
"""The link stands still for so long, so that an unchanged receipt is the same text."""
_START = datetime(2026, 1, 1, tzinfo=UTC)


def receipt(context: WebContext, signal: Signal, counts: Counts) -> dict[str, object]:
    """The contract's keys; ``links.chart`` is ``None`` until the chart is drawn."""
    return {
        "id": signal.id,
        "external_id": signal.external_id,
        "action": signal.action,
        "target": signal.target,
        "status": signal.status,
        "instrument": signal.instrument,
        "side": signal.side,
        "price": plain(signal.price),
        "created_at": iso(signal.created_at),
        "expires_at": iso(signal.expires_at),
        "recipients": signal.recipients,
        "counts": {
            "recipients": signal.recipients,
            "prompts_sent": counts.prompts_sent,
            "approved": counts.approved,
            "rejected": counts.rejected,
            "expired": counts.expired,
            "orders_filled": counts.orders_filled,
        },
        "links": {"self": self_link(context, signal), "chart": _chart(context, signal)},
    }


def self_link(context: WebContext, signal: Signal) -> str:
    """Where the receipt is read again."""
    return f"{context.public_url.rstrip('/')}/api/v1/signals/{signal.id}"


def _chart(context: WebContext, signal: Signal) -> str | None:
    if signal.chart_path is None:
        return None
    now = context.tools.clock.now()
    begun = now - (now - _START) % CHART_LINK_RENEWED
    return context.media.link(signal.chart_path, begun + CHART_LINK_LASTS)


def iso(moment: datetime) -> str:
    """An aware UTC time as text."""
    return moment.isoformat().replace("+00:00", "Z")

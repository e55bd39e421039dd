"""Time is aware UTC everywhere; this module refuses anything else."""

from datetime import UTC, datetime, timedelta


def require_utc(moment: datetime, *, name: str) -> datetime:
    """Return ``moment`` in UTC.

    Raises:
        ValueError: for a naive datetime, whose zone nobody knows.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        message = f"{name} must carry a time zone, was naive {moment.isoformat()}"
        raise ValueError(message)
    return moment.astimezone(UTC)


def in_words(span: timedelta) -> str:
    """A short English span: ``45 s``, ``9 min``, ``3 h``, ``2 d``."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

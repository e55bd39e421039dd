"""Text for people: escaped, free of tricks, and within Telegram's limits."""

import html
import json
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

CAPTION_LIMIT = 1024
TEXT_LIMIT = 4096
"""UTF-16 units, counted after the markup is parsed."""


def safe(text: str) -> str:
    """A foreign text for HTML: one line, no control, bidi or invisible characters."""
    plain = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return html.escape(" ".join(plain.split()), quote=False)


def units(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def clip(text: str, limit: int) -> str:
    """The start of ``text`` in at most ``limit`` units, with an ellipsis if cut."""
    if units(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore")
    return f"{kept.rstrip()}…"


def number(value: Decimal, places: int = 2) -> str:
    """A number with thousands separators: ``1,234.50``."""
    return f"{value:,.{places}f}"


def signed(value: Decimal, places: int = 2) -> str:
    """A number that always shows its sign: ``+12.00``."""
    return f"{value:+,.{places}f}"


def price(value: Decimal | None) -> str:
    """A price as it came, without an exponent."""
    return "none" if value is None else f"{value:f}"


def clock(moment: datetime | None) -> str:
    """A time of day: ``12:31 UTC``."""
    return "" if moment is None else f"{moment.astimezone(UTC):%H:%M} UTC"


def why(payload: str, limit: int) -> str:
    """The provider's reason in one safe line, from the payload's JSON."""
    content = json.loads(payload)
    for key in ("reason", "comment", "note", "text"):
        if isinstance(content.get(key), str):
            return safe(clip(content[key], limit))
    pairs = (f"{key} {_short(value)}" for key, value in content.items())
    return safe(clip(", ".join(pairs), limit))


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)

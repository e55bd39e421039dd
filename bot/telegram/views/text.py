"""Text for people: escaped, free of tricks, and within Telegram's limits."""

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from bot.telegram.languages.bidi import MARKS, from_right_to_left_dotted
from bot.telegram.languages.catalogue import RIGHT_TO_LEFT
from bot.telegram.views.speech import later, local, retold, say, say_count, spoken

CAPTION_LIMIT = 1024
TEXT_LIMIT = 4096
"""UTF-16 units, counted after the markup is parsed."""
MOST_MARKS = 3
"""Combining marks on one letter; more would paint over the lines around it."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing although Unicode does not call them invisible."""
_TAG = re.compile(r"<[^>]*>")
_LIVE_TIME = re.compile(r"</?tg-time[^>]*>")
_SPANS = (
    (later("{count} d"), 86_400),
    (later("{count} h"), 3_600),
    (later("{count} min"), 60),
    (later("{count} s"), 1),
)


def tidy(text: str, *, kept: str = "") -> str:
    """A foreign text in one line, without control, bidi or invisible characters."""
    return " ".join("".join(_visible(text, kept)).split())


def _visible(text: str, kept: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if character.isspace():
            yield " "
        elif character in kept or (
            category[0] != "C" and character not in _INVISIBLE and marks <= MOST_MARKS
        ):
            yield character


def safe(text: str) -> str:
    """A foreign text for HTML: tidied and escaped."""
    return html.escape(tidy(text), quote=False)


def brief(text: str, limit: int) -> str:
    """A foreign text for HTML of which at most ``limit`` units are shown."""
    return html.escape(clip(tidy(text), limit), quote=False)


def told(sentence: str, limit: int = TEXT_LIMIT) -> str:
    """A sentence of core's for HTML, in the reader's language and ``limit`` units."""
    return html.escape(clip(retold(in_a_line(sentence)), limit), quote=False)


def in_a_line(text: str) -> str:
    """A text of ours in one line; the marks of a right-to-left language stay in it."""
    return tidy(text, kept=MARKS if spoken() in RIGHT_TO_LEFT else "")


def plainly(markup: str) -> str:
    """HTML without what only newer servers understand: live times, folded quotes."""
    return _LIVE_TIME.sub("", markup).replace("<blockquote expandable>", "<blockquote>")


def units(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown_units(markup: str) -> int:
    """UTF-16 units that are left of HTML once Telegram has parsed it."""
    return units(html.unescape(_TAG.sub("", markup)))


def clip(text: str, limit: int) -> str:
    """The start of ``text`` in at most ``limit`` units, with an ellipsis if cut."""
    if units(text) <= limit:
        return text
    encoded = text.encode("utf-16-le", "surrogatepass")[: (limit - 1) * 2]
    return f"{encoded.decode('utf-16-le', 'ignore').rstrip()}…"


def listed(parts: Sequence[str], *, between: str = "\n") -> str:
    """As many whole parts as one message holds, and how many more there are."""
    shown, left = "", TEXT_LIMIT - 40
    for number, part in enumerate(parts):
        left -= shown_units(part) + len(between)
        if left < 0:
            left = len(parts) - number
            more = say_count("… and {count} more.", "… and {count} more.", left)
            return f"{shown}{between}{more}"
        shown = f"{shown}{between}{part}" if shown else part
    return shown


def dotted(*parts: str) -> str:
    """Parts of one line with a dot between them."""
    if parts and spoken() in RIGHT_TO_LEFT:
        return from_right_to_left_dotted(parts)
    return " · ".join(parts)


def number(value: Decimal, places: int = 2) -> str:
    """A number with thousands separators as the reader writes them: ``1,234.50``."""
    return format_decimal(value, format=_digits(places), locale=spoken())


def signed(value: Decimal, places: int = 2) -> str:
    """A number that shows its sign: ``+12.00``; what rounds to nothing has none."""
    plain, rounded = _digits(places), round(value, places)
    shown = f"+{plain};-{plain}" if rounded else plain
    return format_decimal(rounded or abs(rounded), format=shown, locale=spoken())


def money(value: Decimal, currency: str) -> str:
    """An amount with its currency: ``1,234.50 USD``."""
    return say("{amount} {currency}", amount=number(value), currency=currency)


def result(value: Decimal, currency: str) -> str:
    """What was won or lost: ``+12.00 USD``."""
    return say("{amount} {currency}", amount=signed(value), currency=currency)


def figure(value: Decimal) -> str:
    """A number with the decimals that it has: ``12.5``."""
    return format_decimal(value, format="#,##0.##########", locale=spoken())


def _digits(places: int) -> str:
    return f"#,##0.{'0' * places}" if places else "#,##0"


def places(*prices: Decimal | None) -> int:
    """Decimals of the finest of some prices, with which all of them are shown."""
    return max((_decimals(each) for each in prices if each is not None), default=0)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def price(value: Decimal | None, least: int = 0) -> str:
    """A price as terminals write it, whatever the language, to be typed there."""
    if value is None:
        return say("none")
    return f"{value:.{max(least, _decimals(value))}f}"


def span(length: timedelta) -> str:
    """How long, in one unit: ``45 s``, ``9 min``, ``3 h``, ``2 d``."""
    seconds = max(0, int(length.total_seconds()))
    unit, size = next((each for each in _SPANS if seconds >= each[1]), _SPANS[-1])
    return say(unit, count=seconds // size)


def clock(moment: datetime | None) -> str:
    """A time of day on the reader's clock: ``12:31 UTC``."""
    return "" if moment is None else f"{local(moment):%H:%M %Z}"


def when(moment: datetime, *, now: datetime) -> str:
    """A time of day, with its date when that is not today's: ``3 Dec 12:31 UTC``."""
    if local(moment).date() == local(now).date():
        return clock(moment)
    return f"{_day(moment, 'd MMM')} {clock(moment)}"


def dated(moment: datetime) -> str:
    """A time with its full date, for what is kept: ``3 Dec 2026 12:31 UTC``."""
    return f"{_day(moment, 'd MMM y')} {clock(moment)}"


def _day(moment: datetime, pattern: str) -> str:
    return format_date(local(moment), pattern, locale=spoken())


def why(payload: str, limit: int) -> str:
    """The provider's reason in one safe line, from the payload's JSON."""
    content = json.loads(payload)
    for key in ("reason", "comment", "note", "text"):
        if isinstance(content.get(key), str):
            return brief(content[key], limit)
    pairs = (f"{key} {_short(value)}" for key, value in content.items())
    return brief(", ".join(pairs), limit)


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

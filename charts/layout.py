"""Where things go on a picture: scales, ticks, labels that do not overlap.

Pure arithmetic, so that the odd cases (no candles, flat prices, a stop far
away) are settled, and tested, apart from any drawing.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor, log10

MOST_OF_SCALE = 5.0
"""Levels may stretch the price scale to this many times the candles' range."""
MARGIN = 0.06
"""Share of the price scale kept free above and below."""
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_MINUTE, _DAY = 60, 86_400


def price_scale(
    prices: Iterable[float], levels: Iterable[float], digits: int
) -> tuple[float, float]:
    """Lowest and highest price of the axis.

    Nearer levels are taken in first; one that would squeeze the candles into
    less than a fifth of the height stays outside. The scale never begins below 0.
    """
    wanted = list(levels)
    inside = list(prices) or wanted[:1]
    low, high = min(inside), max(inside)
    most = MOST_OF_SCALE * (high - low) or float("inf")
    middle = (low + high) / 2
    for level in sorted(wanted, key=lambda level: abs(level - middle)):
        if max(high, level) - min(low, level) <= most:
            low, high = min(low, level), max(high, level)
    least = max(10 * 10.0**-digits, 1e-7 * high)
    spare = max(least - (high - low), 2 * MARGIN * (high - low)) / 2
    return max(0.0, low - spare), high + spare


def price_ticks(low: float, high: float, digits: int) -> list[float]:
    """About eight round prices between two prices, never finer than ``digits``."""
    rough = (high - low) / 8
    power, point = 10.0 ** floor(log10(rough)), 10.0**-digits
    steps = [n * power for n in (1, 2, 2.5, 5, 10)]
    whole = (
        step
        for step in steps
        if step >= rough * 0.999 and abs(step / point - round(step / point)) < 1e-6  # noqa: PLR2004
    )
    step = next(whole, point)
    return [n * step for n in range(ceil(low / step), floor(high / step) + 1)]


@dataclass(frozen=True, slots=True)
class TimeTick:
    """One label of the time axis: above which candle, and what it says."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class _Step:
    """A distance between time labels.

    ``bucket`` numbers the stretch of time that a moment is in; ``texts`` says
    the moment by the coarsest thing that is new in it, finest last.
    """

    bucket: Callable[[datetime], int]
    texts: tuple[Callable[[datetime], str], ...]


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _date(moment: datetime) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1]}"


def _month(moment: datetime) -> str:
    return MONTHS[moment.month - 1]


def _year(moment: datetime) -> str:
    return f"{moment.year}"


def _minutes(count: int) -> _Step:
    span = count * _MINUTE
    return _Step(lambda t: int(t.timestamp()) // span, (_date, _clock))


def _days(count: int) -> _Step:
    monday = 4  # days are counted from a Monday, so that weeks begin on one
    return _Step(lambda t: (int(t.timestamp()) // _DAY - monday) // count, (_date,))


def _months(count: int) -> _Step:
    return _Step(lambda t: (t.year * 12 + t.month - 1) // count, (_year, _month))


def _years(count: int) -> _Step:
    return _Step(lambda t: t.year // count, (_year,))


_STEPS = (
    *map(_minutes, (5, 10, 15, 30, 60, 120, 180, 240, 360, 720)),
    *map(_days, (1, 2, 7, 14)),
    *map(_months, (1, 2, 3, 6)),
    *map(_years, (1, 2, 5, 10, 25, 100)),
)


def time_ticks(times: Sequence[int], *, most: int, apart: int) -> list[TimeTick]:
    """Labels at the first candles of round stretches of time, in UTC.

    ``times`` are the candles' openings in seconds since 1970, oldest first. There
    are at most ``most`` labels, each at least ``apart`` candles after the one before
    and half as many after the first candle.
    """
    moments = [datetime.fromtimestamp(time, UTC) for time in times]
    for step in _STEPS:
        starts = _starts(moments, step.bucket)
        if len(starts) <= most:
            break
    else:
        return []
    majors = set(_starts(moments, step.texts[0]))
    return [
        TimeTick(index, step.texts[0 if index in majors else -1](moments[index]))
        for index in _thinned(starts, majors, apart)
    ]


def _starts(
    moments: Sequence[datetime], part: Callable[[datetime], object]
) -> list[int]:
    """Where a part of time is another than just before."""
    return [
        index
        for index in range(1, len(moments))
        if part(moments[index]) != part(moments[index - 1])
    ]


def _thinned(starts: Iterable[int], majors: Container[int], apart: int) -> list[int]:
    """Of two that are too near keep the major one, or the later."""
    kept: list[int] = []
    for index in starts:
        if kept and index - kept[-1] < apart:
            if kept[-1] in majors and index not in majors:
                continue
            kept.pop()
        if 2 * index >= apart:
            kept.append(index)
    return kept


def spread_out(
    wanted: Sequence[float],
    weights: Sequence[float],
    height: float,
    limits: tuple[float, float],
) -> list[float]:
    """Centres for labels of one height, as near as may be to where they are wanted.

    None overlaps another, their order is kept, and all stay between the lower and
    the upper limit where there is room. Where they must give way, each does so the
    less the more weight it has.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    groups: list[tuple[float, float, int]] = []  # lowest centre, weight, labels
    for index in order:
        group = (wanted[index], weights[index], 1)
        while groups and group[0] < groups[-1][0] + groups[-1][2] * height:
            group = _joined(groups.pop(), group, height)
        groups.append(group)
    centres = [low + n * height for low, _, count in groups for n in range(count)]
    _keep_inside(centres, height, limits)
    placed = dict(zip(order, centres, strict=True))
    return [placed[index] for index in range(len(wanted))]


def _joined(
    lower: tuple[float, float, int], upper: tuple[float, float, int], height: float
) -> tuple[float, float, int]:
    weight = lower[1] + upper[1]
    moved = upper[0] - lower[2] * height
    centre = (lower[0] * lower[1] + moved * upper[1]) / weight
    return centre, weight, lower[2] + upper[2]


def _keep_inside(
    centres: list[float], height: float, limits: tuple[float, float]
) -> None:
    least, most = limits[0] + height / 2, limits[1] - height / 2
    for index in range(len(centres)):
        centres[index] = max(centres[index], least)
        least = centres[index] + height
    for index in reversed(range(len(centres))):
        centres[index] = min(centres[index], most)
        most = centres[index] - height


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels, counted from the lower left corner of the picture."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels up."""
        return self.top - self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Where candles and prices are in the picture: candles by number, from 0."""

    box: Box
    first: float
    last: float
    low: float
    high: float

    def x(self, candle: float) -> float:
        """Pixels from the left edge."""
        share = (candle - self.first) / (self.last - self.first)
        return self.box.left + self.box.width * share

    def y(self, price: float) -> float:
        """Pixels from the lower edge; beyond the box for a price off the scale."""
        share = (price - self.low) / (self.high - self.low)
        return self.box.bottom + self.box.height * share

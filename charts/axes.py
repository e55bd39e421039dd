"""The words around a price chart: price axis with labelled levels, time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from charts.easel import Easel, Segment
from charts.layout import Box, Plot, price_ticks, spread_out, time_ticks
from charts.style import Palette

TEXT = 27
"""Font size at 1200 x 750; a third of it still reads well on a phone."""
LABEL = 42
"""Height of a label, at 1200 x 750 as all sizes here."""
PAD = 14
"""Space around the words of a label."""
EDGE = 18
"""Space at the left and right edge of the picture."""
TIME_BAND = 52
"""Height of the time axis."""
DIGIT_WIDTH = 0.7
"""Of a bold digit, in font sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every part of a picture needs to draw itself."""

    easel: Easel
    palette: Palette
    width: int
    height: int
    digits: int
    """Decimal places of a price."""

    @property
    def unit(self) -> float:
        """Pixels for one pixel of the 1200 x 750 that sizes are given for."""
        return min(self.width / 1200, self.height / 750)

    def price(self, price: float) -> str:
        """The price in words."""
        return f"{price:.{self.digits}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price with a name, a line across the chart and a label on the axis."""

    name: str
    price: float
    colour: str
    faint: bool = False
    """Gives way to the others and is left out where it would cover one's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The candles that are seen: openings in seconds since 1970, oldest first."""

    seen: Sequence[int]
    first: int
    """The number of the first of them."""
    until: float
    """Where the room for writing ends, in pixels."""


def axis_width(stage: Stage, prices: Sequence[float]) -> float:
    """Pixels that the price axis takes when it has to hold these prices."""
    longest = max(len(stage.price(price)) for price in prices)
    return stage.unit * (longest * DIGIT_WIDTH * TEXT + 2 * PAD + 4)


def price_axis(stage: Stage, plot: Plot, levels: Sequence[Level]) -> None:
    """Draw round prices with their grid, and the levels over them."""
    box = plot.box
    heights = [plot.y(level.price) for level in levels]
    places = spread_out(
        heights,
        [0.25 if level.faint else 1.0 for level in levels],
        LABEL * stage.unit,
        (box.bottom, box.top),
    )
    _price_grid(stage, plot, places)
    solid = [y for level, y in zip(levels, heights, strict=True) if not level.faint]
    for level, height, place in zip(levels, heights, places, strict=True):
        hidden = level.faint and any(abs(height - y) < 4 * stage.unit for y in solid)
        if plot.low <= level.price <= plot.high and not hidden:
            _line(stage, box, level, height)
        _label(stage, plot, level, place)


def _price_grid(stage: Stage, plot: Plot, taken: Sequence[float]) -> None:
    unit, easel, palette, box = stage.unit, stage.easel, stage.palette, plot.box
    ticks = [
        (plot.y(price), stage.price(price))
        for price in price_ticks(plot.low, plot.high, stage.digits)
    ]
    lines = [[(box.left, y), (box.right, y)] for y, _ in ticks]
    easel.rule(lines, palette.grid, 1.5 * unit, behind=True)
    for y, text in ticks:
        if all(abs(y - place) > 0.9 * LABEL * unit for place in taken):
            at = (box.right + PAD * unit, y)
            easel.write(at, text, TEXT * unit, palette.faint)


def _line(stage: Stage, box: Box, level: Level, height: float) -> None:
    width, dashes = (1.6, (2.0, 3.0)) if level.faint else (2.4, (7.0, 4.0))
    ends = [(box.left, height), (box.right, height)]
    stage.easel.rule([ends], level.colour, width * stage.unit, dashes=dashes)


def _label(stage: Stage, plot: Plot, level: Level, height: float) -> None:
    unit, easel, ink = stage.unit, stage.easel, stage.palette.on_label
    size, pad, half = TEXT * unit, PAD * unit, LABEL * unit / 2 - 1
    name = level.name + _beyond(plot, level.price)
    left = plot.box.right - easel.width(name, size, bold=True) - 2 * pad
    right = stage.width - 4 * unit
    easel.fill(
        Box(left=left, bottom=height - half, right=right, top=height + half),
        level.colour,
    )
    easel.write((left + pad, height), name, size, ink, bold=True)
    at = (plot.box.right + pad, height)
    easel.write(at, stage.price(level.price), size, ink, bold=True)


def _beyond(plot: Plot, price: float) -> str:
    """An arrow when the price is off the scale."""
    if price > plot.high:
        return " ▲"
    return " ▼" if price < plot.low else ""


def time_axis(stage: Stage, plot: Plot, grid: Box, times: Times) -> None:
    """Draw times below ``grid`` and lines up through it."""
    unit, easel, palette = stage.unit, stage.easel, stage.palette
    apart = round((plot.last - plot.first) / 10)
    ticks = time_ticks(times.seen, most=6, apart=apart)
    size, y, pad = TEXT * unit, TIME_BAND / 2 * unit, PAD * unit
    lines: list[Segment] = []
    for tick in ticks:
        x = plot.x(times.first + tick.index)
        if x + easel.width(tick.text, size) / 2 + pad < times.until:
            easel.write((x, y), tick.text, size, palette.faint, align="center")
            lines.append([(x, grid.bottom), (x, grid.top)])
    easel.rule(lines, palette.grid, 1.5 * unit, behind=True)
    easel.write((plot.box.right + pad, y), "UTC", size, palette.faint)

"""The equity curve: money above, the drawdown below, firings marked.

account                          10,250.00 USD  +2.5 %
+------------------------------------------+------+
|  equity, the guard's firings marked      | money|
+------------------------------------------+------+
|  drawdown in percent, the limit dashed   |  %   |
+------------------------------------------+------+
time axis                                  UTC
"""

from collections.abc import Sequence
from itertools import pairwise

from charts.axes import EDGE, PAD, TEXT, TIME_BAND, Stage, Times, time_axis
from charts.curves import EquityPicture
from charts.easel import Easel
from charts.layout import Box, Plot, price_ticks
from charts.style import PALETTES, Theme

TITLE_BAND, TITLE, RESULT = 84, 44, 34
"""Height of the title and its font sizes, at 1200 x 750 as all sizes here."""
LOWER = 0.3
"""Share of the height for the drawdown."""
MARGIN = 0.08
"""Share of a scale kept free above and below."""
LINE = 3.0
LEAST_DRAWDOWN = 1.0
"""Percent that the lower scale shows at least."""
MARKS = {"fired": "guard"}
"""What is written at a mark."""


def draw(picture: EquityPicture, easel: Easel) -> bytes:
    """A palette PNG of the picture; the same bytes for the same picture."""
    palette = PALETTES[Theme(picture.theme)]
    easel.wipe((picture.width, picture.height), palette.ground)
    stage = Stage(
        easel=easel,
        palette=palette,
        width=picture.width,
        height=picture.height,
        digits=2,
    )
    _Sheet(picture, stage).draw()
    return easel.png()


class _Sheet:
    """One picture in the making."""

    def __init__(self, picture: EquityPicture, stage: Stage) -> None:
        self._picture, self._stage = picture, stage
        unit, last = stage.unit, len(picture.times) - 1
        low, high = _scale(picture.equity)
        deepest = max(*picture.drawdowns, picture.limit, LEAST_DRAWDOWN)
        words = [f"{low:,.0f}", f"{high:,.0f}", f"-{deepest:.1f} %"]
        right = stage.width - max(self._width(each) for each in words) - 2 * PAD * unit
        bottom, top = TIME_BAND * unit, stage.height - TITLE_BAND * unit
        middle = bottom + LOWER * (top - bottom)
        left = EDGE * unit
        self._upper = Plot(
            box=Box(left=left, bottom=middle + 8 * unit, right=right, top=top),
            first=0,
            last=last,
            low=low,
            high=high,
        )
        self._lower = Plot(
            box=Box(left=left, bottom=bottom, right=right, top=middle - 8 * unit),
            first=0,
            last=last,
            low=-deepest * (1 + MARGIN),
            high=0,
        )

    def draw(self) -> None:
        self._times()
        self._money()
        self._drawdown()
        self._marks()
        self._title()

    def _width(self, text: str) -> float:
        return self._stage.easel.width(text, TEXT * self._stage.unit)

    def _money(self) -> None:
        stage, plot, equity = self._stage, self._upper, self._picture.equity
        for value in price_ticks(plot.low, plot.high, 2):
            self._tick(plot, value, f"{value:,.0f}")
        first = plot.y(equity[0])
        ends = [(plot.box.left, first), (plot.box.right, first)]
        stage.easel.rule([ends], stage.palette.last, 1.6 * stage.unit, dashes=(2, 3))
        self._line(plot, equity, stage.palette.gain)

    def _drawdown(self) -> None:
        stage, plot = self._stage, self._lower
        below = [-each for each in self._picture.drawdowns]
        for value in price_ticks(plot.low, plot.high, 1)[::2]:
            self._tick(plot, value, f"{value:g} %")
        self._line(plot, below, stage.palette.loss)
        if self._picture.limit:
            y = plot.y(-self._picture.limit)
            ends = [(plot.box.left, y), (plot.box.right, y)]
            stage.easel.rule(
                [ends], stage.palette.loss, 2.4 * stage.unit, dashes=(7, 4)
            )

    def _line(self, plot: Plot, values: Sequence[float], colour: str) -> None:
        path = [(plot.x(number), plot.y(value)) for number, value in enumerate(values)]
        self._stage.easel.rule(
            [list(pair) for pair in pairwise(path)], colour, LINE * self._stage.unit
        )

    def _tick(self, plot: Plot, value: float, text: str) -> None:
        stage, y = self._stage, plot.y(value)
        ends = [(plot.box.left, y), (plot.box.right, y)]
        stage.easel.rule([ends], stage.palette.grid, 1.5 * stage.unit, behind=True)
        at = (plot.box.right + PAD * stage.unit, y)
        stage.easel.write(at, text, TEXT * stage.unit, stage.palette.faint)

    def _marks(self) -> None:
        """A line for each, and its word at the top; a crowd of them has none."""
        stage, plot, until = self._stage, self._upper, -1.0
        for place, kind in self._picture.marks:
            x = plot.x(place)
            ends = [(x, self._lower.box.bottom), (x, plot.box.top)]
            colour = stage.palette.loss
            stage.easel.rule([ends], colour, 2 * stage.unit, dashes=(3, 3))
            word, size = MARKS[kind], TEXT * stage.unit
            if x > until and x + self._width(word) < plot.box.right:
                at = (x + 6 * stage.unit, plot.box.top - TEXT * stage.unit / 2)
                stage.easel.write(at, word, size, colour)
                until = x + self._width(word) + 12 * stage.unit

    def _times(self) -> None:
        upper, lower = self._upper.box, self._lower.box
        grid = Box(
            left=lower.left, bottom=lower.bottom, right=lower.right, top=upper.top
        )
        times = Times(seen=self._picture.times, first=0, until=upper.right)
        time_axis(self._stage, self._lower, grid, times)

    def _title(self) -> None:
        picture, stage, unit = self._picture, self._stage, self._stage.unit
        y, palette = stage.height - (TITLE_BAND / 2 - 2) * unit, stage.palette
        first, last = picture.equity[0], picture.equity[-1]
        change = f" {(last - first) / first * 100:+.1f} %" if first > 0 else ""
        colour = palette.gain if last >= first else palette.loss
        right, size = stage.width - EDGE * unit, RESULT * unit
        money = f"{last:,.2f} {picture.currency}"
        stage.easel.write((right, y), change, size, colour, bold=True, align="right")
        right -= stage.easel.width(change, size, bold=True)
        stage.easel.write((right, y), money, size, palette.text, align="right")
        room = right - stage.easel.width(money, size) - 2 * EDGE * unit
        wanted = stage.easel.width(picture.title, TITLE * unit, bold=True)
        size = TITLE * unit * min(1, room / wanted)
        at = (EDGE * unit, y)
        stage.easel.write(at, picture.title, size, palette.text, bold=True)


def _scale(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    spare = max((high - low) * MARGIN, abs(high) * 0.002, 0.01)
    return low - spare, high + spare

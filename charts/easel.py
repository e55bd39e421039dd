"""A sheet of pixels to draw on with matplotlib, used again and again.

Making a figure and its axes takes longer than drawing a chart on it, so there is
one figure, wiped between pictures. All sizes are pixels (72 dots per inch make a
point one pixel), counted from the lower left corner. Nothing here touches pyplot,
and the only font is the one that matplotlib brings, so that pictures are the same
on every machine.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from typing_extensions import override

from charts import png
from charts.layout import Box

DOTS_PER_INCH = 72
DIGIT_HEIGHT = 0.73
"""Of capitals and digits, in font sizes."""

Align = Literal["left", "center", "right"]
Segment = Sequence[tuple[float, float]]


class BareAxes(Axes):
    """Axes that hold what is plotted and draw nothing of their own."""

    @override
    def bar(self, *args: Any, **kwargs: Any) -> Any:
        """Take mplfinance's volume bars as one collection, not a patch each."""
        centres, heights = np.asarray(args[0]), np.asarray(args[1])
        left, right = centres - kwargs["width"] / 2, centres + kwargs["width"] / 2
        zero = np.zeros_like(heights)
        corners = [(left, zero), (left, heights), (right, heights), (right, zero)]
        bars = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
        self.add_collection(
            PolyCollection(list(bars), facecolors=kwargs["color"], linewidths=0),
            autolim=False,
        )


class Easel:
    """One figure with two bare axes; not for two threads at once."""

    def __init__(self) -> None:
        self._figure = Figure(dpi=DOTS_PER_INCH)
        self._canvas: Any = FigureCanvasAgg(self._figure)  # has no types
        self._size = (0, 0)
        self.upper, self.lower = self._axes(), self._axes()

    def _axes(self) -> Axes:
        axes = self._figure.add_axes((0, 0, 1, 1), axes_class=BareAxes)
        axes.set_axis_off()
        return axes

    def wipe(self, size: tuple[int, int], ground: str) -> None:
        """Begin a picture of this width and height."""
        for artist in list(self._figure.artists):
            artist.remove()
        for axes in (self.upper, self.lower):
            for artist in [*axes.collections, *axes.lines, *axes.patches]:
                artist.remove()
        self._size = size
        width, height = size
        self._figure.set_size_inches(width / DOTS_PER_INCH, height / DOTS_PER_INCH)
        self._figure.set_facecolor(ground)

    def place(self, axes: Axes, box: Box, candles: tuple[float, float]) -> None:
        """Put axes onto a part of the picture, from one candle to another."""
        width, height = self._size
        axes.set_position(
            (
                box.left / width,
                box.bottom / height,
                box.width / width,
                box.height / height,
            )
        )
        axes.set_xlim(*candles)

    def png(self) -> bytes:
        """The finished picture."""
        self._canvas.draw()
        return png.encode(bytes(self._canvas.buffer_rgba()), self._size)

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Pixels that the text takes across."""
        measure = self._canvas.get_renderer().get_text_width_height_descent
        return float(measure(text, _font(size, bold=bold), ismath=False)[0])

    def write(
        self,
        at: tuple[float, float],
        text: str,
        size: float,
        colour: str,
        *,
        bold: bool = False,
        align: Align = "left",
    ) -> None:
        """Write with the middle of the digits at the height of ``at``."""
        x, y = at
        self._figure.add_artist(
            Text(
                x,
                y - DIGIT_HEIGHT / 2 * size,
                text,
                color=colour,
                fontproperties=_font(size, bold=bold),
                horizontalalignment=align,
                verticalalignment="baseline",
                transform=IdentityTransform(),
                parse_math=False,
                zorder=6,
            )
        )

    def fill(self, box: Box, colour: str) -> None:
        """Fill a rectangle, over all lines and under all writing."""
        self._figure.add_artist(
            Rectangle(
                (box.left, box.bottom),
                box.width,
                box.height,
                facecolor=colour,
                linewidth=0,
                transform=IdentityTransform(),
                zorder=5,
            )
        )

    def rule(
        self,
        lines: Iterable[Segment],
        colour: str,
        width: float,
        *,
        dashes: tuple[float, float] | None = None,
        behind: bool = False,
    ) -> None:
        """Draw lines over the plotted things, or behind them."""
        self._figure.add_artist(
            LineCollection(
                list(lines),
                colors=colour,
                linewidths=width,
                linestyles=[(0, dashes)] if dashes else "solid",
                transform=IdentityTransform(),
                zorder=-1 if behind else 3,
            )
        )


@lru_cache(maxsize=64)
def _font(size: float, *, bold: bool) -> FontProperties:
    weight = "bold" if bold else "normal"
    return FontProperties(family=["DejaVu Sans"], weight=weight, size=size)

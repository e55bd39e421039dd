"""The signal chart: mplfinance draws the market, the rest is put around it.

mplfinance draws candles, moving averages and volume into two bare axes without
closed hours. Labels, levels and title are placed around them by pixel: that takes
less time than matplotlib's own ticks, and nothing overlaps by chance.

One picture is for everybody, so its entry is the signal's own price. What an account
would pay now, and how reward and risk compare then, stands in the caption.

    instrument timeframe SIDE             what is missing
    +----------------------------+---------+------+
    |  candles and averages      | reward  |prices|
    |                            | risk    |      |
    +----------------------------+---------+------+
    |  volume                    |         |      |
    +----------------------------+---------+------+
       time axis                   averages   UTC
"""

from functools import cache
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # before mplfinance imports pyplot, which would look for a display

import mplfinance as mpf
import pandas as pd
from matplotlib.patches import Rectangle

from charts.axes import (
    EDGE,
    TEXT,
    TIME_BAND,
    Level,
    Stage,
    Times,
    axis_width,
    price_axis,
    time_axis,
)
from charts.easel import Easel
from charts.layout import Box, Plot, price_scale
from charts.pictures import SignalPicture
from charts.style import PALETTES, Palette, Theme
from core.market import Side

LEAST_SHOWN = 30
"""Fewer candles are drawn no wider than so many."""
FUTURE = 0.24
"""Share of the width to the right of the last candle, for risk and reward."""
VOLUME = 0.16
"""Share of the height for the volume."""
BODY = 0.7
"""Width of a candle's body, in candles."""
TITLE_BAND, TITLE, WORD, WORDS = 84, 44, 38, 34
"""Height of the title and its font sizes, at 1200 x 750."""


def draw(picture: SignalPicture, easel: Easel) -> bytes:
    """A palette PNG of the picture; the same bytes for the same picture."""
    palette = PALETTES[Theme(picture.theme)]
    easel.wipe((picture.width, picture.height), palette.ground)
    stage = Stage(
        easel=easel,
        palette=palette,
        width=picture.width,
        height=picture.height,
        digits=picture.digits,
    )
    _SignalSheet(picture, stage).draw()
    return easel.png()


class _SignalSheet:
    """One picture in the making."""

    def __init__(self, picture: SignalPicture, stage: Stage) -> None:
        self._picture = picture
        self._stage = stage
        self._count = len(picture.closes)
        self._first = self._count - picture.shown
        self._volumes = picture.volumes[self._first :]
        self._levels = self._signal_levels()
        self._plot, self._lower = self._layout()

    def draw(self) -> None:
        easel, plot = self._stage.easel, self._plot
        easel.place(easel.upper, plot.box, (plot.first, plot.last))
        easel.place(easel.lower, self._lower, (plot.first, plot.last))
        easel.upper.set_ylim(plot.low, plot.high)
        self._areas()
        if self._count:
            self._market()
            price_axis(self._stage, plot, [*self._levels, self._last_price()])
        else:
            price_axis(self._stage, plot, self._levels)
            self._no_market()
        self._time_axis()
        self._title()

    def _signal_levels(self) -> list[Level]:
        """The entry, then what the signal has of stop and target."""
        picture, palette = self._picture, self._stage.palette
        named = [
            ("Signal entry", picture.entry, palette.entry),
            ("Stop", picture.stop_loss, palette.loss),
            ("Target", picture.take_profit, palette.gain),
        ]
        return [
            Level(name=name, price=price, colour=colour)
            for name, price, colour in named
            if price is not None
        ]

    def _last_price(self) -> Level:
        price, colour = self._picture.closes[-1], self._stage.palette.last
        return Level(name="Last", price=price, colour=colour, faint=True)

    def _layout(self) -> tuple[Plot, Box]:
        picture, stage, unit = self._picture, self._stage, self._stage.unit
        levels = [level.price for level in self._levels]
        seen = (*picture.lows[self._first :], *picture.highs[self._first :])
        low, high = price_scale(seen, levels, picture.digits)
        left, right = EDGE * unit, stage.width - axis_width(stage, (*levels, high))
        bottom, top = TIME_BAND * unit, stage.height - TITLE_BAND * unit
        middle = bottom + (VOLUME * (top - bottom) if any(self._volumes) else 1)
        end, shown = self._count - 0.5, max(picture.shown, LEAST_SHOWN)
        plot = Plot(
            box=Box(left=left, bottom=middle + 6 * unit, right=right, top=top),
            first=end - shown,
            last=end + shown * FUTURE / (1 - FUTURE),
            low=low,
            high=high,
        )
        return plot, Box(left=left, bottom=bottom, right=right, top=middle)

    def _market(self) -> None:
        picture, easel = self._picture, self._stage.easel
        frame = pd.DataFrame(
            {
                "Open": picture.opens,
                "High": picture.highs,
                "Low": picture.lows,
                "Close": picture.closes,
                "Volume": [float(volume) for volume in picture.volumes],
            },
            index=pd.to_datetime(list(picture.times), unit="s"),
        )
        has_volume = any(self._volumes)
        averages = self._drawn_averages()
        mpf.plot(
            frame,
            type="candle",
            ax=easel.upper,
            volume=easel.lower if has_volume else False,
            volume_ylim=(0, 1.05 * max(self._volumes)),
            mav=tuple(count for count, _ in averages),
            mavcolors=[colour for _, colour in averages] or ["none"],
            style=_style(self._stage.palette),
            xrotation=0,
            warn_too_much_data=len(frame) + 1,
            update_width_config=self._widths(),
        )

    def _no_market(self) -> None:
        plot, unit = self._plot, self._stage.unit
        middle = plot.x((plot.first + self._count) / 2)
        at = (middle, (plot.box.bottom + plot.box.top) / 2)
        colour, size = self._stage.palette.faint, WORDS * unit
        self._stage.easel.write(at, "No candles", size, colour, align="center")

    def _widths(self) -> dict[str, float]:
        candle, unit = self._plot.x(1) - self._plot.x(0), self._stage.unit
        return {
            "candle_width": BODY,
            "candle_linewidth": min(max(candle * 0.2, 1.2), 3 * unit),
            "volume_width": BODY,
            "volume_linewidth": 0.0,
            "line_width": 3 * unit,
        }

    def _drawn_averages(self) -> list[tuple[int, str]]:
        """Those that there are candles enough for, and their colours."""
        averages, colours = self._picture.moving_averages, self._stage.palette.averages
        pairs = zip(averages, colours, strict=True)
        return [(count, colour) for count, colour in pairs if count <= self._count]

    def _areas(self) -> None:
        """Shade risk and reward to the right of the last candle."""
        entry, end = self._picture.entry, self._count - 0.5
        for level in self._levels[1:]:
            area = Rectangle(
                (end, entry),
                self._plot.last - end,
                level.price - entry,
                facecolor=level.colour,
                alpha=self._stage.palette.shade,
                linewidth=0,
            )
            self._stage.easel.upper.add_patch(area)

    def _time_axis(self) -> None:
        upper, lower = self._plot.box, self._lower
        grid = Box(
            left=lower.left, bottom=lower.bottom, right=lower.right, top=upper.top
        )
        times = Times(
            seen=self._picture.times[self._first :],
            first=self._first,
            until=self._averages(),
        )
        time_axis(self._stage, self._plot, grid, times)

    def _averages(self) -> float:
        """Name them below the future; return where that begins."""
        easel, unit = self._stage.easel, self._stage.unit
        size, left = TEXT * unit, self._plot.box.right + 13 * unit
        for count, colour in reversed(self._drawn_averages()):
            right, text = left - 21 * unit, f"MA {count}"
            at = (right, TIME_BAND / 2 * unit)
            easel.write(at, text, size, colour, bold=True, align="right")
            left = right - easel.width(text, size, bold=True)
        return left

    def _title(self) -> None:
        """Say what it is; a long name of an instrument is written smaller."""
        picture, easel, unit = self._picture, self._stage.easel, self._stage.unit
        palette, edge, word = self._stage.palette, EDGE * unit, WORD * unit
        y = picture.height - (TITLE_BAND / 2 - 2) * unit
        at = (picture.width - edge, y)
        easel.write(at, self._missing(), WORDS * unit, palette.text, align="right")
        others = (
            easel.width(self._missing(), WORDS * unit)
            + easel.width(picture.timeframe, word)
            + easel.width("SELL", word, bold=True)
        )
        room = picture.width - 2 * edge - others - 130 * unit
        wanted = easel.width(picture.instrument, TITLE * unit, bold=True)
        size = TITLE * unit * min(1, room / wanted)
        easel.write((edge, y), picture.instrument, size, palette.text, bold=True)
        x = edge + min(wanted, room) + 22 * unit
        easel.write((x, y), picture.timeframe, word, palette.faint)
        self._side((x + easel.width(picture.timeframe, word) + 26 * unit, y))

    def _side(self, at: tuple[float, float]) -> None:
        (x, y), unit, palette = at, self._stage.unit, self._stage.palette
        side, size = Side(self._picture.side), WORD * self._stage.unit
        easel, word = self._stage.easel, side.upper()
        right = x + easel.width(word, size, bold=True) + 32 * unit
        easel.fill(
            Box(left=x, bottom=y - 27 * unit, right=right, top=y + 27 * unit),
            palette.gain if side is Side.BUY else palette.loss,
        )
        easel.write((x + 16 * unit, y), word, size, palette.on_label, bold=True)

    def _missing(self) -> str:
        """What the signal lacks, in words."""
        picture = self._picture
        missing = ["stop"] if picture.stop_loss is None else []
        missing += ["target"] if picture.take_profit is None else []
        return f"No {' and no '.join(missing)}" if missing else ""


@cache
def _style(palette: Palette) -> dict[str, Any]:
    colours = mpf.make_marketcolors(
        up=palette.up,
        down=palette.down,
        edge="inherit",
        wick="inherit",
        volume="inherit",
    )
    style: dict[str, Any] = mpf.make_mpf_style(marketcolors=colours)
    return style

"""An equity curve as plain numbers: what is drawn of an account's money.

Points come at any moment, and not at all while nobody looked. Here they are put on an
even grid of time, each place holding the last that was known, so that the axis is true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Self

from charts.pictures import Look, Picture
from core.ports import EquityChart

PLACES = 400
"""Of the grid; more than a phone shows."""
LEAST = 2
"""Points of a curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPicture(Picture):
    """An equity curve with its drawdown.

    ``times`` are seconds since 1970 in UTC, evenly apart; ``drawdowns`` are percent
    below the peak, 0 and more. A mark is a place of the grid and a kind.
    """

    title: str
    currency: str
    times: Sequence[int]
    equity: Sequence[float]
    drawdowns: Sequence[float]
    limit: float
    marks: Sequence[tuple[int, str]]

    @classmethod
    def of(cls, chart: EquityChart, look: Look) -> Self:
        """Take what will be seen.

        Raises:
            ValueError: there are fewer than two points, or one is not finite.
        """
        points = chart.points
        if len(points) < LEAST:
            message = f"an equity curve needs {LEAST} points, was {len(points)}"
            raise ValueError(message)
        moments = [int(point.at.timestamp()) for point in points]
        times = _grid(moments[0], moments[-1])
        taken = _last_known(moments, times)
        equity = [_number(points[each].equity) for each in taken]
        peaks = [_number(points[each].peak) for each in taken]
        return cls(
            title=chart.title,
            currency=chart.currency,
            times=times,
            equity=equity,
            drawdowns=[
                max(0.0, (peak - now) / peak * 100) if peak > 0 else 0.0
                for now, peak in zip(equity, peaks, strict=True)
            ],
            limit=_number(chart.limit_percent),
            marks=[
                (_last_known(times, [int(at.timestamp())])[0], kind.value)
                for at, kind in chart.marks
            ],
            width=look.width,
            height=look.height,
            theme=look.theme.value,
        )


def _grid(first: int, last: int) -> list[int]:
    step = max(1, (last - first) / (PLACES - 1))
    places = min(PLACES, int((last - first) / step) + 1)
    return [first, *(round(first + step * n) for n in range(1, places - 1)), last]


def _last_known(known: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """For each moment the number of the last known one that is not after it."""
    found, place = [], 0
    for moment in wanted:
        while place + 1 < len(known) and known[place + 1] <= moment:
            place += 1
        found.append(place)
    return found


def _number(value: Decimal) -> float:
    number = float(value)
    if isfinite(number):
        return number
    message = f"cannot draw an equity curve: {value} is no amount"
    raise ValueError(message)

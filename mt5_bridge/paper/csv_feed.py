"""A market read from files: one CSV file of candles per instrument.

Columns ``time,open,high,low,close,volume``; times are ISO 8601 and UTC. Whatever
does not fit is refused with the file, the line, what was expected and what was
there, before anything is traded on it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from core.errors import Refused
from core.market import Candle, Timeframe
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.paper.walk import Feed

COLUMNS = ("time", "open", "high", "low", "close", "volume")
_LARGEST = Decimal(10) ** 15


class _Line:
    """One line of a file, with the words for what is wrong in it."""

    def __init__(self, path: Path, number: int, cells: Sequence[str]) -> None:
        self._path = path
        self._number = number
        self._cells = cells

    def candle(self, tick: Decimal) -> Candle:
        """The line as a candle, its prices on the tick."""
        if len(self._cells) != len(COLUMNS):
            expected = f"{len(COLUMNS)} columns ({','.join(COLUMNS)})"
            self.refuse(expected, str(len(self._cells)))
        opened, high, low, close = (
            self._decimal(place, at_least=tick).quantize(tick) for place in range(1, 5)
        )
        if not low <= min(opened, close) <= max(opened, close) <= high:
            expected = "low and high around open and close"
            self.refuse(expected, f"low {low} and high {high}")
        return Candle(
            time=self._time(),
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=int(self._decimal(5, at_least=Decimal(0))),
        )

    def refuse(self, expected: str, found: str) -> NoReturn:
        """Raise the refusal that names the place."""
        place = f"{self._path}, line {self._number}"
        reason = f"{place}: expected {expected}, found {found}"
        raise Refused(reason)

    def _time(self) -> datetime:
        text = self._cells[0].strip()
        try:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            expected = "an ISO 8601 time in column 'time', as in 2026-01-05T09:00:00Z"
            self.refuse(expected, repr(text))

    def _decimal(self, place: int, *, at_least: Decimal) -> Decimal:
        text = self._cells[place].strip()
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not (value.is_finite() and at_least <= value < _LARGEST):
            expected = f"a number from {at_least} on in column '{COLUMNS[place]}'"
            self.refuse(expected, repr(text))
        return value


def read_candles(path: Path, tick: Decimal) -> tuple[Candle, ...]:
    """The candles of a file, oldest first, at least one.

    Raises:
        Refused: the file cannot be read or something in it does not fit.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return tuple(_candles(path, csv.reader(file), tick))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = f"{path}: expected a CSV file that can be read, found: {error}"
        raise Refused(reason) from error


def _candles(path: Path, rows: Iterator[list[str]], tick: Decimal) -> Iterator[Candle]:
    heading = next(rows, [])
    if tuple(cell.strip().lower() for cell in heading) != COLUMNS:
        expected = f"the heading {','.join(COLUMNS)}"
        _Line(path, 1, heading).refuse(expected, repr(",".join(heading)))
    last: Candle | None = None
    for number, cells in enumerate(rows, start=2):
        if not cells:
            continue
        line = _Line(path, number, cells)
        candle = line.candle(tick)
        if last is not None and candle.time <= last.time:
            line.refuse(f"a time after {last.time}", str(candle.time))
        last = candle
        yield candle
    if last is None:
        _Line(path, 2, []).refuse("a candle", "the end of the file")


class CsvFeed(Feed):
    """The candles of files; candle 0 is a file's first, after its last it stands."""

    def __init__(
        self,
        files: Mapping[str, Path],
        specs: Mapping[str, PaperSpec],
        speed: Decimal,
    ) -> None:
        """Reads all files at once.

        Raises:
            Refused: an instrument is not built in, a file does not fit, or the
                speed is out of range.
        """
        self._candles = {
            instrument: read_candles(path, _known(instrument, specs).point)
            for instrument, path in files.items()
        }
        starts = (f"{name}@{rows[0].time}" for name, rows in self._candles.items())
        super().__init__(
            fingerprint=f"csv:{','.join(sorted(starts))}",
            instruments=frozenset(files),
            speed=speed,
            resumes_anywhere=False,
        )

    @override
    def spacing(self, instrument: str) -> timedelta:
        """The smallest time between two candles; a minute when there is only one."""
        gaps = (b.time - a.time for a, b in pairwise(self._candles[instrument]))
        return min(gaps, default=timedelta(minutes=1))

    @override
    def last(self, instrument: str) -> int | None:
        return len(self._candles[instrument]) - 1

    @override
    def candle(self, instrument: str, number: int) -> Candle:
        return self._candles[instrument][number]

    @override
    def back(
        self, instrument: str, number: int, timeframe: Timeframe
    ) -> Iterator[Candle]:
        rows = self._candles[instrument]
        return (rows[place] for place in range(number, -1, -1))


def _known(instrument: str, specs: Mapping[str, PaperSpec]) -> PaperSpec:
    if instrument not in specs:
        reason = (
            f"the paper broker has no instrument {instrument!r}; "
            f"it has {', '.join(sorted(specs))}"
        )
        raise Refused(reason)
    return specs[instrument]

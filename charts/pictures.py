"""What is drawn, as plain numbers and words, apart from how.

A picture is checked here, before anything is drawn, travels to a worker as
JSON, and is known by the hash of that JSON: equal content is one picture.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from hashlib import sha256
from math import inf, nan
from typing import Self

from charts.style import Theme
from core.market import Candle
from core.ports import SignalChart


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How all pictures of this instance look; sizes in pixels.

    Raises:
        ValueError: a size or an average makes no sense.
    """

    candles: int = 120
    moving_averages: tuple[int, int] = (20, 50)
    width: int = 1200
    height: int = 750
    theme: Theme = Theme.LIGHT

    def __post_init__(self) -> None:
        if self.candles < 1:
            msg = "a chart shows at least 1 candle"
            raise ValueError(msg)
        if min(self.moving_averages) < 2:  # noqa: PLR2004
            msg = "a moving average covers at least 2 candles"
            raise ValueError(msg)
        if not (400 <= self.width <= 4000 and 250 <= self.height <= 4000):  # noqa: PLR2004
            msg = "a chart is 400 to 4000 pixels wide and 250 to 4000 high"
            raise ValueError(msg)

    @property
    def history(self) -> int:
        """Candles to ask for, so that the averages begin at the left edge."""
        return self.candles + max(self.moving_averages) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Whatever is drawn; a kind of picture is a class."""

    width: int
    height: int
    theme: str

    def encode(self) -> bytes:
        """The same bytes for the same content."""
        content = {"kind": type(self).__name__, **asdict(self)}
        return json.dumps(content, separators=(",", ":")).encode()

    @property
    def key(self) -> str:
        """The hash of everything that is drawn."""
        return sha256(self.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPicture(Picture):
    """A signal's chart. Of the candles, oldest first, the last ``shown`` are seen.

    ``times`` are seconds since 1970 in UTC.
    """

    instrument: str
    timeframe: str
    side: str
    digits: int
    entry: float
    stop_loss: float | None
    take_profit: float | None
    times: Sequence[int]
    opens: Sequence[float]
    highs: Sequence[float]
    lows: Sequence[float]
    closes: Sequence[float]
    volumes: Sequence[int]
    shown: int
    moving_averages: Sequence[int]

    @classmethod
    def of(cls, chart: SignalChart, look: Look) -> Self:
        """Take what will be seen.

        Raises:
            ValueError: a price is not finite or not above 0.
        """
        candles = chart.candles[-look.history :]
        return cls(
            instrument=chart.instrument,
            timeframe=chart.timeframe.value,
            side=chart.side.value,
            digits=chart.digits,
            entry=_price(chart.entry, "entry"),
            stop_loss=_level(chart.stop_loss, "stop"),
            take_profit=_level(chart.take_profit, "target"),
            times=[int(candle.time.timestamp()) for candle in candles],
            opens=[_price(candle.open, "open", candle) for candle in candles],
            highs=[_price(candle.high, "high", candle) for candle in candles],
            lows=[_price(candle.low, "low", candle) for candle in candles],
            closes=[_price(candle.close, "close", candle) for candle in candles],
            volumes=[candle.volume for candle in candles],
            shown=min(look.candles, len(candles)),
            moving_averages=look.moving_averages,
            width=look.width,
            height=look.height,
            theme=look.theme.value,
        )


def _level(price: Decimal | None, name: str) -> float | None:
    return None if price is None else _price(price, name)


def _price(price: Decimal, name: str, candle: Candle | None = None) -> float:
    value = float(price) if price.is_finite() else nan
    if 0 < value < inf:
        return value
    where = f" of the {candle.time:%Y-%m-%d %H:%M} candle" if candle else ""
    msg = f"cannot draw a chart: the {name}{where} is {price}, not a price above 0"
    raise ValueError(msg)

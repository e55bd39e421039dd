"""A market without end that is made up, and the same for the same seed.

The price is a sum of waves: every octave has a random value at each multiple of
its length, straight lines between them, and a height that grows with the square
root of the length, as distances of a random walk do. Unlike a random walk it can
be asked for any candle, before the start too, and it never runs away for good.
All in whole ticks, so that every machine computes the same.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from math import isqrt

from typing_extensions import override

from core.market import Candle, Timeframe
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.paper.walk import Feed

MINUTE = timedelta(minutes=1)
"""The length of a candle in the market's own time."""
_START = datetime(2000, 1, 2, tzinfo=UTC)  # a Sunday: borders of all timeframes meet
_ONE = 1_000
_OCTAVES = tuple(isqrt(_ONE * _ONE * 2**octave) for octave in range(18))
_EXACT = 60
"""A bar of at most so many candles is made of each of them."""
_PARTS = 12
"""A longer one is made of so many pieces."""


@lru_cache(maxsize=1 << 17)
def _chance(key: str, low: int, high: int) -> int:
    """A number from ``low`` to ``high``, always the same for the same key."""
    digest = blake2b(key.encode(), digest_size=8).digest()
    return low + int.from_bytes(digest) % (high - low + 1)


@lru_cache(maxsize=1 << 17)
def _wave(seed: str, number: int) -> int:
    """The height of the market before candle ``number``; 1000 is one typical move."""
    total = 0
    for octave, height in enumerate(_OCTAVES):
        left, inside = number >> octave, number & ((1 << octave) - 1)
        a = _chance(f"{seed}/{octave}/{left}", -_ONE, _ONE)
        b = _chance(f"{seed}/{octave}/{left + 1}", -_ONE, _ONE)
        total += (a + ((b - a) * inside >> octave)) * height // _ONE
    return total


class RandomFeed(Feed):
    """Minute candles of a made-up market; candle 0 opens at the base price."""

    def __init__(
        self, seed: int, specs: Mapping[str, PaperSpec], speed: Decimal
    ) -> None:
        """Raises ``Refused`` for a speed out of range."""
        super().__init__(
            fingerprint=f"random:{seed}",
            instruments=frozenset(specs),
            speed=speed,
            resumes_anywhere=True,
        )
        self._seed = seed
        self._specs = specs

    @override
    def spacing(self, instrument: str) -> timedelta:
        return MINUTE

    @override
    def last(self, instrument: str) -> int | None:
        return None

    @override
    def candle(self, instrument: str, number: int) -> Candle:
        return self._block(self._specs[instrument], number, 1)

    @override
    def back(
        self, instrument: str, number: int, timeframe: Timeframe
    ) -> Iterator[Candle]:
        spec = self._specs[instrument]
        length = timeframe.span // MINUTE
        size = 1 if length <= _EXACT else length // _PARTS
        while (number + 1) % size:
            yield self._block(spec, number, 1)
            number -= 1
        while True:
            number -= size
            yield self._block(spec, number + 1, size)

    def _block(self, spec: PaperSpec, number: int, size: int) -> Candle:
        """``size`` candles from ``number`` on, as one."""
        opened, closed = self._ticks(spec, number), self._ticks(spec, number + size)
        reach = spec.move * isqrt(size)
        key = f"{self._seed}/{spec.instrument}/{number}/{size}"
        below, above = _chance(f"{key}/low", 0, reach), _chance(f"{key}/high", 0, reach)
        return Candle(
            time=_START + number * MINUTE,
            open=opened * spec.point,
            high=(max(opened, closed) + above) * spec.point,
            low=max(1, min(opened, closed) - below) * spec.point,
            close=closed * spec.point,
            volume=size * _chance(f"{key}/volume", 40, 400),
        )

    def _ticks(self, spec: PaperSpec, number: int) -> int:
        """The price before candle ``number``, in ticks; never below 1."""
        seed = f"{self._seed}/{spec.instrument}"
        base = int(spec.base_price / spec.point)
        away = (_wave(seed, number) - _wave(seed, 0)) * spec.move // _ONE
        return base + away if away >= 0 else max(1, base * base // (base - away))

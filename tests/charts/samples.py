"""Charts to draw: a market that wanders by a fixed formula, and odd ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from math import sin
from typing import Any
from zlib import crc32

from PIL import Image

from charts.easel import Easel
from charts.pictures import Look, SignalPicture
from core.market import Candle, Side, Timeframe
from core.ports import SignalChart

START = datetime(2026, 3, 4, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
COLUMNS = ("open", "high", "low", "close")


def candles(
    count: int, *, digits: int = 2, at: float = 2650.0, swing: float = 12.0
) -> tuple[Candle, ...]:
    def price(value: float) -> Decimal:
        return Decimal(f"{value:.{digits}f}")

    middle = [
        at + swing * (sin(n / 9) + 0.4 * sin(n / 2.3) + 0.2 * sin(n * 1.7))
        for n in range(count + 1)
    ]
    return tuple(
        Candle(
            time=START + n * QUARTER,
            open=price(middle[n]),
            high=price(max(middle[n : n + 2]) + swing / 15),
            low=price(min(middle[n : n + 2]) - swing / 20),
            close=price(middle[n + 1]),
            volume=200 + crc32(b"%d" % n) % 600,
        )
        for n in range(count)
    )


def flat(count: int, price: str = "1.10000", volume: int = 10) -> tuple[Candle, ...]:
    same = dict.fromkeys(COLUMNS, Decimal(price))
    return tuple(
        Candle(time=START + n * QUARTER, volume=volume, **same) for n in range(count)
    )


def chart(market: Sequence[Candle] = candles(169), **changes: Any) -> SignalChart:
    entry = market[-1].close if market else Decimal("2650.00")
    values: dict[str, Any] = {
        "instrument": "XAUUSD",
        "timeframe": Timeframe.M15,
        "side": Side.BUY,
        "entry": entry,
        "stop_loss": entry - Decimal("5.50"),
        "take_profit": entry + Decimal("14.85"),
        "digits": 2,
        "candles": tuple(market),
    }
    return SignalChart(**values | changes)


def picture(source: SignalChart | None = None, **look: Any) -> SignalPicture:
    return SignalPicture.of(source or chart(), Look(**look))


def chunks(png: bytes) -> list[bytes]:
    """The names of a PNG's chunks, in order, after checking that all is sound."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    names, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        name, end = png[at + 4 : at + 8], at + 8 + length
        assert crc32(png[at + 4 : end]) == int.from_bytes(png[end : end + 4], "big")
        names.append(name)
        at = end + 4
    assert at == len(png)
    return names


def image(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def words(easel: Easel) -> list[str]:
    """All that is written on the easel's last picture."""
    return [
        artist.get_text()
        for artist in easel._figure.artists
        if hasattr(artist, "get_text")
    ]

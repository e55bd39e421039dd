"""Every kind of picture and who draws it."""

import json

from charts import candles, equity
from charts.curves import EquityPicture
from charts.easel import Easel
from charts.pictures import Picture, SignalPicture

_KINDS: dict[str, type[Picture]] = {
    kind.__name__: kind for kind in (SignalPicture, EquityPicture)
}


def decode(data: bytes) -> Picture:
    """Read back what ``Picture.encode`` wrote."""
    content = json.loads(data)
    return _KINDS[content.pop("kind")](**content)


def draw(picture: Picture, easel: Easel) -> bytes:
    """A palette PNG of the picture; the same bytes for the same picture.

    Raises:
        TypeError: nobody draws that kind.
    """
    match picture:
        case SignalPicture():
            return candles.draw(picture, easel)
        case EquityPicture():
            return equity.draw(picture, easel)
        case _:
            message = f"nobody draws a {type(picture).__name__}"
            raise TypeError(message)

"""Small PNG files that hold the picture and nothing else.

Telegram strips photos but keeps documents as they are, and it slows down
uploads above 100,000 bytes. So: a palette, and no chunk that tells of a
program, a time or a machine.
"""

from io import BytesIO
from typing import cast

from PIL import Image

COLOURS = 255
"""More do not show: a chart has a dozen colours, the rest are soft edges."""
EFFORT = 6
"""zlib's level; 9 takes eight times as long for a sixth less."""


def encode(pixels: bytes, size: tuple[int, int]) -> bytes:
    """Turn RGBA pixels, row by row from the top, into a palette PNG.

    ``size`` is width and height in pixels; opacity is ignored. The colour of the
    upper left pixel, the ground, is kept exactly.
    """
    image = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
    flat = image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    ground = 3 * cast("int", flat.getpixel((0, 0)))
    colours = flat.getpalette() or []
    colours[ground : ground + 3] = cast("tuple[int, ...]", image.getpixel((0, 0)))
    flat.putpalette(colours)
    file = BytesIO()
    flat.save(file, "PNG", compress_level=EFFORT)
    return file.getvalue()

"""The file holds the picture, small, and nothing else."""

from PIL import Image

from charts.png import encode
from tests.charts.samples import chunks, image


def noisy(width: int, height: int) -> bytes:
    """More colours than a palette has, on a ground that quantizing would shift."""
    ground = bytes((251, 249, 253, 255))
    pixels = bytearray(ground * (width * height))
    for n in range(width * height // 2):
        at = 4 * (n + width * height // 2)
        pixels[at : at + 3] = bytes((n * 7 % 256, n * 31 % 256, n // 5 % 256))
    return bytes(pixels)


def test_a_png_has_the_picture_and_no_other_chunk():
    assert chunks(encode(noisy(60, 40), (60, 40))) == [
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
    ]


def test_a_png_has_a_palette_and_the_size_it_was_given():
    png = encode(noisy(60, 40), (60, 40))
    assert image(png).size == (60, 40)
    assert png[25] == 3  # colour type of the header: palette


def test_the_ground_keeps_its_exact_colour():
    assert image(encode(noisy(60, 40), (60, 40))).getpixel((0, 0)) == (251, 249, 253)


def test_colours_come_near_to_what_they_were():
    pixels = noisy(60, 40)
    before = Image.frombytes("RGBA", (60, 40), pixels).convert("RGB")
    after = image(encode(pixels, (60, 40)))
    far = [
        max(abs(a - b) for a, b in zip(one, other, strict=True))
        for one, other in zip(
            before.get_flattened_data(), after.get_flattened_data(), strict=True
        )
    ]
    assert sum(far) / len(far) < 16

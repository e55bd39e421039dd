"""Colours of the two themes.

Gain and loss are blue and vermilion, the pair of the Okabe-Ito palette that
stays apart in every common kind of colour blindness; words say the same.
"""

from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    """On which ground a picture is drawn."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours as ``#rrggbb``."""

    ground: str
    grid: str
    text: str
    faint: str
    """Text of second rank: axes, moving averages' names."""
    up: str
    down: str
    gain: str
    """Target and reward."""
    loss: str
    """Stop and risk."""
    entry: str
    last: str
    on_label: str
    """Text on a label filled with one of the colours above."""
    averages: tuple[str, str]
    shade: float
    """Opacity of the reward and risk areas, 0 to 1."""


PALETTES = {
    Theme.LIGHT: Palette(
        ground="#ffffff",
        grid="#e4e8ed",
        text="#17202a",
        faint="#566270",
        up="#1f7fc4",
        down="#e0601f",
        gain="#0067ad",
        loss="#c24400",
        entry="#2b3645",
        last="#6b7785",
        on_label="#ffffff",
        averages=("#a8780a", "#8549ba"),
        shade=0.16,
    ),
    Theme.DARK: Palette(
        ground="#131a22",
        grid="#26303c",
        text="#eef2f6",
        faint="#a3afbc",
        up="#4aa8ec",
        down="#f0803c",
        gain="#5bb4f5",
        loss="#ff8a4c",
        entry="#e8edf2",
        last="#8b98a6",
        on_label="#10161d",
        averages=("#e0b030", "#b98be0"),
        shade=0.22,
    ),
}

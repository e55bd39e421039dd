"""Opens the feed that a configuration names: ``random`` or ``csv:NAME=FILE,…``."""

from decimal import Decimal
from pathlib import Path

from core.errors import Refused
from mt5_bridge.paper.csv_feed import CsvFeed
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.specs import SPECS
from mt5_bridge.paper.walk import Feed


def open_feed(text: str, *, seed: int, speed: Decimal, base_dir: Path) -> Feed:
    """The feed that ``text`` names; files are relative to ``base_dir``.

    Raises:
        Refused: the text, a file or the speed does not fit; says which and why.
    """
    kind, _, files = text.strip().partition(":")
    match kind:
        case "random" if not files:
            return RandomFeed(seed, SPECS, speed)
        case "csv":
            return CsvFeed(_files(files, base_dir), SPECS, speed)
        case _:
            reason = f"feed must be 'random' or 'csv:XAUUSD=FILE,…', was {text!r}"
            raise Refused(reason)


def _files(text: str, base_dir: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for part in text.split(","):
        instrument, equals, name = (piece.strip() for piece in part.partition("="))
        if not (instrument and equals and name):
            reason = f"feed: expected INSTRUMENT=FILE after 'csv:', found {part!r}"
            raise Refused(reason)
        if instrument in files:
            reason = f"feed: {instrument} is named twice"
            raise Refused(reason)
        files[instrument] = base_dir / name
    return files

"""Texts as people read them, kept in files: a change of one is a change in a diff.

``GOLDEN_WRITE=1 pytest tests/bot/telegram`` writes them anew; read the diff then.
"""

from collections.abc import Mapping
from pathlib import Path

from bot.config import environment
from bot.telegram.views.view import View

FOLDER = Path(__file__).parents[2] / "golden"
WRITE = "GOLDEN_WRITE"


def drawn(view: View) -> str:
    """A view as text: its picture, its HTML, its buttons with what they carry."""
    lines = [f"[picture {view.photo}]"] if view.photo else []
    lines.append(view.text)
    lines += [
        " ".join(f"[{b.text}]({b.style or '-'} {b.data})" for b in row)
        for row in view.rows
    ]
    return "\n".join(lines)


def compare(name: str, views: Mapping[str, View]) -> None:
    """The views must be those of the file ``name``."""
    content = "\n".join(
        f"=== {title}\n{drawn(view)}\n" for title, view in views.items()
    )
    file = FOLDER / f"{name}.txt"
    if WRITE in environment():
        file.write_text(content)
    assert file.read_text() == content, f"see {WRITE} in {__file__}"

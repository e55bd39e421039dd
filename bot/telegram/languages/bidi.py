"""Texts that run from right to left: what runs the other way in them stands apart.

A number, a price, a name or a command inside an Arabic sentence would drag its
neighbours along. Between an isolate and its end it keeps its own direction, and the
sentence around it keeps its own.
"""

import re
from collections.abc import Iterable

ISOLATE, END = "\u2068", "\u2069"
"""The direction inside is that of its first letter."""
RIGHT_TO_LEFT_MARK = "\u200f"
"""Invisible; a text that begins with it runs from right to left."""
MARKS = f"{ISOLATE}{END}{RIGHT_TO_LEFT_MARK}"
_APART = re.compile(
    r"<code>.*?</code>"
    r"|(?<![</\w])/(?:[a-z]+|\{\w+\})(?: (?:[A-Z]+|\{\w+\}))*"
    r"|\{\w+\}(?: ?%)?"
)
"""Code, a command with its arguments, a hole with its percent sign."""
_ALONE = re.compile(rf"{ISOLATE}.*?{END}", re.DOTALL)
_NO_MARKS = str.maketrans("", "", MARKS)


def from_right_to_left(message: str) -> str:
    """A translation as it is said: its holes and commands isolated.

    A line begins in its own direction even if only signs stand before its holes.
    """
    if not message:
        return message
    parts = _ALONE.split(message)
    kept = [*_ALONE.findall(message), ""]
    said = "".join(
        f"{_APART.sub(_isolated, part)}{alone}"
        for part, alone in zip(parts, kept, strict=True)
    )
    return "\n".join(
        f"{RIGHT_TO_LEFT_MARK}{line}" if line else "" for line in said.split("\n")
    )


def _isolated(found: re.Match[str]) -> str:
    return f"{ISOLATE}{found[0]}{END}"


def from_right_to_left_dotted(parts: Iterable[str]) -> str:
    """Parts of one line, each with a direction of its own."""
    apart = (f"{ISOLATE}{part}{END}" for part in parts)
    return f"{RIGHT_TO_LEFT_MARK}{' · '.join(apart)}"


def unmarked(text: str) -> str:
    """The text without such marks: those of others would undo ours."""
    return text.translate(_NO_MARKS)

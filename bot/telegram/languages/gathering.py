"""Which messages the code has, and catalogues that have exactly those.

Messages of the views are what stands in ``say``, ``say_count`` and ``later``. The
sentences that core and others make are found by their looks: they begin with a
capital or a hole, have more than one word, and end like a sentence; what an f-string
puts in is a hole with a number. Words and spans of time that core puts into the holes
of its sentences, and reasons that a button gives it, are named here.
"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot.telegram.languages.catalogue import CORE, ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[3]
HOME = Path(__file__).parent
_KEYWORDS = {"say": 1, "say_count": 2, "later": 1}
"""How many of the arguments are the message."""
_CORE = ("core", "mt5_bridge", "bot/telegram/wire", "bot/service.py")
"""Whose sentences are shown to people, and not made for one reader."""
_ENDS = (".", "?", "…", "!")
_SINCE = datetime(2026, 11, 24, tzinfo=UTC)
"""In every header: a catalogue that says the same is the same."""
_PUT_IN = (
    "{1} s",
    "{1} min",
    "{1} h",
    "{1} d",
    "approved",
    "decided",
    "decided by somebody else",
    "expired",
    "refused",
    "rejected",
    "withdrawn by the provider",
    "somebody",
    "viewer",
    "approver",
    "admin",
    "owner",
    "triggered",
    "closing",
    "flat",
    "above",
    "below",
    "stop loss",
    "take profit",
    "{1} points",
    "{1} R ({2} points)",
    "Found in the terminal.",
    "Looked into the terminal: it is not there.",
    "Drawdown from the peak",
    "Loss of the day",
)


@cache
def gathered() -> Catalog:
    """Every message of the code, without places: those would change all the time."""
    book = Catalog(fuzzy=False)
    for message in sorted(set(_messages()), key=str):
        book.add(message, flags=["python-brace-format"])
    for sentence in sorted({*_sentences(), *_PUT_IN}):
        book.add(sentence, context=CORE)
    return book


def _messages() -> Iterator[str | tuple[str, ...]]:
    """What the code says; what stands in a table is said where it is marked."""
    for path in sorted((ROOT / "bot" / "telegram").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                wanted = node.args[: _KEYWORDS.get(node.func.id, 0)]
                found = tuple(
                    part.value
                    for part in wanted
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                if found:
                    yield found if len(found) > 1 else found[0]


def _sentences() -> Iterator[str]:
    for path in _files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        silent = _not_said(tree)
        for node in ast.walk(tree):
            if id(node) not in silent:
                text = _text(node)
                if text is not None and _is_sentence(text):
                    yield text


def _files() -> Iterator[Path]:
    for place in _CORE:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _not_said(tree: ast.AST) -> set[int]:
    """Docstrings and bare strings, and the parts of what is taken as a whole."""
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            silent.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in ast.walk(node) if part is not node}
    return silent


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    holes = 0
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            holes += 1
            parts.append(f"{{{holes}}}")
    return "".join(parts)


def _is_sentence(text: str) -> bool:
    first, *others = text.split() or [""]
    begins = first[:1].isupper() and (len(first) == 1 or not first.isupper())
    words = [word for word in others if not word.startswith("{")]
    if not words or not (begins or first.startswith("{1}")):
        return False
    return text.rstrip().endswith(_ENDS)


def read(language: str) -> Catalog:
    """A language's catalogue as it stands; an empty one where there is none."""
    path = HOME / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(language: str) -> Catalog:
    """The catalogue with exactly the messages of the code; new ones are empty."""
    before = read(language)
    after = Catalog(
        locale=language,
        fuzzy=False,
        project="Tapgate",
        version="1",
        header_comment=f"# What Tapgate says in {LANGUAGES[language]}.",
        creation_date=_SINCE,
        revision_date=_SINCE,
        last_translator="the project",
        language_team="the project",
        msgid_bugs_address="the project",
    )
    for entry in gathered():
        if entry.id:
            there = before.get(entry.id, entry.context)
            string = there.string if there is not None else None
            after.add(
                entry.id, string, flags=sorted(entry.flags), context=entry.context
            )
    return after


def write(language: str, book: Catalog) -> None:
    """Keep a catalogue."""
    written = BytesIO()
    write_po(written, book, width=88, omit_header=False, sort_output=True)
    content = written.getvalue().rstrip() + b"\n"
    (HOME / f"{language}.po").write_bytes(content)


def is_said(string: object) -> bool:
    """Whether a translation, in every form that it has, is there."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> None:
    """Bring every catalogue up to date, and say what is left to translate."""
    for language in LANGUAGES:
        if language != ENGLISH:
            book = brought_up_to_date(language)
            write(language, book)
            empty = sum(not is_said(entry.string) for entry in book if entry.id)
            print(f"{language}: {len(book)} messages, {empty} to translate")  # noqa: T201 - a tool

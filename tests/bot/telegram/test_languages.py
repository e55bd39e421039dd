"""What is read is read in the reader's language: texts, numbers, times, directions."""

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bot.telegram.languages.catalogue import LANGUAGES
from bot.telegram.views import text
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.view import View
from tests.bot.telegram import test_notices, test_provider_views, test_views
from tests.bot.telegram.golden import FOLDER
from tests.bot.telegram.languages import english_in, strangely

FOREIGN = sorted(LANGUAGES.keys() - {"en"})
Views = Iterable[tuple[str, View]]


def _prompts(group: Callable[[], Iterable]) -> Callable[[], Views]:
    return lambda: ((title, prompt_view(card)) for title, card in group())


DRAWN: dict[str, Callable[[], Views]] = {
    **test_notices.GROUPS,
    **{name: _prompts(group) for name, group in test_views.GROUPS.items()},
    "providers": test_provider_views._views,
}
"""Every view that stands in ``tests/golden``, drawn anew for whoever reads it."""


def test_every_golden_view_is_drawn_here():
    assert set(DRAWN) == {file.stem for file in FOLDER.glob("*.txt")}


# ------------------------------------------------------------------ all is said
GIVEN = re.findall(
    r"\S+",
    """
    XAUUSD EURUSD GBPUSD US30 USOIL BUY_LIMIT LIMIT STOP USD UTC Nov SL TP M15
    demo live1 live desk mine alpha breakout rotated night-owl long-ago evil
    Ada Ann Bob Vera Eve #ORDR #SGNL #TRDE Co
    """,
)
"""Names, instruments and other data of the tests: those are never translated."""
WRITTEN = (
    "Spread &lt;b&gt;was wild",
    "looked",
    "Breakout above the range, retest held",
    "CPI in ten minutes",
    "careful",
    "Not enough money for this volume",
    "x" * 23,
    "f" * 44,
)
"""What people and providers of the tests wrote."""
IN_OWN_WORDS = {"consent", "agreed"}
"""Views whose text is kept per language, outside the catalogues."""


def _unsaid(view: View) -> list[str]:
    labels = [button.text for row in view.rows for button in row]
    shown = "\n".join([view.text, *labels])
    for words in (*WRITTEN, *sorted(GIVEN, key=len, reverse=True)):
        shown = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "", shown)
    return english_in(shown)


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_that_people_read_is_left_in_english(name):
    with strangely():
        unsaid = {title: _unsaid(view) for title, view in DRAWN[name]()}
    left = {title: words for title, words in unsaid.items() if words}
    assert {t: w for t, w in left.items() if t not in IN_OWN_WORDS} == {}


LOWER = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
SAID = {"say", "say_count", "later"}
HOME = Path(text.__file__).parents[1]
SPEAKING = sorted(
    str(path.relative_to(HOME))
    for path in HOME.rglob("*.py")
    if path.parent.name not in {"wire", "languages"}
)
IN_THE_AUDIT = {
    "Found in the terminal.",
    "Looked into the terminal: it is not there.",
    "from the command line",
}
"""Kept as they are, not shown."""


def _is_said(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") in SAID


def _spoken_for(tree: ast.AST) -> set[int]:
    """What is said, and what nobody reads: docstrings and errors."""
    quiet = set()
    for node in ast.walk(tree):
        if _is_said(node) or isinstance(node, ast.Expr | ast.Raise | ast.Assign):
            bare = isinstance(node, ast.Expr) and not isinstance(
                node.value, ast.Constant
            )
            error = isinstance(node, ast.Assign) and not _names_a_message(node)
            if not bare and not error:
                quiet |= {id(part) for part in ast.walk(node)}
    return quiet


def _names_a_message(node: ast.Assign) -> bool:
    """``message = …`` stands before ``raise ValueError(message)``."""
    return ast.unparse(node.targets[0]) == "message"


@pytest.mark.parametrize("path", SPEAKING)
def test_no_words_for_people_stand_outside_the_messages(path):
    tree = ast.parse((HOME / path).read_text())
    quiet = _spoken_for(tree)
    left = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in quiet
        and LOWER.search(node.value)
        and not node.value.startswith("<")
    ]
    assert set(left) <= IN_THE_AUDIT


@pytest.mark.parametrize("path", SPEAKING)
def test_a_message_is_a_whole_that_can_be_found(path):
    """A message that is put together is in no catalogue."""
    for node in ast.walk(ast.parse((HOME / path).read_text())):
        if _is_said(node):
            first = node.args[0]
            assert not isinstance(first, ast.JoinedStr | ast.BinOp), ast.unparse(node)
            if isinstance(first, ast.Constant):
                assert re.findall(r"\{[^}]*\}", first.value) == re.findall(
                    r"\{[a-z_]+\}", first.value
                ), "a hole is a name, the value is formatted before"

"""What is read is read in the reader's language: texts, numbers, times, directions."""

import ast
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from unicodedata import bidirectional

import pytest

from bot.sandbox.html_markup import parse_html
from bot.telegram.languages.bidi import END, ISOLATE, MARKS
from bot.telegram.languages.catalogue import LANGUAGES, RIGHT_TO_LEFT
from bot.telegram.views import text
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.speech import speaking
from bot.telegram.views.view import View
from tests.bot.telegram import (
    test_admin,
    test_details,
    test_following,
    test_groups,
    test_notices,
    test_people_views,
    test_positions,
    test_provider_views,
    test_reports,
    test_rules,
    test_settings,
    test_views,
)
from tests.bot.telegram.golden import FOLDER
from tests.bot.telegram.languages import english_in, strangely, without

FOREIGN = sorted(LANGUAGES.keys() - {"en"})
Views = Iterable[tuple[str, View]]


def _prompts(group: Callable[[], Iterable]) -> Callable[[], Views]:
    return lambda: ((title, prompt_view(card)) for title, card in group())


def _compared(test: Callable[[], None]) -> Callable[[], Views]:
    """What a test draws to compare it with its file."""

    def drawn() -> Views:
        views: dict[str, View] = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(
                test.__globals__, "compare", lambda _, each: views.update(each)
            )
            test()
        return views.items()

    return drawn


DRAWN: dict[str, Callable[[], Views]] = {
    **test_notices.GROUPS,
    "groups": lambda: test_groups._views().items(),
    **test_positions.GROUPS,
    **{name: _prompts(group) for name, group in test_views.GROUPS.items()},
    "prompts-asked-again": _compared(
        test_views.test_a_prompt_that_comes_back_leaves_a_message_without_buttons
    ),
    "providers": test_provider_views._views,
    "people-lists": test_people_views._pages,
    "people-members": test_people_views._members,
    "people-requests": test_people_views._requests,
    "people-told": test_people_views._told,
    "admin": _compared(test_admin.test_the_screens_of_admins_read_as_they_do),
    "details": _compared(test_details.test_details_read_as_they_do),
    "following": _compared(
        test_following.test_the_screens_of_followers_read_as_they_do
    ),
    "reports": _compared(test_reports.test_reports_read_as_they_do),
    "rules": _compared(test_rules.test_the_questions_read_as_they_should),
    "settings": _compared(test_settings.test_the_screens_of_settings_read_as_they_do),
}
"""Every view that stands in ``tests/golden``, drawn anew for whoever reads it."""


def test_every_golden_view_is_drawn_here():
    assert set(DRAWN) == {file.stem for file in FOLDER.glob("*.txt")}


# ------------------------------------------------------------------ all is said
GIVEN = re.findall(
    r"\S+",
    """
    XAUUSD EURUSD GBPUSD US30 USOIL BUY_LIMIT LIMIT STOP USD UTC Nov Dec Monday M15
    SL TP demo live1 live desk mine alpha breakout rotated night-owl long-ago evil
    gold paper-7k2m9x Ada Ann Bob Vera Eve Sam #ORDR #SGNL #TRDE Co TOKEN
    """,
)
"""Names, instruments and other data of the tests: those are never translated."""
WRITTEN = (
    "Spread was &lt;wild&gt;",
    "looked",
    "Breakout above the range, retest held",
    "CPI in ten minutes",
    "careful",
    "Not enough money for this volume",
    "Desk closed",
    "&lt;b&gt;tomorrow&lt;/b&gt; &amp; on Friday",
    "&lt;admin&gt;",
    "You are in.",
    "You left desk on",
    "Open trades on",
    "orders under way",
    "Telegram does not answer.",
    "confidence",
    "· reason:",
    "why: &lt;b&gt;trend&lt;/b&gt;",
    "x" * 23,
    "f" * 44,
)
"""What people and providers of the tests wrote, and what the tests make core say."""
IN_OWN_WORDS = {"consent", "agreed", "audit", "zones"}
"""Views that show what is kept in words of its own: terms, the audit, time zones."""
NAMES = ("English", "Europe/Madrid")
"""A language and a zone by the names that they have."""


def _unsaid(view: View) -> list[str]:
    labels = [button.text for row in view.rows for button in row]
    shown = "\n".join([view.text, *labels])
    return english_in(without(shown, (*WRITTEN, *NAMES, *GIVEN)))


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


# ------------------------------------------------------------------ all is drawn
@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("name", DRAWN)
def test_every_view_can_be_drawn_in_every_language(name, language):
    with speaking(language):
        drawn = dict(DRAWN[name]())
    for title, view in drawn.items():
        shown, _ = parse_html(view.text)
        limit = text.CAPTION_LIMIT if view.photo else text.TEXT_LIMIT
        assert text.units(shown) <= limit, title
        assert not re.search(r"\{[a-z_]+\}", shown), title
        assert all(button.text for row in view.rows for button in row), title
        assert language in RIGHT_TO_LEFT or not set(MARKS) & set(shown), title


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ["x" * 700, "<&> " * 200, "\u91d1 " * 400])
def test_a_caption_fits_at_its_fullest_in_every_language(words, language):
    with speaking(language):
        for title, card in test_views.CARDS.items():
            full = test_views._stuffed(card, words, Decimal("999999999999.99"))
            shown, _ = parse_html(prompt_view(full).text)
            assert text.units(shown) <= text.CAPTION_LIMIT, title


# ------------------------------------------------------------------ right to left
def _direction(line: str) -> str:
    """Of a paragraph, as Unicode and Telegram find it: that of its first letter.

    What is isolated does not count.
    """
    depth = 0
    for character in line:
        depth += (character == ISOLATE) - (character == END)
        kind = bidirectional(character)
        if not depth and kind in {"L", "R", "AL"}:
            return "left" if kind == "L" else "right"
    return "none"


@pytest.mark.parametrize("name", DRAWN)
def test_a_line_with_arabic_in_it_runs_from_right_to_left(name):
    with speaking("ar"):
        drawn = dict(DRAWN[name]())
    for title, view in drawn.items():
        shown, _ = parse_html(view.text)
        for line in shown.splitlines():
            assert line.count(ISOLATE) == line.count(END), (title, line)
            if ARABIC.search(line):
                assert _direction(line) == "right", (title, line)


ARABIC = re.compile(r"[\u0620-\u064a]")


@pytest.mark.parametrize("name", DRAWN)
def test_numbers_stand_apart_in_arabic_lines(name):
    """A price beside Latin letters would change places with them."""
    with speaking("ar"):
        drawn = dict(DRAWN[name]())
    for title, view in drawn.items():
        shown, _ = parse_html(view.text)
        for line in shown.splitlines():
            outside = re.sub(rf"{ISOLATE}[^{ISOLATE}{END}]*{END}", "", line)
            bare = re.search(r"[-+]?\d+[.,:]\d+", outside)
            assert not (ARABIC.search(line) and bare), (title, line)

"""The question in which language somebody wants to read. Pure."""

from bot.telegram.callbacks import Press, pack
from bot.telegram.languages.catalogue import LANGUAGES
from bot.telegram.views.speech import say, spoken
from bot.telegram.views.view import Button, View

_A_ROW = 2


def language_view() -> View:
    """Every language by its own name; the reader's is marked."""
    buttons = [
        Button(
            text=f"✓ {name}" if code == spoken() else name,
            data=pack(Press.LANGUAGE, code),
        )
        for code, name in LANGUAGES.items()
    ]
    rows = (
        tuple(buttons[start : start + _A_ROW])
        for start in range(0, len(buttons), _A_ROW)
    )
    return View(text=say("Which language do you read?"), rows=tuple(rows))


def language_chosen() -> str:
    """The answer to the choice, in the language that was chosen."""
    return say("From now on you read English here.")

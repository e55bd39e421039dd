"""A language that nobody speaks: what was not said in it was not said at all."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gettext import NullTranslations

import pytest
from typing_extensions import override

from bot.telegram.languages.catalogue import CORE, Catalogue
from bot.telegram.languages.gathering import gathered
from bot.telegram.views import speech

STRANGE = "ж"
"""What every letter of a message is in it."""
_KEPT = re.compile(r"(<[^>]*>|\{[^}]*\})")
_LETTER = re.compile(r"[A-Za-z]")
_NOT_SAID = re.compile(r"https:\/\/\S+|<[^>]*>|&\w+;|(?<!\w)/[a-z]+")
_WORD = re.compile(r"[A-Za-z]{2,}")


def strange(message: str) -> str:
    """The message with other letters; its holes and tags stay."""
    parts = _KEPT.split(message)
    return "".join(
        part if number % 2 else _LETTER.sub(STRANGE, part)
        for number, part in enumerate(parts)
    )


class _Strange(NullTranslations):
    """A message that is in no catalogue is left in English, as it would be."""

    def __init__(self, known: set[str]) -> None:
        super().__init__()
        self._known = known

    @override
    def gettext(self, message: str) -> str:
        return strange(message) if message in self._known else message

    @override
    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        said = msgid1 if n == 1 else msgid2
        return strange(said) if msgid1 in self._known else said


@contextmanager
def strangely() -> Iterator[None]:
    """Everything is said in the language that nobody speaks."""
    patterns, known = {}, set()
    for entry in gathered():
        if entry.context == CORE:
            patterns[str(entry.id)] = strange(str(entry.id))
        else:
            known.add(entry.id[0] if isinstance(entry.id, tuple) else entry.id)
    unknown = Catalogue(_Strange(known), patterns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speech, "catalogue", lambda _: unknown)
        yield


def without(shown: str, words: Iterable[str]) -> str:
    """The text without words that are the same in every language."""
    for each in sorted(words, key=len, reverse=True):
        shown = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", "", shown)
    return shown


def english_in(text: str) -> list[str]:
    """The words of a drawn text that were never said; commands are the same in all."""
    return _WORD.findall(_NOT_SAID.sub("", text))

"""One language's translations, read from its ``.po`` file when it is first needed."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.telegram.languages.bidi import from_right_to_left, unmarked

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "es": "Español",
    "pt": "Português",
    "ru": "Русский",
    "ar": "العربية",
}
"""What each is called by those who speak it."""
RIGHT_TO_LEFT = frozenset({"ar"})
CORE = "core"
"""The context of sentences that core makes; their holes are ``{1}``, ``{2}``…"""
_HOLE = re.compile(r"\{(\d+)\}")


class Catalogue:
    """What is said in one language."""

    def __init__(
        self, translations: NullTranslations, patterns: Mapping[str, str]
    ) -> None:
        self._translations = translations
        self._patterns = [
            (_pattern(sentence), said)
            for sentence, said in sorted(patterns.items(), key=_most_telling_first)
        ]
        self.retold = lru_cache(maxsize=1000)(self._retold)

    def one(self, message: str) -> str:
        """The translation; the message itself where there is none."""
        return self._translations.gettext(message) if message else ""

    def many(self, one: str, many: str, count: int) -> str:
        """The form for so many."""
        return self._translations.ngettext(one, many, count)

    def _retold(self, sentence: str) -> str:
        """The translation of the first pattern that fits, its holes retold too."""
        for pattern, said in self._patterns:
            found = pattern.fullmatch(sentence)
            if found is not None:
                return self._filled(said, found)
        return sentence

    def _filled(self, said: str, found: re.Match[str]) -> str:
        return _HOLE.sub(lambda hole: self._part(found[f"h{hole[1]}"]), said)

    def _part(self, part: str) -> str:
        """What stood in a hole: a sentence or a word of core's, or anybody's text."""
        return self._retold(unmarked(part))


def _most_telling_first(entry: tuple[str, str]) -> int:
    return -len(_HOLE.sub("", entry[0]))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _HOLE.split(sentence)
    text = "".join(
        f"(?P<h{part}>.+?)" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(text, re.DOTALL)


def known(language: str) -> str:
    """The one of ``LANGUAGES`` that a language code means: ``pt-BR`` is ``pt``."""
    short = language.partition("-")[0].lower()
    return short if short in LANGUAGES else ENGLISH


@cache
def catalogue(language: str) -> Catalogue:
    """What is said in ``language``, one of ``LANGUAGES``."""
    if language == ENGLISH:
        return Catalogue(NullTranslations(), {})
    text = files(__package__).joinpath(f"{language}.po").read_bytes()
    book = read_po(BytesIO(text), locale=language)
    if language in RIGHT_TO_LEFT:
        _isolate(book)
    compiled = BytesIO()
    write_mo(compiled, book)
    compiled.seek(0)
    patterns = {
        str(entry.id): str(entry.string)
        for entry in book
        if entry.context == CORE and entry.string
    }
    return Catalogue(GNUTranslations(compiled), patterns)


def _isolate(book: Catalog) -> None:
    for entry in book:
        said = entry.string
        if not entry.id or not said:
            continue
        if isinstance(said, str):
            entry.string = from_right_to_left(said)
        else:
            entry.string = tuple(from_right_to_left(form) for form in said)

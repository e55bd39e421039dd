"""Every language says exactly what the code says, and nothing is lost on the way."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message

from bot.telegram.introducing import DESCRIPTION, SHORT_DESCRIPTION
from bot.telegram.languages import gathering
from bot.telegram.languages.bidi import unmarked
from bot.telegram.languages.catalogue import CORE, LANGUAGES, catalogue
from bot.telegram.languages.gathering import gathered, is_said, read
from bot.telegram.views.speech import say, say_count, speaking
from bot.telegram.views.welcoming import ADMIN_COMMANDS, COMMANDS

FOREIGN = sorted(LANGUAGES.keys() - {"en"})
MENDING = "make languages, then translate what is empty in bot/telegram/languages"
SAME = {"sl", "tp", "r", "demo", "spread", "status", "stop", "loss", "take", "profit"}
SAME |= {"via", "tradingview", "d", "h", "min", "s"}
"""What may read the same in another language: the terminal's words, and units."""
HOLE = re.compile(r"\{\w+\}")
TAG = re.compile(r"</?[a-z][^>]*>")
COMMAND = re.compile(r"(?<![\w</])/[a-z]+")


def _entries(book: Catalog) -> dict[tuple[object, object], Message]:
    return {(entry.context, entry.id): entry for entry in book if entry.id}


def _forms(entry: Message) -> list[str]:
    return list(entry.string) if isinstance(entry.string, tuple) else [entry.string]


def _english(entry: Message) -> str:
    return entry.id[-1] if isinstance(entry.id, tuple) else entry.id


@pytest.fixture(scope="module")
def messages() -> dict[tuple[object, object], Message]:
    return _entries(gathered())


@pytest.fixture(scope="module", params=FOREIGN)
def translated(request) -> tuple[str, dict[tuple[object, object], Message]]:
    return request.param, _entries(read(request.param))


def test_a_catalogue_has_exactly_the_messages_of_the_code(messages, translated):
    _, entries = translated
    assert set(messages) - set(entries) == set(), f"missing; {MENDING}"
    assert set(entries) - set(messages) == set(), f"stale; {MENDING}"


def test_every_message_is_translated(translated):
    _, entries = translated
    empty = [key for key, entry in entries.items() if not is_said(entry.string)]
    assert empty == [], MENDING


def test_no_translation_is_in_doubt(translated):
    _, entries = translated
    assert [entry.id for entry in entries.values() if entry.fuzzy] == []


@pytest.mark.parametrize("kept", [HOLE, TAG, COMMAND], ids=["hole", "tag", "command"])
def test_a_translation_keeps_holes_tags_and_commands(translated, kept):
    _, entries = translated
    wrong = [
        form
        for entry in entries.values()
        for form in _forms(entry)
        if sorted(kept.findall(form)) != sorted(kept.findall(_english(entry)))
    ]
    assert wrong == []


def test_holes_stand_in_texts_never_in_tags(messages):
    for entry in messages.values():
        assert not any(HOLE.search(tag) for tag in TAG.findall(_english(entry)))


def test_a_translation_has_the_lines_and_the_sign_of_its_message(translated):
    """The sign that a line begins with tells what it is, in every language."""
    _, entries = translated
    for entry in entries.values():
        for form in _forms(entry):
            assert form.count("\n") == _english(entry).count("\n")
            assert form == form.strip()
            assert _sign(form) == _sign(_english(entry)), form


def _sign(message: str) -> str:
    """The picture before the first word."""
    found = re.match(r"[\u2190-\u2bff\u2600-\u27bf\U0001f000-\U0001faff]+", message)
    return found[0] if found else ""


def test_every_number_has_a_form(translated):
    language, entries = translated
    book = read(language)
    for entry in entries.values():
        if isinstance(entry.id, tuple):
            assert len(_forms(entry)) == book.num_plurals


def test_counts_are_said_with_the_form_of_their_number():
    said = {}
    for count in (1, 2, 5, 21):
        with speaking("ru"):
            said[count] = say_count("{count} day", "{count} days", count)
    assert said == {1: "1 день", 2: "2 дня", 5: "5 дней", 21: "21 день"}


def test_what_is_translated_reads_otherwise(translated):
    """A translation equal to the English is one that was forgotten."""
    _, entries = translated
    same = [
        entry.id
        for entry in entries.values()
        if _forms(entry)[0] == _english(entry)
        and not set(_words(_english(entry))) <= SAME
    ]
    assert same == []


def _words(message: str) -> list[str]:
    plain = COMMAND.sub("", TAG.sub("", HOLE.sub("", message)))
    return re.findall(r"[a-z]+", plain.lower())


# ------------------------------------------------------------------ core's sentences
def _sentences() -> Iterator[str]:
    return (str(entry.id) for entry in gathered() if entry.context == CORE)


def _numbered(sentence: str, part: str) -> str:
    return re.sub(r"\{(\d+)\}", lambda hole: f"{part}{hole[1]}", sentence)


@pytest.mark.parametrize("language", FOREIGN)
def test_what_core_says_is_retold_with_its_parts(language):
    book = {str(entry.id): entry.string for entry in read(language) if entry.context}
    spoken = catalogue(language)
    for sentence in _sentences():
        said = unmarked(spoken.retold(_numbered(sentence, "x.")))
        assert said == unmarked(_numbered(book[sentence], "x.")), sentence


@pytest.mark.parametrize("language", FOREIGN)
def test_a_sentence_in_a_sentence_is_retold_too(language):
    with speaking(language):
        market = catalogue(language).retold("The market is closed.")
        both = catalogue(language).retold("The market is closed. Nothing was ordered.")
    assert unmarked(market) in unmarked(both)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_others_wrote_is_left_as_it_is(language):
    for text in ("Not enough money", "", "CPI in ten minutes, careful", "Рынок закрыт"):
        assert catalogue(language).retold(text) == text


# ------------------------------------------------------------------ limits
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_profile_fits_where_telegram_shows_it(language):
    with speaking(language):
        assert len(say(DESCRIPTION)) <= 512
        assert len(say(SHORT_DESCRIPTION)) <= 120
        for what in (COMMANDS | ADMIN_COMMANDS).values():
            assert 1 <= len(say(what)) <= 256


@pytest.mark.parametrize("language", FOREIGN)
def test_approve_and_reject_cannot_be_mistaken(language):
    """No word of the one stands in the other, and neither is short for a sentence."""
    with speaking(language):
        yes, no = say("Approve"), say("Reject")
    assert not set(yes.lower().split()) & set(no.lower().split())
    assert unmarked(yes)[:3] != unmarked(no)[:3]


# ------------------------------------------------------------------ gathering
def test_a_message_that_comes_is_empty_and_one_that_goes_is_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(gathering, "HOME", tmp_path)
    book = Catalog(fuzzy=False)
    book.add("Approve")
    book.add("gone")
    monkeypatch.setattr(gathering, "gathered", lambda: book)
    first = gathering.brought_up_to_date("es")
    first["Approve"].string = "Aprobar"
    first["gone"].string = "ido"
    gathering.write("es", first)
    later = Catalog(fuzzy=False)
    later.add("Approve")
    later.add("new")
    monkeypatch.setattr(gathering, "gathered", lambda: later)
    after = _entries(gathering.brought_up_to_date("es"))
    assert {key[1]: entry.string for key, entry in after.items()} == {
        "Approve": "Aprobar",
        "new": None,
    }


def test_the_command_says_what_is_left_to_translate(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gathering, "HOME", tmp_path)
    gathering.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(LANGUAGES)[1:]
    assert all(line.endswith(" to translate") for line in lines)
    assert {path.name for path in tmp_path.iterdir()} == {f"{c}.po" for c in FOREIGN}

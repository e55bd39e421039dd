"""Numbers, times and directions of what is read, by who reads it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.telegram.languages.bidi import (
    END,
    ISOLATE,
    RIGHT_TO_LEFT_MARK,
    from_right_to_left,
)
from bot.telegram.languages.catalogue import LANGUAGES
from bot.telegram.views import text
from bot.telegram.views.speech import say, speaking
from tests.fakes import NOON


# ------------------------------------------------------------------ numbers, times
@pytest.mark.parametrize(
    ("language", "number", "loss", "money"),
    [
        ("en", "12,345.60", "-1.5", "12,345.60 USD"),
        ("es", "12.345,60", "-1,5", "12.345,60 USD"),
        ("pt", "12.345,60", "-1,5", "12.345,60 USD"),
        ("ru", "12\xa0345,60", "-1,5", "12\xa0345,60 USD"),
        ("ar", "12,345.60", "-1.5", f"{ISOLATE}12,345.60 USD{END}"),
    ],
)
def test_numbers_are_written_as_the_reader_writes_them(language, number, loss, money):
    with speaking(language):
        assert text.number(Decimal("12345.6")) == number
        assert text.signed(Decimal("-1.5"), 1) == loss
        assert text.money(Decimal("12345.6"), "USD").lstrip(RIGHT_TO_LEFT_MARK) == money


@pytest.mark.parametrize("language", LANGUAGES)
def test_prices_are_written_as_the_terminal_takes_them(language):
    with speaking(language):
        assert text.price(Decimal("12345.60")) == "12345.60"


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "24 Nov 2026"),
        ("es", "24 nov 2026"),
        ("pt", "24 nov. 2026"),
        ("ru", "24 нояб. 2026"),
        ("ar", "24 نوفمبر 2026"),
    ],
)
def test_a_date_has_the_month_of_the_readers_language(language, day):
    with speaking(language, "Asia/Dubai"):
        assert text.dated(NOON) == f"{day} 16:00 +04"


def test_a_time_stands_on_the_readers_clock():
    with speaking("en", "America/New_York"):
        assert text.clock(NOON) == "07:00 EST"
        late = NOON + timedelta(hours=14)
        assert text.when(late, now=NOON) == "21:00 EST"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_a_clock_that_nobody_knows_is_utc(zone):
    with speaking("en", zone):
        assert text.clock(NOON) == "12:00 UTC"


@pytest.mark.parametrize("code", ["", "de", "xx-YY", "e"])
def test_a_language_that_we_do_not_speak_is_english(code):
    with speaking(code):
        assert say("Approve") == "Approve"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_a_span_is_said_in_one_unit(seconds, said):
    assert text.span(timedelta(seconds=seconds)) == said


# ------------------------------------------------------------------ right to left
@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("سعر {price}.", f"سعر {ISOLATE}{{price}}{END}."),
        ("{loss} % خسارة", f"{ISOLATE}{{loss}} %{END} خسارة"),
        ("معرفك <code>{id}</code>", f"معرفك {ISOLATE}<code>{{id}}</code>{END}"),
        (
            "أرسل /rearm {name} REASON الآن",
            f"أرسل {ISOLATE}/rearm {{name}} REASON{END} الآن",
        ),
        ("<b>لا</b> شيء", "<b>لا</b> شيء"),
        (f"{ISOLATE}{{r}} R{END} ربح", f"{ISOLATE}{{r}} R{END} ربح"),
    ],
    ids=["hole", "percent", "code", "command", "tag", "isolated already"],
)
def test_what_runs_the_other_way_stands_apart(message, said):
    assert from_right_to_left(message) == f"{RIGHT_TO_LEFT_MARK}{said}"


def test_every_line_runs_from_right_to_left():
    said = from_right_to_left("{side}\n\nنعم")
    lines = [line[:1] for line in said.split("\n")]
    assert lines == [RIGHT_TO_LEFT_MARK, "", RIGHT_TO_LEFT_MARK]


def test_what_is_not_translated_stays_empty():
    assert from_right_to_left("") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_marks_of_others_are_taken_out(language):
    evil = f"{RIGHT_TO_LEFT_MARK}abc{END}{END}\u202edef"
    with speaking(language):
        assert text.safe(evil) == "abcdef"
        assert not set(text.told(f"{evil} is disabled.")) & {"\u202e"}


def test_only_in_arabic_an_answer_keeps_marks():
    said = f"{RIGHT_TO_LEFT_MARK}نعم {ISOLATE}1{END}\u202e"
    with speaking("ar"):
        assert text.in_a_line(said) == said[:-1]
    with speaking("ru"):
        assert text.in_a_line(said) == "نعم 1"

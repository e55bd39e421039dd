"""What strangers write becomes one harmless line of a limited length."""

import html
import json
import unicodedata
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.html_markup import parse_html
from bot.telegram.views import text
from bot.telegram.views.text import (
    brief,
    clip,
    listed,
    safe,
    shown_units,
    tidy,
    units,
    why,
)
from tests.fakes import NOON

ANY_TEXT = st.text(st.characters(), max_size=200)
"""Half surrogate pairs included: Python reads them from JSON."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=8,
)
PRICES = st.decimals("0.00001", 999_999, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<b>free</b> & easy", "&lt;b&gt;free&lt;/b&gt; &amp; easy"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("  wide   gaps  ", "wide gaps"),
        ("bi\u202edi", "bidi"),
        ("\u2067isolated\u2069", "isolated"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("nul\x00bell\x07", "nulbell"),
        ("half\ud83dpair", "halfpair"),
        ("private\ue000use", "privateuse"),
        ("hangul\u3164filler", "hangulfiller"),
        ("blank\u2800braille", "blankbraille"),
        ('quotes "stay"', 'quotes "stay"'),
        ("Größe 金 🟢", "Größe 金 🟢"),
    ],
)
def test_a_foreign_text_is_one_harmless_line(written, shown):
    assert safe(written) == shown


def test_marks_that_would_paint_over_other_lines_are_dropped():
    assert tidy("a" + "\u0301" * 30 + "b" + "\u0301") == (
        "a" + "\u0301" * text.MOST_MARKS + "b\u0301"
    )


@given(ANY_TEXT)
def test_nothing_invisible_survives(written):
    shown = tidy(written)
    assert not any(
        unicodedata.category(character)[0] == "C" or character in "\n\r\u2028\u3164"
        for character in shown
    )
    assert shown == " ".join(shown.split())


@given(ANY_TEXT)
def test_a_safe_text_is_markup_that_shows_just_that_text(written):
    shown, spans = parse_html(safe(written))
    assert (shown, spans) == (tidy(written), [])


@given(ANY_TEXT, st.integers(1, 60))
def test_a_clipped_text_is_within_its_limit(written, limit):
    cut = clip(written, limit)
    assert units(cut) <= limit
    assert cut == written or cut.endswith("…")


@given(ANY_TEXT, st.integers(1, 60))
def test_a_brief_text_is_within_its_limit_once_it_is_parsed(written, limit):
    assert shown_units(brief(written, limit)) <= limit


def test_a_letter_outside_the_basic_plane_is_two_units():
    assert units("🟢") == 2
    assert clip("🟢🟢🟢", 4) == "🟢…"


@given(st.dictionaries(ANY_TEXT, JSON, max_size=4), st.integers(1, 300))
def test_any_payload_becomes_one_safe_line(payload, limit):
    line = why(json.dumps(payload), limit)
    assert units(parse_html(line)[0]) <= limit
    assert "\n" not in line


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        ("{}", ""),
        ('{"reason":"Breakout","confidence":0.85}', "Breakout"),
        ('{"comment":"<Retest>"}', "&lt;Retest&gt;"),
        ('{"reason":7,"note":"Second best"}', "Second best"),
        ('{"confidence":0.85,"tags":["trend","größe"]}', None),
    ],
)
def test_the_reason_is_the_providers_own_word_if_there_is_one(payload, line):
    expected = 'confidence 0.85, tags ["trend", "größe"]' if line is None else line
    assert why(payload, 300) == expected


def test_numbers_are_read_at_a_glance():
    assert text.number(Decimal("1234567.891")) == "1,234,567.89"
    assert text.signed(Decimal(12)) == "+12.00"
    assert text.signed(Decimal("-0.5"), 1) == "-0.5"
    assert text.signed(Decimal("-0.04"), 1) == text.signed(Decimal(0), 1) == "0.0"
    assert text.price(Decimal("1.9E+3")) == "1900"
    assert text.price(None) == "none"


def test_prices_have_the_decimals_of_the_finest_among_them():
    levels = (Decimal("2650.5"), Decimal(2645), None, Decimal("2665.25"))
    least = text.places(*levels)
    assert [text.price(each, least) for each in levels] == [
        "2650.50",
        "2645.00",
        "none",
        "2665.25",
    ]


def test_no_price_has_no_decimals():
    assert text.places() == text.places(None) == 0


def test_a_large_price_with_an_exponent_has_no_decimals():
    assert text.places(Decimal("1.9E+3")) == 0


def test_a_finer_price_keeps_its_digits():
    assert text.price(Decimal("1.08542"), 2) == "1.08542"


@given(st.lists(PRICES, min_size=1, max_size=5))
def test_no_digit_of_a_price_is_lost(prices):
    least = text.places(*prices)
    shown = [text.price(each, least) for each in prices]
    assert [Decimal(each) for each in shown] == prices
    assert len({len(each.partition(".")[2]) for each in shown}) == 1


def test_what_is_kept_has_its_full_date():
    assert text.dated(NOON) == "24 Nov 2026 12:00 UTC"


def test_a_time_of_another_day_has_its_date():
    assert text.clock(NOON) == "12:00 UTC"
    assert text.clock(None) == ""
    assert text.when(NOON + timedelta(hours=1), now=NOON) == "13:00 UTC"
    assert text.when(NOON + timedelta(days=7), now=NOON) == "1 Dec 12:00 UTC"


def test_a_list_is_cut_between_its_parts():
    lines = [f"<b>{number:04d}</b>" for number in range(2_000)]
    shown = listed(lines)
    assert shown_units(shown) <= text.TEXT_LIMIT
    kept = shown.count("<b>")
    assert shown.endswith(f"<b>{kept - 1:04d}</b>\n… and {2_000 - kept} more.")
    assert listed(["one", "two"]) == "one\ntwo"
    assert listed([]) == ""


@given(st.lists(st.text(alphabet="<&🟢x\n", max_size=3_000), max_size=6))
def test_a_list_fits_into_one_message_whatever_its_parts(parts):
    assert shown_units(listed([html.escape(part) for part in parts])) <= 4096

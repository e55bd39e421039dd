"""Each kind of field, at its edges."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.signal_form import Reading, read_signal
from bot.web.strict_json import parse_object
from core.intake import IntakeRules
from tests.bot.web.service import BODY, RULES
from tests.builders import a_provider


def read(rules: IntakeRules = RULES, **over: object) -> Reading:
    """``over`` as JSON; bytes stand for themselves."""
    members = {
        name: value.decode() if isinstance(value, bytes) else json.dumps(value)
        for name, value in {**BODY, **over}.items()
    }
    text = ",".join(f'"{name}":{value}' for name, value in members.items())
    return read_signal(
        parse_object(f"{{{text}}}".encode()),
        provider=a_provider(),
        rules=rules,
        max_payload_bytes=1024,
    )


def complaint(field: str, value: object) -> str:
    """What is said against ``value``; empty when nothing is."""
    found = [each.message for each in read(**{field: value}).problems]
    assert len(found) <= 1
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("written", "price"),
    [
        (b"1950.5", "1950.5"),
        (b'"1950.50"', "1950.50"),
        (b"195050e-2", "1950.50"),
        (b"1.9505E+3", "1950.5"),
        (b"1946", "1946"),
        (b"999999.999999", "999999.999999"),
        (b"1945.00000001", "1945.00000001"),
        (b"1946.00000000000000", "1946"),
    ],
)
def test_a_price_is_taken_exactly(written: bytes, price: str):
    reading = read(price=written, take_profit=None)
    assert reading.problems == ()
    assert reading.draft.price == Decimal(price)


def test_the_smallest_price_has_eight_decimals():
    over = {"side": "sell", "price": b"1e-8", "stop_loss": b"2e-8", "take_profit": None}
    assert read(**over).problems == ()
    assert read(**over).draft.price == Decimal("0.00000001")


@pytest.mark.parametrize(
    "written",
    [
        b"0",
        b"-0",
        b"0.0",
        b'"0"',
        b"-1",
        b"1000000",
        b"1e6",
        b"1e400",
        b"1e999",
        b"-1e-9",
    ],
)
def test_a_price_outside_its_range_is_refused(written: bytes):
    assert "must be above 0 and below 1,000,000, was" in complaint("price", written)


@pytest.mark.parametrize(
    "written",
    [b"1950.000000001", b"1e-9", b"1e-999", b'"123456.1234567"', b"999999.9999999"],
)
def test_a_price_of_too_many_digits_is_refused(written: bytes):
    message = "must have at most 8 decimals and 12 digits in all, was"
    assert message in complaint("price", written)


@pytest.mark.parametrize(
    "written",
    [
        b'"NaN"',
        b'"Infinity"',
        b'"-inf"',
        b'"1_000"',
        b'" 1950.5"',
        b'"1950.5 "',
        b'"1,950.5"',
        b'"+1950.5"',
        b'"01950.5"',
        b'".5"',
        b'"5."',
        b'"0x10"',
        b'"\\u0661"',
        b'"\\uff11"',
        b'"1e1000"',
        b"1e99999999999999999999",
        b"1e-99999999999999999999",
        b'""',
        b"true",
        b"[]",
        b"[1950.5]",
        b'{"a":1}',
        b"1" * 4000,
    ],
)
def test_what_is_no_number_is_no_price(written: bytes):
    message = complaint("price", written)
    assert message.startswith("must be a number, was ")
    assert len(message) < 80


def test_null_is_the_same_as_left_out():
    left_out = {"take_profit": None, "payload": None, "action": None, "timeframe": None}
    reading = read(**left_out)
    assert reading.problems == ()
    assert reading.draft.take_profit is None
    assert (reading.draft.action, reading.draft.timeframe) == ("open", "M15")
    assert reading.draft.payload == "{}"
    assert complaint("side", None) == "is required"


def test_an_unknown_key_is_told_even_when_it_is_null():
    assert complaint("comment", None).startswith("is not known; known are external_id,")


@pytest.mark.parametrize("value", ["x", "ü" * 100, "a b/c:{{ticker}}", "日本"])
def test_an_external_id_is_any_printable_text(value: str):
    assert read(external_id=value).draft.external_id == value


@pytest.mark.parametrize(
    "value",
    ["", "x" * 101, "a\n", "a\x00", "\u202eabc", "\u200b", "\u00a0", "\x7f", "a\tb"],
)
def test_an_external_id_that_cannot_be_printed_is_refused(value: str):
    message = complaint("external_id", value)
    assert message.startswith("must be 1 to 100 printable characters, was ")
    assert message.isprintable()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(42, "42"), (True, "true"), (["x"], "a list"), ({}, "an object")],
)
def test_an_external_id_must_be_text(value: object, shown: str):
    expected = f"must be text in quotes, was {shown}"
    assert complaint("external_id", value) == expected


@pytest.mark.parametrize("value", ["BUY", "Buy", "", "long", 1, None, ["buy"], {}])
def test_a_side_is_one_of_two_words(value: object):
    expected = "is required" if value is None else "must be buy or sell, was"
    assert complaint("side", value).startswith(expected)


@pytest.mark.parametrize("name", ["M1", "M5", "M15", "M30", "H1", "H4", "D1", "W1"])
def test_every_timeframe_is_taken(name: str):
    assert read(timeframe=name).draft.timeframe == name


@pytest.mark.parametrize("value", [1, 600, 604_800])
def test_a_life_is_a_second_to_a_week(value: int):
    assert read(expires_in=value).draft.expires_in == value


@pytest.mark.parametrize(
    "written",
    [b"0", b"-1", b"604801", b"1.5", b"6e2", b'"600"', b"true", b"9" * 400, b"[]"],
)
def test_another_life_is_refused(written: bytes):
    message = complaint("expires_in", written)
    assert message.startswith("must be a whole number of seconds, 1 to 604800, was ")


@pytest.mark.parametrize("written", [b"0", b"-5", b"4503599627370497", b"1.0", b'"a"'])
def test_a_user_is_a_numeric_id(written: bytes):
    assert complaint("user", written).startswith("must be a numeric Telegram id")


@pytest.mark.parametrize("written", [b"1e400", b"-1e999", b"9" * 41, b"[[1e309]]"])
def test_a_payload_with_a_number_that_nobody_can_read_is_refused(written: bytes):
    expected = "holds a number that is too long or too large"
    assert complaint("payload", b'{"a":' + written + b"}") == expected


@pytest.mark.parametrize("value", ["{}", 1, True, []])
def test_a_payload_is_an_object(value: object):
    assert complaint("payload", value).startswith("must be an object, was ")


def test_a_long_value_is_not_quoted_back_whole():
    message = complaint("side", "x" * 500)
    assert message == f"must be buy or sell, was '{'x' * 30}…'"


def test_a_near_miss_is_helped():
    assert complaint("takeprofit", 1) == "is not known; did you mean take_profit?"


@given(
    st.dictionaries(
        st.sampled_from([*BODY, "target", "other"]) | st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
            max_leaves=3,
        ),
        max_size=6,
    )
)
def test_whatever_the_fields_hold_they_are_read_or_refused(document):
    sent = json.dumps(document).replace("NaN", "0").replace("Infinity", "1e999")
    reading = read_signal(
        parse_object(sent.encode()),
        provider=a_provider(),
        rules=RULES,
        max_payload_bytes=1024,
    )
    for problem in reading.problems:
        assert problem.message
        assert len(problem.field) <= 40

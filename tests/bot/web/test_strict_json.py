"""JSON from a stranger has one meaning or is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.strict_json import MAX_DEPTH, NotJson, Number, compact, parse_object


def test_numbers_stay_the_text_that_was_sent():
    parsed = parse_object(b'{"a": 1950.50, "b": [1e400, -0, 12345678901234567890]}')
    assert parsed["a"] == Number("1950.50")
    assert compact(parsed) == '{"a":1950.50,"b":[1e400,-0,12345678901234567890]}'


def test_other_values_are_pythons():
    parsed = parse_object(b' {"a": [true, false, null, "\\u00e9\\ud83d\\ude00"]} ')
    assert parsed == {"a": [True, False, None, "é😀"]}
    assert compact(parsed) == '{"a":[true,false,null,"é😀"]}'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"{} {}", "Extra data"),
        (b"{'a':1}", "Expecting property name"),
        (b'{"a":1,}', "property name"),
        (b'{"a":01}', "Expecting ',' delimiter"),
        (b'{"a":+1}', "Expecting value"),
        (b'{"a":.5}', "Expecting value"),
        (b'{"a":"\n"}', "Invalid control character"),
        (b'{"a":"\\x"}', "Invalid"),
        (b'"text"', "it must be an object"),
        (b"[{}]", "it must be an object"),
        (b"null", "it must be an object"),
        (b"1", "it must be an object"),
        (b'{"a":NaN}', "NaN is no number"),
        (b'{"a":[Infinity]}', "Infinity is no number"),
        (b'{"a":-Infinity}', "-Infinity is no number"),
        (b'{"a":1,"b":2,"a":1}', "the key 'a' is there twice"),
        (b'{"a":{"b":1,"b":1}}', "the key 'b' is there twice"),
        (b'{"a":1,"\\u0061":2}', "the key 'a' is there twice"),
        (b'{"a":"\xff"}', "it is not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "Expecting value"),
        ('{"a":1}'.encode("utf-16"), "it is not UTF-8"),
        (b'{"a":"\\ud800"}', "half of a surrogate pair"),
        (b'{"a":["\\uDFFF\\uD800"]}', "half of a surrogate pair"),
        (b'{"\\udc00":1}', "half of a surrogate pair"),
        (b'{"a":"\xed\xa0\x80"}', "it is not UTF-8"),
    ],
)
def test_what_has_no_single_meaning_is_refused(body: bytes, why: str):
    with pytest.raises(NotJson, match=why):
        parse_object(body)


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_depth_is_bounded():
    assert parse_object(nested(MAX_DEPTH))
    with pytest.raises(NotJson, match="deeper than 16"):
        parse_object(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000])
def test_a_tower_of_brackets_is_refused_before_it_is_parsed(body: bytes):
    with pytest.raises(NotJson, match="deeper than 16"):
        parse_object(body)


def test_brackets_in_text_are_no_depth():
    assert parse_object(b'{"a":"' + b"[" * 100 + b'\\"[{' + b'","b":[]}')


def test_text_that_never_ends_is_read_in_one_pass():
    with pytest.raises(NotJson, match="Unterminated string"):
        parse_object(b'{"' + b'\\"' * 200_000)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values))
def test_compact_says_the_same_as_was_sent(document):
    sent = json.dumps(document, indent=1).encode()
    assert json.loads(compact(parse_object(sent))) == document


@given(st.binary())
def test_whatever_is_sent_it_is_an_object_or_refused(body):
    with suppress(NotJson):
        assert isinstance(parse_object(body), dict)

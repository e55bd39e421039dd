"""Signed bodies that are not one JSON object with one meaning."""

import json

from tests.bot.web.hostile.rows import GOOD, Row, post, signal

_TEXT = GOOD.decode()
_OPEN = GOOD[:-1]
"""The good signal before its last brace."""


def _row(name: str, body: bytes) -> Row:
    return Row(name=name, request=post(body), status=400, kind="not-json")


def _field(name: str, field: str, value: bytes) -> Row:
    """JSON, but a number that is none of ours."""
    return Row(
        name=name,
        request=post(signal(**{field: value})),
        status=422,
        kind="invalid-fields",
        fields=(field,),
    )


def _deep(inner: bytes, close: bytes) -> bytes:
    return _OPEN + b',"x":' + inner * 16 + b"1" + close * 16 + b"}"


DOCUMENTS = [
    _row("nothing", b""),
    _row("white space", b" \r\n\t "),
    _row("a NUL", b"\x00"),
    _row("null", b"null"),
    _row("a number", b"1950.50"),
    _row("a text", b'"breakout-42"'),
    _row("a list", b"[]"),
    _row("a list of signals", b"[" + GOOD + b"]"),
    _row("half an object", GOOD[: len(GOOD) // 2]),
    _row("an object without its end", _OPEN),
    _row("an object and a brace", GOOD + b"}"),
    _row("two objects", GOOD + GOOD),
    _row("two objects on lines of their own", GOOD + b"\n" + GOOD),
    _row("an object and a NUL", GOOD + b"\x00"),
    _row("an object and a word", GOOD + b" ok"),
    _row("an object and a comma", GOOD + b","),
    _row("a comma before the end", _OPEN + b",}"),
    _row("two commas", _OPEN + b',,"x":1}'),
    _row("no comma", _OPEN + b' "x":1}'),
    _row("no colon", _OPEN + b',"x" 1}'),
    _row("a key without quotes", _OPEN + b",x:1}"),
    _row("a key that is a number", _OPEN + b",1:1}"),
    _row("single quotes", _TEXT.replace('"', "'").encode()),
    _row("Python's words", GOOD.replace(b"null", b"None")),
    _row("a comment", _OPEN + b"/* it */}"),
    _row("a comment on a line", GOOD + b"// it"),
    _row("XML", b"<signal/>"),
    _row("a form", b"external_id=breakout-42&side=buy"),
    _row("YAML", b"external_id: breakout-42"),
    _row("base64", b"eyJleHRlcm5hbF9pZCI6ICJ4In0="),
    _row("a key twice", _OPEN + b',"price":"1"}'),
    _row("a key twice with one value", _OPEN + b',"side":"buy"}'),
    _row("a key twice, once escaped", _OPEN + b',"\\u0070rice":"1"}'),
    _row("a key twice in the payload", signal(payload=b'{"a":1,"a":2}')),
    _row("a key twice, far inside", signal(payload=b'{"a":[{"b":1,"b":1}]}')),
    _row("an empty key twice", _OPEN + b',"":1,"":2}'),
    _row("NaN", signal(price=b"NaN")),
    _row("Infinity", signal(price=b"Infinity")),
    _row("minus Infinity", signal(stop_loss=b"-Infinity")),
    _row("NaN in the payload", signal(payload=b'{"a":[NaN]}')),
    _row("nan in small letters", signal(price=b"nan")),
    _row("a number with a plus", signal(price=b"+1950.5")),
    _row("a number with a zero before it", signal(price=b"01950.5")),
    _row("a number that begins with its point", signal(price=b".5")),
    _row("a number that ends with its point", signal(price=b"1950.")),
    _row("a number with an open exponent", signal(price=b"1e")),
    _row("a number in hexadecimal", signal(price=b"0x79E")),
    _row("a number with a comma", signal(price=b"1,950.5")),
    _row("a number with an underscore", signal(price=b"1_950")),
    _row("two minuses", signal(price=b"--1")),
    _row("True", signal(price=b"True")),
    _row("depth 17 in lists", _deep(b"[", b"]")),
    _row("depth 17 in objects", _deep(b'{"a":', b"}")),
    _row("depth 17 in the payload", signal(payload=b'{"a":' * 17 + b"1" + b"}" * 17)),
    _row("four thousand brackets", b"[" * 4000),
    _row("four thousand braces", b'{"a":' * 800),
    _row("half a surrogate pair", signal(external_id=b'"\\ud800"')),
    _row("the other half", signal(external_id=b'"\\udfff"')),
    _row("the halves the wrong way round", signal(external_id=b'"\\udc00\\ud800"')),
    _row("half a pair in the payload", signal(payload=b'{"a":"\\ud83d"}')),
    _row("half a pair in a key", signal(payload=b'{"\\ud83d":1}')),
    _row("half a pair in UTF-8", signal(external_id=b'"\xed\xa0\x80"')),
    _row("a bare NUL in a text", signal(external_id=b'"a\x00b"')),
    _row("a bare line feed in a text", signal(external_id=b'"a\nb"')),
    _row("a bare tab in a text", signal(external_id=b'"a\tb"')),
    _row("an escape nobody knows", signal(external_id=b'"a\\x41"')),
    _row("a short escape", signal(external_id=b'"a\\u12"')),
    _row("an escape at the end", signal(external_id=b'"a\\"')),
    _row("a text without its end", _OPEN + b',"x":"a}'),
    _row("a byte order mark", b"\xef\xbb\xbf" + GOOD),
    _row("UTF-16 with a mark", _TEXT.encode("utf-16")),
    _row("UTF-16, big end first", _TEXT.encode("utf-16-be")),
    _row("UTF-16, little end first", _TEXT.encode("utf-16-le")),
    _row("UTF-32", _TEXT.encode("utf-32")),
    _row("UTF-7's plus", b"+AHs-" + GOOD[1:]),
    _row("Latin-1", signal(external_id=b'"caf\xe9"')),
    _row("an overlong letter", signal(external_id=b'"\xc0\xaf"')),
    _row("beyond Unicode", signal(external_id=b'"\xf4\x90\x80\x80"')),
    _row("a lone continuation", signal(external_id=b'"\x80"')),
    _row("a cut letter", b'{"a":"\xe2\x82'),
    _row("JSON in JSON", json.dumps(_TEXT).encode()),
    _row("a separator before it", b"\x1e" + GOOD),
    _row("a guard before it", b")]}',\n" + GOOD),
    _row("a no-break space before it", "\u00a0".encode() + GOOD),
    _field("1e400", "price", b"1e400"),
    _field("minus nothing", "price", b"-0"),
    _field("minus nothing with decimals", "price", b"-0.00"),
    _field("a tiny number", "price", b"1e-400"),
    _field("an exponent of forty digits", "price", b"1e" + b"9" * 40),
    _field("three thousand digits", "price", b"1" * 3000),
    _field("1e400 in the payload", "payload", b'{"a":1e400}'),
    _field("a long number in the payload", "payload", b'{"a":' + b"9" * 60 + b"}"),
    _field("an escaped NUL in a text", "external_id", b'"a\\u0000b"'),
]

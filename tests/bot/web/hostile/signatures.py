"""Good signals that nobody has signed, or not so that it counts."""

import base64
import hashlib
import hmac

from bot import keys, signing
from tests.bot.web.hostile.rows import (
    CANARY,
    GOOD,
    NOW,
    Line,
    Row,
    plain,
    post,
    signal,
    standard,
)
from tests.bot.web.service import NOBODY, SECRET

_CANARY = CANARY.decode()
_PLAIN = signing.sign_plain(SECRET, NOW, GOOD)
_HEX = _PLAIN["X-Signature"]
_V1 = signing.sign_standard(SECRET, "msg_1", NOW, GOOD)["webhook-signature"]
_KEY = base64.b64decode(SECRET.removeprefix(keys.PREFIX))
_DEMO = ("X-Provider", "demo")


def _row(name: str, *lines: Line | bytes, body: bytes = GOOD) -> Row:
    return Row(
        name=name,
        request=post(body, signature=lines),
        status=401,
        kind="not-authentic",
    )


def _plainly(name: str, timestamp: str | None, signature: str | None) -> Row:
    lines = [_DEMO]
    if timestamp is not None:
        lines.append(("X-Timestamp", timestamp))
    if signature is not None:
        lines.append(("X-Signature", signature))
    return _row(f"plain: {name}", *lines)


def _hmac(content: bytes, key: bytes = SECRET.encode()) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _odd_time(name: str, timestamp: str) -> Row:
    """Signed with the time as it stands there."""
    return _plainly(name, timestamp, _hmac(timestamp.encode() + b"." + GOOD))


def _standardly(
    name: str, signature: str, *, identity: str = "msg_1", timestamp: str = str(NOW)
) -> Row:
    return _row(
        f"standard: {name}",
        _DEMO,
        ("webhook-id", identity),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    )


def _v1(content: bytes, key: bytes = _KEY) -> str:
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _odd_id(name: str, identity: str) -> Row:
    """Signed with the id as it stands there."""
    content = f"{identity}.{NOW}.".encode() + GOOD
    return _standardly(name, _v1(content), identity=identity)


def _odd_standard_time(name: str, timestamp: str) -> Row:
    content = f"msg_1.{timestamp}.".encode() + GOOD
    return _standardly(name, _v1(content), timestamp=timestamp)


SIGNATURES = [
    _row("not signed at all"),
    _row("a name alone", _DEMO),
    _row("no name", *plain(GOOD)[1:]),
    _row("an empty name", ("X-Provider", ""), *plain(GOOD)[1:]),
    _row("an unknown name", ("X-Provider", _CANARY), *plain(GOOD)[1:]),
    _row("a disabled provider", ("X-Provider", "off"), *plain(GOOD)[1:]),
    _row("a name in capitals", ("X-Provider", "DEMO"), *plain(GOOD)[1:]),
    _row("half a name", ("X-Provider", "dem"), *plain(GOOD)[1:]),
    _row("two names in one line", ("X-Provider", "demo, demo"), *plain(GOOD)[1:]),
    _row("a name of 101 letters", ("X-Provider", "d" * 101), *plain(GOOD)[1:]),
    _row("a name in Latin-1", b"X-Provider: d\xe9mo", *plain(GOOD)[1:]),
    _row("a name twice", _DEMO, *plain(GOOD)),
    _row("two names", ("X-Provider", "other"), *plain(GOOD)),
    _row("a wildcard", ("X-Provider", "*"), *plain(GOOD)[1:]),
    _row("SQL", ("X-Provider", "demo' OR '1'='1"), *plain(GOOD)[1:]),
    _row("a bearer in place of it", _DEMO, ("Authorization", f"Bearer {SECRET}")),
    _row("both forms, both right", *plain(GOOD), *standard(GOOD)[1:]),
    _row("a plain form and an id", *plain(GOOD), ("webhook-id", "msg_1")),
    _row("a standard form and a time", *standard(GOOD), ("X-Timestamp", str(NOW))),
    _row("the plain signature twice", *plain(GOOD), ("X-Signature", _HEX)),
    _row("another plain signature too", *plain(GOOD), ("X-Signature", "0" * 64)),
    _row("the time twice", *plain(GOOD), ("X-Timestamp", str(NOW))),
    _row("two times", *plain(GOOD), ("X-Timestamp", str(NOW + 1))),
    _row("the secret of nobody", *plain(GOOD, secret=NOBODY)),
    _row("five minutes and a second ago", *plain(GOOD, at=NOW - 301)),
    _row("in five minutes and a second", *plain(GOOD, at=NOW + 301)),
    _row("in 1970", *plain(GOOD, at=0)),
    _row("in the year 33,658", *plain(GOOD, at=10**12 - 1)),
    _row("of another body", *plain(signal(price="1951"))),
    _row("of a body with a space more", *plain(GOOD + b" ")),
    _row("of no body", *plain(b"")),
    _plainly("no signature", str(NOW), None),
    _plainly("no time", None, _HEX),
    _plainly("an empty signature", str(NOW), ""),
    _plainly("an empty time", "", _HEX),
    _plainly("a time moved by a second", str(NOW + 1), _HEX),
    _plainly("63 digits", str(NOW), _HEX[:-1]),
    _plainly("65 digits", str(NOW), _HEX + "0"),
    _plainly("a digit that is none", str(NOW), _HEX[:-1] + "g"),
    _plainly("the scheme before it", str(NOW), f"sha256={_HEX}"),
    _plainly("0x before it", str(NOW), f"0x{_HEX}"),
    _plainly("in base64", str(NOW), base64.b64encode(bytes.fromhex(_HEX)).decode()),
    _plainly("two in one line", str(NOW), f"{_HEX},{_HEX}"),
    _plainly("in quotes", str(NOW), f'"{_HEX}"'),
    _plainly("zeros", str(NOW), "0" * 64),
    _plainly("eight thousand digits", str(NOW), _HEX * 120),
    _plainly("without the time", str(NOW), _hmac(GOOD)),
    _plainly("without the dot", str(NOW), _hmac(str(NOW).encode() + GOOD)),
    _plainly(
        "by the bytes of the key", str(NOW), _hmac(f"{NOW}.".encode() + GOOD, _KEY)
    ),
    _odd_time("a time with a fraction", f"{NOW}.0"),
    _odd_time("a time with a plus", f"+{NOW}"),
    _odd_time("a time with a minus", f"-{NOW}"),
    _odd_time("a time with an underscore", f"{str(NOW)[:4]}_{str(NOW)[4:]}"),
    _odd_time("a time with an exponent", "1.8e9"),
    _odd_time("a time in milliseconds", f"{NOW}000"),
    _odd_time("a time in hexadecimal", f"{NOW:#x}"),
    _odd_time("a time in words", "2026-11-24T12:00:00Z"),
    _odd_time("a time that is not a number", "NaN"),
    _odd_time("a time of a thousand digits", "1" * 1000),
    _odd_time("a time in Arabic digits", "١٧٩٥٥٢١٦٠٠"),
    _row("standard: no id", _DEMO, *standard(GOOD)[2:]),
    _row("standard: no time", *standard(GOOD)[:2], standard(GOOD)[3]),
    _row("standard: no signature", *standard(GOOD)[:3]),
    _row("standard: the id twice", *standard(GOOD), ("webhook-id", "msg_1")),
    _row("standard: the time twice", *standard(GOOD), ("webhook-timestamp", str(NOW))),
    _row("standard: the signature twice", *standard(GOOD), ("webhook-signature", _V1)),
    _row("standard: the secret of nobody", *standard(GOOD, secret=NOBODY)),
    _row("standard: too old", *standard(GOOD, at=NOW - 301)),
    _row("standard: too young", *standard(GOOD, at=NOW + 301)),
    _row("standard: of another body", *standard(signal(price="1951"))),
    _row(
        "standard: named as svix names it",
        _DEMO,
        ("svix-id", "1"),
        ("svix-signature", _V1),
    ),
    _standardly("another id", _V1, identity="msg_2"),
    _standardly("no version", _V1.removeprefix("v1,")),
    _standardly("another version", _V1.replace("v1,", "v2,")),
    _standardly("a version in capitals", _V1.replace("v1,", "V1,")),
    _standardly("an equals sign", _V1.replace("v1,", "v1=")),
    _standardly("no signature behind the comma", "v1,"),
    _standardly("nothing", ""),
    _standardly("base64 that is none", "v1,!!!!"),
    _standardly("base64 cut short", _V1[:-4]),
    _standardly("base64 without its padding", _V1.rstrip("=")),
    _standardly("base64 with one more", _V1 + "="),
    _standardly("in hexadecimal", f"v1,{_hmac(f'msg_1.{NOW}.'.encode() + GOOD, _KEY)}"),
    _standardly("several behind commas", f"v1,AAAA,{_V1}"),
    _standardly("several behind a tab", f"v1,AAAA\t{_V1}"),
    _standardly("nine, the last right", "v1,AAAA " * 8 + _V1),
    _standardly("a thousand, the last right", "v1,AA " * 1000 + _V1),
    _standardly("asymmetric, of no key", _V1.replace("v1,", "v1a,")),
    _standardly("asymmetric zeros", "v1a," + base64.b64encode(bytes(64)).decode()),
    _standardly("asymmetric, no base64", "v1a,####"),
    _standardly(
        "by the secret as printed",
        _v1(f"msg_1.{NOW}.".encode() + GOOD, SECRET.encode()),
    ),
    _standardly("without the id", _v1(f"{NOW}.".encode() + GOOD)),
    _odd_id("an id with a dot", "msg.1"),
    _odd_id("an id that moves the dot", f"msg_1.{NOW}"),
    _odd_id("no id in the line of it", ""),
    _odd_id("an id with a space", "msg 1"),
    _odd_id("an id with a slash", "msg/1"),
    _odd_id("an id with a colon", "msg:1"),
    _odd_id("an id in UTF-8", "müll"),
    _odd_id("an id of 129 letters", "m" * 129),
    _odd_standard_time("a time with a fraction", f"{NOW}.5"),
    _odd_standard_time("a time with a zero's minus", "-0"),
    _odd_standard_time("a time in milliseconds", f"{NOW}000"),
    _odd_standard_time("a time and a dot", f"{NOW}."),
]

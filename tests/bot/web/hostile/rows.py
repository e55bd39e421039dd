"""What a row of the table of bad requests is, and how a request is written down.

The clock of the tested service stands still, so that a signed request can be written
as bytes once and for all. Unless a row is about the signature, its request is signed:
nothing but what the row is about is wrong with it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot import signing
from tests.bot.web.service import BODY, SECRET, SIGNALS, TOKEN
from tests.fakes import FixedClock

NOW: Final = int(FixedClock().now().timestamp())
CANARY: Final = b"canary-7f3a91"
"""In every request; in no answer and in no log."""
GOOD: Final = json.dumps(BODY).encode()

Line = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One bad request and its answer."""

    name: str
    request: bytes
    status: int
    kind: str = ""
    """The last part of the problem's type; empty for ``about:blank``."""
    fields: tuple[str, ...] = ()
    """Those that are complained of, no other."""
    cut: bool = False
    """Whether the connection is closed with the answer."""


def plain(body: bytes, *, at: int = NOW, secret: str = SECRET) -> list[Line]:
    """Who it is from, signed in the plain form."""
    signed = signing.sign_plain(secret, at, body)
    return [("X-Provider", "demo"), *signed.items()]


def standard(
    body: bytes, *, at: int = NOW, message: str = "msg_1", secret: str = SECRET
) -> list[Line]:
    """The same as Standard Webhooks."""
    signed = signing.sign_standard(secret, message, at, body)
    return [("X-Provider", "demo"), *signed.items()]


def head(
    lines: Sequence[Line | bytes], *, start: bytes = f"POST {SIGNALS}".encode()
) -> bytes:
    """Start line, host, canary and these lines; a line in bytes stands as it is."""
    written = [
        line if isinstance(line, bytes) else ": ".join(line).encode() for line in lines
    ]
    canary = b"X-Canary: " + CANARY
    first = start if b" HTTP/" in start else start + b" HTTP/1.1"
    return b"\r\n".join([first, b"Host: tapgate.example", canary, *written, b"", b""])


def post(
    body: bytes,
    *,
    query: str = "",
    signature: Sequence[Line | bytes] | None = None,
    kind: Sequence[Line | bytes] = (("Content-Type", "application/json"),),
    more: Sequence[Line | bytes] = (),
) -> bytes:
    """A signal as a provider sends it, but for what is given."""
    lines = [
        *(plain(body) if signature is None else signature),
        *kind,
        ("Content-Length", str(len(body))),
        *more,
    ]
    return head(lines, start=f"POST {SIGNALS}{query}".encode()) + body


def framed(*lines: bytes, body: bytes = GOOD) -> bytes:
    """A signed signal that says by these lines alone how long it is."""
    signed = [*plain(GOOD), ("Content-Type", "application/json")]
    return head([*signed, *lines]) + body


def signal(**over: object) -> bytes:
    """A good signal with other values; bytes stand for themselves, in JSON."""
    return document({**BODY, **over})


def document(values: Mapping[str, object]) -> bytes:
    """An object as JSON; bytes stand for themselves."""
    members = (
        json.dumps(name).encode()
        + b":"
        + (value if isinstance(value, bytes) else json.dumps(value).encode())
        for name, value in values.items()
    )
    return b"{" + b",".join(members) + b"}"


def read(query: str, *lines: Line | bytes, token: str = TOKEN) -> bytes:
    """A provider's look at his signals."""
    bearer = ("Authorization", f"Bearer {token}")
    return head([*(lines or (bearer,))], start=f"GET {SIGNALS}{query}".encode())

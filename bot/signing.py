"""Signatures on webhooks: what a provider writes, and what we demand of it.

Both forms are HMAC-SHA256 over the bytes as sent, with a time inside the signature.

    plain      X-Timestamp, X-Signature (hex)
               signs  <timestamp>.<body>         key: the secret as printed
    standard   webhook-id, webhook-timestamp, webhook-signature
               signs  <id>.<timestamp>.<body>    key: the bytes behind whsec_

Verification is strict, because the headers come from strangers: one form, one of
each of its headers, no dot in an id (a shifted dot is another message with the same
bytes), digits in a timestamp, and comparison in constant time. It never raises.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
"""How many random bytes a secret may hold; Standard Webhooks says so."""

_PLAIN = ("x-timestamp", "x-signature")
_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MOST_SIGNATURES = 8
_LONGEST_SIGNATURES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What the headers claim, once their grammar is right."""

    standard: bool
    timestamp: str
    before_body: bytes
    signatures: tuple[bytes, ...]


def new_secret(random_bytes: bytes) -> str:
    """The secret of a new provider, as printed: ``whsec_`` and base64.

    Raises:
        ValueError: fewer than 24 bytes, or more than 64.
    """
    if len(random_bytes) not in KEY_BYTES:
        message = f"a secret holds 24 to 64 bytes, not {len(random_bytes)}"
        raise ValueError(message)
    return PREFIX + base64.b64encode(random_bytes).decode()


def sign_plain(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The two headers of the plain form; ``timestamp`` in Unix seconds.

    Raises:
        ValueError: the secret or the timestamp is not one.
    """
    text = _checked(_TIMESTAMP, str(timestamp), "timestamp")
    signature = _digest(
        _required_key(secret, standard=False), f"{text}.".encode() + body
    )
    return {"X-Timestamp": text, "X-Signature": signature.hex()}


def sign_standard(
    secret: str, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers of Standard Webhooks; ``timestamp`` in Unix seconds.

    Raises:
        ValueError: the secret, the id (``A-Za-z0-9_-``) or the timestamp is not one.
    """
    _checked(_MESSAGE_ID, message_id, "message id")
    text = _checked(_TIMESTAMP, str(timestamp), "timestamp")
    signed = f"{message_id}.{text}.".encode() + body
    signature = base64.b64encode(_digest(_required_key(secret, standard=True), signed))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": text,
        "webhook-signature": f"v1,{signature.decode()}",
    }


def _checked(grammar: re.Pattern[str], text: str, name: str) -> str:
    if not grammar.fullmatch(text):
        message = f"not a {name}: {text!r}"
        raise ValueError(message)
    return text


def verify(
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,
    tolerance: timedelta,
) -> bool:
    """Whether one of ``secrets`` signed ``body`` within ``tolerance`` of ``now``.

    ``headers`` are those of the request, repeated ones repeated; ``body`` is the
    bytes as received. A secret that is none verifies nothing.
    """
    claim = _claim(headers)
    if claim is None:
        return False
    genuine = False
    keys = [_key(secret, standard=claim.standard) for secret in secrets]
    for key in filter(None, keys):
        expected = _expected(key, claim, body)
        for signature in claim.signatures:
            genuine |= hmac.compare_digest(expected, signature)
    age = now.timestamp() - int(claim.timestamp)
    return genuine and abs(age) <= tolerance.total_seconds()


def _claim(headers: Iterable[tuple[str, str]]) -> _Claim | None:
    found = [(name.lower(), value) for name, value in headers]
    plain = [(name, value) for name, value in found if name in _PLAIN]
    standard = [(name, value) for name, value in found if name in _STANDARD]
    if sorted(name for name, _ in plain) == sorted(_PLAIN) and not standard:
        return _plain_claim(dict(plain))
    if sorted(name for name, _ in standard) == sorted(_STANDARD) and not plain:
        return _standard_claim(dict(standard))
    return None


def _plain_claim(headers: dict[str, str]) -> _Claim | None:
    timestamp, signature = (headers[name] for name in _PLAIN)
    if not (_TIMESTAMP.fullmatch(timestamp) and _HEX.fullmatch(signature)):
        return None
    return _Claim(
        standard=False,
        timestamp=timestamp,
        before_body=f"{timestamp}.".encode(),
        signatures=(signature.lower().encode(),),
    )


def _standard_claim(headers: dict[str, str]) -> _Claim | None:
    message_id, timestamp, signature = (headers[name] for name in _STANDARD)
    entries = [entry for entry in signature.split(" ") if entry]
    right = (
        _MESSAGE_ID.fullmatch(message_id)
        and _TIMESTAMP.fullmatch(timestamp)
        and len(signature) <= _LONGEST_SIGNATURES
        and len(entries) <= _MOST_SIGNATURES
    )
    if not right:
        return None
    return _Claim(
        standard=True,
        timestamp=timestamp,
        before_body=f"{message_id}.{timestamp}.".encode(),
        signatures=tuple(entry.encode(errors="replace") for entry in entries),
    )


def _expected(key: bytes, claim: _Claim, body: bytes) -> bytes:
    """The signature as it must stand in the header."""
    digest = _digest(key, claim.before_body + body)
    if claim.standard:
        return b"v1," + base64.b64encode(digest)
    return digest.hex().encode()


def _key(secret: str, *, standard: bool) -> bytes | None:
    """The key of one form; ``None`` for what is no secret, whichever the form."""
    if not secret.startswith(PREFIX):
        return None
    try:
        content = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return None
    if len(content) not in KEY_BYTES:
        return None
    return content if standard else secret.encode()


def _required_key(secret: str, *, standard: bool) -> bytes:
    key = _key(secret, standard=standard)
    if key is None:
        message = f"a secret is {PREFIX} and base64 of 24 to 64 bytes"
        raise ValueError(message)
    return key


def _digest(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()

"""Signatures on webhooks: what a provider writes, and what we demand of it.

Both forms sign the bytes as sent, with a time inside the signature.

    plain      X-Timestamp, X-Signature (hex)
               HMAC-SHA256 over <timestamp>.<body>; key: the secret as printed
    standard   webhook-id, webhook-timestamp, webhook-signature
               over <id>.<timestamp>.<body>
               v1   HMAC-SHA256; key: the bytes behind whsec_
               v1a  Ed25519; key pair: the bytes behind whsk_ and whpk_

Verification is strict, because the headers come from strangers: one form, one of
each of its headers, no dot in an id (a shifted dot is another message with the same
bytes), digits in a timestamp, and comparison in constant time. It never raises.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from multidict import MultiMapping

from bot.keys import (
    KEY_BYTES,
    PREFIX,
    PRIVATE_PREFIX,
    PUBLIC_BYTES,
    PUBLIC_PREFIX,
    content_of,
)

_PLAIN = ("x-timestamp", "x-signature")
_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
_OURS = _PLAIN + _STANDARD
_PLAIN_ONCE, _STANDARD_ONCE = [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]
"""How often each of ours is there, in either form."""
_ABSENT: list[str] = []
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PAIR = b"v1a,"
_SEED_BYTES = 32
_PRIVATE_BYTES = (32, 64)
"""The seed alone, or with the public key behind it."""
_MOST_SIGNATURES = 8
_MOST_OF_PAIRS = 2
"""Each costs a hundred times what the others cost; a rotation needs two."""
_LONGEST_SIGNATURES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is true of a request, whoever it says it is from."""

    key: int | None
    """Which of the keys made the signature; the first of several."""
    fresh: bool
    """Whether it was signed at about this time."""
    webhook_id: str | None
    """Of a message in the standard form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What the headers claim, once their grammar is right."""

    webhook_id: str | None
    timestamp: str
    before_body: bytes
    signatures: tuple[bytes, ...]

    @property
    def standard(self) -> bool:
        """Whether it is in the standard form."""
        return self.webhook_id is not None


class Key:
    """A secret or a public key as printed, made ready once for many signatures.

    What is no key verifies nothing.
    """

    def __init__(self, printed: str) -> None:
        self._plain = _begun(_key(printed, standard=False))
        self._standard = _begun(_key(printed, standard=True))
        self._public = content_of(printed, PUBLIC_PREFIX, PUBLIC_BYTES)

    def made(self, claim: _Claim, signed: bytes) -> bool:
        """Whether it made one of the signatures over these bytes."""
        if self._public is not None:
            return _made_by_pair(self._public, claim, signed)
        begun = self._standard if claim.standard else self._plain
        if begun is None:
            return False
        mac = begun.copy()
        mac.update(signed)
        expected = (
            b"v1," + base64.b64encode(mac.digest())
            if claim.standard
            else mac.hexdigest().encode()
        )
        genuine = False
        for signature in claim.signatures:
            genuine |= hmac.compare_digest(expected, signature)
        return genuine


def _begun(key: bytes | None) -> hmac.HMAC | None:
    return None if key is None else hmac.new(key, digestmod="sha256")


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


def sign_with_key(
    private_key: str, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers of Standard Webhooks, signed with a key pair (``v1a``).

    Raises:
        ValueError: the key, the id (``A-Za-z0-9_-``) or the timestamp is not one.
    """
    _checked(_MESSAGE_ID, message_id, "message id")
    text = _checked(_TIMESTAMP, str(timestamp), "timestamp")
    content = content_of(private_key, PRIVATE_PREFIX, _PRIVATE_BYTES)
    if content is None:
        message = f"a private key is {PRIVATE_PREFIX} and base64 of 32 or 64 bytes"
        raise ValueError(message)
    key = Ed25519PrivateKey.from_private_bytes(content[:_SEED_BYTES])
    signature = base64.b64encode(key.sign(f"{message_id}.{text}.".encode() + body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": text,
        "webhook-signature": f"v1a,{signature.decode()}",
    }


def verify(
    headers: MultiMapping[str],
    body: bytes,
    *,
    keys: Sequence[Key],
    now: datetime,
    tolerance: timedelta,
) -> Finding | None:
    """Which of ``keys`` signed ``body``, and whether lately.

    ``headers`` are those of the request, repeated ones repeated, whatever the case of
    their names; ``body`` is the bytes as received. ``None`` when they are not those
    of exactly one form. Every key is tried with every signature, so that the time
    this takes tells nothing of which one fits.
    """
    claim = _claim(headers)
    if claim is None:
        return None
    signed = claim.before_body + body
    made = [key.made(claim, signed) for key in keys]
    age = now.timestamp() - int(claim.timestamp)
    return Finding(
        key=made.index(True) if any(made) else None,
        fresh=abs(age) <= tolerance.total_seconds(),
        webhook_id=claim.webhook_id,
    )


def _made_by_pair(public_key: bytes, claim: _Claim, signed: bytes) -> bool:
    signatures = [each for each in claim.signatures if each.startswith(_PAIR)]
    if not signatures:
        return False  # whichever key it is
    key = Ed25519PublicKey.from_public_bytes(public_key)
    genuine = False
    for signature in signatures:
        genuine |= _verifies(key, signature, signed)
    return genuine


def _verifies(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        written = base64.b64decode(signature.removeprefix(_PAIR), validate=True)
        key.verify(written, content)
    except (ValueError, InvalidSignature):
        return False
    return True


def _claim(headers: MultiMapping[str]) -> _Claim | None:
    ours = [headers.getall(name, _ABSENT) for name in _OURS]
    times = [len(values) for values in ours]
    given = [values[0] for values in ours if values]
    if times == _PLAIN_ONCE:
        return _plain_claim(*given)
    return _standard_claim(*given) if times == _STANDARD_ONCE else None


def _plain_claim(timestamp: str, signature: str) -> _Claim | None:
    if not (_TIMESTAMP.fullmatch(timestamp) and _HEX.fullmatch(signature)):
        return None
    return _Claim(
        webhook_id=None,
        timestamp=timestamp,
        before_body=f"{timestamp}.".encode(),
        signatures=(signature.lower().encode(),),
    )


def _standard_claim(message_id: str, timestamp: str, signature: str) -> _Claim | None:
    entries = [entry for entry in signature.split(" ") if entry]
    right = (
        _MESSAGE_ID.fullmatch(message_id)
        and _TIMESTAMP.fullmatch(timestamp)
        and len(signature) <= _LONGEST_SIGNATURES
        and len(entries) <= _MOST_SIGNATURES
        and sum(entry.startswith("v1a,") for entry in entries) <= _MOST_OF_PAIRS
    )
    if not right:
        return None
    return _Claim(
        webhook_id=message_id,
        timestamp=timestamp,
        before_body=f"{message_id}.{timestamp}.".encode(),
        signatures=tuple(entry.encode(errors="replace") for entry in entries),
    )


def _key(secret: str, *, standard: bool) -> bytes | None:
    """The key of one form; ``None`` for what is no secret, whichever the form."""
    content = content_of(secret, PREFIX, KEY_BYTES)
    return content if standard or content is None else secret.encode()


def _required_key(secret: str, *, standard: bool) -> bytes:
    key = _key(secret, standard=standard)
    if key is None:
        message = f"a secret is {PREFIX} and base64 of 24 to 64 bytes"
        raise ValueError(message)
    return key


def _digest(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")

"""Keys as they are printed: secrets, and the two halves of an Ed25519 pair.

    whsec_   24 to 64 random bytes, known on both sides
    whsk_    a private key: its seed, or the seed with the public key behind it
    whpk_    a public key, which is all that we ever hold of a pair

Each is its prefix and base64.
"""

import base64
from collections.abc import Container

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "whsec_"
PUBLIC_PREFIX = "whpk_"
PRIVATE_PREFIX = "whsk_"
KEY_BYTES = range(24, 65)
"""How many random bytes a secret may hold; Standard Webhooks says so."""
PUBLIC_BYTES = range(32, 33)

_FIELD = 2**255 - 19
_CURVE = -121665 * pow(121666, -1, _FIELD) % _FIELD
_ORDER_8 = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    "little",
)
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""The y of the points whose order divides 8."""


def new_secret(random_bytes: bytes) -> str:
    """The secret of a new provider, as printed: ``whsec_`` and base64.

    Raises:
        ValueError: fewer than 24 bytes, or more than 64.
    """
    if len(random_bytes) not in KEY_BYTES:
        message = f"a secret holds 24 to 64 bytes, not {len(random_bytes)}"
        raise ValueError(message)
    return PREFIX + base64.b64encode(random_bytes).decode()


def new_key_pair() -> tuple[str, str]:
    """A private key and its public one, as printed."""
    key = Ed25519PrivateKey.generate()
    private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    return (
        PRIVATE_PREFIX + base64.b64encode(private).decode(),
        PUBLIC_PREFIX + base64.b64encode(public).decode(),
    )


def is_public_key(text: str) -> bool:
    """Whether ``text`` is an Ed25519 public key as printed, and a sound one.

    Not every 32 bytes are a point of the curve, and under eight of its points (those
    of small order) signatures can be made without any private key.
    """
    content = content_of(text, PUBLIC_PREFIX, PUBLIC_BYTES)
    return content is not None and _is_sound_point(content)


def _is_sound_point(content: bytes) -> bool:
    """RFC 8032, 5.1.3: a y below the field's prime, for which there is an x."""
    y = int.from_bytes(content, "little") & ((1 << 255) - 1)
    if y >= _FIELD or y in _SMALL_ORDER:
        return False
    x_squared = (y * y - 1) * pow(_CURVE * y * y + 1, -1, _FIELD) % _FIELD
    return pow(x_squared, (_FIELD - 1) // 2, _FIELD) == 1


def content_of(text: str, prefix: str, lengths: Container[int]) -> bytes | None:
    """The bytes that a printed key holds; ``None`` for what is none."""
    if not text.startswith(prefix):
        return None
    try:
        content = base64.b64decode(text.removeprefix(prefix), validate=True)
    except ValueError:
        return None
    return content if len(content) in lengths else None

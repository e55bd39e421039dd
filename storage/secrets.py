"""Provider secrets at rest: sealed with a key that the database does not hold.

AES-256-GCM with the owner's name as associated data, so that a sealed secret
cannot be moved to another provider's row. Tokens are kept as hashes instead.
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from typing_extensions import override

from core.errors import Refused

_SHORTEST_KEY = 32
_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = "v1."
_PURPOSE = b"tapgate secrets at rest v1"


def hash_token(token: str) -> str:
    """SHA-256 in hex: enough for tokens of 128 random bits and more."""
    return hashlib.sha256(token.encode()).hexdigest()


class Vault:
    """Seals and opens secrets with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @override
    def __repr__(self) -> str:
        return "Vault(***)"

    def seal(self, secret: str, *, owner: str) -> str:
        """Encrypt; twice the same secret gives two different texts."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), owner.encode())
        return _FORM + base64.urlsafe_b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, *, owner: str) -> str:
        """Decrypt what ``seal`` made for the same owner.

        Raises:
            Refused: another key, another owner, or the text was changed.
        """
        try:
            content = base64.b64decode(
                sealed.removeprefix(_FORM), altchars=b"-_", validate=True
            )
            nonce, cipher = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, cipher, owner.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            reason = (
                f"The secret of {owner} cannot be opened: TAPGATE_SECRET_KEY (or "
                "the key file in the data folder) is not the one it was sealed with."
            )
            raise Refused(reason) from None


def key_from_text(text: str) -> bytes:
    """The key that ``TAPGATE_SECRET_KEY`` or a key file stands for.

    Raises:
        Refused: fewer than 32 characters.
    """
    text = text.strip()
    if len(text) < _SHORTEST_KEY:
        reason = (
            f"TAPGATE_SECRET_KEY must have at least {_SHORTEST_KEY} characters; "
            "`openssl rand -hex 32` makes a good one."
        )
        raise Refused(reason)
    derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return derivation.derive(text.encode())


def load_or_make_key(path: Path) -> bytes:
    """The key in the file, which is made with mode 0600 when there is none.

    Raises:
        Refused: others may read the file, or it holds no key.
    """
    if not path.exists():
        _make_key(path)
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        reason = f"{path} may be read by others; `chmod 600 {path}` mends that."
        raise Refused(reason)
    return key_from_text(path.read_text(encoding="utf-8"))


def _make_key(path: Path) -> None:
    """Write whole or not at all; whoever is first decides for all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()

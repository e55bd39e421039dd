"""Pictures as files, and links to them that expire.

    <root>/2026-03-05/shared/signal/<sha256>.png     for everybody concerned
    <root>/2026-03-05/123456/equity/<sha256>.png     for one person

The name is the hash of the content, so a file is written once and never changes.
"""

import asyncio
import hmac
import os
import re
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from core.errors import ChartFailed, Refused
from core.ids import UserId
from core.ports import Media

Owner = UserId | Literal["shared"]

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_KIND = r"[a-z][a-z_]{0,31}"
_PATH = re.compile(
    rf"{_DATE}/(?:shared|[1-9][0-9]{{0,18}})/{_KIND}/[0-9a-f]{{64}}\.png"
)
_EXPIRES = re.compile(r"[0-9]{1,12}")


class MediaStore:
    """The folder of pictures."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def save(
        self, data: bytes, *, at: datetime, owner: Owner, kind: str
    ) -> Media:
        """Keep a PNG under the UTC date of ``at``, on the disk when this returns.

        Raises:
            ChartFailed: it could not be written.
            ValueError: the owner or the kind is no word for a folder.
        """
        digest = sha256(data).hexdigest()
        path = f"{at.astimezone(UTC):%Y-%m-%d}/{owner}/{kind}/{digest}.png"
        if not _PATH.fullmatch(path):
            msg = f"not a place for a picture: {path}"
            raise ValueError(msg)
        try:
            await asyncio.to_thread(_write, self._root / path, data)
        except OSError as error:
            msg = f"the picture could not be stored: {error.strerror}"
            raise ChartFailed(msg) from error
        return Media(path=path, sha256=digest, size=len(data))

    def path(self, media_path: str) -> Path:
        """The file of a ``Media.path``, which may come from a stranger.

        Raises:
            Refused: it is not of our making, leads elsewhere, or is not there.
        """
        if _PATH.fullmatch(media_path):
            file = self._root / media_path
            resolved = file.resolve()
            inside = self._root.resolve() / media_path
            if resolved == inside and resolved.is_file():
                return resolved
        msg = "there is no such picture"
        raise Refused(msg)

    def has(self, media: Media) -> bool:
        """Whether the file is still there."""
        return (self._root / media.path).is_file()


def _write(file: Path, data: bytes) -> None:
    """All of it under its name, or nothing; survives a power cut."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # knows no such thing
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sign(path: str, expires_at: datetime, key: bytes) -> str:
    """The query of a link to a picture that works until a moment."""
    expires = str(int(expires_at.timestamp()))
    return f"expires={expires}&signature={_signature(path, expires, key)}"


def verify(
    path: str, expires: str, signature: str, *, now: datetime, key: bytes
) -> bool:
    """Whether the two values of a link's query allow it now."""
    if not _EXPIRES.fullmatch(expires):
        return False
    ours = _signature(path, expires, key).encode()
    genuine = hmac.compare_digest(ours, signature.encode(errors="replace"))
    return genuine and now.timestamp() < int(expires)


def _signature(path: str, expires: str, key: bytes) -> str:
    return hmac.new(key, f"{path}\n{expires}".encode(), sha256).hexdigest()


class Pictures:
    """The media folder with its signing key and the address before its links."""

    def __init__(self, store: MediaStore, key: bytes, base_url: str) -> None:
        self._store = store
        self._key = key
        self._base = base_url.rstrip("/")

    def path(self, media_path: str) -> Path:
        """See ``MediaStore.path``."""
        return self._store.path(media_path)

    def link(self, media_path: str, expires_at: datetime) -> str:
        """The signed address of a picture."""
        query = sign(media_path, expires_at, self._key)
        return f"{self._base}/media/{media_path}?{query}"

    def verify(
        self, media_path: str, expires: str, signature: str, now: datetime
    ) -> bool:
        """Whether a link is genuine and still good."""
        return verify(media_path, expires, signature, now=now, key=self._key)

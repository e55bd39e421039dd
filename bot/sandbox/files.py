"""Photos and documents that went through the chat, kept in memory.

A file's ids come from its bytes and the bot's id: sending the same picture twice
gives the same `file_id`, and another bot cannot use it, as at Telegram.
"""

import hashlib
import io
import warnings
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Final

from PIL import Image, UnidentifiedImageError

from bot.sandbox.errors import ApiError
from bot.sandbox.model import StoredFile
from bot.sandbox.params import Call, Upload

PHOTO_BYTES: Final = 10 * 1024 * 1024
PHOTO_SIDES: Final = 10_000
PHOTO_RATIO: Final = 20
THUMBNAIL_SIDE: Final = 320
PICTURES: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}


class FileStore:
    """All files by `file_id`; thumbnails are drawn when somebody asks for them."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_unique_id: dict[str, StoredFile] = {}

    def by_id(self, file_id: str) -> StoredFile | None:
        """The file a bot names."""
        return self._by_id.get(file_id)

    def by_unique_id(self, unique_id: str) -> StoredFile | None:
        """The file the chat page or a download path names."""
        return self._by_unique_id.get(unique_id)

    def receive(self, call: Call, field: str, kind: str) -> StoredFile:
        """The photo or document that a call sends: an upload or a known file_id.

        `field` is a parameter with `attach://NAME`, an upload's own field or a
        file_id. ApiError 400 if there is none, it is unknown, or it is a URL.
        """
        reference = call.params.text(field) or ""
        attached = reference.removeprefix("attach://")
        upload = call.uploads.get(field) or call.uploads.get(attached)
        if upload is not None:
            return self.keep(upload, kind, call.bot.id)
        if not reference:
            raise ApiError(400, f"Bad Request: there is no {kind} in the request")
        if reference.startswith(("http://", "https://")):
            raise ApiError(400, "Bad Request: failed to get HTTP URL content")
        return self._known(reference, kind, call.bot.id)

    def keep(self, upload: Upload, kind: str, bot_id: int) -> StoredFile:
        """Store an upload; a photo is checked as Telegram does."""
        if not upload.content:
            raise ApiError(400, "Bad Request: file must be non-empty")
        if kind == "photo":
            file = _photo(upload, bot_id)
        else:
            file = _named(upload, "document", upload.name, bot_id)
        for stored in (file, file.thumbnail):
            if stored is not None:
                self._by_id.setdefault(stored.file_id, stored)
                self._by_unique_id.setdefault(stored.unique_id, stored)
        return self._by_id[file.file_id]

    def _known(self, file_id: str, kind: str, bot_id: int) -> StoredFile:
        file = self.by_id(file_id)
        if file is None or file.bot_id != bot_id:
            wrong = "Bad Request: wrong file identifier/HTTP URL specified"
            raise ApiError(400, wrong)
        if file.kind != kind:
            used, wanted = file.kind.capitalize(), kind.capitalize()
            raise ApiError(
                400, f"Bad Request: can't use file of type {used} as {wanted}"
            )
        return file


def content_of(file: StoredFile) -> bytes:
    """The bytes of a file; a thumbnail is drawn now, as a PNG."""
    if not file.reduced:
        return file.content
    drawn = io.BytesIO()
    with Image.open(io.BytesIO(file.content)) as image:
        image.convert("RGB").resize((file.width, file.height)).save(drawn, "PNG")
    return drawn.getvalue()


def _named(upload: Upload, kind: str, name: str, bot_id: int) -> StoredFile:
    identity = f"{bot_id} {kind} {name} ".encode() + upload.content
    digest = hashlib.sha256(identity).digest()
    code = urlsafe_b64encode(digest).decode().rstrip("=")
    prefix = "AgACAgIAAx" if kind == "photo" else "BQACAgIAAx"
    return StoredFile(
        file_id=f"{prefix}{code}",
        unique_id=f"AQAD{code[:12]}",
        kind=kind,
        name=name,
        mime_type=upload.mime_type.partition(";")[0].strip(),
        content=upload.content,
        bot_id=bot_id,
    )


def _photo(upload: Upload, bot_id: int) -> StoredFile:
    size = len(upload.content)
    if size > PHOTO_BYTES:
        raise ApiError(
            400,
            f"Bad Request: file of size {size} bytes is too big for a photo; "
            f"the maximum size is {PHOTO_BYTES} bytes",
        )
    width, height, layout = _picture(upload.content)
    ending = PICTURES[layout]
    plain = replace(upload, mime_type=f"image/{layout.lower()}")
    file = _named(plain, "photo", f"photo.{ending}", bot_id)
    file = replace(file, width=width, height=height)
    return replace(file, thumbnail=_thumbnail(file))


def _thumbnail(file: StoredFile) -> StoredFile | None:
    longest = max(file.width, file.height)
    if longest <= THUMBNAIL_SIDE:
        return None
    return replace(
        file,
        file_id=f"{file.file_id}_m",
        unique_id=f"{file.unique_id}m",
        name="photo.png",
        mime_type="image/png",
        width=max(1, file.width * THUMBNAIL_SIDE // longest),
        height=max(1, file.height * THUMBNAIL_SIDE // longest),
        reduced=True,
    )


def _picture(content: bytes) -> tuple[int, int, str]:
    """Width, height and format; reads the header only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as image:
                width, height = image.size
                layout = image.format or ""
    except (UnidentifiedImageError, OSError) as error:
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS") from error
    narrow, long = sorted((width, height))
    if width + height > PHOTO_SIDES or long > PHOTO_RATIO * narrow:
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return width, height, layout

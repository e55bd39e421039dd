"""``GET /media/{path}``: a picture, to whoever holds a signed link that still works."""

import asyncio
from pathlib import PurePosixPath

from aiohttp import web

from bot.web.context import MediaFiles, WebContext
from bot.web.problems import LINK_REFUSED, NOT_FOUND, Problem
from core.errors import Refused

LASTS = 3_600
"""Seconds that a browser may keep a picture; it never changes."""


class Media:
    """The handler, with what it works with."""

    def __init__(self, context: WebContext) -> None:
        self._media = context.media
        self._clock = context.tools.clock

    async def get(self, request: web.Request) -> web.Response:
        """The file; its name is the hash of its content and so its ETag."""
        path = request.match_info["path"]
        if not self._allowed(request, path):
            raise Problem(LINK_REFUSED, "The link is over, or was changed.")
        etag = PurePosixPath(path).stem
        data = await asyncio.to_thread(_load, self._media, path)
        if any(known.value in (etag, "*") for known in request.if_none_match or ()):
            answer = web.Response(status=304)
        else:
            answer = web.Response(body=data, content_type="image/png")
        answer.etag = etag
        answer.headers["Cache-Control"] = f"private, max-age={LASTS}"
        return answer

    def _allowed(self, request: web.Request, path: str) -> bool:
        expires = request.query.getall("expires", [])
        signature = request.query.getall("signature", [])
        if (len(expires), len(signature)) != (1, 1):
            return False
        now = self._clock.now()
        return self._media.verify(path, expires[0], signature[0], now)


def _load(media: MediaFiles, path: str) -> bytes:
    try:
        return media.path(path).read_bytes()
    except (Refused, FileNotFoundError):
        raise Problem(NOT_FOUND, "The picture is gone.") from None

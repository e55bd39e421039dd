"""The chat page: its files, its photos, and its live events."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.sandbox.control.answers import problem
from bot.sandbox.files import content_of
from bot.sandbox.local_only import Handler
from bot.sandbox.world import World

FOLDER: Final = Path(__file__).parent / "page"
KINDS: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HEARTBEAT_SECONDS: Final = 15


class Page:
    """Handlers of the page's routes; its files are read once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files = {
            path.name: (path.read_bytes(), KINDS[path.suffix])
            for path in FOLDER.iterdir()
        }

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Every route as method, path and handler."""
        return [
            ("GET", "/", self._index),
            ("GET", "/sandbox/page/{name}", self._static),
            ("GET", "/sandbox/files/{unique_id}", self._file),
            ("GET", "/sandbox/events", self._events),
        ]

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return self._serve("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self._serve(request.match_info["name"])

    def _serve(self, name: str) -> web.Response:
        if name not in self._files:
            return problem(404, f"The page has no file {name}.")
        body, kind = self._files[name]
        return web.Response(
            body=body, content_type=kind, charset="utf-8", headers=HEADERS
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A photo to look at; a document only to save: it could be a web page."""
        file = self._world.files.by_unique_id(request.match_info["unique_id"])
        if file is None:
            return problem(404, "There is no such file.")
        headers = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if file.kind == "photo":
            kind = file.mime_type
        else:
            kind = "application/octet-stream"
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=content_of(file), content_type=kind, headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers=HEADERS | {"Content-Type": "text/event-stream"}
        )
        with suppress(ConnectionError), self._world.feed.reading() as lines:
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            while (line := await _next(lines)) is not None:
                await response.write(line.encode())
        return response


async def _next(lines: asyncio.Queue[str | None]) -> str | None:
    """The next line, or a comment that keeps the connection open."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return await lines.get()
    return ": still here\n\n"

"""Is it alive, and may it have traffic? Two questions with different answers.

``/healthz`` says that the process and its loop answer. ``/readyz`` names each part;
only a service that can store nothing is unready, any other trouble is ``degraded``,
because taking such a service out of the balancer would help nobody.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from bot.web.context import PartHealth, WebContext
from core.errors import JournalUnavailable

VITAL = frozenset({"database", "schema", "shutdown"})
"""The parts without which nothing can be stored."""
CHECK_DEADLINE = timedelta(seconds=5)


class Health:
    """The handlers, with what they work with."""

    def __init__(self, context: WebContext) -> None:
        self._context = context

    async def alive(self, _request: web.Request) -> web.Response:
        """Nothing but that we answer."""
        return web.json_response({"status": "ok"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Each part, and 503 when a vital one fails."""
        parts = dict(await self._parts())
        if self._context.draining():
            parts["shutdown"] = PartHealth(ok=False, detail="The service is ending.")
        failing = {name for name, part in parts.items() if not part.ok}
        unready = bool(failing & VITAL)
        status = "unready" if unready else "degraded" if failing else "ready"
        shown = {
            name: {"ok": part.ok, "detail": part.detail} for name, part in parts.items()
        }
        content = {"status": status, "parts": shown}
        return web.json_response(content, status=503 if unready else 200)

    async def _parts(self) -> Mapping[str, PartHealth]:
        try:
            async with asyncio.timeout(CHECK_DEADLINE.total_seconds()):
                return await self._context.parts()
        except JournalUnavailable:
            detail = "The database does not answer."
        except TimeoutError:
            detail = "The checks did not end in time."
        return {"database": PartHealth(ok=False, detail=detail)}

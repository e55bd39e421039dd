"""Keeping other web sites out of a server that trusts whoever reaches it.

Loopback is not a wall: any page in the same browser can send requests there. So the
Host must be this machine by a name (a rebound DNS name is not), and a request that
names an Origin must come from the sandbox's own page.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from bot.sandbox.control.answers import problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOCAL_HOST: Final = re.compile(
    r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.IGNORECASE
)


def refusal(request: web.Request) -> str | None:
    """Why the request is not from this machine's own page or program, if so."""
    if not LOCAL_HOST.fullmatch(request.host):
        return "The sandbox answers only under localhost, 127.0.0.1 and [::1]."
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        return "The sandbox answers only its own page."
    return None


def local_only(handler: Handler) -> Handler:
    """The handler behind the checks; a refused request is a 403 problem."""

    async def checked(request: web.Request) -> web.StreamResponse:
        reason = refusal(request)
        return await handler(request) if reason is None else problem(403, reason)

    return checked

"""What stands around each of our handlers: a request id, and no bare errors.

The aiohttp application may have other people's routes (the sandbox speaks Telegram's
errors), so a handler is wrapped by itself; the middleware acts only where no route
matches.
"""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.web.access_log import REQUEST_ID, ROUTE
from bot.web.bodies import cut_off
from bot.web.problems import INTERNAL, Problem, plain_kind, render, unavailable
from core.errors import Conflict, JournalUnavailable
from core.ports import Ids

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


class Edge:
    """Wraps handlers."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def guard(self, handler: Handler) -> Handler:
        """``handler``, with every error as a problem and every answer labelled."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            request[REQUEST_ID] = request_id = self._ids.identity()
            bound = structlog.contextvars.bind_contextvars(request_id=request_id)
            try:
                response = await _answer(handler, request)
            finally:
                structlog.contextvars.reset_contextvars(**bound)
            headers = response.headers
            headers["X-Request-Id"] = request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
            if not request.content.is_eof():
                await cut_off(request, response)
            return response

        return guarded

    @property
    def middleware(self) -> Middleware:
        """Tells the access log the route; answers 404 and 405 where there is none."""

        @web.middleware
        async def label(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            if resource is None:
                return await self.guard(handler)(request)
            request[ROUTE] = resource.canonical
            return await handler(request)

        return label


async def _answer(handler: Handler, request: web.Request) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        found = problem
    except web.HTTPException as error:
        found = _from_router(error)
    except JournalUnavailable as error:
        log.warning("journal_unavailable", reason=str(error))
        found = unavailable("The database does not answer.")
    except Conflict:
        found = unavailable("Somebody else changed the same thing; again, please.")
    except Exception:  # supervised edge: nothing of the error may reach a stranger
        log.exception("request_failed", method=request.method)
        found = Problem(INTERNAL, "The error is logged.")
    return render(found, request[REQUEST_ID])


def _from_router(error: web.HTTPException) -> Problem:
    allow = error.headers.get("Allow")
    return Problem(
        plain_kind(error.status),
        f"Allowed here: {allow}." if allow else "No route leads there.",
        headers={"Allow": allow} if allow else None,
    )

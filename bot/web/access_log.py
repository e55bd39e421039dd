"""Logs without secrets: no query, no path as sent, no headers.

Tokens and signatures travel in paths, queries and headers, so a request is named by
the template of its route, and what aiohttp says of unreadable requests, which quotes
them, is dropped: their 400 stands in the access log.

A request has one line. Where its handler leaves an ``Outcome``, the line is about that.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override

REQUEST_ID: Final = web.RequestKey("request_id", str)
ROUTE: Final = web.RequestKey("route", str)
"""The template of the matched route; absent where none matched."""
_LONGEST_METHOD = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the line of a request says before how it came and how long it took."""

    event: str
    fields: Mapping[str, str]


PLAIN: Final = Outcome("http_request", {})
OUTCOME: Final = web.ResponseKey("outcome", Outcome)


class SafeAccessLogger(AbstractAccessLogger):
    """For ``AppRunner(access_log_class=SafeAccessLogger)``; writes by structlog."""

    def __init__(self, logger: logging.Logger, log_format: str) -> None:
        super().__init__(logger, log_format)
        self._log = structlog.get_logger().bind()

    @override
    def log(
        self, request: web.BaseRequest, response: web.StreamResponse, time: float
    ) -> None:
        outcome = response.get(OUTCOME, PLAIN)
        self._log.info(
            outcome.event,
            **outcome.fields,
            method=request.method[:_LONGEST_METHOD],
            route=request.get(ROUTE, "unmatched"),
            status=response.status,
            ms=round(time * 1000, 1),
            request_id=request.get(REQUEST_ID),
        )


class _Readable(logging.Filter):
    """Lets pass what is not about a request that could not be read."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


SERVER_LOG: Final = logging.getLogger("tapgate.http")
"""For ``AppRunner(logger=SERVER_LOG)``."""
SERVER_LOG.addFilter(_Readable())

"""Every refusal in one shape: ``application/problem+json`` of RFC 9457.

The ``type`` is a stable name that programs may compare; ``detail`` is for people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from math import ceil

from aiohttp import web

from core.intake import FieldProblem

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = 5
"""Seconds after which it is worth trying again, when we are the trouble."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """What stands under ``type``."""
        return f"urn:tapgate:problem:{self.slug}" if self.slug else "about:blank"


NOT_JSON = Kind("not-json", 400, "The body is not a JSON object")
BROKEN_BODY = Kind("broken-body", 400, "The body did not arrive whole")
UNREADABLE = Kind("unreadable", 400, "The request cannot be read")
NOT_AUTHENTIC = Kind("not-authentic", 401, "The request is not authenticated")
LINK_REFUSED = Kind("link-refused", 403, "The link does not work")
NOT_FOUND = Kind("not-found", 404, "There is no such thing")
TOO_SLOW = Kind("too-slow", 408, "The body took too long")
HEAD_TOO_SLOW = Kind("head-too-slow", 408, "The head of the request took too long")
CONFLICT = Kind("conflict", 409, "The external_id is taken")
TOO_LARGE = Kind("too-large", 413, "The body is too large")
UNSUPPORTED = Kind("unsupported-media", 415, "The body must be plain JSON")
INVALID_FIELDS = Kind("invalid-fields", 422, "Some fields cannot be accepted")
TOO_MANY = Kind("too-many", 429, "Too many signals")
HEAD_TOO_LARGE = Kind("head-too-large", 431, "The head of the request is too large")
INTERNAL = Kind("internal", 500, "Something went wrong here")
UNAVAILABLE = Kind("unavailable", 503, "Not available now")


def plain_kind(status: int) -> Kind:
    """A problem that says no more than its status."""
    return Kind("", status, HTTPStatus(status).phrase)


class Problem(Exception):
    """Ends the request with this answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def invalid(errors: Sequence[FieldProblem]) -> Problem:
    """All that is wrong with the fields of a request."""
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return Problem(INVALID_FIELDS, f"Look at: {names}.", errors=errors)


def unavailable(detail: str) -> Problem:
    """Nothing was stored; trying again is right."""
    return Problem(UNAVAILABLE, detail, headers={"Retry-After": str(RETRY_AFTER)})


def too_many(detail: str, wait: timedelta) -> Problem:
    """Nothing was stored; trying again after ``wait`` is right."""
    seconds = ceil(wait / timedelta(seconds=1))
    return Problem(TOO_MANY, detail, headers={"Retry-After": str(seconds)})


def render(problem: Problem, request_id: str | None = None) -> web.Response:
    """The answer.

    ``instance`` names the request, but not in a 401: there all answers are alike.
    """
    body = described(problem)
    if request_id is not None and problem.kind is not NOT_AUTHENTIC:
        body["instance"] = f"urn:tapgate:request:{request_id}"
    if problem.errors:
        body["errors"] = [
            {"field": error.field, "message": error.message} for error in problem.errors
        ]
    return web.Response(
        status=problem.kind.status,
        text=json.dumps(body),
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )


def described(problem: Problem) -> dict[str, object]:
    """The four members that every problem has."""
    kind = problem.kind
    return {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
    }

"""The control API's answers: JSON, or a problem (RFC 9457) with one sentence."""

import json
from http import HTTPStatus

from aiohttp import web


def problem(status: int, detail: str) -> web.Response:
    """A refusal as `application/problem+json`."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return web.Response(
        status=status,
        text=json.dumps(body),
        content_type="application/problem+json",
    )

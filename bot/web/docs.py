"""``GET /openapi.json`` and ``GET /docs``: the API's document, for programs and people.

Both are made once, when the routes are added, and say nothing that is secret.
"""

import hashlib
import json
from collections.abc import Mapping

from aiohttp import web

from bot.web.context import WebContext
from bot.web.docs_page import render
from bot.web.openapi import openapi

KEEP = "public, max-age=300"
"""What is served changes only with a configuration or a new version."""


class Docs:
    """The handlers, with what they give out."""

    def __init__(self, context: WebContext) -> None:
        document = openapi(context.rules, context.limits, context.public_url)
        page = render(document)
        self._document = _Text("application/json", json.dumps(document), {})
        self._page = _Text(
            "text/html", page.html, {"Content-Security-Policy": page.csp}
        )

    async def document(self, request: web.Request) -> web.Response:
        """The OpenAPI document."""
        return self._document.answer(request)

    async def page(self, request: web.Request) -> web.Response:
        """The same, to be read."""
        return self._page.answer(request)


class _Text:
    """A text that is always the same, with its tag."""

    def __init__(self, kind: str, text: str, headers: Mapping[str, str]) -> None:
        self._kind = kind
        self._text = text
        self._headers = {**headers, "Cache-Control": KEEP}
        self._tag = hashlib.sha256(text.encode()).hexdigest()[:32]

    def answer(self, request: web.Request) -> web.Response:
        """The text; 304 where the reader has it already."""
        known = request.if_none_match or ()
        if any(each.value in (self._tag, "*") for each in known):
            response = web.Response(status=304, headers=self._headers)
        else:
            response = web.Response(
                text=self._text,
                content_type=self._kind,
                charset="utf-8",
                headers=self._headers,
            )
        response.etag = self._tag
        return response

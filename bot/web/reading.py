"""A provider reads its own signals back: one by id, or a list in pages.

A page is stable under ``as_of``: what came later is left out, so that a page never
shifts while the next is fetched. The database counts through the rows before a page,
so pages end at ``DEEPEST``. Whoever wants more asks again with ``as_of`` at the oldest
``created_at`` that was read.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web import fields, schemas
from bot.web.access import Access
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.forms import read_query
from bot.web.problems import NOT_FOUND, Problem, invalid
from bot.web.receipts import iso, receipt
from core.desk.counting import count
from core.intake import FieldProblem
from core.ports import AtMost
from core.signals import Signal, SignalStatus

DEEPEST = 10_000
"""Rows that pages reach; beyond, ``as_of`` goes on."""
LARGEST_PAGE = 100
_ID = re.compile(r"[0-9A-Za-z]{1,40}")
Name = Annotated[str, PlainValidator(fields.text), schemas.AS_TEXT]


class ListQuery(BaseModel):
    """Filters and page of ``GET /api/v1/signals``."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    status: (
        Annotated[
            SignalStatus,
            PlainValidator(fields.one_of(SignalStatus)),
            schemas.as_word(SignalStatus),
        ]
        | None
    ) = None
    """Only signals that stand there now."""
    instrument: Name | None = None
    """Only signals in this instrument."""
    external_id: Name | None = None
    """Only the signal with this name of yours."""
    page: Annotated[
        int, PlainValidator(fields.count(DEEPEST)), schemas.as_count(DEEPEST)
    ] = 1
    """The first is 1. page times page_size reaches at most 10,000."""
    page_size: Annotated[
        int, PlainValidator(fields.count(LARGEST_PAGE)), schemas.as_count(LARGEST_PAGE)
    ] = 50
    """How many signals a page holds."""
    as_of: (
        Annotated[datetime, PlainValidator(fields.moment), schemas.AS_MOMENT] | None
    ) = None
    """Leave out what came later, so that pages stand still; send the first page's."""

    def filters(self) -> dict[str, object]:
        """The fields of a signal that must have these values."""
        wanted = {
            "status": self.status,
            "instrument": self.instrument,
            "external_id": self.external_id,
        }
        return {name: value for name, value in wanted.items() if value is not None}


class Reading:
    """The handlers, with what they work with."""

    def __init__(
        self, context: WebContext, directory: Directory, access: Access
    ) -> None:
        self._context = context
        self._directory = directory
        self._access = access

    async def one(self, request: web.Request) -> web.Response:
        """The receipt, with the present status; another provider's is not there."""
        provider = self._access.reader(await self._directory.people(), request)
        identity = request.match_info["id"]
        signal = None
        if _ID.fullmatch(identity):
            signal = await self._context.tools.journal.get(Signal, identity)
        if signal is None or signal.provider != provider.id:
            raise Problem(NOT_FOUND, "You have no signal with this id.")
        return _tagged(request, await self._receipt(signal))

    async def _receipt(self, signal: Signal) -> dict[str, object]:
        (content,) = await self._receipts([signal])
        return content

    async def _receipts(self, signals: Sequence[Signal]) -> list[dict[str, object]]:
        counts = await count(self._context.tools.journal, signals)
        return [receipt(self._context, each, counts[each.id]) for each in signals]

    async def many(self, request: web.Request) -> web.Response:
        """One page, newest first."""
        provider = self._access.reader(await self._directory.people(), request)
        form = read_query(ListQuery, request.query)
        if found := (*form.problems, *_too_deep(form.content)):
            raise invalid(found)
        query = form.content
        now = self._context.tools.clock.now()
        as_of = min(query.as_of or now, now)
        return web.json_response(await self._page(query, provider.id, as_of))

    async def _page(
        self, query: ListQuery, provider: str, as_of: datetime
    ) -> dict[str, object]:
        journal = self._context.tools.journal
        conditions: dict[str, object] = {
            **query.filters(),
            "provider": provider,
            "created_at": AtMost(value=as_of),
        }
        rows = await journal.find(
            Signal,
            order_by="-created_at",
            skip=(query.page - 1) * query.page_size,
            limit=query.page_size,
            **conditions,
        )
        return {
            "items": await self._receipts(rows),
            "total": await journal.count(Signal, **conditions),
            "page": query.page,
            "page_size": query.page_size,
            "as_of": iso(as_of),
        }


def _tagged(request: web.Request, content: dict[str, object]) -> web.Response:
    """The content with its tag; 304 where the reader has just that already."""
    text = json.dumps(content)
    tag = hashlib.sha256(text.encode()).hexdigest()[:32]
    known = request.if_none_match or ()
    if any(each.value in (tag, "*") for each in known):
        response = web.Response(status=304)
    else:
        response = web.json_response(text=text)
    response.etag = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _too_deep(query: ListQuery) -> list[FieldProblem]:
    if query.page * query.page_size <= DEEPEST:
        return []
    message = (
        f"reaches at most {DEEPEST:,} signals back; go on with as_of at the oldest "
        "created_at that you have"
    )
    return [FieldProblem(field="page", message=message)]

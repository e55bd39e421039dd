"""A provider reads its own signals back: one by id, or a list in pages.

A page is stable under ``as_of``: what came later is left out, so that a page never
shifts while the next is fetched. The journal has a limit and no offset; the rows
before a page are therefore read and dropped, and pages end at ``DEEPEST``. Whoever
wants more asks again with ``as_of`` at the oldest ``created_at`` that was read.
"""

import re
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web import fields
from bot.web.access import reader
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.forms import read_query
from bot.web.problems import NOT_FOUND, Problem, invalid
from bot.web.receipts import iso, receipt
from core.intake import FieldProblem
from core.ports import AtMost
from core.signals import Signal, SignalStatus

DEEPEST = 10_000
"""Rows that pages reach; beyond, ``as_of`` goes on."""
_ID = re.compile(r"[0-9A-Za-z]{1,40}")


class ListQuery(BaseModel):
    """Filters and page of ``GET /api/v1/signals``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: (
        Annotated[SignalStatus, PlainValidator(fields.one_of(SignalStatus))] | None
    ) = None
    instrument: Annotated[str, PlainValidator(fields.text)] | None = None
    external_id: Annotated[str, PlainValidator(fields.text)] | None = None
    page: Annotated[int, PlainValidator(fields.count(DEEPEST))] = 1
    page_size: Annotated[int, PlainValidator(fields.count(100))] = 50
    as_of: Annotated[datetime, PlainValidator(fields.moment)] | None = None

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

    def __init__(self, context: WebContext, directory: Directory) -> None:
        self._context = context
        self._directory = directory

    async def one(self, request: web.Request) -> web.Response:
        """The receipt, with the present status; another provider's is not there."""
        provider = reader(await self._directory.people(), request)
        identity = request.match_info["id"]
        signal = None
        if _ID.fullmatch(identity):
            signal = await self._context.tools.journal.get(Signal, identity)
        if signal is None or signal.provider != provider.id:
            raise Problem(NOT_FOUND, "You have no signal with this id.")
        return web.json_response(receipt(self._context, signal))

    async def many(self, request: web.Request) -> web.Response:
        """One page, newest first."""
        provider = reader(await self._directory.people(), request)
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
        before = (query.page - 1) * query.page_size
        rows = await journal.find(
            Signal,
            order_by="-created_at",
            limit=before + query.page_size,
            **conditions,
        )
        return {
            "items": [receipt(self._context, row) for row in rows[before:]],
            "total": await journal.count(Signal, **conditions),
            "page": query.page,
            "page_size": query.page_size,
            "as_of": iso(as_of),
        }


def _too_deep(query: ListQuery) -> list[FieldProblem]:
    if query.page * query.page_size <= DEEPEST:
        return []
    message = (
        f"reaches at most {DEEPEST:,} signals back; go on with as_of at the oldest "
        "created_at that you have"
    )
    return [FieldProblem(field="page", message=message)]

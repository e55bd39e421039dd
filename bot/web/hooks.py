"""``POST /hooks/tradingview/{token}``: an alert becomes a signal.

TradingView signs nothing and sends no header of ours: the token in the address is
all there is, so a person decides on each of these, whatever else is allowed. It gives
up after three seconds and never sends again what timed out; a 503 it sends again. So
the answer is there in time, or it is a 503.
"""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from bot.web.access import Access
from bot.web.alert_body import NotAnAlert, parse_alert
from bot.web.alerts import as_signal
from bot.web.bodies import check_head, read_body
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.intake import PROVIDER, Intake, told
from bot.web.problems import NOT_JSON, Problem, invalid, unavailable
from bot.web.strict_json import Json
from core.desk.intake import submit
from core.desk.people import People
from core.intake import Draft
from core.market import Side
from core.refusals import RefusalCause
from core.signals import Action, Source
from core.users import Provider

DEADLINE = timedelta(seconds=2)
"""TradingView waits for three."""
_EXIT = "-exit"
_LONGEST_STEM = 95
"""How much of an ``external_id`` is left beside that."""
_REVERSED = '{"reason":"The strategy turned round."}'
_KINDS = re.compile(r"|text/plain|application/(?:json|x-www-form-urlencoded)")
"""What it calls a message: JSON where it is that, else text."""


class Hooks:
    """The handler, with what it works with."""

    def __init__(
        self, context: WebContext, directory: Directory, access: Access, intake: Intake
    ) -> None:
        self._context = context
        self._directory = directory
        self._access = access
        self._intake = intake

    async def post(self, request: web.Request) -> web.Response:
        """Take one alert, in time or not at all."""
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                return await told(request, self._take(request))
        except TimeoutError:
            detail = "It could not be stored in time; send it again."
            raise unavailable(detail) from None
        except Problem as refusal:
            self._note(request, refusal)
            raise

    def _note(self, request: web.Request, refusal: Problem) -> None:
        """Tell the admins of what TradingView will not send again."""
        name = request.get(PROVIDER)
        if name and refusal.kind.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            address = self._context.proxies.address(request)
            self._context.refusals.note(name, RefusalCause.ALERT, address)

    async def _take(self, request: web.Request) -> web.Response:
        self._intake.open_now()
        check_head(request, self._context.limits, kinds=_KINDS)
        body = await read_body(request, self._context.limits)
        with self._intake.pressure.at_work():
            return await self._read(request, body)

    async def _read(self, request: web.Request, body: bytes) -> web.Response:
        """What is alerted, and to whom."""
        people = await self._directory.people()
        token = request.match_info["token"]
        provider = self._access.hooked(people, request, token)
        request[PROVIDER] = provider.id
        alert = as_signal(_parsed(body))
        reading = self._intake.read(alert.document, provider, source=Source.TRADINGVIEW)
        draft = replace(reading.draft, partial=alert.partial)
        if draft.action is Action.OPEN:  # whatever leaves a trade is let through
            self._intake.admit(request, provider)
        wrong = {problem.field for problem in alert.problems}
        others = (each for each in reading.problems if each.field not in wrong)
        if found := (*alert.problems, *others):
            raise invalid(found)
        if alert.reverses is not None:
            await self._leave(people, provider, draft, alert.reverses)
        return await self._intake.take(people, provider, draft)

    async def _leave(
        self, people: People, provider: Provider, draft: Draft, held: Side
    ) -> None:
        """Close what a strategy held before it turned round, if that ever came in."""
        name = draft.external_id
        close = Draft(
            external_id=f"{name[:_LONGEST_STEM]}{_EXIT}" if name else None,
            source=draft.source,
            action=Action.CLOSE,
            instrument=draft.instrument,
            side=held,
            timeframe=draft.timeframe,
            payload=_REVERSED,
        )
        context = self._context
        await submit(context.tools, context.rules, people, provider, close)


def _parsed(body: bytes) -> dict[str, Json]:
    try:
        return parse_alert(body)
    except NotAnAlert as error:
        raise Problem(NOT_JSON, f"Not taken as an alert: {error}.") from None

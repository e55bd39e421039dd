"""``POST /api/v1/signals``: from bytes of a stranger to a durable signal.

head      Content-Encoding, Content-Type, Content-Length     415 413
body      bounded in size and time                           413 408 400
who       signature and time, one answer for all failures    401
rate      of this provider; and its quota of undecided ones  429
what      JSON, fields, rules: every problem at once         400 422
desk      one transaction; answered only after its commit    201 200 409 422
"""

from typing import Annotated, Final

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web.access import signer
from bot.web.bodies import check_head, read_body
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.fields import flag
from bot.web.forms import read_query
from bot.web.problems import (
    CONFLICT,
    NOT_JSON,
    Problem,
    invalid,
    too_many,
    unavailable,
)
from bot.web.rates import QUOTA_WAIT, Rates
from bot.web.receipts import receipt, self_link
from bot.web.signal_form import read_signal
from bot.web.strict_json import Json, NotJson, parse_object
from core.desk.intake import Submission, Verdict, submit
from core.intake import Draft
from core.signals import Action, Signal, SignalStatus
from core.users import Provider

log = structlog.get_logger()

_PROVIDER: Final = web.RequestKey("provider", str)
"""Who signed the request; absent until that is proved."""


class IntakeQuery(BaseModel):
    """What may stand behind the question mark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: Annotated[bool, PlainValidator(flag)] = False
    """Validate only, store nothing."""


class Intake:
    """The handler, with what it works with."""

    def __init__(self, context: WebContext, directory: Directory) -> None:
        self._context = context
        self._directory = directory
        limits = context.limits
        self._rates = Rates(
            context.tools.clock,
            per_minute=limits.rate_per_minute,
            burst=limits.rate_burst,
        )

    async def post(self, request: web.Request) -> web.Response:
        """Take one signal, and log what became of it."""
        try:
            return await self._take(request)
        except Problem as refusal:
            log.info(
                "signal_refused",
                problem=refusal.kind.slug,
                provider=request.get(_PROVIDER),
                fields=list(dict.fromkeys(error.field for error in refusal.errors)),
            )
            raise

    async def _take(self, request: web.Request) -> web.Response:
        """See the module for the order of things."""
        context = self._context
        if context.draining():
            detail = "The service is shutting down."
            raise unavailable(detail)
        check_head(request, context.limits)
        body = await read_body(request, context.limits)
        people = await self._directory.people()
        provider = signer(context, people, request, body)
        request[_PROVIDER] = provider.id
        self._admit(provider)
        query = read_query(IntakeQuery, request.query)
        reading = read_signal(
            _parsed(body),
            provider=provider,
            rules=context.rules,
            max_payload_bytes=context.limits.max_payload_bytes,
        )
        if found := (*query.problems, *reading.problems):
            raise invalid(found)
        if query.content.dry_run:
            return web.json_response({"valid": True})
        await self._have_room(provider, reading.draft)
        taken = await submit(
            context.tools, context.rules, people, provider, reading.draft
        )
        return self._answer(taken)

    def _admit(self, provider: Provider) -> None:
        wait = self._rates.wait(provider.id)
        if wait:
            per_minute = self._context.limits.rate_per_minute
            detail = f"A provider may send {per_minute} signals a minute."
            raise too_many(detail, wait)

    async def _have_room(self, provider: Provider, draft: Draft) -> None:
        """Refuse another undecided signal; a repeated one or a cancel takes no room."""
        most = self._context.limits.open_signals
        journal = self._context.tools.journal
        if not most or draft.action is not Action.OPEN:
            return
        open_now = await journal.count(
            Signal, provider=provider.id, status=SignalStatus.NEW
        )
        if open_now >= most and not await journal.count(
            Signal, provider=provider.id, external_id=draft.external_id
        ):
            detail = f"{open_now} of your signals are undecided; the limit is {most}."
            raise too_many(detail, QUOTA_WAIT)

    def _answer(self, taken: Submission) -> web.Response:
        signal = taken.signal
        if signal is None:
            raise invalid(taken.problems)
        if taken.verdict is Verdict.CONFLICT:
            detail = (
                f"It names signal {signal.id}, which has other content. "
                "What is changed needs an external_id of its own."
            )
            raise Problem(CONFLICT, detail)
        if taken.verdict is Verdict.REPEATED:
            _tell("signal_repeated", signal)
            headers = {"Idempotency-Replayed": "true"}
            return self._receipt(signal, status=200, headers=headers)
        _tell("signal_accepted", signal)
        headers = {"Location": self_link(self._context, signal)}
        return self._receipt(signal, status=201, headers=headers)

    def _receipt(
        self, signal: Signal, *, status: int, headers: dict[str, str]
    ) -> web.Response:
        content = receipt(self._context, signal)
        return web.json_response(content, status=status, headers=headers)


def _tell(event: str, signal: Signal) -> None:
    log.info(
        event,
        signal=signal.id,
        provider=signal.provider,
        external_id=signal.external_id,
        action=signal.action.value,
    )


def _parsed(body: bytes) -> dict[str, Json]:
    try:
        return parse_object(body)
    except NotJson as error:
        raise Problem(NOT_JSON, f"Not taken as JSON: {error}.") from None

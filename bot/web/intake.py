"""What signed signals and alerts have in common: limits, fields, the desk, the answer.

A new signal is stored in one transaction and answered only after its commit.
"""

from collections.abc import Awaitable, Mapping
from typing import Final

import structlog
from aiohttp import web

from bot.web.access_log import OUTCOME, Outcome
from bot.web.context import WebContext
from bot.web.pressure import Pressure
from bot.web.problems import (
    CONFLICT,
    Problem,
    invalid,
    too_many,
    unavailable,
)
from bot.web.rates import QUOTA_WAIT, Rates
from bot.web.receipts import receipt, self_link
from bot.web.signal_form import Reading, read_signal
from bot.web.strict_json import Json
from core.desk.counting import NOTHING_YET, Counts, count
from core.desk.intake import named, rehearse, submit
from core.desk.people import People
from core.desk.submissions import Submission, Verdict, known_already
from core.errors import Conflict
from core.intake import Draft
from core.signals import Action, Signal, SignalStatus, Source
from core.users import Provider

log = structlog.get_logger()

_REMEMBERED = 10_000

PROVIDER: Final = web.RequestKey("provider", str)
"""Who signed the request; absent until that is proved."""
_PLACE: Final = web.RequestKey("place", bool)
"""Whether the request has its place in the rate, which it takes once."""


class Intake:
    """Takes the signals of whoever is known, however they came in."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._rates = Rates(context.tools.clock)
        self._lately: dict[tuple[str, str | None], None] = {}
        """Names of signals that were sent, the oldest first; the journal decides."""
        self.pressure = Pressure(context.limits.most_at_work)

    def open_now(self) -> None:
        """Refuse while the service shuts down, or has all that it can do."""
        if self._context.draining():
            detail = "The service is shutting down."
            raise unavailable(detail)
        self.pressure.have_room()

    def admit(self, request: web.Request, provider: Provider) -> None:
        """Note who it is, and refuse what comes too fast."""
        request[PROVIDER] = provider.id
        if request.get(_PLACE):
            return
        limits = self._context.limits
        per_minute = _own(provider.rate_per_minute, limits.rate_per_minute)
        burst = _own(provider.rate_burst, limits.rate_burst)
        wait = self._rates.wait(provider.id, per_minute=per_minute, burst=burst)
        if wait:
            detail = f"You may send {per_minute} signals a minute."
            raise too_many(detail, wait)
        request[_PLACE] = True

    def read(
        self,
        document: Mapping[str, Json],
        provider: Provider,
        *,
        source: Source = Source.API,
    ) -> Reading:
        """The draft that a document is, and what is wrong with it."""
        return read_signal(
            document,
            source=source,
            provider=provider,
            rules=self._context.rules,
            max_payload_bytes=self._context.limits.max_payload_bytes,
        )

    async def rehearse(
        self, people: People, provider: Provider, draft: Draft
    ) -> web.Response:
        """Refuse as ``take`` would, and store nothing."""
        found = await rehearse(self._context.tools, people, provider, draft)
        if found is not None:
            return await self._answer(found)
        await self._have_room(provider, draft)
        return web.json_response({"valid": True})

    async def take(
        self, people: People, provider: Provider, draft: Draft
    ) -> web.Response:
        """Submit a draft without problems; answered once it is durable."""
        context = self._context
        draft = await named(context.tools, provider, draft)
        known = await self._known(provider, draft)
        if known is not None:
            return await self._answer(known)
        await self._have_room(provider, draft)
        taken = await submit(context.tools, context.rules, people, provider, draft)
        return await self._answer(taken)

    async def take_at_once(
        self, people: People, provider: Provider, draft: Draft
    ) -> web.Response | None:
        """The receipt of a new open signal, stored while ``people`` are still these.

        ``None`` for all that needs a look at people as they are now; nothing is
        stored then.
        """
        if draft.action is not Action.OPEN or self._sent_lately(provider, draft):
            return None
        tools, rules = self._context.tools, self._context.rules
        still = people.version
        try:
            await self._have_room(provider, draft)
            taken = await submit(tools, rules, people, provider, draft, still=still)
        except (Conflict, Problem):
            return None
        return await self._answer(taken) if taken.verdict is Verdict.STORED else None

    async def _known(self, provider: Provider, draft: Draft) -> Submission | None:
        """The answer to what was sent lately; what is repeated need not be tried."""
        if self._sent_lately(provider, draft):
            return await known_already(self._context.tools, provider, draft)
        return None

    def _sent_lately(self, provider: Provider, draft: Draft) -> bool:
        """Whether this name was sent before; from now on it was."""
        key = (provider.id, draft.external_id)
        if key in self._lately:
            return True
        self._lately[key] = None
        if len(self._lately) > _REMEMBERED:
            del self._lately[next(iter(self._lately))]
        return False

    async def _have_room(self, provider: Provider, draft: Draft) -> None:
        """Refuse another undecided signal; what is repeated or follows takes none."""
        most = _own(provider.open_signals, self._context.limits.open_signals)
        journal = self._context.tools.journal
        if not most or draft.action is not Action.OPEN:
            return
        open_now = await journal.count(
            Signal, provider=provider.id, status=SignalStatus.NEW, action=Action.OPEN
        )
        if open_now >= most and not await journal.count(
            Signal, provider=provider.id, external_id=draft.external_id
        ):
            detail = f"{open_now} of your signals are undecided; the limit is {most}."
            raise too_many(detail, QUOTA_WAIT)

    async def _answer(self, taken: Submission) -> web.Response:
        signal = taken.signal
        if signal is None:
            raise invalid(taken.problems)
        if taken.verdict is Verdict.CONFLICT:
            detail = (
                f"Its external_id or webhook-id belongs to signal {signal.id}, which "
                "has other content. What is changed needs ids of its own."
            )
            raise Problem(CONFLICT, detail)
        counts = NOTHING_YET
        if taken.verdict is Verdict.REPEATED:
            event = "signal_repeated"
            headers = {"Idempotency-Replayed": "true"}
            status, counts = 200, await self._counts(signal)
        else:
            event = "signal_accepted"
            headers = {"Location": self_link(self._context, signal)}
            status = 201
        content = receipt(self._context, signal, counts)
        answer = web.json_response(content, status=status, headers=headers)
        answer[OUTCOME] = _outcome(event, signal)
        return answer

    async def _counts(self, signal: Signal) -> Counts:
        if signal.proposed_at is None:
            return NOTHING_YET
        return (await count(self._context.tools.journal, [signal]))[signal.id]


async def told(request: web.Request, taking: Awaitable[web.Response]) -> web.Response:
    """The answer; a refusal is logged with what it was about."""
    try:
        return await taking
    except Problem as refusal:
        log.info(
            "signal_refused",
            problem=refusal.kind.slug,
            provider=request.get(PROVIDER),
            fields=list(dict.fromkeys(error.field for error in refusal.errors)),
        )
        raise


def _own(limit: int | None, common: int) -> int:
    return common if limit is None else limit


def _outcome(event: str, signal: Signal) -> Outcome:
    fields = {
        "signal": signal.id,
        "provider": signal.provider,
        "external_id": signal.external_id,
        "action": signal.action.value,
    }
    return Outcome(event, fields)

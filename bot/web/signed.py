"""``POST /api/v1/signals``: from bytes of a stranger to a durable signal.

head      Content-Encoding, Content-Type, Content-Length     415 413
body      bounded in size and time                           413 408 400
who       signature and time, one answer for all failures    401
rate      of this provider; and its quota of undecided ones  429
what      JSON, fields, rules: every problem at once         400 422
desk      one transaction; answered only after its commit    201 200 409 422

Who, rate and what are judged by the people that were read last. A new signal is stored
under the condition that they are still those; whatever else comes of it is answered
only by people as they are after the request came, and judged anew if they differ.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web.access import Access, NotProved
from bot.web.bodies import check_head, read_body
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.fields import flag
from bot.web.forms import read_query
from bot.web.intake import PROVIDER, Intake, told
from bot.web.problems import NOT_JSON, Problem, invalid
from bot.web.schemas import AS_FLAG
from bot.web.strict_json import Json, NotJson, parse_object
from core.desk.people import People
from core.intake import Draft
from core.users import Provider


class IntakeQuery(BaseModel):
    """What may stand behind the question mark."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    dry_run: Annotated[bool, PlainValidator(flag), AS_FLAG] = False
    """Validate only, store nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A draft without problems, and who was known when it was judged."""

    people: People
    provider: Provider
    draft: Draft
    dry_run: bool


class Signed:
    """The handler, with what it works with."""

    def __init__(
        self, context: WebContext, directory: Directory, access: Access, intake: Intake
    ) -> None:
        self._limits = context.limits
        self._directory = directory
        self._access = access
        self._intake = intake

    async def post(self, request: web.Request) -> web.Response:
        """Take one signed signal."""
        return await told(request, self._take(request))

    async def _take(self, request: web.Request) -> web.Response:
        """See the module for the order of things."""
        self._intake.open_now()
        check_head(request, self._limits)
        body = await read_body(request, self._limits)
        with self._intake.pressure.at_work():
            return await self._read(request, body)

    async def _read(self, request: web.Request, body: bytes) -> web.Response:
        """Store it by the people last read, or answer by those of now."""
        last = self._directory.last
        found = None if last is None else self._judged(last, request, body)
        if isinstance(found, _Asked) and not found.dry_run:
            stored = await self._intake.take_at_once(
                found.people, found.provider, found.draft
            )
            if stored is not None:
                return stored
        people = await self._directory.people()
        if found is None or people is not last:
            found = self._judged(people, request, body)
        return await self._answered(request, found)

    def _judged(
        self, people: People, request: web.Request, body: bytes
    ) -> _Asked | Problem:
        """What is asked, or why it is refused, where these are the people."""
        request.pop(PROVIDER, None)
        try:
            return self._asked(people, request, body)
        except Problem as refusal:
            return refusal

    def _asked(self, people: People, request: web.Request, body: bytes) -> _Asked:
        sender = self._access.signer(people, request, body)
        self._intake.admit(request, sender.provider)
        query = read_query(IntakeQuery, request.query)
        reading = self._intake.read(_parsed(body), sender.provider)
        if found := (*query.problems, *reading.problems):
            raise invalid(found)
        draft = reading.draft
        if sender.webhook_id is not None:
            draft = replace(draft, webhook_id=sender.webhook_id)
        return _Asked(
            people=people,
            provider=sender.provider,
            draft=draft,
            dry_run=query.content.dry_run,
        )

    async def _answered(
        self, request: web.Request, found: _Asked | Problem
    ) -> web.Response:
        """The answer to what was judged by people as they are."""
        if isinstance(found, Problem):
            if isinstance(found, NotProved):
                self._access.note(request, found)
            raise found
        answer = self._intake.rehearse if found.dry_run else self._intake.take
        return await answer(found.people, found.provider, found.draft)


def _parsed(body: bytes) -> dict[str, Json]:
    try:
        return parse_object(body)
    except NotJson as error:
        raise Problem(NOT_JSON, f"Not taken as JSON: {error}.") from None

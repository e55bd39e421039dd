"""What the API answers, as models: the document describes them, tests hold them true.

The answers themselves are built in ``receipts``, ``reading``, ``problems``, ``health``.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from bot.web import schemas
from core.market import Side
from core.signals import Action, SignalStatus

Moment = Annotated[str, WithJsonSchema(schemas.MOMENT)]
Link = Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
Number = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """Closed here, so that a test sees what is not described; open in the document."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Counts(Answer):
    """What became of a signal so far."""

    recipients: Number
    """Subscribed memberships at the moment of acceptance."""
    prompts_sent: Number
    """Prompts that reached a chat."""
    approved: Number
    """Prompts that a person approved."""
    rejected: Number
    """Prompts that a person rejected."""
    expired: Number
    """Prompts that nobody decided in time."""
    orders_filled: Number
    """Opening orders that were filled, at least in part."""


class Links(Answer):
    """Where more is to be had."""

    itself: Annotated[Link, Field(alias="self")]
    """This receipt, as it is then."""
    chart: Link | None
    """The picture that subscribers see, for two days; null until it is drawn."""


class Receipt(Answer):
    """A signal as its provider sees it."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,40}$")]
    """Our name for it."""
    external_id: Annotated[str, Field(min_length=1, max_length=100)]
    """Your name for it."""
    action: Annotated[Action, schemas.as_word(Action)]
    """As sent."""
    target: str | None
    """The external_id of the signal that is meant; null where it is an open."""
    status: Annotated[SignalStatus, schemas.as_word(SignalStatus)]
    """Where it stands now."""
    instrument: str
    """As sent, or the target's."""
    side: Annotated[Side, schemas.as_word(Side)]
    """As sent, or the target's."""
    price: Annotated[str, WithJsonSchema(schemas.PRICE_TEXT)]
    """Without trailing zeros."""
    created_at: Moment
    """When it was stored."""
    expires_at: Moment
    """From when on nobody can approve it."""
    recipients: Number
    """Subscribed memberships at the moment of acceptance."""
    counts: Counts
    """What became of it so far."""
    links: Links
    """Where more is to be had."""


class Page(Answer):
    """Some of your signals, newest first."""

    items: list[Receipt]
    """The signals of this page."""
    total: Number
    """How many there are on all pages."""
    page: Annotated[int, Field(ge=1)]
    """As asked for."""
    page_size: Annotated[int, Field(ge=1)]
    """As asked for."""
    as_of: Moment
    """What came later is left out; send it with the next page."""


class Valid(Answer):
    """What a dry run answers; nothing is stored."""

    valid: Literal[True]
    """It would be accepted."""


class FieldError(Answer):
    """One thing that is wrong with one field."""

    field: str
    """Its name."""
    message: str
    """A sentence for people."""


class Problem(Answer):
    """Any refusal: ``application/problem+json`` of RFC 9457."""

    type: str
    """A stable name that programs may compare."""
    title: str
    """The same for people."""
    status: int
    """The status of the answer."""
    detail: str
    """What to do, for people; its wording may change."""
    instance: str | None = None
    """The request, as our log calls it; not with 401."""
    errors: list[FieldError] | None = None
    """With 422: everything that is wrong, at once."""


class Alive(Answer):
    """The process and its loop answer."""

    status: Literal["ok"]
    """Nothing more is said."""


class Part(Answer):
    """One part of the service."""

    ok: bool
    """Whether it works."""
    detail: str
    """A sentence, or empty."""


class Ready(Answer):
    """Each part of the service."""

    status: Literal["ready", "degraded", "unready"]
    """unready only where nothing can be stored."""
    parts: dict[str, Part]
    """By name."""

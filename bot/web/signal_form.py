"""A signal as JSON: its fields, and what is wrong with them, all of it at once.

Types are judged here; what the fields mean together is judged by ``core.intake``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web import fields, schemas
from bot.web.forms import Form, read_form
from bot.web.strict_json import Json
from core.ids import UserId
from core.intake import Draft, FieldProblem, IntakeRules, problems
from core.market import OrderType, Side, Timeframe
from core.signals import Action, Source
from core.users import Provider

Name = Annotated[str, PlainValidator(fields.text), schemas.AS_TEXT]
Price = Annotated[Decimal, PlainValidator(fields.price), schemas.AS_PRICE]
OneAction = Annotated[
    Action, PlainValidator(fields.one_of(Action)), schemas.as_word(Action)
]
OneSide = Annotated[Side, PlainValidator(fields.one_of(Side)), schemas.as_word(Side)]
OneOrderType = Annotated[
    OrderType, PlainValidator(fields.one_of(OrderType)), schemas.as_word(OrderType)
]
OneTimeframe = Annotated[
    Timeframe, PlainValidator(fields.one_of(Timeframe)), schemas.as_word(Timeframe)
]
Seconds = Annotated[int, PlainValidator(fields.seconds), schemas.AS_SECONDS]
Person = Annotated[UserId, PlainValidator(fields.person), schemas.AS_PERSON]
Payload = Annotated[str, PlainValidator(fields.payload), schemas.AS_PAYLOAD]


class SignalBody(BaseModel):
    """The body of ``POST /api/v1/signals``; which fields are required, core says.

    The sentences under the fields stand in the OpenAPI document too.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    external_id: Name | None = None
    """Your own name for this signal. The same name with the same content is the same
    signal, so that sending again is safe."""
    action: OneAction = Action.OPEN
    """What you ask for: a new trade, or something about an earlier signal."""
    target: Name | None = None
    """The external_id of the signal that is meant."""
    instrument: Name | None = None
    """In capitals, one of those that are traded here."""
    side: OneSide | None = None
    """Which way the trade goes."""
    price: Price | None = None
    """The entry. Send prices as text, so that no digit goes through a float."""
    stop_loss: Price | None = None
    """Below the price of a buy, above that of a sell."""
    take_profit: Price | None = None
    """Above the price of a buy, below that of a sell."""
    order_type: OneOrderType = OrderType.MARKET
    """market fills at once, limit at a better price, stop at a worse one."""
    timeframe: OneTimeframe = Timeframe.M15
    """The candles of the chart that subscribers see."""
    expires_in: Seconds | None = None
    """Seconds until nobody can approve it any more."""
    user: Person | None = None
    """The Telegram id of the one subscriber who is meant; absent: all of them."""
    payload: Payload = "{}"
    """Anything of yours; it is kept with the signal."""

    def draft(self, source: Source) -> Draft:
        """The same in the desk's words."""
        return Draft(
            external_id=self.external_id,
            source=source,
            action=self.action,
            target=self.target,
            instrument=self.instrument,
            side=self.side,
            price=self.price,
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            order_type=self.order_type,
            timeframe=self.timeframe,
            expires_in=self.expires_in,
            user_id=self.user,
            payload=self.payload,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A draft, which may be submitted if there are no problems."""

    draft: Draft
    problems: tuple[FieldProblem, ...]


def read_signal(
    document: Mapping[str, Json],
    *,
    source: Source = Source.API,
    provider: Provider,
    rules: IntakeRules,
    max_payload_bytes: int,
) -> Reading:
    """Types first, then core's rules on whatever was of the right type.

    ``null`` is the same as leaving a field out.
    """
    given = {
        name: value
        for name, value in document.items()
        if value is not None or name not in SignalBody.model_fields
    }
    form = read_form(SignalBody, given)
    draft = form.content.draft(source)
    if "action" in form.wrong:
        draft = replace(draft, action=None)
    by_rule = problems(draft, provider=provider, rules=rules, wrong=form.wrong)
    oversize = _payload_problems(form, max_payload_bytes)
    return Reading(draft=draft, problems=(*form.problems, *oversize, *by_rule))


def _payload_problems(form: Form[SignalBody], most: int) -> list[FieldProblem]:
    size = len(form.content.payload.encode())
    if size <= most:
        return []
    message = f"must be at most {most} bytes as compact JSON, was {size}"
    return [FieldProblem(field="payload", message=message)]

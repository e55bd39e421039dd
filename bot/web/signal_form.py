"""A signal as JSON: its fields, and what is wrong with them, all of it at once.

Types are judged here; what the fields mean together is judged by ``core.intake``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator

from bot.web import fields
from bot.web.forms import Form, read_form
from bot.web.strict_json import Json
from core.ids import UserId
from core.intake import Draft, FieldProblem, IntakeRules, problems
from core.market import OrderType, Side, Timeframe
from core.signals import Action
from core.users import Provider

Name = Annotated[str, PlainValidator(fields.text)]
Price = Annotated[Decimal, PlainValidator(fields.price)]


class SignalBody(BaseModel):
    """The body of ``POST /api/v1/signals``; which fields are required, core says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: Name | None = None
    action: Annotated[Action, PlainValidator(fields.action)] = Action.OPEN
    target: Name | None = None
    instrument: Name | None = None
    side: Annotated[Side, PlainValidator(fields.one_of(Side))] | None = None
    price: Price | None = None
    stop_loss: Price | None = None
    take_profit: Price | None = None
    order_type: Annotated[OrderType, PlainValidator(fields.one_of(OrderType))] = (
        OrderType.MARKET
    )
    timeframe: Annotated[Timeframe, PlainValidator(fields.one_of(Timeframe))] = (
        Timeframe.M15
    )
    expires_in: Annotated[int, PlainValidator(fields.seconds)] | None = None
    user: Annotated[UserId, PlainValidator(fields.person)] | None = None
    payload: Annotated[str, PlainValidator(fields.payload)] = "{}"

    def draft(self) -> Draft:
        """The same in the desk's words."""
        return Draft(
            external_id=self.external_id,
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
    draft = form.content.draft()
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

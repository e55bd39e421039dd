"""What may be sent, in JSON Schema, from the models that read it.

Which fields an action needs is decided in ``core.intake``; here it is told, and tests
hold the two against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from bot.web.alerts import KEPT
from bot.web.context import WebLimits
from bot.web.signal_form import SignalBody
from core.intake import IntakeRules
from core.signals import Action

Json = dict[str, Any]

NOTHING: Json = {"type": "null"}
HOOK_TOKEN: Json = {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,128}$"}
SIGNAL_ID: Json = {"type": "string", "pattern": "^[0-9A-Za-z]{1,40}$"}
CHANGES = ("stop_loss", "take_profit", "price")
"""An update has at least one of them."""

_SHARED = {
    "external_id": "Name",
    "target": "Name",
    "instrument": "Instrument",
    "side": "Side",
    "price": "Price",
    "stop_loss": "Price",
    "take_profit": "Price",
    "order_type": "OrderType",
    "timeframe": "Timeframe",
}
"""Schemas that several fields or shapes refer to."""
_ABOUT = ("description", "default")
_OF_TARGET = ("instrument", "side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which fields an action needs, and which others it may have."""

    name: str
    summary: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


def shapes(rules: IntakeRules) -> dict[Action, Shape]:
    """Of each action, under the rules of this instance."""
    needed = ("external_id", "instrument", "side", "price")
    stop = ("stop_loss",)
    must, may = (stop, ()) if rules.require_stop_loss else ((), stop)
    named = ("external_id", "action", "target")
    return {
        Action.OPEN: Shape(
            name="OpenSignal",
            summary="A new trade: every subscriber is asked.",
            required=needed + must,
            optional=(
                "action",
                *may,
                "take_profit",
                "order_type",
                "timeframe",
                "expires_in",
                "user",
                "payload",
            ),
        ),
        Action.CANCEL: Shape(
            name="CancelSignal",
            summary="Withdraw an earlier signal while it is undecided.",
            required=named,
            optional=(*_OF_TARGET, "payload"),
        ),
        Action.UPDATE: Shape(
            name="UpdateSignal",
            summary="Other levels for an earlier signal; send only what changes.",
            required=named,
            optional=(*CHANGES, *_OF_TARGET, "expires_in", "payload"),
        ),
        Action.CLOSE: Shape(
            name="CloseSignal",
            summary="Withdraw an earlier signal, and leave what was traded on it.",
            required=named,
            optional=(*_OF_TARGET, "expires_in", "payload"),
        ),
    }


def signal_schemas(rules: IntakeRules, limits: WebLimits) -> dict[str, Json]:
    """``Signal``, the four shapes that it may have, and what they share."""
    fields = _fields(rules, limits)
    shared = {}
    for field, name in _SHARED.items():
        shared[name] = {
            key: value for key, value in fields[field].items() if key not in _ABOUT
        }
        about = {key: fields[field][key] for key in _ABOUT if key in fields[field]}
        fields[field] = {"$ref": f"#/components/schemas/{name}"} | about
    found = shapes(rules)
    signal = {
        "description": "The shape follows the action. null is the same as leaving out.",
        "oneOf": [
            {"$ref": f"#/components/schemas/{shape.name}"} for shape in found.values()
        ],
    }
    return (
        {"Signal": signal}
        | {
            shape.name: _shaped(action, shape, fields)
            for action, shape in found.items()
        }
        | shared
    )


def _shaped(action: Action, shape: Shape, fields: Mapping[str, Json]) -> Json:
    properties = {name: fields[name] for name in shape.required}
    properties |= {name: nullable(fields[name]) for name in shape.optional}
    meaning = fields["action"]["description"]
    if action is Action.OPEN:
        only = nullable({"const": action.value, "default": action.value})
    else:
        only = {"const": action.value}
        for name in _OF_TARGET:
            about = "If it is sent, it must be that of the target."
            properties[name] = properties[name] | {"description": about}
        properties["instrument"] |= nullable(fields["target"])
    properties["action"] = {"description": meaning} | only
    schema: Json = {
        "type": "object",
        "description": shape.summary,
        "properties": {name: properties[name] for name in fields if name in properties},
        "required": list(shape.required),
        "additionalProperties": False,
    }
    if action is Action.UPDATE:
        schema["anyOf"] = [
            {"properties": {name: fields[name]}, "required": [name]} for name in CHANGES
        ]
    return schema


def _fields(rules: IntakeRules, limits: WebLimits) -> dict[str, Json]:
    """Every field of a signal, without ``null``, with this instance's choices."""
    fields = {
        name: _not_null(field) for name, field in properties_of(SignalBody).items()
    }
    fields["instrument"] = {
        "type": "string",
        "enum": list(rules.instruments),
        "description": fields["instrument"]["description"],
    }
    fields["expires_in"]["default"] = int(rules.expires_after.total_seconds())
    fields["payload"].pop("default")
    fields["payload"]["description"] += (
        f" At most {limits.max_payload_bytes:,} bytes as compact JSON."
    )
    return fields


def properties_of(model: type[BaseModel]) -> dict[str, Json]:
    """The fields of a model, without what pydantic makes up."""
    properties: dict[str, Json] = model.model_json_schema()["properties"]
    for field in properties.values():
        tidy(field)
    return properties


def tidy(field: Json) -> None:
    """Drop made-up titles and empty defaults; make a description one line."""
    field.pop("title", None)
    if field.get("default", ...) is None:
        del field["default"]
    if "description" in field:
        text = " ".join(field["description"].split())
        field["description"] = text.replace("``", "`")


def nullable(field: Json) -> Json:
    """The same, or ``null``, which is the same as leaving the field out."""
    choices = field.get("anyOf") or [
        {name: value for name, value in field.items() if name not in _ABOUT}
    ]
    outer = {name: field[name] for name in _ABOUT if name in field}
    return outer | {"anyOf": [*choices, NOTHING]}


def _not_null(field: Json) -> Json:
    """The same without ``null``."""
    choices = [each for each in field.get("anyOf", []) if each != NOTHING]
    if not choices:
        return field
    rest = {name: value for name, value in field.items() if name != "anyOf"}
    return (choices[0] if len(choices) == 1 else {"anyOf": choices}) | rest


def query_parameters(model: type[BaseModel]) -> list[Json]:
    """The parameters of a query, all optional."""
    found = []
    for name, field in properties_of(model).items():
        schema = _not_null(field)
        description = schema.pop("description")
        if schema.get("default") is False:
            schema["default"] = "0"
        found.append(
            {"name": name, "in": "query", "description": description, "schema": schema}
        )
    return found


def alert_schema() -> Json:
    """An alert of TradingView: a signal's fields, or its own names for them."""
    signal = properties_of(SignalBody)
    meant = {
        "ticker": "`{{ticker}}`: the instrument, without what is before a colon.",
        "interval": "`{{interval}}`: the timeframe; 15 is M15, 60 is H1, D is D1.",
        "close": "`{{close}}`: the price, where there is no other.",
        "order_price": "`{{strategy.order.price}}`: the same.",
        "order_action": "`{{strategy.order.action}}`: buy or sell, the side.",
    }
    kept = {
        "market_position": "`{{strategy.market_position}}`: flat is a close.",
        "prev_market_position": "`{{strategy.prev_market_position}}`: what is closed.",
        "time": "`{{timenow}}`.",
    }
    known = ", ".join(f"`{name}`" for name in KEPT)
    own = {
        name: {"description": _own_words(name, field)} for name, field in signal.items()
    }
    return {
        "type": "object",
        "description": (
            "A signal as above, or TradingView's own names. external_id may be absent: "
            "then the same message again within one candle (a minute at least) is the "
            f"same signal. Kept in the payload: {known}."
        ),
        "properties": own
        | {name: {"description": text} for name, text in (meant | kept).items()},
    }


def _own_words(name: str, field: Json) -> str:
    more = {
        "action": " buy and sell are taken as the side.",
        "price": " `{{close}}` or `{{strategy.order.price}}`.",
        "side": " `{{strategy.order.action}}`.",
    }
    return str(field["description"]) + more.get(name, "")

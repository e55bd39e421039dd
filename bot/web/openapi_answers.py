"""Every answer with its headers and, for a refusal, the types of its problem.

The kinds are those of ``problems``, so that a new or renamed one cannot be forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.web import problems
from bot.web.answers import Alive, Answer, Page, Problem, Ready, Receipt, Valid
from bot.web.openapi_examples import PROBLEM
from bot.web.openapi_requests import tidy
from bot.web.problems import Kind

Json = dict[str, Any]

_OBJECT = "properties"
_REF = "#/components/schemas/"
_MODELS: tuple[type[Answer], ...] = (Receipt, Page, Valid, Problem, Alive, Ready)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer with a problem."""

    when: str
    kinds: tuple[Kind, ...]
    headers: tuple[str, ...] = ()


REFUSALS: Mapping[str, Refusal] = {
    "BadRequest": Refusal(
        "The request breaks the rules of HTTP.", (problems.UNREADABLE,)
    ),
    "NotJson": Refusal(
        "The body is not a JSON object with one meaning, or did not arrive whole.",
        (problems.NOT_JSON, problems.BROKEN_BODY, problems.UNREADABLE),
    ),
    "NotAuthentic": Refusal(
        "The signature is absent, wrong or stale, or the provider is unknown or "
        "disabled. There is one answer for all of these.",
        (problems.NOT_AUTHENTIC,),
        ("WWW-Authenticate",),
    ),
    "NoReader": Refusal(
        "The read token is absent or wrong, or its provider is disabled.",
        (problems.NOT_AUTHENTIC,),
        ("WWW-Authenticate",),
    ),
    "NoSuchAddress": Refusal(
        "No enabled provider has this address.",
        (problems.NOT_AUTHENTIC,),
        ("WWW-Authenticate",),
    ),
    "LinkRefused": Refusal(
        "The link is over, or was changed.", (problems.LINK_REFUSED,)
    ),
    "NotFound": Refusal(
        "There is no such thing; what is another provider's is not there either.",
        (problems.NOT_FOUND, problems.plain_kind(404)),
    ),
    "TooSlow": Refusal(
        "The request took too long to arrive.",
        (problems.TOO_SLOW, problems.HEAD_TOO_SLOW),
    ),
    "HeadTooSlow": Refusal(
        "The head of the request took too long to arrive.", (problems.HEAD_TOO_SLOW,)
    ),
    "Conflict": Refusal(
        "The external_id, or the webhook-id, is taken by a signal with other content.",
        (problems.CONFLICT,),
    ),
    "TooLarge": Refusal("The body is too large.", (problems.TOO_LARGE,)),
    "UnsupportedMedia": Refusal(
        "The Content-Type is not taken here, or there is a Content-Encoding.",
        (problems.UNSUPPORTED,),
    ),
    "InvalidFields": Refusal(
        "Some fields cannot be accepted; all of them are named at once.",
        (problems.INVALID_FIELDS,),
    ),
    "TooMany": Refusal(
        "Too many signals a minute, or too many that are undecided.",
        (problems.TOO_MANY,),
        ("Retry-After",),
    ),
    "HeadTooLarge": Refusal(
        "The head of the request is too large.", (problems.HEAD_TOO_LARGE,)
    ),
    "Internal": Refusal(
        "Something went wrong here; it is logged.", (problems.INTERNAL,)
    ),
    "Unavailable": Refusal(
        "The database does not answer, there is too much to do, or the service is "
        "shutting down. Nothing was stored; send it again.",
        (problems.UNAVAILABLE,),
        ("Retry-After",),
    ),
}
"""Each by its name in the document."""

HEADERS: Mapping[str, Json] = {
    "Location": {
        "description": "Where the receipt is read again.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Idempotency-Replayed": {
        "description": "There when this signal was stored before.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds after which it is worth trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "ETag": {
        "description": "Send it as If-None-Match: where nothing changed, 304 comes.",
        "required": True,
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "What is missing: Signature, Bearer or Address.",
        "required": True,
        "schema": {"type": "string"},
    },
}

_ANYWHERE = {"408": "HeadTooSlow", "431": "HeadTooLarge", "500": "Internal"}


def answer_schemas() -> dict[str, Json]:
    """The models of all answers."""
    _, told = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REF + "{model}"
    )
    schemas = {name: each for name, each in told["$defs"].items() if _OBJECT in each}
    for schema in schemas.values():
        del schema["additionalProperties"]  # keys may be added one day
        tidy(schema)
        for field in schema[_OBJECT].values():
            tidy(field)
    _without_null(schemas["Problem"], "instance", "errors")
    return schemas


def _without_null(schema: Json, *names: str) -> None:
    """These are absent where there is nothing to say, never ``null``."""
    for name in names:
        field = schema["properties"][name]
        field |= field.pop("anyOf")[0]


def refusals() -> dict[str, Json]:
    """``components.responses``."""
    found = _refusals()
    found["InvalidFields"]["content"][problems.CONTENT_TYPE]["example"] = PROBLEM
    return found


def _refusals() -> dict[str, Json]:
    return {
        name: answer(
            refusal.when,
            {
                "allOf": [
                    {"$ref": f"{_REF}Problem"},
                    {
                        "properties": {
                            "type": {"enum": [each.uri for each in refusal.kinds]},
                            "status": {"const": refusal.kinds[0].status},
                        }
                    },
                ]
            },
            headers=refusal.headers,
            kind=problems.CONTENT_TYPE,
        )
        for name, refusal in REFUSALS.items()
    }


def refused(*names: str) -> dict[str, Json]:
    """References to these and to what may be answered anywhere, by status."""
    own = {str(REFUSALS[name].kinds[0].status): name for name in names}
    return {
        status: {"$ref": f"#/components/responses/{name}"}
        for status, name in sorted((_ANYWHERE | own).items())
    }


def answer(
    when: str,
    schema: Json | None = None,
    *,
    headers: tuple[str, ...] = (),
    kind: str = "application/json",
) -> Json:
    """One answer."""
    told: Json = {"description": when}
    if headers:
        told["headers"] = {
            name: {"$ref": f"#/components/headers/{name}"} for name in headers
        }
    if schema is not None:
        told["content"] = {kind: {"schema": schema}}
    return told


def of_model(name: str) -> Json:
    """A reference to a schema."""
    return {"$ref": f"{_REF}{name}"}

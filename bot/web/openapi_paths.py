"""The paths of the document: what each takes, and every answer that it may give."""

from typing import Any

from bot.web import openapi_requests as requests
from bot.web.openapi_answers import answer, of_model, refused
from bot.web.openapi_examples import ALERTS, RECEIPT, SIGNALS
from bot.web.openapi_requests import HOOK_TOKEN, SIGNAL_ID
from bot.web.reading import ListQuery
from bot.web.signed import IntakeQuery

Json = dict[str, Any]

SIGNED: list[Json] = [
    {"provider": [], "plainTimestamp": [], "plainSignature": []},
    {"provider": [], "webhookId": [], "webhookTimestamp": [], "webhookSignature": []},
]
BEARER: list[Json] = [{"readToken": []}]
EVERYBODY: list[Json] = []


_PAIR = r"[A-Za-z_.]{1,40}=[^\n]*"
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag that you have.",
    "schema": {"type": "string"},
}
NOT_MODIFIED = answer("Nothing changed since that ETag.", headers=("ETag",))


def paths() -> Json:
    """All of them."""
    return {
        "/api/v1/signals": {"post": _send(), "get": _list()},
        "/api/v1/signals/{id}": {"get": _one()},
        "/hooks/tradingview/{token}": {"post": _alert()},
        "/media/{path}": {"get": _picture()},
        "/healthz": {"get": _alive()},
        "/readyz": {"get": _ready()},
        "/openapi.json": {"get": _document()},
        "/docs": {"get": _docs()},
    }


def _taken() -> Json:
    """What is answered to a signal that is good."""
    stored = answer("Stored durably.", of_model("Receipt"), headers=("Location",))
    stored["content"]["application/json"]["example"] = RECEIPT
    return {
        "201": stored | {"links": {"read": _READ}},
        "200": answer(
            "Stored before: the same receipt, with the present status.",
            of_model("Receipt"),
            headers=("Idempotency-Replayed",),
        ),
    }


_READ: Json = {
    "operationId": "readSignal",
    "parameters": {"id": "$response.body#/id"},
    "description": "Read it again later.",
}
_REFUSED = (
    "NotJson",
    "NotAuthentic",
    "TooSlow",
    "Conflict",
    "TooLarge",
    "UnsupportedMedia",
    "InvalidFields",
    "TooMany",
    "Unavailable",
)


def _send() -> Json:
    taken = _taken()
    receipts = {"oneOf": [of_model("Receipt"), of_model("Valid")]}
    taken["200"]["content"]["application/json"]["schema"] = receipts
    taken["200"]["description"] += " With dry_run: it would be accepted."
    return {
        "operationId": "sendSignal",
        "tags": ["Signals"],
        "summary": "Send a signal",
        "description": (
            "Opens a trade, or cancels, updates or closes an earlier one. "
            "Every problem with its fields is told at once."
        ),
        "security": SIGNED,
        "parameters": requests.query_parameters(IntakeQuery),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": of_model("Signal"),
                    "examples": SIGNALS,
                }
            },
        },
        "responses": taken | refused(*_REFUSED),
    }


def _alert() -> Json:
    return {
        "operationId": "sendAlert",
        "tags": ["TradingView"],
        "summary": "Send an alert of TradingView",
        "description": (
            "For the webhook of an alert: the secret is in the address, there are no "
            "headers. An order that leaves a position is a close, never an open to "
            "the other side; where the strategy turns round, what it held is closed "
            "first. A strategy's order must say `market_position`. The answer is there "
            "within two seconds, or it is a 503, which TradingView sends again."
        ),
        "security": EVERYBODY,
        "parameters": [
            _in_path("token", "What follows in the tradingview_url.", HOOK_TOKEN)
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": of_model("Alert"), "examples": ALERTS},
                "text/plain": {
                    "schema": {
                        "type": "string",
                        "pattern": f"^{_PAIR}(\\n{_PAIR})*$",
                        "description": "Lines of name=value, each name once.",
                    }
                },
            },
        },
        "responses": _taken()
        | refused(
            "NoSuchAddress", *(each for each in _REFUSED if each != "NotAuthentic")
        ),
    }


def _list() -> Json:
    return {
        "operationId": "listSignals",
        "tags": ["Reading"],
        "summary": "List your signals",
        "description": "In pages, newest first.",
        "security": BEARER,
        "parameters": requests.query_parameters(ListQuery),
        "responses": {"200": answer("One page.", of_model("Page"))}
        | refused("BadRequest", "NoReader", "InvalidFields", "Unavailable"),
    }


def _one() -> Json:
    return {
        "operationId": "readSignal",
        "tags": ["Reading"],
        "summary": "Read one signal",
        "description": "The receipt, with the present status and counts.",
        "security": BEARER,
        "parameters": [
            _in_path("id", "Our id, from the receipt.", SIGNAL_ID),
            IF_NONE_MATCH,
        ],
        "responses": {
            "200": answer("The receipt.", of_model("Receipt"), headers=("ETag",)),
            "304": NOT_MODIFIED,
        }
        | refused("BadRequest", "NoReader", "NotFound", "Unavailable"),
    }


def _picture() -> Json:
    picture = answer("The picture; it never changes.", headers=("ETag",))
    picture["content"] = {"image/png": {}}
    text = {"type": "string"}
    return {
        "operationId": "readPicture",
        "tags": ["Service"],
        "summary": "Fetch a chart",
        "description": "The signed link in `links.chart`; its path may hold slashes.",
        "security": EVERYBODY,
        "parameters": [
            _in_path("path", "The name of the picture.", text),
            *(
                {
                    "name": name,
                    "in": "query",
                    "required": True,
                    "description": "Part of the link.",
                    "schema": text,
                }
                for name in ("expires", "signature")
            ),
            IF_NONE_MATCH,
        ],
        "responses": {"200": picture, "304": NOT_MODIFIED}
        | refused("BadRequest", "LinkRefused", "NotFound"),
    }


def _alive() -> Json:
    return _open(
        "isAlive", "Is it alive?", {"200": answer("It answers.", of_model("Alive"))}
    )


def _ready() -> Json:
    return _open(
        "isReady",
        "May it have traffic?",
        {
            "200": answer("Yes; some part may be degraded.", of_model("Ready")),
            "503": answer("No: nothing can be stored.", of_model("Ready")),
        },
    )


def _document() -> Json:
    told = answer("This document.", {"type": "object"}, headers=("ETag",))
    answers = {"200": told, "304": NOT_MODIFIED}
    return _open("readDocument", "This document", answers, IF_NONE_MATCH)


def _docs() -> Json:
    told = answer("The page.", {"type": "string"}, headers=("ETag",), kind="text/html")
    answers = {"200": told, "304": NOT_MODIFIED}
    return _open("readDocs", "This document, to be read", answers, IF_NONE_MATCH)


def _open(name: str, summary: str, answers: Json, *parameters: Json) -> Json:
    """What everybody may ask."""
    return {
        "operationId": name,
        "tags": ["Service"],
        "summary": summary,
        "security": EVERYBODY,
        "parameters": list(parameters),
        "responses": answers | refused("BadRequest"),
    }


def _in_path(name: str, description: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }

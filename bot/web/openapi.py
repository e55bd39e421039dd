"""The API's OpenAPI 3.1 document, made of the models and settings that decide.

    schemas, answers      what fields look like, what is answered
    openapi_requests      what may be sent
    openapi_answers       answers, headers, problems
    openapi_paths         each path with its answers
    here                  who may, and the whole

``GET /openapi.json`` and ``tapgate openapi`` give it out, ``docs_page`` shows it.
"""

from typing import Any

from bot.web import openapi_answers as answers
from bot.web import openapi_requests as requests
from bot.web.context import WebLimits
from bot.web.openapi_paths import paths
from core.intake import IntakeRules

Json = dict[str, Any]

VERSION = "1"


def openapi(rules: IntakeRules, limits: WebLimits, public_url: str) -> Json:
    """The document of a service with these settings."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tapgate signals API",
            "version": VERSION,
            "summary": "Signed signals in, receipts out.",
            "description": _introduction(limits),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url.rstrip("/") or "/"}],
        "tags": _TAGS,
        "paths": paths(),
        "components": {
            "schemas": {
                **requests.signal_schemas(rules, limits),
                "Alert": requests.alert_schema(),
                **answers.answer_schemas(),
            },
            "responses": answers.refusals(),
            "headers": dict(answers.HEADERS),
            "securitySchemes": _schemes(limits),
        },
    }


_TAGS: list[Json] = [
    {"name": "Signals", "description": "Signed by the provider."},
    {"name": "TradingView", "description": "Alerts, by a secret address."},
    {"name": "Reading", "description": "With the read token; only your own signals."},
    {"name": "Service", "description": "Open to everybody."},
]


_WELCOME = """\
You send a signal; each subscriber is asked in Telegram; one tap becomes exactly one
order.

A signal that was answered with 201 is stored durably. Sending the same again is safe:
it is answered with 200, the same receipt and `Idempotency-Replayed: true`. After a
timeout, 429 or 503 send it again with the same `external_id`.

Every refusal is `application/problem+json`; compare its `type`, show its `detail`."""


def _introduction(limits: WebLimits) -> str:
    parts = [
        _WELCOME,
        f"A body has at most {limits.max_body_bytes:,} bytes and no Content-Encoding.",
    ]
    if limits.rate_per_minute:
        parts.append(
            f"{limits.rate_per_minute:,} signals a minute are taken, "
            f"{max(1, limits.rate_burst):,} of them at once, unless your provider has "
            "limits of its own."
        )
    if limits.open_signals:
        parts.append(
            f"At most {limits.open_signals:,} signals may be undecided at a time."
        )
    return "\n\n".join(parts)


def _schemes(limits: WebLimits) -> Json:
    tolerance = int(limits.timestamp_tolerance.total_seconds())
    near = f"Unix seconds, at most {tolerance} from our time."
    return {
        "provider": _header("X-Provider", "Your provider name, with either form."),
        "plainTimestamp": _header("X-Timestamp", near),
        "plainSignature": _header(
            "X-Signature",
            "Hexadecimal HMAC-SHA256 of `<timestamp>.` and the body as "
            "sent; the key is the secret as printed, `whsec_` included.",
        ),
        "webhookId": _header(
            "webhook-id",
            "1 to 128 of `A-Za-z0-9_-`; a message that is sent again keeps it.",
        ),
        "webhookTimestamp": _header("webhook-timestamp", near),
        "webhookSignature": _header(
            "webhook-signature",
            "Up to 8 signatures of `<id>.<timestamp>.` and the "
            "body, separated by blanks: `v1,` and base64 of HMAC-SHA256 with the bytes "
            "behind `whsec_`, or `v1a,` and base64 of Ed25519 with the key behind "
            "`whsk_`, whose `whpk_` we know.",
        ),
        "readToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "The read token that came with the secret.",
        },
    }


def _header(name: str, description: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}

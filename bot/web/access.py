"""Who sent a request: a provider by signature, or by read token.

Every failure has one answer, and an unknown or disabled provider costs the same
work as a known one with a wrong signature.
"""

import hmac
import re

import structlog
from aiohttp import web

from bot import signing
from bot.web.context import WebContext
from bot.web.problems import NOT_AUTHENTIC, Problem, unavailable
from core.desk.joining import hash_token
from core.desk.people import People
from core.errors import Refused
from core.ids import ProviderName
from core.users import Provider

_NAME = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)

log = structlog.get_logger()


def signer(
    context: WebContext, people: People, request: web.Request, body: bytes
) -> Provider:
    """The enabled provider who signed ``body``.

    Raises:
        Problem: 401; 503 when our own key cannot open the secret.
    """
    provider = _named(people, request)
    genuine = signing.verify(
        request.headers.items(),
        body,
        secrets=(_secret(context, provider),),
        now=context.tools.clock.now(),
        tolerance=context.limits.timestamp_tolerance,
    )
    if provider is None or not genuine:
        raise Problem(
            NOT_AUTHENTIC,
            "No enabled provider signed exactly this, at about this time.",
            headers={"WWW-Authenticate": "Signature"},
        )
    return provider


def _named(people: People, request: web.Request) -> Provider | None:
    names = request.headers.getall("X-Provider", [])
    if len(names) != 1 or not _NAME.fullmatch(names[0]):
        return None
    provider = people.providers.get(ProviderName(names[0]))
    return provider if provider is not None and provider.enabled else None


def _secret(context: WebContext, provider: Provider | None) -> str:
    try:
        return context.open_secret(provider)
    except Refused as refused:
        log.critical("provider_secret_closed", reason=refused.reason)
        detail = "Signatures cannot be checked now."
        raise unavailable(detail) from None


def reader(people: People, request: web.Request) -> Provider:
    """The enabled provider whose read token the request bears.

    Raises:
        Problem: 401.
    """
    kept = hash_token(_bearer(request))
    for provider in people.providers.values():
        if provider.enabled and hmac.compare_digest(provider.read_token_hash, kept):
            return provider
    raise Problem(
        NOT_AUTHENTIC,
        "Send Authorization: Bearer with the read token of an enabled provider.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _bearer(request: web.Request) -> str:
    headers = request.headers.getall("Authorization", [])
    match = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    return match[1] if match else ""

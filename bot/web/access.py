"""Who sent a request: a provider by signature, by read token, or by its address.

Every failure of one kind has one answer, and an unknown or disabled provider costs
the same work as a known one with a wrong signature. What was really wrong is noted
for the admins.
"""

import hmac
import re
import secrets
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot import keys as printed
from bot import signing
from bot.web.context import WebContext
from bot.web.problems import NOT_AUTHENTIC, Problem, unavailable
from core.desk.joining import hash_token
from core.desk.people import People
from core.errors import Refused
from core.ids import ProviderName
from core.refusals import RefusalCause
from core.users import Provider

_NAME = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)
_HOOK_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
_NOBODY = ""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who signed, and what the message calls itself."""

    provider: Provider
    webhook_id: str | None


class NotProved(Problem):
    """401: not proved to be anybody's. What was really wrong is for the admins."""

    def __init__(
        self, name: str, cause: RefusalCause, detail: str, *, scheme: str
    ) -> None:
        super().__init__(NOT_AUTHENTIC, detail, headers={"WWW-Authenticate": scheme})
        self.name = name
        self.cause = cause


class Access:
    """Tells who is asking."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._decoys = _Keys(
            secret=printed.new_secret(secrets.token_bytes(32)),
            public=printed.new_key_pair()[1],
        )
        self._people: People | None = None
        self._known: dict[str, list[_Key]] = {}

    def signer(self, people: People, request: web.Request, body: bytes) -> Signed:
        """The enabled provider who signed ``body``.

        A refusal is not noted here: ``people`` may have changed since.

        Raises:
            NotProved: nobody of these did.
            Problem: 503, our own key cannot open the secret.
        """
        name = _given_name(request)
        known = people.providers.get(ProviderName(name)) if name else None
        provider = known if known is not None and known.enabled else None
        keys = self._keys(people, provider)
        finding = signing.verify(
            request.headers,
            body,
            keys=[key.ready for key in keys],
            now=self._context.tools.clock.now(),
            tolerance=self._context.limits.timestamp_tolerance,
        )
        cause = self._cause(name, known, keys, finding)
        if cause is None and provider is not None and finding is not None:
            return Signed(provider=provider, webhook_id=finding.webhook_id)
        detail = "No enabled provider signed exactly this, at about this time."
        raise NotProved(name, cause or RefusalCause.FORGED, detail, scheme="Signature")

    def note(self, request: web.Request, refusal: NotProved) -> None:
        """Count a refusal that stands."""
        address = self._context.proxies.address(request)
        self._context.refusals.note(refusal.name, refusal.cause, address)

    def _keys(self, people: People, provider: Provider | None) -> "list[_Key]":
        """As ``_opened``, once for each state of people; nobody is one, too."""
        if people is not self._people:
            self._people, self._known = people, {}
        name = _NOBODY if provider is None else provider.id
        if name not in self._known:
            self._known[name] = self._opened(provider)
        return self._known[name]

    def _opened(self, provider: Provider | None) -> "list[_Key]":
        """Two secrets and two public keys, whatever the provider has."""
        try:
            opened = self._context.open_secrets(provider)
        except Refused as refused:
            log.critical("provider_secret_closed", reason=refused.reason)
            detail = "Signatures cannot be checked now."
            raise unavailable(detail) from None
        public = (
            (provider.public_key, provider.former_public_key)
            if provider is not None
            else (None, None)
        )
        return [
            _Key(ready=signing.Key(text or decoy), real=text is not None, former=former)
            for texts, decoy in (
                (opened, self._decoys.secret),
                (public, self._decoys.public),
            )
            for text, former in zip(texts, (False, True), strict=True)
        ]

    def _cause(
        self,
        name: str,
        known: Provider | None,
        keys: "list[_Key]",
        finding: signing.Finding | None,
    ) -> RefusalCause | None:
        """What is wrong; ``None`` when it is a provider's."""
        if known is None:
            return RefusalCause.UNKNOWN if name else RefusalCause.UNNAMED
        if finding is None or not known.enabled:
            return RefusalCause.DISABLED if finding else RefusalCause.UNSIGNED
        key = None if finding.key is None else keys[finding.key]
        if key is None or not key.real:
            return RefusalCause.FORGED
        if key.former and self._over(known):
            return RefusalCause.RETIRED
        return None if finding.fresh else RefusalCause.STALE

    def _over(self, provider: Provider) -> bool:
        """Whether the time of the former key is over."""
        until = provider.former_until
        return until is None or self._context.tools.clock.now() >= until

    def reader(self, people: People, request: web.Request) -> Provider:
        """The enabled provider whose read token the request bears.

        Raises:
            Problem: 401.
        """
        kept = hash_token(_bearer(request))
        for provider in people.providers.values():
            if provider.enabled and hmac.compare_digest(provider.read_token_hash, kept):
                return provider
        detail = (
            "Send Authorization: Bearer with the read token of an enabled provider."
        )
        refusal = NotProved(_NOBODY, RefusalCause.READER, detail, scheme="Bearer")
        self.note(request, refusal)
        raise refusal

    def hooked(self, people: People, request: web.Request, token: str) -> Provider:
        """The enabled provider whose address for TradingView this is.

        Raises:
            Problem: 401.
        """
        good = bool(_HOOK_TOKEN.fullmatch(token))
        kept = hash_token(token if good else _NOBODY)
        found = None
        for provider in people.providers.values():
            if provider.hook_token_hash is None or not provider.enabled:
                continue
            if good and hmac.compare_digest(provider.hook_token_hash, kept):
                found = provider
        if found is None:
            raise self._hook_refusal(request, _NOBODY, RefusalCause.HOOK)
        if not self._context.proxies.tradingview(
            request, self._context.tools.clock.now()
        ):
            raise self._hook_refusal(request, found.id, RefusalCause.CERTIFICATE)
        return found

    def _hook_refusal(
        self, request: web.Request, name: str, cause: RefusalCause
    ) -> Problem:
        detail = "No enabled provider has this address."
        refusal = NotProved(name, cause, detail, scheme="Address")
        self.note(request, refusal)
        return refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """What stands where a provider has no key, so that the work is the same."""

    secret: str
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    ready: signing.Key
    real: bool
    former: bool


def _given_name(request: web.Request) -> str:
    names = request.headers.getall("X-Provider", [])
    return names[0] if len(names) == 1 and _NAME.fullmatch(names[0]) else _NOBODY


def _bearer(request: web.Request) -> str:
    headers = request.headers.getall("Authorization", [])
    match = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    return match[1] if match else ""

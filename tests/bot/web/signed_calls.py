"""Hooks for Schemathesis: it invents the requests, here they are signed.

Loaded by its command line through ``SCHEMATHESIS_HOOKS``, see ``test_conformance``.
"""

from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase
from typing_extensions import override

from bot import signing
from tests.bot.web.service import SECRET, TOKEN
from tests.fakes import NOON

PENDING = {"X-Provider": "demo", "X-Timestamp": "0", "X-Signature": "pending"}
OTHER_FORM = ("webhook-id", "webhook-timestamp", "webhook-signature")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Signature(AuthBase):
    """Signs the bytes that are really sent."""

    @override
    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        for name in OTHER_FORM:
            request.headers.pop(name, None)
        timestamp = int(NOON.timestamp())
        request.headers.update(signing.sign_plain(SECRET, timestamp, content))
        return request


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """Says who is asking."""

    def get(self, case: Any, _context: Any) -> dict[str, str]:
        return BEARER if case.method == "GET" else PENDING

    def set(self, case: Any, data: dict[str, str], _context: Any) -> None:
        case.headers = {**(case.headers or {}), **data}


@schemathesis.hook
def before_call(_context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Have it signed once its body is known; the checks' own probes are not."""
    if (case.headers or {}).get("X-Signature") == PENDING["X-Signature"]:
        kwargs["auth"] = Signature()

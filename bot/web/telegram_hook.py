"""``POST /telegram/webhook``: an update is in the inbox before Telegram hears 200.

Whatever else is answered, Telegram keeps the update and sends it again. Who sends is
known by the secret that Telegram was given, and by nothing else: an address, and what
a header says of one, prove nothing. Handling goes on behind the answer, so nobody's
slow broker holds up what others tap.
"""

import hmac
import json
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web

from bot.web.bodies import check_head, read_body
from bot.web.context import TelegramIntake, WebLimits
from bot.web.problems import NOT_AUTHENTIC, NOT_JSON, Problem, unavailable

PATH = "/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
MOST_BYTES = 1_048_576
"""Of one update: one that is refused comes again, and holds up those behind it."""
_IDS = range(2**63)

log = structlog.get_logger()


class TelegramHook:
    """The handler, with what it works with."""

    def __init__(self, limits: WebLimits, intake: TelegramIntake) -> None:
        self._limits = replace(limits, max_body_bytes=MOST_BYTES)
        self._intake = intake

    async def post(self, request: web.Request) -> web.Response:
        """Take one update."""
        if not self._is_telegram(request):
            detail = "Nothing was taken."
            raise Problem(NOT_AUTHENTIC, detail)
        if not self._intake.open():
            detail = "The service starts or ends; send it again."
            raise unavailable(detail)
        check_head(request, self._limits)
        body = await read_body(request, self._limits)
        update, text = _parsed(body)
        await self._intake.take(update, text)
        return web.Response()

    def _is_telegram(self, request: web.Request) -> bool:
        """Whether the secret is there, once, and ours; compared in constant time."""
        given = request.headers.getall(HEADER, [])
        if len(given) != 1 or not self._intake.secret:
            return False
        shown = given[0].encode("utf-8", "surrogateescape")
        return hmac.compare_digest(shown, self._intake.secret.encode())


def _parsed(body: bytes) -> tuple[dict[str, Any], str]:
    """An update, and its text as it came.

    Raises:
        Problem: 400, it is none; the log does not say what it was.
    """
    try:
        text = body.decode()
        update = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_taken(body) from None
    if not isinstance(update, dict) or not _is_id(update.get("update_id")):
        raise _not_taken(body)
    return update, text


def _is_id(value: object) -> bool:
    return type(value) is int and value in _IDS  # True is an int, and no id


def _not_taken(body: bytes) -> Problem:
    log.warning("update_not_taken", bytes=len(body))
    return Problem(NOT_JSON, "An update is an object with a whole update_id.")

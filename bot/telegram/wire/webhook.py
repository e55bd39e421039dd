"""Telegram's webhook: set where it differs, looked at again and again.

    look   getWebhookInfo -> where it differs, setWebhook -> what was set, to the audit

Telegram never tells the secret back. So the audit keeps a fingerprint of all that was
set last, and another one means that it is to be set anew; so does a 401 that Telegram
got from us. Updates that wait are never dropped. A failure stops nothing: it is told,
and tried again, later and later.
"""

import hmac
import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import SetWebhook, TelegramMethod
from pydantic import BaseModel

from bot.tasks import pause
from bot.telegram.wire.receiver import NO_ANSWER, SILENT, WANTED
from bot.webhook import WebhookPlan
from core.desk.tools import Tools
from core.errors import JournalUnavailable
from core.messages import AuditEntry
from core.ports import Record

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
"""How often we look whether it stands and works."""
SOON = timedelta(seconds=5)
"""The same while it does not work."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=1)
CONNECTIONS = 40
"""How many updates Telegram may post at the same time."""
LATELY = timedelta(minutes=2)
"""How long a failed delivery counts as trouble while updates wait."""
NOT_REACHED = "The webhook cannot be looked after: Telegram does not answer."
NOT_STORED = "The webhook cannot be looked after: the database does not answer."
_SET = "webhook_set"
_LONGEST_REASON = 200


class Found(BaseModel):
    """The webhook as Telegram tells it; another server may tell less."""

    url: str = ""
    pending_update_count: int = 0
    last_error_date: int | None = None
    last_error_message: str = ""
    max_connections: int | None = None
    allowed_updates: list[str] | None = None


class FetchWebhook(TelegramMethod[Found]):
    """What stands at Telegram now."""

    __returning__: ClassVar[Any] = Found
    __api_method__: ClassVar[str] = "getWebhookInfo"


class Webhook:
    """Keeps Telegram posting to us."""

    def __init__(self, tools: Tools, bot: Bot, plan: WebhookPlan) -> None:
        self._tools = tools
        self._bot = bot
        self.plan = plan
        self._failures = 0
        self._trouble = ""
        self._set_at: datetime | None = None
        self._last_answer: timedelta | None = None

    async def run(self) -> None:
        """Look after it for ever."""
        while True:
            await pause(await self.look())

    async def look(self) -> timedelta:
        """Set it if it has to be; returns how long to wait before the next look."""
        try:
            found = await self._bot(FetchWebhook())
            if not await self._stands(found):
                await self._set()
        except TelegramRetryAfter as told:
            return self._failed(_reason(told), timedelta(seconds=told.retry_after))
        except AiogramError as failure:
            return self._failed(_reason(failure))
        except JournalUnavailable:
            return self._failed(NOT_STORED)
        self._failures = 0
        self._last_answer = self._tools.clock.monotonic()
        self._trouble = _undelivered(found, self._tools.clock.now())
        return SOON if self._trouble else EVERY

    def trouble(self) -> str:
        """What is wrong with it, as a sentence; empty while all is well."""
        now = self._tools.clock.monotonic()
        silent = self._last_answer is None or now - self._last_answer > SILENT
        return self._trouble or (NO_ANSWER if silent else "")

    def _failed(self, reason: str, at_least: timedelta = FIRST_WAIT) -> timedelta:
        log.warning("webhook_not_set", reason=reason)
        self._trouble = reason
        wait = min(FIRST_WAIT * (1 << self._failures), LONGEST_WAIT)
        self._failures = min(self._failures + 1, 10)
        return max(wait, at_least)

    async def _stands(self, found: Found) -> bool:
        """Whether Telegram posts where, what and how we want it."""
        kinds, most = found.allowed_updates, found.max_connections
        return (
            found.url == self.plan.url
            and (kinds is None or set(kinds) == set(WANTED))
            and (most is None or most == CONNECTIONS)
            and not self._was_refused(found)
            and await self._set_last() == self._fingerprint()
        )

    def _was_refused(self, found: Found) -> bool:
        """Whether updates wait because Telegram knows another secret than we do."""
        if not found.pending_update_count or " 401 " not in found.last_error_message:
            return False
        since = self._set_at
        return since is None or (found.last_error_date or 0) > since.timestamp()

    async def _set_last(self) -> str:
        entries = await self._tools.journal.find(
            AuditEntry, action=_SET, order_by="-id", limit=1
        )
        return json.loads(entries[0].detail)["fingerprint"] if entries else ""

    def _fingerprint(self) -> str:
        """Of all that is set; under the token, so that it gives no secret away."""
        what = "\n".join((self.plan.url, self.plan.secret, *WANTED, str(CONNECTIONS)))
        return hmac.digest(self._bot.token.encode(), what.encode(), "sha256").hex()

    async def _set(self) -> None:
        await self._bot(
            SetWebhook(
                url=self.plan.url,
                secret_token=self.plan.secret,
                allowed_updates=WANTED,
                max_connections=CONNECTIONS,
            )
        )
        self._set_at = self._tools.clock.now()
        log.info(_SET, url=self.plan.url)
        await self._tools.journal.commit(
            Record(
                actor="configuration",
                action=_SET,
                subject="telegram",
                detail={"url": self.plan.url, "fingerprint": self._fingerprint()},
            )
        )


def _reason(failure: AiogramError) -> str:
    if isinstance(failure, TelegramNetworkError | TelegramServerError):
        return NOT_REACHED
    if not isinstance(failure, TelegramAPIError):
        return NOT_REACHED
    return f"Telegram does not take the webhook: {_quoted(failure.message)}"


def _undelivered(found: Found, now: datetime) -> str:
    """What Telegram says of its last delivery, while updates wait for one."""
    failed_at = found.last_error_date
    if not found.pending_update_count or failed_at is None:
        return ""
    if now.timestamp() - failed_at > LATELY.total_seconds():
        return ""
    return (
        f"{found.pending_update_count} updates wait, because Telegram cannot deliver "
        f"them: {_quoted(found.last_error_message)} Check [service] public_url, its "
        "certificate, and what stands in front of the service."
    )


def _quoted(text: str) -> str:
    """A server's words as the end of a sentence."""
    clean = "".join(each for each in text if each.isprintable())[:_LONGEST_REASON]
    return f"{clean.rstrip('.') or 'it does not say why'}."

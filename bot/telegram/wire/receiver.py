"""Telegram's updates, committed before they are acknowledged, handled in order.

    poll     getUpdates -> inbox rows, committed -> only then the next offset
    receive  what Telegram posts -> an inbox row, committed -> only then the 200
    handle   one queue per person: taps of one person never overtake each other,
             those of different people never wait for each other

An update that comes twice, by one way or by both, meets its row and acts once. A
process that dies in between finds the rows and handles them after the start. A tap
names what it answers and changes nothing twice, and most commands only tell or ask, so
they are handled however late. A command that acts at once and is old by then, or that
waited at Telegram while we were away, is reported to its sender instead.
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramRetryAfter,
)
from aiogram.methods import DeleteWebhook

from bot.tasks import Nursery, pause
from bot.telegram.wire.calls import FetchUpdates
from core.desk.tools import Tools
from core.errors import TapgateError
from core.ids import UserId
from core.messages import InboxUpdate, NoticeKind
from core.ports import Insert, Save, Write
from core.users import User

log = structlog.get_logger()

POLL = timedelta(seconds=25)
"""How long Telegram holds an empty poll."""
RETRY = timedelta(seconds=1)
SILENT = timedelta(seconds=60)
"""How long Telegram may say nothing before it counts as trouble."""
DISPUTED = timedelta(seconds=60)
"""How long we tell of another instance after it was last noticed."""
ACTS_AT_ONCE = frozenset({"/rearm"})
"""Commands without a question of their own: much may have changed since."""
LATE = timedelta(minutes=1)
"""Age above which such a command of an earlier process is no longer carried out."""
WAITED = timedelta(minutes=10)
"""The same by Telegram's clock, from which ours may differ."""
WANTED = ["message", "callback_query", "my_chat_member"]

NO_ANSWER = "Telegram has not answered for a while."
OTHER_INSTANCE = (
    "Another instance of this bot takes the updates (409 Conflict): end it, or give it "
    "a token of its own."
)
_LARGEST_ID = 2**63 - 1
_MOMENTS = range(2**33)
"""Seconds since 1970 that are a time; what comes from outside may be anything."""

Handle = Callable[[InboxUpdate], Awaitable[None]]


class Receiver:
    """Brings updates in and hands each to ``handle`` once it is durable."""

    def __init__(
        self, tools: Tools, bot: Bot, nursery: Nursery, handle: Handle
    ) -> None:
        self._tools = tools
        self._bot = bot
        self._nursery = nursery
        self._handle = handle
        self._waiting: dict[UserId, deque[InboxUpdate]] = {}
        self._under_way: set[int] = set()
        """The ids of what was handed on and is not done."""
        self._offset: int | None = None
        self._resumed = self._ending = self._took_webhook_away = False
        self._disputed_at: timedelta | None = None
        """When somebody else was noticed, by the monotonic clock."""
        self.last_answer: timedelta | None = None
        """When Telegram last answered us here, by the monotonic clock."""

    async def resume(self) -> int:
        """Hand on what an earlier process received but did not finish."""
        left = await self._tools.journal.find(
            InboxUpdate, done_at=None, order_by="received_at"
        )
        for update in left:
            await self._take(update)
        self._resumed = True
        return len(left)

    @property
    def open(self) -> bool:
        """Whether what Telegram posts can be taken: earlier updates come first."""
        return self._resumed and not self._ending

    def close(self) -> None:
        """Hand nothing on any more: what still comes in is for the next start."""
        self._ending = True

    async def _take(self, update: InboxUpdate) -> None:
        if self._ending or update.id in self._under_way:
            return
        if self._came_too_late(update):
            await self._decline(update)
        else:
            self.hand_on(update)

    def _came_too_late(self, update: InboxUpdate) -> bool:
        now = self._tools.clock.now()
        late = now - update.received_at > LATE or now - sent_at(update) > WAITED
        return late and command_of(update) in ACTS_AT_ONCE

    async def _decline(self, update: InboxUpdate) -> None:
        """Not carried out, and said so where we know the sender."""
        writes: list[Write] = [
            Save(replace(update, done_at=self._tools.clock.now())),
        ]
        if await self._tools.journal.get(User, update.user_id) is not None:
            writes.append(
                self._tools.notice(
                    NoticeKind.COMMAND_LATE,
                    str(update.user_id),
                    to=update.user_id,
                    detail=command_of(update),
                )
            )
        await self._tools.journal.commit(*writes)
        log.warning("command_too_late", update_id=update.id)

    async def run(self) -> None:
        """Poll for ever; a failed poll is tried again."""
        await self._take_webhook_away()
        while True:
            await self._round()

    async def _take_webhook_away(self) -> None:
        """As long as there is one, Telegram refuses every poll."""
        try:
            await self._bot(DeleteWebhook())
        except AiogramError as failure:
            log.info("webhook_not_deleted", reason=type(failure).__name__)
        else:
            self._took_webhook_away = True
            self.last_answer = self._tools.clock.monotonic()

    async def _round(self) -> None:
        asked = self._tools.clock.monotonic()
        try:
            came = await self.poll()
        except TelegramRetryAfter as told:
            await pause(timedelta(seconds=told.retry_after))
        except AiogramError as failure:
            log.warning("poll_failed", reason=type(failure).__name__)
            await self._mind(failure)
            await pause(RETRY)
        else:
            if not came and self._tools.clock.monotonic() - asked < RETRY:
                await pause(RETRY)  # some servers do not hold an empty poll

    async def _mind(self, failure: AiogramError) -> None:
        """Somebody else polls, or a webhook stands: an old one, or somebody's."""
        if not isinstance(failure, TelegramConflictError):
            return
        webhook = "webhook" in failure.message.lower()
        if self._took_webhook_away or not webhook:
            self._disputed_at = self._tools.clock.monotonic()
        if webhook:
            await self._take_webhook_away()

    def trouble(self) -> str:
        """What is wrong with polling, as a sentence; empty while all is well."""
        now = self._tools.clock.monotonic()
        if self._disputed_at is not None and now - self._disputed_at <= DISPUTED:
            return OTHER_INSTANCE
        silent = self.last_answer is None or now - self.last_answer > SILENT
        return NO_ANSWER if silent else ""

    async def poll(self) -> int:
        """One poll; returns how many updates came."""
        seconds = int(POLL.total_seconds())
        updates = await self._bot(
            FetchUpdates(offset=self._offset, timeout=seconds, allowed_updates=WANTED),
            request_timeout=seconds + 10,
        )
        self.last_answer = self._tools.clock.monotonic()
        rows = [self._row(update) for update in updates]
        await self.accept(rows)
        if rows:
            self._offset = int(rows[-1].id) + 1
        return len(rows)

    async def receive(self, update: dict[str, Any], body: str) -> None:
        """Take one update that Telegram posted; when this returns it is durable."""
        await self.accept([self._row(update, body)])

    async def accept(self, rows: list[InboxUpdate]) -> None:
        """Commit updates, then hand on those that nobody handles or handled.

        A known one may be new all the same: the answer to its commit was lost.
        """
        if not rows:
            return
        known = await self._tools.journal.accept([[Insert(row)] for row in rows])
        for row, duplicate in zip(rows, known, strict=True):
            if duplicate is None:
                await self._take(row)
            elif row.id not in self._under_way:
                await self._take_if_left(row.id)

    async def _take_if_left(self, update_id: int) -> None:
        self._under_way.add(update_id)  # nobody else takes it while we look
        try:
            kept = await self._tools.journal.get(InboxUpdate, update_id)
        finally:
            self._under_way.discard(update_id)
        if kept is not None and kept.done_at is None:
            await self._take(kept)

    def _row(self, update: dict[str, Any], body: str = "") -> InboxUpdate:
        return InboxUpdate(
            id=update["update_id"],
            user_id=UserId(sender_of(update)),
            body=body or json.dumps(update),
            received_at=self._tools.clock.now(),
            done_at=None,
        )

    def hand_on(self, update: InboxUpdate) -> None:
        """Put an update behind the earlier ones of the same person."""
        self._under_way.add(update.id)
        queue = self._waiting.get(update.user_id)
        if queue is not None:
            queue.append(update)
            return
        self._waiting[update.user_id] = deque([update])
        name = f"updates:{update.user_id}"
        self._nursery.start(name, self._serve(update.user_id))

    async def _serve(self, user_id: UserId) -> None:
        queue = self._waiting[user_id]
        try:
            while queue:
                update = queue.popleft()
                await self._one(update)
                self._under_way.discard(update.id)
        finally:
            del self._waiting[user_id]

    async def _one(self, update: InboxUpdate) -> None:
        try:
            await self._handle(update)
        except Exception:  # supervised edge: one bad update must not stop the rest
            log.exception("update_failed", update_id=update.id)
        done = replace(update, done_at=self._tools.clock.now())
        try:
            await self._tools.journal.commit(Save(done))
        except TapgateError:  # it comes again after the next start
            log.exception("update_not_marked", update_id=update.id)


def sent_at(update: InboxUpdate) -> datetime:
    """When a message was sent, by Telegram's clock; of anything else, when it came."""
    unix = _message(update).get("date")
    if type(unix) is not int or unix not in _MOMENTS:
        return update.received_at
    return datetime.fromtimestamp(unix, UTC)


def _message(update: InboxUpdate) -> dict[str, Any]:
    found = json.loads(update.body).get("message")
    return found if isinstance(found, dict) else {}


def command_of(update: InboxUpdate) -> str:
    """``/panic`` for ``/panic@bot demo``; empty where an update is no command."""
    text = _message(update).get("text")
    if not isinstance(text, str) or not text.startswith("/"):
        return ""
    return text.split(maxsplit=1)[0].partition("@")[0]


def sender_of(update: dict[str, Any]) -> int:
    """The numeric id of whoever caused an update; 0 for nobody in particular."""
    for kind in WANTED:
        part = update.get(kind)
        sender = part.get("from") if isinstance(part, dict) else None
        number = sender.get("id") if isinstance(sender, dict) else None
        if type(number) is int and abs(number) <= _LARGEST_ID:
            return number
    return 0

"""Telegram's updates, committed before they are acknowledged, handled in order.

    poll     getUpdates -> inbox rows, committed -> only then the next offset
    handle   one queue per person: taps of one person never overtake each other,
             those of different people never wait for each other

A process that dies in between finds the rows and handles them after the start. A tap
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
from aiogram.exceptions import AiogramError, TelegramRetryAfter
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
ACTS_AT_ONCE = frozenset({"/rearm"})
"""Commands without a question of their own: much may have changed since."""
LATE = timedelta(minutes=1)
"""Age above which such a command of an earlier process is no longer carried out."""
WAITED = timedelta(minutes=10)
"""The same by Telegram's clock, from which ours may differ."""
WANTED = ["message", "callback_query", "my_chat_member"]

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
        self.last_answer: timedelta | None = None
        """When Telegram last answered us here, by the monotonic clock."""

    async def resume(self) -> int:
        """Hand on what an earlier process received but did not finish."""
        left = await self._tools.journal.find(
            InboxUpdate, done_at=None, order_by="received_at"
        )
        for update in left:
            await self._take(update)
        return len(left)

    async def _take(self, update: InboxUpdate) -> None:
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
        try:
            await self._bot(DeleteWebhook())
            self.last_answer = self._tools.clock.monotonic()
        except AiogramError as failure:
            log.info("webhook_not_deleted", reason=type(failure).__name__)
        while True:
            asked = self._tools.clock.monotonic()
            try:
                came = await self.poll()
            except TelegramRetryAfter as told:
                await pause(timedelta(seconds=told.retry_after))
            except AiogramError as failure:
                log.warning("poll_failed", reason=type(failure).__name__)
                await pause(RETRY)
            else:
                if not came and self._tools.clock.monotonic() - asked < RETRY:
                    await pause(RETRY)  # some servers do not hold an empty poll

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
                await self._hand_on_if_left(row.id)

    async def _hand_on_if_left(self, update_id: int) -> None:
        kept = await self._tools.journal.get(InboxUpdate, update_id)
        if kept is not None and kept.done_at is None:
            await self._take(kept)

    def _row(self, update: dict[str, Any]) -> InboxUpdate:
        return InboxUpdate(
            id=update["update_id"],
            user_id=UserId(sender_of(update)),
            body=json.dumps(update),
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
    return update.received_at if unix is None else datetime.fromtimestamp(unix, UTC)


def _message(update: InboxUpdate) -> dict[str, Any]:
    return json.loads(update.body).get("message") or {}


def command_of(update: InboxUpdate) -> str:
    """``/panic`` for ``/panic@bot demo``; empty where an update is no command."""
    text = _message(update).get("text") or ""
    word = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    return str(word.partition("@")[0])


def sender_of(update: dict[str, Any]) -> int:
    """The numeric id of whoever caused an update; 0 for nobody in particular."""
    for kind in WANTED:
        sender = (update.get(kind) or {}).get("from")
        if sender is not None:
            return int(sender["id"])
    return 0

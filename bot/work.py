"""Does the outbox's work: proposals and orders, each once it is due.

Every item runs in a task of its own, so that an order at a slow broker delays
nobody else's. What fails goes back with a later due time; it is never dropped.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.tasks import Bell, Nursery
from core.desk.executing import execute
from core.desk.prompting import propose
from core.desk.resolving import adopt, not_placed
from core.desk.tools import Tools
from core.errors import Conflict, LeaseLost, Refused
from core.ids import OrderId, SignalId
from core.messages import WORK, OutboxItem, Topic
from core.ports import Save

log = structlog.get_logger()

AT_ONCE = 16
HOLD = timedelta(minutes=10)
"""How long a claimed item is ours: longer than any send may take."""
IDLE = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(seconds=60)


class Worker:
    """Claims due work and does it."""

    def __init__(
        self, tools: Tools, nursery: Nursery, *, bell: Bell, look: Callable[[], None]
    ) -> None:
        self._tools = tools
        self._nursery = nursery
        self._bell = bell
        self._look = look
        self._free = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            if not await self.take():
                await self._bell.wait(IDLE)

    async def take(self) -> int:
        """Start what is due, as far as there is room; returns how many items."""
        await self._free.acquire()
        self._free.release()
        items = await self._tools.journal.claim(WORK, limit=AT_ONCE, hold=HOLD)
        for item in items:
            self._nursery.start(f"{item.topic}:{item.subject}", self._guarded(item))
        return len(items)

    async def _guarded(self, item: OutboxItem) -> None:
        async with self._free:
            await self.do(item)

    async def do(self, item: OutboxItem) -> None:
        """Do one item; done, or due again later."""
        now = self._tools.clock.now()
        try:
            answer = await self._act(item)
        except (Conflict, LeaseLost) as passing:
            log.info("work_again", topic=item.topic, reason=str(passing))
            after = replace(item, due_at=now + IDLE, claimed_until=None)
        except Exception:  # supervised edge: a poisoned item must not stop the rest
            log.exception("work_failed", topic=item.topic, subject=item.subject)
            wait = min(LONGEST_WAIT, timedelta(seconds=2**item.attempts))
            after = replace(
                item, due_at=now + wait, attempts=item.attempts + 1, claimed_until=None
            )
        else:
            after = replace(
                item,
                detail=answer,
                done_at=self._tools.clock.now(),
                claimed_until=None,
            )
        await self._tools.journal.commit(Save(after))

    async def _act(self, item: OutboxItem) -> str:
        """Do what the item asks for; returns what to tell whoever asked."""
        match item.topic:
            case Topic.PROPOSE:
                await propose(self._tools, SignalId(item.subject))
            case Topic.EXECUTE:
                await execute(self._tools, OrderId(item.subject))
                self._look()
            case _:
                return await self._settle(item)
        return item.detail

    async def _settle(self, item: OutboxItem) -> str:
        """What a person says of a parked order; a refusal is an answer too."""
        answer = adopt if item.topic is Topic.ADOPT else not_placed
        order_id = OrderId(item.subject)
        try:
            return await answer(self._tools, order_id, by=None, reason=item.detail)
        except Refused as refusal:
            return refusal.reason

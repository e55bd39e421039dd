"""Does the outbox's work: proposals and orders, each once it is due.

Every item runs in a task of its own, and each lane has workers of its own: a burst
of signals delays no order, an order at a slow broker delays nobody else's. What
fails goes back with a later due time; it is never dropped.
"""

import asyncio
from collections import defaultdict
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
from core.ids import AccountId, OrderId, SignalId
from core.messages import WORK, OutboxItem, Topic
from core.orders import Order
from core.ports import Save

log = structlog.get_logger()

ORDERS = WORK - {Topic.PROPOSE}
PROPOSALS = frozenset({Topic.PROPOSE})
AT_ONCE = {PROPOSALS: 16, ORDERS: 256}
"""Items of a lane under way together: room for all that a fired guard closes at
a broker that hangs, and for the orders of others."""
SENDS_AT_ONCE = 4
"""Orders of one account that are sent together. The rest wait here, before their intent
is committed: at the broker they would wait inside the deadline of their call."""
HOLD = timedelta(seconds=30)
"""How long a claimed item is ours. Doing one twice is harmless: its row says where
it stands. A process that died must not hold a close for long."""
IDLE = timedelta(milliseconds=500)
LONGEST_WAIT = timedelta(seconds=60)


class Worker:
    """Claims due work of some topics and does it, at most ``at_once`` at a time."""

    def __init__(
        self,
        tools: Tools,
        nursery: Nursery,
        topics: frozenset[Topic],
        *,
        at_once: int,
        bell: Bell,
        look: Callable[[], None],
    ) -> None:
        self._tools = tools
        self._nursery = nursery
        self._topics = topics
        self._at_once = at_once
        self._bell = bell
        self._look = look
        self._busy = 0
        self._turns: defaultdict[AccountId, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(SENDS_AT_ONCE)
        )

    async def run(self) -> None:
        """Work for ever."""
        while True:
            if not await self.take():
                await self._bell.wait(IDLE)

    async def take(self) -> int:
        """Start what is due, as far as there is room; returns how many items."""
        room = self._at_once - self._busy
        if not room:
            return 0
        items = await self._tools.journal.claim(self._topics, limit=room, hold=HOLD)
        for item in items:
            self._busy += 1
            self._nursery.start(f"{item.topic}:{item.subject}", self._counted(item))
        return len(items)

    async def _counted(self, item: OutboxItem) -> None:
        try:
            await self.do(item)
        finally:
            self._busy -= 1
            self._bell.ring()

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
            wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(item.attempts, 6)))
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
                await self._execute(OrderId(item.subject))
            case _:
                return await self._settle(item)
        return item.detail

    async def _execute(self, order_id: OrderId) -> None:
        order = await self._tools.journal.get(Order, order_id)
        if order is None:
            return
        async with self._turns[order.account_id]:
            await execute(self._tools, order_id)
        self._look()
        await self._tell("order_outcome", order_id)

    async def _tell(self, event: str, order_id: OrderId) -> None:
        """Log where an order stands."""
        order = await self._tools.journal.get(Order, order_id)
        if order is not None:
            log.info(
                event,
                order=order.id,
                state=order.state.value,
                kind=order.kind.value,
                account=order.account_id,
                signal=order.signal_id,
                reason=order.reason,
            )

    async def _settle(self, item: OutboxItem) -> str:
        """What a person says of a parked order; a refusal is an answer too."""
        answer = adopt if item.topic is Topic.ADOPT else not_placed
        order_id = OrderId(item.subject)
        try:
            said = await answer(self._tools, order_id, by=None, reason=item.detail)
        except Refused as refusal:
            return refusal.reason
        await self._tell("order_settled", order_id)
        return said

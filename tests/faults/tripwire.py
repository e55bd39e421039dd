"""Wrappers that end the process at one named moment, as ``kill -9`` would.

They also write down each step that was passed, so that a test knows what happened
before the end and that the moment came at all.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from typing_extensions import override

from core.accounts import GuardState
from core.broker import (
    BrokerRequest,
    CancelRequest,
    CloseRequest,
    ModifyRequest,
    OpenRequest,
    OrderLookup,
    OrderResult,
)
from core.errors import Duplicate, OutcomeUnknown
from core.ids import UserId
from core.messages import Lease, OutboxItem, Topic
from core.orders import Send
from core.ports import (
    Broker,
    Charts,
    EquityChart,
    Journal,
    Media,
    Save,
    SignalChart,
    Write,
)
from tests.faults.passing import PassingBroker, PassingJournal
from tests.faults.steps import METHODS, Moment, Named, Step, step_of, step_of_guard


@dataclass(frozen=True, slots=True)
class Kill:
    """Where a life ends: the ``hit``-th time that it comes there."""

    step: Step
    moment: Moment
    hit: int = 1

    @override
    def __str__(self) -> str:
        times = f" {self.hit}" if self.hit > 1 else ""
        return f"{self.moment} {self.step}{times}"


class Tripwire:
    """Notes each step that is passed, and kills at the chosen one."""

    def __init__(self, notes: Path, kill: Kill | None) -> None:
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._kill = kill
        self._passed: Counter[tuple[Step, Moment]] = Counter()
        self.sent_here: set[int] = set()
        """Magic numbers that were sent in this life."""

    def says(self, line: str) -> None:
        """Add a line to the notes."""
        os.write(self._notes, f"{line}\n".encode())

    def passes(self, step: Step, moment: Moment, what: str = "") -> None:
        """Come by a step; the process may end here."""
        self._passed[step, moment] += 1
        hit = self._passed[step, moment]
        name = f"{moment} {step} {what}".strip()
        ends = self._kill == Kill(step, moment, hit)
        self.says(f"{'KILLED ' if ends else ''}{name}")
        if ends:
            os.kill(os.getpid(), signal.SIGKILL)


class TrippingJournal(PassingJournal):
    """A journal whose every transaction is a step."""

    def __init__(self, journal: Journal, wire: Tripwire) -> None:
        super().__init__(journal)
        self._wire = wire

    @override
    async def commit(self, *writes: Write) -> None:
        named = await self._named(writes)
        self._wire.passes(named.step, Moment.BEFORE, named.what)
        await self.inner.commit(*writes)
        self._wire.passes(named.step, Moment.AFTER, named.what)

    async def _named(self, writes: Sequence[Write]) -> Named:
        for write in writes:
            if isinstance(write, Save) and isinstance(write.row, GuardState):
                before = await self.inner.get(GuardState, write.row.id)
                step = step_of_guard(before, write.row)
                return Named(step) if step else Named(Step.OTHER, "measured")
        named = step_of(writes, sent_here=self._wire.sent_here)
        if named.step in (Step.OUTCOME, Step.CLOSE_OUTCOME, Step.MODIFY_OUTCOME):
            self._wire.sent_here -= {
                each.row.magic
                for each in writes
                if isinstance(each, Save) and isinstance(each.row, Send)
            }
        return named

    @override
    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        named = await self._named(batch[0])
        self._wire.passes(named.step, Moment.BEFORE, named.what)
        verdicts = await self.inner.accept(batch)
        self._wire.passes(named.step, Moment.AFTER, named.what)
        return verdicts

    @override
    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        items = await self.inner.claim(topics, limit=limit, hold=hold)
        if items:
            self._wire.passes(Step.CLAIM, Moment.AFTER)
        return items

    @override
    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        self._wire.passes(Step.LEASE, Moment.BEFORE)
        taken = await self.inner.take_lease(lease, holder=holder, lasts=lasts)
        self._wire.passes(Step.LEASE, Moment.AFTER)
        return taken


REQUESTS = {
    OpenRequest: Step.ENTRY,
    CloseRequest: Step.CLOSE,
    CancelRequest: Step.CANCEL,
    ModifyRequest: Step.MODIFY,
}
CHANGES = (Step.CLOSE, Step.MODIFY)


class TrippingBroker(PassingBroker):
    """A broker; every send is a step.

    The reply of ``lost`` entries never comes, nor that of ``lost_changes`` changes.
    """

    def __init__(
        self, broker: Broker, wire: Tripwire, *, lost: int, lost_changes: int
    ) -> None:
        super().__init__(broker)
        self._wire = wire
        self._lost = [Step.ENTRY] * lost + list(CHANGES[:lost_changes])
        """The steps whose next reply is lost."""

    @override
    async def send(self, request: BrokerRequest) -> OrderResult:
        step = REQUESTS[type(request)]
        self._wire.sent_here.add(request.magic)
        self._wire.passes(step, Moment.BEFORE)
        result = await self.inner.send(request)
        self._wire.passes(step, Moment.AFTER)
        if step in self._lost:
            self._lost.remove(step)
            message = "the broker's reply never came"
            raise OutcomeUnknown(message)
        return result

    @override
    async def find(self, magic: int) -> OrderLookup:
        self._wire.passes(Step.LOOK, Moment.BEFORE)
        found = await self.inner.find(magic)
        self._wire.passes(Step.LOOK, Moment.AFTER)
        return found


class TrippingCharts:
    """Charts; every picture is a step."""

    def __init__(self, charts: Charts, wire: Tripwire) -> None:
        self._charts = charts
        self._wire = wire

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        self._wire.passes(Step.DRAW, Moment.BEFORE)
        media = await self._charts.signal_chart(chart, at=at)
        self._wire.passes(Step.DRAW, Moment.AFTER)
        return media

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        return await self._charts.equity_chart(chart, at=at, to=to)


class TrippingCalls(BaseRequestMiddleware):
    """Between the bot and its server: every call that changes something is a step."""

    def __init__(self, wire: Tripwire) -> None:
        self._wire = wire

    @override
    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        step = METHODS.get(method.__api_method__)
        if step is None:
            return await make_request(bot, method)
        self._wire.passes(step, Moment.BEFORE)
        response = await make_request(bot, method)
        self._wire.passes(step, Moment.AFTER)
        return response


LATE = timedelta(milliseconds=200)
"""How long a broker's history may lag; shorter than its ``settle``."""


class LateBroker(PassingBroker):
    """A broker whose history lags: for a while after the first question, nothing."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._asked: float | None = None

    @override
    async def find(self, magic: int) -> OrderLookup:
        now = asyncio.get_running_loop().time()
        self._asked = now if self._asked is None else self._asked
        found = await self.inner.find(magic)
        if now - self._asked < LATE.total_seconds():
            return OrderLookup(positions=(), orders=(), past_orders=(), deals=())
        return found

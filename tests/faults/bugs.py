"""Six mistakes that real systems made, as wrappers around a healthy house.

Each stands between the desk and its journal or broker and undoes one promise. The
tests of this folder must notice every one of them.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from typing_extensions import override

from core.broker import BrokerRequest, OpenRequest, OrderLookup, OrderResult
from core.desk.executing import _request
from core.errors import Duplicate, OutcomeUnknown
from core.messages import MESSAGES, OutboxItem, Topic
from core.orders import Order, OrderKind, Send
from core.ports import Broker, Insert, Journal, Save, Write
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Signal
from tests.faults.passing import PassingBroker, PassingJournal


class Bug(StrEnum):
    """What is wrong."""

    NONE = ""
    ANSWER_BEFORE_COMMIT = "answer before commit"
    DONE_BEFORE_SEND = "outbox marked done before send"
    ROW_AFTER_SEND = "row written after send"
    RETRY_ON_TIMEOUT = "retry on timeout"
    RESUBMIT_ON_NOT_FOUND = "resubmit on first not-found"
    NO_UNIQUE_INTENT = "no unique intent"


@dataclass(frozen=True, slots=True)
class Buggy:
    """A journal and a broker with one mistake in or between them."""

    journal: Callable[[Journal], Journal] = lambda journal: journal
    broker: Callable[[Broker], Broker] = lambda broker: broker


def buggy(bug: Bug) -> Buggy:
    """The wrappers of a bug, new for each life."""
    return _BUGS[bug]()


class AnswersFirst(PassingJournal):
    """Says that a signal is stored, and stores it a moment later."""

    _later: set[Any]

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._later = set()

    @override
    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        rows = [write.row for write in batch[0] if isinstance(write, Insert)]
        if not any(isinstance(row, Signal) for row in rows):
            return await self.inner.accept(batch)
        task = asyncio.create_task(self._store(batch))
        self._later.add(task)
        return [None for _ in batch]

    async def _store(self, batch: Sequence[Sequence[Write]]) -> None:
        await asyncio.sleep(0.05)
        await self.inner.accept(batch)


class DoneFirst(PassingJournal):
    """Marks messages as done as soon as they are taken."""

    @override
    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        items = await self.inner.claim(topics, limit=limit, hold=hold)
        done = [
            replace(item, done_at=item.due_at)
            for item in items
            if item.topic in MESSAGES
        ]
        if not done:
            return items
        await self.inner.commit(*map(Save, done))
        return [replace(item, version=item.version + 1) for item in items]


class LateRows:
    """Tells the broker first and writes the intent when the answer is there."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._held: list[tuple[Write, ...]] = []

    def journal(self, journal: Journal) -> Journal:
        """The journal that holds the intent back."""
        self._journal = journal
        held = self._held

        class _Holding(PassingJournal):
            @override
            async def commit(self, *writes: Write) -> None:
                rows = [write.row for write in writes if isinstance(write, Insert)]
                if any(isinstance(row, Send) for row in rows):
                    held.append(writes)
                else:
                    await self.inner.commit(*writes)

        return _Holding(journal)

    def broker(self, broker: Broker) -> Broker:
        """The broker that lets the intent be written after its answer."""
        late = self

        class _Writing(PassingBroker):
            @override
            async def send(self, request: BrokerRequest) -> OrderResult:
                result = await self.inner.send(request)
                await late.write()
                return result

        return _Writing(broker)

    async def write(self) -> None:
        """Write what was held back."""
        assert self._journal is not None
        while self._held:
            await self._journal.commit(*self._held.pop(0))


class Impatient(PassingBroker):
    """Sends again when the answer did not come."""

    @override
    async def send(self, request: BrokerRequest) -> OrderResult:
        try:
            return await self.inner.send(request)
        except OutcomeUnknown:
            return await self.inner.send(request)


class Hasty:
    """Sends again when the broker does not find the order at once."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._again: set[int] = set()

    def journal(self, journal: Journal) -> Journal:
        """Remembers where the orders are."""
        self._journal = journal
        return journal

    def broker(self, broker: Broker) -> Broker:
        """The broker that is asked too hastily."""
        hasty = self

        class _Resubmitting(PassingBroker):
            @override
            async def find(self, magic: int) -> OrderLookup:
                found = await self.inner.find(magic)
                if found.found or (request := await hasty.request(magic)) is None:
                    return found
                await self.inner.send(request)
                return await self.inner.find(magic)

        return _Resubmitting(broker)

    async def request(self, magic: int) -> OpenRequest | None:
        """The opening order behind a number, once."""
        assert self._journal is not None
        sends = await self._journal.find(Send, magic=magic)
        if not sends or magic in self._again:
            return None
        self._again.add(magic)
        order = await self._journal.get(Order, sends[0].order_id)
        assert order is not None
        request = _request(order, sends[0])
        return request if isinstance(request, OpenRequest) else None


class Forgetful(PassingJournal):
    """Takes every Approve for the first one and orders once more."""

    @override
    async def find(self, kind: Any, /, **wishes: Any) -> Any:
        rows = await self.inner.find(kind, **wishes)
        if kind is not Prompt or "nonce" not in wishes:
            return rows
        return [
            replace(row, state=PromptState.SENT)
            if row.state is PromptState.APPROVED
            else row
            for row in rows
        ]

    @override
    async def commit(self, *writes: Write) -> None:
        new = [write.row for write in writes if isinstance(write, Insert)]
        approved = [
            row
            for row in new
            if isinstance(row, Approval) and row.decision is Decision.APPROVE
        ]
        if approved:
            writes = await self._once_more(approved[0], writes)
        await self.inner.commit(*writes)

    async def _once_more(
        self, approval: Approval, writes: tuple[Write, ...]
    ) -> tuple[Write, ...]:
        before = await self.inner.find(Approval, prompt_id=approval.prompt_id)
        orders = await self.inner.count(
            Order, signal_id=approval.signal_id, kind=OrderKind.OPEN
        )
        kept: list[Write] = []
        for write in writes:
            row = write.row if isinstance(write, Insert) else None
            if isinstance(row, Approval) and before:
                continue
            if isinstance(row, Order):
                known = before[0].id if before else row.approval_id
                row = replace(row, attempt=orders + 1, approval_id=known)
                kept.append(Insert(row))
            else:
                kept.append(write)
        return tuple(kept)


def _late_rows() -> Buggy:
    late = LateRows()
    return Buggy(journal=late.journal, broker=late.broker)


def _hasty() -> Buggy:
    hasty = Hasty()
    return Buggy(journal=hasty.journal, broker=hasty.broker)


_BUGS: dict[Bug, Callable[[], Buggy]] = {
    Bug.NONE: Buggy,
    Bug.ANSWER_BEFORE_COMMIT: lambda: Buggy(journal=AnswersFirst),
    Bug.DONE_BEFORE_SEND: lambda: Buggy(journal=DoneFirst),
    Bug.ROW_AFTER_SEND: _late_rows,
    Bug.RETRY_ON_TIMEOUT: lambda: Buggy(broker=Impatient),
    Bug.RESUBMIT_ON_NOT_FOUND: _hasty,
    Bug.NO_UNIQUE_INTENT: lambda: Buggy(journal=Forgetful),
}

"""Wakes whoever has something to do, when the commit that says so is durable.

The loops poll all the same: a bell is a hint, the outbox is the truth.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.tasks import Bell
from core.errors import Duplicate
from core.messages import InboxUpdate, Lease, OutboxItem, Topic
from core.ports import Insert, Journal, R, Row, Write


class RingingJournal:
    """A journal that rings the bell of each topic that was committed."""

    def __init__(
        self, journal: Journal, *, bells: Mapping[frozenset[Topic], Bell]
    ) -> None:
        self._journal = journal
        self._bells = {
            topic: bell for topics, bell in bells.items() for topic in topics
        }

    def _ring(self, writes: Iterable[Write]) -> None:
        for write in writes:
            if isinstance(write, Insert) and isinstance(write.row, OutboxItem):
                self._bells[write.row.topic].ring()

    async def commit(self, *writes: Write) -> None:
        """See ``Journal.commit``."""
        await self._journal.commit(*writes)
        self._ring(writes)

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        """See ``Journal.accept``."""
        verdicts = await self._journal.accept(batch)
        for writes in batch:
            self._ring(writes)
        return verdicts

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        """See ``Journal.get``."""
        return await self._journal.get(kind, identity)

    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        """See ``Journal.find``."""
        return await self._journal.find(
            kind, order_by=order_by, skip=skip, limit=limit, **fields
        )

    async def count(self, kind: type[Row], /, **fields: object) -> int:
        """See ``Journal.count``."""
        return await self._journal.count(kind, **fields)

    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        """See ``Journal.claim``."""
        return await self._journal.claim(topics, limit=limit, hold=hold)

    async def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        """See ``Journal.forget``."""
        return await self._journal.forget(kind, done_before=done_before, limit=limit)

    async def next_magic(self) -> int:
        """See ``Journal.next_magic``."""
        return await self._journal.next_magic()

    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        """See ``Journal.take_lease``."""
        return await self._journal.take_lease(lease, holder=holder, lasts=lasts)

    async def people_version(self) -> int:
        """See ``Journal.people_version``."""
        return await self._journal.people_version()

    async def verify_audit(self) -> int:
        """See ``Journal.verify_audit``."""
        return await self._journal.verify_audit()

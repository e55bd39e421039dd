"""What a test may slow down or break between the desk and the world."""

import asyncio
from collections.abc import Sequence

from typing_extensions import override

from core.errors import Duplicate, JournalUnavailable
from core.market import Quote
from core.messages import InboxUpdate
from core.ports import Broker, Insert, Journal, Write
from tests.faults.passing import PassingBroker, PassingJournal


class SlowBroker(PassingBroker):
    """Takes its time for a quote."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self.seconds = 0.0

    @override
    async def get_quote(self, instrument: str) -> Quote:
        await asyncio.sleep(self.seconds)
        return await super().get_quote(instrument)


class FullJournal(PassingJournal):
    """Cannot store the next updates."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.fails = 0

    @override
    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        if self.fails and any(_is_update(write) for item in batch for write in item):
            self.fails -= 1
            message = "database or disk is full"
            raise JournalUnavailable(message)
        return await super().accept(batch)


def _is_update(write: Write) -> bool:
    return isinstance(write, Insert) and isinstance(write.row, InboxUpdate)

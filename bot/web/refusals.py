"""What was refused for want of authenticity, counted for the admins' ``/providers``.

Counted in memory and written every few seconds: a flood of forgeries is a few rows,
whatever it calls itself. A provider's own are always counted by themselves; names that
nobody has, beyond ``MOST_UNKNOWN``, together. After a week a count begins anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.tasks import Bell, pause
from core.desk.tools import again
from core.errors import JournalUnavailable
from core.ports import Clock, Insert, Journal, Save
from core.refusals import RefusalCause, RefusedRequests

MOST_UNKNOWN = 10
"""Names that nobody has; whoever comes beyond is counted under ``OTHERS``."""
LASTS = timedelta(days=7)
OTHERS = "…"
WRITE_EVERY = timedelta(seconds=2)
_LONG = timedelta(hours=1)
LONGEST_NAME = 32

log = structlog.get_logger()


@dataclass(slots=True)
class _Seen:
    count: int
    address: str
    first_at: datetime
    last_at: datetime


class Refusals:
    """Of one process."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._bell = Bell()
        self._seen: dict[tuple[str, RefusalCause], _Seen] = {}

    def note(self, name: str, cause: RefusalCause, address: str) -> None:
        """Count one; ``name`` is as the request gave it, or empty."""
        now = self._clock.now()
        key = (name[:LONGEST_NAME], cause)
        if key not in self._seen and self._crowded(cause):
            key = (OTHERS, cause)
        seen = self._seen.setdefault(key, _Seen(0, address, now, now))
        seen.count += 1
        seen.address, seen.last_at = address, now
        self._bell.ring()

    def _crowded(self, cause: RefusalCause) -> bool:
        """Whether too many unknown names are counted already."""
        if cause is not RefusalCause.UNKNOWN:
            return False
        return sum(each is cause for _, each in self._seen) >= MOST_UNKNOWN

    async def run(self) -> None:
        """Write what is counted, a few seconds later, for ever."""
        while True:
            await self._bell.wait(_LONG)
            await self.write()
            await pause(WRITE_EVERY)

    async def write(self) -> None:
        """Add what was counted to what the journal has; what fails stays counted."""
        for (name, cause), found in list(self._seen.items()):
            written = replace(found)
            try:
                await again(partial(self._add, name, cause, written))
            except JournalUnavailable as failure:
                log.warning("refusals_not_written", reason=str(failure))
                self._bell.ring()
                return
            found.count -= written.count
            if not found.count:
                del self._seen[name, cause]

    async def _add(self, name: str, cause: RefusalCause, seen: _Seen) -> None:
        before = await self._row(name, cause)
        if before is None and cause is RefusalCause.UNKNOWN:
            known = await self._journal.count(RefusedRequests, cause=cause)
            if known >= MOST_UNKNOWN:
                name = OTHERS
                before = await self._row(name, cause)
        if before is None:
            row = RefusedRequests(
                id=f"{cause}:{name}",
                provider=name,
                cause=cause,
                count=seen.count,
                address=seen.address,
                first_at=seen.first_at,
                last_at=seen.last_at,
            )
            await self._journal.commit(Insert(row))
            return
        anew = seen.last_at - before.first_at > LASTS
        more = replace(
            before,
            count=seen.count if anew else before.count + seen.count,
            address=seen.address,
            first_at=seen.first_at if anew else before.first_at,
            last_at=max(before.last_at, seen.last_at),
        )
        await self._journal.commit(Save(more))

    async def _row(self, name: str, cause: RefusalCause) -> RefusedRequests | None:
        return await self._journal.get(RefusedRequests, f"{cause}:{name}")

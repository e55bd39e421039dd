"""One supervised loop per account, and the lease under which it may act.

APScheduler rings for a look; because it follows the wall clock and skips behind a
run that hangs, the loop also looks by itself when the monotonic clock says that it
is overdue. Each look has a deadline.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.tasks import Bell
from core.desk.executing import give_up
from core.desk.tools import Tools, lease_of
from core.desk.watching import Looked, lose_sight, watch
from core.errors import LeaseLost
from core.ids import AccountId

log = structlog.get_logger()

LEASE = timedelta(seconds=10)
PASS_DEADLINE = timedelta(seconds=15)
OVERDUE = 1.5
"""Periods after which the loop looks without being rung for."""
WHILE_FIRED = timedelta(milliseconds=500)


class Watcher:
    """Looks at one account, for as long as this process holds its lease."""

    def __init__(
        self,
        tools: Tools,
        account_id: AccountId,
        *,
        holder: str,
        period: timedelta,
        reconcile: timedelta,
        lease: timedelta = LEASE,
    ) -> None:
        """A ``lease`` of other than the usual length is renewed in its second half."""
        self._lease = lease
        self._renewed_at: timedelta | None = None
        self._tools = tools
        self._epochs = tools.epochs if tools.epochs is not None else {}
        self.account_id = account_id
        self._holder = holder
        self._period = period
        self._reconcile = reconcile
        self.bell = Bell()
        self.looked_at: timedelta | None = None
        """When the last look ended, by the monotonic clock."""
        self._reconciled_at: timedelta | None = None
        self._asked: list[asyncio.Event] = []
        """Set once a look that reconciles, begun after they were made, is over."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            asked, self._asked = self._asked, []
            hurry = await self.look(deep=bool(asked))
            for each in asked:
                each.set()
            wait = WHILE_FIRED if hurry else self._period * OVERDUE
            await self.bell.wait(wait)

    async def compare(self) -> None:
        """Return once the account was reconciled, or that takes too long."""
        over = asyncio.Event()
        self._asked.append(over)
        self.bell.ring()
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * PASS_DEADLINE.total_seconds()):
                await over.wait()

    async def look(self, *, deep: bool = False) -> bool:
        """One look inside its deadline; whether the next should come soon.

        A look that fails, for whatever cause, saw nothing: the guard is blind.
        """
        try:
            async with asyncio.timeout(PASS_DEADLINE.total_seconds()):
                looked = await self._look(deep=deep)
        except LeaseLost as lost:
            log.warning("lease_lost", account=self.account_id, reason=str(lost))
            return False
        except Exception:  # supervised edge: an account must be watched whatever fails
            log.exception("look_failed", account=self.account_id)
            await lose_sight(self._tools, self.account_id)
            return False
        if looked is None:
            return False
        self.looked_at = self._tools.clock.monotonic()
        return looked.hurry

    async def _look(self, *, deep: bool) -> Looked | None:
        if not await self._hold_lease():
            return None
        now = self._tools.clock.monotonic()
        last = self._reconciled_at
        if deep or last is None or now - last >= self._reconcile:
            self._reconciled_at = now
            return await watch(self._tools, self.account_id)
        return await watch(self._tools, self.account_id, deep=False)

    async def _hold_lease(self) -> bool:
        """Take or renew the account's lease.

        Under a new epoch, nobody waits any more for what was sent under an older
        one: its outcome is unknown, and is looked for.
        """
        now, known = self._tools.clock.monotonic(), self._epochs.get(self.account_id)
        if known is not None and self._holds(now):
            return True
        self._renewed_at = now
        lease = await self._tools.journal.take_lease(
            lease_of(self.account_id), holder=self._holder, lasts=self._lease
        )
        if lease is None:
            self._epochs.pop(self.account_id, None)
            return False
        if lease.epoch != known:
            self._epochs[self.account_id] = lease.epoch
            lost = await give_up(self._tools, self.account_id)
            log.info("account_served", account=self.account_id, lost_orders=lost)
        return True

    def _holds(self, now: timedelta) -> bool:
        """Whether a long lease was renewed lately; the usual one is at every look."""
        at = self._renewed_at
        return at is not None and self._lease > LEASE and now - at < self._lease / 2

    def overdue(self) -> bool:
        """Whether five periods went by without a look."""
        if self.looked_at is None:
            return True
        return self._tools.clock.monotonic() - self.looked_at > self._period * 5

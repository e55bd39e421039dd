"""The schedule: APScheduler triggers what repeats. It holds no state.

Jobs live in memory, defined here; a late run is run once instead of dropped, two
runs of one job never overlap.
"""

import logging
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.watchers import Watcher

log = structlog.get_logger()

LAPSE_EVERY = timedelta(minutes=1)
"""Between two looks for memberships whose date has come."""
FORGET_EVERY = timedelta(hours=1)
"""Between two removals of old messages and updates."""


def schedule(
    watchers: Iterable[Watcher],
    *,
    look_every: timedelta,
    expire: Callable[[], Awaitable[None]],
    expire_every: timedelta,
    forget: Callable[[], Awaitable[None]],
    lapse: Callable[[], Awaitable[object]],
) -> AsyncIOScheduler:
    """A scheduler with every job, not started yet."""
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)  # see _tell
    scheduler = AsyncIOScheduler(
        timezone="UTC",
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    for watcher in watchers:
        scheduler.add_job(
            _ring,
            "interval",
            args=[watcher],
            seconds=look_every.total_seconds(),
            id=f"look:{watcher.account_id}",
        )
    scheduler.add_job(
        expire, "interval", seconds=expire_every.total_seconds(), id="expire"
    )
    scheduler.add_job(
        forget, "interval", seconds=FORGET_EVERY.total_seconds(), id="forget"
    )
    scheduler.add_job(
        lapse, "interval", seconds=LAPSE_EVERY.total_seconds(), id="lapse"
    )
    scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


async def _ring(watcher: Watcher) -> None:
    """A coroutine, because a plain function would run in a thread."""
    watcher.bell.ring()


def _tell(event: JobExecutionEvent) -> None:
    """A job that failed or was missed is worth an alarm; one cut off at the end not."""
    failure = event.exception
    if isinstance(failure, CancelledError):
        return
    reason = str(failure) or type(failure).__name__ if failure else "missed"
    log.error("job_failed", job=event.job_id, reason=reason, exc_info=failure)

"""The schedule: APScheduler triggers what repeats. It holds no state.

Jobs live in memory, defined here; a late run is run once instead of dropped, two
runs of one job never overlap.
"""

import logging
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()

KEEP_UP_EVERY = timedelta(seconds=2)
"""Between two looks for accounts that were added, disabled or enabled."""
LAPSE_EVERY = timedelta(minutes=1)
"""Between two looks for memberships whose date has come."""
FORGET_EVERY = timedelta(hours=1)
"""Between two removals of old messages and updates."""


Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """What repeats."""

    look: Callable[[], None]
    """Rings for a look at every account."""
    look_every: timedelta
    expire: Work
    expire_every: timedelta
    forget: Work
    lapse: Work
    keep_up: Work
    """Notices accounts that were added, disabled or enabled."""


def schedule(jobs: Jobs) -> AsyncIOScheduler:
    """A scheduler with every job, not started yet."""
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)  # see _tell
    scheduler = AsyncIOScheduler(
        timezone="UTC",
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    for name, work, every in (
        ("look", partial(_ring, jobs.look), jobs.look_every),
        ("keep_up", jobs.keep_up, KEEP_UP_EVERY),
        ("expire", jobs.expire, jobs.expire_every),
        ("forget", jobs.forget, FORGET_EVERY),
        ("lapse", jobs.lapse, LAPSE_EVERY),
    ):
        scheduler.add_job(work, "interval", seconds=every.total_seconds(), id=name)
    scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


async def _ring(look: Callable[[], None]) -> None:
    """A coroutine, because a plain function would run in a thread."""
    look()


def _tell(event: JobExecutionEvent) -> None:
    """A job that failed or was missed is worth an alarm; one cut off at the end not."""
    failure = event.exception
    if isinstance(failure, CancelledError):
        return
    reason = str(failure) or type(failure).__name__ if failure else "missed"
    log.error("job_failed", job=event.job_id, reason=reason, exc_info=failure)

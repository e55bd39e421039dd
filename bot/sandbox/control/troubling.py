"""Trouble on request: faults on a schedule, limits, the clock, and the updates' order.

| field of a fault | says |
|---|---|
| `method` `chat` | which calls; left out, all of them |
| `status` `description` `retry_after` | refused with this |
| `non_json` `broken_json` | a page, or half a JSON text, with status 502 |
| `drop_after_apply` `drop_before_apply` | the reply is lost; it was done, or not |
| `latency` | seconds before any of that |
| `times` | how often; once, or without end if a schedule is given |
| `every` `after` `probability` `seed` | every n-th call, after n calls, by dice |
| `begins_in` `ends_in` | seconds from now, of the sandbox's clock |
"""

from collections.abc import Awaitable, Callable
from dataclasses import fields as fields_of
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from bot.sandbox.control.fields import Fields, needed
from bot.sandbox.errors import Problem
from bot.sandbox.faults import ALWAYS, ANY_METHOD, Fault
from bot.sandbox.limits import Rates
from bot.sandbox.model import Json
from bot.sandbox.views import clock_json, fault_json
from bot.sandbox.world import World

LONGEST_LATENCY: Final = 600.0
LONGEST_LEAP: Final = 366 * 24 * 3600.0
FASTEST: Final = 1000.0
SCHEDULE: Final = ("every", "after", "probability", "begins_in", "ends_in")
FAULT: Final = (
    "method",
    "chat",
    "times",
    "status",
    "description",
    "retry_after",
    "latency",
    "drop_after_apply",
    "drop_before_apply",
    "non_json",
    "broken_json",
    "seed",
    *SCHEDULE,
)
RATES: Final = tuple(each.name for each in fields_of(Rates))


def _add_fault(world: World, fields: Fields) -> Json:
    world.faults.add(_fault(world, fields.only(*FAULT)))
    return {"ok": True}


def _fault(world: World, fields: Fields) -> Fault:
    retry_after = fields.integer("retry_after")
    status = fields.integer("status") or (429 if retry_after is not None else None)
    scheduled = any(name in fields.values for name in SCHEDULE)
    fault = Fault(
        method=(fields.text("method") or ANY_METHOD).lower(),
        chat=fields.integer("chat"),
        times=fields.integer("times") or (None if scheduled else 1),
        every=fields.at_least(1, "every", 1),
        after=fields.at_least(0, "after", 0),
        probability=fields.number("probability", ALWAYS, ALWAYS),
        seed=fields.integer("seed") or 0,
        begins=_moment(world, fields, "begins_in"),
        ends=_moment(world, fields, "ends_in"),
        status=status,
        description=fields.text("description") or _usual(status, retry_after),
        retry_after=retry_after,
        latency=fields.seconds("latency", 0, LONGEST_LATENCY),
        drop_after_apply=fields.flag("drop_after_apply"),
        drop_before_apply=fields.flag("drop_before_apply"),
        non_json=fields.flag("non_json"),
        broken_json=fields.flag("broken_json"),
    )
    if status is not None and status not in range(200, 600):
        raise Problem(422, 'Field "status" must be an HTTP status.')
    broken = fault.non_json or fault.broken_json
    dropped = fault.drop_after_apply or fault.drop_before_apply
    if not (status or fault.latency or broken or dropped):
        raise Problem(
            422,
            "A fault needs a status, latency, drop_after_apply, drop_before_apply, "
            "non_json or broken_json.",
        )
    return fault


def _moment(world: World, fields: Fields, name: str) -> datetime | None:
    if name not in fields.values:
        return None
    seconds = fields.seconds(name, 0, LONGEST_LEAP)
    return world.now() + timedelta(seconds=seconds)


def _usual(status: int | None, retry_after: int | None) -> str:
    if retry_after is not None:
        return f"Too Many Requests: retry after {retry_after}"
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"


def _limit(world: World, fields: Fields) -> Json:
    fields.only("enforce", *RATES)
    usual = Rates()
    world.limits.rates = Rates(
        per_second=fields.at_least(0, "per_second", usual.per_second),
        per_chat_second=fields.at_least(0, "per_chat_second", usual.per_chat_second),
        per_group_minute=fields.at_least(0, "per_group_minute", usual.per_group_minute),
        edits_per_group_minute=fields.at_least(
            0, "edits_per_group_minute", usual.edits_per_group_minute
        ),
        uploads=fields.flag("uploads", usual=True),
    )
    world.limits.enforced = fields.flag("enforce")
    return {"enforce": world.limits.enforced} | {
        name: getattr(world.limits.rates, name) for name in RATES
    }


def _set_clock(world: World, fields: Fields) -> Json:
    """Jump forward by `advance` seconds, then run at `speed` times the real time."""
    fields.only("advance", "ahead", "speed")
    leap = timedelta(seconds=fields.seconds("advance", 0, LONGEST_LEAP))
    if "ahead" in fields.values:
        ahead = timedelta(seconds=fields.seconds("ahead", 0, LONGEST_LEAP))
        leap += ahead - world.clock.ahead
    if leap < timedelta(0):
        raise Problem(422, "The sandbox's clock does not go back.")
    world.clock.advance(leap)
    world.clock.run_at(fields.number("speed", world.clock.speed, FASTEST))
    world.changed(lambda: {"type": "clock"})
    return clock_json(world)


def _duplicate(world: World, fields: Fields) -> Json:
    update_id = needed(fields.only("update_id").integer("update_id"), "update_id")
    if not world.updates.repeat(update_id):
        raise Problem(404, f"There was no update {update_id}.")
    return {"update_id": update_id}


def _hold(world: World, fields: Fields) -> Json:
    fields.only()
    world.updates.hold(held=True)
    return _waiting(world)


def _release(world: World, fields: Fields) -> Json:
    """Let held updates go, in the order of `update_ids` if they are given."""
    if "update_ids" in fields.only("update_ids").values:
        _reorder(world, fields)
    world.updates.hold(held=False)
    return _waiting(world)


def _reorder(world: World, fields: Fields) -> Json:
    """Put waiting updates into the order of `update_ids`; without, turn them round."""
    ids = fields.only("update_ids").integers("update_ids")
    waiting = [update.id for update in world.updates.waiting()]
    if not world.updates.reorder(ids or waiting[::-1]):
        raise Problem(409, f"Not all of these wait; waiting now: {waiting}.")
    return _waiting(world)


def _waiting(world: World) -> Json:
    waiting = [update.id for update in world.updates.waiting()]
    return {"held": world.updates.held, "waiting": waiting}


async def _faults(world: World, fields: Fields) -> Json:
    fields.only()
    return {"faults": [fault_json(fault) for fault in world.faults.all()]}


async def _clock(world: World, fields: Fields) -> Json:
    fields.only()
    return clock_json(world)


DEEDS: Final[dict[str, Callable[[World, Fields], Json]]] = {
    "faults": _add_fault,
    "limits": _limit,
    "clock": _set_clock,
    "duplicate": _duplicate,
    "hold": _hold,
    "release": _release,
    "reorder": _reorder,
}
LOOKS: Final[dict[str, Callable[[World, Fields], Awaitable[Json]]]] = {
    "faults": _faults,
    "clock": _clock,
}

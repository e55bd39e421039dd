from dataclasses import fields
from datetime import timedelta
from typing import get_args

import pytest

from core.desk.erasing import erase
from core.desk.joining import Person, start
from core.desk.membership import remove
from core.desk.reasons import give_reason
from core.errors import Refused
from core.ids import UserId
from core.messages import AuditEntry, InboxUpdate
from core.ports import Row
from core.prompts import Approval, Decision
from core.users import Membership, Subscription, User
from tests.builders import an_inbox_update
from tests.core.desk.world import ADA, BOB, World, shared_desk
from tests.fakes import NOON


async def story() -> World:
    """Bob rejected something in his own words and was removed."""
    world = await shared_desk()
    await world.offered()
    await world.reject(BOB)
    tap = world.tap((await world.prompt(BOB)).nonce, BOB)
    await give_reason(world.tools, tap, "My wife Joan says no.")
    await world.put(
        an_inbox_update(id=1, user_id=BOB, body='{"from":"Bob"}', done_at=NOON),
        an_inbox_update(id=2, user_id=BOB, body="{}", done_at=NOON),
        an_inbox_update(id=3, user_id=ADA, body='{"from":"Ada"}', done_at=NOON),
    )
    user = await world.one(User, id=BOB)
    await world.change(user, time_zone="Asia/Tokyo", quiet_from=1, quiet_until=2)
    row = await world.one(Membership, user_id=BOB)
    await remove(world.tools, row.id, by=None)
    return world


async def everything(world: World) -> str:
    """All that the journal holds, as one text."""

    found = []
    for kind in get_args(Row):
        rows = await world.journal.find(kind)
        found += [
            f"{kind.__name__}.{each.name}={getattr(row, each.name)}"
            for row in rows
            for each in fields(row)
        ]
    return "\n".join(found)


async def test_nothing_that_tells_who_it_was_is_left_anywhere():
    world = await story()
    assert "Bob" in await everything(world)
    assert "Joan" in await everything(world)
    await erase(world.tools, BOB, by=None)
    left = await everything(world)
    assert [line for line in left.splitlines() if "Bob" in line or "Joan" in line] == []


async def test_what_was_decided_stays_with_the_number():
    world = await story()
    await erase(world.tools, BOB, by=None)
    approval = await world.one(Approval)
    assert (approval.user_id, approval.decision, approval.reason) == (
        BOB,
        Decision.REJECT,
        "",
    )
    entries = await world.journal.find(AuditEntry, actor="user:2")
    assert {each.action for each in entries} >= {"prompt_reject", "reason_given"}
    assert await world.journal.verify_audit() > 0


async def test_erasing_is_audited_and_ends_the_choices():
    world = await story()
    await erase(world.tools, BOB, by=None)
    entry = await world.one(AuditEntry, action="erased")
    assert (entry.actor, entry.subject) == ("cli", "user:2")
    assert await world.journal.count(Subscription, user_id=BOB) == 0
    user = await world.one(User, id=BOB)
    assert (user.consent_version, user.consented_at) == ("", None)
    assert (user.time_zone, user.quiet_from, user.quiet_until) == ("", None, None)


async def test_other_peoples_updates_stay():
    world = await story()
    await erase(world.tools, BOB, by=None)
    assert (await world.one(InboxUpdate, id=3)).body == '{"from":"Ada"}'


async def test_a_member_is_removed_first():
    world = await shared_desk()
    with pytest.raises(Refused, match="Remove the person from every account first"):
        await erase(world.tools, BOB, by=None)


async def test_nobody_unknown_is_erased():
    world = await shared_desk()
    with pytest.raises(Refused, match="Nobody with the id 99"):
        await erase(world.tools, UserId(99), by=None)


async def test_erasing_twice_is_no_harm():
    world = await story()
    await erase(world.tools, BOB, by=None)
    world.later(seconds=timedelta(hours=1).total_seconds())
    await erase(world.tools, BOB, by=None)
    assert await world.journal.count(AuditEntry, action="erased") == 2


async def test_whoever_comes_back_is_somebody_new():
    world = await story()
    await erase(world.tools, BOB, by=None)
    await start(world.tools, Person(id=BOB, name="Robert", language="es"), "")
    user = await world.one(User, id=BOB)
    assert (user.name, user.consented_at) == ("Robert", None)

"""An admin's word to everybody."""

from dataclasses import replace

import pytest

from core.desk.broadcasting import LONGEST, Progress, draft, finish, progress, start
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import (
    AuditEntry,
    Broadcast,
    NoticeKind,
    OutboxItem,
    Priority,
    Undelivered,
)
from core.ports import Save
from core.users import Role, User
from tests.builders import an_account
from tests.core.desk.world import ADA, World, shared_desk

ANN, BOB, EVE, IAN = (UserId(each) for each in (901, 902, 903, 904))
TEXT = "The desk is closed tomorrow."


@pytest.fixture
async def world() -> World:
    world = await shared_desk()
    for user, role in ((ANN, Role.ADMIN), (BOB, Role.VIEWER), (EVE, Role.ADMIN)):
        await world.person(user, role)
    return world


async def _sent(world: World) -> Broadcast:
    row = await draft(world.tools, TEXT, by=ANN)
    return await start(world.tools, row.id, by=ANN)


async def _messages(world: World) -> list[OutboxItem]:
    found = await world.tools.journal.find(OutboxItem, notice=NoticeKind.BROADCAST)
    return sorted(found, key=lambda each: each.user_id or 0)


async def _finish(world: World, item: OutboxItem, **over: object) -> None:
    now = world.tools.clock.now()
    done = replace(item, done_at=now, **over)  # type: ignore[arg-type]
    await world.tools.journal.commit(Save(done))


async def _readers(world: World) -> set[UserId]:
    members = await world.tools.members()
    return {each.user_id for each in members} - {ANN}


async def test_a_draft_reaches_nobody(world: World):
    row = await draft(world.tools, f"  {TEXT}\n", by=ANN)
    assert (row.text, row.total) == (TEXT, len(await _readers(world)))
    assert await _messages(world) == []
    assert await finish(world.tools) == 0


async def test_everybody_is_told_once_and_behind_everything_else(world: World):
    await _sent(world)
    told = await _messages(world)
    assert [each.user_id for each in told] == sorted(await _readers(world))
    assert {each.priority for each in told} == {max(Priority)}


async def test_a_second_confirm_tells_nobody_again(world: World):
    row = await _sent(world)
    again = await start(world.tools, row.id, by=ANN)
    assert again == row
    assert len(await _messages(world)) == len(await _readers(world))


async def test_it_is_written_down_and_the_other_admins_are_told(world: World):
    row = await _sent(world)
    entry = await world.one(AuditEntry, subject=f"broadcast:{row.id}")
    assert (entry.actor, entry.action) == (f"user:{ANN}", "broadcast")
    assert TEXT in entry.detail
    did = await world.tools.journal.find(OutboxItem, notice=NoticeKind.ADMIN_DID)
    assert [(each.user_id, each.detail) for each in did] == [
        (EVE, f"A broadcast to {row.total} members was sent.")
    ]


async def test_whoever_blocked_the_bot_and_foreign_accounts_are_left_out(world: World):
    away = await world.one(User, id=BOB)
    await world.change(away, blocked_at=world.tools.clock.now())
    await world.put(an_account(id=AccountId("other")))
    await world.person(IAN, Role.VIEWER, account=AccountId("other"))
    await _sent(world)
    told = {each.user_id for each in await _messages(world)}
    assert told == await _readers(world) - {BOB, IAN}
    assert ADA in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  ", "Say what: /broadcast TEXT."),
        ("x" * (LONGEST + 1), "That has 3001 characters; one message holds 3000."),
    ],
    ids=["nothing", "too much"],
)
async def test_what_cannot_be_sent_is_refused(world: World, text, said):
    with pytest.raises(Refused, match=said):
        await draft(world.tools, text, by=ANN)


async def test_somebody_without_readers_is_told_so(world: World):
    with pytest.raises(Refused, match="Nobody else is a member"):
        await draft(world.tools, TEXT, by=BOB)


async def test_a_draft_is_its_authors_alone(world: World):
    row = await draft(world.tools, TEXT, by=ANN)
    with pytest.raises(Refused, match="not there any more"):
        await start(world.tools, row.id, by=EVE)
    with pytest.raises(Refused, match="not there any more"):
        await start(world.tools, "nothing", by=ANN)


async def test_an_old_draft_is_not_sent(world: World):
    row = await draft(world.tools, TEXT, by=ANN)
    world.later(minutes=10, seconds=1)
    with pytest.raises(Refused, match="too long ago"):
        await start(world.tools, row.id, by=ANN)


async def test_a_draft_whose_readers_have_gone_is_not_sent(world: World):
    row = await draft(world.tools, TEXT, by=ANN)
    for user in await world.tools.journal.find(User):
        if user.blocked_at is None:
            await world.change(user, blocked_at=world.tools.clock.now())
    with pytest.raises(Refused, match="Nobody is left"):
        await start(world.tools, row.id, by=ANN)


async def test_progress_counts_who_got_it_and_who_cannot(world: World):
    row = await _sent(world)
    first, second, *_ = await _messages(world)
    await _finish(world, first)
    await _finish(world, second, failed=Undelivered.UNREACHABLE)
    found = await progress(world.tools, row)
    assert found == Progress(total=row.total, arrived=1, undelivered=1)
    assert found.waiting == row.total - 2
    assert await finish(world.tools) == 0


async def test_its_author_is_told_once_when_nobody_waits_any_more(world: World):
    row = await _sent(world)
    for each in await _messages(world):
        await _finish(world, each)
    assert (await finish(world.tools), await finish(world.tools)) == (1, 0)
    told = await world.one(OutboxItem, notice=NoticeKind.BROADCAST_DONE)
    assert (told.user_id, told.subject) == (ANN, row.id)
    assert (await world.one(Broadcast, id=row.id)).finished_at is not None


async def test_two_who_finish_it_at_once_tell_it_once(world: World):
    await _sent(world)
    for each in await _messages(world):
        await _finish(world, each)

    async def first() -> None:
        await finish(world.tools)

    world.journal.before_writing(Broadcast, first)
    assert await finish(world.tools) == 0
    assert len(await world.tools.journal.find(Broadcast, finished_at=None)) == 0

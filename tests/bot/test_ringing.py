"""Whoever has something to do is woken once it is durable, and by nothing else."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ringing import RingingJournal
from bot.tasks import Bell
from core.errors import Conflict
from core.messages import MESSAGES, WORK, NoticeKind, OutboxItem, Topic
from core.ports import Insert, Save
from core.users import User
from tests.builders import a_record, a_user, an_outbox_item
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal


@pytest.fixture
def bells() -> dict[frozenset[Topic], Bell]:
    return {WORK: Bell(), MESSAGES: Bell()}


@pytest.fixture
def memory() -> MemoryJournal:
    return MemoryJournal(FixedClock())


@pytest.fixture
def journal(memory, bells) -> RingingJournal:
    return RingingJournal(memory, bells=bells)


def _rung(bells: dict[frozenset[Topic], Bell]) -> list[bool]:
    return [bell._event.is_set() for bell in bells.values()]


@pytest.mark.parametrize("topic", Topic)
async def test_an_item_wakes_those_of_its_topic(journal, bells, topic):
    await journal.commit(Insert(an_outbox_item(topic=topic)))
    assert _rung(bells) == [topic in WORK, topic in MESSAGES]


async def test_a_batch_wakes_everybody_it_concerns(journal, bells):
    await journal.accept(
        [
            [Insert(an_outbox_item(topic=Topic.PROPOSE))],
            [Insert(an_outbox_item(topic=Topic.NOTICE, notice=NoticeKind.GUARD_SEES))],
        ]
    )
    assert _rung(bells) == [True, True]


async def test_other_writes_wake_nobody(journal, bells):
    item = an_outbox_item()
    await journal.commit(Insert(item))
    for bell in bells.values():
        bell._event.clear()
    await journal.commit(Insert(a_user()), a_record())
    await journal.commit(Save(replace(item, attempts=1)))
    assert _rung(bells) == [False, False]


async def test_what_was_not_committed_wakes_nobody(journal, bells):
    user = a_user()
    with pytest.raises(Conflict):
        await journal.commit(Insert(an_outbox_item()), Save(user))
    assert _rung(bells) == [False, False]


async def test_a_sleeper_is_really_woken(journal, bells):
    async with asyncio.timeout(5):
        sleeper = asyncio.get_running_loop().create_task(
            bells[WORK].wait(timedelta(hours=1))
        )
        await journal.commit(Insert(an_outbox_item()))
        await sleeper


async def test_everything_else_is_the_journal_s(journal, memory):
    user, item = a_user(), an_outbox_item()
    await journal.commit(Insert(user), Insert(item))
    assert await journal.get(User, user.id) == user
    assert await journal.find(User, order_by="-id", limit=1, name="Ada") == [user]
    assert await journal.count(User, name="Ada") == 1
    (claimed,) = await journal.claim(WORK, limit=1, hold=timedelta(seconds=5))
    assert claimed.id == item.id
    assert await journal.next_magic() < await memory.next_magic()
    lease = await journal.take_lease("x", holder="here", lasts=timedelta(seconds=5))
    assert lease.epoch == 1
    assert await journal.verify_audit() == 0
    assert await journal.count(OutboxItem) == 1

"""One read for all who wait, never one that began before they came."""

import asyncio

import pytest

from bot.web.directory import Directory
from core.desk.people import People
from core.errors import JournalUnavailable
from core.ids import ProviderName
from core.ports import Insert
from tests.builders import a_provider
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal

OTHER = ProviderName("other")


class SlowJournal(MemoryJournal):
    """Waits before it tells the version, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(FixedClock())
        self.asked = 0
        self.gate = asyncio.Event()
        self.broken = False

    async def people_version(self) -> int:
        self.asked += 1
        version = await super().people_version()
        await self.gate.wait()
        if self.broken:
            message = "the database is gone"
            raise JournalUnavailable(message)
        return version


@pytest.fixture
def journal() -> SlowJournal:
    return SlowJournal()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - lets the others begin


def _start(directory: Directory, count: int) -> list[asyncio.Task[People]]:
    loop = asyncio.get_running_loop()
    return [loop.create_task(directory.people()) for _ in range(count)]


async def test_those_who_come_during_a_read_share_the_next_one(journal):
    directory = Directory(journal)
    first = _start(directory, 1)
    await _turns()
    later = _start(directory, 50)
    await _turns()
    journal.gate.set()
    await asyncio.gather(*first, *later)
    assert journal.asked == 2


async def test_whoever_comes_later_sees_what_was_written_before(journal):
    directory = Directory(journal)
    first = _start(directory, 1)
    await _turns()
    await journal.commit(Insert(a_provider(id=OTHER)))
    later = _start(directory, 1)
    await _turns()
    journal.gate.set()
    await asyncio.gather(*first)
    assert OTHER in (await later[0]).providers


async def test_nothing_is_read_again_while_the_version_stays(journal):
    journal.gate.set()
    directory = Directory(journal)
    people = await directory.people()
    assert await directory.people() is people
    await journal.commit(Insert(a_provider(id=OTHER)))
    assert await directory.people() is not people


async def test_a_failed_read_fails_for_all_who_waited_and_for_nobody_after(journal):
    directory = Directory(journal)
    journal.broken = True
    first = _start(directory, 1)
    await _turns()
    later = _start(directory, 20)
    await _turns()
    journal.gate.set()
    answers = await asyncio.gather(*first, *later, return_exceptions=True)
    assert {type(answer) for answer in answers} == {JournalUnavailable}
    assert journal.asked == 2
    journal.broken = False
    assert (await directory.people()).providers == {}


async def test_a_reader_who_is_cancelled_leaves_the_read_to_the_next(journal):
    directory = Directory(journal)
    (first,) = _start(directory, 1)
    await _turns()
    (second,) = _start(directory, 1)
    await _turns()
    first.cancel()
    journal.gate.set()
    assert (await second).providers == {}

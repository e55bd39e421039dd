"""A flood of forgeries is a few rows, and none is lost while the database is away."""

from datetime import timedelta

from structlog.testing import capture_logs

from bot.web.refusals import MOST_UNKNOWN, OTHERS, Refusals
from core.errors import JournalUnavailable
from core.refusals import RefusalCause, RefusedRequests
from tests.fakes import NOON, FixedClock
from tests.memory_journal import MemoryJournal

FORGED, STALE = RefusalCause.FORGED, RefusalCause.STALE


class Journal(MemoryJournal):
    away = False

    async def commit(self, *writes):
        if self.away:
            message = "away"
            raise JournalUnavailable(message)
        await super().commit(*writes)


def _refusals():
    clock = FixedClock()
    journal = Journal(clock)
    return Refusals(journal, clock), journal, clock


async def _rows(journal):
    rows = await journal.find(RefusedRequests)
    return {(row.provider, row.cause): row for row in rows}


async def test_the_same_again_is_a_number():
    refusals, journal, clock = _refusals()
    refusals.note("demo", FORGED, "192.0.2.1")
    await refusals.write()
    clock.advance(timedelta(minutes=5))
    for _ in range(3):
        refusals.note("demo", FORGED, "192.0.2.2")
    refusals.note("demo", STALE, "192.0.2.3")
    await refusals.write()
    await refusals.write()
    rows = await _rows(journal)
    row = rows["demo", FORGED]
    assert (row.count, row.address) == (4, "192.0.2.2")
    assert (row.first_at, row.last_at) == (NOON, NOON + timedelta(minutes=5))
    assert rows["demo", STALE].count == 1


async def test_names_without_end_are_counted_together():
    refusals, journal, _ = _refusals()
    for number in range(50):
        refusals.note(f"name{number}", RefusalCause.UNKNOWN, "192.0.2.1")
    await refusals.write()
    for number in range(50):
        refusals.note(f"more{number}", RefusalCause.UNKNOWN, "192.0.2.1")
    await refusals.write()
    rows = await _rows(journal)
    assert len(rows) == MOST_UNKNOWN + 1
    assert rows[OTHERS, RefusalCause.UNKNOWN].count == 100 - MOST_UNKNOWN


async def test_strangers_do_not_hide_what_is_wrong_with_a_provider():
    refusals, journal, _ = _refusals()
    for number in range(50):
        refusals.note(f"name{number}", RefusalCause.UNKNOWN, "192.0.2.1")
    for _ in range(3):
        refusals.note("demo", FORGED, "192.0.2.1")
    await refusals.write()
    assert (await _rows(journal))["demo", FORGED].count == 3


async def test_after_a_week_a_count_begins_anew():
    refusals, journal, clock = _refusals()
    refusals.note("demo", FORGED, "192.0.2.1")
    await refusals.write()
    clock.advance(timedelta(days=7, seconds=1))
    refusals.note("demo", FORGED, "192.0.2.1")
    await refusals.write()
    row = (await _rows(journal))["demo", FORGED]
    assert (row.count, row.first_at) == (1, row.last_at)


async def test_a_long_name_is_cut():
    refusals, journal, _ = _refusals()
    refusals.note("x" * 100, RefusalCause.UNKNOWN, "192.0.2.1")
    await refusals.write()
    assert list(await _rows(journal)) == [("x" * 32, RefusalCause.UNKNOWN)]


async def test_what_cannot_be_written_is_written_later():
    refusals, journal, _ = _refusals()
    journal.away = True
    refusals.note("demo", FORGED, "192.0.2.1")
    with capture_logs() as lines:
        await refusals.write()
    assert [line["event"] for line in lines] == ["refusals_not_written"]
    journal.away = False
    refusals.note("demo", FORGED, "192.0.2.1")
    await refusals.write()
    assert (await _rows(journal))["demo", FORGED].count == 2

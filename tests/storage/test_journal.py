"""What is true of the journal on a database beyond the port."""

import asyncio
import shutil
import sqlite3
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from core.ports import Insert, PeopleAre
from core.signals import Signal
from core.users import User
from storage.engine import FILE_NAME
from storage.journal import SqlJournal, open_journal
from storage.unit import Unit
from tests import builders as b
from tests.databases import sqlite_url
from tests.fakes import NOON, FixedClock


async def test_time_in_another_zone_comes_back_in_utc(journal: SqlJournal) -> None:
    tokyo = timezone(timedelta(hours=9))
    await journal.commit(Insert(b.a_user(consented_at=NOON.astimezone(tokyo))))
    user = await journal.get(User, b.USER)
    assert user is not None
    assert user.consented_at is not None
    assert user.consented_at.utcoffset() == timedelta(0)


async def test_closing_waits_for_what_is_under_way(
    file: Path, clock: FixedClock
) -> None:
    journal = await open_journal(sqlite_url(file), clock=clock, data_dir=file.parent)
    commit = asyncio.Task(journal.commit(Insert(b.a_user())))
    await asyncio.wait({commit}, timeout=0)
    commit.cancel()
    await journal.close()
    with sqlite3.connect(file) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM users")
    connection.close()
    assert count == 1


async def test_two_installations_have_different_magic_numbers(
    journal: SqlJournal, tmp_path: Path, template: Path, clock: FixedClock
) -> None:
    shutil.copy(template, tmp_path / FILE_NAME)
    other = await open_journal("", clock=clock, data_dir=tmp_path)
    numbers = {await journal.next_magic() >> 32, await other.next_magic() >> 32}
    await other.close()
    assert len(numbers) == 2


async def test_magic_numbers_go_on_after_a_restart(
    file: Path, clock: FixedClock
) -> None:
    numbers = []
    for _ in range(3):
        journal = await open_journal(
            sqlite_url(file), clock=clock, data_dir=file.parent
        )
        numbers.append(await journal.next_magic())
        await journal.close()
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


async def test_decimals_are_kept_as_plain_text(journal: SqlJournal, file: Path) -> None:
    await b.furnish(journal, b.a_signal())
    with sqlite3.connect(file) as connection:
        [row] = connection.execute("SELECT price, typeof(price) FROM signals")
    connection.close()
    assert row == ("1950.5", "text")


async def test_a_long_chain_is_verified_in_pages(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.asking._AUDIT_PAGE", 3)
    record = b.a_record()
    for _ in range(4):
        await journal.commit(record, record)
    assert await journal.verify_audit() == 8


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (
            "SELECT * FROM signals WHERE user_id = 1 ORDER BY created_at DESC",
            "ix_signals_user_id_created_at",
        ),
        (
            "SELECT * FROM signals WHERE provider = 'demo' ORDER BY created_at DESC",
            "ix_signals_provider_created_at",
        ),
        (
            "SELECT * FROM signals WHERE instrument = 'X' AND status = 'new'",
            "ix_signals_instrument_status",
        ),
        (
            "SELECT count(*) FROM signals WHERE provider = 'demo' AND status = 'new'",
            "ix_signals_provider_status",
        ),
        (
            "SELECT * FROM signals WHERE provider = 'demo' AND external_id = '1'",
            "sqlite_autoindex_signals_2",
        ),
        (
            "SELECT * FROM approvals WHERE user_id = 1 ORDER BY created_at",
            "ix_approvals_user_id_created_at",
        ),
        (
            "SELECT * FROM approvals WHERE signal_id = 'S' AND user_id = 1",
            "ix_approvals_signal_id_user_id",
        ),
        (
            "SELECT * FROM outbox WHERE done_at IS NULL ORDER BY priority, due_at, id",
            "ix_outbox_open",
        ),
        ("SELECT * FROM inbox WHERE done_at IS NULL ORDER BY id", "ix_inbox_open"),
        (
            "SELECT * FROM equity_points WHERE account_id = 'demo' ORDER BY at",
            "ix_equity_points_account_id_at",
        ),
    ],
)
async def test_a_query_has_its_index(
    journal: SqlJournal, file: Path, question: str, index: str
) -> None:
    await journal.count(Signal)
    with sqlite3.connect(file) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}")]
    connection.close()
    assert any(index in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_a_condition_of_many_is_checked_once(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await b.furnish(journal)
    still = PeopleAre(await journal.people_version())
    asked = []
    people_version = Unit.people_version

    def counting(self: Unit) -> int:
        asked.append(self)
        return people_version(self)

    monkeypatch.setattr(Unit, "people_version", counting)
    await journal.accept([[still, Insert(b.a_signal())] for _ in range(20)])
    assert len(asked) == 1
    assert await journal.count(Signal) == 20


async def test_a_condition_holds_for_the_look_at_taken_keys_too(
    journal: SqlJournal,
) -> None:
    await b.furnish(journal, b.a_signal(external_id="old"))
    before = PeopleAre(await journal.people_version() - 1)
    batch = [[before, Insert(b.a_signal(external_id="old"))]]
    async with journal.engines.write.connect() as connection:
        look = connection.run_sync(lambda inside: Unit(inside, NOON).accept(batch))
        with pytest.raises(Conflict):
            await look


async def test_equal_questions_that_meet_are_asked_once(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await b.furnish(journal, b.a_signal(external_id="x"))
    asked = []
    find = Unit.find

    def counting(self: Unit, kind: Any, *question: Any, **more: Any) -> Any:
        asked.append(kind)
        return find(self, kind, *question, **more)

    monkeypatch.setattr(Unit, "find", counting)
    same = [journal.find(Signal, external_id="x") for _ in range(20)]
    answers = await asyncio.gather(*same, journal.find(Signal, external_id="y"))
    assert [len(rows) for rows in answers] == [1] * 20 + [0]
    assert len(asked) == 2
    answers[0].clear()
    assert len(answers[1]) == 1  # each has a list of its own


async def test_a_question_that_is_wrong_harms_none_that_it_meets(
    journal: SqlJournal,
) -> None:
    wrong, right = await asyncio.gather(
        journal.find(Signal, colour="red"),
        journal.count(Signal),
        return_exceptions=True,
    )
    assert isinstance(wrong, ValueError)
    assert right == 0


async def test_pages_that_are_asked_for_at_once_are_each_their_own(
    journal: SqlJournal,
) -> None:
    await b.furnish(journal, *(b.a_signal(external_id=name) for name in "abc"))
    pages = await asyncio.gather(
        *(
            journal.find(Signal, order_by="external_id", skip=number, limit=1)
            for number in range(4)
        )
    )
    assert [[row.external_id for row in page] for page in pages] == [
        ["a"],
        ["b"],
        ["c"],
        [],
    ]

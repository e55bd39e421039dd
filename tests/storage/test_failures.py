"""Database errors as the port names them; the keys are in the contract suite."""

import asyncio
import dataclasses
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from core.errors import Conflict, JournalUnavailable
from core.market import Side
from core.orders import OrderKind
from core.ports import Insert, Record, Row, Save
from core.signals import Signal
from core.users import User
from storage.failures import translate
from storage.journal import SqlJournal
from tests import builders as b
from tests.databases import connect, somebody_waits
from tests.fakes import NOON

BROKEN_RULES: dict[str, Row] = {
    "uses below nothing": b.an_invite(uses_left=-1),
    "order of nothing": b.an_order(volume=Decimal(0)),
    "close of less": b.an_order(volume=Decimal("-0.01"), kind=OrderKind.CLOSE),
    "trade of nothing": b.a_trade(volume=Decimal(0)),
    "send before the first": b.a_send(number=0),
    "reason too long": b.an_approval(reason="r" * 501),
}


@pytest.fixture(params=["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest) -> SqlJournal:
    name = "journal" if request.param == "sqlite" else "postgres"
    journal = request.getfixturevalue(name)
    assert isinstance(journal, SqlJournal)
    return journal


@pytest.mark.parametrize("row", BROKEN_RULES.values(), ids=BROKEN_RULES)
async def test_a_row_that_the_tables_refuse_is_a_value_error(
    either: SqlJournal, row: Row
) -> None:
    await b.furnish(either)
    with pytest.raises(ValueError, match="the table refuses the row"):
        await either.commit(Insert(row))


async def test_a_withdrawing_order_needs_no_volume(either: SqlJournal) -> None:
    await b.furnish(either, b.an_order(volume=Decimal(0), kind=OrderKind.CANCEL))


@pytest.mark.parametrize("side", ["buy", "short"])
async def test_a_word_that_is_not_of_its_kind_is_refused(
    either: SqlJournal, side: str
) -> None:
    await b.furnish(either)
    news: dict[str, Any] = {"side": side}
    with pytest.raises(TypeError, match=r"Signal\.side"):
        await either.commit(Insert(dataclasses.replace(b.a_signal(), **news)))


async def test_a_question_with_a_value_of_another_type_is_refused(
    either: SqlJournal,
) -> None:
    with pytest.raises(TypeError, match="is not what this column holds"):
        await either.find(Signal, side="buy")
    assert await either.find(Signal, side=Side.BUY) == []


async def test_a_naive_moment_is_refused(either: SqlJournal) -> None:
    naive = b.a_user(consented_at=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="must carry a time zone"):
        await either.commit(Insert(naive))


async def test_after_a_failure_the_journal_goes_on(either: SqlJournal) -> None:
    await b.furnish(either)
    for _ in range(20):
        with pytest.raises(Conflict):
            await either.commit(Save(b.a_user(version=7)))
    assert await either.count(User) == 1


# ------------------------------------------------------------------ SQLite


async def test_a_file_that_another_program_locks_is_unavailable(
    journal: SqlJournal, file: Path
) -> None:
    async with journal.engines.write.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute("PRAGMA busy_timeout=1")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable, match="locked"):
            await journal.commit(Insert(b.a_user()))
        other.execute("ROLLBACK")
    other.close()
    await journal.commit(Insert(b.a_user()))


ORPHAN = (
    "INSERT INTO subscriptions "
    "(id, user_id, provider, instrument, enabled, created_at, version) "
    "VALUES ('x', 9, 'nobody', '*', 1, '2026-11-24T12:00:00.000000+00:00', 1)"
)


async def test_a_commit_that_fails_leaves_nothing_open(journal: SqlJournal) -> None:
    async def fail() -> None:
        async with journal.engines.write.begin() as connection:
            await connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            await connection.exec_driver_sql(ORPHAN)

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        await fail()
    await journal.commit(Insert(b.a_user()))
    assert await journal.count(User) == 1


async def test_a_full_disk_stores_nothing_and_is_survived(
    journal: SqlJournal,
) -> None:
    async def limit(pages: int) -> None:
        async with journal.engines.write.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute(f"PRAGMA max_page_count={pages}")

    await limit(1)
    big = Record(actor="cli", action="x" * 100_000, subject="disk")
    with pytest.raises(JournalUnavailable, match="full"):
        await journal.commit(Insert(b.a_user()), big)
    assert await journal.count(User) == 0
    await limit(1_000_000)
    await journal.commit(Insert(b.a_user()), big)
    assert await journal.verify_audit() == 1


async def test_a_missing_table_is_unavailable(journal: SqlJournal, file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE subscriptions")
    other.close()
    with pytest.raises(JournalUnavailable, match="no such table"):
        await journal.commit(Insert(b.a_user()), Insert(b.a_subscription()))
    assert await journal.count(User) == 0


def test_an_error_that_says_nothing_more_is_unavailable() -> None:
    error = translate(OperationalError("SELECT 1", {}, sqlite3.OperationalError("x")))
    assert isinstance(error, JournalUnavailable)
    assert str(error) == "OperationalError: x"


# ------------------------------------------------------------------ PostgreSQL


@pytest.mark.postgres
async def test_a_cut_connection_is_replaced(postgres: SqlJournal, server: str) -> None:
    await b.furnish(postgres)
    with connect(server) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await postgres.count(User) == 1


@pytest.mark.postgres
async def test_a_connection_cut_in_the_middle_is_unavailable(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    with connect(server) as other, other.transaction():
        other.execute("SELECT 1 FROM users FOR UPDATE")
        commit = asyncio.Task(postgres.commit(Save(b.a_user(name="Bob"))))
        await somebody_waits(server)
        with connect(server) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        with pytest.raises(JournalUnavailable):
            await commit
    await postgres.commit(Save(b.a_user(name="Eve")))


@pytest.mark.postgres
async def test_who_waits_too_long_for_a_lock_gives_up(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    async with postgres.engines.write.connect() as connection:
        await connection.exec_driver_sql("SET lock_timeout = '10ms'")
        await connection.commit()
    with connect(server) as other, other.transaction():
        other.execute("SELECT 1 FROM users FOR UPDATE")
        with pytest.raises(JournalUnavailable, match="lock timeout"):
            await postgres.commit(Save(b.a_user(name="Bob")))
    await postgres.commit(Save(b.a_user(name="Eve")))


@pytest.mark.postgres
async def test_two_that_wait_for_each_other_both_get_through(
    postgres: SqlJournal, server: str
) -> None:
    """The database ends one of them; what was ours is tried again."""
    await b.furnish(postgres, b.a_user(id=2))
    both = [b.a_user(name="mine"), b.a_user(id=2, name="mine")]
    with connect(server) as other:
        with other.transaction():
            other.execute("SET LOCAL deadlock_timeout = '1min'")
            other.execute("SELECT 1 FROM users WHERE id = 2 FOR UPDATE")
            commit = asyncio.Task(postgres.commit(*map(Save, both)))
            await somebody_waits(server)
            lock = "SELECT 1 FROM users WHERE id = 1 FOR UPDATE"
            await asyncio.to_thread(other.execute, lock.encode())
        await commit
    assert await postgres.count(User, name="mine") == 2


@pytest.mark.postgres
async def test_who_is_always_in_the_way_is_a_conflict(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    with connect(server) as admin:
        admin.execute(
            "CREATE FUNCTION entangle() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"
        )
        admin.execute(
            "CREATE TRIGGER entangle BEFORE UPDATE ON users "
            "FOR EACH ROW EXECUTE FUNCTION entangle()"
        )
        with pytest.raises(Conflict, match="in the way"):
            await postgres.commit(Save(b.a_user(name="Bob")))
        admin.execute("DROP FUNCTION entangle CASCADE")

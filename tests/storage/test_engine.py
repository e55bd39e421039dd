import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.errors import JournalUnavailable, Refused
from storage.engine import database_url, make_engines
from storage.journal import SqlJournal, open_journal
from tests.databases import sqlite_url
from tests.fakes import FixedClock

DATA = Path("/data")


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _overwrite_a_page(file: Path) -> None:
    page = 4096
    content = bytearray(file.read_bytes())
    content[2 * page : 3 * page] = b"\xff" * page
    file.write_bytes(content)


async def _ask(engine: AsyncEngine, question: str) -> object:
    async with engine.connect() as connection:
        return (await connection.exec_driver_sql(question)).scalar()


# ------------------------------------------------------------------ addresses


def test_the_default_is_a_file_in_the_data_folder() -> None:
    url = database_url("", data_dir=DATA)
    assert url.render_as_string() == "sqlite+aiosqlite:////data/tapgate.db"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:////x/a.db", "sqlite+aiosqlite:////x/a.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h:1/d", "postgresql+psycopg://u@h:1/d"),
        ("postgresql+psycopg://u@h/d?sslmode=require",) * 2,
    ],
)
def test_an_address_gets_its_driver(text: str, address: str) -> None:
    assert database_url(text, data_dir=DATA).render_as_string() == address


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mysql://u@h/d", "kind 'mysql' cannot be used"),
        ("postgresql+asyncpg://u@h/d", "kind 'postgresql\\+asyncpg' cannot be used"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite+aiosqlite:///:memory:", "SQLite needs a file"),
        ("tapgate.db", "cannot be read"),
    ],
)
def test_another_address_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=rf"{sentence}.*sqlite\+aiosqlite:///path"):
        database_url(text, data_dir=DATA)


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(Refused) as caught:
        database_url("mysql://u:hunter2@h/d", data_dir=DATA)
    assert "hunter2" not in caught.value.reason


# ------------------------------------------------------------------ SQLite


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
        ("wal_autocheckpoint", 1000),
        ("journal_size_limit", 67_108_864),
    ],
)
async def test_the_writer_is_set_up(
    journal: SqlJournal, pragma: str, value: object
) -> None:
    assert await _ask(journal.engines.write, f"PRAGMA {pragma}") == value


async def test_the_reader_cannot_write(journal: SqlJournal) -> None:
    assert await _ask(journal.engines.read, "PRAGMA query_only") == 1
    with pytest.raises(OperationalError, match="readonly"):
        await _ask(journal.engines.read, "DELETE FROM users")


async def test_a_writing_transaction_excludes_others_from_its_start(
    journal: SqlJournal, file: Path
) -> None:
    second = make_engines(database_url(sqlite_url(file), data_dir=DATA))
    async with journal.engines.write.begin(), second.write.connect() as other:
        raw = (await other.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.execute("PRAGMA busy_timeout=1")
        with pytest.raises(OperationalError, match="locked"):
            await other.begin()
    await second.dispose()


async def test_a_reader_sees_one_moment(journal: SqlJournal) -> None:
    count = "SELECT count(*) FROM counters"
    async with journal.engines.read.connect() as reader:
        before = (await reader.exec_driver_sql(count)).scalar()
        await journal.next_magic()
        assert (await reader.exec_driver_sql(count)).scalar() == before
    assert await _ask(journal.engines.read, count) != before


async def test_files_are_for_their_owner_only(
    tmp_path: Path, clock: FixedClock
) -> None:
    data = tmp_path / "data"
    journal = await open_journal("", clock=clock, data_dir=data)
    async with journal.engines.write.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE t (x)")
    modes = {file.name: _mode(file) for file in data.iterdir()}
    await journal.close()
    assert set(modes) == {"tapgate.db", "tapgate.db-wal", "tapgate.db-shm"}
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.chmod(0o644)
    make_engines(database_url(sqlite_url(file), data_dir=DATA))
    assert _mode(file) == 0o600


async def test_a_file_of_something_else_does_not_open(
    tmp_path: Path, clock: FixedClock
) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear Ada, " * 1000, encoding="utf-8")
    with pytest.raises(JournalUnavailable, match="not a database"):
        await open_journal(sqlite_url(file), clock=clock, data_dir=tmp_path)


async def test_a_damaged_file_does_not_open(file: Path, clock: FixedClock) -> None:
    _overwrite_a_page(file)
    with pytest.raises(JournalUnavailable, match=r"damaged|malformed"):
        await open_journal(sqlite_url(file), clock=clock, data_dir=file.parent)


# ------------------------------------------------------------------ PostgreSQL


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
        ("timezone", "UTC"),
        ("application_name", "tapgate"),
        ("transaction_isolation", "read committed"),
    ],
)
async def test_the_session_is_set_up(
    postgres: SqlJournal, setting: str, value: str
) -> None:
    assert await _ask(postgres.engines.write, f"SHOW {setting}") == value


@pytest.mark.postgres
async def test_reader_and_writer_share_one_pool(postgres: SqlJournal) -> None:
    assert postgres.engines.read is postgres.engines.write


async def test_a_server_that_is_not_there_is_unavailable(clock: FixedClock) -> None:
    nobody = "postgresql://postgres:hunter2@127.0.0.1:1/none"
    with pytest.raises(JournalUnavailable) as caught:
        await open_journal(nobody, clock=clock, data_dir=DATA)
    assert "hunter2" not in str(caught.value)

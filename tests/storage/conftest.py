"""Databases with the newest schema, made once and copied."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.journal import SqlJournal, open_journal
from tests.databases import empty, migrate, postgres_database, sqlite_url
from tests.fakes import FixedClock


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(sqlite_url(file))
    return file


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    """An SQLite file with all tables and no rows."""
    return Path(shutil.copy(template, tmp_path / "journal.db"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def journal(file: Path, clock: FixedClock) -> AsyncIterator[SqlJournal]:
    """A journal on SQLite."""
    journal = await open_journal(sqlite_url(file), clock=clock, data_dir=file.parent)
    yield journal
    await journal.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_database() as url:
        migrate(url)
        yield url


@pytest.fixture
async def postgres(server: str, clock: FixedClock) -> AsyncIterator[SqlJournal]:
    """A journal on PostgreSQL."""
    empty(server)
    journal = await open_journal(server, clock=clock, data_dir=Path())
    yield journal
    await journal.close()

"""Kill the process while it commits: what it was told is stored, is stored."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.messages import AuditEntry, OutboxItem
from core.signals import Signal
from storage.journal import open_journal
from tests import builders as b
from tests.databases import sqlite_url
from tests.fakes import FixedClock

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys
from pathlib import Path
from core.ports import Insert, Record
from storage.journal import open_journal
from tests import builders as b
from tests.fakes import FixedClock

async def main(url, name):
    journal = await open_journal(url, clock=FixedClock(), data_dir=Path())
    for number in range(100_000):
        identity = f"{name}-{number}"
        await journal.accept([[
            Insert(b.a_signal(id=identity, external_id=identity)),
            Insert(b.an_outbox_item(id=identity, subject=identity)),
            Record(actor="provider:demo", action="accept", subject=identity),
        ]])
        print(identity, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def _write_until_killed(url: str, name: str, *, after: float) -> list[str]:
    """The ids that the writer was told are stored before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, name],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip()]
        killer = threading.Timer(after, writer.kill)
        killer.start()
        lines = writer.stdout.read()
        killer.join()
    whole, _, _ = lines.rpartition("\n")
    return [*told, *whole.split()]


@pytest.mark.parametrize("kills", [3])
async def test_a_killed_process_loses_nothing_and_leaves_no_half(
    file: Path, clock: FixedClock, kills: int
) -> None:
    url = sqlite_url(file)
    journal = await open_journal(url, clock=clock, data_dir=file.parent)
    await b.furnish(journal)
    await journal.close()
    told: set[str] = set()
    for kill in range(kills):
        told.update(_write_until_killed(url, f"run{kill}", after=0.05 + kill * 0.037))
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    journal = await open_journal(url, clock=clock, data_dir=file.parent)
    stored = {signal.id for signal in await journal.find(Signal)}
    assert told <= stored
    assert len(stored - told) <= kills
    assert {item.id for item in await journal.find(OutboxItem)} == stored
    assert {entry.subject for entry in await journal.find(AuditEntry)} == stored
    assert await journal.verify_audit() == len(stored)
    await journal.close()

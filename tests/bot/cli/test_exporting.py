"""``tapgate export`` and ``tapgate audit export``."""

import asyncio
import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from core.ports import Insert, Record
from tests.bot.offices import office_in
from tests.builders import a_trade, an_account


async def _furnish(folder: Path) -> None:
    async with office_in(folder) as office:
        record = Record(actor="cli", action="tried", subject="it")
        await office.journal.commit(Insert(an_account()), Insert(a_trade()), record)


@pytest.fixture
def furnished(config: Path) -> Path:
    asyncio.run(_furnish(config.parent))
    return config.parent


def test_trades_are_csv_that_a_spreadsheet_opens(tapgate, furnished):
    ran = tapgate("export", "trades")
    (row,) = csv.DictReader(StringIO(ran.out))
    assert (ran.code, ran.err, row["instrument"]) == (0, "", "XAUUSD")


def test_or_json_for_a_program(tapgate, furnished):
    ran = tapgate("export", "trades", "--format", "json")
    assert [row["instrument"] for row in json.loads(ran.out)] == ["XAUUSD"]


def test_what_was_before_is_left_out(tapgate, furnished):
    ran = tapgate("export", "trades", "--since", "2100-01-01")
    assert len(ran.out.splitlines()) == 1


def test_a_file_is_whole_or_not_there(tapgate, furnished):
    file = furnished / "trades.csv"
    ran = tapgate("export", "trades", "-o", str(file))
    assert (ran.code, ran.out) == (0, "")
    assert "XAUUSD" in file.read_text()
    assert [each.name for each in furnished.glob("*.part")] == []


def test_a_file_that_cannot_be_written_is_told(tapgate, furnished):
    file = furnished / "missing" / "trades.csv"
    ran = tapgate("export", "trades", "-o", str(file))
    assert ran.code == 1
    assert "trades.csv cannot be written: No such file or directory." in ran.err


def test_a_time_that_is_none_is_told(tapgate, furnished):
    ran = tapgate("export", "trades", "--since", "soon")
    assert ran.code == 1
    assert "'soon' is no time" in ran.err


def test_what_cannot_be_exported_is_told(tapgate, furnished):
    assert tapgate("export", "secrets").code == 2


def test_the_audit_is_exported_line_by_line(tapgate, furnished):
    ran = tapgate("audit", "export")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, found[-1]["action"]) == (0, "tried")

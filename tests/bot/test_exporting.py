"""Rows for other programs."""

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest

from bot import exporting
from bot.exporting import KINDS, Format, What, audit_exported, exported, iso, moment
from core.errors import Refused
from core.ports import Insert, Record
from core.trades import Trade
from tests import builders as b
from tests.fakes import NOON, FixedClock
from tests.memory_journal import MemoryJournal


@pytest.fixture
async def journal() -> MemoryJournal:
    journal = MemoryJournal(FixedClock())
    await b.furnish(journal, b.a_signal(external_id='=HYPERLINK("x")'))
    return journal


async def _text(journal: MemoryJournal, what: What, style: Format, **more) -> str:
    return "".join([each async for each in exported(journal, what, style, **more)])


async def _rows(journal: MemoryJournal, what: What, **more) -> list[dict[str, str]]:
    text = await _text(journal, what, Format.CSV, **more)
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.parametrize("what", What, ids=str)
async def test_nothing_is_a_head_without_rows_or_an_empty_list(what):
    empty = MemoryJournal(FixedClock())
    assert len((await _text(empty, what, Format.CSV)).splitlines()) == 1
    assert json.loads(await _text(empty, what, Format.JSON)) == []


async def test_a_column_is_a_field(journal: MemoryJournal):
    trade = b.a_trade(profit=Decimal("-12.50"), closed_at=NOON, stop_loss=None)
    await journal.commit(Insert(trade))
    (row,) = await _rows(journal, What.TRADES)
    assert row["profit"] == "-12.5"
    assert row["opened_at"] == iso(trade.opened_at)
    assert (row["stop_loss"], row["side"]) == ("", "buy")
    assert list(row) == list(Trade.__dataclass_fields__)


async def test_what_a_spreadsheet_would_run_is_text(journal: MemoryJournal):
    (row,) = await _rows(journal, What.SIGNALS)
    assert row["external_id"] == '\'=HYPERLINK("x")'


async def test_json_keeps_every_digit_and_what_was_sent(journal: MemoryJournal):
    (row,) = json.loads(await _text(journal, What.SIGNALS, Format.JSON))
    assert row["external_id"] == '=HYPERLINK("x")'
    assert row["price"] == "1950.5"
    assert row["created_at"].endswith("Z")
    assert row["webhook_id"] is None


async def test_the_oldest_comes_first_a_piece_at_a_time(
    journal: MemoryJournal, monkeypatch
):
    monkeypatch.setattr(exporting, "AT_A_TIME", 2)
    moments = [NOON + timedelta(minutes=each) for each in (4, 1, 3, 0, 2)]
    await journal.commit(*(Insert(b.an_equity_point(at=each)) for each in moments))
    text = await _text(journal, What.EQUITY, Format.JSON)
    assert [row["at"] for row in json.loads(text)] == [
        iso(each) for each in sorted(moments)
    ]
    rows = await _rows(journal, What.EQUITY, since=NOON + timedelta(minutes=3))
    assert [row["at"] for row in rows] == [
        iso(max(moments) - timedelta(minutes=1)),
        iso(max(moments)),
    ]


async def test_only_what_is_wanted_comes(journal: MemoryJournal):
    await journal.commit(Insert(b.an_equity_point()))
    assert len(await _rows(journal, What.EQUITY, account_id=b.ACCOUNT)) == 1
    assert await _rows(journal, What.EQUITY, account_id="other") == []


async def test_every_kind_says_when_it_was(journal: MemoryJournal):
    for kind, when in KINDS.values():
        assert when in kind.__dataclass_fields__


async def test_the_audit_is_one_entry_a_line(journal: MemoryJournal, monkeypatch):
    monkeypatch.setattr(exporting, "AT_A_TIME", 2)
    for number in range(5):
        record = Record(actor="cli", action=f"a{number}", subject="it")
        await journal.commit(record)
    lines = "".join([each async for each in audit_exported(journal)]).splitlines()
    found = [json.loads(line) for line in lines]
    assert [each["action"] for each in found] == ["a0", "a1", "a2", "a3", "a4"]
    assert [each["id"] for each in found] == [1, 2, 3, 4, 5]
    assert found[1]["previous"] == found[0]["hash"]
    late = [each async for each in audit_exported(journal, since=NOON + _DAY)]
    assert late == []


_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T12:00:00Z", NOON),
        ("2026-11-24T13:00:00+01:00", NOON),
    ],
    ids=["a date", "utc", "a zone"],
)
def test_a_moment_is_read_as_people_type_it(text, expected):
    assert moment(text) == expected


def test_what_is_no_time_is_told_so():
    with pytest.raises(Refused, match="'yesterday' is no time: write 2026-11-24 or"):
        moment("yesterday")


@pytest.mark.parametrize("text", ["=1", " =1", "\n+1", "\t-1", "@x", "\uff1d1"])
async def test_neither_a_space_nor_a_wide_letter_makes_a_formula(text):
    other = MemoryJournal(FixedClock())
    await b.furnish(other, b.a_signal(external_id=text))
    (row,) = await _rows(other, What.SIGNALS)
    assert row["external_id"] == f"'{text}"

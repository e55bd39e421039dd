"""The file: exact, whole or not at all, readable from outside, honest when it fails."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from core.errors import BrokerUnavailable, OutcomeUnknown
from core.ids import Ticket
from core.market import OrderType, Side
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.rows import from_row, to_row
from mt5_bridge.paper.specs import SPECS
from mt5_bridge.paper.store import PaperStore, read_ledger
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import (
    EURO,
    GOLD,
    START,
    Bench,
    D,
    bench_at,
    broker_at,
    close,
    order,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    ticket: Ticket
    side: Side
    amount: Decimal
    maybe: Decimal | None
    when: datetime
    span: timedelta
    text: str


EXAMPLE = Everything(
    ticket=Ticket(2**62),
    side=Side.SELL,
    amount=D("0.1000000000000000000000000001"),
    maybe=None,
    when=datetime(2026, 3, 4, tzinfo=UTC),
    span=timedelta(days=3, microseconds=7),
    text="",
)


def test_a_row_gives_back_exactly_what_it_was_given() -> None:
    assert from_row(Everything, to_row(EXAMPLE)) == EXAMPLE
    assert str(from_row(Everything, to_row(EXAMPLE)).amount) == str(EXAMPLE.amount)


def test_a_row_holds_text_and_whole_numbers_only() -> None:
    assert {type(cell) for cell in to_row(EXAMPLE).values()} == {str, int, type(None)}


def test_times_sort_as_text() -> None:
    zone = timezone(timedelta(hours=2))
    times = [
        datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
        datetime(2026, 3, 4, 11, 30, 0, 1, tzinfo=zone),
        datetime(2026, 3, 4, 9, 30, 1, tzinfo=UTC),
    ]
    cells = [to_row(_at(time))["when"] for time in times]
    assert cells == sorted(cells)


def _at(time: datetime) -> Everything:
    return Everything(
        ticket=Ticket(1),
        side=Side.BUY,
        amount=D(1),
        maybe=D(1),
        when=time,
        span=timedelta(0),
        text="",
    )


# ---------------------------------------------------------------- restarts
async def test_everything_survives_a_restart(file) -> None:
    clock = FixedClock(START)
    async with bench_at(file, clock) as bench:
        await bench.opened(stop_loss="1940", take_profit="1970.50")
        position = await bench.opened(instrument=EURO, price="1.1", magic=2**62)
        await bench.broker.send(close(position, "0.04"))
        await bench.broker.send(
            order(
                order_type=OrderType.STOP,
                price="1990",
                stop_loss="1980",
                expires_at=START + timedelta(hours=1, microseconds=5),
            )
        )
        await bench.broker.deposit(D("0.01"))
        await bench.price(GOLD, "1961.23")
        before = await bench.snapshot()
        known = await bench.broker.find(2**62)
    async with bench_at(file, clock) as bench:
        assert await bench.snapshot() == before
        assert await bench.broker.find(2**62) == known


async def test_the_opening_balance_is_paid_once(file) -> None:
    async with bench_at(file, balance=D(500)):
        pass
    async with bench_at(file, balance=D(900)) as bench:
        snapshot = await bench.snapshot()
        assert (snapshot.account.balance, len(snapshot.deals)) == (D(500), 1)


async def test_tickets_go_on_after_a_restart(file) -> None:
    async with bench_at(file) as bench:
        first = await bench.opened()
    async with bench_at(file) as bench:
        assert (await bench.opened()).ticket == first.ticket + 2


async def test_a_steered_price_stands_after_a_restart(file) -> None:
    clock = FixedClock(START)
    async with bench_at(file, clock) as bench:
        await bench.broker.steer(GOLD, D(2000), timedelta(seconds=10))
        await bench.passes(5)
    clock.advance(timedelta(seconds=500))
    async with bench_at(file, clock) as bench:
        assert (await bench.broker.get_quote(GOLD)).bid == D(1975)
        await bench.passes(5)
        assert (await bench.broker.get_quote(GOLD)).bid == D(2000)


async def test_another_feed_starts_from_its_beginning(file) -> None:
    clock = FixedClock(START)
    async with bench_at(file, clock) as bench:
        await bench.price(GOLD, "3000")
        await bench.passes(60)
    async with bench_at(file, clock, RandomFeed(1, SPECS, D(1))) as bench:
        assert (await bench.broker.get_quote(GOLD)).bid == D(1950)
    async with bench_at(file, clock, RandomFeed(1, SPECS, D(1))) as bench:
        assert (await bench.broker.get_quote(GOLD)).bid == D(1950)


async def test_an_account_keeps_its_currency(file) -> None:
    async with bench_at(file):
        pass
    broker = broker_at(file, FixedClock(START), currency="EUR")
    with pytest.raises(BrokerUnavailable, match=r"kept in USD, .* says EUR"):
        await broker.connect()
    await broker.close()


async def test_an_order_that_expired_while_nobody_ran_is_expired(file) -> None:
    clock = FixedClock(START)
    async with bench_at(file, clock) as bench:
        until = START + timedelta(minutes=1)
        request = order(order_type=OrderType.LIMIT, price="1940", expires_at=until)
        await bench.broker.send(request)
    clock.advance(timedelta(seconds=61))
    async with bench_at(file, clock) as bench:
        assert not (await bench.snapshot()).orders


# ---------------------------------------------------------------- history
async def test_history_reaches_back_to_the_moment_asked_for(bench: Bench) -> None:
    await bench.broker.deposit(D(1))
    await bench.passes(10)
    await bench.broker.deposit(D(2))
    await bench.opened()
    snapshot = await bench.broker.get_snapshot(since=START + timedelta(seconds=10))
    assert [deal.profit for deal in snapshot.deals] == [D(2), D(0)]
    assert len(snapshot.past_orders) == 1
    later = await bench.broker.get_snapshot(since=START + timedelta(seconds=11))
    assert (later.deals, later.past_orders) == ((), ())


async def test_a_number_that_was_never_used_finds_nothing(bench: Bench) -> None:
    await bench.opened(magic=5)
    assert not (await bench.broker.find(6)).found


# ---------------------------------------------------------------- from outside
async def test_the_ledger_shows_what_the_broker_holds(bench: Bench) -> None:
    position = await bench.opened(volume="0.3")
    await bench.broker.send(close(position, "0.1"))
    await bench.broker.send(order(order_type=OrderType.LIMIT, price="1940"))
    snapshot = await bench.snapshot()
    ledger = read_ledger(bench.path)
    assert ledger.balance == snapshot.account.balance
    assert [each.volume for each in ledger.positions] == [D("0.2")]
    assert ledger.orders == snapshot.orders
    assert ledger.past_orders == snapshot.past_orders
    assert ledger.deals == snapshot.deals


async def test_reading_the_ledger_does_not_disturb(bench: Bench) -> None:
    for _ in range(5):
        read_ledger(bench.path)
        await bench.opened()
    assert len(read_ledger(bench.path).positions) == 5


def test_a_ledger_that_is_not_there_is_an_error(tmp_path) -> None:
    with pytest.raises(BrokerUnavailable, match=r"none\.db"):
        read_ledger(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_file_without_an_account_is_no_ledger(tmp_path) -> None:
    PaperStore(tmp_path / "new.db").close()
    with pytest.raises(BrokerUnavailable, match="no account yet"):
        read_ledger(tmp_path / "new.db")


# ---------------------------------------------------------------- trouble
async def test_a_broker_that_is_not_connected_answers_nothing(file) -> None:
    broker = broker_at(file, FixedClock(START))
    with pytest.raises(BrokerUnavailable, match="not connected"):
        await broker.send(order())
    with pytest.raises(BrokerUnavailable, match="not connected"):
        await broker.tick()


async def test_closing_twice_and_connecting_again_is_fine(file) -> None:
    broker = broker_at(file, FixedClock(START))
    await broker.close()
    await broker.connect()
    await broker.connect()
    await broker.close()
    await broker.close()
    await broker.connect()
    assert (await broker.get_quote(GOLD)).bid == D(1950)
    await broker.close()


async def test_a_file_that_is_something_else_is_said_to_be_so(file) -> None:
    file.write_text("this is not a database, but long enough to look like one" * 50)
    broker = broker_at(file, FixedClock(START))
    with pytest.raises(BrokerUnavailable, match=r"paper-demo\.db could not be opened"):
        await broker.connect()
    with pytest.raises(BrokerUnavailable, match="not connected"):
        await broker.get_quote(GOLD)
    await broker.close()


async def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path) -> None:
    (tmp_path / "data").write_text("in the way")
    broker = broker_at(tmp_path / "data" / "paper.db", FixedClock(START))
    with pytest.raises(BrokerUnavailable, match="could not be opened"):
        await broker.connect()
    await broker.close()


async def test_a_missing_folder_is_made(tmp_path) -> None:
    async with bench_at(tmp_path / "a" / "b" / "paper.db") as bench:
        assert bench.path.exists()


def _outside(bench: Bench, *statements: str) -> None:
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


async def test_an_order_that_cannot_be_written_was_not_executed(bench: Bench) -> None:
    _outside(
        bench,
        "CREATE TRIGGER full BEFORE INSERT ON deals WHEN NEW.entry = 'in'"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    with pytest.raises(BrokerUnavailable, match="could not be written: disk full"):
        await bench.broker.send(order(magic=5))
    _outside(bench, "DROP TRIGGER full")
    assert not (await bench.broker.find(5)).found
    assert (await bench.snapshot()).account.margin == 0
    await bench.opened(magic=5)


async def test_steering_that_cannot_be_written_did_not_happen(bench: Bench) -> None:
    _outside(
        bench,
        "CREATE TRIGGER full BEFORE INSERT ON turns"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    with pytest.raises(BrokerUnavailable, match="disk full"):
        await bench.price(GOLD, "2000")
    assert (await bench.broker.get_quote(GOLD)).bid == D(1950)


async def _pragma(bench: Bench, text: str) -> object:
    """Ask or tell the broker's own connection."""
    store = bench.broker._session._opened()
    row = await bench.broker._do(lambda: store._db.execute(f"PRAGMA {text}").fetchone())
    return row and row[0]


async def _fail_at_commit(bench: Bench) -> None:
    """From now on a transaction that inserts a deal fails at its very end."""
    _outside(
        bench,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child ("
        " id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER late AFTER INSERT ON deals"
        " BEGIN INSERT INTO child VALUES (1); END",
    )
    await _pragma(bench, "foreign_keys = ON")


async def test_a_commit_that_fails_leaves_the_outcome_unknown(bench: Bench) -> None:
    await _fail_at_commit(bench)
    with pytest.raises(OutcomeUnknown, match="may not have been written"):
        await bench.broker.send(order(magic=5))
    assert not (await bench.broker.find(5)).found


async def test_a_question_whose_commit_fails_is_unanswered(bench: Bench) -> None:
    await bench.opened(stop_loss="1940")
    await bench.broker.steer(GOLD, D(1900), timedelta(seconds=1))
    await _fail_at_commit(bench)
    bench.lets_pass(2)
    with pytest.raises(BrokerUnavailable, match="may not have been written"):
        await bench.snapshot()


async def test_a_file_that_vanished_is_unavailable_not_empty(bench: Bench) -> None:
    _outside(bench, "DROP TABLE deals")
    with pytest.raises(BrokerUnavailable, match="no such table"):
        await bench.snapshot()
    with pytest.raises(BrokerUnavailable, match="no such table"):
        await bench.broker.find(1)


async def test_a_file_that_somebody_holds_was_not_written(bench: Bench) -> None:
    await _pragma(bench, "busy_timeout = 1")
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(BrokerUnavailable, match="locked"):
            await bench.broker.send(order(magic=5))
    assert not (await bench.broker.find(5)).found


async def test_a_caller_that_gives_up_does_not_stop_an_order_half_way(
    bench: Bench,
) -> None:
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bench.broker.send(order(magic=5)), timeout=0.05)
    found = await bench.broker.find(5)
    assert len(found.positions) == len(found.deals) == len(found.past_orders) == 1


async def test_only_accepted_changes_wait_for_the_disk(bench: Bench) -> None:
    """1 is NORMAL, 2 is FULL; the last transaction's setting stands."""
    await bench.opened()
    assert await _pragma(bench, "synchronous") == 2
    await bench.passes(1)
    assert await _pragma(bench, "synchronous") == 1
    await bench.price(GOLD, "1960")
    assert await _pragma(bench, "synchronous") == 2

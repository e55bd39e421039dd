"""``kill -9`` at any moment: nothing acknowledged is lost, nothing is half done."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from core.broker import DealEntry, HistoryState
from mt5_bridge.paper.store import Ledger, read_ledger
from tests.mt5_bridge.paper.bench import bench_at

ROOT = Path(__file__).parents[3]


def kill_after(path: Path, seed: int, answers: int, delay: float) -> list[list[str]]:
    """Let the program trade, kill it, and give back what it had acknowledged."""
    command = [
        sys.executable,
        "-m",
        "tests.mt5_bridge.paper.kill_me",
        str(path),
        str(seed),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        lines = [run.stdout.readline() for _ in range(answers)]
        time.sleep(delay)
        run.kill()
        lines += run.stdout.readlines()
    return [line.split() for line in lines if line.endswith("\n")]


def assert_nothing_lost(ledger: Ledger, acknowledged: list[list[str]]) -> None:
    ended = {past.ticket: past.state for past in ledger.past_orders}
    waiting = {order.ticket for order in ledger.orders}
    deals = {deal.ticket for deal in ledger.deals}
    for word, order, deal in acknowledged:
        assert int(order) in ended.keys() | waiting
        if word in {"open", "close"}:
            assert int(deal) in deals
        if word == "cancel":
            assert ended[int(order)] is HistoryState.CANCELLED


def assert_nothing_half_done(ledger: Ledger) -> None:
    assert ledger.balance == sum(deal.net for deal in ledger.deals)
    tickets = [each.ticket for each in (*ledger.orders, *ledger.past_orders)]
    tickets += [deal.ticket for deal in ledger.deals]
    assert len(tickets) == len(set(tickets))
    assert sorted(tickets) == list(range(min(tickets), max(tickets) + 1))
    filled = {p.ticket for p in ledger.past_orders if p.state is HistoryState.FILLED}
    assert filled == {deal.order for deal in ledger.deals if deal.order}
    held: Counter[int] = Counter()
    for deal in ledger.deals:
        if deal.entry is not DealEntry.NONE:
            held[deal.position_id] += deal.volume * (
                1 if deal.entry is DealEntry.IN else -1
            )
    assert {p.ticket: p.volume for p in ledger.positions} == +held


@pytest.mark.parametrize("seed", range(4))
async def test_a_killed_broker_kept_every_promise(file, seed) -> None:
    rng = random.Random(seed)  # noqa: S311 -- a repeatable story, no secret
    acknowledged = []
    for life in range(3):
        acknowledged += kill_after(
            file, 100 * seed + life, rng.randrange(1, 60), rng.random() / 20
        )
        ledger = read_ledger(file)
        assert_nothing_lost(ledger, acknowledged)
        assert_nothing_half_done(ledger)
    async with bench_at(file) as bench:
        snapshot = await bench.snapshot()
        assert len(snapshot.deals) == len(ledger.deals)
        assert (await bench.opened()).ticket > max(d.ticket for d in ledger.deals)

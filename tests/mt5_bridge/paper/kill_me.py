"""A program to be killed: trades without end and says what the broker accepted.

Run as ``python -m tests.mt5_bridge.paper.kill_me FILE SEED``. Each line on stdout
is one acknowledged answer: a word, the order ticket, the deal ticket or 0.
"""

import asyncio
import random
import sys
from datetime import timedelta
from pathlib import Path

from core.broker import CancelRequest, ResultStatus
from core.market import OrderType, Side
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import (
    GOLD,
    START,
    Bench,
    D,
    bench_at,
    close,
    order,
)


async def trade(path: Path, seed: int) -> None:
    """Go on until killed."""
    rng = random.Random(seed)  # noqa: S311 -- a repeatable story, no secret
    clock = FixedClock(START + timedelta(days=seed))
    async with bench_at(path, clock, balance=D(1_000_000)) as bench:
        await bench.price(GOLD, "1950.00")
        while True:
            clock.advance(timedelta(milliseconds=rng.choice((0, 100, 300))))
            await rng.choice((_open, _open, _wait, _close, _cancel, _move))(bench, rng)


async def _open(bench: Bench, rng: random.Random) -> None:
    request = order(magic=rng.randrange(10**9), stop_loss="1800", volume="0.02")
    result = await bench.broker.send(request)
    _say("open", result.order, result.deal)


async def _wait(bench: Bench, rng: random.Random) -> None:
    request = order(order_type=OrderType.LIMIT, side=Side.BUY, price="1900")
    result = await bench.broker.send(request)
    _say("wait", result.order, 0)


async def _close(bench: Bench, rng: random.Random) -> None:
    positions = (await bench.snapshot()).positions
    if positions:
        part = rng.choice(("0.01", None))
        result = await bench.broker.send(close(rng.choice(positions), part))
        _say("close", result.order, result.deal)


async def _cancel(bench: Bench, rng: random.Random) -> None:
    orders = (await bench.snapshot()).orders
    if orders:
        ticket = rng.choice(orders).ticket
        result = await bench.broker.send(CancelRequest(ticket=ticket, magic=1))
        assert result.status is ResultStatus.FILLED
        _say("cancel", ticket, 0)


async def _move(bench: Bench, rng: random.Random) -> None:
    """Now and then far enough to fill what waits, or to stop all out."""
    bid = rng.choice(("1950.00", "1950.00", "1890.00", "1790.00"))
    await bench.price(GOLD, bid)
    await bench.price(GOLD, "1950.00")


def _say(word: str, order_ticket: int | None, deal_ticket: int | None) -> None:
    """A refusal promises nothing."""
    if order_ticket is not None:
        sys.stdout.write(f"{word} {order_ticket} {deal_ticket}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(trade(Path(sys.argv[1]), int(sys.argv[2])))

"""Signals now and then, for somebody who tries the demo by hand."""

from datetime import timedelta
from decimal import Decimal
from itertools import count, cycle

import structlog
from aiohttp import ClientError

from bot.demo.house import Demo
from bot.tasks import pause
from core.market import Side
from core.money import round_to_tick
from core.prompts import UNDECIDED, Prompt

log = structlog.get_logger()

EVERY = timedelta(seconds=45)
MOST_WAITING = 3
"""Undecided prompts above which the provider is quiet."""
MENU = (
    ("XAUUSD", Side.BUY, "12.00", "Breakout above the range, retest held"),
    ("EURUSD", Side.SELL, "0.00400", "Lower high at resistance"),
    ("GBPUSD", Side.BUY, "0.00500", "Higher low, momentum turns up"),
    ("XAUUSD", Side.SELL, "12.00", "Double top, volume fades"),
)
"""Instrument, side, distance to the stop in price, the provider's reason.

Far enough that while somebody reads, the demo's quick market seldom drifts beyond
what an Approve takes without asking again.
"""


async def play(demo: Demo) -> None:
    """Post a signal every now and then, for ever."""
    for number, (instrument, side, distance, reason) in zip(
        count(1), cycle(MENU), strict=False
    ):
        waiting = await demo.tools.journal.count(Prompt, viewer=False, state=UNDECIDED)
        if waiting < MOST_WAITING:
            signal = await a_signal(
                demo, instrument, side, Decimal(distance), reward=Decimal("1.5")
            )
            signal |= {"external_id": f"show-{number}", "payload": {"reason": reason}}
            try:
                await demo.provider.post(signal)
            except ClientError as failure:
                log.warning("demo_signal_failed", reason=str(failure))
        await pause(EVERY)


async def a_signal(
    demo: Demo, instrument: str, side: Side, distance: Decimal, *, reward: Decimal
) -> dict[str, object]:
    """A signal at the present price, its target ``reward`` times as far as its stop."""
    quote = await demo.paper.get_quote(instrument)
    spec = await demo.tools.brokers[demo.account].get_symbol(instrument)
    price = quote.to_open(side)
    stop = price - side.sign * distance
    target = price + side.sign * distance * reward
    return {
        "instrument": instrument,
        "side": side.value,
        "price": str(price),
        "stop_loss": str(round_to_tick(stop, spec.tick_size)),
        "take_profit": str(round_to_tick(target, spec.tick_size)),
        "timeframe": "M15",
        "expires_in": 300,
    }

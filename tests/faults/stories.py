"""What happens outside while the service dies and comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import StrEnum

from tests.faults import ledgers
from tests.faults.runner import BALANCE
from tests.faults.world import ENTRY, GUARD_FIRED, SPREAD, R, Told, World

RUNS = 6
"""R in favour that the price runs before it falls back."""
KEPT = R / 2
"""Above the entry, where the fall ends: before any stop."""
MOVED = Decimal("0.4")
"""R that the price moves between the prompt and the tap: more than agreed."""
ENDED = ("Filled", "Not executed", "Broker refused")


async def trade(world: World) -> None:
    """One signal is approved, filled and hits its target; another is rejected."""
    target = str(ENTRY + R * 2)
    taken, declined = await asyncio.gather(
        world.post("taken", take_profit=target), world.post("declined")
    )
    await world.decide(taken, "Approve", taps=2)
    await world.intrude(declined)
    await world.decide(declined, "Reject")
    await world.press(declined, "News", "· News")
    await world.see(taken, *ENDED)
    if world.shows(taken, "Filled"):
        await world.move(ENTRY + R * 2)
        await world.see(taken, "Target hit")
        await world.hear("Target hit")


async def guard(world: World) -> None:
    """Two trades gain much and lose it again: the guard fires; a third is undecided."""
    first, second, third = [
        await world.post(name) for name in ("first", "second", "third")
    ]
    await asyncio.gather(
        world.decide(first, "Approve"), world.decide(second, "Approve")
    )
    await world.see(third)
    for told in (first, second):
        await world.see(told, *ENDED)
    held = [told for told in (first, second) if world.shows(told, "Filled")]
    if held:
        await _rise_and_fall(world, held)
        await world.see(third, "Expired")


async def _rise_and_fall(world: World, held: list[Told]) -> None:
    await world.move(ENTRY + R * RUNS)
    gain = 95 * (RUNS - 1) * len(held)
    await world.run.until(lambda: _peak(world) > float(BALANCE) + gain, "the peak")
    await world.move(ENTRY + KEPT)
    await world.hear(GUARD_FIRED, "demo is flat")
    for told in held:
        await world.see(told, "Closed by the guard")
    await world.run.until(lambda: _phase(world) == "locked", "the guard locks")


def _peak(world: World) -> float:
    return float(
        ledgers.rows_of(world.run.folder, "SELECT peak FROM guards")[0]["peak"]
    )


def _phase(world: World) -> str:
    rows = ledgers.rows_of(world.run.folder, "SELECT phase FROM guards")
    return str(rows[0]["phase"])


async def confirmation(world: World) -> None:
    """The price moves before the tap: the new numbers have to be confirmed."""
    told = await world.post("moved")
    await world.see(told)
    await world.move(ENTRY - SPREAD + R * MOVED)
    await world.decide(told, "Approve")
    await world.decide(told, "Confirm")
    await world.see(told, *ENDED)


async def withdrawal(world: World) -> None:
    """A signal is withdrawn by its provider before anybody decides."""
    told = await world.post("withdrawn")
    await world.see(told)
    await world.withdraw(told)
    await world.see(told, "Withdrawn by the provider")


async def panic(world: World) -> None:
    """One limit order is filled by the market, one waits; Ada flattens everything."""
    near, far = [
        await world.post(
            name,
            order_type="limit",
            price=str(price),
            stop_loss=str(price - R),
            take_profit=str(price + R * 12),
        )
        for name, price in (("near", ENTRY - R), ("far", ENTRY - R * 8))
    ]
    await asyncio.gather(world.decide(near, "Approve"), world.decide(far, "Approve"))
    for told in (near, far):
        await world.see(told, "Waits at the broker", *ENDED)
    await world.move(ENTRY - R - SPREAD)
    await world.see(near, "Filled", *ENDED)
    filled = world.shows(near, "Filled")
    waits = world.shows(far, "Waits at the broker")
    while _phase(world) == "armed":
        await world.ask("/panic demo", "Confirm")
    await world.hear(GUARD_FIRED, "demo is flat")
    if filled:
        await world.see(near, "Closed by /panic")
    if waits:
        await world.see(far, "Not executed")
    await world.run.until(lambda: _phase(world) == "locked", "the guard locks")


async def hands(world: World) -> None:
    """Half of a trade is closed, the stop of the rest moved, then the target comes."""
    told = await world.post("held", take_profit=str(ENTRY + R * 2))
    await world.decide(told, "Approve")
    await world.see(told, *ENDED)
    if not world.shows(told, "Filled"):
        return
    await world.move(ENTRY + R)
    await world.change("Close half", HALVED)
    await world.change("Break-even", MOVED_STOP)
    (held,) = ledgers.broker(world.run.folder).positions
    stands = held.stop_loss == ENTRY
    assert stands is world.hears(MOVED_STOP), "the stop is not where it is said to be"
    await world.move(ENTRY + R * 2)
    await world.see(told, "Target hit")


HALVED, MOVED_STOP = "A part: Closed from here", "moved the stop to"


async def rule(world: World) -> None:
    """Ada grants a standing rule; a signal within it is ordered without a tap."""
    await world.grant("New rule", "acme on demo", "1 %", "1 a day", "7 days", "Confirm")
    told = await world.post("ruled")
    told.decision = "Approve"
    await world.see(told, *ENDED)


async def snooze(world: World) -> None:
    """A prompt is snoozed, comes back as a new message, and is approved there."""
    told = await world.post("snoozed", expires_in=SOON)
    await world.see(told)
    await world.snooze(told)
    await world.decide(told, "Approve")
    await world.see(told, *ENDED)


SOON = 126
"""Seconds to the expiry of a signal that is snoozed for a few of them."""


class Story(StrEnum):
    """The stories by name."""

    TRADE = "trade"
    GUARD = "guard"
    PANIC = "panic"
    CONFIRMATION = "confirmation"
    WITHDRAWAL = "withdrawal"
    HANDS = "hands"
    RULE = "rule"
    SNOOZE = "snooze"


STORIES: dict[Story, Callable[[World], Awaitable[None]]] = {
    Story.TRADE: trade,
    Story.GUARD: guard,
    Story.PANIC: panic,
    Story.CONFIRMATION: confirmation,
    Story.WITHDRAWAL: withdrawal,
    Story.HANDS: hands,
    Story.RULE: rule,
    Story.SNOOZE: snooze,
}

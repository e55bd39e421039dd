"""The process dies at every call of a port in turn, is started again, and goes on.

The story is driven by an outside that repeats itself, as the real one does: the
provider sends again what was not answered, Telegram's inbox replays the taps, and
the account is looked at until everything is quiet. Then at most one order was
executed, and what was executed is recorded to its end.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import GuardPhase
from core.broker import CloseRequest, ModifyRequest, OpenRequest
from core.desk import deciding
from core.desk.handling import Bond, Change, Question, ask, carry_out
from core.desk.tools import Tools
from core.orders import EVER_FILLED, LIVE, Order, OrderKind, OrderState
from core.prompts import UNDECIDED, Approval, Decision, Prompt, PromptState
from core.signals import Signal, SignalStatus
from core.trades import Trade, TradeState
from tests.builders import a_standing_rule
from tests.core.desk.fragile import EFFECTS, Crash, Fuse, fragile
from tests.core.desk.hands import AHEAD
from tests.core.desk.world import (
    ADA,
    BOB,
    RULES,
    World,
    own_desk,
    recover,
    shared_desk,
)

TARGET = "1965.00"
TWO = replace(RULES, second_above_risk_percent=Decimal("0.5"))
STRICT = replace(RULES, confirm_above_risk_percent=Decimal("0.5"))

Step = Callable[[World], Awaitable[object]]


class Mortal(World):
    """A world whose process hangs on a fuse; its outside does not."""

    fuse: Fuse | None = None
    bonds: dict[Change, Bond]
    """Of the questions that Ada was shown, whatever died since."""

    @property
    def tools(self) -> Tools:
        whole = super().tools
        if self.fuse is None:
            return whole
        return replace(
            whole,
            journal=fragile(whole.journal, self.fuse),
            charts=fragile(whole.charts, self.fuse),
            brokers={
                name: fragile(broker, self.fuse)
                for name, broker in whole.brokers.items()
            },
        )


async def mortal_desk(name: str) -> Mortal:
    """Ada is asked twice, has granted a standing rule, or is not enough alone."""
    rules = {"ruled": RULES, "two": TWO}.get(name, STRICT)
    world = await (shared_desk if name == "two" else own_desk)(rules)
    if name == "ruled":
        await world.put(a_standing_rule(per_day=1))
    mortal = Mortal(rules)
    mortal.__dict__.update(world.__dict__)
    mortal.bonds = {}
    return mortal


# ------------------------------------------------------------------- the outside


async def provider_sends(world: World) -> None:
    await world.submit()


async def telegram_taps(world: World) -> None:
    """Ada taps Approve or Confirm, whichever is shown, until she is told: decided."""
    for _ in range(4):
        for prompt in await world.journal.find(Prompt, state=UNDECIDED):
            confirmed = prompt.state is PromptState.CONFIRMING
            tap = world.tap(prompt.nonce, prompt.user_id)
            await deciding.approve(world.tools, tap, confirmed=confirmed)


async def worker_works(world: World) -> None:
    await world.work()


async def watcher_looks(world: World) -> None:
    world.later(seconds=1)
    await world.watch()


async def price_comes(world: World) -> None:
    world.broker.move("XAUUSD", TARGET)


async def money_is_lost(world: World) -> None:
    world.broker.balance -= 7_000


STORY: list[Step] = [
    provider_sends,
    worker_works,
    telegram_taps,
    worker_works,
    watcher_looks,
    price_comes,
    watcher_looks,
]
FALL: list[Step] = [
    provider_sends,
    worker_works,
    telegram_taps,
    worker_works,
    money_is_lost,
    watcher_looks,
    worker_works,
    watcher_looks,
    watcher_looks,
    watcher_looks,
]


async def price_rises(world: World) -> None:
    world.broker.move("XAUUSD", AHEAD)


async def ada_closes_half(world: World) -> None:
    await ada_does(world, Change.HALF)


async def ada_moves_the_stop(world: World) -> None:
    await ada_does(world, Change.BREAK_EVEN)


async def ada_does(world: World, change: Change) -> None:
    """Ada asks until there is a question, and taps its one Confirm again and again."""
    assert isinstance(world, Mortal)
    trades = await world.journal.find(Trade)
    for _ in range(3):
        if not trades or trades[0].state is not TradeState.OPEN:
            return
        tap = world.tap("", ADA)
        if change not in world.bonds:
            found = await ask(world.tools, tap, change, trades[0].id)
            if isinstance(found, Question):
                world.bonds[change] = found.bond
        if change in world.bonds:
            bond = world.bonds[change]
            await carry_out(world.tools, tap, change, trades[0].id, bond)


HANDS: list[Step] = [
    provider_sends,
    worker_works,
    telegram_taps,
    worker_works,
    watcher_looks,
    price_rises,
    ada_closes_half,
    worker_works,
    watcher_looks,
    ada_moves_the_stop,
    worker_works,
    watcher_looks,
    price_comes,
    watcher_looks,
]
RULED: list[Step] = [
    provider_sends,
    worker_works,
    worker_works,
    watcher_looks,
    price_comes,
    watcher_looks,
]
STEPS = {
    "story": STORY,
    "fall": FALL,
    "hands": HANDS,
    "ruled": RULED,
    "two": STORY,
}


async def play(world: Mortal, steps: list[Step]) -> None:
    for step in steps:
        await step(world)


async def calls_of(name: str) -> list[str]:
    world = await mortal_desk(name)
    world.fuse = Fuse()
    await play(world, STEPS[name])
    return world.fuse.calls


async def crashed(name: str, *, at: int, after: bool) -> Mortal:
    """The story, cut off at one call, then started again and played to its end."""
    world = await mortal_desk(name)
    world.fuse = Fuse(at=at, after=after)
    for number, step in enumerate(STEPS[name]):
        try:
            await step(world)
        except Crash:
            world.fuse = None
            world.later(seconds=31)  # what was claimed is free again
            await recover(world.tools)
            await quiet(world)
            await play(world, STEPS[name][number:])
            break
    await quiet(world)
    return world


async def quiet(world: Mortal) -> None:
    """Look and work until nothing is in doubt any more."""
    for _ in range(12):
        world.clock.advance(timedelta(seconds=1))
        await world.watch()
        await world.work()


async def check(world: Mortal) -> None:
    """What holds whatever happened."""
    opened = [r for r in world.broker.executed if isinstance(r, OpenRequest)]
    assert len(opened) <= 1
    approvals = await world.journal.find(Approval)
    orders = await world.journal.find(Order, kind=OrderKind.OPEN)
    assert len(approvals) == len(orders) == 1
    (order,) = orders
    assert order.state not in LIVE
    trades = await world.journal.find(Trade)
    assert len(trades) == len(opened)
    assert bool(opened) is (order.state in EVER_FILLED)
    for trade in trades:
        assert trade.state is TradeState.CLOSED
        assert trade.profit is not None
    await world.journal.verify_audit()


def died_before_sending(world: Mortal) -> bool:
    return not [r for r in world.broker.executed if isinstance(r, OpenRequest)]


async def test_the_story_calls_the_ports_often_enough_to_be_worth_crashing():
    calls = await calls_of("story")
    assert calls.count("send") == 1
    assert len(calls) > 60
    assert EFFECTS & set(calls) == {"commit", "accept", "next_magic", "send"}


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_of_the_story_opens_at_most_one_position(after):
    calls = await calls_of("story")
    unsent = []
    for at, call in enumerate(calls, start=1):
        if after and call not in EFFECTS:
            continue
        world = await crashed("story", at=at, after=after)
        await check(world)
        signal = await world.one(Signal)
        if died_before_sending(world):
            unsent.append(call)
            assert signal.status is SignalStatus.REJECTED
        else:
            assert signal.status is SignalStatus.CLOSED
    # only between intent and broker an order is given up rather than sent again
    assert unsent == (["commit"] if after else ["send"])


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_of_the_fall_still_ends_flat_and_locked(after):
    calls = await calls_of("fall")
    for at, call in enumerate(calls, start=1):
        if after and call not in EFFECTS:
            continue
        world = await crashed("fall", at=at, after=after)
        await check(world)
        closed = [r for r in world.broker.executed if isinstance(r, CloseRequest)]
        assert len(closed) <= 1
        assert world.broker.positions == {}
        assert (await world.guard()).phase is GuardPhase.LOCKED


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_closes_half_and_moves_the_stop_at_most_once(after):
    calls = await calls_of("hands")
    outcomes = set()
    for at, call in enumerate(calls, start=1):
        if after and call not in EFFECTS:
            continue
        world = await crashed("hands", at=at, after=after)
        await check(world)
        sent = [type(each) for each in world.broker.executed]
        done = (sent.count(CloseRequest), sent.count(ModifyRequest))
        outcomes.add(done)
        assert max(done) <= 1
        await agree(world)
    # only between intent and broker an order is given up rather than sent again
    assert outcomes == {(1, 1), (0, 1), (1, 0), (0, 0)}


async def agree(world: Mortal) -> None:
    """Each order says whether the broker did it, and the trade what came of it."""
    for kind, request in (
        (OrderKind.CLOSE, CloseRequest),
        (OrderKind.MODIFY, ModifyRequest),
    ):
        orders = await world.journal.find(Order, kind=kind)
        done = [each for each in world.broker.executed if isinstance(each, request)]
        filled = [each for each in orders if each.state in EVER_FILLED]
        assert len(orders) <= 1
        assert len(filled) == len(done)
        assert all(each.state not in LIVE for each in orders)
    for trade in await world.journal.find(Trade):
        assert trade.profit == sum(deal.net for deal in world.broker.deals)


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_lets_a_standing_rule_order_once(after):
    calls = await calls_of("ruled")
    assert calls.count("send") == 1
    for at, call in enumerate(calls, start=1):
        if after and call not in EFFECTS:
            continue
        world = await crashed("ruled", at=at, after=after)
        await check(world)
        (approval,) = await world.journal.find(Approval)
        assert (approval.rule_number, approval.seconds) == (1, None)


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_at_any_call_lets_two_people_order_once(after):
    calls = await calls_of("two")
    assert calls.count("send") == 1
    for at, call in enumerate(calls, start=1):
        if after and call not in EFFECTS:
            continue
        world = await crashed("two", at=at, after=after)
        (order,) = await world.journal.find(Order, kind=OrderKind.OPEN)
        first, second = await world.journal.find(Approval, order_by="created_at")
        assert (first.decision, second.decision) == (Decision.FIRST, Decision.APPROVE)
        assert (order.approval_id, second.seconds) == (second.id, first.id)
        assert {first.user_id, second.user_id} == {ADA, BOB}
        opened = [r for r in world.broker.executed if isinstance(r, OpenRequest)]
        assert len(opened) <= 1


async def test_after_a_crash_between_reply_and_record_the_order_is_found():
    calls = await calls_of("story")
    world = await crashed("story", at=calls.index("send") + 1, after=True)
    order = await world.one(Order, kind=OrderKind.OPEN)
    assert order.state is OrderState.FILLED
    assert (await world.one(Trade)).order_id == order.id

"""Due work is done once, a failure comes back later, and a slow one stops no other."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import work
from bot.tasks import Bell, Nursery
from bot.work import ORDERS, PROPOSALS, Worker
from core.accounts import GuardPhase
from core.broker import OpenRequest
from core.errors import Conflict
from core.ids import AccountId
from core.messages import WORK, OutboxItem, Topic
from core.orders import Order, OrderKind, OrderState, SendState
from core.prompts import Prompt
from tests.bot.waiting import turns, until, until_found
from tests.builders import ACCOUNT, a_send, an_order, an_outbox_item
from tests.core.desk.world import DESK, World, own_desk

ROOM = 16


@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def nursery():
    made = Nursery()
    yield made
    await made.close()


class Looks:
    """Counts how often the watchers were hurried."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def hand(world, nursery, looks) -> Worker:
    """A worker of every topic."""
    return Worker(world.tools, nursery, WORK, at_once=ROOM, bell=Bell(), look=looks)


async def _idle(hand: Worker) -> None:
    """Do what is due until nothing is left and nothing is under way."""
    while await hand.take() or hand._busy:
        await until(lambda: not hand._busy)


async def _items(world: World, **fields) -> list[OutboxItem]:
    return await world.journal.find(OutboxItem, **fields)


async def test_every_topic_of_work_has_a_lane(world):
    assert ORDERS | PROPOSALS == WORK
    assert not ORDERS & PROPOSALS


async def test_a_signal_is_proposed(world, hand, looks):
    await world.submit()
    await _idle(hand)
    assert await world.journal.count(Prompt) == 1
    (item,) = await _items(world, topic=Topic.PROPOSE)
    assert (item.done_at, item.claimed_until) == (world.clock.now(), None)
    assert looks.count == 0


async def test_an_order_is_sent_and_its_account_looked_at(world, hand, looks):
    await world.offered()
    await world.approve()
    await _idle(hand)
    assert (await world.one(Order)).state is OrderState.FILLED
    assert looks.count == 1


def _told(lines: list[Any], event: str) -> list[tuple[Any, ...]]:
    names = ("order", "state", "kind", "account", "signal", "reason")
    return [
        tuple(line[name] for name in names) for line in lines if line["event"] == event
    ]


async def test_an_order_s_outcome_is_logged_once(world, hand):
    await world.offered()
    await world.approve()
    with capture_logs() as lines:
        await _idle(hand)
    order = await world.one(Order)
    assert _told(lines, "order_outcome") == [
        (order.id, "filled", "open", "demo", order.signal_id, "")
    ]


async def test_a_refused_order_is_logged_with_its_reason(world, hand):
    await world.offered()
    await world.approve()
    await world.change(await world.guard(), phase=GuardPhase.BLIND)
    with capture_logs() as lines:
        await _idle(hand)
    ((_, state, *_, reason),) = _told(lines, "order_outcome")
    assert (state, reason[:32]) == ("cancelled", "The guard allows no entries now;")


async def test_an_order_that_nobody_knows_is_nothing_to_log(world, hand):
    await world.put(an_outbox_item(topic=Topic.EXECUTE, subject="NOBODY"))
    with capture_logs() as lines:
        await _idle(hand)
    assert lines == []


async def test_a_worker_takes_only_its_own_lane(world, nursery, looks):
    await world.submit()
    orders = Worker(world.tools, nursery, ORDERS, at_once=ROOM, bell=Bell(), look=looks)
    assert await orders.take() == 0
    proposals = Worker(
        world.tools, nursery, PROPOSALS, at_once=ROOM, bell=Bell(), look=looks
    )
    assert await proposals.take() == 1


async def test_a_failure_comes_back_a_little_later_each_time(world, hand):
    stranger = an_order(account_id=AccountId("elsewhere"))
    world.journal._books.kinds.setdefault(Order, {})[stranger.id] = stranger
    await world.put(an_outbox_item(topic=Topic.EXECUTE, subject=stranger.id))
    for tries in range(8):
        with capture_logs() as lines:
            await _idle(hand)
        assert [line["event"] for line in lines] == ["work_failed"]
        (item,) = await _items(world, topic=Topic.EXECUTE)
        assert (item.attempts, item.done_at, item.claimed_until) == (
            tries + 1,
            None,
            None,
        )
        assert item.due_at - world.clock.now() == timedelta(seconds=min(60, 2**tries))
        world.later(seconds=60)


async def test_a_lost_race_is_tried_again_soon_and_counts_as_nothing(world, hand):
    await world.offered()
    await world.approve()

    async def meanwhile() -> None:
        message = "somebody else wrote"
        raise Conflict(message)

    world.journal.before_writing(Order, meanwhile)
    await _idle(hand)
    (item,) = await _items(world, topic=Topic.EXECUTE)
    assert (item.attempts, item.done_at) == (0, None)
    assert item.due_at == world.clock.now() + work.IDLE
    world.later(seconds=1)
    await _idle(hand)
    assert (await world.one(Order)).state is OrderState.FILLED


async def test_a_slow_order_delays_no_other(world, hand):
    gate = asyncio.Event()
    for number in range(2):
        await world.submit(external_id=f"gold-{number}")
    await world.work()
    for prompt in await world.journal.find(Prompt):
        await world.approve(nonce=prompt.nonce)
    world.broker.meanwhile(gate.wait)
    await hand.take()
    await until(lambda: bool(world.broker.executed))
    assert hand._busy == 1
    gate.set()
    await _idle(hand)
    assert len([r for r in world.broker.executed if isinstance(r, OpenRequest)]) == 2


async def test_no_more_is_taken_than_there_is_room_for(world, hand, monkeypatch):
    monkeypatch.setattr(hand, "_at_once", 2)
    gate = asyncio.Event()

    async def slow(_: OutboxItem) -> None:
        await gate.wait()

    monkeypatch.setattr(hand, "do", slow)
    for _ in range(5):
        await world.put(an_outbox_item(topic=Topic.EXECUTE))
    assert await hand.take() == 2
    assert await hand.take() == 0
    gate.set()
    await until(lambda: not hand._busy)
    assert await hand.take() == 2


async def test_orders_of_one_account_wait_for_their_turn_and_not_those_of_others(
    world, hand, monkeypatch
):
    under_way: list[str] = []
    gate = asyncio.Event()

    async def slow(_: object, order_id: str) -> None:
        under_way.append(order_id)
        await gate.wait()

    monkeypatch.setattr(work, "execute", slow)
    await world.open_account(id=DESK)
    for account, count in ((ACCOUNT, work.SENDS_AT_ONCE + 2), (DESK, 1)):
        for _ in range(count):
            order = an_order(account_id=account, kind=OrderKind.CLOSE)
            await world.put(
                order, an_outbox_item(topic=Topic.EXECUTE, subject=order.id)
            )
    await hand.take()
    await until(lambda: len(under_way) == work.SENDS_AT_ONCE + 1)
    gate.set()
    await until(lambda: len(under_way) == work.SENDS_AT_ONCE + 3)
    await until(lambda: not hand._busy)


PARKED = "PARKED"


async def _parked(world: World, topic: Topic) -> OutboxItem:
    """An operator's word about a parked order."""
    send = a_send(order_id=PARKED, state=SendState.UNKNOWN)
    await world.put(an_order(id=PARKED, state=OrderState.PARKED), send)
    item = an_outbox_item(topic=topic, subject=PARKED, detail="I looked")
    await world.put(item)
    return item


async def test_a_word_about_a_parked_order_is_answered(world, hand):
    item = await _parked(world, Topic.NOT_PLACED)
    with capture_logs() as lines:
        await _idle(hand)
    answered = await world.one(OutboxItem, id=item.id)
    assert answered.detail.startswith("Noted: nothing was executed.")
    ((order, state, *_),) = _told(lines, "order_settled")
    assert (order, state) == (PARKED, "not_executed")
    assert (await world.one(Order, id=PARKED)).state is OrderState.NOT_EXECUTED


async def test_a_word_that_is_refused_is_answered_too(world, hand):
    item = await _parked(world, Topic.ADOPT)
    with capture_logs() as lines:
        await _idle(hand)
    assert lines == []
    answered = await world.one(OutboxItem, id=item.id)
    assert answered.detail.startswith("Nothing at the broker carries this order")
    assert answered.done_at is not None
    assert (await world.one(Order, id=PARKED)).state is OrderState.PARKED


async def test_an_item_that_somebody_else_took_over_does_no_harm(world, hand):
    await world.submit()
    (item,) = await world.journal.claim(WORK, limit=1, hold=timedelta(seconds=5))
    await world.change(item, attempts=7)
    with pytest.raises(Conflict):
        await hand.do(item)
    await hand.do(replace(item, version=item.version + 1))
    assert await world.journal.count(Prompt) == 1


async def test_the_loop_works_when_it_is_rung_for(world, nursery, looks):
    bell = Bell()
    hand = Worker(world.tools, nursery, WORK, at_once=ROOM, bell=bell, look=looks)
    running = asyncio.get_running_loop().create_task(hand.run())
    await turns()  # it falls asleep
    await world.submit()
    bell.ring()
    await until_found(lambda: world.journal.count(Prompt))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

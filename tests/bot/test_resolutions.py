"""What an operator says of a parked order goes through the journal."""

from datetime import timedelta

import pytest

from bot import resolutions
from bot.resolutions import ask
from bot.tasks import Bell, Nursery
from bot.work import ORDERS, Worker
from core.errors import Refused
from core.ids import OrderId
from core.messages import OutboxItem, Priority, Topic
from core.orders import Order, OrderState, SendState
from tests.builders import a_send, an_order
from tests.core.desk.world import World, own_desk

PARKED = OrderId("PARKED")


@pytest.fixture
async def world() -> World:
    world = await own_desk()
    await world.put(
        an_order(id=PARKED, state=OrderState.PARKED),
        a_send(order_id=PARKED, state=SendState.UNKNOWN),
    )
    return world


def _waits(monkeypatch, *, meanwhile) -> None:
    """Each wait runs ``meanwhile`` instead."""

    async def pause(_: timedelta) -> None:
        await meanwhile()

    monkeypatch.setattr(resolutions, "pause", pause)


async def _nobody() -> None:
    return


async def test_the_running_service_answers(world, monkeypatch):
    worker = Worker(world.tools, Nursery(), ORDERS, at_once=16, bell=Bell(), look=list)

    async def work() -> None:
        for item in await world.journal.claim(
            ORDERS, limit=5, hold=timedelta(seconds=5)
        ):
            await worker.do(item)

    _waits(monkeypatch, meanwhile=work)
    said = await ask(world.tools, Topic.NOT_PLACED, PARKED, " I looked ")
    assert said.startswith("Noted: nothing was executed.")
    order = await world.one(Order, id=PARKED)
    assert (order.state, order.reason) == (OrderState.NOT_EXECUTED, "I looked")


async def test_without_a_service_the_wish_is_kept(world, monkeypatch):
    waits = []
    _waits(monkeypatch, meanwhile=_nobody)

    async def pause(span: timedelta) -> None:
        waits.append(span)

    monkeypatch.setattr(resolutions, "pause", pause)
    said = await ask(world.tools, Topic.ADOPT, PARKED, "I see it")
    assert said.startswith("Noted. The service has not answered yet")
    assert sum(waits, timedelta()) == resolutions.PATIENCE
    item = await world.one(OutboxItem, topic=Topic.ADOPT)
    assert (item.subject, item.detail, item.priority) == (
        PARKED,
        "I see it",
        Priority.FILL,
    )


async def test_a_reason_must_be_given(world):
    with pytest.raises(Refused, match="Say with --reason why"):
        await ask(world.tools, Topic.ADOPT, PARKED, "  ")


@pytest.mark.parametrize("order", ["NOBODY", "FILLED"])
async def test_only_a_parked_order_waits_for_a_word(world, order):
    await world.put(an_order(id=OrderId("FILLED"), state=OrderState.FILLED))
    with pytest.raises(Refused, match=f"There is no parked order {order}"):
        await ask(world.tools, Topic.ADOPT, OrderId(order), "I see it")

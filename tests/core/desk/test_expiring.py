from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from core.desk.expiring import expire, forget
from core.messages import AuditEntry
from core.orders import Order
from core.prompts import Approval, Prompt, PromptState
from core.refusals import RefusedRequests
from core.signals import Signal, SignalStatus
from tests.builders import a_refusal, an_inbox_update, an_outbox_item
from tests.core.desk.world import ADA, RULES, World, own_desk, shared_desk

STRICT = replace(RULES, confirm_above_risk_percent=Decimal("0.5"))


async def test_what_nobody_decided_ends_at_its_time():
    world = await shared_desk()
    await world.offered()
    world.later(minutes=14, seconds=59)
    assert await expire(world.tools) == 0
    world.later(seconds=1)
    assert await expire(world.tools) == 3
    assert {each.state for each in await world.journal.find(Prompt)} == {
        PromptState.EXPIRED
    }
    assert (await world.one(Signal)).status is SignalStatus.EXPIRED


async def test_an_ended_prompt_is_drawn_again_without_buttons():
    world = await own_desk()
    prompt = await world.offered()
    world.later(minutes=15)
    await expire(world.tools)
    assert await world.redrawn(prompt) == 2


async def test_expiring_twice_ends_nothing_twice():
    world = await own_desk()
    prompt = await world.offered()
    world.later(minutes=15)
    await expire(world.tools)
    assert await expire(world.tools) == 0
    assert await world.redrawn(prompt) == 2


async def test_what_was_decided_does_not_expire():
    world = await own_desk()
    await world.filled()
    world.later(minutes=15)
    assert await expire(world.tools) == 0
    assert (await world.one(Signal)).status is SignalStatus.EXECUTED


async def test_an_obstacle_that_was_told_is_not_the_reason_of_expiry():
    world = await own_desk()
    world.broker.down = True
    await world.offered()
    world.later(minutes=15)
    await expire(world.tools)
    assert (await world.prompt()).reason == ""


async def test_a_signal_whose_prompts_were_never_made_expires():
    world = await own_desk()
    await world.submit()
    world.later(minutes=15)
    await expire(world.tools)
    assert (await world.one(Signal)).status is SignalStatus.EXPIRED


async def confirming() -> World:
    world = await own_desk(STRICT)
    await world.offered()
    await world.approve()
    return world


async def test_a_confirm_that_was_not_given_goes_back_to_the_question():
    world = await confirming()
    old = await world.prompt()
    world.later(seconds=29)
    await expire(world.tools)
    assert (await world.prompt()).state is PromptState.CONFIRMING
    world.later(seconds=1)
    await expire(world.tools)
    prompt = await world.prompt()
    assert (prompt.state, prompt.confirm_until) == (PromptState.SENT, None)
    assert prompt.nonce != old.nonce
    assert await world.redrawn(prompt) == 3


async def test_a_confirming_prompt_ends_when_its_signal_does():
    world = await confirming()
    world.later(minutes=15)
    assert await expire(world.tools) == 1
    assert (await world.prompt()).state is PromptState.EXPIRED


async def test_a_prompt_that_is_decided_at_the_last_moment_stays_decided():
    world = await own_desk()
    await world.offered()
    world.later(minutes=15)

    async def decide() -> None:
        await world.change(await world.prompt(ADA), state=PromptState.REJECTED)

    world.journal.before_writing(Prompt, decide)
    assert await expire(world.tools) == 0
    assert (await world.prompt()).state is PromptState.REJECTED


async def test_a_long_silence_is_made_up_for_in_one_go():
    world = await own_desk()
    for number in range(3):
        await world.submit(external_id=f"gold-{number}")
    await world.work()
    world.clock.advance(timedelta(days=3))
    assert await expire(world.tools) == 3


async def test_old_messages_and_updates_are_forgotten_and_decisions_are_not():
    world = await own_desk()
    await world.filled()
    long_ago = world.clock.now() - timedelta(days=8)
    messages = [an_outbox_item(done_at=long_ago) for _ in range(501)]
    await world.put(*messages, an_inbox_update(id=1, done_at=long_ago))
    before = [await world.journal.count(kind) for kind in (Approval, Order, AuditEntry)]
    assert await forget(world.tools) == 502
    after = [await world.journal.count(kind) for kind in (Approval, Order, AuditEntry)]
    assert after == before
    assert await forget(world.tools) == 0


async def test_a_refused_request_is_forgotten_a_week_after_the_last_like_it():
    world = await own_desk()
    week = timedelta(days=7)
    now = world.clock.now()
    old = a_refusal(last_at=now - week)
    fresh = a_refusal(
        first_at=now - week * 2, last_at=now - week + timedelta(seconds=1)
    )
    await world.put(old, fresh)
    assert await forget(world.tools) == 1
    assert await world.one(RefusedRequests) == fresh


async def test_one_that_is_refused_once_more_meanwhile_stays():
    world = await own_desk()
    rows = [a_refusal(last_at=world.clock.now() - timedelta(days=8)) for _ in range(2)]
    await world.put(*rows)

    async def refuse_again() -> None:
        await world.change(rows[0], count=2, last_at=world.clock.now())

    world.journal.before_writing(RefusedRequests, refuse_again)
    assert await forget(world.tools) == 1
    assert (await world.one(RefusedRequests)).count == 2

"""The outbox leaves in order, is never lost, and one slow chat holds up nobody."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.tasks import Bell, Nursery
from bot.telegram.wire import sender as module
from bot.telegram.wire.failures import Paused
from bot.telegram.wire.sender import Sender
from bot.telegram.wire.showing import PATIENCE
from core.desk import intake
from core.desk.deciding import reject
from core.desk.expiring import expire
from core.desk.people import read_people
from core.desk.providing import mute
from core.desk.releasing import release
from core.errors import JournalUnavailable
from core.ids import ProviderName, UserId
from core.messages import NoticeKind, OutboxItem, Priority, Topic
from core.prompts import Prompt, PromptState
from core.users import Provider, User
from tests.bot.telegram.stage import (
    ADA,
    BOB,
    EVE,
    SAM,
    Hurry,
    Stage,
    a_gateway,
)
from tests.bot.waiting import turns, until
from tests.builders import DEMO, a_provider, a_user, an_outbox_item
from tests.core.desk.world import GOLD_SIGNAL, INTAKE, World, own_desk, shared_desk


@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def desk() -> World:
    return await shared_desk()


@pytest.fixture
async def nursery():
    made = Nursery()
    yield made
    await made.close()


Opened = Callable[[World], Sender]


@pytest.fixture
def sends(stage: Stage, nursery: Nursery, tmp_path: Path) -> Opened:
    """A sender of a world's messages; its turns let the world's time pass."""

    def opened(world: World) -> Sender:
        pace = Hurry(world.clock).pace
        gateway = a_gateway(stage.bot, tmp_path, pace=pace)
        return Sender(world.tools, gateway, nursery, bell=Bell(), pace=pace)

    return opened


async def _left(world: World, **fields) -> list[OutboxItem]:
    """Messages that are still to be sent."""
    return await world.journal.find(
        OutboxItem,
        topic=frozenset({Topic.PROMPT, Topic.NOTICE}),
        done_at=None,
        **fields,
    )


async def _drain(sender: Sender, world: World | None = None) -> None:
    """Send what is due, until nothing is left and nothing is under way.

    With a ``world`` also what is due later: its time passes.
    """
    while True:
        while await sender.take() or sender._next:
            await until(lambda: not sender._next)
        if world is None or not await _left(world):
            return
        world.later(seconds=1)


async def _tell(world: World, *kinds: NoticeKind, to: int = ADA, **over) -> None:
    for kind in kinds:
        item = an_outbox_item(
            topic=Topic.NOTICE, notice=kind, subject="demo", user_id=UserId(to)
        )
        await world.put(replace(item, due_at=world.clock.now(), **over))


# ------------------------------------------------------------------ prompts


async def test_a_prompt_is_sent_and_its_message_remembered(world, sends, stage):
    prompt = await world.offered()
    await _drain(sends(world))
    sent = await world.one(Prompt, id=prompt.id)
    (message,) = stage.chat(ADA)
    assert sent.state is PromptState.SENT
    assert (sent.chat_id, sent.message_id) == (ADA, message.id)
    assert stage.labels(message)[:2] == ["Approve 0.17 lots", "Reject"]
    assert await _left(world) == []


async def test_what_is_decided_later_edits_the_same_message(world, sends, stage):
    sender = sends(world)
    await world.offered()
    await _drain(sender)
    await world.approve()
    await world.work()
    await _drain(sender)
    (message,) = stage.chat(ADA)
    assert "Filled 0.17 lots" in message.now.rich.text
    assert "Reject" not in stage.labels(message)


async def test_several_changes_of_one_prompt_are_one_call(world, sends, stage):
    await world.offered()
    await world.approve()
    await world.work()
    assert len(await _left(world)) > 1
    await _drain(sends(world))
    assert [method for method, _ in stage.called()] == ["sendMessage"]
    assert await _left(world) == []


async def test_a_message_is_remembered_although_the_prompt_changed_meanwhile(
    world, sends, stage
):
    prompt = await world.offered()

    async def meanwhile() -> None:
        await reject(world.tools, world.tap(prompt.nonce, ADA))

    world.journal.before_writing(Prompt, meanwhile)
    sender = sends(world)
    await _drain(sender)
    sent = await world.one(Prompt, id=prompt.id)
    assert (sent.state, sent.message_id) == (
        PromptState.REJECTED,
        stage.chat(ADA)[0].id,
    )
    assert "Rejected by Ada" in stage.texts(ADA)[0]


async def test_a_prompt_that_is_gone_is_done(world, sends, stage):
    await world.put(an_outbox_item(topic=Topic.PROMPT, subject="nobody knows"))
    await _drain(sends(world))
    assert await _left(world) == []
    assert stage.called() == []


async def _deleted(world: World, sender: Sender, stage: Stage) -> None:
    """The prompt was delivered, and the person deleted its message."""
    await world.offered()
    await _drain(sender)
    stage.chat(ADA)[0].deleted_at = world.clock.now()


async def test_a_waiting_prompt_whose_message_was_deleted_is_sent_anew(
    world, sends, stage
):
    sender = sends(world)
    await _deleted(world, sender, stage)
    prompt = await world.prompt()
    await world.journal.commit(world.tools.item(Topic.PROMPT, prompt.id, Priority.EDIT))
    await _drain(sender)
    (message,) = stage.chat(ADA)
    assert (await world.prompt()).message_id == message.id


async def test_a_fill_is_told_even_if_the_message_was_deleted(world, sends, stage):
    sender = sends(world)
    await _deleted(world, sender, stage)
    await world.approve()
    await world.work()
    await _drain(sender)
    (text,) = stage.texts(ADA)
    assert "Filled" in text


async def test_an_expired_prompt_whose_message_was_deleted_stays_away(
    world, sends, stage
):
    sender = sends(world)
    await _deleted(world, sender, stage)
    world.later(minutes=20)
    await expire(world.tools)
    await _drain(sender)
    assert stage.chat(ADA) == []
    assert await _left(world) == []


async def test_the_others_read_what_became_of_the_approval(desk, sends, stage):
    sender = sends(desk)
    await desk.offered()
    await _drain(sender)
    await desk.approve(UserId(ADA))
    await _drain(sender)
    assert "Decided by Ada" in stage.texts(BOB)[0]
    assert "Sending to the broker" in stage.texts(BOB)[0]
    await desk.work()
    await _drain(sender)
    assert "Filled 0.17 lots at" in stage.texts(BOB)[0]
    assert "Filled at" in stage.texts(EVE)[0]
    assert "Reject" not in stage.labels(stage.chat(BOB)[0])


# ------------------------------------------------------------------ a flood


async def _flood(world: World, count: int) -> None:
    for number in range(count):
        await world.submit(external_id=f"flood-{number}")
    await world.work()


async def _from_another(world: World) -> None:
    await world.put(a_provider(id=ProviderName("quiet")))
    provider = await world.one(Provider, id="quiet")
    people = await read_people(world.journal)
    await intake.submit(world.tools, INTAKE, people, provider, GOLD_SIGNAL)
    await world.work()


async def test_a_flood_of_one_provider_delays_no_prompt_of_another(sends, stage):
    world = await own_desk(prompts_per_minute=30)
    await _flood(world, 200)
    await _from_another(world)
    await _drain(sends(world))
    heads = [text.splitlines()[0] for text in stage.texts(ADA)]
    from_demo = [" · demo · " in head for head in heads]
    assert from_demo.index(False) <= 3
    assert sum(from_demo) == 30


async def test_a_flood_that_waits_for_its_chat_lets_another_pass(
    sends, stage, monkeypatch
):
    monkeypatch.setattr(module, "AT_ONCE", 4)
    world = await own_desk(prompts_per_minute=30)
    await _flood(world, 200)
    sender = sends(world)
    for _ in range(3):
        await sender.take()
        await until(lambda: not sender._next)
    shown = len(stage.chat(ADA))
    assert 3 <= shown < 30
    await _from_another(world)
    while len(stage.chat(ADA)) < 31:
        world.later(seconds=1)
        await _drain(sender)
    heads = [text.splitlines()[0] for text in stage.texts(ADA)]
    quiet = next(n for n, head in enumerate(heads) if " · quiet · " in head)
    assert quiet <= shown + 1


async def test_what_was_held_is_told_in_one_message_and_comes_on_demand(sends, stage):
    world = await own_desk(prompts_per_minute=3)
    await _flood(world, 8)
    sender = sends(world)
    await _drain(sender)
    assert len(stage.chat(ADA)) == 3
    world.later(minutes=1)
    await _drain(sender)
    assert stage.texts(ADA)[3:] == [
        "⚠ demo sends more than 3 signals a minute. 5 more are waiting: /pending"
    ]
    await release(world.tools, ADA)
    await _drain(sender)
    assert len(stage.chat(ADA)) == 9
    sent = await world.journal.find(Prompt)
    assert {(each.state, each.held) for each in sent} == {(PromptState.SENT, False)}


async def test_what_ends_while_it_is_held_is_not_told(sends, stage):
    world = await own_desk(prompts_per_minute=1)
    await _flood(world, 5)
    world.later(minutes=20)
    await expire(world.tools)
    await _drain(sends(world))
    assert stage.called() == []
    assert await _left(world) == []


async def test_a_muted_providers_prompts_stay_out_of_the_chat(world, sends, stage):
    prompt = await world.offered()
    until_then = world.clock.now() + timedelta(hours=1)
    await mute(world.tools, DEMO, until=until_then, by=None)
    await _drain(sends(world))
    assert stage.called() == []
    assert await _left(world) == []
    kept = await world.one(Prompt, id=prompt.id)
    assert (kept.state, kept.held) == (PromptState.QUEUED, True)


async def test_what_is_in_the_chat_is_redrawn_although_its_provider_is_muted(
    world, sends, stage
):
    sender = sends(world)
    await world.offered()
    await _drain(sender)
    until_then = world.clock.now() + timedelta(hours=1)
    await mute(world.tools, DEMO, until=until_then, by=None)
    await world.approve()
    await world.work()
    await _drain(sender)
    assert "Filled" in stage.texts(ADA)[0]


# ------------------------------------------------------------------ order


async def test_the_most_urgent_leaves_first(world, sends, stage, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 1)
    await world.offered()
    await _tell(world, NoticeKind.MEMBER_JOINED, priority=Priority.FILL, subject="1")
    await _tell(world, NoticeKind.GUARD_SEES, priority=Priority.GUARD)
    await _tell(world, NoticeKind.GUARD_BLIND, priority=Priority.EDIT)
    await _drain(sends(world))
    first_lines = [text.splitlines()[0] for text in stage.texts(ADA)]
    assert [line.split()[1] for line in first_lines] == ["demo", "Ada", "BUY", "demo"]


async def test_every_notice_is_a_message_of_its_own(world, sends, stage):
    await _tell(world, NoticeKind.GUARD_SEES, NoticeKind.GUARD_WARNING)
    await _drain(sends(world))
    assert len(stage.chat(ADA)) == 2


async def test_a_command_that_came_too_late_is_told(world, sends, stage):
    await _tell(world, NoticeKind.COMMAND_LATE, detail="/rearm")
    await _drain(sends(world))
    (text,) = stage.texts(ADA)
    assert text.startswith("⏱ /rearm was not carried out.")


ABOUT_ROWS = (
    NoticeKind.TRADE_OPENED,
    NoticeKind.ORDER_FAILED,
    NoticeKind.GUARD_FIRED,
    NoticeKind.MEMBER_JOINED,
    NoticeKind.PROMPTS_HELD,
    NoticeKind.PROVIDER_FLOODS,
)


async def test_a_notice_whose_rows_are_gone_is_done(world, sends, stage):
    for kind in ABOUT_ROWS:
        subject = "77" if kind is NoticeKind.MEMBER_JOINED else "gone"
        await _tell(world, kind, subject=subject)
    await world.put(an_outbox_item(topic=Topic.NOTICE, notice=NoticeKind.GUARD_SEES))
    await _drain(sends(world))
    assert stage.called() == []
    assert await _left(world) == []


# ------------------------------------------------------------------ trouble


async def test_a_chat_that_must_wait_gets_its_message_later(world, sends, stage):
    sender = sends(world)
    stage.fail("sendMessage", status=429, description="x", retry_after=30)
    await _tell(world, NoticeKind.GUARD_SEES)
    await _drain(sender)
    (item,) = await _left(world)
    assert item.due_at == world.clock.now() + timedelta(seconds=30)
    assert (item.attempts, item.claimed_until) == (0, None)
    world.later(seconds=31)
    await _drain(sender)
    assert len(stage.chat(ADA)) == 1


async def test_a_chat_that_must_wait_keeps_nobody_else_waiting(desk, sends, stage):
    sender = sends(desk)
    stage.fail("sendMessage", status=429, description="x", retry_after=300)
    await _tell(desk, NoticeKind.GUARD_SEES, to=ADA)
    await _drain(sender)
    await _tell(desk, NoticeKind.GUARD_WARNING, to=ADA)
    await _tell(desk, NoticeKind.GUARD_WARNING, to=BOB)
    began = desk.clock.monotonic()
    await _drain(sender)
    assert desk.clock.monotonic() - began < timedelta(seconds=1)
    assert [len(stage.chat(user)) for user in (ADA, BOB)] == [0, 1]
    assert len(await _left(desk, user_id=ADA)) == 2


async def test_many_messages_to_one_person_keep_nobody_else_waiting(desk, sends, stage):
    sender = sends(desk)
    await _tell(desk, *[NoticeKind.GUARD_SEES] * 10, to=ADA)
    await _tell(desk, NoticeKind.GUARD_SEES, to=BOB)
    began = desk.clock.monotonic()
    await sender.take()
    await until(lambda: not sender._next)
    assert desk.clock.monotonic() - began <= PATIENCE
    assert [len(stage.chat(user)) for user in (ADA, BOB)] == [2, 1]
    assert {item.attempts for item in await _left(desk)} == {0}
    await _drain(sender, world=desk)
    assert len(stage.chat(ADA)) == 10


async def test_an_edit_that_must_wait_holds_the_chat_back(world, sends, stage):
    sender = sends(world)
    await world.offered()
    await _drain(sender)
    await world.reject()
    stage.fail("editMessageText", status=429, description="x", retry_after=20)
    await _drain(sender)
    assert sender._pace.wait_for(ADA) == timedelta(seconds=20)
    world.later(seconds=21)
    await _drain(sender)
    assert "Rejected" in stage.texts(ADA)[0]


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500, "description": "Internal Server Error"},
        {"non_json": True},
        {"status": 401, "description": "Unauthorized"},
    ],
)
async def test_a_telegram_in_trouble_costs_no_message(world, sends, stage, how):
    sender = sends(world)
    await _tell(world, NoticeKind.GUARD_SEES)
    waits = []
    for _ in range(12):
        stage.fail("sendMessage", **how)
        await _drain(sender)
        (item,) = await _left(world)
        waits.append((item.due_at - world.clock.now()).total_seconds())
        world.later(seconds=120)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]
    await _drain(sender)
    assert len(stage.chat(ADA)) == 1
    assert sender._troubles == 0


async def test_a_lost_answer_is_tried_again_a_little_later_each_time(
    world, sends, stage
):
    sender = sends(world)
    await _tell(world, NoticeKind.GUARD_SEES)
    for tries in range(3):
        stage.fail("sendMessage", drop_after_apply=True)
        await _drain(sender)
        (item,) = await _left(world)
        assert item.attempts == tries + 1
        assert item.due_at == world.clock.now() + timedelta(seconds=2**tries)
        world.later(seconds=60)
    await _drain(sender)
    assert await _left(world) == []


async def _lose(world, sender, stage, count: int) -> None:
    for _ in range(count):
        stage.fail(drop_after_apply=True)
        await _drain(sender)
        world.later(seconds=120)


async def test_too_many_lost_answers_and_a_prompt_is_given_up(world, sends, stage):
    await world.offered()
    await _lose(world, sends(world), stage, module.MOST_TRIES)
    assert await _left(world) == []


@pytest.mark.parametrize("priority", [Priority.GUARD, Priority.FILL])
async def test_what_became_of_money_is_never_given_up(world, sends, stage, priority):
    sender = sends(world)
    await _tell(world, NoticeKind.GUARD_SEES, priority=priority)
    await _lose(world, sender, stage, module.MOST_TRIES + 2)
    (item,) = await _left(world)
    assert item.due_at - world.clock.now() > timedelta(minutes=50)
    assert len(stage.calls("sendMessage")) == module.MOST_TRIES
    world.later(minutes=61)
    stage.world.faults.clear()
    await _drain(sender)
    assert await _left(world) == []


async def test_a_person_who_blocked_us_is_marked_and_the_message_is_done(
    world, sends, stage
):
    stage.block(ADA)
    await world.offered()
    await _drain(sends(world))
    assert (await world.one(User, id=ADA)).blocked_at == world.clock.now()
    assert await _left(world) == []


async def test_a_person_who_never_pressed_start_is_marked_too(world, sends, stage):
    await world.put(a_user(id=UserId(SAM), name="Sam"))
    await _tell(world, NoticeKind.GUARD_SEES, to=SAM)
    await _drain(sends(world))
    assert (await world.one(User, id=SAM)).blocked_at is not None


async def test_a_refused_message_is_dropped_and_does_not_stop_the_rest(
    world, sends, stage
):
    stage.fail("sendMessage", status=400, description="Bad Request: no idea")
    await _tell(world, NoticeKind.GUARD_SEES, NoticeKind.GUARD_WARNING)
    await _drain(sends(world))
    assert await _left(world) == []
    assert len(stage.chat(ADA)) == 1


async def test_a_poisoned_message_does_not_stop_the_rest(world, sends, stage):
    sender = sends(world)
    await _tell(world, NoticeKind.MEMBER_JOINED, subject="no number at all")
    await _tell(world, NoticeKind.GUARD_SEES)
    await _drain(sender)
    assert len(stage.chat(ADA)) == 1
    (item,) = await _left(world)
    assert item.attempts == 1
    for _ in range(module.MOST_TRIES):
        world.later(seconds=120)
        await _drain(sender)
    assert await _left(world) == []


async def test_messages_are_kept_when_the_journal_cannot_be_written(
    world, sends, stage
):
    await _tell(world, NoticeKind.GUARD_SEES)

    async def broken() -> None:
        message = "disk full"
        raise JournalUnavailable(message)

    world.journal.before_writing(OutboxItem, broken)
    sender = sends(world)
    with capture_logs() as lines:
        await _drain(sender)
        await turns()
    assert [line["event"] for line in lines] == ["task_failed"]
    world.later(seconds=61)
    await _drain(sender)
    assert await _left(world) == []


# ------------------------------------------------------------------ the loop


async def test_the_loop_sends_when_it_is_rung_for(world, stage, nursery, tmp_path):
    bell, pace = Bell(), Hurry().pace
    gateway = a_gateway(stage.bot, tmp_path, pace=pace)
    sender = Sender(world.tools, gateway, nursery, bell=bell, pace=pace)
    running = asyncio.get_running_loop().create_task(sender.run())
    await turns()  # it falls asleep
    await _tell(world, NoticeKind.GUARD_SEES)
    bell.ring()
    await until(lambda: bool(stage.chat(ADA)))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert len(stage.chat(ADA)) == 1


def test_a_wait_is_told_in_seconds():
    assert str(Paused(timedelta(seconds=7))) == "told to wait 7 s"


async def test_a_guards_notice_to_a_viewer_holds_no_money(desk, sends, stage):
    await desk.change(await desk.guard(), equity=Decimal(9_000))
    await _tell(desk, NoticeKind.GUARD_WARNING, to=EVE, detail="50")
    await _tell(desk, NoticeKind.GUARD_WARNING, to=BOB, detail="50")
    await _drain(sends(desk))
    assert "9,000.00" in stage.texts(BOB)[0]
    assert "9,000.00" not in stage.texts(EVE)[0]


# ------------------------------------------------------------------ at the same time


async def test_a_call_that_hangs_delays_only_its_own_message(desk, sends, stage):
    sender = sends(desk)
    stage.fail("sendMessage", latency=60)
    await _tell(desk, NoticeKind.GUARD_SEES, to=ADA)
    await sender.take()
    await until(lambda: not stage.world.faults._faults)
    await _tell(desk, NoticeKind.GUARD_SEES, to=BOB)
    await sender.take()
    await until(lambda: bool(stage.chat(BOB)))
    assert stage.chat(ADA) == []
    stage.world.faults.clear()
    await _drain(sender)
    assert len(stage.chat(ADA)) == 1


async def test_what_comes_for_a_message_under_way_follows_it(world, sends, stage):
    sender = sends(world)
    await world.offered()
    stage.fail("sendMessage", latency=60)
    await sender.take()
    await until(lambda: not stage.world.faults._faults)
    await world.approve()
    await world.work()
    assert await sender.take() > 0
    assert len(sender._next) == 1
    stage.world.faults.clear()
    await _drain(sender)
    (text,) = stage.texts(ADA)
    assert "Filled" in text
    assert await _left(world) == []


async def test_no_more_is_taken_than_there_is_room_for(
    world, sends, stage, monkeypatch
):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    sender = sends(world)
    for _ in range(2):
        stage.fail("sendMessage", latency=60)
    await _tell(world, *[NoticeKind.GUARD_SEES] * 3)
    assert (await sender.take(), await sender.take()) == (2, 0)
    await until(lambda: not stage.world.faults._faults)
    stage.world.faults.clear()
    await _drain(sender)
    assert len(stage.chat(ADA)) == 3

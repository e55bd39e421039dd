"""What is sent, what is not sent any more, and what is known never to have arrived."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram.callbacks import Press, pack
from bot.telegram.desk import Desk
from bot.telegram.dispatching import Dispatching
from bot.telegram.wire import sender as module
from bot.telegram.wire import showing
from bot.telegram.wire.sender import Sender
from bot.telegram.wire.showing import Showing, picture
from core.desk.delivering import chat_moved
from core.desk.expiring import expire
from core.ids import UserId
from core.messages import (
    UNDELIVERED,
    NoticeKind,
    OutboxItem,
    Priority,
    Topic,
    Undelivered,
)
from core.prompts import Prompt, PromptState
from core.users import Role
from tests.bot.telegram.room import Room, Watch
from tests.bot.telegram.stage import (
    ADA,
    ANN,
    BOB,
    EVE,
    Hurry,
    Stage,
    a_gateway,
    telegram,
)
from tests.bot.waiting import turns, until
from tests.builders import an_outbox_item
from tests.core.desk.world import World, own_desk, shared_desk


class Post:
    """A world with its sender, and taps that are handled at once."""

    def __init__(
        self, world: World, stage: Stage, nursery: Nursery, folder: Path
    ) -> None:
        self.world, self.stage = world, stage
        self.hurry = Hurry(world.clock)
        self.gateway = a_gateway(
            stage.bot,
            folder,
            pace=self.hurry.pace,
            moved=partial(chat_moved, world.tools),
        )
        self.sender = Sender(
            world.tools, self.gateway, nursery, bell=Bell(), pace=self.hurry.pace
        )
        desk = Desk(tools=world.tools, gateway=self.gateway, watch=Watch(world, []))
        self.room = Room(stage, world, Dispatching(stage.bot, desk))

    async def drain(self) -> None:
        while await self.sender.take() or self.sender._next:
            await until(lambda: not self.sender._next)

    async def failed(self) -> list[Undelivered]:
        items = await self.world.journal.find(OutboxItem, failed=UNDELIVERED)
        assert all(item.done_at is not None for item in items)
        return [item.failed for item in items]

    async def tell(self, to: int = ADA, **over) -> None:
        item = an_outbox_item(
            topic=Topic.NOTICE,
            notice=NoticeKind.GUARD_SEES,
            subject="demo",
            user_id=UserId(to),
            due_at=self.world.clock.now(),
        )
        await self.world.put(replace(item, **over))

    async def draw(self, prompt: Prompt, priority: Priority = Priority.EDIT) -> None:
        tools = self.world.tools
        await self.world.journal.commit(tools.item(Topic.PROMPT, prompt.id, priority))


Opened = Callable[[World], Post]


@pytest.fixture
async def nursery():
    made = Nursery()
    yield made
    await made.close()


@pytest.fixture
async def post(nursery: Nursery, tmp_path: Path):
    world = await own_desk()
    async with telegram(world.clock) as stage:
        yield Post(world, stage, nursery, tmp_path)


@pytest.fixture
async def desk(nursery: Nursery, tmp_path: Path):
    world = await shared_desk()
    async with telegram(world.clock) as stage:
        yield Post(world, stage, nursery, tmp_path)


# ------------------------------------------------------------------ what ended

S = PromptState
ENDS = [S.REJECTED, S.CANCELLED, S.SUPERSEDED, S.SNOOZED]


@pytest.mark.parametrize("state", ENDS, ids=str)
async def test_what_ended_while_it_waited_is_not_sent(post: Post, state):
    await post.world.change(await post.world.offered(), state=state)
    await post.drain()
    assert post.stage.called() == []
    assert await post.failed() == []


async def test_what_expired_while_it_waited_is_not_sent_and_counted_once(post: Post):
    await post.world.offered()
    post.world.later(minutes=20)
    await expire(post.world.tools)
    await post.drain()
    assert post.stage.called() == []
    assert await post.failed() == [Undelivered.EXPIRED]


async def test_what_nobody_has_called_expired_yet_is_not_sent_either(post: Post):
    await post.world.offered()
    post.world.later(minutes=20)
    await post.drain()
    await expire(post.world.tools)
    await post.drain()
    assert post.stage.called() == []
    assert await post.failed() == [Undelivered.EXPIRED]


async def test_what_was_refused_at_once_is_sent(post: Post):
    await post.world.change(await post.world.offered(), state=S.REFUSED, reason="No.")
    await post.drain()
    assert "No." in post.stage.texts(ADA)[0]


async def test_what_ends_while_it_waits_for_its_turn_is_not_sent(post: Post):
    prompt = await post.world.offered()
    drawn = await picture(post.world.tools, prompt.id)
    await post.world.reject()
    shown = Showing(post.world.tools, post.gateway)
    assert await shown.show(drawn, Priority.PROMPT) == (None, Undelivered.NONE)
    assert post.stage.called() == []


async def test_what_changes_while_it_waits_for_its_turn_is_shown_as_it_is(post: Post):
    prompt = await post.world.offered()
    drawn = await picture(post.world.tools, prompt.id)
    await post.world.approve()
    await post.world.work()
    await Showing(post.world.tools, post.gateway).show(drawn, Priority.PROMPT)
    (text,) = post.stage.texts(ADA)
    assert "Filled" in text
    assert (await post.world.prompt()).message_id == post.stage.chat(ADA)[0].id


async def test_what_changes_all_the_time_is_shown_all_the_same(post: Post, monkeypatch):
    prompt = await post.world.offered()

    async def restless(*_: object) -> object:
        now = await post.world.prompt()
        await post.world.change(now, reason=f"{now.version}")
        return await picture(post.world.tools, prompt.id)

    drawn = await picture(post.world.tools, prompt.id)
    read = showing.picture
    monkeypatch.setattr(showing, "picture", restless)
    changed = Showing(post.world.tools, post.gateway)
    await post.world.change(prompt, reason="x")
    await changed.show(drawn, Priority.PROMPT)
    assert len(post.stage.chat(ADA)) == 1
    monkeypatch.setattr(showing, "picture", read)


async def test_a_message_that_is_always_gone_is_tried_again_later(post: Post):
    await post.world.offered()
    await post.drain()
    prompt = await post.world.prompt()
    for _ in range(9):
        post.stage.fail(
            "editMessageText",
            status=400,
            description="Bad Request: message to edit not found",
        )
    drawn = await picture(post.world.tools, prompt.id)
    shown = Showing(post.world.tools, post.gateway)
    await shown.show(drawn, Priority.EDIT)
    assert len(post.stage.chat(ADA)) == 2
    post.stage.world.faults.clear()


async def test_a_prompt_that_goes_while_it_waits_is_done(post: Post):
    prompt = await post.world.offered()
    drawn = await picture(post.world.tools, prompt.id)
    del post.world.journal._books.kinds[Prompt][prompt.id]
    shown = Showing(post.world.tools, post.gateway)
    assert await shown.show(drawn, Priority.PROMPT) == (None, Undelivered.NONE)


# ------------------------------------------------------------------ one message


async def test_what_comes_while_a_message_waits_is_the_same_message(post: Post):
    prompt = await post.world.offered()
    await post.draw(prompt, Priority.EDIT)
    await post.draw(prompt, Priority.TAP)
    await post.drain()
    assert [method for method, _ in post.stage.called()] == ["sendMessage"]


async def test_what_a_message_shows_already_is_not_drawn_again(post: Post):
    prompt = await post.world.offered()
    post.stage.fail("sendMessage", latency=60)
    await post.sender.take()
    await until(lambda: not post.stage.world.faults._faults)
    await post.draw(prompt, Priority.TAP)
    await post.sender.take()
    post.stage.world.faults.clear()
    await post.drain()
    assert [method for method, _ in post.stage.called()] == ["sendMessage"]


async def test_the_others_are_told_once_of_each_change(desk: Post):
    await desk.world.offered()
    await desk.drain()
    await desk.world.approve(UserId(ADA))
    await desk.drain()
    approved = await desk.world.prompt(UserId(ADA))
    edits = len(desk.stage.calls("editMessageText"))
    for _ in range(3):
        await desk.draw(approved)
        await desk.drain()
    assert len(desk.stage.calls("editMessageText")) == edits + 3  # Ada's own
    await desk.world.work()
    await desk.drain()
    assert all("Filled" in desk.stage.texts(user)[0] for user in (ADA, BOB, EVE))


# ------------------------------------------------------------------ adopted


async def _lose_the_answer(post: Post) -> Prompt:
    """The first copy arrives, and nobody knows."""
    await post.world.offered()
    post.stage.fail("sendMessage", drop_after_apply=True)
    await post.drain()
    prompt = await post.world.prompt()
    assert prompt.message_id is None
    return prompt


@pytest.mark.parametrize("press", [Press.APPROVE, Press.REJECT, Press.SNOOZE], ids=str)
async def test_a_tap_on_a_copy_that_nobody_knew_of_makes_a_second_needless(
    post: Post, press
):
    prompt = await _lose_the_answer(post)
    await post.room.tap(ADA, pack(press, prompt.nonce))
    post.world.later(seconds=60)
    await post.drain()
    (message,) = post.stage.chat(ADA)
    kept = await post.world.prompt()
    assert kept.message_id == message.id
    assert "Approve" not in "".join(post.stage.labels(message)[:1]) or kept.state is (
        S.SNOOZED
    )


async def test_a_copy_under_way_when_the_first_is_tapped_asks_nothing(post: Post):
    prompt = await _lose_the_answer(post)
    first = post.stage.chat(ADA)[0]
    post.world.later(seconds=60)
    post.stage.fail("sendMessage", latency=60)
    await post.sender.take()
    await until(lambda: not post.stage.world.faults._faults)
    await post.room.tap(ADA, pack(Press.REJECT, prompt.nonce), on=first.id)
    post.stage.world.faults.clear()
    await post.drain()
    assert (await post.world.prompt()).message_id == first.id
    assert "Rejected" in post.stage.texts(ADA)[0]
    copy = post.stage.chat(ADA)[1]
    assert copy.buttons == []


async def test_without_a_tap_the_copy_is_sent_again(post: Post):
    await _lose_the_answer(post)
    post.world.later(seconds=60)
    await post.drain()
    assert len(post.stage.chat(ADA)) == 2


# ------------------------------------------------------------------ undelivered


async def test_what_reaches_its_reader_is_not_counted(post: Post):
    await post.world.offered()
    await post.tell()
    await post.drain()
    assert await post.failed() == []


async def test_who_blocked_us_did_not_read_it(post: Post):
    post.stage.block(ADA)
    await post.world.offered()
    await post.drain()
    assert await post.failed() == [Undelivered.UNREACHABLE]


async def test_what_telegram_refuses_was_not_read(post: Post):
    post.stage.fail("sendMessage", status=400, description="Bad Request: no idea")
    await post.tell()
    await post.drain()
    assert await post.failed() == [Undelivered.REFUSED]


async def test_what_is_given_up_was_not_read(post: Post):
    await post.tell(priority=Priority.PROMPT)
    for _ in range(module.MOST_TRIES):
        post.stage.fail("sendMessage", drop_after_apply=True)
        await post.drain()
        post.world.later(minutes=2)
    assert await post.failed() == [Undelivered.GIVEN_UP]


async def test_admins_see_how_much_was_not_delivered(desk: Post):
    world = desk.world
    await world.person(UserId(ANN), Role.ADMIN, name="Ann")
    assert "Undelivered" not in await desk.room.say(ANN, "/status")
    await desk.tell(to=BOB)
    desk.stage.fail("sendMessage", status=400, description="Bad Request: no idea")
    await desk.drain()
    assert "Undelivered: 1" in await desk.room.say(ANN, "/status")


# ------------------------------------------------------------------ room


async def test_what_is_urgent_finds_room_when_there_is_none(post: Post, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(module, "AT_MOST", 4)
    for _ in range(2):
        post.stage.fail("sendMessage", latency=60)
        await post.tell(to=BOB, priority=Priority.PROMPT)
    assert await post.sender.take() == 2
    await until(lambda: len(post.stage.world.faults._faults) <= 1)
    await post.tell(priority=Priority.EDIT)
    assert await post.sender.take() == 0
    await post.tell(priority=Priority.TAP)
    assert await post.sender.take() == 1
    post.stage.world.faults.clear()
    await post.drain()


async def test_nothing_is_taken_while_everybody_has_to_wait(desk: Post):
    desk.hurry.pace.hold(ADA, timedelta(seconds=30))
    desk.hurry.pace.hold(BOB, timedelta(seconds=30))
    await desk.tell(to=EVE)
    assert await desk.sender.take() == 0
    desk.world.later(seconds=30)
    assert await desk.sender.take() == 1
    await desk.drain()


async def test_pictures_that_cannot_be_read_together_are_read_one_by_one(
    post: Post, monkeypatch
):
    async def broken(_: object) -> None:
        message = "a row that nobody understands"
        raise ValueError(message)

    monkeypatch.setattr(post.sender._showing, "look", broken)
    await post.world.offered()
    await post.drain()
    assert len(post.stage.chat(ADA)) == 1
    await turns()

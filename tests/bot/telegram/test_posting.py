"""A signal's message in a group: sent once, drawn again, moved, lost."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.groups import NewGroup, make_group, make_topic, migrate, set_bot
from bot.sandbox.model import Chat, ChatKind, Member, Message, Standing
from bot.tasks import Nursery
from bot.telegram.wire import posting as module
from core.desk.expiring import expire
from core.desk.grouping import lost_group
from core.desk.posting import approve_here, posted
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import UserId
from core.messages import OutboxItem, Priority, Topic, Undelivered
from core.prompts import Prompt, PromptState
from core.signals import Signal
from core.users import Role
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, keep_picture, telegram
from tests.bot.telegram.test_delivery import Post
from tests.builders import a_group_chat
from tests.core.desk.world import World, shared_desk

CHAT = -1001


class Hall(Post):
    """A post with a group in which Ada, Bob and Eve are."""

    def open(self, kind: ChatKind = ChatKind.SUPERGROUP) -> Chat:
        world = self.stage.world
        people = world.people
        wish = NewGroup(
            id=CHAT,
            kind=kind,
            title="Traders",
            forum=kind is ChatKind.SUPERGROUP,
            creator=people[ADA],
            members=[people[BOB], people[EVE]],
        )
        self.chat = make_group(world, wish)
        return self.chat

    async def show(self, topic: int = NO_TOPIC) -> None:
        await self.world.put(a_group_chat(chat_id=CHAT, topic_id=topic))

    def shown(self, chat: int = CHAT) -> list[Message]:
        """What we wrote into the chat, and nobody else did."""
        return [each for each in self.stage.chat(chat) if each.by_bot]

    def texts(self, chat: int = CHAT) -> list[str]:
        return [each.now.rich.text for each in self.shown(chat)]

    def edits(self) -> int:
        found = self.stage.calls("editMessageText")
        return sum(str(each.params["chat_id"]) == str(CHAT) for each in found)

    async def posting(self) -> Posting:
        return await self.world.one(Posting)

    async def approve(self, user: int = ADA) -> str:
        tap = self.world.tap((await self.posting()).nonce, UserId(user))
        here = replace(tap, chat_id=CHAT)
        return (await approve_here(self.world.tools, here)).text

    async def draw(self, *_: Any, priority: Priority = Priority.EDIT) -> None:
        item = self.world.tools.item(Topic.POSTING, (await self.posting()).id, priority)
        await self.world.journal.commit(item)


@pytest.fixture
async def hall(tmp_path: Path):
    world = await shared_desk()
    nursery = Nursery()
    async with telegram(world.clock) as stage:
        made = Hall(world, stage, nursery, tmp_path)
        made.open()
        yield made
    await nursery.close()


@pytest.fixture
async def small(tmp_path: Path):
    """The same in a group that is not a supergroup yet."""
    world = await shared_desk()
    nursery = Nursery()
    async with telegram(world.clock) as stage:
        made = Hall(world, stage, nursery, tmp_path)
        made.open(ChatKind.GROUP)
        await made.show()
        yield made
    await nursery.close()


async def test_a_signal_is_shown_in_the_group_once(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    (text,) = hall.texts()
    assert "BUY XAUUSD" in text
    assert "Asked: 2" in text
    posting = await hall.posting()
    assert posting.message_id == hall.shown()[0].id
    await hall.drain()
    assert len(hall.texts()) == 1


async def test_the_chart_is_uploaded_once_for_people_and_groups(
    hall: Hall, tmp_path: Path
):
    await hall.show()
    await hall.world.offered()
    keep_picture(tmp_path, (await hall.world.one(Signal)).chart_path or "")
    await hall.drain()
    sent = [each.params["photo"] for each in hall.stage.calls("sendPhoto")]
    assert len(sent) == 4
    assert sum(isinstance(each, dict) for each in sent) == 1


async def test_what_becomes_of_it_stands_in_the_group(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    assert (await hall.approve()).startswith("Approved, sending")
    await hall.drain()
    assert "✅ Approved by" in hall.texts()[0]
    assert hall.stage.labels(hall.shown()[0]) == []
    await hall.world.work()
    await hall.drain()
    assert "🎯 Filled at" in hall.texts()[0]
    assert "lots" not in hall.texts()[0]
    assert len(hall.texts()) == 1


async def test_an_approval_in_ones_own_chat_is_drawn_in_the_group_too(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    await hall.world.approve()
    await hall.drain()
    assert "✅ Approved by" in hall.texts()[0]


async def test_a_tap_in_the_group_is_drawn_in_everybodys_own_chat(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    await hall.approve(BOB)
    await hall.drain()
    assert "✅ Approved by Bob" in hall.texts(BOB)[-1]
    assert all("☑ Decided by Bob" in hall.texts(user)[-1] for user in (ADA, EVE))


async def test_it_expires_in_the_group_too(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    hall.world.later(minutes=16)
    await expire(hall.world.tools)
    await hall.drain()
    assert "⌛ Expired, nothing was sent." in hall.texts()[0]


async def test_what_expired_before_it_was_sent_is_not_sent_and_counted(hall: Hall):
    await hall.show()
    await hall.world.offered()
    hall.world.later(minutes=16)
    await hall.drain()
    assert hall.texts() == []
    assert await hall.failed() == [Undelivered.EXPIRED] * 4


async def test_what_was_rejected_before_it_was_sent_is_not_sent(hall: Hall):
    await hall.show()
    await hall.world.offered()
    for user in (ADA, BOB):
        await hall.world.reject(UserId(user))
    await hall.drain()
    assert hall.texts() == []
    assert await hall.failed() == []


async def test_what_changes_nothing_in_the_group_is_no_edit(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    await hall.draw()
    await hall.drain()
    assert hall.edits() == 0
    await hall.world.reject(UserId(BOB))
    await hall.drain()
    assert hall.edits() == 1
    assert "✖ Rejected by Bob" in hall.texts()[0]


async def test_what_is_drawn_again_anyway_is_not_asked_for_twice(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    await hall.world.approve()
    items = await hall.world.journal.find(OutboxItem, topic=Topic.PROMPT, done_at=None)
    for _ in range(2):
        await hall.sender._postings.follow(items)
    waiting = await hall.world.journal.find(
        OutboxItem, topic=Topic.POSTING, done_at=None
    )
    assert [each.priority for each in waiting] == [Priority.TAP]


async def test_a_signal_of_another_account_is_no_reason_to_draw(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    prompt = await hall.world.prompt()
    await hall.world.open_account(id="more", kind="desk")
    await hall.world.put(
        replace(prompt, id="other", nonce="o", account_id="more", version=1)
    )
    item = hall.world.tools.outbox_item(Topic.PROMPT, "other", Priority.TAP)
    await hall.sender._postings.follow([item])
    assert await hall.world.journal.count(OutboxItem, done_at=None) == 0


async def test_a_message_that_was_deleted_in_the_group_stays_away(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    hall.shown()[0].deleted_at = hall.world.clock.now()
    await hall.world.approve()
    await hall.drain()
    assert hall.texts() == []
    assert await hall.failed() == []


async def test_only_so_many_pictures_are_remembered(hall: Hall, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 0)
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    assert hall.sender._postings._shown == {}


async def test_what_is_gone_is_done(hall: Hall):
    await hall.show()
    await hall.world.offered()
    item = hall.world.tools.item(Topic.POSTING, "gone", Priority.EDIT)
    await hall.world.journal.commit(item)
    await hall.drain()
    assert await hall.world.journal.count(OutboxItem, done_at=None) == 0
    await hall.sender._postings.lost(item.row)


async def test_people_are_told_even_when_the_groups_cannot_be(hall: Hall, monkeypatch):
    async def broken(_: object) -> None:
        message = "broken"
        raise RuntimeError(message)

    await hall.show()
    await hall.world.offered()
    await hall.drain()
    monkeypatch.setattr(hall.sender._postings, "follow", broken)
    await hall.world.approve()
    await hall.drain()
    assert "✅ Approved by" in hall.texts(ADA)[-1]


# ------------------------------------------------------------------ topics


async def test_a_signal_is_shown_in_its_topic(hall: Hall):
    topic, _ = make_topic(
        hall.stage.world, hall.chat, "Gold", hall.stage.world.people[ADA]
    )
    await hall.show(topic.id)
    await hall.world.offered()
    await hall.drain()
    (message,) = hall.shown()
    assert message.thread == topic.id
    await hall.world.approve()
    await hall.drain()
    assert "Approved by" in hall.texts()[0]


async def test_without_its_topic_it_is_shown_in_the_group_itself(hall: Hall):
    await hall.show(topic=777)
    await hall.world.offered()
    await hall.drain()
    (message,) = hall.shown()
    assert message.thread is None
    assert (await hall.posting()).topic_id == NO_TOPIC
    assert await hall.failed() == []


async def test_what_is_in_the_group_already_is_not_shown_twice(hall: Hall):
    await hall.show(topic=777)
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    assert len(hall.texts()) == 1
    assert await hall.failed() == []


# ------------------------------------------------------------------ migration


async def test_a_group_that_moves_between_prompt_and_tap_is_shown_it_anew(small: Hall):
    await small.world.offered()
    await small.drain()
    old = small.texts()
    new = migrate(small.stage.world, small.chat, small.stage.world.people[ADA])
    await small.world.reject(UserId(BOB))
    await small.drain()
    (text,) = small.texts(new.id)
    assert "✖ Rejected by Bob" in text
    assert small.texts() == old
    posting = await small.posting()
    assert posting.chat_id == new.id
    assert posting.message_id == small.shown(new.id)[0].id
    assert (await small.world.one(GroupChat)).chat_id == new.id
    assert (await small.approve()).startswith("Approved, sending")
    await small.drain()
    assert "✅ Approved by" in small.texts(new.id)[0]


async def test_no_edit_is_made_with_a_number_of_the_old_group(small: Hall):
    await small.world.offered()
    await small.drain()
    new = migrate(small.stage.world, small.chat, small.stage.world.people[ADA])
    for _ in range(2):
        await small.draw()
        posting = await small.posting()
        small.sender._postings._shown.clear()
        await small.world.change(posting, chat_id=CHAT, message_id=1)
        await small.drain()
    edits = small.stage.calls("editMessageText", "editMessageCaption")
    assert {str(each.params["chat_id"]) for each in edits} == {str(CHAT)}
    assert len(edits) == 1
    assert len(small.texts(new.id)) >= 1


async def test_a_group_that_moves_before_the_first_message_gets_it_once(small: Hall):
    await small.world.offered()
    new = migrate(small.stage.world, small.chat, small.stage.world.people[ADA])
    await small.drain()
    assert len(small.texts(new.id)) == 1
    posting = await small.posting()
    assert (posting.chat_id, posting.message_id) == (
        new.id,
        small.shown(new.id)[0].id,
    )


# ------------------------------------------------------------------ thrown out


async def test_a_group_that_throws_the_bot_out_is_shown_nothing_more(hall: Hall):
    await hall.world.person(UserId(ANN), role=Role.ADMIN, name="Ann")
    await hall.show()
    await hall.world.offered()
    kicked = Member(standing=Standing.KICKED)
    set_bot(hall.stage.world, hall.chat, kicked, hall.stage.world.people[ADA])
    await hall.drain()
    assert not (await hall.world.one(GroupChat)).enabled
    assert await hall.failed() == [Undelivered.UNREACHABLE]
    assert "the bot was removed from it" in hall.texts(ANN)[-1]
    await hall.world.offered(external_id="gold-2")
    assert await hall.world.journal.count(Posting) == 1


async def test_what_people_are_asked_does_not_depend_on_the_group(hall: Hall):
    await hall.show()
    await lost_group(hall.world.tools, CHAT)
    await hall.world.offered()
    await hall.drain()
    assert all(len(hall.texts(user)) == 1 for user in (ADA, BOB, EVE))


# ------------------------------------------------------------------ limits


async def test_a_group_is_written_to_twenty_times_a_minute(hall: Hall):
    await hall.show()
    begun = hall.world.clock.monotonic()
    for number in range(25):
        await hall.world.offered(external_id=f"gold-{number}")
    while len(hall.texts()) < 25:
        await hall.drain()
        hall.world.later(seconds=1)
    assert hall.world.clock.monotonic() - begun > timedelta(seconds=60)
    assert len(hall.texts()) == 25
    refused = [status for method, status in hall.stage.called() if status == 429]
    assert refused == []


async def test_a_lost_answer_is_made_up_for_by_the_first_tap(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    posting = await hall.posting()
    await hall.world.change(posting, message_id=None)
    on = hall.shown()[0].id
    tap = hall.world.tap(posting.nonce, UserId(ADA))
    await approve_here(hall.world.tools, replace(tap, chat_id=CHAT, message_id=on))
    await hall.drain()
    assert len(hall.texts()) == 1
    assert "✅ Approved by" in hall.texts()[0]
    await posted(hall.world.tools, posting.id, 99)
    assert (await hall.posting()).message_id == on


async def test_a_decided_prompt_that_nobody_was_sent_is_drawn_in_the_group(hall: Hall):
    await hall.show()
    await hall.world.offered()
    await hall.drain()
    for user in (ADA, BOB, EVE):
        hall.stage.block(user)
    await hall.world.approve()
    await hall.drain()
    assert "✅ Approved by" in hall.texts()[0]
    states = {each.state for each in await hall.world.journal.find(Prompt)}
    assert states == {PromptState.APPROVED, PromptState.SUPERSEDED}
    assert isinstance(hall.world, World)

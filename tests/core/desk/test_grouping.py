"""Which groups an account's signals are shown in."""

import json
from dataclasses import replace

import pytest

from core.accounts import AccountKind
from core.desk.delivering import chat_moved
from core.desk.grouping import TITLE_LIMIT, Place, lost_group, show_here, show_no_more
from core.errors import Refused
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import AccountId, ProviderName, UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem, Topic
from core.signals import Signal, SignalStatus
from core.users import EVERY_PROVIDER, Role
from tests.builders import ACCOUNT, a_group_chat, a_posting, a_provider
from tests.core.desk.world import ADA, BOB, World, shared_desk

ANN, OWEN = UserId(5), UserId(4)
"""Two admins."""
CHAT = -1001
HERE = Place(chat_id=CHAT, topic_id=NO_TOPIC, title="Traders")
TOPIC = replace(HERE, topic_id=7)


@pytest.fixture
async def world() -> World:
    made = await shared_desk()
    await made.person(ANN, Role.ADMIN, name="Ann")
    await made.person(OWEN, Role.OWNER, name="Owen")
    return made


async def _here(world: World, *words: str, place: Place = HERE) -> GroupChat:
    return await show_here(world.tools, place, by=ANN, words=words)


async def _actions(world: World) -> list[tuple[str, str, str]]:
    found = await world.journal.find(AuditEntry)
    return [(each.actor, each.action, each.subject) for each in found]


async def _sentences(world: World, user: UserId) -> list[str]:
    items = await world.journal.find(OutboxItem, topic=Topic.NOTICE, user_id=user)
    assert {each.notice for each in items} <= {NoticeKind.ADMIN_DID}
    return [each.detail for each in items]


# ------------------------------------------------------------------ begun


async def test_an_admin_has_an_accounts_signals_shown_in_a_group(world: World):
    group = await _here(world, "demo")
    assert group == await world.one(GroupChat)
    assert (group.account_id, group.provider) == (ACCOUNT, EVERY_PROVIDER)
    assert (group.chat_id, group.topic_id, group.title) == (CHAT, NO_TOPIC, "Traders")
    assert (group.added_by, group.enabled) == (ANN, True)
    assert await _actions(world) == [("user:5", "group_added", "account:demo")]
    (entry,) = await world.journal.find(AuditEntry)
    assert json.loads(entry.detail) == {"chat": "-1001", "topic": "0", "provider": "*"}


async def test_the_other_admins_are_told(world: World):
    await _here(world, "demo")
    said = ["Signals for demo are shown in the group Traders from now on."]
    assert await _sentences(world, OWEN) == said
    assert await world.told(ANN, ADA, BOB) == []


async def test_said_twice_it_is_once(world: World):
    first = await _here(world, "demo")
    assert await _here(world, "DEMO") == first
    assert len(await _actions(world)) == 1


async def test_each_topic_is_a_place_of_its_own(world: World):
    await _here(world, "demo")
    await _here(world, "demo", place=TOPIC)
    topics = [each.topic_id for each in await world.journal.find(GroupChat)]
    assert sorted(topics) == [NO_TOPIC, 7]


async def test_a_long_title_is_cut(world: World):
    group = await _here(world, "demo", place=replace(HERE, title="x" * 200))
    assert len(group.title) == TITLE_LIMIT


@pytest.mark.parametrize("words", [("demo", "gold"), ("demo", "Gold"), ("gold",)])
async def test_one_provider_alone_may_be_shown(world: World, words):
    await world.put(a_provider(id=ProviderName("gold")))
    group = await _here(world, *words)
    assert (group.account_id, group.provider) == (ACCOUNT, "gold")


async def test_the_only_account_need_not_be_named(world: World):
    assert (await _here(world)).account_id == ACCOUNT


async def test_a_provider_that_is_not_there_is_refused(world: World):
    with pytest.raises(Refused, match="There is no provider silver; /providers lists"):
        await _here(world, "demo", "silver")
    assert await world.journal.count(GroupChat) == 0


@pytest.mark.parametrize("words", [(), ("other",), ("x", "demo")])
async def test_who_has_several_accounts_must_name_one(world: World, words):
    other = AccountId("more")
    await world.open_account(id=other, kind=AccountKind.DESK)
    await world.member(ANN, Role.ADMIN, account=other)
    with pytest.raises(Refused, match=r"Say which account: /here .* Yours: demo, more"):
        await _here(world, *words)


async def test_an_account_of_somebody_else_is_refused(world: World):
    with pytest.raises(Refused, match="Say which account"):
        await _here(world, "foreign", "demo")


# ------------------------------------------------------------------ ended


async def test_what_an_admin_ends_is_shown_no_more(world: World):
    await _here(world, "demo")
    (ended,) = await show_no_more(world.tools, HERE, by=OWEN)
    assert not (await world.one(GroupChat)).enabled
    assert ended.account_id == ACCOUNT
    assert (await _actions(world))[1:] == [("user:4", "group_ended", "account:demo")]
    said = ["Signals for demo are shown in Traders no more."]
    assert await _sentences(world, ANN) == said


async def test_what_was_ended_may_begin_again(world: World):
    first = await _here(world, "demo")
    await show_no_more(world.tools, HERE, by=ANN)
    again = await show_here(world.tools, HERE, by=OWEN, words=["demo"])
    assert (again.id, again.added_by, again.enabled) == (first.id, OWEN, True)
    assert (await world.one(GroupChat)).enabled


@pytest.mark.parametrize(
    ("place", "by"), [(HERE, ADA), (TOPIC, ANN), (replace(HERE, chat_id=-2), ANN)]
)
async def test_only_what_ones_own_accounts_show_there_is_ended(world, place, by):
    await _here(world, "demo")
    with pytest.raises(Refused, match="In a forum, send /gone in the topic itself"):
        await show_no_more(world.tools, place, by=by)
    assert (await world.one(GroupChat)).enabled


# ------------------------------------------------------------------ lost


async def test_a_group_without_the_bot_is_shown_nothing_and_all_admins_are_told(world):
    await _here(world, "demo")
    await _here(world, "demo", place=TOPIC)
    await lost_group(world.tools, CHAT)
    assert {each.enabled for each in await world.journal.find(GroupChat)} == {False}
    for admin in (ANN, OWEN):
        assert "the bot was removed from it" in (await _sentences(world, admin))[-1]
    lost = [each for each in await _actions(world) if each[1] == "group_lost"]
    assert lost == [("telegram", "group_lost", "account:demo")] * 2


async def test_a_group_is_lost_once_and_a_strange_one_never(world: World):
    await _here(world, "demo")
    await lost_group(world.tools, -5)
    await lost_group(world.tools, CHAT)
    before = len(await _actions(world))
    await lost_group(world.tools, CHAT)
    assert len(await _actions(world)) == before


# ------------------------------------------------------------------ moved

NEW = -1002


async def test_what_is_shown_moves_with_the_group(world: World):
    await _here(world, "demo")
    await chat_moved(world.tools, CHAT, NEW)
    await chat_moved(world.tools, CHAT, NEW)
    assert (await world.one(GroupChat)).chat_id == NEW


async def test_what_is_under_way_is_sent_anew_there(world: World):
    group = await _here(world, "demo")
    await world.offered()
    posting = await world.one(Posting)
    await world.change(posting, message_id=9)
    over = await _over(world, group)
    await chat_moved(world.tools, CHAT, NEW)
    moved = await world.one(Posting, id=posting.id)
    assert (moved.chat_id, moved.message_id) == (NEW, None)
    items = await world.journal.find(OutboxItem, topic=Topic.POSTING)
    assert [each.subject for each in items] == [posting.id] * 2
    assert await world.one(Posting, id=over.id) == over


async def _over(world: World, group: GroupChat) -> Posting:
    """The message of a signal that nothing becomes of any more."""
    found = await world.one(Signal)
    ended = replace(
        found,
        id="ended",
        external_id="ended",
        status=SignalStatus.CLOSED,
        version=1,
    )
    row = a_posting(signal_id=ended.id, group_id=group.id, chat_id=CHAT, message_id=3)
    await world.put(ended, row)
    await world.change(
        await world.one(Signal, id="ended"), proposed_at=found.created_at
    )
    assert (await world.one(Signal, id="ended")).status is not SignalStatus.NEW
    return row


async def test_what_the_new_chat_has_already_is_left_there(world: World):
    old = await _here(world, "demo")
    await world.offered()
    posting = await world.one(Posting)
    there = a_group_chat(chat_id=NEW, added_by=ANN)
    copy = a_posting(signal_id=posting.signal_id, group_id=there.id, chat_id=NEW)
    await world.put(there, copy)
    await chat_moved(world.tools, CHAT, NEW)
    left = await world.one(GroupChat, id=old.id)
    assert (left.chat_id, left.enabled) == (CHAT, False)
    assert (await world.one(GroupChat, id=there.id)).enabled
    assert await world.one(Posting, id=posting.id) == posting


async def test_a_group_that_shows_nothing_moves_unnoticed(world: World):
    await chat_moved(world.tools, -77, -78)
    assert await world.journal.count(AuditEntry) == 0

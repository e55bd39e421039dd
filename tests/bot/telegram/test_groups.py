"""Groups in the chat: what is answered there, who may tap, and what it reads like."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.groups import NewGroup, make_group, make_topic, migrate, set_bot
from bot.sandbox.model import ChatKind, Member, Standing
from bot.sandbox.people import Place, say, tap
from bot.sandbox.people import Tap as Wish
from bot.telegram.callbacks import Press, pack
from bot.telegram.posting_cards import _SAYS, PostingCard, posting_card
from bot.telegram.views.groups import (
    anonymous_view,
    in_a_group_view,
    in_private_view,
    no_more_view,
    posting_view,
    shown_here_view,
)
from bot.telegram.views.view import View
from bot.telegram.wire.receiver import sender_of
from core.accounts import AccountKind, GuardState
from core.groups import NO_TOPIC, GroupChat, Posting
from core.ids import PostingId, ProviderName, UserId
from core.messages import AuditEntry
from core.orders import Order, OrderState
from core.prompts import Prompt, PromptState
from core.users import User
from tests.bot.telegram.cards import (
    a_card,
    closed,
    decided,
    the_order,
    the_prompt,
    the_trade,
)
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN, SAM
from tests.builders import a_group_chat, a_posting, a_prompt, an_account

S, DONE = PromptState, OrderState
CHAT = -1001
EVERYBODY = (SAM, EVE, ADA, BOB, ANN, OWEN)
NAME = "tapgate_sandbox_bot"


class Group:
    """A group in the sandbox with everybody in it."""

    def __init__(self, room: Room, kind: ChatKind = ChatKind.SUPERGROUP) -> None:
        self.room = room
        self.world = room.stage.world
        people = self.world.people
        wish = NewGroup(
            id=CHAT,
            kind=kind,
            title="Traders",
            forum=kind is ChatKind.SUPERGROUP,
            creator=people[ANN],
            members=[people[each] for each in EVERYBODY if each != ANN],
        )
        self.chat = make_group(self.world, wish)

    async def settle(self) -> None:
        await self.room.deliver()

    async def say(self, user: int, text: str, thread: int | None = None) -> str:
        """Write into the group; returns the bot's answers there."""
        before = len(self.texts())
        place = Place(chat_id=self.chat.id, thread=thread)
        say(self.world, self.world.people[user], text, place=place)
        await self.room.deliver()
        return "\n".join(self.texts()[before:])

    def texts(self, chat: int | None = None) -> list[str]:
        return self.room.stage.texts(chat or self.chat.id)

    async def tap(self, user: int, data: str, on: int) -> tuple[str, bool]:
        wish = Wish(data=data, chat_id=self.chat.id, message_id=on)
        query, _ = tap(self.world, self.world.people[user], wish)
        await self.room.deliver()
        answer = self.room.stage.answered(query.id)
        assert answer is not None, "a tap must always be answered"
        return answer

    async def signal(self) -> Posting:
        """A signal is shown in the group, in message 50; returns its posting."""
        await self.room.world.put(a_group_chat(chat_id=CHAT, account_id=DESK))
        await self.room.world.submit()
        await self.room.world.work()
        row = await self.room.world.one(Posting)
        await self.say(BOB, f"/help@{NAME}")  # a message to tap on
        on = self.room.stage.chat(CHAT)[-1].id
        await self.room.world.change(row, message_id=on)
        return await self.room.world.one(Posting)


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


@pytest.fixture
async def group(room: Room):
    made = Group(room)
    await made.settle()
    return made


# ------------------------------------------------------------------ commands


async def test_an_admin_has_signals_shown_in_the_group(group: Group):
    answer = await group.say(ANN, "/here desk")
    assert answer.startswith("Signals for desk are shown here from now on")
    row = await group.room.world.one(GroupChat)
    assert (row.chat_id, row.topic_id, row.title) == (CHAT, NO_TOPIC, "Traders")
    assert (row.account_id, row.added_by) == (DESK, ANN)


@pytest.mark.parametrize("text", [f"/here@{NAME} desk", f"/HERE@{NAME.upper()} Desk"])
async def test_a_command_with_our_name_is_meant_for_us(group: Group, text):
    assert (await group.say(ANN, text)).startswith("Signals for desk")


async def test_a_topic_is_a_place_of_its_own_and_answered_there(group: Group):
    world = group.world
    topic, _ = make_topic(world, group.chat, "Gold", world.people[ANN])
    await group.settle()
    await group.say(ANN, "/here desk demo", thread=topic.id)
    row = await group.room.world.one(GroupChat)
    assert (row.topic_id, row.provider) == (topic.id, "demo")
    assert group.room.stage.chat(CHAT)[-1].thread == topic.id
    answer = await group.say(ANN, "/gone", thread=topic.id)
    assert answer.startswith("No more signals are shown here")
    assert not (await group.room.world.one(GroupChat)).enabled


async def test_a_thread_of_answers_is_no_topic(group: Group):
    update = {
        "message_id": 9,
        "date": 1,
        "message_thread_id": 77,
        "chat": {"id": CHAT, "type": "supergroup", "title": "Traders"},
        "from": {"id": ANN, "is_bot": False, "first_name": "Ann"},
        "text": "/here desk",
    }
    await group.room.handle(message=update)
    assert (await group.room.world.one(GroupChat)).topic_id == NO_TOPIC


@pytest.mark.parametrize("user", [EVE, ADA, BOB, SAM])
@pytest.mark.parametrize("text", ["/here desk", f"/gone@{NAME}"])
async def test_others_are_told_in_their_own_chat(group: Group, user, text):
    assert await group.say(user, text) == ""
    assert group.texts(user) == ["Only admins can do that. Ask one of them."]
    assert await group.room.world.journal.count(GroupChat) == 0


async def test_what_is_wrong_is_said_in_the_admins_own_chat(group: Group):
    assert await group.say(ANN, "/here desk silver") == ""
    assert group.texts(ANN) == ["There is no provider silver; /providers lists them."]
    assert await group.say(OWEN, "/here") == ""
    assert "Yours: desk, mine" in group.texts(OWEN)[-1]
    assert await group.say(OWEN, "/gone") == ""
    assert "No account of yours" in group.texts(OWEN)[-1]


@pytest.mark.parametrize(
    "text", [f"/positions@{NAME}", f"/start@{NAME}", f"/panic@{NAME} all"]
)
@pytest.mark.parametrize("user", [SAM, OWEN])
async def test_what_is_private_is_not_shown_in_a_group(group: Group, user, text):
    answer = await group.say(user, text)
    assert answer == f"Write to me in private: https://t.me/{NAME}"
    assert group.texts(user) == []


@pytest.mark.parametrize(
    "text",
    ["hello", "/panic all", "/start", "/here@other_bot desk", "/positions@other_bot"],
)
async def test_what_is_not_meant_for_us_is_left_alone(group: Group, text):
    set_bot(
        group.world,
        group.chat,
        Member(standing=Standing.ADMINISTRATOR),  # who hears everything
        group.world.people[ANN],
    )
    assert await group.say(OWEN, text) == ""
    assert group.texts(OWEN) == []
    assert (await group.room.world.guard(DESK)).triggered_at is None


async def test_an_anonymous_admin_is_nobody(group: Group):
    creator = Member(standing=Standing.CREATOR, anonymous=True)
    group.chat.members[ANN] = creator
    answer = await group.say(ANN, f"/here@{NAME} desk")
    assert "You write in the group's name" in answer
    assert await group.say(ANN, "hello") == "hello"
    assert await group.room.world.journal.count(GroupChat) == 0


async def test_commands_of_groups_are_explained_in_ones_own_chat(room: Room):
    for text in ("/here desk", "/gone"):
        assert (await room.say(ANN, text)).startswith("Signals can be shown in a group")


async def test_without_a_name_of_ours_a_command_is_answered_all_the_same(group):
    for _ in range(2):
        group.room.stage.fail("getMe", status=500, description="oops")
    assert await group.say(ANN, f"/here@{NAME} desk") == ""
    assert (await group.say(ANN, "/here desk")).startswith("Signals for desk")


async def test_when_it_goes_wrong_the_sender_is_told_and_not_the_group(
    group: Group, monkeypatch
):
    async def broken(*_: object, **__: object) -> None:
        message = "broken"
        raise RuntimeError(message)

    monkeypatch.setattr("bot.telegram.routers.groups.show_here", broken)
    with pytest.raises(RuntimeError):
        await group.say(ANN, "/here desk")
    assert group.texts() == []
    assert group.texts(ANN)[-1].startswith("Something went wrong here")


# ------------------------------------------------------------------ its news


@pytest.mark.parametrize("standing", [Standing.KICKED, Standing.LEFT])
async def test_a_group_without_the_bot_is_shown_nothing(group: Group, standing):
    await group.say(ANN, "/here desk")
    set_bot(group.world, group.chat, Member(standing=standing), group.world.people[EVE])
    await group.settle()
    assert not (await group.room.world.one(GroupChat)).enabled
    (entry,) = await group.room.world.journal.find(AuditEntry, action="group_lost")
    assert json.loads(entry.detail)["chat"] == str(CHAT)


async def test_a_bot_that_is_made_an_admin_stays(group: Group):
    await group.say(ANN, "/here desk")
    admin = Member(standing=Standing.ADMINISTRATOR)
    set_bot(group.world, group.chat, admin, group.world.people[EVE])
    await group.settle()
    assert (await group.room.world.one(GroupChat)).enabled


async def test_an_anonymous_admin_may_throw_it_out_all_the_same(group: Group):
    await group.say(ANN, "/here desk")
    bot = {"id": 42, "is_bot": True, "first_name": "Tapgate"}
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    await group.room.handle(
        my_chat_member={
            "chat": {"id": CHAT, "type": "supergroup", "title": "Traders"},
            "from": anonymous,
            "date": 1,
            "old_chat_member": {"user": bot, "status": "member"},
            "new_chat_member": {"user": bot, "status": "left"},
        }
    )
    assert not (await group.room.world.one(GroupChat)).enabled


async def test_either_message_of_a_migration_moves_what_is_shown(room: Room):
    made = Group(room, ChatKind.GROUP)
    await made.settle()
    await made.say(ANN, "/here desk")
    new = migrate(made.world, made.chat, made.world.people[ANN])
    first, second = room.stage.world.updates.waiting()
    assert "migrate_to_chat_id" in first.body["message"]
    await room._handle(second.body)
    assert (await room.world.one(GroupChat)).chat_id == new.id
    row = await room.world.one(GroupChat)
    await room.world.change(row, chat_id=CHAT)
    await room._handle(first.body)
    assert (await room.world.one(GroupChat)).chat_id == new.id


# ------------------------------------------------------------------ taps

WORDS = {
    "You are not a member here": "stranger",
    "You are a viewer here": "viewer",
    "You are not a member of this": "not a member",
    "Approved, sending": "approved",
    "Rejected. Nothing": "rejected",
    "Sent to your own chat": "sent",
    "That button works in your own": "elsewhere",
}

TAPS = """
             Sam         Eve        Ada             Bob        Ann        Owen
approve    | !stranger | !viewer  | !not a member | approved | approved | approved
reject     | !stranger | !viewer  | !not a member | rejected | rejected | rejected
details    | !stranger | sent     | !not a member | sent     | sent     | sent
"""


def _kind(answer: tuple[str, bool]) -> str:
    text, alert = answer
    kind = next((k for words, k in WORDS.items() if text.startswith(words)), text)
    return f"!{kind}" if alert else kind


def _cells():
    for line in TAPS.strip().splitlines()[1:]:
        name, *cells = (each.strip() for each in line.split("|"))
        press = Press[f"GROUP_{name.upper()}"]
        for user, cell in zip(EVERYBODY, cells, strict=True):
            yield pytest.param(press, user, cell, id=f"{name}-{user}")


@pytest.mark.parametrize(("press", "user", "expected"), list(_cells()))
async def test_a_button_in_a_group_does_what_the_tappers_role_allows(
    group: Group, press, user, expected
):
    posting = await group.signal()
    answer = await group.tap(user, pack(press, posting.nonce), posting.message_id)
    assert _kind(answer) == expected
    world = group.room.world
    assert await world.journal.count(Order) == (1 if expected == "approved" else 0)
    refused = await world.journal.count(AuditEntry, action="tap_refused")
    assert refused == (1 if expected[0] == "!" else 0)


OTHERS = sorted(set(Press) - {p for p in Press if p.name.startswith("GROUP_")})


@pytest.mark.parametrize("press", OTHERS, ids=str)
async def test_a_private_button_does_nothing_in_a_group(group: Group, press):
    """Crafted data in a group: the tapper's own prompt, order or question."""
    posting = await group.signal()
    before = await group.room.prompt(BOB, DESK)
    for argument in (before.nonce, before.id, ""):
        answer = await group.tap(BOB, pack(press, argument), posting.message_id)
        assert _kind(answer) == "!elsewhere"
    assert await group.room.prompt(BOB, DESK) == before
    guard = await group.room.world.guard(DESK)
    assert isinstance(guard, GuardState)
    assert guard.triggered_at is None


@pytest.mark.parametrize("press", [Press.GROUP_APPROVE, Press.GROUP_REJECT], ids=str)
async def test_a_prompts_own_key_opens_nothing_in_a_group(group: Group, press):
    posting = await group.signal()
    before = await group.room.prompt(BOB, DESK)
    answer = await group.tap(BOB, pack(press, before.nonce), posting.message_id)
    assert answer[0].startswith("That button is from before")
    assert await group.room.prompt(BOB, DESK) == before


@pytest.mark.parametrize("data", ["", "0:ap:x", "1:zz:x", "nonsense"])
async def test_what_is_no_button_of_ours_is_answered(group: Group, data):
    posting = await group.signal()
    assert _kind(await group.tap(BOB, data, posting.message_id)) == "!elsewhere"


async def test_nothing_private_is_written_into_the_group(group: Group):
    posting = await group.signal()
    before = group.texts()
    for press in (Press.GROUP_DETAILS, Press.GROUP_APPROVE, Press.GROUP_REJECT):
        await group.tap(BOB, pack(press, posting.nonce), posting.message_id)
    assert group.texts() == before
    assert "lots" in group.texts(BOB)[-1]


async def test_details_are_sent_to_ones_own_chat_or_it_is_said_why_not(group: Group):
    posting = await group.signal()
    data = pack(Press.GROUP_DETAILS, posting.nonce)
    group.room.stage.block(BOB)
    await group.settle()
    text, alert = await group.tap(BOB, data, posting.message_id)
    assert text.startswith("Your own chat with the bot cannot be reached")
    assert alert


async def test_details_of_an_account_without_rules_are_outdated(group: Group):
    posting = await group.signal()
    del group.room.world.rules[DESK]
    data = pack(Press.GROUP_DETAILS, posting.nonce)
    text, _ = await group.tap(BOB, data, posting.message_id)
    assert text.startswith("That button is from before")


async def test_new_terms_are_shown_in_ones_own_chat(group: Group):
    posting = await group.signal()
    bob = await group.room.world.one(User, id=BOB)
    await group.room.world.change(bob, consent_version="0")
    data = pack(Press.GROUP_APPROVE, posting.nonce)
    text, alert = await group.tap(BOB, data, posting.message_id)
    assert text.startswith("Please agree to the terms first")
    assert alert
    assert group.texts(BOB)[-1] == "Trading is risky."


async def test_a_second_copy_in_the_group_is_drawn_too(group: Group):
    posting = await group.signal()
    await group.room.world.change(posting, message_id=1)
    posting_id = group.room.stage.chat(CHAT)[-1].id
    data = pack(Press.GROUP_APPROVE, posting.nonce)
    await group.tap(EVE, data, posting_id)
    assert "Asked" not in group.texts()[-1]
    await group.tap(BOB, data, posting_id)
    assert "Approved by Bob" in group.texts()[-1]


async def test_a_posting_may_be_answered_from_a_crafted_private_tap(group: Group):
    posting = await group.signal()
    await group.room.say(BOB, "/help")
    data = pack(Press.GROUP_REJECT, posting.nonce)
    assert _kind(await group.room.tap(BOB, data)) == "rejected"


async def test_taps_in_a_group_stand_in_the_tappers_own_queue(group: Group):
    """What one person does, wherever it is, is handled in its order."""
    posting = await group.signal()
    stage = group.room.stage
    await group.room.say(BOB, "/help")
    stage.tap(BOB, pack(Press.NEVER_MIND))
    wish = Wish(
        data=pack(Press.GROUP_REJECT, posting.nonce),
        chat_id=CHAT,
        message_id=posting.message_id,
    )
    tap(stage.world, stage.world.people[BOB], wish)
    assert [sender_of(each.body) for each in stage.world.updates.waiting()] == [BOB] * 2


# ------------------------------------------------------------------ its picture


async def test_a_posting_shows_neither_lots_nor_money(group: Group):
    posting = await group.signal()
    card = await posting_card(group.room.tools, posting.id)
    assert card is not None
    assert {each.user_id for each in card.asked} == {BOB, ANN, OWEN}
    assert card.reader == ADA
    shown = card.card.prompt
    assert (shown.lots, shown.risk_money, shown.headroom) == (None, None, None)
    text = posting_view(card).text
    assert "Asked: 3" in text
    for word in ("lots", "Risk", "USD (", "Headroom", "%"):
        assert word not in text


async def test_what_is_gone_has_no_picture(room: Room):
    assert await posting_card(room.tools, PostingId("gone")) is None
    group = a_group_chat(account_id=DESK)
    await room.world.put(group)
    await room.world.submit()
    row = a_posting(
        signal_id=(await room.world.submit()).signal.id,
        group_id=group.id,
        account_id=DESK,
    )
    await room.world.put(row)
    assert await posting_card(room.tools, row.id) is None


def test_the_telling_prompt_is_found_in_every_state():
    assert set(_SAYS) == set(PromptState)


def _posted(prompt: Prompt | None = None, **over: Any) -> PostingCard:
    """Two were asked, on a desk, about what stands in ``cards``."""
    prompt = replace(
        prompt or the_prompt(), viewer=True, lots=None, price=None, risk_money=None
    )
    names = over.pop("rejecters", ())
    card = a_card(prompt, account=an_account(kind=AccountKind.DESK), **over)
    return PostingCard(
        posting=a_posting(nonce="n" * 22),
        reader=UserId(ADA),
        card=card,
        asked=(prompt, a_prompt()),
        rejecters=names,
    )


APPROVED = decided(S.APPROVED)


def _views() -> dict[str, View]:
    cards = {
        "asked": _posted(),
        "asked, one rejected": _posted(rejecters=("Bob",)),
        "approved once of twice": _posted(first="Ada"),
        "approved": _posted(APPROVED),
        "approved by nobody who is known": _posted(APPROVED, decider=""),
        "approved by two": _posted(APPROVED, first="Bob"),
        "under way": _posted(APPROVED, order=the_order(DONE.SUBMITTING)),
        "waits": _posted(APPROVED, order=the_order(DONE.PLACED)),
        "refused by the broker": _posted(
            APPROVED, order=the_order(DONE.REJECTED, reason="Not enough money.")
        ),
        "not executed": _posted(APPROVED, order=the_order(DONE.NOT_EXECUTED)),
        "withdrawn from the broker": _posted(APPROVED, order=the_order(DONE.CANCELLED)),
        "in doubt": _posted(APPROVED, order=the_order(DONE.PARKED)),
        "filled": _posted(APPROVED, order=the_order(DONE.FILLED), trade=the_trade()),
        "closed": _posted(APPROVED, order=the_order(DONE.FILLED), trade=closed()),
        "rejected": _posted(decided(S.REJECTED), rejecters=("Ada", "<b>Bob")),
        "expired": _posted(the_prompt(state=S.EXPIRED)),
        "withdrawn": _posted(the_prompt(state=S.CANCELLED)),
        "refused by a rule": _posted(the_prompt(state=S.REFUSED, reason="Risk 5 USD.")),
    }
    gold = a_group_chat(provider=ProviderName("gold"))
    return {name: posting_view(card) for name, card in cards.items()} | {
        "shown here": shown_here_view(a_group_chat()),
        "shown here of one": shown_here_view(gold),
        "no more": no_more_view(),
        "in a group": in_a_group_view(),
        "in private": in_private_view("demo"),
        "in private, without a name": in_private_view(""),
        "anonymous": anonymous_view(),
    }


def test_what_is_read_in_groups_reads_as_it_should():
    compare("groups", _views())


def test_no_money_stands_in_any_group_view():
    for title, view in _views().items():
        for word in (" USD", "lots</b>", "Not enough", "259"):
            assert word not in view.text, title


def test_only_what_is_undecided_has_buttons():
    with_buttons = {title for title, view in _views().items() if view.rows}
    assert with_buttons == {"asked", "asked, one rejected", "approved once of twice"}


def test_a_view_knows_its_topic():
    card = _posted()
    there = replace(card, posting=replace(card.posting, topic_id=7))
    assert (posting_view(card).topic, posting_view(there).topic) == (None, 7)

"""One door: people only, and strangers no further than the mat."""

from typing import Any

import pytest
from aiogram.types import Update

from bot.telegram.access import Door
from bot.telegram.callbacks import Press, pack
from core.desk.tools import by_user
from core.ids import UserId
from core.messages import AuditEntry
from core.users import User
from tests.bot.telegram.room import Room, open_room
from tests.bot.telegram.stage import ADA, EVE, SAM, a_gateway

PRIVATE = {"id": ADA, "type": "private"}
GROUP = {"id": -7, "type": "supergroup", "title": "Traders"}
PERSON = {"id": ADA, "is_bot": False, "first_name": "Ada", "language_code": "de"}
MESSAGE = {"message_id": 4, "date": 1, "chat": PRIVATE, "from": PERSON, "text": "/help"}
QUERY = {"id": "5", "from": PERSON, "chat_instance": "x", "data": "1:nm:"}


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


def _membership(status: str, **over: Any) -> dict[str, Any]:
    bot = {"id": 42, "is_bot": True, "first_name": "Tapgate"}
    old, new = ({"user": bot, "status": each} for each in ("member", status))
    if status == "kicked":
        new["until_date"] = 0
    return {
        "chat": PRIVATE,
        "from": PERSON,
        "date": 1,
        "old_chat_member": old,
        "new_chat_member": new,
    } | over


DROPPED: dict[str, dict[str, Any]] = {
    "a message in a group": {"message": MESSAGE | {"chat": GROUP}},
    "an anonymous admin": {
        "message": MESSAGE | {"chat": GROUP, "sender_chat": GROUP},
    },
    "a channel behind a private chat": {
        "message": MESSAGE | {"sender_chat": {"id": -8, "type": "channel"}},
    },
    "a bot": {"message": MESSAGE | {"from": PERSON | {"is_bot": True}}},
    "nobody": {"message": {k: v for k, v in MESSAGE.items() if k != "from"}},
    "an edit": {"edited_message": MESSAGE | {"edit_date": 2}},
    "a post in a channel": {
        "channel_post": {
            "message_id": 4,
            "date": 1,
            "chat": {"id": -8, "type": "channel"},
            "text": "/panic",
        }
    },
    "a bot in a group": {
        "message": MESSAGE
        | {"chat": GROUP, "from": PERSON | {"is_bot": True}, "text": "/here"},
    },
    "a channel behind a group": {
        "message": MESSAGE
        | {
            "chat": GROUP,
            "sender_chat": {"id": -8, "type": "channel"},
            "text": "/here",
        },
    },
    "a tap of a bot in a group": {
        "callback_query": QUERY
        | {"from": PERSON | {"is_bot": True}, "message": MESSAGE | {"chat": GROUP}}
    },
    "a tap of a bot": {"callback_query": QUERY | {"from": PERSON | {"is_bot": True}}},
    "our place in a group": {"my_chat_member": _membership("kicked", chat=GROUP)},
    "something we do not know": {"brand_new": {"from": PERSON}},
}


@pytest.mark.parametrize("update", DROPPED.values(), ids=DROPPED)
async def test_what_no_person_did_in_their_own_chat_is_dropped(room, update):
    await room.handle(**update)
    assert room.stage.called() == []
    assert (await room.world.one(User, id=ADA)).blocked_at is None


async def test_a_person_in_their_own_chat_comes_in(room: Room):
    await room.handle(message=MESSAGE)
    assert room.stage.texts(ADA)[0].startswith("/pending")


async def test_a_tap_without_its_message_comes_in(room: Room):
    await room.say(ADA, "/help")
    callback = room.stage.tap(ADA, "1:nm:")
    (update,) = room.stage.world.updates.waiting()
    del update.body["callback_query"]["message"]
    await room.deliver()
    assert room.stage.answered(callback) == ("Nothing was done.", False)


async def test_a_strangers_tap_is_answered_and_written_down(room: Room):
    await room.say(SAM, "/start")
    text, alert = await room.tap(SAM, pack(Press.APPROVE, "stolen"))
    assert (text.startswith("You are not a member here"), alert) == (True, True)
    (entry,) = await room.world.journal.find(AuditEntry, action="tap_refused")
    assert (entry.actor, entry.subject) == (by_user(UserId(SAM)), "stranger")


async def test_a_stranger_is_told_how_to_get_in(room: Room):
    for text in ("hello", "/pending", "/panic all", "/start", "/start@bot", "/help"):
        answer = await room.say(SAM, text)
        assert "You need an invite.\nYour id is 6" in answer


async def test_a_message_without_words_finds_the_door_too(room: Room):
    stranger = PERSON | {"id": SAM, "first_name": "Sam"}
    sticker = {k: v for k, v in MESSAGE.items() if k != "text"} | {
        "chat": {"id": SAM, "type": "private"},
        "from": stranger,
    }
    await room.handle(message=sticker)
    assert len(room.stage.chat(SAM)) == 1


async def test_a_stranger_who_blocks_us_is_no_matter(room: Room):
    stranger = PERSON | {"id": SAM}
    update = _membership("kicked", chat={"id": SAM, "type": "private"})
    await room.handle(my_chat_member=update | {"from": stranger})
    assert room.stage.called() == []


async def test_a_member_who_blocks_us_is_marked_until_they_come_back(room: Room):
    room.stage.block(EVE)
    await room.deliver()
    assert (await room.world.one(User, id=EVE)).blocked_at is not None
    room.stage.block(EVE, blocked=False)
    await room.deliver()
    assert (await room.world.one(User, id=EVE)).blocked_at is None


async def test_what_is_no_update_does_not_pass(room: Room, tmp_path):
    async def never(*_: Any) -> None:
        message = "it passed"
        raise AssertionError(message)

    door = Door(room.tools, a_gateway(room.stage.bot, tmp_path))
    update = Update.model_validate({"update_id": 1, "message": MESSAGE})
    assert await door(never, update.message, {}) is None


async def test_the_handlers_know_who_it_is(room: Room, tmp_path):
    seen: dict[str, Any] = {}

    async def noted(_: Any, data: dict[str, Any]) -> str:
        seen.update(data)
        return "handled"

    door = Door(room.tools, a_gateway(room.stage.bot, tmp_path))
    sender = PERSON | {"last_name": "L" * 90}
    update = Update.model_validate(
        {"update_id": 9, "message": MESSAGE | {"from": sender}}
    )
    assert await door(noted, update, {}) == "handled"
    assert (seen["person"].id, seen["person"].language) == (ADA, "de")
    assert len(seen["person"].name) == 64
    assert (seen["update_id"], seen["manages"]) == (9, False)

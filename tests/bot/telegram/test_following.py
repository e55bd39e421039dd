"""/follow: a viewer follows on paper, and stops."""

from dataclasses import replace

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.views import following as views
from bot.telegram.views.answers import status_view
from bot.telegram.views.confirming import panic_question
from bot.telegram.views.settings import settings_view
from bot.telegram.views.welcoming import welcome_view
from core.accounts import Account, AccountSource
from core.ids import AccountId, UserId
from core.users import Role
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, EVE, OWEN
from tests.bot.telegram.test_settings import _settings
from tests.builders import a_membership, an_account
from tests.core.desk.world import RULES
from tests.fake_broker import FakeBroker
from tests.fakes import NOON

PAPER = AccountId("paper-7k2m9x")
ASKED = int(NOON.timestamp())


def test_the_screens_of_followers_read_as_they_do():
    account = an_account(id=PAPER, source=AccountSource.FOLLOW, person_id=EVE)
    mine = [
        a_membership(account_id=DESK, role=Role.VIEWER),
        a_membership(account_id=PAPER, role=Role.APPROVER),
    ]
    card = _settings()
    compare(
        "following",
        {
            "offered": views.offered_view(),
            "begun": views.begun_view(account),
            "begun again": views.begun_view(replace(account, version=3)),
            "following": views.following_view(account),
            "to end": views.end_question(account, ASKED),
            "ended": views.ended_view(closed=True),
            "being ended": views.ended_view(closed=False),
            "welcome of a viewer": welcome_view(
                "Eve", mine[:1], rows=(views.begin_row(),)
            ),
            "welcome of a follower": welcome_view("Eve", mine, paper=PAPER),
            "settings of a viewer": settings_view(replace(card, may_follow=True)),
            "settings of a follower": settings_view(replace(card, follows=True)),
            "status": status_view([], {"orders": 0}, followers=1),
            "panic": panic_question([an_account()], f"*@{ASKED}", followers=12),
        },
    )


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


def _labels(room: Room, user: int) -> list[str]:
    chat = room.stage.chat(user)
    return [label for each in chat for label in room.stage.labels(each)]


async def _paper(room: Room) -> Account:
    (account,) = await room.world.journal.find(Account, source=AccountSource.FOLLOW)
    return account


async def _follows(room: Room) -> Account:
    """Eve follows, and the service has taken her account up."""
    await room.say(EVE, "/follow")
    assert await room.tap(EVE, pack(Press.FOLLOW)) == (
        "You follow on paper now.",
        False,
    )
    account = await _paper(room)
    room.world.brokers[account.id] = FakeBroker(room.world.clock)
    room.world.rules[account.id] = RULES
    await room.world.watch(account.id)
    return account


async def test_a_viewer_is_offered_it_and_begins_with_a_tap(room):
    assert "Follow on paper" in await room.say(EVE, "/follow")
    account = await _follows(room)
    said = room.stage.texts(EVE)[-1]
    assert f"You follow on paper now, on {account.id}" in said
    assert "10,000.00 USD" in said
    assert account.id in await room.say(EVE, "/follow")
    again, alert = await room.tap(EVE, pack(Press.FOLLOW))
    assert (again.startswith("You follow on paper already"), alert) == (True, True)


async def test_the_start_and_the_settings_of_a_viewer_offer_it(room):
    await room.say(EVE, "/start")
    assert "Follow on paper" in _labels(room, EVE)
    shown = len(_labels(room, EVE))
    await room.say(EVE, "/settings")
    assert "Follow on paper" in _labels(room, EVE)[shown:]
    assert "Follow on paper" in _labels(room, EVE)
    account = await _follows(room)
    assert f"{account.id}: you follow on paper" in await room.say(EVE, "/start")
    await room.say(EVE, "/settings")
    assert "Stop following" in _labels(room, EVE)
    await room.say(ADA, "/start")
    assert "Follow on paper" not in _labels(room, ADA)


async def test_a_follower_ends_it_after_a_question(room):
    account = await _follows(room)
    await room.say(EVE, "/follow")
    assert await room.tap(EVE, pack(Press.UNFOLLOW)) == (
        "Confirm it, or go back.",
        False,
    )
    assert account.id in room.stage.texts(EVE)[-1]
    said, _ = await room.tap(EVE, pack(Press.UNFOLLOW_NOW, str(ASKED)))
    assert said == "You follow on paper no more, and look on as before."
    assert not (await _paper(room)).enabled
    late, alert = await room.tap(EVE, pack(Press.UNFOLLOW_NOW, "1"))
    assert (late.startswith("That was asked too long ago"), alert) == (True, True)


async def test_what_is_open_is_closed_before_it_ends(room):
    account = await _follows(room)
    await room.world.submit()
    await room.world.work()
    prompt = await room.prompt(EVE, account.id)
    await room.world.approve(UserId(EVE), nonce=prompt.nonce)
    await room.world.work()
    await room.world.watch(account.id)
    assert account.id in await room.say(EVE, "/positions")
    said, _ = await room.tap(EVE, pack(Press.UNFOLLOW_NOW, str(ASKED)))
    assert "what is open is being closed" in said


@pytest.mark.parametrize("command", ["/status", "/users", "/panic all"])
async def test_admins_read_how_many_follow_and_no_names(room, command):
    account = await _follows(room)
    said = await room.say(OWEN, command)
    assert "1 person follows on paper" in said
    assert account.id not in said


async def test_an_admin_s_panic_leaves_followers_alone(room):
    account = await _follows(room)
    await room.say(OWEN, "/panic all")
    await room.tap(OWEN, pack(Press.PANIC, f"*@{ASKED}"))
    assert (await room.world.guard(DESK)).triggered_at is not None
    assert (await room.world.guard(account.id)).triggered_at is None


async def test_an_admin_of_one_account_reads_no_names_either(room):
    account = await _follows(room)
    for command in ("/status", "/users", "/audit", "/guard"):
        assert account.id not in await room.say(ANN, command)

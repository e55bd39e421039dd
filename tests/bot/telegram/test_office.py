"""Telegram's side put together, against the sandbox."""

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram.office import TelegramOffice, make_bot, open_telegram, way_out_of
from bot.telegram.views.welcoming import ADMIN_COMMANDS, COMMANDS
from core.desk.membership import remove, set_role
from core.desk.owning import retire_owners
from core.ids import UserId
from core.users import Membership, Role
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.room import Watch
from tests.bot.telegram.stage import ADA, BOB, OWEN, SAM, Hurry, Stage, album
from tests.bot.waiting import until
from tests.core.desk.world import World, own_desk


@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def office(world, stage: Stage, tmp_path):
    nursery = Nursery()
    yield open_telegram(
        way_out_of(stage.bot, world.tools, Hurry().pace),
        world.tools,
        nursery,
        picture=album(tmp_path),
        bell=Bell(),
        watch=Watch(world, []),
    )
    await nursery.close()


EVERYBODYS = {("default", code): {*COMMANDS} for code in ("", "es", "pt", "ru", "ar")}
"""Whoever's Telegram speaks another language reads English."""


async def test_telegram_learns_our_commands_and_we_its_name_for_us(
    office: TelegramOffice, stage
):
    assert await office.introduce() == "tapgate_sandbox_bot"
    assert _menus(stage) == EVERYBODYS


def _menus(stage: Stage) -> dict[tuple[str, str], set[str]]:
    """Which commands are shown where."""
    return {
        scope: {each["command"] for each in commands}
        for scope, commands in stage.world.profile.commands.items()
    }


async def test_admins_see_theirs_in_their_own_chats(office, world, stage):
    await world.person(UserId(BOB), Role.ADMIN, name="Bob")
    await world.person(UserId(OWEN), Role.OWNER, name="Owen")
    await office.introduce()
    every = {*COMMANDS, *ADMIN_COMMANDS}
    assert _menus(stage) == EVERYBODYS | {
        (f"chat {BOB}", ""): every,
        (f"chat {OWEN}", ""): every,
    }


async def test_owners_who_were_retired_see_what_everybody_sees(office, world, stage):
    await world.person(UserId(OWEN), Role.OWNER, name="Owen")
    await office.introduce()
    await retire_owners(world.tools)
    await office.introduce()
    assert _menus(stage) == EVERYBODYS


@pytest.mark.parametrize("how", ["demoted", "removed"])
async def test_admins_who_are_none_any_more_see_what_everybody_sees(
    office, world, stage, how
):
    await world.person(UserId(BOB), Role.ADMIN, name="Bob")
    await office.introduce()
    row = await world.one(Membership, user_id=BOB)
    if how == "demoted":
        await set_role(world.tools, row.id, Role.VIEWER, by=None)
    else:
        await remove(world.tools, row.id, by=None)
    await office.introduce()
    assert _menus(stage) == EVERYBODYS


async def test_the_empty_chat_and_the_profile_say_what_this_is(office, stage):
    await office.introduce()
    texts = stage.world.profile.texts
    assert "Approve places exactly one order" in texts["setmydescription", ""]
    assert texts["setmyshortdescription", ""].startswith("Trading signals")


async def test_an_admin_who_never_wrote_to_the_bot_is_no_reason_to_stop(
    office, world, stage
):
    await world.person(UserId(SAM), Role.ADMIN, name="Sam")
    await world.person(UserId(BOB), Role.ADMIN, name="Bob")
    assert await office.introduce() == "tapgate_sandbox_bot"
    assert set(_menus(stage)) == {*EVERYBODYS, (f"chat {BOB}", "")}


@pytest.mark.parametrize(
    "how",
    [
        {"status": 404, "description": "Not Found: method not found"},
        {"status": 500, "description": "Internal Server Error"},
        {"non_json": True},
    ],
)
async def test_a_server_that_knows_no_commands_is_no_reason_to_stop(office, stage, how):
    for method in ("setMyCommands", "setMyDescription", "setMyShortDescription"):
        stage.fail(method, **how)
    assert await office.introduce() == "tapgate_sandbox_bot"


async def test_a_server_that_does_not_say_our_name_is_no_reason_to_stop(office, stage):
    stage.fail("getMe", status=500, description="Internal Server Error")
    assert await office.introduce() == ""


async def test_a_message_goes_all_the_way_and_back(office, stage):
    stage.say(ADA, "/pending")
    await office.receiver.poll()
    await until(lambda: bool(stage.chat(ADA)))
    assert stage.texts(ADA) == ["Nothing waits for you."]


async def test_a_prompt_goes_out(office, world, stage):
    await world.offered()
    await office.sender.take()
    await until(lambda: bool(stage.chat(ADA)))
    assert "BUY XAUUSD" in stage.texts(ADA)[0]


async def test_a_base_may_end_with_a_slash():
    bot = make_bot(TOKEN, "http://127.0.0.1:8081/")
    url = bot.session.api.api_url(TOKEN, "getMe")
    assert url == f"http://127.0.0.1:8081/bot{TOKEN}/getMe"
    await bot.session.close()


async def test_the_connections_are_let_go(office: TelegramOffice):
    await office.introduce()
    await office.close()
    assert office.bot.session._session.closed

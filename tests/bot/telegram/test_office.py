"""Telegram's side put together, against the sandbox."""

import pytest

from bot.tasks import Bell, Nursery
from bot.telegram.notices import ADMIN_COMMANDS, COMMANDS
from bot.telegram.office import TelegramOffice, make_bot, open_telegram
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import ADA, Stage, album
from tests.bot.waiting import until
from tests.core.desk.world import World, own_desk


@pytest.fixture
async def world() -> World:
    return await own_desk()


@pytest.fixture
async def office(world, stage: Stage, tmp_path):
    nursery = Nursery()
    yield open_telegram(
        stage.bot,
        world.tools,
        nursery,
        picture=album(tmp_path),
        bell=Bell(),
        look=list,
    )
    await nursery.close()


async def test_telegram_learns_our_commands_and_we_its_name_for_us(
    office: TelegramOffice, stage
):
    assert await office.introduce() == "tapgate_sandbox_bot"
    (commands,) = stage.world.profile.commands.values()
    assert {each["command"] for each in commands} == {*COMMANDS, *ADMIN_COMMANDS}


@pytest.mark.parametrize(
    "how",
    [
        {"status": 404, "description": "Not Found: method not found"},
        {"status": 500, "description": "Internal Server Error"},
        {"non_json": True},
    ],
)
async def test_a_server_that_knows_no_commands_is_no_reason_to_stop(office, stage, how):
    stage.fail("setMyCommands", **how)
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

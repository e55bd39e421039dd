"""What the bot says about itself."""

from typing import Any

import pytest

from tests.bot.sandbox.helpers import ADA, GRACE, VIKTOR, Api, Control

HELP = {"command": "help", "description": "All commands"}
RISK = {"command": "risk", "description": "Your limits"}


async def test_the_bot_is_named_by_its_token_and_the_sandbox(api: Api) -> None:
    me = await api.call("getMe")
    assert (me["id"], me["is_bot"]) == (42, True)
    assert me["username"] == "tapgate_sandbox_bot"


async def test_commands_are_kept_by_scope_and_language(api: Api) -> None:
    private = {"type": "all_private_chats"}
    await api.call("setMyCommands", commands=[HELP])
    await api.call("setMyCommands", commands=[RISK], scope=private, language_code="de")
    assert await api.call("getMyCommands") == [HELP]
    assert await api.call("getMyCommands", scope=private) == []
    assert await api.call("getMyCommands", scope=private, language_code="de") == [RISK]
    await api.call("deleteMyCommands")
    assert await api.call("getMyCommands") == []


async def test_a_person_sees_the_narrowest_commands_in_their_language(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    await api.call("setMyCommands", commands=[HELP])
    await api.call("setMyCommands", commands=[RISK], language_code="de")
    await api.call(
        "setMyCommands", commands=[HELP, RISK], scope={"type": "chat", "chat_id": ADA}
    )
    users = (await control.get("state"))["users"]
    shown = {user["id"]: user["commands"] for user in users}
    assert shown == {ADA: [HELP, RISK], GRACE: [RISK], VIKTOR: [HELP]}


async def test_a_chat_without_commands_of_its_own_shows_those_of_everybody(
    api: Api, control: Control
) -> None:
    await control.start(ADA)
    await api.call("setMyCommands", commands=[HELP])
    own = {"type": "chat", "chat_id": ADA}
    await api.call("setMyCommands", commands=[RISK], scope=own)
    await api.call("deleteMyCommands", scope=own)
    users = (await control.get("state"))["users"]
    assert [user["commands"] for user in users if user["id"] == ADA] == [[HELP]]


async def test_commands_for_a_chat_need_the_chat(api: Api) -> None:
    refusal = await api.refusal(
        "setMyCommands", commands=[HELP], scope={"type": "chat", "chat_id": VIKTOR}
    )
    assert refusal == (400, "Bad Request: chat not found")


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "commands are not specified"),
        ({"commands": [HELP] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [HELP | {"command": "Big"}]}, "BOT_COMMAND_INVALID"),
        (
            {"commands": [HELP | {"description": " "}]},
            "BOT_COMMAND_DESCRIPTION_INVALID",
        ),
        (
            {"commands": [HELP], "scope": {"type": "galaxy"}},
            "unsupported BotCommandScope type",
        ),
        ({"commands": "x"}, "can't parse commands JSON object"),
        ({"commands": [1]}, 'expected an Array of objects as "commands"'),
        ({"commands": [HELP], "scope": [1]}, "object expected as scope"),
    ],
)
async def test_commands_that_cannot_be_are_refused(
    api: Api, params: dict[str, Any], why: str
) -> None:
    refusal = await api.refusal("setMyCommands", **params)
    assert refusal == (400, f"Bad Request: {why}")


async def test_the_description_stands_on_the_page(api: Api, control: Control) -> None:
    await api.call("setMyDescription", description="Signals with two buttons.")
    await api.call("setMyShortDescription", short_description="Signals.")
    state = await control.get("state")
    assert state["bot"]["description"] == "Signals with two buttons."


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("setMyDescription", {"description": "x" * 513}),
        ("setMyShortDescription", {"short_description": "x" * 121}),
    ],
)
async def test_descriptions_have_a_length(
    api: Api, method: str, params: dict[str, str]
) -> None:
    assert (await api.refusal(method, **params))[0] == 400


async def test_the_menu_button_is_kept_for_all_and_for_one_chat(api: Api) -> None:
    await api.call("setChatMenuButton", menu_button={"type": "commands"})
    assert await api.call("getChatMenuButton", chat_id=ADA) == {"type": "commands"}
    await api.call("setChatMenuButton", chat_id=ADA)
    assert await api.call("getChatMenuButton", chat_id=ADA) == {"type": "default"}
    assert await api.call("getChatMenuButton") == {"type": "commands"}


async def test_an_unknown_menu_button_is_refused(api: Api) -> None:
    refusal = await api.refusal("setChatMenuButton", menu_button={"type": "x"})
    assert refusal == (400, "Bad Request: MENU_BUTTON_TYPE_INVALID")

"""A group becomes a supergroup: the old id answers with the new one."""

from typing import Any

import pytest
from aiogram.exceptions import TelegramMigrateToChat

from tests.bot.sandbox.helpers import ADA, GRACE, TOKEN, Api, Control


@pytest.fixture
async def moved(api: Api, control: Control) -> tuple[int, int]:
    """The old and the new id."""
    group = await control.post(
        "chats", type="group", title="Desk", creator=ADA, members=[GRACE]
    )
    await api.updates(offset=-1)
    upgraded = await control.post("migrate", chat=group["id"])
    return group["id"], upgraded["id"]


async def test_both_chats_get_a_service_message(
    api: Api, moved: tuple[int, int]
) -> None:
    old, new = moved
    before, after = [u["message"] for u in (await api.updates())[-2:]]
    assert (before["chat"]["id"], before["migrate_to_chat_id"]) == (old, new)
    assert (after["chat"]["id"], after["migrate_from_chat_id"]) == (new, old)
    assert after["chat"]["type"] == "supergroup"
    assert after["sender_chat"]["id"] == new


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("sendMessage", {"text": "x"}),
        ("getChat", {}),
        ("editMessageText", {"message_id": 1, "text": "x"}),
        ("sendChatAction", {"action": "typing"}),
    ],
)
async def test_the_old_id_answers_with_the_new_one(
    api: Api, moved: tuple[int, int], method: str, more: dict[str, Any]
) -> None:
    old, new = moved
    status, body = await api.raw(method, chat_id=old, **more)
    assert (status, body["description"]) == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
    )
    assert body["parameters"] == {"migrate_to_chat_id": new}


async def test_aiogram_understands_it(client: Any, moved: tuple[int, int]) -> None:
    from aiogram import Bot  # noqa: PLC0415 - it takes seconds
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415

    old, new = moved
    server = TelegramAPIServer.from_base(str(client.make_url("/")).rstrip("/"))
    async with Bot(TOKEN, AiohttpSession(api=server)).context() as bot:
        with pytest.raises(TelegramMigrateToChat) as raised:
            await bot.send_message(old, "x")
        assert raised.value.migrate_to_chat_id == new
        assert (await bot.send_message(new, "x")).chat.id == new


async def test_people_move_along(control: Control, moved: tuple[int, int]) -> None:
    old, new = moved
    assert await control.post("say", user=GRACE, chat=new, text="/x")
    values = {"user": GRACE, "chat": old, "text": "/x"}
    assert (await control.problem("POST", "say", values))[0] == 409
    assert (await control.problem("POST", "migrate", {"chat": new}))[0] == 409

"""Telegram's rate limits, on request."""

import asyncio

import pytest

from bot.sandbox import Sandbox
from tests.bot.sandbox.helpers import ADA, GRACE, Api, Clock, Control, button, picture

LARGE = b"x" * 100_001


@pytest.fixture(autouse=True)
async def limited(control: Control) -> None:
    await control.start(ADA, GRACE)
    await control.post("limits", enforce=True)


async def group_of(control: Control) -> int:
    return int((await control.post("chats", title="Desk", creator=ADA))["id"])


async def test_one_message_a_second_fits_a_chat(api: Api, clock: Clock) -> None:
    await api.call("sendMessage", chat_id=ADA, text="1")
    clock.advance(seconds=0.4)
    status, body = await api.raw("sendMessage", chat_id=ADA, text="2")
    assert (status, body["parameters"]) == (429, {"retry_after": 1})
    assert await api.call("sendMessage", chat_id=GRACE, text="1")
    clock.advance(seconds=0.6)
    assert await api.call("sendMessage", chat_id=ADA, text="2")


async def test_an_album_counts_by_its_items(api: Api) -> None:
    media = [{"type": "photo", "media": "attach://a"}] * 3
    await api.call("sendMediaGroup", chat_id=ADA, media=media, a=picture(9, 9))
    _, body = await api.raw("sendPhoto", chat_id=ADA, photo=picture(9, 9))
    assert body["parameters"] == {"retry_after": 3}


async def test_30_messages_a_second_fit_all_chats(
    api: Api, clock: Clock, control: Control
) -> None:
    for user in range(2000, 2031):
        await control.post("users", id=user, first_name="X")
        await control.start(user)
    for user in range(2000, 2030):
        await api.call("sendMessage", chat_id=user, text="x")
    assert (await api.refusal("sendMessage", chat_id=2030, text="x"))[0] == 429
    clock.advance(seconds=1)
    assert await api.call("sendMessage", chat_id=2030, text="x")


async def test_20_messages_a_minute_fit_a_group(
    api: Api, clock: Clock, control: Control
) -> None:
    desk = await group_of(control)
    for number in range(20):
        await api.call("sendMessage", chat_id=desk, text=str(number))
        clock.advance(seconds=1)
    _, body = await api.raw("sendMessage", chat_id=desk, text="one more")
    assert body["parameters"] == {"retry_after": 40}
    clock.advance(seconds=40)
    assert await api.call("sendMessage", chat_id=desk, text="one more")


async def test_20_edits_a_minute_fit_a_group_and_are_free_elsewhere(
    api: Api, clock: Clock, control: Control
) -> None:
    desk = await group_of(control)
    for chat in (ADA, desk):
        sent = await api.call("sendMessage", chat_id=chat, text="0")
        where = {"chat_id": chat, "message_id": sent["message_id"]}
        for number in range(1, 21):
            await api.call("editMessageText", text=str(number), **where)
        clock.advance(seconds=5)
        status, _ = await api.raw("editMessageText", text="21", **where)
        assert status == (200 if chat == ADA else 429)
    clock.advance(seconds=55)
    assert await api.call("editMessageText", text="21", **where)


async def test_single_limits_can_be_changed_and_switched_off(
    api: Api, control: Control
) -> None:
    answer = await control.post("limits", enforce=True, per_chat_second=0, per_second=2)
    assert answer["per_group_minute"] == 20
    for text in ("1", "2"):
        await api.call("sendMessage", chat_id=ADA, text=text)
    assert (await api.refusal("sendMessage", chat_id=GRACE, text="3"))[0] == 429


async def test_limits_are_off_unless_asked_for(api: Api, control: Control) -> None:
    await control.post("limits", enforce=False)
    for _ in range(40):
        await api.call("sendMessage", chat_id=ADA, text="x")


async def test_a_message_that_is_refused_is_not_counted(api: Api, clock: Clock) -> None:
    await api.call("sendMessage", chat_id=ADA, text="1")
    for _ in range(40):
        await api.refusal("sendMessage", chat_id=ADA, text="2")
    assert await api.call("sendMessage", chat_id=GRACE, text="3")
    clock.advance(seconds=1)
    assert await api.call("sendMessage", chat_id=ADA, text="2")


async def test_an_upload_behind_5_seconds_of_others_is_refused_for_a_minute(
    api: Api, clock: Clock, sandbox: Sandbox
) -> None:
    for _ in range(31):
        sandbox.world.limits.slot(len(LARGE))
    status, body = await api.raw("sendDocument", chat_id=ADA, document=LARGE)
    assert (status, body["parameters"]) == (429, {"retry_after": 60})
    clock.advance(seconds=7)
    assert await api.call("sendDocument", chat_id=ADA, document=LARGE)


async def test_an_upload_waits_for_its_slot(api: Api, sandbox: Sandbox) -> None:
    for _ in range(5):
        sandbox.world.limits.slot(len(LARGE))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await api.call("sendDocument", chat_id=ADA, document=LARGE)
    assert loop.time() - began >= 0.19


async def test_uploads_wait_for_each_other_only_if_they_are_large_and_alike(
    api: Api, sandbox: Sandbox
) -> None:
    limits = sandbox.world.limits
    for _ in range(5):
        assert limits.slot(200_000).total_seconds() == 0
    assert limits.slot(200_000).total_seconds() == pytest.approx(0.2)
    assert limits.slot(200_001).total_seconds() == 0
    assert limits.slot(100_000).total_seconds() == 0
    assert limits.slot(20_000_000).total_seconds() == 0
    assert limits.slot(20_000_000).total_seconds() == pytest.approx(0.8)


async def test_an_answer_to_a_tap_is_not_limited(api: Api, control: Control) -> None:
    markup = {"inline_keyboard": [[button("Go", "g")]]}
    await api.call("sendMessage", chat_id=ADA, text="?", reply_markup=markup)
    for _ in range(3):
        tap = await control.post("tap", user=ADA, label="Go")
        name = tap["callback_id"]
        assert await api.call("answerCallbackQuery", callback_query_id=name)

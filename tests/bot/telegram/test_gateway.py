"""The gateway against the sandbox: what arrives, and what each refusal becomes."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.telegram.office import make_bot
from bot.telegram.views.view import Button, View
from bot.telegram.wire import gateway as module
from bot.telegram.wire.failures import (
    Lost,
    MessageGone,
    Outdated,
    Paused,
    Rejected,
    TelegramFailure,
    Unreachable,
    Unsent,
)
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.way_out import Urgency
from core.messages import Priority
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import (
    ADA,
    BOB,
    SAM,
    Hurry,
    Stage,
    a_gateway,
    keep_picture,
)

APPROVE = Button(text="Approve", data="1:ap:n", style="success")
LIVE_TIME = '<tg-time unix="1795522500" format="r">12:15 UTC</tg-time>'
COLOURED = View(text=f"<b>BUY</b> {LIVE_TIME}", rows=((APPROVE,),))
TEXT = View(text="plain words")


@pytest.fixture
def hurry() -> Hurry:
    return Hurry()


@pytest.fixture
def gateway(stage: Stage, tmp_path: Path, hurry: Hurry) -> Gateway:
    return a_gateway(stage.bot, tmp_path, pace=hurry.pace)


@pytest.fixture
def chart(tmp_path: Path) -> View:
    return View(text="<b>BUY</b>", rows=((APPROVE,),), photo=keep_picture(tmp_path))


def _uploads(stage: Stage) -> list[bool]:
    """For each picture that was sent: whether it was uploaded."""
    return [isinstance(each.params["photo"], dict) for each in stage.calls("sendPhoto")]


# ------------------------------------------------------------------ what arrives


async def test_a_view_arrives_with_its_markup_and_buttons(gateway, stage):
    message_id = await gateway.send(ADA, COLOURED)
    (message,) = stage.chat(ADA)
    assert message.id == message_id
    assert message.now.rich.text == "BUY 12:15 UTC"
    assert [each["type"] for each in message.now.rich.entities] == ["bold", "date_time"]
    assert message.buttons == [
        {"text": "Approve", "callback_data": "1:ap:n", "style": "success"}
    ]


async def test_an_edit_shows_another_text_and_other_buttons(gateway, stage):
    message_id = await gateway.send(ADA, COLOURED)
    await gateway.edit(ADA, message_id, TEXT)
    (message,) = stage.chat(ADA)
    assert (message.now.rich.text, message.buttons) == ("plain words", [])


async def test_an_edit_that_changes_nothing_is_success(gateway, stage):
    message_id = await gateway.send(ADA, COLOURED)
    await gateway.edit(ADA, message_id, COLOURED)
    assert stage.calls("editMessageText")[-1].status == 400
    assert len(stage.calls("editMessageText")) == 1


async def test_the_caption_of_a_picture_is_edited(gateway, stage, chart):
    message_id = await gateway.send(ADA, chart)
    await gateway.edit(ADA, message_id, View(text="Filled", photo=chart.photo))
    (message,) = stage.chat(ADA)
    assert (message.now.rich.text, message.buttons) == ("Filled", [])
    assert message.now.file is not None


async def test_a_picture_whose_view_has_none_by_now_is_edited(gateway, stage, chart):
    message_id = await gateway.send(ADA, chart)
    await gateway.edit(ADA, message_id, View(text="Filled"))
    assert stage.texts(ADA) == ["Filled"]


async def test_a_text_whose_view_has_a_picture_by_now_is_edited(gateway, stage, chart):
    message_id = await gateway.send(ADA, TEXT)
    await gateway.edit(ADA, message_id, chart)
    assert stage.texts(ADA) == ["BUY"]
    await gateway.edit(ADA, message_id, chart)


# ------------------------------------------------------------------ pictures


async def test_a_picture_is_uploaded_once_and_then_sent_by_its_id(
    gateway, stage, chart
):
    for user in (ADA, BOB, ADA):
        await gateway.send(user, chart)
    assert _uploads(stage) == [True, False, False]


async def test_a_picture_for_many_at_once_is_uploaded_once(gateway, stage, chart):
    await asyncio.gather(*(gateway.send(ADA, chart) for _ in range(8)))
    assert sorted(_uploads(stage)) == [False] * 7 + [True]


async def test_when_the_first_upload_fails_the_next_one_uploads(gateway, stage, chart):
    stage.fail("sendPhoto", status=500, description="Internal Server Error")
    results = await asyncio.gather(
        *(gateway.send(ADA, chart) for _ in range(3)), return_exceptions=True
    )
    assert [isinstance(each, Unsent) for each in results].count(True) == 1
    assert len(stage.chat(ADA)) == 2


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: wrong file_id or the file is temporarily unavailable",
        "Bad Request: wrong file identifier/HTTP URL specified",
    ],
)
async def test_an_id_that_telegram_forgot_is_uploaded_anew_once(
    gateway, stage, chart, description
):
    await gateway.send(ADA, chart)
    stage.fail("sendPhoto", status=400, description=description)
    await gateway.send(ADA, chart)
    await gateway.send(ADA, chart)
    assert _uploads(stage) == [True, False, True, False]  # the second was refused
    assert [each.status for each in stage.calls("sendPhoto")].count(400) == 1
    assert all(message.now.file for message in stage.chat(ADA))


async def test_an_id_that_telegram_forgot_for_many_at_once_is_uploaded_once(
    gateway, stage, chart
):
    await gateway.send(ADA, chart)
    stage.world.files._by_id.clear()
    await asyncio.gather(*(gateway.send(ADA, chart) for _ in range(4)))
    assert _uploads(stage).count(True) == 2
    assert all(message.now.file for message in stage.chat(ADA))


async def test_a_refused_picture_becomes_a_text_with_its_buttons(gateway, stage, chart):
    for _ in range(2):
        stage.fail("sendPhoto", status=400, description="Bad Request: PHOTO_BAD")
    message_id = await gateway.send(ADA, chart)
    (message,) = stage.chat(ADA)
    assert (message.id, message.now.file) == (message_id, None)
    assert stage.labels(message) == ["Approve"]


async def test_a_picture_that_is_too_large_becomes_a_text(gateway, stage, chart):
    stage.fail("sendPhoto", status=413, description="Request Entity Too Large")
    await gateway.send(ADA, chart)
    assert stage.texts(ADA) == ["BUY"]


async def test_a_picture_that_is_gone_becomes_a_text(gateway, stage):
    await gateway.send(ADA, View(text="BUY", photo="nowhere.png"))
    assert stage.texts(ADA) == ["BUY"]
    assert stage.calls("sendPhoto") == []


async def test_a_picture_for_a_person_who_blocked_us_does_not_become_a_text(
    gateway, stage, chart
):
    stage.block(ADA)
    with pytest.raises(Unreachable):
        await gateway.send(ADA, chart)
    assert stage.calls("sendMessage") == []


async def test_only_so_many_picture_ids_are_remembered(
    gateway, stage, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "MOST_PICTURES", 2)
    for name in ("a.png", "b.png", "c.png", "c.png", "a.png"):
        await gateway.send(ADA, View(text="x", photo=keep_picture(tmp_path, name)))
    assert _uploads(stage) == [True, True, True, False, True]


# ------------------------------------------------------------------ plain servers

STRICT = "Bad Request: can't parse InlineKeyboardButton: unknown field style"


async def test_a_server_that_takes_no_colours_gets_plain_buttons_ever_after(
    gateway, stage
):
    stage.fail("sendMessage", status=400, description=STRICT)
    await gateway.send(ADA, COLOURED)
    await gateway.send(ADA, COLOURED)
    assert [status for _, status in stage.called()] == [400, 200, 200]
    for message in stage.chat(ADA):
        assert message.now.rich.text == "BUY 12:15 UTC"
        assert [each["type"] for each in message.now.rich.entities] == ["bold"]
        assert "style" not in message.buttons[0]


async def test_an_edit_falls_back_to_plain_buttons_too(gateway, stage):
    message_id = await gateway.send(ADA, TEXT)
    stage.fail("editMessageText", status=400, description=STRICT)
    await gateway.edit(ADA, message_id, COLOURED)
    (message,) = stage.chat(ADA)
    assert "style" not in message.buttons[0]


async def test_a_refusal_that_plainness_does_not_mend_is_remembered_by_nobody(
    gateway, stage
):
    for _ in range(2):
        stage.fail("sendMessage", status=400, description="Bad Request: no idea")
    with pytest.raises(Rejected, match="no idea"):
        await gateway.send(ADA, COLOURED)
    await gateway.send(ADA, COLOURED)
    assert stage.chat(ADA)[0].buttons[0]["style"] == "success"


async def test_a_message_that_is_plain_already_is_not_tried_again(gateway, stage):
    stage.fail("sendMessage", status=400, description="Bad Request: no idea")
    with pytest.raises(Rejected):
        await gateway.send(ADA, TEXT)
    assert len(stage.calls("sendMessage")) == 1


async def test_trouble_with_the_picture_does_not_cost_the_colours(
    gateway, stage, chart
):
    stage.fail("sendPhoto", status=400, description="Bad Request: IMAGE_PROCESS_FAILED")
    await gateway.send(ADA, chart)
    await gateway.send(ADA, chart)
    assert [each.method for each in stage.world.journal] == [
        "sendPhoto",
        "sendMessage",
        "sendPhoto",
    ]
    assert [each.buttons[0]["style"] for each in stage.chat(ADA)] == ["success"] * 2


# ------------------------------------------------------------------ failures


def _fault(status: int, description: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "description": description} | more


FAILURES: list[tuple[dict[str, Any], type[TelegramFailure]]] = [
    (_fault(429, "Too Many Requests: retry after 7", retry_after=7), Paused),
    (_fault(429, "Too Many Requests: retry after 9"), Paused),
    (_fault(429, "Too Many Requests"), Paused),
    (_fault(403, "Forbidden: bot was blocked by the user"), Unreachable),
    (_fault(403, "Forbidden: user is deactivated"), Unreachable),
    (_fault(403, "Forbidden: bot was kicked from the supergroup chat"), Unreachable),
    (
        _fault(403, "Forbidden: bot can't initiate conversation with a user"),
        Unreachable,
    ),
    (_fault(400, "Bad Request: chat not found"), Unreachable),
    (_fault(400, "Bad Request: PEER_ID_INVALID"), Unreachable),
    (_fault(400, "Bad Request: message is too long"), Rejected),
    (_fault(400, "Bad Request: BUTTON_DATA_INVALID"), Rejected),
    (_fault(404, "Not Found: method not found"), Rejected),
    (_fault(413, "Request Entity Too Large"), Rejected),
    (_fault(401, "Unauthorized: invalid token specified"), Unsent),
    (
        _fault(
            409,
            "Conflict: terminated by other getUpdates request; make sure that only "
            "one bot instance is running",
        ),
        Unsent,
    ),
    (_fault(500, "Internal Server Error"), Unsent),
    (_fault(502, "Bad Gateway"), Unsent),
    (_fault(500, "Internal Server Error: restart"), Unsent),
    ({"non_json": True}, Unsent),
    (_fault(418, "I'm a teapot"), Lost),
    (_fault(200, "an ok that is none"), Lost),
    ({"drop_after_apply": True}, Lost),
]


@pytest.mark.parametrize(("how", "expected"), FAILURES)
async def test_every_refusal_of_a_new_message_has_our_name(
    gateway, stage, how, expected
):
    stage.fail("sendMessage", **how)
    with pytest.raises(TelegramFailure) as raised:
        await gateway.send(ADA, TEXT)
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Bad Request: message to edit not found", MessageGone),
        ("Bad Request: message can't be edited", MessageGone),
        ("Bad Request: chat not found", Unreachable),
        ("Bad Request: MESSAGE_ID_INVALID", Rejected),
    ],
)
async def test_every_refusal_of_an_edit_has_our_name(
    gateway, stage, description, expected
):
    message_id = await gateway.send(ADA, TEXT)
    stage.fail("editMessageText", status=400, description=description)
    with pytest.raises(TelegramFailure) as raised:
        await gateway.edit(ADA, message_id, View(text="other words"))
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        (_fault(429, "Too Many Requests: retry after 7", retry_after=7), 7),
        (_fault(429, "Too Many Requests: retry after 9"), 9),
        (_fault(429, "Too Many Requests"), 3),
    ],
)
async def test_the_wait_that_telegram_asks_for_is_read(gateway, stage, how, seconds):
    stage.fail("sendMessage", **how)
    with pytest.raises(Paused) as paused:
        await gateway.send(ADA, TEXT)
    assert paused.value.wait == timedelta(seconds=seconds)


async def test_the_sandbox_itself_refuses_as_telegram_does(gateway, stage):
    message_id = await gateway.send(ADA, TEXT)
    with pytest.raises(MessageGone):
        await gateway.edit(ADA, message_id + 1, COLOURED)
    with pytest.raises(Unreachable):
        await gateway.send(SAM, TEXT)
    with pytest.raises(Rejected):
        await gateway.send(ADA, View(text="<b>never closed"))
    with pytest.raises(Rejected):
        await gateway.send(ADA, View(text="x" * 4097))


async def test_a_lost_answer_leaves_its_message(gateway, stage):
    stage.fail("sendMessage", drop_after_apply=True)
    with pytest.raises(Lost):
        await gateway.send(ADA, TEXT)
    assert stage.texts(ADA) == ["plain words"]


async def test_a_slow_answer_counts_as_lost(gateway, stage):
    stage.bot.session.timeout = 0.05
    stage.fail("sendMessage", latency=5)
    with pytest.raises(Lost):
        await gateway.send(ADA, TEXT)
    stage.world.faults.clear()


async def test_a_server_that_is_not_there_took_nothing(unused_tcp_port):
    bot = make_bot(TOKEN, f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(Unsent):
        await a_gateway(bot, Path()).send(ADA, TEXT)
    await bot.session.close()


# ------------------------------------------------------------------ other servers


async def _only_ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"ok": True, "result": {"message_id": 41}})


async def test_a_server_that_says_little_of_a_sent_message_is_enough(chart, tmp_path):
    app = web.Application()
    app.router.add_post(r"/bot{token}/{method}", _only_ok)
    server = TestServer(app)
    await server.start_server()
    bot = make_bot(TOKEN, str(server.make_url("/")))
    gateway = a_gateway(bot, tmp_path)
    assert await gateway.send(ADA, TEXT) == 41
    assert await gateway.send(ADA, chart) == 41
    await gateway.edit(ADA, 41, TEXT)
    assert gateway._file_ids == {}
    await bot.session.close()
    await server.close()


# ------------------------------------------------------------------ answers to taps


async def test_a_tap_is_answered(gateway, stage):
    await gateway.send(ADA, COLOURED)
    tapped = stage.tap(ADA, "1:ap:n")
    await gateway.answer(tapped, "Approved: 0.17 lots.", alert=True)
    assert stage.answered(tapped) == ("Approved: 0.17 lots.", True)


async def test_an_answer_is_cut_to_what_telegram_takes(gateway, stage):
    await gateway.send(ADA, COLOURED)
    tapped = stage.tap(ADA, "1:ap:n")
    await gateway.answer(tapped, "long\u202e " * 60, alert=False)
    text, _ = stage.answered(tapped)
    assert len(text) <= 200
    assert text.endswith("long…")
    assert "\u202e" not in text


async def test_buttons_are_taken_away_and_the_words_stay(gateway, stage):
    button = Button(text="Adopt", data="1:ad:x")
    message = await gateway.send(ADA, View(text="Parked", rows=((button,),)))
    await gateway.try_clear(ADA, message)
    (shown,) = stage.chat(ADA)
    assert (shown.now.rich.text, shown.buttons) == ("Parked", [])


async def test_what_need_not_work_may_fail(gateway, stage):
    await gateway.try_clear(ADA, 404)
    assert stage.called() == [("editMessageReplyMarkup", 400)]


async def test_an_answer_that_comes_too_late_is_no_failure(gateway, stage, clock):
    await gateway.send(ADA, COLOURED)
    tapped = stage.tap(ADA, "1:ap:n")
    clock.advance(timedelta(minutes=2))
    await gateway.answer(tapped, "Approved", alert=False)
    assert stage.calls("answerCallbackQuery")[0].status == 400


async def test_an_edit_that_need_not_be_is_no_failure(gateway, stage):
    await gateway.try_edit(ADA, 99, TEXT)
    message_id = await gateway.send(ADA, TEXT)
    await gateway.try_edit(ADA, message_id, View(text="other words"))
    assert stage.texts(ADA) == ["other words"]


# ------------------------------------------------------------------ replies


def _passed(hurry: Hurry) -> float:
    return hurry.clock.monotonic().total_seconds()


async def test_a_reply_waits_out_a_short_pause(gateway, stage, hurry):
    stage.fail("sendMessage", status=429, description="x", retry_after=4)
    await gateway.reply(ADA, TEXT)
    assert _passed(hurry) == 4
    assert stage.texts(ADA) == ["plain words"]


async def test_a_reply_waits_once_and_never_long(gateway, stage, hurry):
    for _ in range(2):
        stage.fail("sendMessage", status=429, description="x", retry_after=4)
    with pytest.raises(Paused):
        await gateway.reply(ADA, TEXT)
    assert _passed(hurry) == 4
    stage.fail("sendMessage", status=429, description="x", retry_after=31)
    with pytest.raises(Paused):
        await gateway.reply(ADA, TEXT)
    with pytest.raises(Paused):
        await gateway.reply(ADA, TEXT)
    assert _passed(hurry) == 8
    assert len(stage.calls("sendMessage")) == 3


async def test_waits_that_telegram_does_not_tell_grow(gateway, stage):
    waits = []
    for _ in range(3):
        stage.fail("sendMessage", status=429, description="Too Many Requests")
        with pytest.raises(Paused) as paused:
            await gateway.send(ADA, TEXT)
        waits.append(paused.value.wait.total_seconds())
    assert waits == [3, 6, 12]
    await gateway.send(ADA, TEXT)
    stage.fail("sendMessage", status=429, description="Too Many Requests")
    with pytest.raises(Paused, match="3 s"):
        await gateway.send(ADA, TEXT)


# ------------------------------------------------------------------ turns


async def test_every_message_waits_for_its_chats_turn(gateway, stage, hurry):
    for _ in range(3):
        await gateway.send(ADA, TEXT)
    assert _passed(hurry) == 2


async def test_an_edit_is_no_new_message_of_its_chat(gateway, stage, hurry):
    message_id = await gateway.send(ADA, TEXT)
    await gateway.edit(ADA, message_id, COLOURED)
    await gateway.try_clear(ADA, message_id)
    assert _passed(hurry) < 0.1


async def test_an_answer_to_a_tap_waits_for_nobody(gateway, stage, hurry):
    await gateway.send(ADA, COLOURED)
    hurry.pace.hold(ADA, timedelta(minutes=5))
    tapped = stage.tap(ADA, "1:ap:n")
    await gateway.answer(tapped, "Approved", alert=False)
    assert stage.answered(tapped) == ("Approved", False)
    assert _passed(hurry) == 0


async def test_an_edit_respects_a_chat_that_was_told_to_wait(gateway, stage, hurry):
    message_id = await gateway.send(ADA, TEXT)
    hurry.pace.hold(ADA, timedelta(seconds=20))
    await gateway.edit(ADA, message_id, COLOURED)
    assert _passed(hurry) == 20
    hurry.pace.hold(ADA, timedelta(seconds=20))
    await gateway.try_edit(ADA, message_id, TEXT)  # it need not be done
    assert stage.texts(ADA) == ["BUY 12:15 UTC"]
    assert _passed(hurry) == 20


async def test_a_picture_that_becomes_a_text_does_so_at_once(
    gateway, stage, chart, hurry
):
    stage.fail("sendPhoto", status=400, description="Bad Request: PHOTO_BAD")
    await gateway.send(ADA, chart)
    assert _passed(hurry) < 0.1


async def test_what_is_outdated_when_its_turn_comes_is_not_sent(gateway, stage, chart):
    async def no() -> bool:
        return False

    urgency = Urgency(priority=Priority.PROMPT, patience=timedelta(0), still=no)
    with pytest.raises(Outdated):
        await gateway.send(ADA, chart, urgency)
    assert stage.called() == []


# ------------------------------------------------------------------ groups that move

MIGRATED: dict[str, Any] = {
    "ok": False,
    "error_code": 400,
    "description": "Bad Request: group chat was upgraded to a supergroup chat",
    "parameters": {"migrate_to_chat_id": -1001},
}


async def test_a_group_that_moved_is_written_to_where_it_is(tmp_path):
    asked: list[int] = []

    async def answer(request: web.Request) -> web.Response:
        chat = int((await request.post())["chat_id"])
        asked.append(chat)
        if chat == -1:
            return web.json_response(MIGRATED, status=400)
        return web.json_response({"ok": True, "result": {"message_id": 7}})

    moves: list[tuple[int, int]] = []

    async def moved(old: int, new: int) -> None:
        moves.append((old, new))

    app = web.Application()
    app.router.add_post(r"/bot{token}/{method}", answer)
    server = TestServer(app)
    await server.start_server()
    bot = make_bot(TOKEN, str(server.make_url("/")))
    gateway = a_gateway(bot, tmp_path, moved=moved)
    assert await gateway.send(-1, TEXT) == 7
    assert (asked, moves) == ([-1, -1001], [(-1, -1001)])
    await gateway.send(-1, TEXT)
    assert asked == [-1, -1001, -1001]
    await bot.session.close()
    await server.close()

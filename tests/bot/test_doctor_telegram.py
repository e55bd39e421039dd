"""What the doctor says of the webhook: as configured, and as Telegram knows it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.doctor import examine
from bot.doctor_telegram import telegram as look
from bot.findings import Finding
from bot.sandbox.updates import Webhook
from bot.sandbox.webhook import WebhookSender
from bot.settings import Settings
from core.ports import Insert
from tests.bot.offices import office_in, write_config
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import ADA, Stage, telegram
from tests.builders import a_lease
from tests.fakes import FixedClock

URL = "http://127.0.0.1:8080/telegram/webhook"
SECRET = "hook-Secret_1"  # noqa: S105 - of a fake


@pytest.fixture(autouse=True)
def _nothing_is_delivered(monkeypatch) -> None:
    monkeypatch.setattr(WebhookSender, "_due", lambda _: None)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with telegram(FixedClock()) as opened:
        yield opened


async def findings(
    api_base: str, *, running: bool = True, **more: Any
) -> list[Finding]:
    section = {
        "mode": "webhook",
        "api_base": api_base,
        "token": SecretStr(TOKEN),
        "webhook_secret": SecretStr(SECRET),
    }
    settings = Settings.model_validate({"telegram": section | more})
    found = [each async for each in look(settings, running=running)]
    assert all(each.ok or each.fix for each in found)
    return [each for each in found if each.part == "webhook"]


def _hooked(stage: Stage, url: str = URL) -> Webhook:
    hooked = Webhook(url=url, secret=SECRET, max_connections=40)
    stage.world.updates.webhook = hooked
    return hooked


async def test_polling_has_nothing_to_say_of_a_webhook(stage):
    assert await findings(stage.url, mode="polling") == []


async def test_all_is_well(stage):
    _hooked(stage)
    stage.say(ADA, "waits")
    (found,) = await findings(stage.url)
    assert (found.ok, found.said) == (
        True,
        f"Telegram posts to {URL}; 1 updates wait.",
    )


async def test_what_the_configuration_lacks_is_told_without_asking(stage):
    nothing = SecretStr("")
    found = await findings(
        "https://api.telegram.org", webhook_secret=nothing, token=nothing
    )
    assert [each.ok for each in found] == [False, False]
    assert "TAPGATE_TELEGRAM__WEBHOOK_SECRET" in found[0].said
    assert "service.public_url must be the https address" in found[1].said
    assert stage.called() == []


@pytest.mark.parametrize(
    ("url", "whom"), [("", "nobody"), ("https://x.example/y", "https://x.example/y")]
)
async def test_a_running_service_that_telegram_does_not_post_to_is_told(
    stage, url, whom
):
    if url:
        _hooked(stage, url)
    (found,) = await findings(stage.url)
    assert not found.ok
    assert found.said == f"Telegram posts to {whom}, not to {URL}."
    assert "webhook_not_set" in found.fix


async def test_before_the_service_runs_there_need_be_none(stage):
    (found,) = await findings(stage.url, running=False)
    assert (found.ok, found.said) == (
        True,
        f"`tapgate run` has Telegram post to {URL}.",
    )


async def test_updates_that_cannot_be_delivered_are_told(stage):
    hooked = _hooked(stage)
    hooked.failed_at, hooked.failure = SystemClock().now(), "Connection refused"
    (found,) = await findings(stage.url)
    assert found.ok  # nothing waits: it was delivered since
    stage.say(ADA, "waits")
    (found,) = await findings(stage.url)
    assert not found.ok
    assert found.said == (
        "1 updates wait, because Telegram cannot deliver them to "
        f"{URL}: Connection refused"
    )
    hooked.failed_at -= timedelta(minutes=11)
    (found,) = await findings(stage.url)
    assert found.ok


async def test_without_telegram_nothing_is_said_of_the_webhook():
    assert await findings("http://127.0.0.1:9") == []


@pytest.mark.parametrize("answer", ["<html>", "null", '{"result":[]}'])
async def test_a_strange_answer_ends_no_examination(answer):
    async def api(request: web.Request) -> web.Response:
        known = request.match_info["method"] == "getMe"
        return web.Response(text='{"result":{}}' if known else answer)

    app = web.Application()
    app.router.add_get(r"/bot{token}/{method}", api)
    async with TestServer(app) as server:
        (found,) = await findings(str(server.make_url("/")))
    assert not found.ok


@pytest.mark.parametrize("running", [False, True])
async def test_the_doctor_knows_whether_the_service_runs(
    tmp_path, stage, monkeypatch, running
):
    monkeypatch.setenv("TAPGATE_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("TAPGATE_TELEGRAM__WEBHOOK_SECRET", SECRET)
    section = {"mode": "webhook", "api_base": stage.url}
    path = write_config(tmp_path, telegram=section)
    if running:
        async with office_in(tmp_path) as office:
            until = SystemClock().now() + timedelta(minutes=1)
            await office.journal.commit(Insert(a_lease(expires_at=until)))
    found = {each.part: each for each in await examine(path, tmp_path)}
    assert found["config"].ok
    assert found["webhook"].ok is not running

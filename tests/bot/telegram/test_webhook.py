"""The webhook: set where it differs, never instead of what waits, told when not."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.sandbox.updates import Webhook as Hooked
from bot.sandbox.webhook import WebhookSender
from bot.telegram.office import make_bot
from bot.telegram.wire import webhook as module
from bot.telegram.wire.receiver import NO_ANSWER, SILENT, WANTED
from bot.telegram.wire.webhook import (
    CONNECTIONS,
    EVERY,
    LONGEST_WAIT,
    NOT_REACHED,
    NOT_STORED,
    SOON,
    Webhook,
)
from bot.webhook import WebhookPlan
from core.errors import JournalUnavailable
from core.messages import AuditEntry
from tests.bot.sandbox.helpers import TOKEN
from tests.bot.telegram.stage import ADA, Stage
from tests.bot.waiting import until
from tests.core.desk.world import World

PLAN = WebhookPlan(url="http://127.0.0.1:1/telegram/webhook", secret="hook-Secret_1")  # noqa: S106 - of a fake


@pytest.fixture(autouse=True)
def _nothing_is_delivered(monkeypatch) -> None:
    """There is nobody to deliver to; how a delivery went is for the tests to say."""
    monkeypatch.setattr(WebhookSender, "_due", lambda _: None)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def webhook(world, stage: Stage) -> Webhook:
    return Webhook(world.tools, stage.bot, PLAN)


def another(world: World, stage: Stage, plan: WebhookPlan = PLAN) -> Webhook:
    """Of a later process."""
    return Webhook(world.tools, stage.bot, plan)


def times_set(stage: Stage) -> int:
    return len(stage.calls("setWebhook"))


async def test_it_is_set_with_all_that_telegram_has_to_know(webhook, stage):
    stage.say(ADA, "waits")
    assert await webhook.look() == EVERY
    (call,) = stage.calls("setWebhook")
    assert set(call.params) == {
        "url",
        "secret_token",
        "allowed_updates",
        "max_connections",
    }
    hooked = stage.world.updates.webhook
    assert (hooked.url, hooked.secret) == (PLAN.url, PLAN.secret)
    assert hooked.max_connections == CONNECTIONS
    assert stage.world.updates.allowed == set(WANTED)
    assert len(stage.world.updates.waiting()) == 1  # nothing was dropped
    assert webhook.trouble() == ""


async def test_one_that_stands_is_left_alone(webhook, world, stage):
    await webhook.look()
    await webhook.look()
    assert await another(world, stage).look() == EVERY
    assert times_set(stage) == 1


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, url="http://127.0.0.1:2/telegram/webhook"),
        replace(PLAN, secret="other"),  # noqa: S106 - of a fake
    ],
    ids=["address", "secret"],
)
async def test_another_configuration_is_set_once(webhook, world, stage, plan):
    await webhook.look()
    for _ in range(2):
        await another(world, stage, plan).look()
    assert times_set(stage) == 2
    hooked = stage.world.updates.webhook
    assert (hooked.url, hooked.secret) == (plan.url, plan.secret)


def _elsewhere(stage: Stage) -> None:
    stage.world.updates.webhook.url = "http://127.0.0.1:3/x"


def _nowhere(stage: Stage) -> None:
    stage.world.updates.webhook = None


def _fewer_kinds(stage: Stage) -> None:
    stage.world.updates.allowed = frozenset({"message"})


def _fewer_connections(stage: Stage) -> None:
    stage.world.updates.webhook.max_connections = 1


@pytest.mark.parametrize(
    "change", [_elsewhere, _nowhere, _fewer_kinds, _fewer_connections]
)
async def test_what_somebody_changed_is_set_again(webhook, stage, change):
    await webhook.look()
    change(stage)
    await webhook.look()
    assert times_set(stage) == 2
    assert stage.world.updates.webhook.url == PLAN.url
    assert stage.world.updates.webhook.max_connections == CONNECTIONS
    assert stage.world.updates.allowed == set(WANTED)


async def test_what_was_set_is_in_the_audit_without_the_secret(webhook, world):
    await webhook.look()
    (entry,) = await world.journal.find(AuditEntry)
    assert (entry.action, entry.subject) == ("webhook_set", "telegram")
    assert PLAN.url in entry.detail
    assert PLAN.secret not in entry.detail


async def test_no_secret_is_in_the_log(webhook, stage):
    stage.fail("setWebhook", status=400, description=f"Bad Request: {'x' * 9}")
    with capture_logs() as lines:
        await webhook.look()
        await webhook.look()
    assert [line["event"] for line in lines] == ["webhook_not_set", "webhook_set"]
    assert PLAN.secret not in str(lines)
    assert TOKEN not in str(lines)


# ------------------------------------------------------------------ trouble


@pytest.mark.parametrize("method", ["getWebhookInfo", "setWebhook"])
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"status": 400, "description": "Bad Request: bad webhook: no https\x1b."},
            "Telegram does not take the webhook: Bad Request: bad webhook: no https.",
        ),
        (
            {"status": 401, "description": "Unauthorized"},
            "Telegram does not take the webhook: Unauthorized.",
        ),
        (
            {"status": 400, "description": ""},
            "Telegram does not take the webhook: it does not say why.",
        ),
        ({"status": 500, "description": "x"}, NOT_REACHED),
        ({"status": 502, "non_json": True}, NOT_REACHED),
        ({"drop_after_apply": True}, NOT_REACHED),
    ],
    ids=["400", "401", "no reason", "500", "not JSON", "no answer"],
)
async def test_a_failure_is_told_and_tried_again(webhook, stage, method, how, said):
    stage.fail(method, **how)
    assert await webhook.look() == timedelta(seconds=1)
    assert webhook.trouble() == said
    assert await webhook.look() == EVERY
    assert webhook.trouble() == ""
    assert stage.world.updates.webhook.url == PLAN.url


async def test_it_is_tried_later_and_later(webhook, stage):
    stage.fail("getWebhookInfo", status=500, description="x", times=9)
    waits = [(await webhook.look()).total_seconds() for _ in range(9)]
    longest = LONGEST_WAIT.total_seconds()
    assert waits == [1, 2, 4, 8, 16, 32, longest, longest, longest]
    await webhook.look()
    stage.fail("getWebhookInfo", status=500, description="x")
    assert await webhook.look() == timedelta(seconds=1)


async def test_it_waits_as_long_as_telegram_says(webhook, stage):
    stage.fail("setWebhook", status=429, description="x", retry_after=9)
    assert await webhook.look() == timedelta(seconds=9)
    assert webhook.trouble().startswith("Telegram does not take the webhook: ")


async def test_a_database_that_does_not_answer_is_told(webhook, world, stage):
    async def broken(*_: object, **__: object) -> None:
        message = "gone"
        raise JournalUnavailable(message)

    find, world.journal.find = world.journal.find, broken
    stage.world.updates.webhook = Hooked(
        url=PLAN.url, secret=PLAN.secret, max_connections=CONNECTIONS
    )
    assert await webhook.look() == timedelta(seconds=1)
    assert webhook.trouble() == NOT_STORED
    world.journal.find = find
    assert await webhook.look() == EVERY


async def test_before_the_first_look_nothing_is_known(webhook):
    assert webhook.trouble() == NO_ANSWER


async def test_a_telegram_that_fell_silent_is_trouble(webhook, world):
    await webhook.look()
    world.clock.advance(SILENT)
    assert webhook.trouble() == ""
    world.clock.advance(timedelta(seconds=1))
    assert webhook.trouble() == NO_ANSWER


def _refused(stage: Stage, world: World, reason: str, *, waiting: bool = True) -> None:
    """As after a delivery that went wrong now."""
    hooked = stage.world.updates.webhook
    hooked.failed_at, hooked.failure = world.clock.now(), reason
    if waiting:
        stage.say(ADA, "waits")


async def test_updates_that_cannot_be_delivered_are_trouble(webhook, world, stage):
    await webhook.look()
    _refused(stage, world, "Wrong response from the webhook: 502 Bad Gateway")
    assert await webhook.look() == SOON
    assert webhook.trouble() == (
        "1 updates wait, because Telegram cannot deliver them: Wrong response from the "
        "webhook: 502 Bad Gateway. Check [service] public_url, its certificate, and "
        "what stands in front of the service."
    )
    assert times_set(stage) == 1


async def test_a_failure_of_long_ago_is_none(webhook, world, stage):
    await webhook.look()
    _refused(stage, world, "Wrong response from the webhook: 502 Bad Gateway")
    world.clock.advance(timedelta(minutes=3))
    assert await webhook.look() == EVERY
    assert webhook.trouble() == ""


async def test_a_failure_after_which_all_was_delivered_is_none(webhook, world, stage):
    await webhook.look()
    reason = "Wrong response from the webhook: 401 Unauthorized"
    _refused(stage, world, reason, waiting=False)
    assert await webhook.look() == EVERY
    assert times_set(stage) == 1


async def test_a_secret_that_telegram_does_not_know_is_set_again(webhook, world, stage):
    await webhook.look()
    stage.world.updates.webhook.secret = "somebody's"  # noqa: S105 - of a fake
    world.clock.advance(timedelta(seconds=1))
    _refused(stage, world, "Wrong response from the webhook: 401 Unauthorized")
    await webhook.look()
    assert stage.world.updates.webhook.secret == PLAN.secret
    assert times_set(stage) == 2


async def test_a_401_of_before_it_was_set_means_nothing(webhook, world, stage):
    await webhook.look()
    _refused(stage, world, "Wrong response from the webhook: 401 Unauthorized")
    world.clock.advance(timedelta(seconds=1))
    stage.world.updates.webhook.url = "http://127.0.0.1:3/x"
    hooked = stage.world.updates.webhook
    await webhook.look()
    stage.world.updates.webhook.failed_at = hooked.failed_at
    stage.world.updates.webhook.failure = hooked.failure
    await webhook.look()
    assert times_set(stage) == 2


async def test_a_401_that_a_former_process_left_sets_it_once(webhook, world, stage):
    await webhook.look()
    _refused(stage, world, "Wrong response from the webhook: 401 Unauthorized")
    later = another(world, stage)
    for _ in range(2):
        await later.look()
    assert times_set(stage) == 2


async def test_a_server_that_tells_little_is_believed(world, stage):
    calls: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        calls.append(request.match_info["method"])
        told = {"url": PLAN.url} if calls[-1] == "getWebhookInfo" else True
        return web.json_response({"ok": True, "result": told})

    app = web.Application()
    app.router.add_post(r"/bot{token}/{method}", answer)
    async with TestServer(app) as server:
        bot = make_bot(TOKEN, str(server.make_url("/")))
        webhook = Webhook(world.tools, bot, PLAN)
        for _ in range(2):
            assert await webhook.look() == EVERY
        await bot.session.close()
    assert calls == ["getWebhookInfo", "setWebhook", "getWebhookInfo"]


async def test_it_is_looked_after_for_ever(webhook, stage, monkeypatch):
    waits: list[timedelta] = []

    async def noted(span: timedelta) -> None:
        waits.append(span)
        await asyncio.sleep(0)  # noqa: TID251 - as a wait does

    monkeypatch.setattr(module, "pause", noted)
    stage.fail("getWebhookInfo", status=500, description="x")
    running = asyncio.get_running_loop().create_task(webhook.run())
    await until(lambda: len(waits) == 3)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert waits == [timedelta(seconds=1), EVERY, EVERY]

"""Updates pushed to a webhook of this machine."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.api.subscribing import is_loopback
from tests.bot.sandbox.helpers import ADA, GRACE, VIKTOR, Api, Clock, Control

SECRET = "s3cret_-"  # noqa: S105 - made up


@dataclass
class Receiver:
    """A bot's web server that answers each delivery as the test wants."""

    answers: list[web.Response] = field(default_factory=list)
    got: asyncio.Queue[tuple[dict[str, Any], str | None]] = field(
        default_factory=asyncio.Queue
    )
    url: str = ""

    async def receive(self, request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.got.put_nowait((await request.json(), secret))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.receive)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/hook"))
        yield made


async def confirmed(control: Control) -> None:
    while (await control.get("state"))["pending_updates"]:
        pass


async def test_an_update_is_delivered_with_the_secret(
    api: Api, control: Control, receiver: Receiver
) -> None:
    await api.call("setWebhook", url=receiver.url, secret_token=SECRET)
    await control.start(ADA)
    update, secret = await receiver.got.get()
    assert update["message"]["from"]["id"] == ADA
    assert secret == SECRET
    await confirmed(control)


async def test_what_waited_before_is_delivered_in_order(
    api: Api, control: Control, receiver: Receiver
) -> None:
    await control.start(ADA, GRACE)
    await api.call("setWebhook", url=receiver.url)
    received = [(await receiver.got.get())[0] for _ in range(2)]
    assert [u["message"]["from"]["id"] for u in received] == [ADA, GRACE]


async def test_held_updates_are_pushed_in_the_order_that_was_asked_for(
    api: Api, control: Control, receiver: Receiver
) -> None:
    await control.post("hold")
    await api.call("setWebhook", url=receiver.url)
    await control.start(ADA, GRACE, VIKTOR)
    first, second, third = (await control.post("hold"))["waiting"]
    await control.post("release", update_ids=[third, first, second])
    received = [(await receiver.got.get())[0]["update_id"] for _ in range(3)]
    assert received == [third, first, second]


async def test_a_refused_delivery_is_made_again(
    api: Api, control: Control, clock: Clock, receiver: Receiver
) -> None:
    receiver.answers = [web.Response(status=503, headers={"Retry-After": "0"})]
    await api.call("setWebhook", url=receiver.url)
    await control.start(ADA)
    first, second = await receiver.got.get(), await receiver.got.get()
    assert first == second
    await confirmed(control)
    info = await api.call("getWebhookInfo")
    assert info["last_error_date"] == int(clock.at.timestamp())
    assert "503" in info["last_error_message"]


async def test_an_unreachable_webhook_is_reported_and_polling_takes_over(
    api: Api, control: Control
) -> None:
    await api.call("setWebhook", url="http://127.0.0.1:1/hook")
    await control.start(ADA)
    while "last_error_date" not in (info := await api.call("getWebhookInfo")):
        pass
    assert info["last_error_message"].startswith("Connection failed")
    assert info["pending_update_count"] == 1
    await api.call("deleteWebhook")
    assert len(await api.updates()) == 1


async def test_a_repeated_update_is_delivered_again(
    api: Api, control: Control, receiver: Receiver
) -> None:
    await api.call("setWebhook", url=receiver.url)
    said = await control.post("say", user=ADA, text="/start")
    first = await receiver.got.get()
    await confirmed(control)
    await control.post("duplicate", update_id=said["update_id"])
    assert await receiver.got.get() == first
    await confirmed(control)


async def test_polling_is_refused_while_a_webhook_is_set(api: Api) -> None:
    await api.call("setWebhook", url="http://localhost:1/x")
    status, why = await api.refusal("getUpdates")
    assert status == 409
    assert why == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )


async def test_setting_a_webhook_ends_a_running_poll(
    api: Api, control: Control
) -> None:
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(api.refusal("getUpdates", timeout=30))
        while not (await control.get("state"))["bot"]["listening"]:
            pass
        await api.call("setWebhook", url="http://localhost:1/x")
    assert poll.result()[0] == 409


async def test_an_empty_url_removes_the_webhook(api: Api) -> None:
    await api.call("setWebhook", url="http://localhost:1/x", max_connections=10)
    assert (await api.call("getWebhookInfo"))["max_connections"] == 10
    await api.call("setWebhook", url="")
    assert (await api.call("getWebhookInfo"))["url"] == ""


async def test_allowed_updates_are_told(api: Api) -> None:
    await api.call(
        "setWebhook", url="http://localhost:1/x", allowed_updates=["message"]
    )
    info = await api.call("getWebhookInfo")
    assert info["allowed_updates"] == ["message"]


async def test_pending_updates_can_be_dropped(api: Api, control: Control) -> None:
    await control.start(ADA, GRACE, VIKTOR)
    await api.call("deleteWebhook", drop_pending_updates=True)
    assert await api.updates() == []


@pytest.mark.parametrize(
    ("params", "why"),
    [
        (
            {"url": "https://example.com/hook"},
            "bad webhook: the sandbox delivers to this machine only",
        ),
        (
            {"url": "http://localhost/x", "secret_token": "a b"},
            "secret token contains unallowed characters",
        ),
        (
            {"url": "http://localhost/x", "max_connections": 101},
            "wrong max_connections, must be 1-100",
        ),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(
    api: Api, params: dict[str, Any], why: str
) -> None:
    assert await api.refusal("setWebhook", **params) == (400, f"Bad Request: {why}")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "https://localhost/x", "http://[::1]:1/x"]
)
def test_these_addresses_are_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/x", "http://x.localhost.example/", "file:///etc", "http://[", ""],
)
def test_these_addresses_are_not(url: str) -> None:
    assert not is_loopback(url)

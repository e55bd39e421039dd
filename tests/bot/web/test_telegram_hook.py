"""What Telegram posts: taken from Telegram alone, and stored before it hears 200."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from structlog.testing import capture_logs

from bot.web import TelegramIntake, WebContext, telegram_hook
from bot.web.telegram_hook import HEADER, MOST_BYTES, PATH
from core.errors import Conflict, JournalUnavailable
from tests.bot.web.service import Service, serving

SECRET = "hook-Secret_1"  # noqa: S105 - of a fake
UPDATE = {"update_id": 7, "message": {"from": {"id": 1}, "text": "hello"}}


@dataclass
class Inbox:
    """Notes what it is given; may be closed, slow, or fail."""

    taken: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    is_open: bool = True
    error: Exception | None = None
    gate: asyncio.Event | None = None

    async def take(self, update: dict[str, Any], body: str) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append((update, body))


@dataclass
class Telegram:
    """Posts as Telegram does."""

    service: Service
    inbox: Inbox

    async def post(
        self, content: object = UPDATE, secret: str = SECRET, **headers: str
    ) -> ClientResponse:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.service.client.post(
            PATH,
            data=body,
            headers={HEADER: secret, "Content-Type": "application/json"} | named,
        )


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
async def telegram(tmp_path: Path, secret: str) -> AsyncIterator[Telegram]:
    inbox = Inbox()

    def change(context: WebContext) -> WebContext:
        intake = TelegramIntake(
            secret=secret, open=lambda: inbox.is_open, take=inbox.take
        )
        return replace(context, telegram=intake)

    async with serving(tmp_path, change=change) as service:
        yield Telegram(service, inbox)


async def test_an_update_is_stored_as_it_came(telegram: Telegram):
    body = b'{"message": {"text": "\\u00e9 \xc3\xa9", "date": 1}, "update_id":7}'
    answer = await telegram.post(body)
    assert (answer.status, await answer.read()) == (200, b"")
    ((update, text),) = telegram.inbox.taken
    assert update == json.loads(body)
    assert text.encode() == body


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        SECRET[:-1],
        SECRET + "x",
        SECRET.lower(),
        f" {SECRET}x",
        "\u00e9",
        "\udcff",
    ],
    ids=["empty", "short", "cut", "longer", "case", "space", "not ASCII", "not UTF-8"],
)
async def test_another_secret_is_refused(telegram: Telegram, wrong: str):
    request = (
        b"POST /telegram/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: "
        + wrong.encode("utf-8", "surrogateescape")
        + b"\r\n\r\n{}"
    )
    answer = await telegram.service.raw(request)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert telegram.inbox.taken == []


async def test_secrets_are_compared_in_constant_time(telegram, monkeypatch):
    compared: list[tuple[bytes, bytes]] = []

    def noted(shown: bytes, ours: bytes) -> bool:
        compared.append((shown, ours))
        return False

    monkeypatch.setattr(telegram_hook.hmac, "compare_digest", noted)
    assert (await telegram.post()).status == 401
    assert compared == [(SECRET.encode(), SECRET.encode())]


async def test_no_secret_and_a_wrong_one_are_answered_alike(telegram: Telegram):
    without = await telegram.service.client.post(PATH, json=UPDATE)
    wrong = await telegram.post(secret="x")  # noqa: S106 - a wrong one
    assert (without.status, wrong.status) == (401, 401)
    assert await without.json() == await wrong.json()
    assert set(await wrong.json()) == {"type", "title", "status", "detail"}


async def test_a_secret_that_is_there_twice_is_refused(telegram: Telegram):
    answer = await telegram.service.client.post(
        PATH, json=UPDATE, headers=[(HEADER, SECRET), (HEADER, SECRET)]
    )
    assert answer.status == 401


@pytest.mark.parametrize("secret", [""])
@pytest.mark.parametrize("shown", ["", "x"])
async def test_without_a_secret_of_ours_nobody_is_telegram(telegram, shown):
    assert (await telegram.post(secret=shown)).status == 401
    assert (await telegram.service.client.post(PATH, json=UPDATE)).status == 401


async def test_where_it_says_that_it_comes_from_is_no_control(telegram: Telegram):
    forwarded = {"X_Forwarded_For": "149.154.160.1"}
    wrong = await telegram.post(secret="x", **forwarded)  # noqa: S106 - a wrong one
    right = await telegram.post(X_Forwarded_For="198.51.100.1")
    assert (wrong.status, right.status) == (401, 200)


async def test_a_stranger_is_refused_before_anything_is_read(telegram: Telegram):
    telegram.inbox.is_open = False
    answer = await telegram.service.raw(_head(MOST_BYTES + 1, secret="x"))  # noqa: S106
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"update_id"',
        b"{}",
        b'{"update_id":"7"}',
        b'{"update_id":7.0}',
        b'{"update_id":true}',
        b'{"update_id":null}',
        b'{"update_id":-1}',
        b'{"update_id":9223372036854775808}',
        b'{"update_id":' + b"9" * 5000 + b"}",
        b'{"update_id":7,"message":"\xff"}',
        b"\xef\xbb\xbf{}",
        json.dumps(UPDATE).encode("utf-16"),
        b'{"update_id":7,"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
    ids=[
        "empty",
        "cut",
        "list",
        "null",
        "text",
        "no id",
        "id as text",
        "fraction",
        "true",
        "null id",
        "negative",
        "too large",
        "far too large",
        "not UTF-8",
        "mark",
        "UTF-16",
        "deep",
    ],
)
async def test_what_is_no_update_is_refused_and_not_logged(telegram, body):
    with capture_logs() as lines:
        answer = await telegram.post(body)
    assert answer.status == 400
    assert telegram.inbox.taken == []
    (line,) = [each for each in lines if each["event"] == "update_not_taken"]
    assert set(line) <= {"event", "log_level", "bytes", "request_id"}
    assert line["bytes"] == len(body)


@pytest.mark.parametrize("update_id", [0, 7, 2**63 - 1])
async def test_every_whole_id_that_can_be_kept_is_taken(telegram, update_id):
    assert (await telegram.post({"update_id": update_id})).status == 200


async def test_an_update_may_be_larger_than_a_signal(telegram: Telegram):
    update = UPDATE | {"message": {"text": "x" * 100_000}}
    assert (await telegram.post(update)).status == 200


def _head(length: int, secret: str = SECRET) -> bytes:
    """Announces a body of this length."""
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{HEADER}: {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def test_a_body_that_is_too_large_is_refused(telegram: Telegram):
    answer = await telegram.service.raw(_head(MOST_BYTES + 1))
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_come_is_not_waited_for(telegram: Telegram):
    answer = await telegram.service.raw(_head(9) + b"{")
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "text/plain"}, {"Content_Encoding": "gzip"}],
    ids=["not JSON", "packed"],
)
async def test_another_kind_of_body_is_refused(telegram, headers):
    assert (await telegram.post(**headers)).status == 415


@pytest.mark.parametrize(
    "error",
    [JournalUnavailable("the disk is full"), Conflict("somebody wrote")],
    ids=["unavailable", "conflict"],
)
async def test_what_cannot_be_stored_is_to_be_sent_again(telegram, error):
    telegram.inbox.error = error
    answer = await telegram.post()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    telegram.inbox.error = None
    assert (await telegram.post()).status == 200


async def test_an_update_that_is_being_stored_has_no_answer_yet(telegram: Telegram):
    gate = telegram.inbox.gate = asyncio.Event()
    post = asyncio.get_running_loop().create_task(telegram.post())
    _, waiting = await asyncio.wait({post}, timeout=0.1)
    assert waiting == {post}
    gate.set()
    assert (await post).status == 200
    assert len(telegram.inbox.taken) == 1


async def test_while_the_service_starts_or_ends_telegram_keeps_it(telegram: Telegram):
    telegram.inbox.is_open = False
    answer = await telegram.post()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert telegram.inbox.taken == []


async def test_where_updates_are_polled_for_there_is_no_such_route(service: Service):
    answer = await service.client.post(PATH, json=UPDATE)
    assert answer.status == 404


async def test_nothing_but_a_post_is_answered(telegram: Telegram):
    answer = await telegram.service.client.get(PATH, headers={HEADER: SECRET})
    assert answer.status == 405

"""Connections of strangers: heads that drip, never come, or never end; and crowds."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.web import Runner, WebContext, connections
from tests.bot.web.service import BODY, Service, serving

DEADLINE = timedelta(seconds=0.5)
ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def in_short(context: WebContext) -> WebContext:
    return replace(context, limits=replace(context.limits, head_deadline=DEADLINE))


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Service]:
    """With a deadline that a test can wait for."""
    async with serving(tmp_path, change=in_short) as service:
        yield service


def now() -> float:
    return asyncio.get_running_loop().time()


async def wait(span: timedelta) -> None:
    """In real time, as slow clients do."""
    never = asyncio.get_running_loop().create_future()
    await asyncio.wait([never], timeout=span.total_seconds())


async def answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next problem or other JSON."""
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return json.loads(await reader.readexactly(length))


async def last(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The last one of a connection."""
    found = await answer(reader)
    assert await reader.read() == b""
    return found


def too_slow(problem: dict[str, Any]) -> bool:
    return (problem["type"], problem["status"]) == (
        "urn:tapgate:problem:head-too-slow",
        408,
    )


# ------------------------------------------------------------ slow heads


@pytest.mark.parametrize(
    "beginning", [b"", b"P", b"\r\n", ALIVE[:-2], b"GET / HTTP/1.1\r\nX-A: b"]
)
async def test_a_head_that_does_not_come_is_cut_off(
    hasty: Service, beginning: bytes
) -> None:
    began = now()
    async with hasty.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(beginning)
        assert too_slow(await last(reader))
    assert DEADLINE.total_seconds() <= now() - began < 2


async def test_a_head_that_drips_is_cut_off_all_the_same(hasty: Service) -> None:
    began = now()
    async with (
        asyncio.timeout(5),
        hasty.dial() as (reader, writer),
        asyncio.TaskGroup() as tasks,
    ):
        dripping = tasks.create_task(drip(writer))
        assert too_slow(await answer(reader))
        dripping.cancel()
    assert now() - began < 2


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(ALIVE[:-2])
    while True:
        await wait(timedelta(seconds=0.02))
        writer.write(b"X: y\r\n")


async def test_a_later_head_has_the_same_deadline(hasty: Service) -> None:
    async with hasty.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE)
        assert await answer(reader) == {"status": "ok"}
        began = now()
        writer.write(ALIVE[:20])
        assert too_slow(await last(reader))
    assert DEADLINE.total_seconds() <= now() - began < 2


async def test_to_say_nothing_between_requests_is_no_slow_head(hasty: Service) -> None:
    async with hasty.dial() as (reader, writer), asyncio.timeout(5):
        for _ in range(2):
            writer.write(ALIVE)
            assert await answer(reader) == {"status": "ok"}
            await wait(2 * DEADLINE)


async def test_who_is_in_time_is_not_cut_off_later(hasty: Service) -> None:
    async with hasty.dial() as (reader, writer), asyncio.timeout(5):
        for _ in range(2):
            for part in (ALIVE[:10], ALIVE[10:20], ALIVE[20:]):
                writer.write(part)
                await wait(DEADLINE / 6)
            assert await answer(reader) == {"status": "ok"}
            await wait(2 * DEADLINE)


async def test_an_idle_connection_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections._OPTIONS, "keepalive_timeout", 0.2)
    async with serving(tmp_path) as service, service.dial() as (reader, writer):
        writer.write(ALIVE)
        async with asyncio.timeout(5):
            assert await last(reader) == {"status": "ok"}


async def test_a_piece_behind_a_request_ends_with_the_idle_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections._OPTIONS, "keepalive_timeout", 0.2)
    async with serving(tmp_path) as service, service.dial() as (reader, writer):
        writer.write(ALIVE + ALIVE[:20])
        async with asyncio.timeout(5):
            assert await last(reader) == {"status": "ok"}


async def test_a_slow_head_is_in_the_access_log(hasty: Service) -> None:
    with capture_logs() as logs:
        async with hasty.dial() as (reader, writer), asyncio.timeout(5):
            writer.write(b"GET /SECRET HTTP/1.1\r\n")
            await last(reader)
    (line,) = [line for line in logs if line["event"] == "http_request"]
    assert (line["route"], line["status"]) == ("unmatched", 408)
    assert "SECRET" not in repr(logs)


async def test_many_slow_heads_keep_nobody_out(hasty: Service) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(10):
        readers = []
        for _ in range(100):
            reader, writer = await stack.enter_async_context(hasty.dial())
            writer.write(ALIVE[:20])
            readers.append(reader)
        assert (await hasty.send(BODY)).status == 201
        assert all([too_slow(await last(reader)) for reader in readers])


async def test_the_end_of_the_service_waits_for_no_head(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(10):
        async with serving(tmp_path) as service:
            reader, writer = await stack.enter_async_context(service.dial())
            writer.write(ALIVE[:20])
            assert (await service.client.get("/healthz")).status == 200
            ending = now()
        assert await reader.read() == b""
        assert now() - ending < 2


# ------------------------------------------------------------ heads too large


async def test_a_head_that_never_ends_is_cut_by_its_size(service: Service) -> None:
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE[:-2])
        for _ in range(12):
            writer.write(b"X-A: " + b"a" * 6000 + b"\r\n")
            await wait(timedelta(seconds=0.01))
        problem = await last(reader)
    assert problem["status"] == 431
    assert problem["type"] == "urn:tapgate:problem:head-too-large"


async def test_who_goes_on_sending_is_hung_up_on(service: Service) -> None:
    async with service.dial() as (_, writer), asyncio.timeout(10):
        writer.write(b"BREW / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionError):
            await pour(writer)


async def pour(writer: asyncio.StreamWriter) -> None:
    for _ in range(4096):
        writer.write(bytes(65_536))
        await writer.drain()


async def test_who_does_not_leave_is_left(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER", timedelta(seconds=0.2))
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(b"BREW / HTTP/1.1\r\n\r\n")
        assert (await last(reader))["status"] == 400
        with pytest.raises(ConnectionError):
            await prattle(writer)


async def prattle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await writer.drain()
        await wait(timedelta(seconds=0.05))


# ------------------------------------------------------------ one after another


async def test_what_came_before_a_bad_request_is_answered(service: Service) -> None:
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE)
        assert await answer(reader) == {"status": "ok"}
        writer.write(b"BREW / HTTP/1.1\r\n\r\n" + ALIVE)
        assert (await last(reader))["type"] == "urn:tapgate:problem:unreadable"


async def test_what_comes_behind_a_doubtful_request_is_not(service: Service) -> None:
    coding = b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    doubtful = ALIVE[:-2] + coding
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE + doubtful + ALIVE)
        assert await last(reader) == {"status": "ok"}


async def test_requests_one_behind_the_other_are_all_answered(service: Service) -> None:
    async with service.dial() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE * 100)
        for _ in range(100):
            assert await answer(reader) == {"status": "ok"}


# ------------------------------------------------------------ crowds


@asynccontextmanager
async def crowd(
    service: Service, size: int
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections, each of which has been answered once."""
    async with AsyncExitStack() as stack:
        readers = []
        for _ in range(size):
            reader, writer = await stack.enter_async_context(service.dial())
            writer.write(ALIVE)
            await answer(reader)
            readers.append(reader)
        yield readers


async def test_one_connection_too_many_is_refused_at_once(tmp_path: Path) -> None:
    def few(context: WebContext) -> WebContext:
        return replace(context, limits=replace(context.limits, most_connections=3))

    async with serving(tmp_path, change=few) as service, asyncio.timeout(10):
        with capture_logs() as logs:
            async with crowd(service, 3):
                for _ in range(2):
                    async with service.dial() as (reader, _):
                        problem = await last(reader)
                        assert problem["status"] == 503
                        assert problem["type"] == "urn:tapgate:problem:unavailable"
        told = [line for line in logs if line["event"] == "connections_full"]
        assert [line["most"] for line in told] == [3]
        await wait(timedelta(seconds=0.1))
        async with crowd(service, 3):
            pass


# ------------------------------------------------------------ others' routes


async def test_an_error_in_a_route_of_others_tells_nothing_either(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_request: web.Request) -> web.Response:
        message = "password=hunter2"
        raise RuntimeError(message)

    app = web.Application()
    app.router.add_get("/broken", broken)
    async with serving(tmp_path, app=app) as service:
        reply = await service.client.get("/broken")
        assert (reply.status, reply.content_type) == (500, "application/problem+json")
        assert "hunter2" not in await reply.text()
    assert "hunter2" in caplog.text


async def test_a_runner_needs_no_limits_of_ours() -> None:
    runner = Runner(web.Application(), access_log=None)
    await runner.setup()
    assert runner.server is not None
    assert runner.server.connections == []
    await runner.cleanup()

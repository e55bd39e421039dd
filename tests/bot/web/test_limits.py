"""Bodies that are too large, too slow, or dressed up: refused, cut, never held."""

import asyncio
import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.web import bodies
from tests.bot.web.service import BODY, SIGNALS, Service, serving

LIMIT = 4096


def head(service: Service, *lines: str, body: bytes = b"") -> bytes:
    """A signed request's head, with these lines more, and what follows it."""
    headers = [f"{name}: {value}" for name, value in service.signed(body).items()]
    request = [f"POST {SIGNALS} HTTP/1.1", "Host: x", *headers, *lines]
    return "\r\n".join([*request, "", ""]).encode() + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_body_of_exactly_the_limit_is_read(service: Service) -> None:
    body = json.dumps(BODY).encode()
    answer = await service.send(body.ljust(LIMIT))
    assert answer.status == 201


async def test_a_longer_body_is_refused_by_its_announced_length(
    service: Service,
) -> None:
    answer = await service.raw(head(service, f"Content-Length: {LIMIT + 1}"))
    assert status(answer) == 413
    assert b"Connection: close" in answer
    assert b'"type": "urn:tapgate:problem:too-large"' in answer


CHUNK = b"1000\r\n" + b"x" * 4096 + b"\r\n"


async def test_a_body_without_a_length_is_cut_at_the_limit(service: Service) -> None:
    request = head(service, "Transfer-Encoding: chunked") + 2 * CHUNK
    async with service.dial() as (reader, writer), asyncio.timeout(10):
        writer.write(request)
        assert status(await reader.read()) == 413


async def test_an_endless_body_is_hung_up_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LINGER", timedelta(hours=1))  # by its size, then
    async with service.dial() as (_, writer), asyncio.timeout(10):
        writer.write(head(service, "Transfer-Encoding: chunked"))
        with pytest.raises(ConnectionError):
            await pour(writer)


async def pour(writer: asyncio.StreamWriter) -> None:
    for _ in range(64 * 1024):
        writer.write(CHUNK)
        await writer.drain()


async def test_a_body_that_drips_is_cut_at_its_deadline(service: Service) -> None:
    started = asyncio.get_running_loop().time()
    async with service.dial() as (reader, writer), asyncio.timeout(10):
        writer.write(head(service, "Content-Length: 100"))
        dripping = asyncio.gather(drip(writer), return_exceptions=True)
        answer = await reader.read()
        dripping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dripping
    assert status(answer) == 408
    assert b"within 0.2 seconds" in answer
    assert asyncio.get_running_loop().time() - started < 3


async def drip(writer: asyncio.StreamWriter) -> None:
    for _ in range(99):
        writer.write(b"x")
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.05)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity", ""])
async def test_any_content_encoding_is_refused_before_the_body(
    service: Service, coding: str
) -> None:
    lines = (f"Content-Encoding: {coding}", "Content-Length: 100")
    answer = await service.raw(head(service, *lines))
    assert status(answer) == 415
    assert b"without any Content-Encoding" in answer


async def test_a_compressed_body_is_never_inflated(service: Service) -> None:
    bomb = gzip.compress(b" " * 50_000_000)[:4000]
    answer = await service.raw(
        head(
            service, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}", body=bomb
        )
    )
    assert status(answer) == 415


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json+x",
        "text/json",
        "json",
        "application/+json",
        "",
    ],
)
async def test_another_content_type_is_refused(service: Service, kind: str) -> None:
    answer = await service.send(BODY, Content_Type=kind)
    assert answer.status == 415
    assert await service.stored() == []


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "Application/JSON", "application/vnd.a.b+json"],
)
async def test_json_by_other_spellings_is_taken(service: Service, kind: str) -> None:
    assert (await service.send(BODY, Content_Type=kind)).status == 201


async def test_two_content_types_are_refused(service: Service) -> None:
    lines = ("Content-Type: application/json", "Content-Length: 2")
    assert status(await service.raw(head(service, *lines, body=b"{}"))) == 400


async def test_no_content_type_is_refused(service: Service) -> None:
    request = f"POST {SIGNALS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    answer = await service.raw(request.encode() + b"Connection: close\r\n\r\n{}")
    assert status(answer) == 415


async def test_a_body_with_broken_framing_is_a_400(service: Service) -> None:
    answer = await service.raw(head(service, "Transfer-Encoding: chunked") + b"zz\r\n")
    assert status(answer) == 400


async def test_a_client_that_leaves_in_the_middle_harms_nothing(
    service: Service,
) -> None:
    with capture_logs() as logs:
        async with service.dial() as (_, writer):
            writer.write(head(service, "Content-Length: 100") + b"{")
            await writer.drain()
            assert (await service.client.get("/healthz")).status == 200
        assert (await service.send(BODY)).status == 201
    left = [line["status"] for line in logs if "route" in line]
    assert left == [200, 400, 201]


async def test_who_asks_first_is_invited_to_go_on(service: Service) -> None:
    body = json.dumps(BODY).encode()
    lines = ("Expect: 100-continue", f"Content-Length: {len(body)}")
    request = head(service, *lines, "Connection: close", body=body)
    async with service.dial() as (reader, writer), asyncio.timeout(10):
        writer.write(request.removesuffix(body))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert status(await reader.read()) == 201


async def test_who_asks_first_is_told_before_sending_too_much(
    service: Service,
) -> None:
    lines = ("Expect: 100-continue", "Content-Length: 5000")
    answer = await service.raw(head(service, *lines))
    assert status(answer) == 413


async def test_other_expectations_are_no_reason_to_refuse(service: Service) -> None:
    assert (await service.send(BODY, Expect="the-impossible")).status == 201


async def test_an_unwanted_body_elsewhere_is_cut_too(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        request = (
            b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
        )
        answer = await service.raw(request)
        assert status(answer) == 404
        assert b"Connection: close" in answer

"""Reading a body from a stranger: never more than allowed, never longer than allowed.

aiohttp has no read timeout of its own, and after an early answer goes on reading for
ten seconds; both are dealt with here. Its parser refuses doubled Content-Types.
"""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta

from aiohttp import HttpVersion11, StreamReader, web

from bot.web.context import WebLimits
from bot.web.problems import BROKEN_BODY, TOO_LARGE, TOO_SLOW, UNSUPPORTED, Problem

LINGER = timedelta(seconds=1)
LINGER_BYTES = 262_144
"""How much of an unwanted body is thrown away, so that the answer can be read."""

JSON = re.compile(r"application/(?:json|[\w.!#$&^-]+\+json)", re.ASCII)


def check_head(
    request: web.Request, limits: WebLimits, *, kinds: re.Pattern[str] = JSON
) -> None:
    """Refuse by the headers alone, before anything is read.

    Raises:
        Problem: 415 or 413.
    """
    if "Content-Encoding" in request.headers:
        raise Problem(UNSUPPORTED, "Send the body without any Content-Encoding.")
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    if not kinds.fullmatch(kind.strip().lower()):
        raise Problem(UNSUPPORTED, "Send the body as Content-Type: application/json.")
    if (request.content_length or 0) > limits.max_body_bytes:
        raise _too_large(limits)


def _too_large(limits: WebLimits) -> Problem:
    return Problem(TOO_LARGE, f"At most {limits.max_body_bytes} bytes are taken.")


async def read_body(request: web.Request, limits: WebLimits) -> bytes:
    """The body as sent, within the limits of size and time.

    Raises:
        Problem: 413, 408, or 400 when it ended early.
    """
    try:
        if request.content.is_eof():
            return _checked(request.content.read_nowait(), limits)
        async with asyncio.timeout(limits.body_deadline.total_seconds()):
            await _invite(request)
            return await _bounded(request.content, limits)
    except TimeoutError:
        seconds = f"{limits.body_deadline.total_seconds():g}"
        detail = f"The body must be here within {seconds} seconds."
        raise Problem(TOO_SLOW, detail) from None
    except (web.RequestPayloadError, ConnectionError):
        raise Problem(BROKEN_BODY, "It ended early or was framed wrongly.") from None


async def ignore_expect(request: web.Request) -> None:
    """Say nothing yet to ``Expect: 100-continue``; ``read_body`` does, if at all."""


async def _invite(request: web.Request) -> None:
    expects = request.headers.get("Expect", "").lower() == "100-continue"
    if expects and request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


async def _bounded(content: StreamReader, limits: WebLimits) -> bytes:
    body = b""
    while chunk := await content.read(limits.max_body_bytes + 1 - len(body)):
        body = _checked(body + chunk, limits)
    return body


def _checked(body: bytes, limits: WebLimits) -> bytes:
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)
    return body


async def cut_off(request: web.Request, response: web.StreamResponse) -> None:
    """Answer at once, throw away a little of what still comes, and hang up.

    Hanging up without that little would reset the connection, and the sender might
    never see the answer.
    """
    response.force_close()
    with suppress(TimeoutError, ConnectionError, web.RequestPayloadError):
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(LINGER.total_seconds()):
            await _throw_away(request.content)
    request.protocol.force_close()


async def _throw_away(content: StreamReader) -> None:
    taken = 0
    while taken < LINGER_BYTES and (chunk := await content.readany()):
        taken += len(chunk)

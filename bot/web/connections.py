"""What stands below the handlers: connections that cannot be held, nor quoted back.

aiohttp waits for the head of a request as long as it takes, quotes what it cannot
read as plain text, and speaks whatever version it is told. Here a head has a
deadline, a size and a version, each refusal is a problem that says nothing of the
request, and there are only so many connections.

It costs a request one comparison; a timer runs for a connection's first head and for
a later one that came in pieces, never for one that came whole. A piece that came
behind a whole request is cut with the idle connections.
"""

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD

# Private: what aiohttp itself queues for what it cannot read.
from aiohttp.web_protocol import _ErrInfo
from typing_extensions import override

from bot.web.access_log import SERVER_LOG, SafeAccessLogger
from bot.web.bodies import LINGER, LINGER_BYTES
from bot.web.context import HEAD_DEADLINE, MOST_CONNECTIONS
from bot.web.problems import (
    CONTENT_TYPE,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    UNAVAILABLE,
    UNREADABLE,
    Kind,
    Problem,
    described,
    plain_kind,
    render,
)

IDLE = timedelta(seconds=75)
"""How long a connection may wait for its next request; longer than proxies keep it."""
MOST_HEAD_BYTES = 65_536
"""Of a head that comes in pieces."""
LONGEST_FIELD = 8190
MOST_FIELDS = 128

_OPTIONS: Final[dict[str, Any]] = {
    "access_log_class": SafeAccessLogger,
    "auto_decompress": False,  # a compressed body is refused, not inflated
    "keepalive_timeout": IDLE.total_seconds(),
    "logger": SERVER_LOG,
    "max_field_size": LONGEST_FIELD,
    "max_headers": MOST_FIELDS,
    "max_line_size": LONGEST_FIELD,
}
_DETAILS: Final = {
    UNREADABLE: "Send a well-formed HTTP/1.1 request; nothing of this one was taken.",
    HEAD_TOO_LARGE: (
        f"A line of the head may have {LONGEST_FIELD} bytes, the whole "
        f"{MOST_HEAD_BYTES}, and there may be {MOST_FIELDS} lines."
    ),
    HEAD_TOO_SLOW: "Send the whole head of a request at once.",
}
_TOO_MANY_FIELDS = "Too many headers received"

log = structlog.get_logger()


class _Unreadable(HttpProcessingError):
    """A head that aiohttp would have taken, or waited for."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(code=kind.status)
        self.kind = kind


class Runner(web.AppRunner):
    """An ``AppRunner`` for a port that strangers reach; its log keeps no token."""

    def __init__(
        self,
        app: web.Application,
        *,
        head_deadline: timedelta = HEAD_DEADLINE,
        most_connections: int = MOST_CONNECTIONS,
        **options: Any,
    ) -> None:
        super().__init__(app, **_OPTIONS, **options)
        self._head_deadline = head_deadline
        self._most_connections = most_connections

    @override
    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return _Server(
            plain,
            self._kwargs,
            head_deadline=self._head_deadline,
            most_connections=self._most_connections,
        )


class _Server(web.Server):
    """Makes connections of our kind, and knows when there are enough."""

    def __init__(
        self,
        plain: web.Server,
        options: dict[str, Any],
        *,
        head_deadline: timedelta,
        most_connections: int,
    ) -> None:
        super().__init__(
            plain.request_handler, request_factory=plain.request_factory, **options
        )
        self._head_deadline = head_deadline
        self._most = most_connections
        self._told = False

    @override
    def __call__(self) -> "Connection":
        return Connection(self, self._loop, self._head_deadline, self._kwargs)

    def full(self) -> bool:
        """Whether one more is too many; told once, until there is room again."""
        full = len(self.connections) >= self._most
        if full and not self._told:
            log.warning("connections_full", most=self._most)
        self._told = full
        return full


class Connection(web.RequestHandler):
    """One connection of a stranger."""

    __slots__ = ("_deadline", "_head_bytes", "_late", "_left", "_server", "_unreadable")

    def __init__(
        self,
        server: _Server,
        loop: asyncio.AbstractEventLoop,
        deadline: timedelta,
        options: dict[str, Any],
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._deadline = deadline.total_seconds()
        self._late: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unreadable = False
        self._left: asyncio.Event | None = None

    # ------------------------------------------------------------ what comes in
    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._server.full():
            refused = cast("asyncio.Transport", transport)
            refused.write(_FULL)
            refused.close()
            return
        super().connection_made(transport)
        self._late = self._loop.call_later(self._deadline, self._too_late)

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        self._head_is_whole()
        if self._left is not None:
            self._left.set()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._left is not None:
            self._throw_away(len(data))
            return
        super().data_received(data)
        if self._messages:
            self._judge()
            if self._late is not None:
                self._head_is_whole()
        elif self._waits():
            self._head_goes_on(len(data))

    def _waits(self) -> bool:
        """Whether nothing is at work: then what has come is part of a head."""
        return self._waiter is not None and not self._waiter.done()

    def _head_goes_on(self, more: int) -> None:
        self._head_bytes += more
        if self._late is None:
            self._late = self._loop.call_later(self._deadline, self._too_late)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)

    def _head_is_whole(self) -> None:
        self._head_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self._waits():
            self._refuse(HEAD_TOO_SLOW)

    def _judge(self) -> None:
        """Take nothing from the first request on that has no single meaning."""
        for message, _ in self._messages:
            if isinstance(message, RawRequestMessage) and _doubtful(message):
                while self._messages.pop()[0] is not message:
                    pass
                self._refuse(UNREADABLE)
                return

    def _refuse(self, kind: Kind) -> None:
        """Answer with a problem in place of a request, then hang up."""
        error = _ErrInfo(kind.status, _Unreadable(kind), "")
        self._messages.append((error, EMPTY_PAYLOAD))
        self._close = True  # no more is parsed
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------ what goes out
    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Instead of aiohttp's words, which quote the request."""
        super().handle_error(request, status, exc)
        self._unreadable = True
        kind = _kind(status, exc)
        response = render(Problem(kind, _DETAILS.get(kind, "The error is logged.")))
        response.force_close()
        return response

    @override
    def finish_response(
        self,
        request: web.BaseRequest,
        resp: web.StreamResponse,
        start_time: float | None,
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Not itself a coroutine, so that a good request pays for none."""
        sending = super().finish_response(request, resp, start_time)
        return self._part(sending) if self._unreadable else sending

    async def _part(
        self, sending: Coroutine[Any, Any, tuple[web.StreamResponse, bool]]
    ) -> tuple[web.StreamResponse, bool]:
        """Say that this was all, and throw away a little of what still comes.

        Hanging up at once would reset the connection, and the answer be lost.
        """
        sent = await sending
        self._close = True
        self._left, self._head_bytes = asyncio.Event(), 0
        if self.transport is not None:
            self.transport.write_eof()
        try:
            async with asyncio.timeout(LINGER.total_seconds()):
                await self._left.wait()
        except TimeoutError:
            self.force_close()
        return sent

    def _throw_away(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > LINGER_BYTES:
            self.force_close()


def _doubtful(message: RawRequestMessage) -> bool:
    """Whether it may mean another thing to whoever stands in front of us."""
    if not message.chunked:
        return message.version not in (HttpVersion11, HttpVersion10)
    coding = message.headers.get("Transfer-Encoding", "")
    return message.version != HttpVersion11 or coding.lower() != "chunked"


def _kind(status: int, error: BaseException | None) -> Kind:
    if isinstance(error, _Unreadable):
        return error.kind
    if isinstance(error, LineTooLong):
        return HEAD_TOO_LARGE
    if isinstance(error, HttpProcessingError):
        return HEAD_TOO_LARGE if error.message == _TOO_MANY_FIELDS else UNREADABLE
    return plain_kind(status)


def _full() -> bytes:
    detail = "There are too many connections at present."
    body = json.dumps(described(Problem(UNAVAILABLE, detail))).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable",
        f"Content-Type: {CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
        "Retry-After: 1",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(head).encode() + body


_FULL: Final = _full()

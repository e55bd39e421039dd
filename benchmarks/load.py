"""A client that costs little: raw keep-alive sockets, each with one request at a time.

Run as a process of its own (``python -m benchmarks.load``), so that it shares no
interpreter with the server. It reads a ``Plan`` from standard input and writes an
``Outcome`` to standard output, both as JSON.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.processes import use_core
from benchmarks.requests import distinct, request

CHUNK = 65_536
PAUSE = 0.005
"""Seconds between two lone requests, so that they meet the others at any moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send."""

    port: int
    secret: str
    prefix: str
    count: int
    """Signals in all; of lone ones where there are ``others``."""
    connections: int = 64
    others: int = 0
    """Connections that keep the server busy while one sends ``count`` signals."""
    same: bool = False
    """Send one signal again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    seconds: float
    statuses: dict[str, int]
    """How many answers had which status."""
    waits: list[float]
    """Seconds that each lone request took."""


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self.sent_at = 0.0

    def send(self, content: bytes) -> None:
        """Send one request, and begin to wait for its answer."""
        self._answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(content)

    def receive(self) -> str | None:
        """The status, once the answer is whole."""
        more = self.socket.recv(CHUNK)
        if not more:
            message = "the server hung up"
            raise ConnectionError(message)
        self._answer += more
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        return head[9:12].decode()


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.partition(b"\r\n")[0])


class Load:
    """Keeps connections busy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self.statuses: Counter[str] = Counter()

    def connect(self) -> Connection:
        """One more connection."""
        made = Connection(self._port)
        self._selector.register(made.socket, selectors.EVENT_READ, made)
        return made

    def answered(self, timeout: float | None = None) -> Iterator[Connection]:
        """The connections whose answers are whole by now."""
        for key, _ in self._selector.select(timeout):
            connection: Connection = key.data
            status = connection.receive()
            if status is not None:
                self.statuses[status] += 1
                yield connection

    def run(self, requests: list[bytes], connections: int) -> float:
        """Send all of ``requests``; the seconds until the last answer."""
        idle = [self.connect() for _ in range(connections)]
        waiting = iter(requests)
        begun = time.perf_counter()
        open_now = 0
        for connection, content in zip(idle, waiting, strict=False):
            connection.send(content)
            open_now += 1
        while open_now:
            for connection in self.answered():
                content = next(waiting, b"")
                if content:
                    connection.send(content)
                else:
                    open_now -= 1
        return time.perf_counter() - begun

    def run_beside(
        self, lone: list[bytes], requests: Iterator[bytes], others: int
    ) -> list[float]:
        """Send ``lone`` one by one while the others never stop; how long each took."""
        for _ in range(others):
            self.connect().send(next(requests))
        mine = self.connect()
        waits: list[float] = []
        next_at = time.perf_counter()
        sending = False
        while len(waits) < len(lone):
            now = time.perf_counter()
            if not sending and now >= next_at:
                mine.send(lone[len(waits)])
                sending = True
            for connection in self.answered(PAUSE):
                if connection is mine:
                    waits.append(time.perf_counter() - mine.sent_at)
                    sending, next_at = False, time.perf_counter() + PAUSE
                else:
                    connection.send(next(requests))
        return waits


def run(plan: Plan) -> Outcome:
    """Do what the plan says."""
    load = Load(plan.port)
    now = int(time.time())
    begun = time.perf_counter()
    waits: list[float] = []
    if plan.others:
        lone = distinct(plan.secret, f"{plan.prefix}-lone", plan.count, now=now)
        waits = load.run_beside(lone, _endless(plan, now), plan.others)
        seconds = time.perf_counter() - begun
    else:
        name = plan.prefix
        requests = (
            [request(plan.secret, name, now=now)] * plan.count
            if plan.same
            else distinct(plan.secret, name, plan.count, now=now)
        )
        seconds = load.run(requests, plan.connections)
    return Outcome(seconds=seconds, statuses=dict(load.statuses), waits=waits)


def _endless(plan: Plan, now: int) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        yield request(plan.secret, f"{plan.prefix}-{number}", now=now)


if __name__ == "__main__":
    use_core(1)
    print(json.dumps(asdict(run(Plan(**json.loads(sys.stdin.readline()))))))

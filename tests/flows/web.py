"""Plain HTTP to this machine, as blocking calls: the tests' only way in."""

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PATIENCE = 30.0
"""Seconds that anything expected may take: machines that test are slow."""


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; ``body`` is parsed JSON."""

    status: int
    body: Any


def call(
    port: int,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; raises ``OSError`` if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE + 5)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read() or b"null"))
    finally:
        connection.close()


def post(port: int, path: str, content: object) -> Any:
    """Post JSON; anything but success fails the test."""
    body = json.dumps(content).encode()
    headers = {"Content-Type": "application/json"}
    answer = call(port, "POST", path, body=body, headers=headers)
    assert answer.status < 300, f"{path} {content}: {answer}"
    return answer.body


def get(port: int, path: str, **query: str | float) -> Any:
    """Get JSON; anything but success fails the test."""
    answer = call(port, "GET", f"{path}?{urlencode(query)}" if query else path)
    assert answer.status < 300, f"{path} {query}: {answer}"
    return answer.body

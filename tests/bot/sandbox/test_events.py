"""Live events for the page."""

import json
from typing import Any

import pytest

from bot.sandbox import Sandbox, chat_page
from bot.sandbox.bell import UNREAD_EVENTS, Bell, Feed
from tests.bot.sandbox.helpers import ADA, Api, Control


async def next_event(stream: Any) -> dict[str, Any]:
    while not (line := await stream.content.readline()).startswith(b"data: "):
        assert line
    event: dict[str, Any] = json.loads(line[6:])
    return event


async def test_everything_that_happens_is_told(api: Api, control: Control) -> None:
    async with control.client.get("/sandbox/events") as stream:
        assert stream.content_type == "text/event-stream"
        await control.start(ADA)
        await api.call("sendMessage", chat_id=ADA, text="hello")
        await api.call("sendChatAction", chat_id=ADA, action="typing")
        events = [await next_event(stream) for _ in range(5)]
    kinds = [event["type"] for event in events]
    assert kinds == ["people", "message", "profile", "message", "action"]
    assert events[3]["message"]["text"] == "hello"
    assert all(event["now"] for event in events)


async def test_a_quiet_stream_is_kept_open(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_page, "HEARTBEAT_SECONDS", 0.01)
    async with control.client.get("/sandbox/events") as stream:
        lines = [await stream.content.readline() for _ in range(3)]
    assert lines == [b"retry: 1000\n", b"\n", b": still here\n"]


async def test_closing_ends_streams_that_are_open_and_those_to_come(
    control: Control, sandbox: Sandbox
) -> None:
    async with control.client.get("/sandbox/events") as stream:
        await stream.content.readline()
        sandbox.world.close()
        assert await stream.content.read() == b"\n"
    async with control.client.get("/sandbox/events") as stream:
        assert await stream.content.read() == b"retry: 1000\n\n"


async def test_a_page_that_does_not_read_is_let_go() -> None:
    feed = Feed()
    with feed.reading() as lines:
        for _ in range(UNREAD_EVENTS + 2):
            feed.publish({})
        got = [lines.get_nowait() for _ in range(lines.qsize())]
    assert len(got) == UNREAD_EVENTS + 1
    assert got[-1] is None


async def test_a_closed_bell_lets_nobody_wait() -> None:
    bell = Bell()
    bell.close()
    nothing: list[str] = []
    assert await bell.until(lambda: nothing.pop() if nothing else None, 60) is None


async def test_a_bell_returns_what_is_there_already() -> None:
    assert await Bell().until(lambda: "here", 0) == "here"

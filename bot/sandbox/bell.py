"""Waking those who wait: long polls, `/sandbox/wait` and the page's live events."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from bot.sandbox.model import Json

T = TypeVar("T")

UNREAD_EVENTS: Final = 1000


class Bell:
    """Wakes every waiter when something changed, so that each looks again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.closed = False

    def ring(self) -> None:
        """Something changed."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    def close(self) -> None:
        """End every wait, now and later: the server is shutting down."""
        self.closed = True
        self.ring()

    async def until(self, found: Callable[[], T | None], seconds: float) -> T | None:
        """What `found` returns as soon as it is something, or None in the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (result := found()) is None and not self.closed:
                    await self._event.wait()
                return result
        return None


class Feed:
    """Hands every event to every open page as one line of server-sent events.

    A page that does not read is let go; it connects again and loads the state.
    """

    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[str | None]] = set()
        self._closed = False

    @property
    def is_read(self) -> bool:
        """Whether a page is open."""
        return bool(self._readers)

    def publish(self, event: Json) -> None:
        """Queue the event for all pages."""
        line = f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
        for reader in tuple(self._readers):
            if reader.qsize() < UNREAD_EVENTS:
                reader.put_nowait(line)
            else:
                self._readers.discard(reader)
                reader.put_nowait(None)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for reader in self._readers:
            reader.put_nowait(None)

    @contextmanager
    def reading(self) -> Iterator[asyncio.Queue[str | None]]:
        """A queue of lines for one page; None means the stream ends."""
        reader: asyncio.Queue[str | None] = asyncio.Queue()
        if self._closed:
            reader.put_nowait(None)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

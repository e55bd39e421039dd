"""What a person does in the chat and what the market does, over HTTP only."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.errors import StoryFailed

PATIENCE = 20
"""Seconds that one expected message may take."""


class Hands:
    """Taps, says, waits and moves prices through the sandbox's control API."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(base_url=self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, path: str, **content: object) -> dict[str, Any]:
        """Post to the control API and return its answer."""
        return await self._call("POST", path, json=content)

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Ask the control API."""
        return await self._call("GET", path, params=query)

    async def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        if self._session is None:
            message = "use Hands as an async context manager"
            raise RuntimeError(message)
        async with self._session.request(method, path, **more) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        if response.status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
            raise StoryFailed(str(answer.get("detail", answer)))
        return answer

    async def say(self, user: int, text: str) -> None:
        """Write a message to the bot."""
        await self.post("/sandbox/say", user=user, text=text)

    async def wait(
        self, user: int, contains: str, *, button: str = "", after: int = 0
    ) -> dict[str, Any]:
        """Wait until the chat shows this text, with this button if one is named.

        Only messages newer than the one with the id ``after`` count.
        """
        query: dict[str, str | int] = {
            "chat": user,
            "contains": contains,
            "after": after,
            "timeout": PATIENCE,
        }
        if button:
            query["button"] = button
        return await self.get("/sandbox/wait", **query)

    async def tap(self, user: int, label: str, *, message_id: int = 0) -> str:
        """Tap a button once it is there; returns what the bot answered."""
        await self.wait(user, "", button=label, after=max(0, message_id - 1))
        where = {"message_id": message_id} if message_id else {}
        tapped = await self.post("/sandbox/tap", user=user, label=label, **where)
        answer = await self.get(
            "/sandbox/answers", callback_id=tapped["callback_id"], wait=PATIENCE
        )
        return str(answer.get("text") or "")

    async def move(self, instrument: str, price: str, *, over: float = 0) -> None:
        """Move a paper market's price."""
        await self.post(
            "/sandbox/x/market", instrument=instrument, price=price, over=over
        )

    async def quote(self, instrument: str) -> dict[str, Any]:
        """The present bid and ask of a paper market."""
        return await self.post("/sandbox/x/market", instrument=instrument)

"""Posts signed signals, as a provider's own program would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from bot.keys import PRIVATE_PREFIX
from bot.signing import sign_plain, sign_with_key
from core.ports import Clock

PATH = "/api/v1/signals"
TIMEOUT = aiohttp.ClientTimeout(total=15)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderClient:
    """One provider's way to one service."""

    url: str
    name: str
    secret: str
    """Or a private key, ``whsk_…``."""
    clock: Clock

    async def post(self, signal: Mapping[str, object]) -> Answer:
        """Sign and send one signal.

        Raises:
            aiohttp.ClientError: the service cannot be reached, or is none of ours.
            ValueError: the secret is none.
        """
        body = json.dumps(signal).encode()
        now = int(self.clock.now().timestamp())
        headers = {
            "X-Provider": self.name,
            "Content-Type": "application/json",
            **self._signature(now, body),
        }
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.post(
                self.url.rstrip("/") + PATH, data=body, headers=headers
            ) as response,
        ):
            try:
                content = await response.json(content_type=None)
            except ValueError as other:
                message = f"what answers at {self.url} is no Tapgate"
                raise aiohttp.ClientPayloadError(message) from other
            return Answer(response.status, content)

    def _signature(self, now: int, body: bytes) -> dict[str, str]:
        if self.secret.startswith(PRIVATE_PREFIX):
            message_id = f"msg_{uuid4().hex}"
            return sign_with_key(self.secret, message_id, now, body)
        return sign_plain(self.secret, now, body)

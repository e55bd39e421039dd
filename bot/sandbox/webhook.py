"""Delivering updates to the bot's webhook, in order, until it takes each one."""

from typing import Final

import aiohttp

from bot.sandbox.updates import Update, Webhook
from bot.sandbox.world import World

ANSWER_SECONDS: Final = 60
LONGEST_WAIT: Final = 30
HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
TAKEN: Final = range(200, 300)


class WebhookSender:
    """One loop: the oldest waiting update goes out; a refusal is tried again.

    The wait doubles with each failure, obeys `Retry-After`, and ends at once when
    the webhook is changed or removed.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._updates = world.updates
        self._failures = 0

    async def run(self) -> None:
        """Deliver until the sandbox closes."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while not self._updates.bell.closed:
                due = await self._updates.bell.until(self._due, ANSWER_SECONDS)
                if due is not None:
                    await self._deliver(session, *due)

    def _due(self) -> tuple[Webhook, Update] | None:
        webhook, waiting = self._updates.webhook, self._updates.due()
        return (webhook, waiting[0]) if webhook and waiting else None

    async def _deliver(
        self, session: aiohttp.ClientSession, webhook: Webhook, update: Update
    ) -> None:
        headers = {HEADER: webhook.secret} if webhook.secret else {}
        wait = min(2**self._failures, LONGEST_WAIT)
        try:
            async with session.post(
                webhook.url, json=update.body, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status in TAKEN:
                    self._failures = 0
                    self._updates.delivered(update)
                    return
                after = answer.headers.get("Retry-After", "")
                wait = int(after) if after.isdigit() else wait
                webhook.failure = (
                    f"Wrong response from the webhook: {answer.status} {answer.reason}"
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            webhook.failure = f"Connection failed: {type(error).__name__}"
        webhook.failed_at = self._world.now()
        self._failures += 1
        await self._updates.bell.until(lambda: self._replaced(webhook), wait)

    def _replaced(self, webhook: Webhook) -> bool | None:
        return True if self._updates.webhook is not webhook else None

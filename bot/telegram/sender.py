"""Drains the outbox's messages: paced, most urgent first, never lost.

A message is a picture of its row, so a repeated one is right again. The row is
read when its turn comes; several items for one prompt are one message. What
Telegram tells us to wait for goes back with a later due time, so that one slow
chat holds up nobody else.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.tasks import Bell
from bot.telegram.cards import prompt_card
from bot.telegram.gateway import (
    Gateway,
    Lost,
    MessageGone,
    Paused,
    TelegramFailure,
    Unreachable,
    Unsent,
)
from bot.telegram.pacing import Pace
from bot.telegram.telling import notice_view
from bot.telegram.views import View, prompt_view
from core.desk.joining import mark_blocked
from core.desk.tools import Tools, again
from core.ids import PromptId, UserId
from core.messages import MESSAGES, OutboxItem, Topic
from core.moves import follow
from core.ports import Save
from core.prompts import (
    PROMPT_MOVES,
    UNDECIDED,
    Prompt,
    PromptEvent,
    PromptState,
)

log = structlog.get_logger()

BATCH = 16
HOLD = timedelta(seconds=60)
"""How long a claimed item is ours; longer than any call to Telegram may take."""
IDLE = timedelta(milliseconds=500)
UNSENT_WAIT = timedelta(seconds=2)
MOST_TRIES = 8
"""Answers that may be lost before a message is given up."""


class Sender:
    """Sends what the outbox holds; one per bot token."""

    def __init__(self, tools: Tools, gateway: Gateway, bell: Bell) -> None:
        self._tools = tools
        self._gateway = gateway
        self._bell = bell
        self._pace = Pace(tools.clock)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            if not await self.drain():
                await self._bell.wait(IDLE)

    async def drain(self) -> int:
        """Send one batch; returns how many items it held."""
        items = await self._tools.journal.claim(MESSAGES, limit=BATCH, hold=HOLD)
        await asyncio.gather(*(self._send_group(group) for group in _groups(items)))
        return len(items)

    async def _send_group(self, group: list[OutboxItem]) -> None:
        """One message for all items that mean the same; then they are done."""
        first = group[0]
        try:
            await self._send(first)
        except Paused as pause:
            await self._later(group, pause.wait)
        except Unsent:
            await self._later(group, UNSENT_WAIT)
        except Lost as lost:
            await self._later(group, _backoff(first), why=str(lost))
        except TelegramFailure as failure:
            log.warning(
                "message_dropped",
                topic=first.topic,
                subject=first.subject,
                reason=str(failure),
            )
            await self._done(group)
        except Exception:  # supervised edge: one bad message must not stop the rest
            log.exception("message_failed", topic=first.topic, subject=first.subject)
            await self._later(group, _backoff(first), why="it cannot be made")
        else:
            await self._done(group)

    async def _send(self, item: OutboxItem) -> None:
        if item.topic is Topic.PROMPT:
            await self._send_prompt(PromptId(item.subject))
            return
        view = await notice_view(self._tools, item)
        if view is not None and item.user_id is not None:
            await self._to_person(item.user_id, view)

    async def _to_person(self, user_id: UserId, view: View) -> int:
        """Send a new message; a person who cannot be reached is marked."""
        await self._pace.turn(user_id)
        try:
            return await self._gateway.send(user_id, view)
        except Paused as pause:
            self._pace.hold(user_id, pause.wait)
            raise
        except Unreachable:
            await mark_blocked(self._tools, user_id, blocked=True)
            raise

    async def _send_prompt(self, prompt_id: PromptId) -> None:
        card = await prompt_card(self._tools, prompt_id)
        if card is None:
            return
        prompt, view = card.prompt, prompt_view(card)
        if prompt.chat_id is None or prompt.message_id is None:
            message_id = await self._to_person(prompt.user_id, view)
            await again(lambda: self._delivered(prompt_id, message_id))
            return
        try:
            await self._gateway.edit(prompt.chat_id, prompt.message_id, view)
        except MessageGone:
            if prompt.state in UNDECIDED:
                await again(lambda: self._forget_message(prompt_id))
                await self._send_prompt(prompt_id)

    async def _delivered(self, prompt_id: PromptId, message_id: int) -> None:
        """Remember the message; whatever happened to the prompt meanwhile stays."""
        prompt = await self._tools.journal.get(Prompt, prompt_id)
        if prompt is None:
            return
        state = prompt.state
        if state is PromptState.QUEUED:
            state = follow(PROMPT_MOVES, state, PromptEvent.SEND)
        sent = replace(
            prompt, state=state, chat_id=prompt.user_id, message_id=message_id
        )
        await self._tools.journal.commit(Save(sent))

    async def _forget_message(self, prompt_id: PromptId) -> None:
        prompt = await self._tools.journal.get(Prompt, prompt_id)
        if prompt is not None:
            lost = replace(prompt, chat_id=None, message_id=None)
            await self._tools.journal.commit(Save(lost))

    async def _done(self, group: Iterable[OutboxItem]) -> None:
        now = self._tools.clock.now()
        await self._tools.journal.commit(
            *(Save(replace(item, done_at=now, claimed_until=None)) for item in group)
        )

    async def _later(
        self, group: list[OutboxItem], wait: timedelta, *, why: str = ""
    ) -> None:
        """Put the items back for later; give up after too many answers were lost."""
        tries = group[0].attempts + bool(why)
        if tries >= MOST_TRIES:
            log.error("message_given_up", subject=group[0].subject, reason=why)
            await self._done(group)
            return
        due = self._tools.clock.now() + wait
        await self._tools.journal.commit(
            *(
                Save(replace(item, due_at=due, attempts=tries, claimed_until=None))
                for item in group
            )
        )


def _groups(items: list[OutboxItem]) -> list[list[OutboxItem]]:
    """Items for the same prompt together; every notice alone."""
    groups: dict[str, list[OutboxItem]] = {}
    for item in items:
        key = item.subject if item.topic is Topic.PROMPT else item.id
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def _backoff(item: OutboxItem) -> timedelta:
    return timedelta(seconds=min(60, 2**item.attempts))

"""Drains the outbox's messages: paced, most urgent first, never lost.

A message is a picture of its row, so a repeated one is right again. The row is
read when its turn comes; several items for one prompt are one message. What
Telegram tells us to wait for goes back with a later due time, so that one slow
chat holds up nobody else.
"""

from collections.abc import Awaitable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import structlog

from bot.tasks import Bell, Nursery
from bot.telegram.cards import prompt_card
from bot.telegram.telling import notice_view
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.view import View
from bot.telegram.wire.failures import (
    Lost,
    MessageGone,
    Paused,
    TelegramFailure,
    Unreachable,
    Unsent,
)
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.pacing import Pace
from core.desk.flooding import stays_out
from core.desk.joining import mark_blocked
from core.desk.tools import Tools, again
from core.ids import PromptId, UserId
from core.messages import MESSAGES, OutboxItem, Priority, Topic
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

T = TypeVar("T")

_MATTERS = UNDECIDED | {PromptState.APPROVED}
"""States of which a person must read even if they deleted the message."""
AT_ONCE = 16
"""Messages under way at the same time; a call that hangs delays only its own."""
HOLD = timedelta(seconds=60)
"""How long a claimed item is ours; longer than sending one may take."""
IDLE = timedelta(milliseconds=500)
PATIENCE = timedelta(seconds=1)
"""How long a message holds its place for its chat's turn; then it goes back."""
LONGEST_WAIT = timedelta(seconds=60)
MOST_TRIES = 8
"""Failures after which a message is given up, unless it must arrive."""
RARELY = timedelta(hours=1)
"""Between two tries of one that must arrive, which may have arrived many times."""
_NEVER_LOST = frozenset({Priority.GUARD, Priority.FILL})
"""What happened to somebody's money is told, however often an answer is lost."""


class Sender:
    """Sends what the outbox holds; one per bot token."""

    def __init__(
        self, tools: Tools, gateway: Gateway, nursery: Nursery, *, bell: Bell
    ) -> None:
        self._tools = tools
        self._gateway = gateway
        self._nursery = nursery
        self._bell = bell
        self._next: dict[str, list[OutboxItem]] = {}
        """For each message that is under way: what came for it meanwhile."""
        self._pace = Pace(tools.clock)
        self._troubles = 0
        """Calls in a row that Telegram did not take."""

    async def run(self) -> None:
        """Send for ever."""
        while True:
            if not await self.take():
                await self._bell.wait(IDLE)

    async def take(self) -> int:
        """Begin with what is due, as far as there is room; returns how many items.

        What comes for a message that is under way follows it.
        """
        room = AT_ONCE - len(self._next)
        if room <= 0:
            return 0
        items = await self._tools.journal.claim(MESSAGES, limit=room, hold=HOLD)
        for key, group in _groups(items).items():
            if key in self._next:
                self._next[key] += group
            else:
                self._next[key] = []
                self._nursery.start(f"send:{key}", self._serve(key, group))
        return len(items)

    async def _serve(self, key: str, group: list[OutboxItem]) -> None:
        try:
            while group:
                await self._send_group(group)
                group, self._next[key] = self._next[key], []
        finally:
            del self._next[key]
            self._bell.ring()

    async def _send_group(self, group: list[OutboxItem]) -> None:
        """One message for all items that mean the same; then they are done."""
        first = group[0]
        try:
            await self._send(first)
        except Paused as pause:
            await self._later(group, pause.wait)
        except Unsent as unsent:
            self._troubles += 1
            log.warning("telegram_in_trouble", reason=str(unsent))
            await self._later(group, _growing(self._troubles))
        except Lost as lost:
            await self._again(group, str(lost), for_ever=first.priority in _NEVER_LOST)
        except TelegramFailure as failure:
            log.warning(
                "message_dropped",
                topic=first.topic,
                subject=first.subject,
                reason=str(failure),
            )
            await self._done(group)
        except Exception as failure:  # supervised edge: the rest must leave
            log.exception("message_failed", topic=first.topic, subject=first.subject)
            await self._again(group, type(failure).__name__, for_ever=False)
        else:
            self._troubles = 0
            await self._done(group)

    async def _send(self, item: OutboxItem) -> None:
        if item.topic is Topic.PROMPT:
            await self._send_prompt(PromptId(item.subject))
            return
        view = await notice_view(self._tools, item)
        if view is not None and item.user_id is not None:
            await self._send_new(item.user_id, view)

    async def _send_new(self, user_id: UserId, view: View) -> int:
        """Send a new message; a chat that has to wait keeps nobody else waiting."""
        wait = self._pace.wait_for(user_id)
        if wait > PATIENCE:
            raise Paused(wait)
        await self._pace.turn(user_id)
        return await self._minding(user_id, self._gateway.send(user_id, view))

    async def _minding(self, user_id: UserId, call: Awaitable[T]) -> T:
        """Learn from a failure what it says about the person's chat."""
        try:
            return await call
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
            if await stays_out(self._tools, prompt_id):
                return
            message_id = await self._send_new(prompt.user_id, view)
            await again(lambda: self._delivered(prompt_id, message_id))
        elif not await self._redrawn(prompt, prompt.chat_id, prompt.message_id, view):
            await again(lambda: self._forget_message(prompt_id))
            await self._send_prompt(prompt_id)
            return
        if prompt.state is PromptState.APPROVED:
            await self._redraw_copies(prompt)

    async def _redrawn(
        self, prompt: Prompt, chat_id: int, message_id: int, view: View
    ) -> bool:
        """Edit a prompt's message; ``False`` when it is gone and still matters."""
        await self._pace.edit_turn()
        edit = self._gateway.edit(chat_id, message_id, view)
        try:
            await self._minding(prompt.user_id, edit)
        except MessageGone:
            return prompt.state not in _MATTERS
        return True

    async def _redraw_copies(self, prompt: Prompt) -> None:
        """What becomes of an approval stands in the others' messages too."""
        others = await self._tools.journal.find(
            Prompt, signal_id=prompt.signal_id, account_id=prompt.account_id
        )
        items = [
            self._tools.item(Topic.PROMPT, each.id, Priority.EDIT)
            for each in others
            if each.message_id is not None
            and (each.viewer or each.state is PromptState.SUPERSEDED)
        ]
        if items:
            await self._tools.journal.commit(*items)

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

    async def _again(
        self, group: list[OutboxItem], why: str, *, for_ever: bool
    ) -> None:
        """Try once more, a little later each time; some are given up one day."""
        tries = group[0].attempts + 1
        if tries < MOST_TRIES:
            await self._later(group, _growing(tries - 1), tries=tries)
        elif for_ever:
            log.error("message_in_doubt", subject=group[0].subject, reason=why)
            await self._later(group, RARELY, tries=tries)
        else:
            log.error("message_given_up", subject=group[0].subject, reason=why)
            await self._done(group)

    async def _later(
        self, group: list[OutboxItem], wait: timedelta, *, tries: int | None = None
    ) -> None:
        """Put the items back for later."""
        due = self._tools.clock.now() + wait
        tries = group[0].attempts if tries is None else tries
        await self._tools.journal.commit(
            *(
                Save(replace(item, due_at=due, attempts=tries, claimed_until=None))
                for item in group
            )
        )


def _groups(items: list[OutboxItem]) -> dict[str, list[OutboxItem]]:
    """Items for the same prompt together; every notice alone."""
    groups: dict[str, list[OutboxItem]] = {}
    for item in items:
        key = item.subject if item.topic is Topic.PROMPT else item.id
        groups.setdefault(key, []).append(item)
    return groups


def _growing(tries: int) -> timedelta:
    """How long to wait after so many failures."""
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(tries, 6)))

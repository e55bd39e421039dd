"""A prompt's message is made to match its row: sent, drawn again, or left alone.

    in no chat, and wanted      a new message
    in no chat, and over        nothing: nobody needs to read what ended meanwhile
    in a chat                   an edit; a new message if it was deleted and matters

The row is looked at once more when the message's turn has come. An approval is
also drawn in the messages of those who look on, or were too late.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.telegram.cards import PromptCard, prompt_card
from bot.telegram.reading import is_asleep, reading
from bot.telegram.views.prompts import asked_again_view, prompt_view
from bot.telegram.views.view import View
from bot.telegram.wire.failures import Lost, MessageGone, Outdated
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.remembering import Remembering
from bot.telegram.wire.way_out import Urgency
from core.desk.delivering import delivered, forget_message, is_late, is_wanted
from core.desk.flooding import is_muted, stays_out
from core.desk.tools import Tools
from core.ids import PromptId, ProviderName
from core.messages import OutboxItem, Priority, Topic, Undelivered
from core.prompts import UNDECIDED, Prompt, PromptState
from core.users import Provider

PATIENCE = timedelta(seconds=1)
"""How long a message holds its place for its chat's turn; then it goes back."""
_MATTERS = UNDECIDED | {PromptState.APPROVED}
"""States of which a person must read even if they deleted the message."""
ASKS = frozenset({Priority.PROMPT, Priority.BUSY})
"""Of the items that a prompt is first sent by."""
_LOOKS = 5
"""How often a row may change before its turn until it is shown as it was."""
_REMEMBERED = 1000
"""Approvals of which it is known what the others read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a prompt's message is to show its reader."""

    card: PromptCard
    view: View
    silent: bool
    """Whether a new message makes no sound: it is a quiet hour there."""


async def picture(tools: Tools, prompt_id: PromptId) -> Picture | None:
    """The prompt as it is now; ``None`` when it is gone."""
    card = await prompt_card(tools, prompt_id)
    if card is None:
        return None
    silent = await is_asleep(tools, card.prompt.user_id)
    with await reading(tools, card.prompt.user_id):
        return Picture(card=card, view=prompt_view(card), silent=silent)


class Showing:
    """Shows prompts; one for each sender."""

    def __init__(self, tools: Tools, gateway: Gateway) -> None:
        self._tools = tools
        self._gateway = gateway
        self._copied: dict[PromptId, View] = {}
        """The picture of each approval that the others' messages were drawn for."""
        self._muted: frozenset[ProviderName] = frozenset()

    async def look(self, ids: frozenset[str]) -> dict[str, Picture]:
        """What these prompts are to show, read together, and who is muted now."""
        if not ids:
            return {}
        now, journal = self._tools.clock.now(), Remembering(self._tools.journal)
        self._muted = frozenset(
            each.id for each in await journal.find(Provider) if is_muted(each, now)
        )
        await journal.read_prompts(ids)
        tools = replace(self._tools, journal=journal)
        drawn = {each: await picture(tools, PromptId(each)) for each in ids}
        return {each: found for each, found in drawn.items() if found is not None}

    async def show(
        self, drawn: Picture, priority: Priority, before: View | None = None
    ) -> tuple[View | None, Undelivered]:
        """Make the message match; what it shows now, and why nobody reads it.

        ``before`` is what it is known to show already.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """
        shown: Picture | None = drawn
        for looks in range(_LOOKS):
            if shown is None:
                return None, Undelivered.NONE
            try:
                return await self._show(
                    shown, priority, before, surely=looks == _LOOKS - 1
                )
            except Outdated:
                shown = await picture(self._tools, drawn.card.prompt.id)
        message = "it changes faster than it can be shown"
        raise Lost(message)

    async def _show(
        self, drawn: Picture, priority: Priority, before: View | None, *, surely: bool
    ) -> tuple[View | None, Undelivered]:
        card, prompt, view = drawn.card, drawn.card.prompt, drawn.view
        urgency = self._urgency(prompt, priority, surely=surely)
        urgency = replace(urgency, silent=drawn.silent)
        if prompt.chat_id is None or prompt.message_id is None:
            if not await self._comes(card, urgency):
                return None, self._why_not(card, priority)
            await self._send(card, view, urgency)
        elif view != before and not await self._redrawn(prompt, view, urgency):
            await forget_message(self._tools, prompt.id)
            raise Outdated
        if prompt.state is PromptState.APPROVED:
            await self._redraw_copies(prompt, view)
        return view, Undelivered.NONE

    def _urgency(self, prompt: Prompt, priority: Priority, *, surely: bool) -> Urgency:
        if surely:
            return Urgency(priority=priority, patience=PATIENCE)

        async def still() -> bool:
            now = await self._tools.journal.get(Prompt, prompt.id)
            return now == prompt

        return Urgency(priority=priority, patience=PATIENCE, still=still)

    # ------------------------------------------------------------ a new message
    async def _comes(self, card: PromptCard, urgency: Urgency) -> bool:
        """Whether a new message is due; the one of before a snooze has no buttons then.

        A prompt that ended before it came back is shown in its former message.
        """
        prompt, former = card.prompt, card.prompt.former_message_id
        if former is not None and prompt.state not in UNDECIDED:
            await delivered(self._tools, prompt, former)
            raise Outdated
        if not is_wanted(prompt, card.now) or await self._stays_out(card):
            return False
        if former is not None:
            with await reading(self._tools, prompt.user_id):
                again = asked_again_view(card)
            with suppress(MessageGone):
                await self._gateway.edit(prompt.user_id, former, again, urgency)
        return True

    async def _stays_out(self, card: PromptCard) -> bool:
        """Whether its provider is not heard, or not yet."""
        unheard = card.prompt.held or card.signal.provider in self._muted
        return unheard and await stays_out(self._tools, card.prompt.id)

    @staticmethod
    def _why_not(card: PromptCard, priority: Priority) -> Undelivered:
        """Whose time was over before it was sent was never asked."""
        late = priority in ASKS and is_late(card.prompt, card.now)
        return (
            Undelivered.EXPIRED if late and not card.prompt.held else Undelivered.NONE
        )

    async def _send(self, card: PromptCard, view: View, urgency: Urgency) -> None:
        prompt = card.prompt
        message_id = await self._gateway.send(prompt.user_id, view, urgency)
        kept = await delivered(self._tools, prompt, message_id)
        if kept not in (None, message_id):
            # an earlier copy was tapped meanwhile: this one asks nothing more
            await self._gateway.try_clear(prompt.user_id, message_id)

    # ------------------------------------------------------------ an edit
    async def _redrawn(self, prompt: Prompt, view: View, urgency: Urgency) -> bool:
        """Edit a prompt's message; ``False`` when it is gone and still matters."""
        chat_id, message_id = prompt.chat_id or 0, prompt.message_id or 0
        try:
            await self._gateway.edit(chat_id, message_id, view, urgency)
        except MessageGone:
            return prompt.state not in _MATTERS
        return True

    async def _redraw_copies(self, prompt: Prompt, view: View) -> None:
        """What becomes of an approval stands in the others' messages too.

        Once for each picture of it, and not where that is on its way already.
        """
        if self._copied.get(prompt.id) == view:
            return
        others = await self._tools.journal.find(
            Prompt, signal_id=prompt.signal_id, account_id=prompt.account_id
        )
        copies = [
            each.id
            for each in others
            if each.message_id is not None
            and (each.viewer or each.state is PromptState.SUPERSEDED)
        ]
        coming = await self._coming(copies)
        items = [
            self._tools.item(Topic.PROMPT, each, Priority.EDIT)
            for each in copies
            if each not in coming
        ]
        if items:
            await self._tools.journal.commit(*items)
        self._copied[prompt.id] = view
        if len(self._copied) > _REMEMBERED:
            self._copied.pop(next(iter(self._copied)))

    async def _coming(self, prompts: list[PromptId]) -> set[str]:
        """Those that are drawn again in any case, and nobody has begun to."""
        if not prompts:
            return set()
        open_items = await self._tools.journal.find(
            OutboxItem,
            topic=Topic.PROMPT,
            subject=frozenset(prompts),
            done_at=None,
            claimed_until=None,
        )
        return {each.subject for each in open_items}

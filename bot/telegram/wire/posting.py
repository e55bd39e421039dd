"""A signal's message in a group is made to match its rows: sent, or drawn again.

    in no group, and wanted      a new message, in its topic or in the group itself
    in no group, and over        nothing
    in a group                   an edit; one that somebody deleted there stays away

It is drawn again whenever a prompt of the same signal and account is, unless that is
only sent: what becomes of prompts is what it tells.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from bot.telegram.posting_cards import PostingCard, posting_card
from bot.telegram.reading import reading
from bot.telegram.views.groups import posting_view
from bot.telegram.views.view import View
from bot.telegram.wire.failures import MessageGone, TopicGone
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.showing import ASKS, PATIENCE
from bot.telegram.wire.way_out import Urgency
from core.desk.grouping import lost_group
from core.desk.posting import is_wanted, posted, without_topic
from core.desk.tools import Tools
from core.groups import Posting
from core.ids import PostingId
from core.messages import OutboxItem, Priority, Topic, Undelivered
from core.prompts import Prompt, PromptState

_REMEMBERED = 1000
"""Postings of which it is known what they show."""


class Postings:
    """Shows postings; one for each sender."""

    def __init__(self, tools: Tools, gateway: Gateway) -> None:
        self._tools = tools
        self._gateway = gateway
        self._shown: dict[PostingId, View] = {}

    async def follow(self, items: Iterable[OutboxItem]) -> None:
        """Have the postings drawn again whose prompts are, before those are done."""
        drawn = {
            each.subject: each.priority
            for each in items
            if each.topic is Topic.PROMPT and each.priority not in ASKS
        }
        if not drawn:
            return
        journal = self._tools.journal
        urgent: dict[tuple[str, str], Priority] = {}
        for prompt in await journal.find(Prompt, id=frozenset(drawn)):
            key = (prompt.signal_id, prompt.account_id)
            urgent[key] = min(drawn[prompt.id], urgent.get(key, Priority.BROADCAST))
        signals = frozenset(signal_id for signal_id, _ in urgent)
        found = {
            each.id: urgent[each.signal_id, each.account_id]
            for each in await journal.find(Posting, signal_id=signals)
            if (each.signal_id, each.account_id) in urgent
        }
        coming = await self._coming(frozenset(found))
        await journal.commit(
            *(
                self._tools.item(Topic.POSTING, each, priority)
                for each, priority in found.items()
                if each not in coming
            )
        )

    async def _coming(self, postings: frozenset[PostingId]) -> set[str]:
        """Those that are drawn again in any case, and nobody has begun to."""
        if not postings:
            return set()
        waiting = await self._tools.journal.find(
            OutboxItem,
            topic=Topic.POSTING,
            subject=postings,
            done_at=None,
            claimed_until=None,
        )
        return {each.subject for each in waiting}

    async def show(self, item: OutboxItem) -> Undelivered:
        """Make the message match; why nobody reads it, if nobody does.

        Raises:
            TelegramFailure: see ``bot.telegram.wire.failures``.
        """
        card = await posting_card(self._tools, PostingId(item.subject))
        if card is None:
            return Undelivered.NONE
        with await reading(self._tools, card.reader):
            view = posting_view(card)
        posting = card.posting
        urgency = Urgency(priority=item.priority, patience=PATIENCE)
        if posting.message_id is None:
            if not is_wanted(card.asked, card.card.now):
                return _why_not(card, item.priority)
            await self._send(posting, view, urgency)
        elif self._shown.get(posting.id) != view:
            with suppress(MessageGone):
                await self._gateway.edit(
                    posting.chat_id, posting.message_id, view, urgency
                )
        self._shown[posting.id] = view
        if len(self._shown) > _REMEMBERED:
            self._shown.pop(next(iter(self._shown)))
        return Undelivered.NONE

    async def _send(self, posting: Posting, view: View, urgency: Urgency) -> None:
        try:
            message_id = await self._gateway.send(posting.chat_id, view, urgency)
        except TopicGone:
            if not await without_topic(self._tools, posting.id):
                return
            there = replace(view, topic=None)
            message_id = await self._gateway.send(posting.chat_id, there, urgency)
        await posted(self._tools, posting.id, message_id)

    async def lost(self, item: OutboxItem) -> None:
        """The bot was thrown out of the posting's group."""
        posting = await self._tools.journal.get(Posting, item.subject)
        if posting is not None:
            await lost_group(self._tools, posting.chat_id)


def _why_not(card: PostingCard, priority: Priority) -> Undelivered:
    """What was over before it was sent was never shown to the group."""
    over = any(each.state is PromptState.EXPIRED for each in card.asked)
    late = any(each.expires_at <= card.card.now for each in card.asked)
    first = priority in ASKS and (over or late)
    return Undelivered.EXPIRED if first else Undelivered.NONE

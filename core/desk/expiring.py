"""What is over ends: undecided prompts, a Confirm not given, a snooze, old messages."""

from dataclasses import replace
from datetime import timedelta

from core.desk.deciding import back_to_question
from core.desk.snoozing import woken
from core.desk.tools import Tools
from core.errors import Conflict
from core.messages import InboxUpdate, OutboxItem, Priority, Topic
from core.moves import follow
from core.ports import AtMost, Delete, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent, PromptState
from core.refusals import RefusedRequests
from core.signals import Signal, SignalStatus

KEPT_FOR = timedelta(days=7)
"""How long a message or update that is done with is kept for questions."""
AT_A_TIME = 500
"""Rows removed in one transaction, so that nobody waits long for it."""


async def expire(tools: Tools) -> int:
    """End what nobody decided in time; returns how many prompts ended."""
    now = tools.clock.now()
    ended = 0
    for prompt in await tools.journal.find(
        Prompt, state=UNDECIDED, expires_at=AtMost(value=now)
    ):
        state = follow(PROMPT_MOVES, prompt.state, PromptEvent.EXPIRE)
        ended += await _try(
            tools,
            Save(replace(prompt, state=state, reason="")),
            tools.item(Topic.PROMPT, prompt.id, Priority.EDIT),
        )
    for prompt in await tools.journal.find(
        Prompt, state=PromptState.CONFIRMING, confirm_until=AtMost(value=now)
    ):
        await _try(
            tools,
            Save(back_to_question(tools, prompt)),
            tools.item(Topic.PROMPT, prompt.id, Priority.EDIT),
        )
    for prompt in await tools.journal.find(
        Prompt, state=PromptState.SNOOZED, snoozed_until=AtMost(value=now)
    ):
        await _try(tools, *woken(tools, prompt))
    for signal in await tools.journal.find(
        Signal, status=SignalStatus.NEW, expires_at=AtMost(value=now)
    ):
        await _try(tools, Save(signal))
    return ended


async def forget(tools: Tools) -> int:
    """Remove messages, updates and refused requests of long ago; returns how many.

    What they did stays: signals, decisions, orders and the audit are never removed.
    """
    before = tools.clock.now() - KEPT_FOR
    gone = 0
    for kind in (InboxUpdate, OutboxItem):
        while removed := await tools.journal.forget(
            kind, done_before=before, limit=AT_A_TIME
        ):
            gone += removed
    for refused in await tools.journal.find(
        RefusedRequests, last_at=AtMost(value=before), limit=AT_A_TIME
    ):
        gone += await _try(tools, Delete(refused))
    return gone


async def _try(tools: Tools, *writes: Write) -> int:
    """Commit unless somebody else was first; the next round looks again."""
    try:
        await tools.journal.commit(*writes)
    except Conflict:
        return 0
    return 1

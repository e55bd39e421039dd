"""What nobody decided in time ends; a Confirm that was not given goes back."""

from dataclasses import replace

from core.desk.deciding import back_to_question
from core.desk.tools import Tools
from core.errors import Conflict
from core.messages import Priority, Topic
from core.moves import follow
from core.ports import AtMost, Save, Write
from core.prompts import PROMPT_MOVES, UNDECIDED, Prompt, PromptEvent, PromptState
from core.signals import Signal, SignalStatus


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
    for signal in await tools.journal.find(
        Signal, status=SignalStatus.NEW, expires_at=AtMost(value=now)
    ):
        await _try(tools, Save(signal))
    return ended


async def _try(tools: Tools, *writes: Write) -> int:
    """Commit unless somebody else was first; the next round looks again."""
    try:
        await tools.journal.commit(*writes)
    except Conflict:
        return 0
    return 1

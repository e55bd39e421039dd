"""Which message is a prompt's, and whether a prompt still wants one.

A message is sent first and remembered afterwards, so one may be in a chat that
nobody knows of. Whoever taps on it shows it to us: then it is the prompt's message,
and no other is sent.
"""

from dataclasses import replace
from datetime import datetime

from core.desk.grouping import moved_group
from core.desk.taps import Tap
from core.desk.tools import Tools, again
from core.ids import PromptId
from core.messages import Priority, Topic
from core.moves import follow
from core.ports import Insert, Save
from core.prompts import (
    PROMPT_MOVES,
    UNDECIDED,
    Prompt,
    PromptEvent,
    PromptState,
)

QUIET = frozenset(
    {
        PromptState.SNOOZED,
        PromptState.REJECTED,
        PromptState.EXPIRED,
        PromptState.CANCELLED,
        PromptState.SUPERSEDED,
    }
)
"""Nothing that a person without the message has to read."""


def is_wanted(prompt: Prompt, now: datetime) -> bool:
    """Whether a prompt that is in no chat is to be sent into one.

    What ended while it waited is not; a prompt that was refused at once is, because
    its reader learns of the signal by it.
    """
    return prompt.state not in QUIET and not is_late(prompt, now)


def is_late(prompt: Prompt, now: datetime) -> bool:
    """Whether its time to decide is over, although nobody may have said so yet."""
    over = prompt.state in UNDECIDED and prompt.expires_at <= now
    return over or prompt.state is PromptState.EXPIRED


async def delivered(tools: Tools, shown: Prompt, message_id: int) -> int | None:
    """Remember the message of a prompt as it was shown.

    Whatever happened to the prompt meanwhile stays, and is to be drawn. Returns the
    prompt's message: another one, where somebody has tapped on it meanwhile; ``None``
    when there is no such prompt any more.
    """
    return await again(lambda: _delivered(tools, shown, message_id))


async def _delivered(tools: Tools, shown: Prompt, message_id: int) -> int | None:
    prompt = await tools.journal.get(Prompt, shown.id)
    if prompt is None:
        return None
    if prompt.message_id is not None:
        return prompt.message_id
    drawn = () if prompt == shown else (_drawn(tools, prompt.id),)
    await tools.journal.commit(
        Save(_with_message(prompt, prompt.user_id, message_id)), *drawn
    )
    return message_id


def _drawn(tools: Tools, prompt_id: PromptId) -> Insert:
    return tools.item(Topic.PROMPT, prompt_id, Priority.TAP)


def _with_message(prompt: Prompt, chat_id: int, message_id: int) -> Prompt:
    state = prompt.state
    if state is PromptState.QUEUED:
        state = follow(PROMPT_MOVES, state, PromptEvent.SEND)
    return replace(
        prompt,
        state=state,
        chat_id=chat_id,
        message_id=message_id,
        former_message_id=None,
    )


async def forget_message(tools: Tools, prompt_id: PromptId) -> None:
    """The prompt's message is gone from its chat."""
    await again(lambda: _forget_message(tools, prompt_id))


async def _forget_message(tools: Tools, prompt_id: PromptId) -> None:
    prompt = await tools.journal.get(Prompt, prompt_id)
    if prompt is not None:
        lost = replace(prompt, chat_id=None, message_id=None)
        await tools.journal.commit(Save(lost))


async def adopt_message(tools: Tools, tap: Tap) -> None:
    """What was tapped is the prompt's message, where none is known.

    The button's nonce is known only to who was shown it.
    """
    await again(lambda: _adopt(tools, tap))


async def _adopt(tools: Tools, tap: Tap) -> None:
    if not tap.nonce or not tap.message_id:
        return
    for prompt in await tools.journal.find(
        Prompt, nonce=tap.nonce, user_id=tap.user_id, message_id=None
    ):
        found = _with_message(prompt, tap.chat_id, tap.message_id)
        await tools.journal.commit(Save(found))


async def chat_moved(tools: Tools, old: int, new: int) -> None:
    """A group became a supergroup: what is in it has another chat id.

    Its messages have other numbers there, so they are not looked for.
    """
    await again(lambda: _chat_moved(tools, old, new))


async def _chat_moved(tools: Tools, old: int, new: int) -> None:
    held = await tools.journal.find(Prompt, chat_id=old)
    writes = [
        *(Save(replace(prompt, chat_id=new)) for prompt in held),
        *await moved_group(tools, old, new),
    ]
    if writes:
        await tools.journal.commit(*writes)

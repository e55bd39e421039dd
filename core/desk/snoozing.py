"""A prompt that goes quiet for a while, and comes back as a new message.

Meanwhile its message says until when, and its buttons work. An edit makes no sound:
so the prompt is sent anew, and the former message loses its buttons.
"""

from dataclasses import replace
from datetime import timedelta

from core.desk.authorising import case_of, moved
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, again
from core.messages import Priority, Topic
from core.ports import Save, Write
from core.prompts import Prompt, PromptEvent, PromptState

SNOOZE_FOR = timedelta(minutes=5)
BEFORE_EXPIRY = timedelta(minutes=2)
"""What is left to decide in, at least, when it comes back."""


async def snooze(tools: Tools, tap: Tap) -> Reply:
    """Let the prompt be quiet; nothing is decided by that."""
    return await again(lambda: _snooze(tools, tap))


async def _snooze(tools: Tools, tap: Tap) -> Reply:
    case = await case_of(tools, tap)
    if isinstance(case, Reply):
        return case
    prompt, now = case.prompt, tools.clock.now()
    if prompt.state not in (PromptState.QUEUED, PromptState.SENT):
        return OUTDATED
    until = min(now + SNOOZE_FOR, prompt.expires_at - BEFORE_EXPIRY)
    if until <= now:
        text = "This expires too soon to be snoozed: decide now."
        return Reply(text=text, alert=True, prompt=prompt)
    quiet = replace(moved(prompt, PromptEvent.SNOOZE), snoozed_until=until)
    await tools.journal.commit(
        Save(quiet), tools.item(Topic.PROMPT, quiet.id, Priority.TAP)
    )
    return Reply(text="Snoozed: it comes back in time.", prompt=quiet)


def woken(tools: Tools, prompt: Prompt) -> tuple[Write, ...]:
    """What brings a prompt back whose time is over."""
    awake = replace(
        moved(prompt, PromptEvent.WAKE),
        chat_id=None,
        message_id=None,
        former_message_id=prompt.message_id,
    )
    return Save(awake), tools.item(Topic.PROMPT, awake.id, Priority.PROMPT)

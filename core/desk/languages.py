"""In which language somebody reads: what they chose, first that of their Telegram."""

from dataclasses import replace

from core.desk.tools import Tools, again
from core.ids import UserId
from core.messages import Priority, Topic
from core.ports import Save
from core.prompts import UNDECIDED, Prompt
from core.users import User


async def choose_language(tools: Tools, user_id: UserId, language: str) -> None:
    """From now on, and in the messages that still wait for an answer."""
    await again(lambda: _choose(tools, user_id, language))


async def _choose(tools: Tools, user_id: UserId, language: str) -> None:
    user = await tools.journal.get(User, user_id)
    if user is None or user.language == language:
        return
    waiting = await tools.journal.find(Prompt, user_id=user_id, state=UNDECIDED)
    drawn = [
        tools.item(Topic.PROMPT, each.id, Priority.EDIT)
        for each in waiting
        if each.message_id is not None
    ]
    await tools.journal.commit(Save(replace(user, language=language)), *drawn)

"""Who reads what is drawn next: the language and the clock that a person chose."""

from contextlib import AbstractContextManager

from bot.telegram.languages.catalogue import ENGLISH
from bot.telegram.views.speech import speaking
from core.desk.tools import Tools
from core.ids import UserId
from core.users import User


async def reading(
    tools: Tools, user_id: UserId, otherwise: str = ENGLISH
) -> AbstractContextManager[None]:
    """A block in which all is said to this person; ``otherwise`` to a stranger."""
    user = await tools.journal.get(User, user_id)
    if user is None:
        return speaking(otherwise)
    return speaking(user.language, user.time_zone)

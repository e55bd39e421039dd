"""Who reads what is drawn next: the language and the clock that a person chose."""

from contextlib import AbstractContextManager
from datetime import UTC

from bot.telegram.languages.catalogue import ENGLISH
from bot.telegram.views.speech import known_zone, speaking
from core.access import is_quiet
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


async def is_asleep(tools: Tools, user_id: UserId) -> bool:
    """Whether messages make no sound for this person now: it is a quiet hour there."""
    user = await tools.journal.get(User, user_id)
    if user is None:
        return False
    zone = known_zone(user.time_zone) or UTC
    return is_quiet(user, tools.clock.now().astimezone(zone).time())

"""How people are called: a name that they chose, and the id that it goes by. Pure.

Names come from strangers: they are tidied, escaped and cut, and the numeric id stands
beside each, for a name proves nothing.
"""

import re
from collections.abc import Mapping

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.speech import later, say
from bot.telegram.views.text import brief, clip, tidy
from bot.telegram.views.view import Button
from core.ids import UserId
from core.users import Role, User

NAME_LIMIT = 32
LABEL_LIMIT = 20
ROLES = {
    Role.VIEWER: later("viewer"),
    Role.APPROVER: later("approver"),
    Role.ADMIN: later("admin"),
    Role.OWNER: later("owner"),
}
_WHO = re.compile(r"user:(\d+)")

Row = tuple[Button, ...]


def named(user: User | None) -> str:
    """A person for HTML: the name, and the id that it goes by."""
    if user is None:
        return say("the command line")
    return f"{brief(user.name, NAME_LIMIT) or say('somebody')} ({user.id})"


def label(user: User) -> str:
    """A person on a button."""
    return clip(tidy(user.name), LABEL_LIMIT) or str(user.id)


def with_names(text: str, people: Mapping[UserId, User]) -> str:
    """HTML in which people are called by their names, and not as in the audit."""
    return _WHO.sub(lambda found: _called(found[1], people), text)


def _called(number: str, people: Mapping[UserId, User]) -> str:
    user = people.get(UserId(int(number)))
    return named(user) if user else number


def ids_in(text: str) -> set[UserId]:
    """Whom a sentence is about, as the audit calls them."""
    return {UserId(int(number)) for number in _WHO.findall(text)}


def confirm_row(data: str, back: Button) -> Row:
    """Confirm, in the colour of what cannot be undone, and the way back."""
    return Button(text=say("Confirm"), data=data, style="danger"), back


def page_button(text: str, page: int, account: str) -> Button:
    """To a page of the members of an account, or to the accounts."""
    return Button(text=text, data=pack(Press.USERS, f"{page}.{account}"))

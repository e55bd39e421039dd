"""What every button has to do with: whose handler it is, and how long it may wait."""

from collections.abc import Awaitable, Callable

from bot.telegram.callbacks import Pressed
from bot.telegram.desk import Desk
from bot.telegram.views.speech import say
from bot.telegram.views.view import View
from core.desk.taps import Reply, Tap
from core.desk.tools import by_user
from core.ports import Record

Handler = Callable[[Desk, Tap, Pressed], Awaitable[Reply]]
"""Of a button."""
Command = Callable[..., Awaitable[None]]
"""Of a command; takes what it needs of the message, the desk and the person."""

ASKED_FOR_SECONDS = 60
"""How long a question like /panic may be confirmed."""


def too_late() -> Reply:
    """The answer to a Confirm that comes when its question is over."""
    text = say("That was asked too long ago; send the command again.")
    return Reply(text=text, alert=True)


def not_for_you() -> View:
    """What others read in the place of an admin's screen."""
    return View(text=say("Only admins can do that. Ask one of them."))


async def note_refused(desk: Desk, tap: Tap, pressed: Pressed, subject: str) -> None:
    """Write down that somebody tapped what is not theirs to decide."""
    record = Record(
        actor=by_user(tap.user_id),
        action="tap_refused",
        subject=subject,
        detail={"update": str(tap.update_id), "press": pressed.press.name.lower()},
    )
    await desk.tools.journal.commit(record)


def asked_too_long_ago(desk: Desk, asked: str) -> bool:
    """Whether a question that was asked then (unix seconds) is over."""
    now = int(desk.tools.clock.now().timestamp())
    return not asked.isdecimal() or abs(now - int(asked)) > ASKED_FOR_SECONDS

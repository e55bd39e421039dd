"""What every button has to do with: whose handler it is, and how long it may wait."""

from collections.abc import Awaitable, Callable

from bot.telegram.callbacks import Pressed
from bot.telegram.desk import Desk
from bot.telegram.views.view import View
from core.desk.taps import Reply, Tap

Handler = Callable[[Desk, Tap, Pressed], Awaitable[Reply]]

ASKED_FOR_SECONDS = 60
"""How long a question like /panic may be confirmed."""
TOO_LATE = Reply(
    text="That was asked too long ago; send the command again.", alert=True
)
NOT_FOR_YOU = View(text="Only admins can do that. Ask one of them.")


def asked_too_long_ago(desk: Desk, asked: str) -> bool:
    """Whether a question that was asked then (unix seconds) is over."""
    now = int(desk.tools.clock.now().timestamp())
    return not asked.isdecimal() or abs(now - int(asked)) > ASKED_FOR_SECONDS

"""A tap as Telegram vouches for it, and what the person who tapped is told."""

from dataclasses import dataclass

from core.ids import UserId
from core.prompts import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A button that somebody pressed, as Telegram vouches for it."""

    user_id: UserId
    nonce: str
    chat_id: int
    message_id: int
    update_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the person who tapped is told; ``alert`` needs to be dismissed."""

    text: str
    alert: bool = False
    consent_needed: bool = False
    prompt: Prompt | None = None
    """The prompt as it is now; its message is drawn again."""


OUTDATED = Reply(
    text="That button is from before; the message shows where it stands now."
)

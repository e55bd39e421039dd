"""What the handlers work with."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.telegram.wire.gateway import Gateway
from core.desk.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The use cases' tools, the way out, and a way to hurry the watchers."""

    tools: Tools
    gateway: Gateway
    look: Callable[[], None]
    """Has every account looked at now."""

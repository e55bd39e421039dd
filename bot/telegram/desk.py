"""What the handlers work with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.telegram.wire.gateway import Gateway
from core.desk.tools import Tools
from core.ids import AccountId


class Watch(Protocol):
    """What the service does when somebody asks."""

    def look(self) -> None:
        """Have every account looked at now."""
        ...

    async def reconcile(self, account_ids: Collection[AccountId]) -> None:
        """Return once these accounts were compared with their brokers."""
        ...

    async def troubles(self) -> Mapping[str, str]:
        """What is not well: a sentence for each such part of the service."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The use cases' tools, the way out, and the service's watch."""

    tools: Tools
    gateway: Gateway
    watch: Watch

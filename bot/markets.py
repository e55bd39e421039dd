"""What the service and the demo ask of a simulated market beside the broker port."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from core.market import Quote


class Breakable(Protocol):
    """Faults on purpose."""

    def apply(self, wishes: Mapping[str, object]) -> None:
        """Raises ``Refused`` or ``ValueError`` for a wish that makes no sense."""
        ...


class PaperMarket(Protocol):
    """A paper broker's own side."""

    @property
    def faults(self) -> Breakable:
        """What is broken on purpose."""
        ...

    async def tick(self) -> None:
        """Let the time that has passed do its work."""
        ...

    async def get_quote(self, instrument: str) -> Quote:
        """The present bid and ask."""
        ...

    async def steer(self, instrument: str, target: Decimal, over: timedelta) -> None:
        """Move the bid to ``target`` within ``over``, and hold it there."""
        ...

    async def release(self, instrument: str) -> None:
        """Give the instrument back to its feed."""
        ...

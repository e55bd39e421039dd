"""What the service and the demo ask of a simulated market beside the broker port."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from core.market import Quote
from core.ports import Broker


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


Sources = Callable[[], Sequence[Broker]]
"""The brokers whose prices are followed, at this moment; that of the charts first."""


class Following(Protocol):
    """What all who follow on paper share."""

    def broker(self, name: str, *, currency: str, balance: Decimal) -> Broker:
        """That of one follower; nothing is read yet."""
        ...

    def forget(self, name: str) -> None:
        """Nobody asks it any more."""
        ...

    async def tick(self) -> Sequence[str]:
        """Let the present prices do their work; whose account they changed."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...

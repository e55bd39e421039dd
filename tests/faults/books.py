"""All ledgers of one run, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.broker import Deal, DealEntry
from mt5_bridge.paper.store import Ledger
from tests.faults import ledgers
from tests.faults.world import World

Rows = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All ledgers of one run, side by side."""

    world: World
    broker: Ledger
    signals: Rows
    prompts: Rows
    approvals: Rows
    orders: Rows
    sends: Rows
    trades: Rows
    audit: Rows
    guard: Mapping[str, Any]
    inbox: Rows

    @property
    def entries(self) -> list[Deal]:
        """What was opened at the broker."""
        return [deal for deal in self.broker.deals if deal.entry is DealEntry.IN]

    @property
    def extra(self) -> int:
        """How many copies of one message deaths and lost answers may have left."""
        return self.world.run.deaths + self.world.run.plan.lost_answers


def read_books(world: World) -> Books:
    """Open all ledgers; the service must be dead."""
    folder = world.run.folder

    def table(name: str) -> Rows:
        return ledgers.rows_of(folder, f"SELECT * FROM {name}")  # noqa: S608

    return Books(
        world=world,
        broker=ledgers.broker(folder),
        signals=table("signals"),
        prompts=table("prompts"),
        approvals=table("approvals"),
        orders=table("orders"),
        sends=table("sends"),
        trades=table("trades"),
        audit=table("audit"),
        guard=table("guards")[0],
        inbox=table("inbox"),
    )

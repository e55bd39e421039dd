"""``tapgate status``: from the database, never from a terminal.

The service counts as running while the lease of an account is in force: it renews
them at every look, and lets go of them when it ends. One that was killed is told so
when they run out, which takes ten seconds.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.accounts import OF_THE_HOUSE, Account, AccountSource, GuardState
from core.desk.tools import lease_of
from core.limits import drawdown_percent
from core.messages import UNDELIVERED, InboxUpdate, Lease, OutboxItem, Topic
from core.orders import LIVE, Order
from core.ports import Journal
from core.trades import ON_THE_BOOK, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """One account as last seen."""

    name: str
    broker: str
    mode: str
    currency: str
    equity: Decimal
    peak: Decimal
    drawdown_percent: Decimal
    guard: str
    measured_at: str | None
    """When it was last validly read; ``None`` before the first time."""
    reading_age_seconds: int | None
    """How long ago that is."""
    watched: bool
    """Whether a running service looks at it."""
    positions: list[dict[str, Any]]
    orders: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything on one screen."""

    running: bool
    """Whether the service runs, as far as the database shows."""
    accounts: list[AccountStatus]
    queues: dict[str, int]
    undelivered: int
    """Messages of the last days that never reached their reader."""
    followers: int
    """People who follow on paper, whose accounts are not listed."""

    def as_json(self) -> dict[str, Any]:
        """The contract's shape; decimals as text."""
        return asdict(self)


async def read_status(journal: Journal, *, now: datetime) -> Status:
    """Read it all."""
    held = {each.id for each in await journal.find(Lease) if each.expires_at > now}
    papers = await journal.find(Account, source=AccountSource.FOLLOW)
    return Status(
        running=bool(held - {lease_of(each.id) for each in papers}),
        accounts=[
            await _account(journal, each, now=now, watched=lease_of(each.id) in held)
            for each in await journal.find(Account, source=OF_THE_HOUSE)
        ],
        queues={
            topic.value: await journal.count(OutboxItem, topic=topic, done_at=None)
            for topic in Topic
        }
        | {"inbox": await journal.count(InboxUpdate, done_at=None)},
        undelivered=await journal.count(OutboxItem, failed=UNDELIVERED),
        followers=sum(each.enabled for each in papers),
    )


async def _account(
    journal: Journal, account: Account, *, now: datetime, watched: bool
) -> AccountStatus:
    guard = await journal.get(GuardState, account.id)
    trades = await journal.find(Trade, account_id=account.id, state=ON_THE_BOOK)
    orders = await journal.find(Order, account_id=account.id, state=LIVE)
    measured = guard.measured_at if guard else None
    return AccountStatus(
        name=account.id,
        broker=account.broker,
        mode=account.mode,
        currency=account.currency,
        equity=guard.equity if guard else Decimal(0),
        peak=guard.peak if guard else Decimal(0),
        drawdown_percent=round(drawdown_percent(guard), 2) if guard else Decimal(0),
        guard=guard.phase if guard else "blind",
        measured_at=measured.isoformat() if measured else None,
        reading_age_seconds=_age(measured, now),
        watched=watched,
        positions=[_position(each) for each in trades],
        orders=[_order(each) for each in orders],
    )


def _age(measured: datetime | None, now: datetime) -> int | None:
    return None if measured is None else max(0, int((now - measured).total_seconds()))


def _position(trade: Trade) -> dict[str, Any]:
    return {
        "ticket": trade.ticket,
        "instrument": trade.instrument,
        "side": trade.side,
        "volume": trade.volume_open,
        "open_price": trade.open_price,
        "stop_loss": trade.stop_loss,
        "take_profit": trade.take_profit,
        "profit": trade.floating,
        "state": trade.state,
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "kind": order.kind,
        "instrument": order.instrument,
        "side": order.side,
        "volume": order.volume,
        "state": order.state,
    }

"""Wrappers that change nothing, for what stands between the desk and the world."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.broker import (
    BrokerRequest,
    OpenRequest,
    OrderLookup,
    OrderResult,
    Snapshot,
)
from core.errors import Duplicate
from core.market import Candle, Quote, Side, SymbolSpec, Timeframe
from core.messages import InboxUpdate, Lease, OutboxItem, Topic
from core.ports import Broker, Journal, R, Row, Write


class PassingJournal:
    """``core.ports.Journal`` that asks another one."""

    def __init__(self, journal: Journal) -> None:
        self.inner = journal

    async def commit(self, *writes: Write) -> None:
        await self.inner.commit(*writes)

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        return await self.inner.accept(batch)

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        return await self.inner.get(kind, identity)

    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        return await self.inner.find(
            kind, order_by=order_by, skip=skip, limit=limit, **fields
        )

    async def count(self, kind: type[Row], /, **fields: object) -> int:
        return await self.inner.count(kind, **fields)

    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        return await self.inner.claim(topics, limit=limit, hold=hold)

    async def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        return await self.inner.forget(kind, done_before=done_before, limit=limit)

    async def next_magic(self) -> int:
        return await self.inner.next_magic()

    async def people_version(self) -> int:
        return await self.inner.people_version()

    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        return await self.inner.take_lease(lease, holder=holder, lasts=lasts)

    async def verify_audit(self) -> int:
        return await self.inner.verify_audit()


class PassingBroker:
    """``core.ports.Broker`` that asks another one."""

    def __init__(self, broker: Broker) -> None:
        self.inner = broker

    @property
    def settle(self) -> timedelta:
        return self.inner.settle

    async def connect(self) -> None:
        await self.inner.connect()

    async def close(self) -> None:
        await self.inner.close()

    async def get_snapshot(self, *, since: datetime) -> Snapshot:
        return await self.inner.get_snapshot(since=since)

    async def get_symbol(self, instrument: str) -> SymbolSpec:
        return await self.inner.get_symbol(instrument)

    async def get_quote(self, instrument: str) -> Quote:
        return await self.inner.get_quote(instrument)

    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        return await self.inner.get_candles(instrument, timeframe, count)

    async def calc_loss(
        self, instrument: str, side: Side, entry: Decimal, exit_price: Decimal
    ) -> Decimal:
        return await self.inner.calc_loss(instrument, side, entry, exit_price)

    async def calc_commission(self, instrument: str) -> Decimal:
        return await self.inner.calc_commission(instrument)

    async def calc_margin(
        self, instrument: str, side: Side, volume: Decimal, price: Decimal
    ) -> Decimal:
        return await self.inner.calc_margin(instrument, side, volume, price)

    async def check_order(self, request: OpenRequest) -> str:
        return await self.inner.check_order(request)

    async def send(self, request: BrokerRequest) -> OrderResult:
        return await self.inner.send(request)

    async def find(self, magic: int) -> OrderLookup:
        return await self.inner.find(magic)

"""No call to a broker lasts for ever: a deadline turns silence into an answer.

A question without an answer is ``BrokerUnavailable``; an order without one is
``OutcomeUnknown``, because the broker may still execute it.
"""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from core.broker import (
    BrokerRequest,
    OpenRequest,
    OrderLookup,
    OrderResult,
    Snapshot,
)
from core.errors import BrokerUnavailable, OutcomeUnknown
from core.market import Candle, Quote, Side, SymbolSpec, Timeframe
from core.ports import Broker

ASK = timedelta(seconds=4)
"""For a question."""
SEND = timedelta(seconds=15)
"""For an order."""
T = TypeVar("T")


class TimedBroker:
    """A broker whose every call ends in time."""

    def __init__(
        self, broker: Broker, *, ask: timedelta = ASK, send: timedelta = SEND
    ) -> None:
        self._broker = broker
        self._ask = ask
        self._send = send

    async def _in_time(self, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._ask.total_seconds()):
                return await answer
        except TimeoutError as silence:
            message = "the broker did not answer in time"
            raise BrokerUnavailable(message) from silence

    @property
    def settle(self) -> timedelta:
        """See ``Broker.settle``."""
        return self._broker.settle

    async def connect(self) -> None:
        """See ``Broker.connect``."""
        await self._broker.connect()

    async def close(self) -> None:
        """See ``Broker.close``."""
        await self._broker.close()

    async def get_snapshot(self, *, since: datetime) -> Snapshot:
        """See ``Broker.get_snapshot``."""
        return await self._in_time(self._broker.get_snapshot(since=since))

    async def get_symbol(self, instrument: str) -> SymbolSpec:
        """See ``Broker.get_symbol``."""
        return await self._in_time(self._broker.get_symbol(instrument))

    async def get_quote(self, instrument: str) -> Quote:
        """See ``Broker.get_quote``."""
        return await self._in_time(self._broker.get_quote(instrument))

    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        """See ``Broker.get_candles``."""
        asked = self._broker.get_candles(instrument, timeframe, count)
        return await self._in_time(asked)

    async def calc_loss(
        self, instrument: str, side: Side, entry: Decimal, exit_price: Decimal
    ) -> Decimal:
        """See ``Broker.calc_loss``."""
        asked = self._broker.calc_loss(instrument, side, entry, exit_price)
        return await self._in_time(asked)

    async def calc_commission(self, instrument: str) -> Decimal:
        """See ``Broker.calc_commission``."""
        return await self._in_time(self._broker.calc_commission(instrument))

    async def calc_margin(
        self, instrument: str, side: Side, volume: Decimal, price: Decimal
    ) -> Decimal:
        """See ``Broker.calc_margin``."""
        asked = self._broker.calc_margin(instrument, side, volume, price)
        return await self._in_time(asked)

    async def check_order(self, request: OpenRequest) -> str:
        """See ``Broker.check_order``."""
        return await self._in_time(self._broker.check_order(request))

    async def send(self, request: BrokerRequest) -> OrderResult:
        """See ``Broker.send``."""
        try:
            async with asyncio.timeout(self._send.total_seconds()):
                return await self._broker.send(request)
        except TimeoutError as silence:
            message = "the broker did not answer the order in time"
            raise OutcomeUnknown(message) from silence

    async def find(self, magic: int) -> OrderLookup:
        """See ``Broker.find``."""
        return await self._in_time(self._broker.find(magic))

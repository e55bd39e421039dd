"""A paper broker on a test bench: a clock to turn and a market that stands still."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from typing_extensions import override

from core.broker import (
    CloseRequest,
    ModifyRequest,
    OpenRequest,
    Position,
    Snapshot,
)
from core.market import Candle, OrderType, Side, Timeframe
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.session import PaperSettings
from mt5_bridge.paper.specs import SPECS
from mt5_bridge.paper.walk import Feed
from tests.fakes import FixedClock

START = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
GOLD, EURO, YEN = "XAUUSD", "EURUSD", "USDJPY"
D = Decimal


class FlatFeed(Feed):
    """Every instrument stands at its base price for ever."""

    def __init__(self, speed: str = "1") -> None:
        super().__init__(
            fingerprint="flat",
            instruments=frozenset(SPECS),
            speed=D(speed),
            resumes_anywhere=True,
        )

    @override
    def spacing(self, instrument: str) -> timedelta:
        return timedelta(minutes=1)

    @override
    def last(self, instrument: str) -> int | None:
        return None

    @override
    def candle(self, instrument: str, number: int) -> Candle:
        price = SPECS[instrument].base_price
        return Candle(
            time=datetime(2020, 1, 5, tzinfo=UTC) + number * timedelta(minutes=1),
            open=price,
            high=price,
            low=price,
            close=price,
            volume=100,
        )

    @override
    def back(
        self, instrument: str, number: int, timeframe: Timeframe
    ) -> Iterator[Candle]:
        while True:
            yield self.candle(instrument, number)
            number -= 1


class Bench:
    """A connected broker and short words for what tests do with it."""

    def __init__(self, broker: PaperBroker, clock: FixedClock, path: Path) -> None:
        self.broker = broker
        self.clock = clock
        self.path = path

    async def snapshot(self) -> Snapshot:
        return await self.broker.get_snapshot(since=START - timedelta(days=365))

    async def position(self) -> Position:
        """The only one there is."""
        (position,) = (await self.snapshot()).positions
        return position

    def lets_pass(self, seconds: float) -> None:
        """Without anybody looking."""
        self.clock.advance(timedelta(seconds=seconds))

    async def passes(self, seconds: float) -> None:
        self.lets_pass(seconds)
        await self.broker.tick()

    async def price(self, instrument: str, bid: str) -> None:
        await self.broker.set_price(instrument, D(bid))

    async def opened(self, **wishes: object) -> Position:
        """Send an order that must be filled."""
        result = await self.broker.send(order(**wishes))
        assert result.position_id is not None, result
        positions = (await self.snapshot()).positions
        return next(each for each in positions if each.ticket == result.position_id)


def order(**wishes: object) -> OpenRequest:
    """A market order to buy 0.1 lots of gold at 1950.25, unless told otherwise."""
    fields: dict[str, object] = {
        "instrument": GOLD,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "volume": D("0.1"),
        "price": D("1950.25"),
        "stop_loss": None,
        "take_profit": None,
        "deviation": D("100000"),
        "expires_at": None,
        "magic": 7,
        "comment": "t-1",
    }
    unknown = wishes.keys() - fields
    assert not unknown, unknown
    for name, value in wishes.items():
        fields[name] = (
            D(value) if isinstance(value, str) and _is_number(value) else value
        )
    return OpenRequest(**fields)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def close(
    position: Position, volume: str | None = None, **wishes: object
) -> CloseRequest:
    """Close the position, or a part of it, unless told otherwise."""
    fields: dict[str, object] = {
        "ticket": position.ticket,
        "instrument": position.instrument,
        "side": position.side,
        "volume": position.volume if volume is None else D(volume),
        "magic": 8,
        "comment": "c-1",
    }
    return CloseRequest(**(fields | wishes))


def stops(
    position: Position, stop_loss: str | None, take_profit: str | None
) -> ModifyRequest:
    """Set both stops."""
    return ModifyRequest(
        ticket=position.ticket,
        stop_loss=None if stop_loss is None else D(stop_loss),
        take_profit=None if take_profit is None else D(take_profit),
        magic=9,
    )


def broker_at(
    path: Path, clock: FixedClock, feed: Feed | None = None, **settings: object
) -> PaperBroker:
    """A broker that is not connected yet."""
    return PaperBroker(
        name="demo",
        path=path,
        clock=clock,
        feed=FlatFeed() if feed is None else feed,
        settings=PaperSettings(**settings),
    )


@asynccontextmanager
async def bench_at(
    path: Path,
    clock: FixedClock | None = None,
    feed: Feed | None = None,
    **settings: object,
) -> AsyncIterator[Bench]:
    """A connected broker on the file ``path``, closed at the end."""
    clock = FixedClock(START) if clock is None else clock
    broker = broker_at(path, clock, feed, **settings)
    await broker.connect()
    try:
        yield Bench(broker, clock, path)
    finally:
        await broker.close()

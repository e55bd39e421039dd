"""Those who follow on paper: one market's prices, little cost, few open files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.broker import DealReason, OpenRequest
from core.errors import BrokerUnavailable, Refused
from core.market import OrderType, Side, Timeframe
from mt5_bridge.paper.board import Board
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.follower import FollowBroker
from mt5_bridge.paper.ground import FollowGround
from mt5_bridge.paper.session import PaperSettings
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import EURO, GOLD, START, YEN, FlatFeed

D = Decimal
LONG_AGO = START - timedelta(days=1)


class Place:
    """A market, and those who follow it."""

    def __init__(self, folder: Path, **how: int) -> None:
        self.clock = FixedClock(START)
        self.folder = folder
        self.market = PaperBroker(
            name="demo",
            path=folder / "paper-demo.db",
            clock=self.clock,
            feed=FlatFeed(),
            settings=PaperSettings(),
        )
        self.asked = 0
        self.sources = [self.market]
        board = Board(self._sources, self.clock)
        self.ground = FollowGround(board, folder / "followers", **how)

    def _sources(self) -> list[PaperBroker]:
        self.asked += 1
        return self.sources

    def follower(self, number: int = 1, currency: str = "USD") -> FollowBroker:
        return self.ground.broker(
            f"paper-{number}", currency=currency, balance=D(10_000)
        )

    async def move(self, bid: str, instrument: str = GOLD) -> None:
        await self.market.set_price(instrument, D(bid))
        self.clock.advance(timedelta(seconds=1))


@asynccontextmanager
async def opened(folder: Path, **how: int) -> AsyncIterator[Place]:
    place = Place(folder, **how)
    await place.market.connect()
    await place.move("1950.00")
    yield place
    await place.ground.close()
    await place.market.close()


@pytest.fixture
async def place(tmp_path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as made:
        yield made


BUY = OpenRequest(
    instrument=GOLD,
    side=Side.BUY,
    order_type=OrderType.MARKET,
    volume=D("0.10"),
    price=D("1951"),
    stop_loss=D("1945.00"),
    take_profit=D("1965.00"),
    deviation=D(2),
    expires_at=None,
    magic=7,
    comment="tg-7",
)


async def test_a_follower_sees_the_prices_and_candles_of_the_market(place):
    one = place.follower()
    await place.move("1951.11")
    quote = await one.get_quote(GOLD)
    assert quote == await place.market.get_quote(GOLD)
    candles = await one.get_candles(GOLD, Timeframe.M15, 5)
    assert candles == await place.market.get_candles(GOLD, Timeframe.M15, 5)
    symbol = await one.get_symbol(GOLD)
    assert symbol == await place.market.get_symbol(GOLD)


async def test_many_followers_ask_the_market_once(place):
    for number in range(20):
        await place.follower(number).get_quote(GOLD)
    assert place.asked == 1
    place.clock.advance(timedelta(seconds=1))
    await place.follower(1).get_quote(GOLD)
    assert place.asked == 2


async def test_a_follower_opens_nothing_before_it_is_asked(place):
    one = place.follower()
    await one.connect()
    assert not (place.folder / "followers").exists()
    account = (await one.get_snapshot(since=LONG_AGO)).account
    assert (account.balance, account.currency) == (D(10_000), "USD")
    assert (place.folder / "followers" / "paper-1.db").is_file()


async def test_a_stop_works_at_the_tick_that_reaches_it_and_is_news(place):
    one, other = place.follower(1), place.follower(2)
    await one.send(BUY)
    assert await place.ground.tick() == ["paper-1"]
    assert await place.ground.tick() == []
    await place.move("1944.50")
    assert await place.ground.tick() == ["paper-1"]
    snapshot = await one.get_snapshot(since=LONG_AGO)
    assert snapshot.positions == ()
    assert snapshot.deals[-1].reason is DealReason.STOP_LOSS
    assert snapshot.deals[-1].price == D("1944.50")
    assert (await other.get_snapshot(since=LONG_AGO)).deals[-1].magic == 0


async def test_a_waiting_order_is_filled_and_runs_out_at_a_tick(place):
    one = place.follower()
    limit = replace(BUY, order_type=OrderType.LIMIT, price=D("1947.00"), magic=8)
    await one.send(limit)
    until = place.clock.now() + timedelta(seconds=30)
    await one.send(replace(limit, price=D("1946.00"), magic=9, expires_at=until))
    await place.ground.tick()
    await place.move("1946.50")
    assert await place.ground.tick() == ["paper-1"]
    snapshot = await one.get_snapshot(since=LONG_AGO)
    assert [each.magic for each in snapshot.positions] == [8]
    place.clock.advance(timedelta(minutes=1))
    assert await place.ground.tick() == ["paper-1"]
    assert (await one.get_snapshot(since=LONG_AGO)).orders == ()


async def test_nothing_moves_while_the_market_is_closed(place):
    one = place.follower()
    await one.send(BUY)
    await place.ground.tick()
    place.market.faults.apply({"closed": [GOLD]})
    await place.move("1940.00")
    assert await place.ground.tick() == []
    assert not (await one.get_symbol(GOLD)).tradable


async def test_a_market_that_is_away_is_told_and_comes_back(place):
    one = place.follower()
    await one.send(BUY)
    await place.ground.tick()
    place.market.faults.apply({"unavailable": True})
    place.clock.advance(timedelta(seconds=1))
    assert await place.ground.tick() == []
    with pytest.raises(BrokerUnavailable):
        await one.get_snapshot(since=LONG_AGO)
    with pytest.raises(BrokerUnavailable, match="no price of XAUUSD to follow"):
        await one.get_quote(GOLD)
    place.market.faults.apply({"unavailable": False})
    place.clock.advance(timedelta(seconds=1))
    assert (await one.get_snapshot(since=LONG_AGO)).positions


async def test_a_stale_market_is_stale_for_those_who_hold_something(place):
    one, idle = place.follower(1), place.follower(2)
    await one.send(BUY)
    before = (await one.get_snapshot(since=LONG_AGO)).fresh_at
    place.market.faults.apply({"stale": True})
    place.clock.advance(timedelta(minutes=1))
    assert (await one.get_snapshot(since=LONG_AGO)).fresh_at == before
    snapshot = await idle.get_snapshot(since=LONG_AGO)
    assert snapshot.fresh_at == place.clock.now()


async def test_few_files_are_open_and_what_is_held_is_watched_all_the_same(tmp_path):
    async with opened(tmp_path, files=2) as place:
        several = [place.follower(number) for number in range(5)]
        for each in several:
            await each.send(BUY)
        assert place.ground.open_files == 2
        await place.ground.tick()
        await place.move("1944.00")
        assert len(await place.ground.tick()) == 5
        assert place.ground.open_files == 2
        for each in several:
            assert (await each.get_snapshot(since=LONG_AGO)).positions == ()


async def test_an_idle_follower_whose_file_was_closed_is_read_again(tmp_path):
    async with opened(tmp_path, files=1) as place:
        one, other = place.follower(1), place.follower(2)
        await one.deposit(D(500))
        await other.get_snapshot(since=LONG_AGO)
        account = (await one.get_snapshot(since=LONG_AGO)).account
        assert account.balance == D(10_500)


async def test_what_was_held_is_held_after_a_restart(tmp_path):
    async with opened(tmp_path) as place:
        await place.follower().send(BUY)
    async with opened(tmp_path) as place:
        one = place.follower()
        assert await place.ground.tick() == []
        assert (await one.get_snapshot(since=LONG_AGO)).positions
        await place.move("1944.00")
        assert await place.ground.tick() == ["paper-1"]


async def test_rates_are_those_of_the_market(place):
    one = place.follower(currency="EUR")
    await place.move("1.20000", EURO)
    loss = await one.calc_loss(GOLD, Side.BUY, D("1950.00"), D("1949.00"))
    assert loss == D("83.33")
    yen = await place.follower(2).calc_loss(YEN, Side.BUY, D("150.000"), D("149.000"))
    assert yen > 0


async def test_what_no_market_has_is_refused(place):
    one = place.follower()
    place.sources = []
    place.clock.advance(timedelta(seconds=1))
    with pytest.raises(Refused, match="no account here has XAUUSD"):
        await one.get_symbol(GOLD)
    with pytest.raises(Refused, match="no account here has"):
        await one.get_candles("NOPE", Timeframe.M15, 5)


async def test_the_first_market_that_has_an_instrument_is_followed(place, tmp_path):
    class Other(PaperBroker):
        async def get_symbol(self, instrument: str):
            message = "not here"
            raise Refused(message)

    without = Other(
        name="other",
        path=tmp_path / "other.db",
        clock=place.clock,
        feed=FlatFeed(),
        settings=PaperSettings(),
    )
    place.sources = [without, place.market]
    assert (await place.follower().get_quote(GOLD)).bid == D("1950.00")


async def test_a_follower_has_no_market_to_steer(place):
    with pytest.raises(BrokerUnavailable, match="no market of its own"):
        await place.follower().set_price(GOLD, D("1900.00"))


async def test_who_is_forgotten_is_not_compared_any_more(place):
    one = place.follower()
    await one.send(BUY)
    await place.ground.tick()
    place.ground.forget("paper-1")
    place.ground.forget("paper-1")
    await place.move("1944.00")
    assert await place.ground.tick() == []
    await one.close()

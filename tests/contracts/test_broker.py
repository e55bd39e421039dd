"""What every implementation of the ``Broker`` port does, clause by clause.

Clauses 1 to 19, and 36 and on, bind whoever stands behind the port, the fake of the
desk's tests included. Clauses 20 to 35 bind whoever decides about orders: the paper
broker, and a terminal, directly or over a bridge. An implementation joins by a stage
of its own: a connected broker with the means to move its market, and an entry in
``STAGES``.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.broker import (
    CancelRequest,
    CloseRequest,
    DealEntry,
    DealReason,
    DealType,
    HistoryState,
    MarginMode,
    ModifyRequest,
    OpenRequest,
    Position,
    ResultStatus,
)
from core.errors import Refused
from core.market import OrderType, Side, Timeframe
from core.ports import Broker
from mt5_bridge.paper.board import Board
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.follower import FollowBroker
from mt5_bridge.paper.ground import FollowGround
from mt5_bridge.paper.session import PaperSettings
from tests.fake_broker import FakeBroker
from tests.fakes import NOON, FixedClock
from tests.mt5_bridge.paper.bench import FlatFeed

GOLD = "XAUUSD"
SINCE = NOON - timedelta(days=30)
D = Decimal


@dataclass(kw_only=True)
class Stage:
    """A connected broker that has gold, and hands to work on it from outside."""

    broker: Broker
    move: Callable[[str], Awaitable[None]]
    """Let the bid of gold jump there."""
    wait: Callable[[timedelta], Awaitable[None]]
    """Let time pass."""
    close_by_hand: Callable[[Position], Awaitable[None]]
    """Close a position as a person in a terminal does."""


@asynccontextmanager
async def paper_stage(folder: Path) -> AsyncIterator[Stage]:
    clock = FixedClock()
    broker = PaperBroker(
        name="demo",
        path=folder / "paper.db",
        clock=clock,
        feed=FlatFeed(),
        settings=PaperSettings(commission_per_lot=D(6)),
    )
    await broker.connect()

    async def wait(span: timedelta) -> None:
        clock.advance(span)
        await broker.tick()

    async def close_by_hand(position: Position) -> None:
        await broker.send_by_hand(closing(position, magic=0))

    yield Stage(
        broker=broker,
        move=lambda bid: broker.set_price(GOLD, D(bid)),
        wait=wait,
        close_by_hand=close_by_hand,
    )
    await broker.close()


@asynccontextmanager
async def follower_stage(folder: Path) -> AsyncIterator[Stage]:
    """A paper account that follows another one's market."""
    clock = FixedClock()
    market = PaperBroker(
        name="demo",
        path=folder / "paper.db",
        clock=clock,
        feed=FlatFeed(),
        settings=PaperSettings(),
    )
    await market.connect()
    board = Board(lambda: [market], clock, fresh=timedelta(0))
    ground = FollowGround(board, folder / "followers")
    broker = FollowBroker(
        name="paper-1",
        path=folder / "followers" / "paper-1.db",
        ground=ground,
        settings=PaperSettings(commission_per_lot=D(6)),
    )
    ground.take(broker)

    async def move(bid: str) -> None:
        await market.set_price(GOLD, D(bid))
        await ground.tick()

    async def wait(span: timedelta) -> None:
        clock.advance(span)
        await market.tick()
        await ground.tick()

    async def close_by_hand(position: Position) -> None:
        await broker.send_by_hand(closing(position, magic=0))

    yield Stage(broker=broker, move=move, wait=wait, close_by_hand=close_by_hand)
    await ground.close()
    await market.close()


@asynccontextmanager
async def fake_stage(_folder: Path) -> AsyncIterator[Stage]:
    clock = FixedClock()
    broker = FakeBroker(clock)
    await broker.connect()

    async def move(bid: str) -> None:
        broker.move(GOLD, bid)

    async def wait(span: timedelta) -> None:
        clock.advance(span)

    async def close_by_hand(position: Position) -> None:
        broker.close_by_hand(position.ticket)

    yield Stage(broker=broker, move=move, wait=wait, close_by_hand=close_by_hand)


STAGES: dict[str, Callable[[Path], AbstractAsyncContextManager[Stage]]] = {
    "paper": paper_stage,
    "follower": follower_stage,
    "fake": fake_stage,
}
DECIDING = ["paper", "follower"]
"""Those that refuse and execute by the market's rules, not by a test's word."""


@pytest.fixture(params=list(STAGES))
async def stage(request, tmp_path) -> AsyncIterator[Stage]:
    """Every implementation in turn, gold at 1950.00."""
    async with STAGES[request.param](tmp_path) as stage:
        await stage.move("1950.00")
        yield stage


@pytest.fixture(params=DECIDING)
async def market(request, tmp_path) -> AsyncIterator[Stage]:
    """Every implementation that decides about orders in turn, gold at 1950.00."""
    async with STAGES[request.param](tmp_path) as stage:
        await stage.move("1950.00")
        yield stage


def opening(**changes) -> OpenRequest:
    request = OpenRequest(
        instrument=GOLD,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        volume=D("0.10"),
        price=D("1951"),
        stop_loss=D("1945.00"),
        take_profit=D("1965.00"),
        deviation=D(1),
        expires_at=None,
        magic=1_001,
        comment="tg-1001",
    )
    return replace(request, **changes)


def closing(position: Position, **changes) -> CloseRequest:
    request = CloseRequest(
        ticket=position.ticket,
        instrument=position.instrument,
        side=position.side,
        volume=position.volume,
        magic=1_002,
        comment="tg-1002",
    )
    return replace(request, **changes)


async def snapshot(stage: Stage):
    return await stage.broker.get_snapshot(since=SINCE)


async def opened(stage: Stage, **changes) -> Position:
    result = await stage.broker.send(opening(**changes))
    assert result.status is ResultStatus.FILLED, result
    positions = (await snapshot(stage)).positions
    return next(each for each in positions if each.identifier == result.position_id)


def limit(**changes) -> OpenRequest:
    wish = {"order_type": OrderType.LIMIT, "price": D("1940.00"), "stop_loss": None}
    return opening(**(wish | changes))


# ---------------------------------------------------------------- everybody
async def test_01_an_account_tells_its_money_and_its_kind(stage) -> None:
    account = (await snapshot(stage)).account
    assert account.equity == account.balance > 0
    assert account.margin_free == account.equity - account.margin
    assert account.margin_mode is MarginMode.HEDGING
    assert account.trade_allowed


async def test_02_a_snapshot_says_when_it_was_taken_in_utc(stage) -> None:
    taken = await snapshot(stage)
    assert taken.taken_at.utcoffset() == timedelta(0)
    assert taken.fresh_at <= taken.taken_at


async def test_03_a_symbol_tells_all_sizes(stage) -> None:
    spec = await stage.broker.get_symbol(GOLD)
    assert spec.instrument == GOLD
    assert spec.point == D(1).scaleb(-spec.digits)
    assert spec.tick_value > 0
    assert spec.contract_size > 0
    assert 0 < spec.volume_step <= spec.volume_min < spec.volume_max


async def test_04_an_unknown_symbol_is_refused(stage) -> None:
    with pytest.raises(Refused, match="NOWHERE"):
        await stage.broker.get_symbol("NOWHERE")


async def test_05_a_quote_has_its_ask_above_its_bid(stage) -> None:
    quote = await stage.broker.get_quote(GOLD)
    assert (quote.instrument, quote.bid) == (GOLD, D(1950))
    assert quote.ask > quote.bid
    assert quote.time.utcoffset() == timedelta(0)


async def test_06_candles_come_oldest_first_the_last_one_forming(stage) -> None:
    bars = await stage.broker.get_candles(GOLD, Timeframe.M15, 30)
    assert len(bars) == 30
    times = [bar.time for bar in bars]
    assert times == sorted(set(times))
    assert bars[-1].close == (await stage.broker.get_quote(GOLD)).bid
    assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.high >= max(bar.open, bar.close) for bar in bars)


async def test_07_a_loss_is_positive_and_a_gain_is_negative(stage) -> None:
    calc = stage.broker.calc_loss
    assert await calc(GOLD, Side.BUY, D("1950.50"), D("1945.00")) == D(550)
    assert await calc(GOLD, Side.BUY, D("1950.50"), D("1956.00")) == D(-550)
    assert await calc(GOLD, Side.SELL, D("1950.50"), D("1956.00")) == D(550)


async def test_08_the_margin_grows_with_the_volume(stage) -> None:
    calc = stage.broker.calc_margin
    one = await calc(GOLD, Side.BUY, D(1), D("1950.50"))
    assert await calc(GOLD, Side.BUY, D(2), D("1950.50")) == 2 * one > 0


async def test_09_a_filled_order_is_a_position_with_all_that_was_asked(stage) -> None:
    result = await stage.broker.send(opening())
    assert (result.status, result.retcode) == (ResultStatus.FILLED, 10009)
    assert (result.message, result.volume) == ("", D("0.10"))
    (position,) = (await snapshot(stage)).positions
    assert position.identifier == result.position_id == result.order
    assert (position.side, position.volume) == (Side.BUY, D("0.10"))
    assert position.open_price == result.price
    assert (position.stop_loss, position.take_profit) == (D(1945), D(1965))
    assert (position.magic, position.comment) == (1_001, "tg-1001")


async def test_10_a_buy_opens_at_the_ask_and_a_sell_at_the_bid(stage) -> None:
    quote = await stage.broker.get_quote(GOLD)
    bought = await opened(stage, stop_loss=None, take_profit=None)
    sold = await opened(
        stage,
        side=Side.SELL,
        price=D("1949"),
        stop_loss=None,
        take_profit=None,
        magic=1_003,
    )
    assert (bought.open_price, sold.open_price) == (quote.ask, quote.bid)


async def test_11_everything_under_a_magic_is_found_by_it(stage) -> None:
    position = await opened(stage)
    found = await stage.broker.find(1_001)
    assert [each.identifier for each in found.positions] == [position.identifier]
    assert [deal.position_id for deal in found.deals] == [position.identifier]
    assert [deal.entry for deal in found.deals] == [DealEntry.IN]
    assert [past.state for past in found.past_orders] == [HistoryState.FILLED]
    assert not (await stage.broker.find(999)).found


async def test_12_an_in_deal_earns_nothing(stage) -> None:
    await opened(stage)
    (deal,) = (await stage.broker.find(1_001)).deals
    assert (deal.type, deal.profit) == (DealType.BUY, D(0))
    assert deal.reason is DealReason.EXPERT


async def test_13_a_close_by_ticket_leaves_a_deal_out(stage) -> None:
    position = await opened(stage)
    result = await stage.broker.send(closing(position))
    assert result.status is ResultStatus.FILLED
    assert not (await snapshot(stage)).positions
    (deal,) = (await stage.broker.find(1_002)).deals
    assert (deal.entry, deal.type) == (DealEntry.OUT, DealType.SELL)
    assert (deal.position_id, deal.ticket) == (position.identifier, result.deal)


async def test_14_a_partial_close_leaves_the_rest_under_its_identifier(stage) -> None:
    position = await opened(stage)
    await stage.broker.send(closing(position, volume=D("0.04")))
    (rest,) = (await snapshot(stage)).positions
    assert (rest.identifier, rest.volume) == (position.identifier, D("0.06"))


async def test_15_a_position_that_is_gone_cannot_be_closed(stage) -> None:
    position = await opened(stage)
    await stage.broker.send(closing(position))
    again = await stage.broker.send(closing(position, magic=1_003))
    assert (again.status, again.retcode) == (ResultStatus.REJECTED, 10036)


async def test_16_a_pending_order_waits_and_can_be_cancelled(stage) -> None:
    placed = await stage.broker.send(limit())
    assert placed.status is ResultStatus.PLACED
    (order,) = (await snapshot(stage)).orders
    assert (order.ticket, order.price) == (placed.order, D("1940.00"))
    done = await stage.broker.send(CancelRequest(ticket=order.ticket, magic=1_002))
    assert done.status is ResultStatus.FILLED
    assert not (await snapshot(stage)).orders
    (past,) = (await stage.broker.find(1_001)).past_orders
    assert past.state is HistoryState.CANCELLED


async def test_17_a_stop_closes_with_its_reason_and_the_magic_of_the_position(
    stage,
) -> None:
    position = await opened(stage)
    await stage.move("1944.00")
    taken = await snapshot(stage)
    assert not taken.positions
    deal = taken.deals[-1]
    assert (deal.entry, deal.reason) == (DealEntry.OUT, DealReason.STOP_LOSS)
    assert (deal.position_id, deal.price) == (position.identifier, D("1944.00"))
    assert deal.magic == 1_001


async def test_18_a_target_closes_with_its_reason(stage) -> None:
    await opened(stage)
    await stage.move("1965.00")
    deal = (await snapshot(stage)).deals[-1]
    assert (deal.reason, deal.price) == (DealReason.TAKE_PROFIT, D("1965.00"))


async def test_19_a_close_by_hand_is_seen_as_such(stage) -> None:
    position = await opened(stage)
    await stage.close_by_hand(position)
    taken = await snapshot(stage)
    assert not taken.positions
    assert taken.deals[-1].reason is DealReason.CLIENT
    assert taken.deals[-1].position_id == position.identifier


# ---------------------------------------------------------------- those that decide
async def test_20_the_balance_moves_by_the_deals_and_by_nothing_else(market) -> None:
    before = await snapshot(market)
    position = await opened(market)
    await market.move("1960.00")
    await market.broker.send(closing(position, volume=D("0.03")))
    after = await snapshot(market)
    new = [deal for deal in after.deals if deal not in before.deals]
    moved = after.account.balance - before.account.balance
    assert moved == sum(deal.net for deal in new) != 0
    floating = sum(each.profit + each.swap for each in after.positions)
    account = after.account
    assert account.equity == account.balance + account.credit + floating


async def test_21_what_closing_books_is_what_was_computed(market) -> None:
    position = await opened(market, volume=D(1))
    await market.move("1956.78")
    computed = await market.broker.calc_loss(
        GOLD, Side.BUY, position.open_price, D("1956.78")
    )
    await market.broker.send(closing(position))
    assert (await snapshot(market)).deals[-1].profit == -computed


async def test_22_a_lot_in_and_out_costs_the_commission_that_was_told(market) -> None:
    position = await opened(market, volume=D(1))
    await market.broker.send(closing(position))
    costs = [deal.commission + deal.fee for deal in (await snapshot(market)).deals]
    assert -sum(costs) == await market.broker.calc_commission(GOLD) > 0


async def test_23_the_margin_that_was_told_is_bound(market) -> None:
    told = await market.broker.calc_margin(GOLD, Side.BUY, D(1), D("1950.25"))
    await opened(market, volume=D(1))
    assert (await snapshot(market)).account.margin == told


async def test_24_a_price_that_ran_away_is_a_requote(market) -> None:
    result = await market.broker.send(opening(price=D("1949.00"), deviation=D(1)))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10004)
    assert not (await market.broker.find(1_001)).found


REFUSED = [
    ("a volume between steps", opening(volume=D("0.015")), 10014),
    ("a volume too large", opening(volume=D(100_000)), 10014),
    ("a limit beyond the market", limit(price=D(1960)), 10015),
    ("a stop loss on the wrong side", opening(stop_loss=D(1955)), 10016),
    ("a stop loss too near", opening(stop_loss=D("1949.99")), 10016),
    ("more than the margin carries", opening(volume=D(40)), 10019),
    ("an expiry that is over", limit(expires_at=NOON), 10022),
    ("a comment of 30 characters", opening(comment="x" * 30), 10013),
    (
        "a position that never was",
        ModifyRequest(ticket=1, stop_loss=None, take_profit=None, magic=1_001),
        10036,
    ),
    ("an order that never was", CancelRequest(ticket=1, magic=1_001), 10035),
]


@pytest.mark.parametrize(
    ("request_", "retcode"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
async def test_25_a_refusal_has_its_code_and_a_sentence(
    market, request_, retcode
) -> None:
    result = await market.broker.send(request_)
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, retcode)
    assert result.message.endswith(".")
    assert not (await market.broker.find(1_001)).found


async def test_26_a_check_says_beforehand_what_sending_would(market) -> None:
    assert await market.broker.check_order(opening()) == ""
    bad = opening(volume=D("0.015"))
    assert (
        await market.broker.check_order(bad) == (await market.broker.send(bad)).message
    )


async def test_27_stops_are_set_and_removed(market) -> None:
    position = await opened(market)
    request = ModifyRequest(
        ticket=position.ticket, stop_loss=D("1948"), take_profit=None, magic=1_002
    )
    assert (await market.broker.send(request)).status is ResultStatus.FILLED
    (changed,) = (await snapshot(market)).positions
    assert (changed.stop_loss, changed.take_profit) == (D("1948"), None)


async def test_28_the_same_stops_again_are_no_change(market) -> None:
    position = await opened(market)
    request = ModifyRequest(
        ticket=position.ticket,
        stop_loss=position.stop_loss,
        take_profit=position.take_profit,
        magic=1_002,
    )
    assert (await market.broker.send(request)).retcode == 10025


async def test_29_more_than_there_is_cannot_be_closed(market) -> None:
    position = await opened(market)
    result = await market.broker.send(closing(position, volume=D("0.11")))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10038)


async def test_30_a_pending_order_becomes_a_position_of_its_own_ticket(market) -> None:
    placed = await market.broker.send(limit(take_profit=None))
    await market.move("1935.00")
    (position,) = (await snapshot(market)).positions
    assert position.identifier == placed.order
    assert position.open_price == (await market.broker.get_quote(GOLD)).ask
    (past,) = (await market.broker.find(1_001)).past_orders
    assert (past.state, past.position_id) == (HistoryState.FILLED, placed.order)


async def test_31_a_pending_order_expires(market) -> None:
    await market.broker.send(limit(expires_at=NOON + timedelta(minutes=1)))
    await market.wait(timedelta(minutes=2))
    assert not (await snapshot(market)).orders
    (past,) = (await market.broker.find(1_001)).past_orders
    assert past.state is HistoryState.EXPIRED


async def test_32_a_stop_rewrites_the_comment_and_a_gap_is_paid(market) -> None:
    await opened(market)
    await market.move("1930.00")
    deal = (await snapshot(market)).deals[-1]
    assert (deal.comment, deal.price) == ("[sl 1945.00]", D("1930.00"))


async def test_33_history_reaches_back_only_as_far_as_asked(market) -> None:
    await opened(market)
    await market.wait(timedelta(seconds=10))
    later = await market.broker.get_snapshot(since=NOON + timedelta(seconds=5))
    assert (later.deals, later.past_orders) == ((), ())


async def test_34_closing_twice_is_safe_and_connecting_again_finds_all(market) -> None:
    position = await opened(market)
    await market.broker.close()
    await market.broker.close()
    await market.broker.connect()
    assert [each.ticket for each in (await snapshot(market)).positions] == [
        position.ticket
    ]


async def test_35_the_time_to_settle_is_told(market) -> None:
    assert market.broker.settle > timedelta(0)


# ---------------------------------------------------------------- a position in hand
def modifying(position: Position, **changes) -> ModifyRequest:
    request = ModifyRequest(
        ticket=position.ticket,
        stop_loss=position.stop_loss,
        take_profit=position.take_profit,
        magic=1_002,
    )
    return replace(request, **changes)


async def test_36_both_stops_become_what_the_request_says(stage) -> None:
    position = await opened(stage)
    await stage.move("1955.00")
    wish = modifying(position, stop_loss=position.open_price)
    result = await stage.broker.send(wish)
    assert (result.status, result.retcode) == (ResultStatus.FILLED, 10009)
    (changed,) = (await snapshot(stage)).positions
    assert changed.identifier == position.identifier
    assert (changed.stop_loss, changed.take_profit) == (position.open_price, D(1965))
    assert (changed.volume, changed.magic) == (D("0.10"), 1_001)


async def test_37_a_stop_that_is_left_out_is_taken_away(stage) -> None:
    position = await opened(stage)
    wish = modifying(position, stop_loss=None, take_profit=None)
    await stage.broker.send(wish)
    (changed,) = (await snapshot(stage)).positions
    assert (changed.stop_loss, changed.take_profit) == (None, None)


async def test_38_a_new_stop_leaves_nothing_under_its_number(stage) -> None:
    position = await opened(stage)
    await stage.broker.send(modifying(position, stop_loss=D(1946)))
    assert not (await stage.broker.find(1_002)).found
    assert len((await stage.broker.find(1_001)).deals) == 1


async def test_39_stops_that_stand_so_already_are_no_change(stage) -> None:
    position = await opened(stage)
    result = await stage.broker.send(modifying(position))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10025)


async def test_40_a_moved_stop_is_the_one_that_fires(stage) -> None:
    position = await opened(stage)
    await stage.move("1955.00")
    await stage.broker.send(modifying(position, stop_loss=D("1952.00")))
    await stage.move("1951.50")
    taken = await snapshot(stage)
    assert not taken.positions
    assert taken.deals[-1].reason is DealReason.STOP_LOSS


async def test_41_a_position_that_is_gone_has_no_stops(stage) -> None:
    position = await opened(stage)
    await stage.close_by_hand(position)
    result = await stage.broker.send(modifying(position, stop_loss=D(1946)))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10036)


async def test_42_a_part_books_its_own_profit_and_its_share_of_the_costs(stage) -> None:
    position = await opened(stage)
    await stage.move("1955.00")
    before = await snapshot(stage)
    result = await stage.broker.send(closing(position, volume=D("0.04")))
    assert (result.volume, result.price) == (D("0.04"), D("1955.00"))
    assert result.position_id == position.identifier
    (deal,) = (await stage.broker.find(1_002)).deals
    gain = (D("1955.00") - position.open_price) * D("0.04") * 100
    assert (deal.volume, deal.profit, deal.commission) == (D("0.04"), gain, D("-0.12"))
    after = await snapshot(stage)
    assert after.account.balance - before.account.balance == gain - D("0.12")
    (rest,) = after.positions
    assert rest.profit == before.positions[0].profit - gain
    assert (rest.stop_loss, rest.take_profit) == (D(1945), D(1965))
    assert rest.open_price == position.open_price


async def test_43_a_position_closes_in_parts_until_nothing_is_left(stage) -> None:
    position = await opened(stage)
    for magic, volume in ((1_002, "0.05"), (1_003, "0.02"), (1_004, "0.03")):
        wish = closing(position, volume=D(volume), magic=magic)
        assert (await stage.broker.send(wish)).status is ResultStatus.FILLED
    taken = await snapshot(stage)
    assert not taken.positions
    exits = [deal for deal in taken.deals if deal.entry is DealEntry.OUT]
    assert sum(deal.volume for deal in exits) == D("0.10")
    assert {deal.position_id for deal in exits} == {position.identifier}


async def test_44_more_than_is_left_cannot_be_closed(stage) -> None:
    position = await opened(stage)
    await stage.broker.send(closing(position, volume=D("0.06")))
    late = closing(position, volume=D("0.06"), magic=1_003)
    result = await stage.broker.send(late)
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10038)
    (rest,) = (await snapshot(stage)).positions
    assert rest.volume == D("0.04")

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.broker import (
    DealEntry,
    DealReason,
    HistoryState,
    Snapshot,
    average_price,
)
from core.ids import OrderId, Ticket, TradeId
from core.messages import NoticeKind
from core.orders import Cause, Order, OrderKind, OrderState
from core.reconcile import Book, Correction, corrections
from core.trades import ON_THE_BOOK, CloseReason, Trade, TradeState
from tests.builders import a_trade, an_order
from tests.core.broker_rows import (
    MAGIC,
    SEEN,
    a_deal,
    a_past_order,
    a_pending,
    a_position,
    a_snapshot,
    an_entry,
)
from tests.fakes import NOON

OPEN = a_trade(position_id=Ticket(1), ticket=Ticket(1))
GONE = replace(OPEN, state=TradeState.CLOSING)
PLACED = an_order(state=OrderState.PLACED, ticket=Ticket(1))


def a_book(
    trades: Sequence[Trade] = (),
    placed: Sequence[Order] = (),
    by_magic: dict[int, Order] | None = None,
    recorded: Sequence[Ticket] = (),
) -> Book:
    numbers = by_magic or {}
    ids = {each.id: TradeId(f"T{each.id}") for each in (*placed, *numbers.values())}
    return Book(
        trades=trades,
        recorded=[*recorded, *(trade.position_id for trade in trades)],
        placed=placed,
        by_magic=numbers,
        trade_ids=ids,
    )


def found(book: Book, **shown) -> list[Correction]:
    return corrections(book, a_snapshot(**shown))


def only(book: Book, **shown) -> Correction:
    (correction,) = found(book, **shown)
    return correction


def the_trade(book: Book, **shown) -> Trade:
    trade = only(book, **shown).trade
    assert trade is not None
    return trade


def the_order(book: Book, **shown) -> Order:
    order = only(book, **shown).order
    assert order is not None
    return order


# ------------------------------------------------------------- open positions


def test_what_is_as_we_remember_needs_no_correction():
    assert found(a_book([OPEN]), positions=[a_position()]) == []


def test_a_foreign_position_is_no_difference():
    assert found(a_book(), positions=[a_position(magic=0)]) == []


def test_a_trade_opened_after_the_snapshot_is_left_alone():
    late = replace(OPEN, opened_at=SEEN)
    assert found(a_book([late])) == []


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        ({"volume": Decimal("0.10")}, "XAUUSD: volume 0.18 to 0.10"),
        ({"stop_loss": Decimal(1950)}, "XAUUSD: stop 1945.00 to 1950"),
        ({"take_profit": None}, "XAUUSD: target 1965.00 to None"),
        ({"ticket": Ticket(9)}, "XAUUSD: ticket 1 to 9"),
        ({"profit": Decimal(7)}, ""),
    ],
)
def test_a_changed_position_is_named_and_taken_over(seen, what):
    assert only(a_book([OPEN]), positions=[a_position(**seen)]).what == what


HALF = {"volume": Decimal("0.08"), "price": Decimal("1960.00")}


def a_part(**over):
    """A deal that closed 0.08 of 0.18 lots: 75.60 after its commission."""
    made = {"profit": Decimal("75.84"), "commission": Decimal("-0.24"), "magic": 8}
    return a_deal(**HALF | made | {"reason": DealReason.EXPERT} | over)


def test_a_part_that_was_closed_is_booked_and_told_with_whose_will_it_was():
    close = an_order(kind=OrderKind.CLOSE, cause=Cause.TAP)
    correction = only(
        a_book([OPEN], by_magic={8: close}),
        positions=[a_position(volume=Decimal("0.10"))],
        deals=[an_entry(), a_part()],
    )
    assert correction.trade is not None
    assert correction.trade.booked == Decimal("75.60")
    assert correction.notice is NoticeKind.TRADE_REDUCED
    assert correction.detail == "75.60 1960.00 closed_here"
    assert correction.what == "XAUUSD: volume 0.18 to 0.10, booked 0 to 75.60"


def test_a_second_part_is_told_with_what_it_made_alone():
    before = replace(OPEN, volume_open=Decimal("0.10"), booked=Decimal("75.60"))
    second = a_part(ticket=Ticket(51), volume=Decimal("0.05"), magic=0)
    correction = only(
        a_book([before]),
        positions=[a_position(volume=Decimal("0.05"))],
        deals=[an_entry(), second, a_part()],
    )
    assert correction.trade is not None
    assert correction.trade.booked == Decimal("151.20")
    assert correction.detail == "75.60 1960.00 other"


def test_a_part_is_told_when_its_deal_comes_and_only_then():
    late = a_book([OPEN])
    silent = only(late, positions=[a_position(volume=Decimal("0.10"))])
    assert silent.notice is NoticeKind.NONE
    assert silent.trade is not None
    told = only(
        a_book([silent.trade]),
        positions=[a_position(volume=Decimal("0.10"))],
        deals=[an_entry(), a_part()],
    )
    assert told.notice is NoticeKind.TRADE_REDUCED


def test_a_part_that_made_nothing_is_told_too():
    nothing = a_part(profit=Decimal("0.24"))
    correction = only(
        a_book([OPEN]),
        positions=[a_position(volume=Decimal("0.10"))],
        deals=[an_entry(), nothing],
    )
    assert correction.detail == "0.00 1960.00 other"


def test_what_was_booked_is_kept_when_the_history_says_nothing():
    before = replace(OPEN, volume_open=Decimal("0.10"), booked=Decimal("75.60"))
    assert found(a_book([before]), positions=[a_position(volume=Decimal("0.10"))]) == []


def test_a_trade_closed_in_two_parts_books_both():
    rest = a_deal(ticket=Ticket(51), volume=Decimal("0.10"))
    before = replace(OPEN, volume_open=Decimal("0.10"), booked=Decimal("75.60"))
    trade = the_trade(a_book([before]), deals=[an_entry(), a_part(), rest])
    assert (trade.state, trade.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    assert trade.booked == Decimal("75.60") + Decimal("-100.44")
    assert trade.profit == trade.booked + Decimal("-0.54")


def test_a_partial_close_leaves_the_rest_open():
    trade = the_trade(
        a_book([OPEN]),
        positions=[a_position(volume=Decimal("0.10"))],
        deals=[an_entry(), a_deal(volume=Decimal("0.08"))],
    )
    assert (trade.state, trade.volume_open) == (TradeState.OPEN, Decimal("0.10"))


# ------------------------------------------------------------ closed positions


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (DealReason.STOP_LOSS, CloseReason.STOP),
        (DealReason.TAKE_PROFIT, CloseReason.TARGET),
        (DealReason.STOP_OUT, CloseReason.STOP_OUT),
        (DealReason.CLIENT, CloseReason.HAND),
        (DealReason.EXPERT, CloseReason.OTHER),
        (DealReason.OTHER, CloseReason.OTHER),
    ],
)
def test_a_closed_trade_says_what_the_broker_says(reason, why):
    trade = the_trade(a_book([OPEN]), deals=[an_entry(), a_deal(reason=reason)])
    assert (trade.state, trade.close_reason) == (TradeState.CLOSED, why)


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (Cause.GUARD, CloseReason.GUARD),
        (Cause.PANIC, CloseReason.PANIC),
        (Cause.CLOSE_ALL, CloseReason.CLOSED_HERE),
        (Cause.TAP, CloseReason.CLOSED_HERE),
    ],
)
def test_a_trade_that_we_closed_says_whose_will_it_was(cause, why):
    close = an_order(kind=OrderKind.CLOSE, cause=cause)
    trade = the_trade(
        a_book([OPEN], by_magic={8: close}),
        deals=[an_entry(), a_deal(reason=DealReason.EXPERT, magic=8)],
    )
    assert trade.close_reason is why


def test_a_deal_with_the_opening_orders_number_is_not_our_close():
    trade = the_trade(
        a_book([OPEN], by_magic={MAGIC: an_order(state=OrderState.FILLED)}),
        deals=[an_entry(), a_deal(reason=DealReason.EXPERT)],
    )
    assert trade.close_reason is CloseReason.OTHER


def test_the_last_of_several_exits_gives_the_reason():
    first = a_deal(volume=Decimal("0.08"), reason=DealReason.CLIENT)
    last = a_deal(
        ticket=Ticket(51), volume=Decimal("0.10"), reason=DealReason.TAKE_PROFIT
    )
    trade = the_trade(a_book([OPEN]), deals=[an_entry(), last, first])
    assert trade.close_reason is CloseReason.TARGET


def test_the_profit_is_all_that_the_deals_booked():
    trade = the_trade(a_book([OPEN]), deals=[an_entry(), a_deal()])
    assert trade.profit == Decimal("-0.54") + Decimal("-99.90") + Decimal("-0.54")


def test_the_closing_price_is_weighted_by_volume():
    exits = [
        a_deal(volume=Decimal("0.06"), price=Decimal(1960)),
        a_deal(ticket=Ticket(51), volume=Decimal("0.12"), price=Decimal(1966)),
    ]
    assert the_trade(a_book([OPEN]), deals=exits).close_price == 1964


def test_a_closed_trade_has_nothing_open_and_nothing_floating():
    trade = the_trade(a_book([OPEN]), deals=[a_deal()])
    assert (trade.volume_open, trade.floating) == (0, 0)


def test_a_closed_trade_ends_when_its_last_deal_was_made():
    trade = the_trade(a_book([OPEN]), deals=[a_deal()])
    assert trade.closed_at == NOON + timedelta(minutes=1)


def test_a_closed_trade_is_announced():
    assert only(a_book([OPEN]), deals=[a_deal()]).notice is NoticeKind.TRADE_CLOSED


def test_deals_of_other_positions_close_nothing():
    deals = [a_deal(position_id=Ticket(2))]
    assert the_trade(a_book([OPEN]), deals=deals).state is TradeState.CLOSING


def test_a_vanished_position_without_its_deal_is_closing_and_not_announced():
    correction = only(a_book([OPEN]), deals=[an_entry()])
    assert correction.trade == GONE
    assert correction.notice is NoticeKind.NONE


def test_a_closing_trade_waits_for_its_deal():
    assert found(a_book([GONE]), deals=[an_entry()]) == []


def test_a_part_of_the_closing_deals_does_not_close():
    deals = [an_entry(), a_deal(volume=Decimal("0.08"))]
    assert found(a_book([GONE]), deals=deals) == []


def test_a_closing_trade_is_booked_when_its_deal_comes():
    trade = the_trade(a_book([GONE]), deals=[an_entry(), a_deal()])
    assert trade.state is TradeState.CLOSED


def test_a_position_that_reappears_is_open_again():
    correction = only(a_book([GONE]), positions=[a_position()])
    assert (correction.trade, correction.what) == (OPEN, "XAUUSD is there after all")


# -------------------------------------------------------------- pending orders


def test_a_pending_order_that_waits_is_left_alone():
    assert found(a_book(placed=[PLACED]), orders=[a_pending()]) == []


def test_a_pending_order_without_a_ticket_cannot_be_matched():
    lost = replace(PLACED, ticket=None)
    assert found(a_book(placed=[lost]), positions=[a_position()]) == []


def test_a_pending_order_that_nothing_is_known_of_is_left_alone():
    assert found(a_book(placed=[PLACED])) == []


@pytest.mark.parametrize(
    "shown",
    [
        {"positions": [a_position()]},
        {"positions": [a_position()], "deals": [an_entry()]},
    ],
)
def test_a_filled_pending_order_becomes_a_trade(shown):
    correction = only(a_book(placed=[PLACED]), **shown)
    assert correction.order is not None
    assert correction.order.state is OrderState.FILLED
    assert correction.trade is not None
    assert correction.trade.state is TradeState.OPEN
    assert correction.new
    assert correction.notice is NoticeKind.TRADE_OPENED


def test_a_filled_pending_order_takes_over_what_the_position_shows():
    moved = a_position(stop_loss=Decimal(1950), profit=Decimal(3))
    trade = the_trade(a_book(placed=[PLACED]), positions=[moved])
    assert (trade.stop_loss, trade.floating) == (1950, 3)


def test_a_pending_order_filled_in_part_risks_only_that_part():
    half = {"volume": PLACED.volume / 2}
    correction = only(
        a_book(placed=[PLACED]),
        positions=[a_position(**half)],
        deals=[an_entry(**half)],
    )
    assert correction.order is not None
    assert correction.order.state is OrderState.PARTIALLY_FILLED
    assert correction.trade is not None
    assert correction.trade.risk_money == PLACED.risk_money / 2


def test_a_pending_order_whose_position_is_over_already_is_opened_and_closed():
    opened, closed = found(a_book(placed=[PLACED]), deals=[an_entry(), a_deal()])
    assert opened.trade is not None
    assert opened.new
    assert closed.trade is not None
    assert closed.trade.state is TradeState.CLOSED
    assert not closed.new


@pytest.mark.parametrize(
    ("past", "state"),
    [
        (HistoryState.CANCELLED, OrderState.CANCELLED),
        (HistoryState.EXPIRED, OrderState.EXPIRED),
        (HistoryState.REJECTED, OrderState.CANCELLED),
    ],
)
def test_a_pending_order_that_ended_unfilled_says_how(past, state):
    order = the_order(a_book(placed=[PLACED]), past=[a_past_order(state=past)])
    assert order.state is state


def test_a_pending_order_known_as_filled_waits_for_its_deal():
    filled = a_past_order(state=HistoryState.FILLED)
    assert found(a_book(placed=[PLACED]), past=[filled]) == []


# --------------------------------------------------------------------- orphans


@pytest.mark.parametrize(
    "state",
    [
        OrderState.REJECTED,
        OrderState.NOT_EXECUTED,
        OrderState.EXPIRED,
        OrderState.CANCELLED,
    ],
)
def test_a_position_of_an_order_known_as_over_is_adopted(state):
    order = an_order(state=state)
    correction = only(a_book(by_magic={MAGIC: order}), positions=[a_position()])
    assert correction.trade is not None
    assert correction.trade.order_id == order.id
    assert correction.new
    assert correction.notice is NoticeKind.TRADE_OPENED


@pytest.mark.parametrize(
    "state",
    [
        OrderState.QUEUED,
        OrderState.SUBMITTING,
        OrderState.UNKNOWN,
        OrderState.PARKED,
        OrderState.FILLED,
    ],
)
def test_a_position_of_an_order_that_is_not_over_is_not_an_orphan(state):
    book = a_book(by_magic={MAGIC: an_order(state=state)})
    assert found(book, positions=[a_position()]) == []


def test_a_position_that_has_its_trade_is_no_orphan():
    order = an_order(state=OrderState.NOT_EXECUTED)
    book = a_book([OPEN], by_magic={MAGIC: order})
    assert found(book, positions=[a_position()]) == []


def test_a_position_with_the_number_of_a_close_is_no_orphan():
    close = an_order(kind=OrderKind.CLOSE, state=OrderState.REJECTED)
    book = a_book(by_magic={MAGIC: close})
    assert found(book, positions=[a_position()]) == []


def test_an_average_price_has_no_more_decimals_than_the_prices():
    deals = [
        a_deal(price=Decimal("1.10"), volume=Decimal("0.1")),
        a_deal(price=Decimal("1.2"), volume=Decimal("0.2")),
    ]
    assert str(average_price(deals)) == "1.17"


def test_the_average_price_of_one_deal_is_its_price():
    assert average_price([a_deal(price=Decimal(7))]) == 7


# -------------------------------------------------------------- the second time

volumes = st.sampled_from([Decimal("0.05"), Decimal("0.10"), Decimal("0.18")])
moments = st.sampled_from([NOON, SEEN - timedelta(seconds=1), SEEN])


@st.composite
def affairs(draw, number: int):
    """Anything that may be known, and anything that may be shown, of one ticket."""
    ticket, magic = Ticket(number), 900 + number
    order = an_order(
        id=OrderId(f"O{number}"),
        state=draw(st.sampled_from(OrderState)),
        kind=draw(st.sampled_from([OrderKind.OPEN, OrderKind.CLOSE])),
        ticket=draw(st.sampled_from([ticket, None])),
    )
    trade = a_trade(
        position_id=ticket,
        ticket=ticket,
        state=draw(st.sampled_from(sorted(ON_THE_BOOK))),
        volume=draw(volumes),
        opened_at=draw(moments),
    )
    position = a_position(
        identifier=ticket, ticket=ticket, magic=magic, volume=draw(volumes)
    )
    deals = [
        a_deal(
            ticket=Ticket(100 * number + place),
            position_id=ticket,
            magic=magic,
            entry=entry,
            volume=draw(volumes),
            reason=draw(st.sampled_from(DealReason)),
        )
        for place, entry in enumerate(
            draw(
                st.lists(
                    st.sampled_from([DealEntry.IN, DealEntry.OUT, DealEntry.OUT_BY]),
                    max_size=3,
                )
            )
        )
    ]
    past = a_past_order(
        ticket=ticket, magic=magic, state=draw(st.sampled_from(HistoryState))
    )
    book = draw(st.sampled_from(["trade", "order", "nothing"]))
    return (
        magic,
        order,
        [trade] if book == "trade" else [],
        draw(st.sampled_from([[], [position]])),
        draw(st.sampled_from([[], [a_pending(ticket=ticket, magic=magic)]])),
        draw(st.sampled_from([[], [past]])),
        deals,
    )


@st.composite
def scenes(draw) -> tuple[Book, Snapshot]:
    found = [draw(affairs(number)) for number in range(1, draw(st.integers(2, 4)))]
    by_magic = {magic: order for magic, order, *_ in found}
    placed = [
        order
        for order in by_magic.values()
        if order.state is OrderState.PLACED and order.kind is OrderKind.OPEN
    ]
    trades = [trade for _, _, mine, *_ in found for trade in mine]
    # an order that is placed has no trade yet
    taken = {trade.position_id for trade in trades}
    placed = [order for order in placed if order.ticket not in taken]
    snapshot = a_snapshot(
        positions=[each for *_, mine, _, _, _ in found for each in mine],
        orders=[each for *_, mine, _, _ in found for each in mine],
        past=[each for *_, mine, _ in found for each in mine],
        deals=[each for *_, mine in found for each in mine],
    )
    return a_book(trades, placed, by_magic), snapshot


def written(book: Book, changes: Sequence[Correction]) -> Book:
    """The book after all of ``changes``."""
    trades = {trade.id: trade for trade in book.trades}
    orders = {order.id: order for order in book.by_magic.values()}
    for change in changes:
        if change.trade is not None:
            assert change.new is (change.trade.id not in trades)
            trades[change.trade.id] = change.trade
        if change.order is not None:
            orders[change.order.id] = change.order
    return replace(
        book,
        trades=[each for each in trades.values() if each.state in ON_THE_BOOK],
        placed=[
            orders[each.id]
            for each in book.placed
            if orders[each.id].state is OrderState.PLACED
        ],
        by_magic={number: orders[each.id] for number, each in book.by_magic.items()},
        recorded=[*book.recorded, *(each.position_id for each in trades.values())],
    )


@given(scenes())
def test_correcting_a_second_time_changes_nothing(scene):
    book, snapshot = scene
    after = written(book, corrections(book, snapshot))
    assert corrections(after, snapshot) == []


@given(scenes())
def test_a_correction_always_says_what_it_changes_or_only_the_floating_profit(scene):
    book, snapshot = scene
    known = {trade.id: trade for trade in book.trades}
    for change in corrections(book, snapshot):
        if not change.what:
            assert change.trade is not None
            before = known[change.trade.id]
            assert replace(before, floating=change.trade.floating) == change.trade


@given(scenes())
def test_every_position_has_at_most_one_trade(scene):
    book, snapshot = scene
    after = written(book, corrections(book, snapshot))
    numbers = [trade.position_id for trade in after.trades]
    assert len(numbers) == len(set(numbers))


def test_a_gone_position_of_an_order_known_as_over_gets_a_trade_and_is_closed():
    order = an_order(state=OrderState.NOT_EXECUTED, volume=Decimal("0.10"))
    book = a_book(by_magic={MAGIC: order})
    entry = an_entry()
    adopted, closed = found(book, deals=[entry, a_deal(position_id=entry.position_id)])
    assert adopted.new
    assert closed.trade is not None
    assert closed.trade.state is TradeState.CLOSED


def test_a_gone_position_that_has_its_trade_is_no_orphan():
    order = an_order(state=OrderState.NOT_EXECUTED)
    entry = an_entry()
    book = a_book(by_magic={MAGIC: order}, recorded=[entry.position_id])
    assert found(book, deals=[entry]) == []

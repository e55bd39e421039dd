from decimal import Decimal

import pytest

from core.broker import DealEntry, HistoryState, OrderResult, ResultStatus
from core.desk.recording import proves_enough, result_of_lookup
from core.ids import Ticket
from core.orders import OrderKind
from tests.builders import an_order
from tests.core.broker_rows import (
    a_deal,
    a_lookup,
    a_past_order,
    a_pending,
    a_position,
    an_entry,
)

OPENING = an_order()
CLOSING = an_order(kind=OrderKind.CLOSE)
HALF = OPENING.volume / 2


def test_nothing_found_proves_nothing_by_itself():
    assert result_of_lookup(OPENING, a_lookup()) is None


def test_opening_deals_are_a_fill():
    result = result_of_lookup(OPENING, a_lookup(deals=[an_entry()]))
    assert result == OrderResult(
        status=ResultStatus.FILLED,
        retcode=0,
        message="",
        order=Ticket(1),
        position_id=Ticket(1),
        volume=Decimal("0.18"),
        price=Decimal("1950.55"),
    )


def test_several_opening_deals_are_one_fill_at_their_average():
    deals = [
        an_entry(volume=HALF, price=Decimal(1950)),
        an_entry(ticket=Ticket(41), volume=HALF, price=Decimal(1952)),
    ]
    result = result_of_lookup(OPENING, a_lookup(deals=deals))
    assert result is not None
    assert (result.status, result.price) == (ResultStatus.FILLED, 1951)


def test_less_than_was_ordered_is_a_partial_fill():
    result = result_of_lookup(OPENING, a_lookup(deals=[an_entry(volume=HALF)]))
    assert result is not None
    assert (result.status, result.volume) == (ResultStatus.PARTIALLY_FILLED, HALF)


@pytest.mark.parametrize(
    ("volume", "status"),
    [(OPENING.volume, ResultStatus.FILLED), (HALF, ResultStatus.PARTIALLY_FILLED)],
)
def test_a_position_without_its_deals_is_a_fill_too(volume, status):
    lookup = a_lookup(positions=[a_position(volume=volume)])
    result = result_of_lookup(OPENING, lookup)
    assert result is not None
    assert (result.status, result.position_id, result.price) == (
        status,
        Ticket(1),
        Decimal("1950.55"),
    )


def test_a_waiting_order_was_placed():
    result = result_of_lookup(OPENING, a_lookup(orders=[a_pending()]))
    assert result is not None
    assert (result.status, result.order) == (ResultStatus.PLACED, Ticket(1))


@pytest.mark.parametrize("order", [OPENING, CLOSING])
@pytest.mark.parametrize(
    "state", [HistoryState.CANCELLED, HistoryState.EXPIRED, HistoryState.REJECTED]
)
def test_an_order_that_ended_without_a_deal_did_not_execute(order, state):
    result = result_of_lookup(order, a_lookup(past=[a_past_order(state=state)]))
    assert result is not None
    assert result.status is ResultStatus.REJECTED
    assert result.message == f"The broker lists the order as {state}."


@pytest.mark.parametrize("order", [OPENING, CLOSING])
def test_a_filled_order_whose_deals_are_still_to_come_proves_nothing(order):
    lookup = a_lookup(past=[a_past_order(state=HistoryState.FILLED)])
    assert result_of_lookup(order, lookup) is None


def test_closing_deals_are_a_close():
    result = result_of_lookup(CLOSING, a_lookup(deals=[a_deal()]))
    assert result is not None
    assert (result.status, result.volume, result.price) == (
        ResultStatus.FILLED,
        Decimal("0.18"),
        Decimal(1945),
    )


def test_an_opening_deal_is_no_close():
    assert result_of_lookup(CLOSING, a_lookup(deals=[an_entry()])) is None


def test_a_closing_deal_is_no_opening():
    deal = a_deal(entry=DealEntry.OUT)
    assert result_of_lookup(OPENING, a_lookup(deals=[deal])) is None


@pytest.mark.parametrize("status", ResultStatus)
def test_whatever_is_said_of_a_close_says_enough(status):
    assert proves_enough(CLOSING, OrderResult(status=status, retcode=0, message=""))


@pytest.mark.parametrize("status", [ResultStatus.REJECTED, ResultStatus.UNKNOWN])
def test_a_refusal_or_a_doubt_needs_no_numbers(status):
    assert proves_enough(OPENING, OrderResult(status=status, retcode=0, message=""))

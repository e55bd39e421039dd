"""Answers that are lost, late or a no: one order or none, and the truth is shown."""

import pytest

from tests.flows.seats import Asked, Seat, proves_one_order

SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 13)}}
REQUOTE, NO_MONEY, MARKET_CLOSED = 10004, 10019, 10018


def approved_with(seat: Seat, **faults: object) -> Asked:
    """A prompt that is approved while its broker is broken in this way."""
    prompt = seat.asked()
    seat.broker(**faults)
    prompt.tap("Approve")
    return prompt


@pytest.mark.parametrize("fault", ["lose_reply", "time_out"])
def test_a_lost_answer_is_looked_up_and_shown_as_filled(seat: Seat, fault: str) -> None:
    prompt = approved_with(seat, **{fault: {"of": "open"}})
    prompt.shows("Filled")
    seat.house.books.quiet()
    proves_one_order(seat, prompt.signal)
    assert len(seat.house.books.ledger(seat.account).positions) == 1


def test_a_lost_request_is_proved_absent_and_never_sent_again(seat: Seat) -> None:
    prompt = approved_with(seat, lose_request={"of": "open"})
    shown = prompt.shows("Not executed")
    books = seat.house.books
    (order,) = books.orders(prompt.signal.id)
    assert [text for text in shown.former if "Do not repeat it by hand" in text]
    assert shown.labels == ()
    assert order["state"] == "not_executed"
    assert len(books.sends(prompt.signal.id)) == 1
    assert books.openings(seat.account) == []
    assert seat.house.receipt(prompt.signal.id)["status"] == "rejected"


def test_a_fill_that_the_broker_shows_late_is_adopted_and_told(seat: Seat) -> None:
    prompt = approved_with(seat, lose_reply={"of": "open"}, hide_seconds=5)
    prompt.shows("Not executed")
    trade = seat.house.books.wait(
        "SELECT * FROM trades WHERE signal_id = ?", prompt.signal.id
    )
    prompt.shows("Filled")
    (deal,) = seat.house.books.openings(seat.account)
    assert trade["position_id"] == deal.position_id
    assert len(seat.house.books.sends(prompt.signal.id)) == 1
    seat.house.chat.wait(seat.user, "Filled", after=prompt.id)
    seat.house.books.quiet()
    read = seat.house.chat.messages(seat.user)
    assert sum("Not done" in shown.text for shown in read) == 1


def test_a_refusal_shows_the_brokers_reason(seat: Seat) -> None:
    prompt = approved_with(seat, refuse={"retcode": NO_MONEY})
    shown = prompt.shows("Broker refused")
    (order,) = seat.house.books.orders(prompt.signal.id)
    assert "not enough free margin" in shown.text
    assert shown.labels == ()
    assert order["state"] == "rejected"
    assert seat.house.books.openings(seat.account) == []
    assert seat.house.receipt(prompt.signal.id)["status"] == "rejected"


def test_a_requote_is_sent_again_under_a_number_of_its_own(seat: Seat) -> None:
    prompt = approved_with(seat, refuse={"retcode": REQUOTE, "times": 2})
    prompt.shows("Filled")
    sends = seat.house.books.sends(prompt.signal.id)
    (deal,) = seat.house.books.openings(seat.account)
    assert [send["number"] for send in sends] == [1, 2, 3]
    assert [send["state"] for send in sends] == ["refused", "refused", "executed"]
    assert len({send["magic"] for send in sends}) == 3
    assert deal.magic == sends[-1]["magic"]


def test_a_third_requote_is_the_last(seat: Seat) -> None:
    prompt = approved_with(seat, refuse={"retcode": REQUOTE, "times": 3})
    shown = prompt.shows("Broker refused")
    seat.house.books.quiet()
    assert "price has moved" in shown.text
    assert len(seat.house.books.sends(prompt.signal.id)) == 3
    assert seat.house.books.openings(seat.account) == []


def test_an_answer_lost_after_a_requote_is_looked_up(seat: Seat) -> None:
    prompt = approved_with(seat, refuse={"retcode": REQUOTE}, lose_reply={"of": "open"})
    prompt.shows("Filled")
    sends = seat.house.books.sends(prompt.signal.id)
    (deal,) = seat.house.books.openings(seat.account)
    assert [send["state"] for send in sends] == ["refused", "executed"]
    assert deal.magic == sends[1]["magic"]


def test_a_close_whose_answer_is_lost_closes_once(seat: Seat) -> None:
    prompt = seat.filled()
    seat.broker(lose_reply={"of": "close"})
    question = seat.wonders("/closeall")
    question.tap("Confirm")
    prompt.shows("Closed from here")
    seat.house.books.quiet()
    ledger = seat.house.books.ledger(seat.account)
    assert ledger.positions == ()
    assert [deal.entry.value for deal in ledger.deals] == ["none", "in", "out"]


def test_a_close_that_the_broker_refuses_is_told(seat: Seat) -> None:
    seat.filled()
    seat.broker(refuse={"retcode": MARKET_CLOSED, "of": "close"})
    question = seat.wonders("/closeall")
    question.tap("Confirm")
    told = seat.house.chat.wait(seat.user, "The market is closed", after=question.id)
    assert "XAUUSD" in told.text
    assert len(seat.house.books.ledger(seat.account).positions) == 1


def test_closing_everything_at_an_unreachable_broker_is_told(seat: Seat) -> None:
    seat.filled()
    question = seat.wonders("/closeall")
    seat.broker(unavailable=True)
    reply = question.tap("Confirm")
    seat.broker(clear=True)
    assert reply.alert
    assert f"{seat.account} cannot be reached" in reply.text

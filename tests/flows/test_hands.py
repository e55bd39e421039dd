"""A trade in somebody's hands: shown, halved, made safe and closed, in the chat."""

from decimal import Decimal

from tests.flows.seats import Asked, Letter, Seat

SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 6)}}
AHEAD = Decimal(2)
"""How far the price is beyond the entry."""


def in_hand(seat: Seat) -> tuple[Asked, Letter]:
    """A trade in profit, and its card, opened from the prompt's own message."""
    prompt = seat.filled()
    seat.move(prompt.signal.entry + AHEAD)
    prompt.tap("Position")
    card = seat.house.chat.wait(seat.user, button="Close half", after=prompt.id)
    assert "+" in card.text
    return prompt, Letter(house=seat.house, user=seat.user, id=card.id)


def test_half_of_a_trade_is_closed_once_and_announced(seat: Seat) -> None:
    prompt, card = in_hand(seat)
    (before,) = seat.house.books.ledger(seat.account).positions
    card.tap("Close half")
    confirm = card.shows("stay open").data_of("Confirm")
    card.tap("Confirm")
    told = seat.house.chat.wait(seat.user, "A part: Closed from here", after=card.id)
    late = seat.house.chat.crafted(seat.user, confirm, message_id=card.id)
    seat.house.books.quiet()
    (rest,) = seat.house.books.ledger(seat.account).positions
    assert rest.volume < before.volume <= 2 * rest.volume
    assert f"{rest.volume.normalize():f} of {before.volume.normalize():f} lots" in (
        told.text
    )
    assert "ordered already" in late.text
    (trade,) = seat.house.books.trades(prompt.signal.id)
    assert (trade["state"], Decimal(trade["volume_open"])) == ("open", rest.volume)
    assert Decimal(trade["booked"]) > 0


def test_a_stop_is_moved_to_the_entry_although_the_answer_is_lost(seat: Seat) -> None:
    prompt, card = in_hand(seat)
    seat.broker(lose_reply={"of": "modify"})
    card.tap("Break-even")
    card.tap("Confirm")
    told = seat.house.chat.wait(seat.user, "moved the stop to", after=card.id)
    (held,) = seat.house.books.ledger(seat.account).positions
    assert held.stop_loss == held.open_price
    assert held.take_profit == prompt.signal.target
    assert f"{held.open_price.normalize():f}" in told.text
    seat.move(held.open_price - Decimal("0.01"))
    assert "Stop hit" in prompt.shows("Stop hit").text


def test_a_stop_whose_request_is_lost_is_told_and_can_be_moved_again(
    seat: Seat,
) -> None:
    _, card = in_hand(seat)
    seat.broker(lose_request={"of": "modify"})
    card.tap("Break-even")
    card.tap("Confirm")
    seat.house.chat.wait(seat.user, "the stop is where it was", after=card.id)
    card.tap("Refresh")
    card.tap("Break-even")
    card.tap("Confirm")
    seat.house.chat.wait(seat.user, "moved the stop to", after=card.id)
    (held,) = seat.house.books.ledger(seat.account).positions
    assert held.stop_loss == held.open_price


def test_a_trade_is_closed_from_its_card(seat: Seat) -> None:
    prompt, card = in_hand(seat)
    card.tap("Close")
    card.tap("Back")
    assert len(seat.house.books.ledger(seat.account).positions) == 1
    card.tap("Close")
    card.tap("Confirm")
    assert "Closed from here" in prompt.shows("Closed from here").text
    assert seat.house.books.ledger(seat.account).positions == ()

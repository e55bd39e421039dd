"""What is asked again, what is refused, and what only waits."""

from decimal import ROUND_FLOOR, Decimal

import pytest

from core.desk.taps import OUTDATED
from core.money import plain
from tests.flows.seats import (
    Asked,
    Seat,
    proves_no_order,
    proves_one_order,
    sit_down,
)
from tests.flows.waiting import until

SEAT = {"broker": "paper", "speed": "0.25"}
BOLD = {**SEAT, "risk": {"per_trade_percent": 3, "max_drawdown_percent": 50}}
NARROW = {**SEAT, "risk": {"max_spread_points": 20}}
TIGHT = {**SEAT, "risk": {"max_drawdown_percent": "2.5"}}
CONFIG = {
    "accounts": {
        **{f"seat{number}": SEAT for number in range(1, 14)},
        "bold1": BOLD,
        "bold2": BOLD,
        "bold3": BOLD,
        "narrow": NARROW,
        "tight": TIGHT,
    }
}
R = Decimal(5)
"""From entry to stop in price, see ``a_signal``."""


# ---------------------------------------------------------------- confirm
def test_a_large_risk_is_ordered_only_after_confirm(house) -> None:
    seat = sit_down(house, "bold1")
    prompt = seat.asked()
    reply = prompt.tap("Approve")
    asked = prompt.shows("Confirm?")
    assert "3 %" in reply.text
    assert house.books.orders(prompt.signal.id) == []
    assert [each for each in asked.labels if "Confirm" in each]
    prompt.tap("Confirm")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_back_returns_to_the_question_and_the_old_confirm_is_void(house) -> None:
    seat = sit_down(house, "bold2")
    prompt = seat.asked()
    prompt.tap("Approve")
    confirm = prompt.shows("Confirm?").data_of("Confirm")
    reply = prompt.tap("Back")
    house.chat.wait(seat.user, button="Approve", after=prompt.id - 1)
    stale = house.chat.crafted(seat.user, confirm, message_id=prompt.id)
    assert "Nothing was ordered" in reply.text
    assert stale.text == OUTDATED.text
    proves_no_order(seat, prompt.signal)
    prompt.tap("Approve")
    prompt.tap("Confirm")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_a_double_tap_on_confirm_is_one_order(house) -> None:
    seat = sit_down(house, "bold3")
    prompt = seat.asked()
    prompt.tap("Approve")
    confirm = prompt.shows("Confirm?").data_of("Confirm")
    replies = house.chat.tap_at_once(seat.user, [(confirm, prompt.id)] * 10)
    prompt.shows("Filled")
    assert sum(reply.text.startswith("Approved") for reply in replies) == 1
    proves_one_order(seat, prompt.signal)


# ---------------------------------------------------------------- the price moved
def test_a_price_that_moved_too_far_is_asked_at_the_new_one(seat: Seat) -> None:
    prompt = seat.asked()
    lots = _lots(seat, prompt)
    bid, _ = seat.house.quote(seat.account, "XAUUSD")
    seat.move(bid + R * 3 / 10)
    reply = prompt.tap("Approve")
    new_entry = prompt.signal.entry + R * 3 / 10
    asked = prompt.shows("Confirm?")
    assert "moved" in reply.text
    assert f"Entry {plain(new_entry)}" in asked.text
    assert seat.house.books.orders(prompt.signal.id) == []
    prompt.tap("Confirm")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)
    (deal,) = seat.house.books.openings(seat.account)
    assert deal.price == new_entry
    assert deal.volume < lots


def test_a_price_that_moved_a_little_is_ordered_at_once(seat: Seat) -> None:
    prompt = seat.asked()
    bid, _ = seat.house.quote(seat.account, "XAUUSD")
    seat.move(bid + R / 5)
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_a_better_price_is_ordered_at_once_with_no_more_lots(seat: Seat) -> None:
    prompt = seat.asked()
    lots = _lots(seat, prompt)
    bid, _ = seat.house.quote(seat.account, "XAUUSD")
    seat.move(bid - R / 2)
    prompt.tap("Approve")
    prompt.shows("Filled")
    (deal,) = seat.house.books.openings(seat.account)
    assert deal.volume == lots
    assert deal.price == prompt.signal.entry - R / 2


def test_a_price_beyond_the_stop_ends_the_prompt(seat: Seat) -> None:
    prompt = seat.asked()
    seat.move(prompt.signal.stop - 1)
    reply = prompt.tap("Approve")
    shown = prompt.shows("already beyond the stop")
    assert "beyond the stop" in reply.text
    assert shown.labels == ()
    proves_no_order(seat, prompt.signal)
    assert seat.house.receipt(prompt.signal.id)["status"] == "rejected"


def test_a_price_at_the_target_ends_the_prompt(seat: Seat) -> None:
    prompt = seat.asked()
    seat.move(prompt.signal.target + 1)
    prompt.tap("Approve")
    assert prompt.shows("reached the target").labels == ()
    proves_no_order(seat, prompt.signal)


# ---------------------------------------------------------------- limits of the account
def test_approvals_at_once_never_risk_more_than_the_guard_allows(house) -> None:
    seat = sit_down(house, "tight")
    names = ("XAUUSD", "EURUSD", "GBPUSD", "AUDUSD")
    prompts = [seat.asked(instrument=name) for name in names]
    taps = [(prompt.now.data_of("Approve"), prompt.id) for prompt in prompts]
    replies = house.chat.tap_at_once(seat.user, taps)
    house.books.quiet()
    assert sum(reply.text.startswith("Approved") for reply in replies) == 2
    assert len(house.books.openings(seat.account)) == 2
    assert sum("Approve" in "".join(each.now.labels) for each in prompts) == 2


@pytest.mark.parametrize("distance", ["0.30", "5.0037"], ids=["near", "off the tick"])
def test_a_stop_that_the_broker_does_not_take_is_told_before_anything_is_ordered(
    seat: Seat, distance: str
) -> None:
    content = seat.signal()
    below = Decimal(content["price"]).quantize(Decimal("0.1"), ROUND_FLOOR)
    content["price"] = f"{below}0"  # zeros are written too
    content["stop_loss"] = str(Decimal(content["price"]) - Decimal(distance))
    prompt = seat.takes(content)
    assert f"stop loss {content['stop_loss']}" in prompt.now.text
    reply = prompt.tap("Approve")
    assert "stop loss" in reply.text
    proves_no_order(seat, prompt.signal)


# ---------------------------------------------------------------- passing obstacles
def test_too_wide_a_spread_is_told_and_the_prompt_stays_open(house) -> None:
    seat = sit_down(house, "narrow")
    prompt = seat.asked()
    reply = prompt.tap("Approve")
    assert "spread is 25 points" in prompt.now.text
    assert "stays open" in reply.text
    proves_no_order(seat, prompt.signal)
    assert house.books.prompts(prompt.signal.id)[0]["state"] == "sent"


def test_a_closed_market_is_told_and_the_prompt_stays_open(seat: Seat) -> None:
    prompt = seat.asked()
    seat.broker(closed=["XAUUSD"])
    _waits_and_then_goes(seat, prompt)


def test_an_unreachable_broker_is_told_and_the_prompt_stays_open(seat: Seat) -> None:
    prompt = seat.asked()
    seat.broker(unavailable=True)
    _waits_and_then_goes(seat, prompt)


def test_a_stale_price_is_told_and_the_prompt_stays_open(seat: Seat) -> None:
    prompt = seat.asked()
    seat.broker(stale=True)
    seat.house.books.wait(
        "SELECT * FROM guards WHERE id = ? AND phase = 'blind'", seat.account
    )
    _waits_and_then_goes(seat, prompt)


def _waits_and_then_goes(seat: Seat, prompt: Asked) -> None:
    """A tap changes nothing while it lasts, and orders once it is over."""
    reply = prompt.tap("Approve")
    assert reply.alert
    assert "stays open" in reply.text
    proves_no_order(seat, prompt.signal)
    assert "Approve" in "".join(prompt.now.labels)
    seat.broker(clear=True)
    seat.house.books.wait(
        "SELECT * FROM guards WHERE id = ? AND phase = 'armed'", seat.account
    )
    until(lambda: _takes_a_tap(prompt), "a tap that is taken")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def _takes_a_tap(prompt: Asked) -> bool:
    """The guard may notice late what is over already; a person taps again."""
    return "stays open" not in prompt.tap("Approve").text


def _lots(seat: Seat, prompt: Asked) -> Decimal:
    (row,) = seat.house.books.prompts(prompt.signal.id)
    return Decimal(row["lots"])

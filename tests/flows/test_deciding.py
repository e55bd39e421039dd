"""A tap decides, once; everything else decides nothing."""

import hashlib
import time
from datetime import UTC, datetime

import pytest

from core.desk.taps import OUTDATED
from tests.flows.house import ROOT
from tests.flows.seats import Seat, proves_no_order, proves_one_order

SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 20)}}


def test_an_approval_becomes_one_order(seat: Seat) -> None:
    prompt = seat.asked()
    reply = prompt.tap("Approve")
    shown = prompt.shows("Filled")
    assert "Approved" in reply.text
    assert shown.labels == ("Position",)
    proves_one_order(seat, prompt.signal)


def test_the_order_traces_back_to_the_tap_and_the_terms(seat: Seat) -> None:
    prompt = seat.asked()
    data = prompt.now.data_of("Approve")
    tapped = seat.house.chat.start_tap(seat.user, "Approve", prompt.id)
    prompt.shows("Filled")
    (approval,) = seat.house.books.approvals(prompt.signal.id)
    terms = (ROOT / "consent" / "en-1.md").read_text(encoding="utf-8")
    assert tapped.data == data
    assert approval["update_id"] == tapped.update_id
    assert approval["user_id"] == seat.user
    assert approval["consent_version"] == "1"
    assert approval["consent_hash"] == hashlib.sha256(terms.encode()).hexdigest()


def test_the_provider_reads_that_its_signal_was_executed(seat: Seat) -> None:
    prompt = seat.filled()
    receipt = seat.house.receipt(prompt.signal.id)
    assert receipt["status"] == "executed"
    assert receipt["recipients"] == 1


def test_a_rejection_orders_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    reply = prompt.tap("Reject")
    shown = prompt.shows("Rejected by")
    assert "Nothing was ordered" in reply.text
    assert not [each for each in shown.labels if "Approve" in each]
    proves_no_order(seat, prompt.signal)
    assert seat.house.receipt(prompt.signal.id)["status"] == "rejected"


def test_a_reason_is_chosen_after_the_rejection(seat: Seat) -> None:
    prompt = seat.asked()
    prompt.tap("Reject")
    prompt.tap("Too risky")
    shown = prompt.shows("· Too risky")
    (approval,) = seat.house.books.approvals(prompt.signal.id)
    assert shown.labels == ()
    assert approval["reason"] == "Too risky"


def test_a_reason_is_written_after_the_rejection_and_kept_short(seat: Seat) -> None:
    prompt = seat.asked()
    prompt.tap("Reject")
    prompt.tap("Write a reason")
    seat.hears("<b>no</b> " + "x" * 600, "noted")
    prompt.shows("<b>no</b>")
    (approval,) = seat.house.books.approvals(prompt.signal.id)
    assert approval["reason"] == ("<b>no</b> " + "x" * 600)[:500]


def test_a_double_tap_is_one_order(seat: Seat) -> None:
    prompt = seat.asked()
    chat = seat.house.chat
    data = prompt.now.data_of("Approve")
    first = chat.start_crafted(seat.user, data, message_id=prompt.id)
    second = chat.start_crafted(seat.user, data, message_id=prompt.id)
    assert "Approved" in chat.answer(first).text
    again = chat.answer(second)
    assert "Already approved" in again.text
    assert not again.alert
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_twenty_taps_at_once_are_one_order_and_all_are_answered(seat: Seat) -> None:
    prompt = seat.asked()
    data = prompt.now.data_of("Approve")
    replies = seat.house.chat.tap_at_once(seat.user, [(data, prompt.id)] * 20)
    prompt.shows("Filled")
    assert sum(reply.text.startswith("Approved") for reply in replies) == 1
    assert sum("Already approved" in reply.text for reply in replies) == 19
    proves_one_order(seat, prompt.signal)


def test_approve_and_reject_at_once_are_one_decision(seat: Seat) -> None:
    prompt = seat.asked()
    yes, no = prompt.now.data_of("Approve"), prompt.now.data_of("Reject")
    taps = [(yes, prompt.id), (no, prompt.id)] * 4
    replies = seat.house.chat.tap_at_once(seat.user, taps)
    seat.house.books.quiet()
    (approval,) = seat.house.books.approvals(prompt.signal.id)
    orders = seat.house.books.orders(prompt.signal.id)
    assert sum("Already" not in reply.text for reply in replies) == 1
    assert len(orders) == (approval["decision"] == "approve")


def test_a_tap_delivered_twice_is_one_order(seat: Seat) -> None:
    prompt = seat.asked()
    chat = seat.house.chat
    tapped = chat.start_tap(seat.user, "Approve", prompt.id)
    prompt.shows("Filled")
    for _ in range(3):
        chat.post("duplicate", update_id=tapped.update_id)
    seat.hears("/pending", "Nothing waits")
    proves_one_order(seat, prompt.signal)


def test_a_tap_on_a_button_that_is_gone_decides_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    approve = prompt.now.data_of("Approve")
    prompt.tap("Reject")
    prompt.shows("Rejected")
    late = seat.house.chat.crafted(seat.user, approve, message_id=prompt.id)
    assert "Already rejected by" in late.text
    proves_no_order(seat, prompt.signal)


@pytest.mark.parametrize("data", ["1:ap:guessed", "0:ap:x", "hello", "1:zz:x", "1"])
def test_a_made_up_button_is_answered_and_does_nothing(
    strangers: Seat, data: str
) -> None:
    last = strangers.last_message()
    reply = strangers.house.chat.crafted(strangers.user, data, message_id=last)
    assert reply.text == OUTDATED.text
    strangers.house.books.quiet()
    assert strangers.house.books.openings(strangers.account) == []


@pytest.fixture(scope="module")
def strangers(house, free_accounts) -> Seat:
    """A member without any prompt."""
    user = house.new_person()
    account = free_accounts.pop()
    house.enter(user, account, "approver")
    return Seat(house=house, user=user, account=account)


def test_a_strangers_tap_on_somebodys_prompt_decides_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    house = seat.house
    stranger = house.new_person("Mallory")
    tapped = house.chat.start_tap(stranger, "Approve", prompt.id, chat=seat.user)
    reply = house.chat.answer(tapped)
    assert reply.alert
    assert "not a member" in reply.text
    proves_no_order(seat, prompt.signal)
    assert len(house.books.audit("tap_refused", f"user:{stranger}")) == 1
    assert "Approve" in "".join(prompt.now.labels)


def test_a_strangers_crafted_data_decides_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    house = seat.house
    stranger = house.new_person("Mallory")
    house.chat.say(stranger, "/start")
    own = house.chat.wait(stranger, "invite")
    data = prompt.now.data_of("Approve")
    reply = house.chat.crafted(stranger, data, message_id=own.id)
    assert "not a member" in reply.text
    proves_no_order(seat, prompt.signal)


def test_another_members_crafted_data_decides_nothing(
    seat: Seat, strangers: Seat
) -> None:
    prompt = seat.asked()
    house = seat.house
    last = strangers.last_message()
    for label in ("Approve", "Reject"):
        data = prompt.now.data_of(label)
        reply = house.chat.crafted(strangers.user, data, message_id=last)
        assert reply.alert
        assert "somebody else" in reply.text
    proves_no_order(seat, prompt.signal)
    audited = house.books.rows(
        "SELECT * FROM audit WHERE action = 'tap_refused' AND actor = ? "
        "AND subject LIKE 'prompt:%'",
        f"user:{strangers.user}",
    )
    assert len(audited) == 2
    assert house.books.prompts(prompt.signal.id)[0]["state"] == "sent"


def test_an_expired_prompt_says_so_and_has_no_buttons(seat: Seat) -> None:
    prompt = seat.asked(expires_in=3)
    approve = prompt.now.data_of("Approve")
    shown = prompt.shows("Expired, nothing was sent")
    late = seat.house.chat.crafted(seat.user, approve, message_id=prompt.id)
    assert shown.labels == ()
    assert "expired" in late.text
    proves_no_order(seat, prompt.signal)
    assert seat.house.receipt(prompt.signal.id)["status"] == "expired"


def test_taps_around_the_expiry_are_one_order_or_an_expired_prompt(seat: Seat) -> None:
    prompt = seat.asked(expires_in=3)
    books = seat.house.books
    data = prompt.now.data_of("Approve")
    (row,) = books.prompts(prompt.signal.id)
    end = datetime.fromisoformat(row["expires_at"])
    time.sleep(max(0, (end - datetime.now(UTC)).total_seconds() - 0.1))
    seat.house.chat.tap_at_once(seat.user, [(data, prompt.id)] * 15)
    books.quiet()
    (row,) = books.prompts(prompt.signal.id)
    orders = books.orders(prompt.signal.id)
    filled = [order for order in orders if order["state"] == "filled"]
    assert (row["state"], len(orders)) in (("approved", 1), ("expired", 0))
    assert len(books.openings(seat.account)) == len(filled)

"""Telegram is slow, full, broken or forgetful: every prompt arrives, once decided."""

import time

import pytest

from tests.flows.company import Company, prompt_of
from tests.flows.seats import Seat, proves_one_order
from tests.flows.waiting import until

SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 28)}}
GONE = "SELECT * FROM users WHERE id = ? AND blocked_at IS NOT NULL"
HERE = "SELECT * FROM users WHERE id = ? AND blocked_at IS NULL"
ON_ITS_WAY = "SELECT id FROM outbox WHERE claimed_until IS NOT NULL AND done_at IS NULL"


@pytest.fixture(autouse=True)
def _nothing_under_way(house) -> None:
    """A fault hits the next call, whoever's it is."""
    house.books.quiet()


@pytest.mark.parametrize(
    "fault",
    [
        {"retry_after": 1},
        {"status": 500},
        {"status": 502, "non_json": True},
        {"status": 200, "description": "odd"},
    ],
    ids=["429", "500", "not json", "ok false"],
)
def test_a_prompt_arrives_in_spite_of(seat: Seat, fault: dict[str, object]) -> None:
    seat.house.chat.post("faults", method="sendPhoto", times=2, **fault)
    prompt = seat.asked()
    assert prompt.now.photo
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)
    prompts = [m for m in seat.house.chat.messages(seat.user) if "XAUUSD" in m.text]
    assert len(prompts) == 1


def test_a_reply_lost_after_sending_leaves_two_copies_and_one_decision(
    seat: Seat,
) -> None:
    chat = seat.house.chat
    chat.post("faults", method="sendPhoto", drop_after_apply=True)
    signal = seat.post()
    first = chat.wait(seat.user, button="Approve")
    second = chat.wait(seat.user, button="Approve", after=first.id)
    replies = [
        chat.tap(seat.user, "Approve", message_id)
        for message_id in (first.id, second.id)
    ]
    chat.shows(seat.user, second.id, "Filled")
    assert sum(reply.text.startswith("Approved") for reply in replies) == 1
    assert "Already approved" in replies[1].text
    proves_one_order(seat, signal)
    assert chat.message(seat.user, first.id).labels == ()


def test_a_picture_that_is_refused_arrives_as_text(seat: Seat) -> None:
    seat.house.chat.post(
        "faults",
        method="sendPhoto",
        status=400,
        description="Bad Request: IMAGE_PROCESS_FAILED",
        times=2,
    )
    prompt = seat.asked()
    assert not prompt.now.photo
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_an_edit_that_fails_is_made_later(seat: Seat) -> None:
    prompt = seat.asked()
    for fault in ({"retry_after": 1}, {"status": 500}, {"drop_after_apply": True}):
        seat.house.chat.post("faults", method="editMessageCaption", **fault)
    prompt.tap("Approve")
    prompt.shows("Filled")
    seat.house.books.quiet()
    assert "Reject" not in prompt.now.labels
    proves_one_order(seat, prompt.signal)


def test_an_answer_that_telegram_refuses_changes_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    seat.house.chat.post("faults", method="answerCallbackQuery", status=500)
    seat.house.chat.start_tap(seat.user, "Approve", prompt.id)
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_polling_goes_on_after_a_failure(seat: Seat) -> None:
    seat.house.chat.post("faults", method="getUpdates", status=502, non_json=True)
    seat.hears("/pending", "Nothing waits")
    prompt = seat.asked()
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_the_chart_is_uploaded_once_for_all(company: Company, free_accounts) -> None:
    seats = [company.joins(free_accounts.pop()) for _ in range(4)]
    chat = company.house.chat
    before = len(chat.calls("sendPhoto"))
    signal = company.hears(seats[0].account, *(each.account for each in seats[1:]))
    for seat in seats:
        assert prompt_of(seat, signal).now.photo
    company.house.books.quiet()
    sent = [call["params"]["photo"] for call in chat.calls("sendPhoto")[before:]]
    uploads = [photo for photo in sent if isinstance(photo, dict)]
    assert len(sent) == company.house.receipt(signal.id)["recipients"] >= 4
    assert len(uploads) == 1
    assert len({photo for photo in sent if isinstance(photo, str)}) == 1


def test_who_blocked_the_bot_is_marked_and_the_others_still_hear(
    company: Company, free_accounts
) -> None:
    ann, bob = (company.joins(free_accounts.pop()) for _ in range(2))
    house = company.house
    before = company.hears(ann.account, bob.account)
    house.chat.post("block", user=ann.user)
    house.books.wait(GONE, ann.user)
    after = company.hears(ann.account, bob.account)
    prompt_of(bob, after)
    counted = [house.receipt(signal.id)["recipients"] for signal in (before, after)]
    assert counted[0] - counted[1] == 1


def test_a_refused_delivery_marks_the_person_as_blocked(seat: Seat) -> None:
    seat.house.chat.post(
        "faults",
        method="sendPhoto",
        status=403,
        description="Forbidden: bot was blocked by the user",
    )
    seat.post()
    seat.house.books.wait(GONE, seat.user)
    again = seat.house.post(seat.signal())
    assert again.status == 422


def test_whoever_comes_back_hears_the_next_signal(seat: Seat) -> None:
    chat = seat.house.chat
    chat.post("block", user=seat.user)
    seat.house.books.wait(GONE, seat.user)
    chat.post("unblock", user=seat.user)
    seat.house.books.wait(HERE, seat.user)
    prompt = seat.asked()
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


# ---------------------------------------------------------------- speed
def test_a_call_that_hangs_keeps_nobody_else_waiting(
    company: Company, free_accounts
) -> None:
    ann, bob = (company.joins(free_accounts.pop()) for _ in range(2))
    ann.house.chat.post("faults", method="sendPhoto", latency=20)
    ann.post()
    until(lambda: ann.house.books.rows(ON_ITS_WAY), "a message on its way")
    began = time.monotonic()
    bob.asked()
    assert time.monotonic() - began < 10
    ann.house.chat.delete("faults")
    ann.house.chat.wait(ann.user, button="Approve")


def test_a_chat_that_has_to_wait_keeps_nobody_else_waiting(
    company: Company, free_accounts
) -> None:
    ann, bob = (company.joins(free_accounts.pop()) for _ in range(2))
    chat = ann.house.chat
    chat.post("faults", method="sendPhoto", retry_after=6)
    late = ann.post()
    until(
        lambda: [each for each in chat.calls("sendPhoto") if each["status"] == 429],
        "429",
    )
    bob.asked()
    (row,) = ann.house.books.prompts(late.id)
    assert row["message_id"] is None
    prompt_of(ann, late)


def test_every_prompt_arrives_once_at_telegrams_own_speed(seat: Seat) -> None:
    chat = seat.house.chat
    chat.post("limits", enforce=True)
    try:
        signals = [seat.post() for _ in range(4)]
        for signal in signals:
            prompt_of(seat, signal)
        seat.house.books.quiet()
    finally:
        chat.post("limits", enforce=False)
    shown = [m for m in chat.messages(seat.user) if "Approve" in "".join(m.labels)]
    assert len(shown) == len(signals)

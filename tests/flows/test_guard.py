"""The guard fires, flattens, proves it, and stays locked until a person re-arms it."""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.flows.guarded import GAP, GUARDED, deep_loss, phase, unprotected
from tests.flows.seats import Seat, proves_no_order, sit_down

CONFIG = {"accounts": {f"seat{number}": GUARDED for number in range(1, 19)}}
ALARM_AFTER = timedelta(seconds=15)
"""How long an account must be blind before people are told."""
Signal = dict[str, Any]


@pytest.fixture(scope="module")
def blind(house, free_accounts) -> tuple[Seat, Signal]:
    """An account that nobody can see from here on, and a signal for it.

    The alarm takes its time, so this begins before the other tests.
    """
    seat = sit_down(house, free_accounts.pop())
    signal = seat.signal()
    seat.broker(unavailable=True)
    return seat, signal


@pytest.fixture(autouse=True)
def _blind_from_the_start(blind) -> None:
    """The others' tests run while the alarm's time goes by."""


@pytest.fixture
def admin(house, free_accounts) -> Seat:
    """The person of an own account who also administers it."""
    return sit_down(house, free_accounts.pop(), "admin")


@pytest.fixture(scope="module")
def calm(house, free_accounts) -> Seat:
    """An admin whose guard never fires."""
    return sit_down(house, free_accounts.pop(), "admin")


# ---------------------------------------------------------------- at the limit
def test_at_the_limit_everything_is_closed_and_told(seat: Seat) -> None:
    prompt = deep_loss(seat)
    fired = seat.house.chat.wait(seat.user, "guard", after=prompt.id)
    flat = seat.house.chat.wait(seat.user, "is flat", after=fired.id)
    prompt.shows("Closed by the guard")
    phase(seat, "locked")
    guard = seat.house.books.guard(seat.account)
    assert seat.account in fired.text
    assert flat.id > fired.id
    assert seat.house.books.ledger(seat.account).positions == ()
    assert Decimal(guard["trigger_equity"]) <= Decimal(guard["trigger_peak"]) * 95 / 100
    (trade,) = seat.house.books.trades(prompt.signal.id)
    assert trade["close_reason"] == "guard"


def test_at_the_limit_open_prompts_end_and_waiting_orders_are_withdrawn(
    seat: Seat,
) -> None:
    waiting = seat.asked(instrument="EURUSD")
    approve = waiting.now.data_of("Approve")
    content = seat.signal(order_type="limit", instrument="GBPUSD")
    for field in ("price", "stop_loss", "take_profit"):
        content[field] = str(Decimal(content[field]) - Decimal("0.002"))
    limit = seat.takes(content)
    limit.tap("Approve")
    limit.shows("Waits at the broker")
    deep_loss(seat)
    phase(seat, "locked")
    shown = waiting.shows("guard")
    late = seat.house.chat.crafted(seat.user, approve, message_id=waiting.id)
    seat.house.books.quiet()
    assert shown.labels == ()
    assert "expired" in late.text
    assert seat.house.books.orders(waiting.signal.id) == []
    assert seat.house.books.ledger(seat.account).orders == ()
    (order,) = seat.house.books.orders(limit.signal.id)
    assert order["state"] == "cancelled"


def test_a_signal_after_the_guard_fired_cannot_be_approved(seat: Seat) -> None:
    prompt = deep_loss(seat)
    phase(seat, "locked")
    signal = seat.post(instrument="EURUSD")
    shown = seat.house.chat.wait(seat.user, "EURUSD", after=prompt.id)
    seat.house.books.quiet()
    assert shown.labels == ()
    assert "guard" in shown.text
    assert seat.house.books.orders(signal.id) == []
    assert len(seat.house.books.openings(seat.account)) == 1


def test_a_position_of_another_hand_is_closed_too(seat: Seat) -> None:
    seat.house.rig("open_by_hand", account=seat.account, instrument="GBPUSD")
    deep_loss(seat)
    phase(seat, "locked")
    assert seat.house.books.ledger(seat.account).positions == ()


def test_a_refused_close_is_tried_again_until_it_is_flat(seat: Seat) -> None:
    prompt = unprotected(seat)
    seat.broker(refuse={"retcode": 10018, "of": "close", "times": 1})
    seat.move(prompt.signal.entry - GAP)
    phase(seat, "locked")
    assert seat.house.books.ledger(seat.account).positions == ()


def test_a_warning_comes_before_the_limit(seat: Seat) -> None:
    prompt = unprotected(seat)
    seat.move(prompt.signal.entry - 15)
    warned = seat.house.chat.wait(seat.user, "50 %", after=prompt.id)
    assert seat.account in warned.text
    assert seat.house.books.guard(seat.account)["phase"] == "armed"


def test_a_withdrawal_of_money_is_no_loss(seat: Seat) -> None:
    seat.house.rig("deposit", account=seat.account, amount="-3000")
    seat.house.books.wait(
        "SELECT * FROM guards WHERE id = ? AND equity = '7000'", seat.account
    )
    guard = seat.house.books.guard(seat.account)
    assert (guard["phase"], guard["peak"]) == ("armed", "7000")


def test_an_account_that_reads_as_zero_is_not_a_loss(seat: Seat) -> None:
    prompt = seat.filled()
    seat.broker(zero_equity=True)
    phase(seat, "blind")
    time.sleep(2)
    assert seat.house.books.guard(seat.account)["phase"] == "blind"
    seat.broker(clear=True)
    phase(seat, "armed")
    assert len(seat.house.books.ledger(seat.account).positions) == 1
    assert "Filled" in prompt.now.text


# ---------------------------------------------------------------- panic and re-arm
def test_panic_by_name_flattens_after_confirm(admin: Seat) -> None:
    prompt = admin.filled()
    question = admin.wonders(f"/panic {admin.account}")
    assert admin.account in question.now.text
    assert len(admin.house.books.ledger(admin.account).positions) == 1
    question.tap("Confirm")
    prompt.shows("Closed by /panic")
    phase(admin, "locked")
    assert admin.house.books.ledger(admin.account).positions == ()
    admin.house.chat.wait(admin.user, "is flat", after=question.id)


def test_panic_without_a_name_flattens_all_that_one_administers(
    admin: Seat, house, free_accounts
) -> None:
    other = free_accounts.pop()
    house.enter(admin.user, other, "admin")
    question = admin.wonders("/panic all")
    assert admin.account in question.now.text
    assert other in question.now.text
    question.tap("Confirm")
    for account in (admin.account, other):
        phase(Seat(house=house, user=admin.user, account=account), "locked")


def test_back_from_panic_does_nothing(calm: Seat) -> None:
    question = calm.wonders("/panic")
    question.tap("Back")
    calm.house.books.quiet()
    assert question.shows("Nothing was done").labels == ()
    assert calm.house.books.guard(calm.account)["phase"] == "armed"


def test_an_old_panic_question_cannot_be_confirmed(calm: Seat) -> None:
    question = calm.wonders("/panic")
    data = question.now.data_of("Confirm")
    head, _, asked = data.rpartition("@")
    old = f"{head}@{int(asked) - 61}"
    reply = calm.house.chat.crafted(calm.user, old, message_id=question.id)
    assert reply.alert
    assert calm.house.books.guard(calm.account)["phase"] == "armed"


def test_a_panic_is_not_for_everybody(seat: Seat, calm: Seat) -> None:
    told = seat.hears("/panic", "admin")
    assert told.labels == ()
    data = calm.wonders("/panic").now.data_of("Confirm")
    reply = seat.house.chat.crafted(seat.user, data, message_id=told.id)
    assert reply.alert
    seat.house.books.quiet()
    for each in (seat, calm):
        assert seat.house.books.guard(each.account)["phase"] == "armed"


def test_a_guard_is_armed_again_with_a_reason_by_an_admin(admin: Seat) -> None:
    deep_loss(admin)
    phase(admin, "locked")
    admin.hears("/rearm", "why")
    assert admin.house.books.guard(admin.account)["phase"] == "locked"
    told = admin.hears("/rearm the news is over", "armed again")
    guard = admin.house.books.guard(admin.account)
    assert "the news is over" in told.text
    assert guard["phase"] == "armed"
    assert guard["rearm_reason"] == "the news is over"
    assert guard["peak"] == guard["equity"]
    admin.filled(instrument="EURUSD")


def test_a_guard_is_not_armed_again_by_others(seat: Seat) -> None:
    deep_loss(seat)
    phase(seat, "locked")
    seat.hears(f"/rearm {seat.account} please", "admin")
    assert seat.house.books.guard(seat.account)["phase"] == "locked"


def test_a_guard_that_has_not_fired_needs_no_re_arming(calm: Seat) -> None:
    calm.hears(f"/rearm {calm.account} just so", "not fired")


# ---------------------------------------------------------------- blind
def test_blindness_is_told_and_nothing_is_concluded(blind) -> None:
    seat, signal = blind
    books = seat.house.books
    told = seat.house.chat.wait(seat.user, "cannot be seen")
    prompt = seat.takes(signal)
    reply = prompt.tap("Approve")
    guard = books.guard(seat.account)
    blind_for = datetime.fromisoformat(guard["updated_at"]) - datetime.fromisoformat(
        guard["blind_since"]
    )
    assert seat.account in told.text
    assert "stays open" in reply.text
    assert guard["phase"] == "blind"
    assert blind_for >= ALARM_AFTER
    proves_no_order(seat, prompt.signal)
    seat.broker(clear=True)
    phase(seat, "armed")
    seat.house.chat.wait(seat.user, "seen again", after=told.id)

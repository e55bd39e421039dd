"""Two approvers, a snooze, a standing rule: each ends in exactly one order, or none."""

from decimal import Decimal

from tests.flows.company import Company, prompt_of
from tests.flows.seats import (
    Asked,
    Posted,
    Seat,
    proves_no_order,
    proves_one_order,
    taken,
)

PAPER = {"broker": "paper", "speed": "0.25"}
CONFIG = {
    "approvals": {"second_above_risk_percent": "0.5"},
    "accounts": {
        **{f"desk{number}": {**PAPER, "kind": "desk"} for number in range(1, 5)},
        **{f"seat{number}": PAPER for number in range(1, 6)},
    },
}
SOON = 124
"""Seconds until a signal expires whose snooze lasts only four of them."""


# ---------------------------------------------------------------- two people
def test_two_different_people_approve_one_order(company: Company, desk: str) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    reply = hers.tap("Approve")
    assert "second, different person" in reply.text
    hers.shows("Approved by you")
    his.shows(f"Approved by P{ann.user}. A second")
    proves_no_order(ann, signal)
    his.tap("Approve")
    his.shows("Filled")
    both = f"by P{ann.user} and P{bob.user}"
    assert both in his.now.text
    hers.shows(both)
    _one_order_by_two(company, desk, signal)


def test_the_first_takes_it_back_and_nothing_is_ordered(
    company: Company, desk: str
) -> None:
    ann, bob = company.joins(desk), company.joins(desk)
    signal = company.hears(desk)
    hers, his = prompt_of(ann, signal), prompt_of(bob, signal)
    hers.tap("Approve")
    his.shows("A second")
    assert "taken back" in hers.tap("Back").text
    his.tap("Approve")
    his.shows("Approved by you")
    proves_no_order(ann, signal)
    hers.tap("Approve")
    hers.shows("Filled")
    _one_order_by_two(company, desk, signal)


def test_everybody_at_once_is_one_order(company: Company, desk: str) -> None:
    people = [company.joins(desk) for _ in range(3)]
    signal = company.hears(desk)
    chat = company.house.chat
    prompts = [(each, prompt_of(each, signal)) for each in people]
    data = [prompt.now.data_of("Approve") for _, prompt in prompts]
    taps = [
        chat.start_crafted(each.user, datum, message_id=prompt.id)
        for (each, prompt), datum in zip(prompts, data, strict=True)
        for _ in range(2)
    ]
    for tap in taps:
        chat.answer(tap)
    company.house.books.quiet()
    _one_order_by_two(company, desk, signal)


def _one_order_by_two(company: Company, desk: str, signal: Posted) -> None:
    books = company.house.books
    approvals = {row["decision"]: row for row in books.approvals(signal.id)}
    first, second = approvals["first"], approvals["approve"]
    (order,) = books.orders(signal.id)
    assert len(books.openings(desk)) == 1
    assert order["approval_id"] == second["id"]
    assert second["seconds"] == first["id"]
    assert first["user_id"] != second["user_id"]


# ---------------------------------------------------------------- snooze
def test_a_snoozed_prompt_comes_back_as_a_new_message(seat: Seat) -> None:
    prompt = seat.asked(expires_in=SOON)
    prompt.tap("Snooze")
    prompt.shows("Snoozed until")
    newer = seat.house.chat.wait(seat.user, button="Approve", after=prompt.id)
    left = prompt.shows("asked again in a newer message")
    assert left.labels == ()
    again = Asked(house=seat.house, user=seat.user, id=newer.id, signal=prompt.signal)
    again.tap("Approve")
    again.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_a_snoozed_prompt_is_decided_where_it_stands(seat: Seat) -> None:
    prompt = seat.asked()
    prompt.tap("Snooze")
    prompt.shows("Snoozed until")
    prompt.tap("Approve")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


# ---------------------------------------------------------------- standing rules
def _grants(seat: Seat, *labels: str) -> None:
    """By /rules and its buttons."""
    assert seat.house.hook_token  # the provider is there
    seat.hears("/rules", "You have none")
    provider = seat.house.books.row("SELECT id FROM providers")["id"]
    pair = f"{provider} on {seat.account}"
    for label in ("New rule", pair, *labels, "Confirm"):
        shown = seat.house.chat.wait(seat.user, button=label)
        seat.house.chat.tap(seat.user, label, shown.id)
    seat.house.chat.wait(seat.user, "Used today: 0.")


def test_a_standing_rule_orders_within_its_limits_and_then_asks(seat: Seat) -> None:
    _grants(seat, "0.5 %", "1 a day", "Until Friday")
    last = seat.last_message()
    signal = taken(seat.house, seat.signal())
    shown = seat.house.chat.wait(
        seat.user, "Approved by your standing rule", after=last
    )
    row = seat.house.books.wait(
        "SELECT * FROM orders WHERE signal_id = ? AND state = 'filled'", signal.id
    )
    assert row["cause"] == "standing"
    (approval,) = seat.house.books.approvals(signal.id)
    granted = seat.house.books.row(
        "SELECT * FROM standing_rules WHERE user_id = ?", seat.user
    )
    assert approval["rule_id"] == granted["id"]
    assert approval["update_id"] == granted["granted_update_id"]
    proves_one_order(seat, signal)
    (prompt,) = seat.house.books.prompts(signal.id)
    assert Decimal(prompt["risk_percent"]) <= Decimal("0.5")
    assert "1 of 1 today" in shown.text
    second = seat.asked()
    assert seat.house.books.orders(second.signal.id) == []


def test_a_rule_that_is_revoked_under_its_order_asks_again(seat: Seat) -> None:
    _grants(seat, "1 %", "3 a day", "7 days")
    last = seat.last_message()
    taken(seat.house, seat.signal())
    shown = seat.house.chat.wait(seat.user, button="Revoke rule", after=last)
    reply = seat.house.chat.tap(seat.user, "Revoke rule", shown.id)
    assert reply.text.startswith("Revoked")
    second = seat.asked()
    assert seat.house.books.orders(second.signal.id) == []

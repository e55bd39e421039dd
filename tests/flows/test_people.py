"""How people are let in without an invite, how they lapse, and how they are erased."""

import json
import time

from tests.flows.company import Company, prompt_of
from tests.flows.seats import Seat
from tests.flows.waiting import until

PAPER = {"broker": "paper", "speed": "0.25"}
CONFIG = {
    "accounts": {
        **{f"seat{number}": PAPER for number in range(1, 3)},
        "desk": {**PAPER, "kind": "desk"},
        "floor": {**PAPER, "kind": "desk"},
    }
}


def test_a_request_is_accepted_in_telegram_and_then_a_tap_trades(
    house, company: Company
) -> None:
    admin = company.joins("desk", "admin")
    newcomer = house.new_person("Nora")
    company.members.append(newcomer)

    asked = house.chat.say(newcomer, "/start")
    told = house.chat.wait(newcomer, "admins are asked", after=asked)
    assert str(newcomer) in told.text
    request = house.chat.wait(admin.user, "Nora", button="Accept as approver")
    house.chat.tap(admin.user, "Accept as approver", request.id)

    house.chat.wait(newcomer, "You are in, as an approver of desk", after=asked)
    terms = house.chat.wait(newcomer, button="I agree", after=asked)
    house.chat.tap(newcomer, "I agree", terms.id)
    signal = company.hears("desk")
    prompt = prompt_of(Seat(house=house, user=newcomer, account="desk"), signal)
    assert prompt.tap("Approve").text.startswith("Approved")
    prompt.shows("Filled")
    (approval,) = house.books.approvals(signal.id)
    assert approval["user_id"] == newcomer


def test_a_lapsed_approver_s_tap_is_refused_with_the_reason(
    house, company: Company
) -> None:
    seat = company.joins("floor")
    admin = company.joins("floor", "admin")
    signal = company.hears("floor")
    prompt = prompt_of(seat, signal)
    prompt.house.chat.wait(seat.user, button="Approve", after=prompt.id - 1)
    approve = prompt.now.data_of("Approve")
    end = house.rig("until", user=seat.user, account="floor", seconds=1)["until"]
    house.chat.wait(seat.user, "membership of floor ends on")
    until(lambda: time.time() > end, "the end of the membership")

    refused = house.chat.crafted(seat.user, approve, message_id=prompt.id)

    assert refused.text.startswith("Your membership of floor lapsed on")
    assert refused.alert
    assert house.books.orders(signal.id) == []
    assert admin.hears("/users floor", "floor").text.count("approver") == 0


def test_whoever_is_erased_beside_the_service_leaves_no_trace_but_a_number(
    house, free_accounts
) -> None:
    user, account = house.new_person("Rumpelstilzchen"), free_accounts.pop()
    house.enter(user, account, "approver")
    seat = Seat(house=house, user=user, account=account)
    rejected = seat.asked()
    rejected.tap("Reject")
    house.books.quiet()
    assert "Rumpelstilzchen" in _all_of(house)

    said = house.command("user", "remove", str(seat.user), "--erase")

    assert "has been emptied" in said
    house.chat.wait(seat.user, "You were removed from")
    house.books.quiet()
    assert "Rumpelstilzchen" not in _all_of(house)
    approval = house.books.row("SELECT * FROM approvals WHERE user_id = ?", seat.user)
    assert approval["decision"] == "reject"
    seat.hears("/positions", "You were removed from")
    people = json.loads(house.command("user", "list", "--json"))
    (them,) = [each for each in people if each["id"] == seat.user]
    assert (them["name"], them["accounts"]) == ("", [])


def _all_of(house) -> str:
    """Every row of every table."""
    tables = house.books.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return "\n".join(
        str(row)
        for table in tables
        for row in house.books.rows(f"SELECT * FROM {table['name']}")  # noqa: S608
    )


def test_a_role_given_at_the_command_line_holds_at_once(
    house, company: Company
) -> None:
    seat = company.joins("desk", "viewer")
    house.command("user", "role", str(seat.user), "admin", "--account", "desk")
    house.chat.wait(seat.user, "You are an admin of desk now")
    assert "desk" in seat.hears("/users", "People").text

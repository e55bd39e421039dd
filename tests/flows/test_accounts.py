"""Accounts that come while the service runs: added ones, and those of followers."""

import subprocess
from decimal import Decimal

import pytest

from mt5_bridge.paper.store import read_ledger
from tests.flows.company import Company, prompt_of
from tests.flows.house import House
from tests.flows.seats import GOLD, Asked, Seat, proves_one_order

PAPER = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {"desk": {**PAPER, "kind": "desk"}}}


def _assigned(house: House, company: Company, account: str) -> Seat:
    """Somebody who wrote to the bot is given the account, and agrees."""
    user = house.new_person("Nora")
    company.members.append(user)
    last = house.chat.say(user, "/start")
    house.chat.wait(user, "You need an invite", after=last)
    assert "is in" in house.command("account", "assign", account, str(user))
    house.chat.wait(user, f"You are an approver of {account} now", after=last)
    terms = house.chat.wait(user, button="I agree", after=last)
    house.chat.tap(user, "I agree", terms.id)
    return Seat(house=house, user=user, account=account)


def _served(house: House, account: str) -> None:
    house.books.wait("SELECT * FROM guards WHERE id = ? AND phase = 'armed'", account)


def _refused(house: House, *words: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        house.command(*words)
    return str(refused.value.stderr)


def test_an_account_added_while_running_trades_and_is_disabled_when_it_is_empty(
    house, company: Company
) -> None:
    house.command(
        *("account", "add", "night", "--balance", "5000", "--speed", "0.25"),
        *("--risk.per_trade_percent", "2"),
    )
    _served(house, "night")
    seat = _assigned(house, company, "night")

    prompt = seat.filled()
    proves_one_order(seat, prompt.signal)
    assert "night" in prompt.now.text
    (order,) = house.books.orders(prompt.signal.id)
    assert Decimal(99) < Decimal(order["risk_money"]) <= Decimal(100)

    assert "open trades (1)" in _refused(house, "account", "disable", "night")
    question = seat.wonders("/closeall")
    question.tap("Confirm")
    house.books.wait(
        "SELECT * FROM trades WHERE signal_id = ? AND state = 'closed'",
        prompt.signal.id,
    )
    assert "is disabled now" in house.command("account", "disable", "night")
    house.chat.wait(seat.user, "night was disabled")
    house.service.until_says("account_let_go")

    house.service.kill()
    house.start()
    assert "is enabled now" in house.command("account", "enable", "night")
    house.service.until_says("account_taken_up")
    _served(house, "night")
    seat.filled()
    question = seat.wonders("/closeall")
    question.tap("Confirm")


def _follows(house: House, viewer: Seat) -> Seat:
    """The same person, on paper."""
    viewer.hears("/start", "Welcome")
    welcome = house.chat.wait(viewer.user, button="Follow on paper")
    house.chat.tap(viewer.user, "Follow on paper", welcome.id)
    house.chat.wait(viewer.user, "You follow on paper")
    (row,) = house.books.rows(
        "SELECT * FROM accounts WHERE source = 'follow' AND person_id = ?", viewer.user
    )
    return Seat(house=house, user=viewer.user, account=row["id"])


def _approves(prompt: Asked) -> None:
    """A prompt made before the new account was taken up shows its numbers first."""
    said = prompt.tap("Approve").text
    if said == "Here are the numbers now. Confirm?":
        prompt.shows("Confirm?")
        said = prompt.tap("Confirm").text
    assert said.startswith("Approved")


def test_a_follower_approves_on_paper_at_the_desk_s_prices_across_a_restart(
    house, company: Company
) -> None:
    approver = company.joins("desk")
    viewer = company.joins("desk", "viewer")
    paper = _follows(house, viewer)

    signal = company.hears("desk")
    prompt = prompt_of(paper, signal)
    paper.prompt_of(signal, after=prompt.id - 1)
    assert "PAPER" in prompt.now.text
    assert paper.account in prompt.now.text
    assert len(house.books.prompts(signal.id)) == len(
        {row["user_id"] for row in house.books.prompts(signal.id)}
    )
    _approves(prompt)
    prompt.shows("Filled")
    (order,) = house.books.orders(signal.id)
    assert order["account_id"] == paper.account
    (trade,) = house.books.trades(signal.id)
    assert Decimal(trade["open_price"]) == signal.entry

    house.service.kill()
    house.start()
    bid = signal.stop - 1
    house.move("desk", GOLD, bid)
    told = house.chat.wait(viewer.user, "Stop hit", after=prompt.id)
    assert paper.account in told.text or "PAPER" in told.text
    (trade,) = house.books.trades(signal.id)
    assert (trade["state"], Decimal(trade["close_price"])) == ("closed", bid)
    file = house.folder / "data" / "followers" / f"{paper.account}.db"
    assert len(read_ledger(file).deals) == 3
    assert not [
        message
        for message in house.chat.messages(approver.user)
        if paper.account in message.text
    ]


def test_who_stops_following_holds_nothing_and_looks_on(
    house, company: Company
) -> None:
    viewer = company.joins("desk", "viewer")
    paper = _follows(house, viewer)
    signal = company.hears("desk")
    prompt = prompt_of(paper, signal)
    paper.prompt_of(signal, after=prompt.id - 1)
    _approves(prompt)
    prompt.shows("Filled")

    asked = house.chat.say(viewer.user, "/follow")
    shown = house.chat.wait(viewer.user, button="Stop following", after=asked)
    house.chat.tap(viewer.user, "Stop following", shown.id)
    question = house.chat.wait(viewer.user, button="Confirm", after=shown.id)
    house.chat.tap(viewer.user, "Confirm", question.id)

    house.books.wait(
        "SELECT * FROM trades WHERE signal_id = ? AND state = 'closed'", signal.id
    )
    house.chat.wait(viewer.user, "Closed from here", after=asked)
    row = house.books.row("SELECT * FROM accounts WHERE id = ?", paper.account)
    assert not row["enabled"]
    later = company.hears("desk")
    seen = prompt_of(viewer, later)
    assert "Approve" not in seen.now.labels

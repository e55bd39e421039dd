"""A signal in a group: who may tap, what stands there, and groups that change."""

from dataclasses import dataclass

import pytest

from tests.flows.chat import Reply, Sandbox
from tests.flows.company import Company, prompt_of
from tests.flows.seats import Posted, Seat, proves_no_order, proves_one_order

PAPER = {"broker": "paper", "speed": "0.25"}
DESK = {**PAPER, "kind": "desk"}
CONFIG = {"accounts": {f"desk{number}": DESK for number in range(1, 7)}}
BOT = "tapgate_sandbox_bot"


@pytest.fixture(scope="module")
def free_desks() -> list[str]:
    return list(CONFIG["accounts"])


@dataclass(slots=True, kw_only=True)
class Hall:
    """A group in which an account's signals are shown."""

    company: Company
    account: str
    admin: Seat
    approver: Seat
    viewer: Seat
    stranger: int
    chat: int

    @property
    def telegram(self) -> Sandbox:
        return self.company.house.chat

    def begin(self, *, thread: int = 0) -> None:
        """The admin says that it is shown here."""
        where = {"thread": thread} if thread else {}
        text = f"/here@{BOT} {self.account}"
        self.telegram.say(self.admin.user, text, chat=self.chat, **where)
        self.telegram.wait(self.chat, f"Signals for {self.account} are shown here")

    def tap(self, user: int, label: str, message: int) -> Reply:
        tapped = self.telegram.start_tap(user, label, message, chat=self.chat)
        return self.telegram.answer(tapped)

    def shown(self, signal: Posted) -> int:
        """The message of this signal in the group."""
        asked = self.telegram.wait(self.chat, f"#{signal.id[-4:].upper()}")
        return asked.id


def _hall(company: Company, account: str, kind: str = "supergroup") -> Hall:
    admin = company.joins(account, "admin")
    approver = company.joins(account)
    viewer = company.joins(account, "viewer")
    stranger = company.house.new_person()
    members = (approver.user, viewer.user, stranger)
    chat = company.house.chat.group(admin.user, *members, kind=kind)
    return Hall(
        company=company,
        account=account,
        admin=admin,
        approver=approver,
        viewer=viewer,
        stranger=stranger,
        chat=chat,
    )


def test_one_tap_in_a_group_by_one_who_may_is_one_order(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop())
    hall.begin()
    signal = company.hears(hall.account)
    message = hall.shown(signal)
    shown = hall.telegram.message(hall.chat, message)
    assert shown.photo
    assert shown.labels == ("Approve", "Reject", "Details")
    assert "lots" not in shown.text
    assert "Asked: 2" in shown.text

    viewer = hall.tap(hall.viewer.user, "Approve", message)
    assert viewer.alert
    assert "You are a viewer here" in viewer.text
    stranger = hall.tap(hall.stranger, "Approve", message)
    assert stranger.alert
    assert "Ask an admin for an invite" in stranger.text
    proves_no_order(hall.approver, signal)

    approved = hall.tap(hall.approver.user, "Approve", message)
    assert approved.text.startswith("Approved, sending")
    name = f"P{hall.approver.user}"
    done = hall.telegram.shows(hall.chat, message, "🎯 Filled at")
    assert f"Approved by {name}" in done.text
    assert done.labels == ()
    assert "lots" not in done.text
    prompt_of(hall.approver, signal).shows("Filled")
    prompt_of(hall.admin, signal).shows(f"Decided by {name}")

    late = hall.company.house.chat.crafted(
        hall.admin.user,
        shown.data_of("Approve"),
        message_id=message,
        chat=hall.chat,
    )
    assert late.alert
    assert f"by {name}" in late.text
    proves_one_order(hall.approver, signal)


def test_details_of_ones_own_prompt_come_to_ones_own_chat(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop())
    hall.begin()
    signal = company.hears(hall.account)
    message = hall.shown(signal)
    before = prompt_of(hall.approver, signal).id
    answer = hall.tap(hall.approver.user, "Details", message)
    assert "Sent to your own chat" in answer.text
    details = hall.telegram.wait(hall.approver.user, "Details", after=before)
    assert "lots" in details.text
    rejected = hall.tap(hall.approver.user, "Reject", message)
    assert rejected.text.startswith("Rejected")
    name = f"P{hall.approver.user}"
    hall.telegram.shows(hall.chat, message, f"Rejected by {name}")
    proves_no_order(hall.approver, signal)


def test_a_group_that_moves_between_the_prompt_and_the_tap(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop(), kind="group")
    hall.begin()
    signal = company.hears(hall.account)
    hall.shown(signal)
    hall.chat = hall.telegram.migrate(hall.chat)
    message = hall.shown(signal)
    approved = hall.tap(hall.approver.user, "Approve", message)
    assert approved.text.startswith("Approved, sending")
    hall.telegram.shows(hall.chat, message, "🎯 Filled at")
    proves_one_order(hall.approver, signal)
    another = company.hears(hall.account)
    hall.shown(another)


def test_a_group_that_throws_the_bot_out_is_no_loss_to_its_people(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop())
    hall.begin()
    hall.telegram.becomes(hall.chat, "kicked")
    told = hall.telegram.wait(hall.admin.user, "the bot was removed from it")
    assert hall.account in told.text
    signal = company.hears(hall.account)
    prompt = prompt_of(hall.approver, signal)
    assert prompt.tap("Approve").text.startswith("Approved")
    prompt.shows("Filled")
    proves_one_order(hall.approver, signal)
    assert not company.house.books.rows(
        "SELECT * FROM postings WHERE signal_id = ?", signal.id
    )


def test_a_topic_of_a_forum_is_a_place_of_its_own(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop(), kind="forum")
    thread = hall.telegram.topic(hall.chat, "Gold")
    hall.begin(thread=thread)
    signal = company.hears(hall.account)
    message = hall.telegram.wait(hall.chat, f"#{signal.id[-4:].upper()}", thread=thread)
    answer = hall.tap(hall.approver.user, "Approve", message.id)
    assert answer.text.startswith("Approved")
    hall.telegram.shows(hall.chat, message.id, "🎯 Filled at")
    proves_one_order(hall.approver, signal)
    hall.telegram.say(hall.admin.user, "/gone", chat=hall.chat, thread=thread)
    hall.telegram.wait(hall.chat, "No more signals are shown here", thread=thread)


def test_nothing_of_anybodys_account_is_said_in_a_group(
    company: Company, free_desks: list[str]
) -> None:
    hall = _hall(company, free_desks.pop())
    for text in ("/positions", "/status", "/start"):
        asked = hall.telegram.say(hall.admin.user, f"{text}@{BOT}", chat=hall.chat)
        answer = f"Write to me in private: https://t.me/{BOT}"
        hall.telegram.wait(hall.chat, answer, after=asked)
    said = [each.text for each in hall.telegram.messages(hall.chat)]
    assert sum(text.startswith("Write to me in private") for text in said) == 3

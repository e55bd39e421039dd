"""Telegram posts its updates: each is stored before the 200, and acts once."""

import json
from typing import Any

import pytest

from tests.flows import web
from tests.flows.agreed import WEBHOOK_SECRET
from tests.flows.company import Company, prompt_of
from tests.flows.house import House, opened
from tests.flows.seats import Seat, proves_no_order, proves_one_order, sit_down
from tests.flows.waiting import until

PATH = "/telegram/webhook"
SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {
    "telegram": {"mode": "webhook"},
    "accounts": {f"seat{number}": SEAT for number in range(1, 11)},
}
UNDER_WAY = "SELECT * FROM inbox WHERE id = ? AND done_at IS NULL"
HANDLED = "SELECT * FROM inbox WHERE id = ? AND done_at IS NOT NULL"


def delivered(house: House) -> None:
    """Wait until Telegram has nothing more for us."""
    until(lambda: not house.chat.get("state")["pending_updates"], "every delivery")


def post(house: House, update: object, **headers: str) -> web.Answer:
    """Post as Telegram does, or as somebody who would like to be it."""
    return web.call(
        house.port,
        "POST",
        PATH,
        body=json.dumps(update).encode(),
        headers={"Content-Type": "application/json"} | headers,
    )


def answers(house: House) -> list[str]:
    """What the service answered to updates, from its log."""
    lines = house.service.log.read_text().splitlines()
    return [line.rpartition("status=")[2][:3] for line in lines if PATH in line]


def test_a_tap_becomes_one_order_and_nobody_polls(seat: Seat) -> None:
    prompt = seat.asked()
    assert prompt.tap("Approve").text.startswith("Approved")
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)
    chat = seat.house.chat
    assert chat.calls("getUpdates") == []
    (call,) = chat.calls("setWebhook")
    assert call["params"]["url"].endswith(PATH)
    assert "drop_pending_updates" not in call["params"]


def test_a_tap_that_is_posted_again_and_again_acts_once(seat: Seat) -> None:
    prompt = seat.asked()
    tapped = seat.house.chat.start_tap(seat.user, "Approve", prompt.id)
    for _ in range(3):
        seat.house.chat.post("duplicate", update_id=tapped.update_id)
    prompt.shows("Filled")
    delivered(seat.house)
    seat.house.chat.post("duplicate", update_id=tapped.update_id)
    delivered(seat.house)
    seat.house.books.quiet()
    proves_one_order(seat, prompt.signal)
    rows = seat.house.books.rows("SELECT * FROM inbox WHERE id = ?", tapped.update_id)
    assert len(rows) == 1
    taps = seat.house.chat.calls("answerCallbackQuery")
    ids = [each["params"]["callback_query_id"] for each in taps]
    assert ids.count(tapped.callback_id) == 1


def _forged(seat: Seat, data: str, message: int) -> dict[str, Any]:
    """A tap as Telegram would post it, in somebody else's name."""
    person = {"id": seat.user, "is_bot": False, "first_name": "X"}
    chat = {"id": seat.user, "type": "private"}
    return {
        "update_id": 1,
        "callback_query": {
            "id": "1",
            "from": person,
            "chat_instance": "x",
            "data": data,
            "message": {"message_id": message, "date": 1, "chat": chat},
        },
    }


@pytest.mark.parametrize("secret", [None, "", "wrong", WEBHOOK_SECRET[:-1]])
def test_who_does_not_know_the_secret_taps_nothing(seat_of_all: Seat, secret) -> None:
    seat = seat_of_all
    prompt = seat.asked()
    forged = _forged(seat, prompt.now.data_of("Approve"), prompt.id)
    headers = {"X-Forwarded-For": "149.154.160.1"}
    if secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    answer = post(seat.house, forged, **headers)
    assert answer.status == 401
    proves_no_order(seat, prompt.signal)
    assert seat.house.books.rows("SELECT * FROM inbox WHERE id = 1") == []
    prompt.tap("Reject")


@pytest.fixture(scope="module")
def seat_of_all(house: House, free_accounts: list[str]) -> Seat:
    """Of several tests in which nothing happens to it."""
    return sit_down(house, free_accounts.pop())


def test_an_update_that_cannot_be_stored_is_delivered_again(seat: Seat) -> None:
    prompt = seat.asked()
    delivered(seat.house)
    seat.house.rig("inbox", fails=1)
    tapped = seat.house.chat.start_tap(seat.user, "Approve", prompt.id)
    until(lambda: "503" in answers(seat.house), "a 503")
    assert "Approved" in seat.house.chat.answer(tapped).text
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)
    assert answers(seat.house).count("503") == 1


def test_one_persons_messages_are_answered_in_order(seat: Seat) -> None:
    chat = seat.house.chat
    last = seat.last_message()
    for command in ("/pending", "/positions", "/pending", "/positions"):
        chat.say(seat.user, command)

    def replies() -> list[str] | None:
        found = [m.text for m in chat.messages(seat.user) if m.id > last]
        said = [text for text in found if not text.startswith("/")]
        return said if len(said) == 4 else None

    said = until(replies, "four replies")
    assert said[0] == said[2] != said[1] == said[3]
    assert "Nothing waits" in said[0]


def test_a_slow_broker_holds_up_nobody_else(house: House, free_accounts) -> None:
    company = Company(house=house)
    ann, bob = (company.joins(free_accounts.pop()) for _ in range(2))
    signal = company.hears(ann.account, bob.account)
    slow, quick = prompt_of(ann, signal), prompt_of(bob, signal)
    house.rig("slow", account=ann.account, seconds=3)
    tapped = house.chat.start_tap(ann.user, "Approve", slow.id)
    house.books.wait(UNDER_WAY, tapped.update_id)
    behind = house.chat.start_tap(ann.user, "Reject", slow.id)
    assert "Approved" in quick.tap("Approve").text
    assert house.books.rows(UNDER_WAY, tapped.update_id)
    quick.shows("Filled")
    assert "Approved" in house.chat.answer(tapped).text
    assert "lready approved" in house.chat.answer(behind).text
    slow.shows("Filled")
    company.leave()


# ---------------------------------------------------------------- ends and starts
ALONE = CONFIG | {"accounts": {"seat1": SEAT}}


def _configured(house: House, **telegram: object) -> None:
    """Other choices for the next start."""
    file = house.folder / "config.json"
    content = json.loads(file.read_text())
    content["telegram"] |= telegram
    file.write_text(json.dumps(content))


def test_a_tap_that_was_stored_is_handled_after_a_kill(tmp_path) -> None:
    with opened(tmp_path, ALONE) as house:
        seat = sit_down(house, "seat1")
        prompt = seat.asked()
        house.rig("slow", account="seat1", seconds=60)
        tapped = house.chat.start_tap(seat.user, "Approve", prompt.id)
        house.books.wait(UNDER_WAY, tapped.update_id)
        delivered(house)
        house.service.kill()
        assert house.books.approvals(prompt.signal.id) == []

        house.start()
        prompt.shows("Filled")
        house.books.quiet()
        proves_one_order(seat, prompt.signal)
        house.books.wait(HANDLED, tapped.update_id)
        assert len(house.chat.calls("setWebhook")) == 1


def test_a_stop_lets_a_tap_finish_and_telegram_keeps_the_rest(tmp_path) -> None:
    with opened(tmp_path, ALONE) as house:
        seat = sit_down(house, "seat1")
        prompt, other = seat.asked(), seat.asked(instrument="EURUSD")
        house.rig("slow", account="seat1", seconds=2)
        tapped = house.chat.start_tap(seat.user, "Approve", prompt.id)
        house.books.wait(UNDER_WAY, tapped.update_id)
        assert house.service.terminate() == 0
        house.books.row(HANDLED, tapped.update_id)
        (approval,) = house.books.approvals(prompt.signal.id)
        assert approval["decision"] == "approve"
        waits = house.chat.start_tap(seat.user, "Approve", other.id)
        assert house.chat.get("state")["pending_updates"] == 1

        house.start()
        assert "Approved" in house.chat.answer(waits).text
        for each in (prompt, other):
            each.shows("Filled")
        house.books.quiet()
        for each in (prompt, other):
            assert len(house.books.orders(each.signal.id)) == 1
            assert len(house.books.sends(each.signal.id)) == 1


def test_an_update_acts_once_whichever_way_it_comes(tmp_path) -> None:
    with opened(tmp_path, ALONE) as house:
        seat = sit_down(house, "seat1")
        prompt = seat.asked()
        tapped = house.chat.start_tap(seat.user, "Approve", prompt.id)
        prompt.shows("Filled")
        delivered(house)
        assert house.service.terminate() == 0

        _configured(house, mode="polling")
        house.chat.post("duplicate", update_id=tapped.update_id)
        house.start()
        delivered(house)
        assert post(house, {"update_id": 1}).status == 404
        second = seat.asked(instrument="EURUSD")
        tapped = house.chat.start_tap(seat.user, "Approve", second.id)
        second.shows("Filled")
        assert house.service.terminate() == 0

        _configured(house, mode="webhook")
        house.chat.post("duplicate", update_id=tapped.update_id)
        house.start()
        delivered(house)
        house.books.quiet()
        assert len(house.chat.calls("setWebhook")) == 2
        for each in (prompt, second):
            assert len(house.books.approvals(each.signal.id)) == 1
            assert len(house.books.orders(each.signal.id)) == 1
            assert len(house.books.sends(each.signal.id)) == 1
        assert len(house.books.openings("seat1")) == 2

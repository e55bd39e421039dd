"""What a provider may send again, change and take back."""

import json
from urllib.request import urlopen

from tests.flows import web
from tests.flows.seats import Posted, Seat, proves_no_order, proves_one_order, taken

SEAT = {"broker": "paper", "speed": "0.25"}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 16)}}


def cancel(seat: Seat, signal: Posted) -> web.Answer:
    """Take a signal back."""
    return seat.house.post(
        {
            "external_id": seat.house.fresh_name(),
            "action": "cancel",
            "target": signal.content["external_id"],
        }
    )


def test_the_same_signal_again_is_the_same_and_prompts_once(seat: Seat) -> None:
    prompt = seat.asked()
    again = seat.house.post(prompt.signal.content)
    written_otherwise = seat.house.post(
        {**prompt.signal.content, "price": f"{prompt.signal.entry}000"}
    )
    seat.house.books.quiet()
    assert (again.status, again.body["id"]) == (200, prompt.signal.id)
    assert (written_otherwise.status, written_otherwise.body["id"]) == (
        200,
        prompt.signal.id,
    )
    assert len(seat.house.books.prompts(prompt.signal.id)) == 1


def test_other_content_under_the_same_name_is_refused(seat: Seat) -> None:
    prompt = seat.asked()
    content = {**prompt.signal.content, "take_profit": str(prompt.signal.target + 1)}
    answer = seat.house.post(content)
    seat.house.books.quiet()
    assert answer.status == 409
    assert answer.body["status"] == 409
    assert len(seat.house.books.prompts(prompt.signal.id)) == 1


def test_a_forged_signature_stores_nothing(seat: Seat) -> None:
    seat.post()
    forged = {
        "X-Provider": "flows",
        "Content-Type": "application/json",
        "X-Timestamp": "1",
        "X-Signature": "0" * 64,
    }
    before = seat.house.books.rows("SELECT id FROM signals")
    answer = web.call(
        seat.house.port, "POST", "/api/v1/signals", body=b"{}", headers=forged
    )
    assert answer.status == 401
    assert seat.house.books.rows("SELECT id FROM signals") == before


def test_a_signal_for_nobody_is_refused(seat: Seat) -> None:
    answer = seat.house.post({**seat.signal(), "user": 999_999})
    assert answer.status == 422
    assert [each["field"] for each in answer.body["errors"]] == ["user"]


def test_a_signal_taken_back_loses_its_buttons_and_orders_nothing(seat: Seat) -> None:
    prompt = seat.asked()
    approve = prompt.now.data_of("Approve")
    answer = cancel(seat, prompt.signal)
    shown = prompt.shows("Withdrawn by the provider")
    late = seat.house.chat.crafted(seat.user, approve, message_id=prompt.id)
    assert answer.status == 201
    assert shown.labels == ()
    assert "withdrawn" in late.text
    proves_no_order(seat, prompt.signal)
    assert seat.house.receipt(prompt.signal.id)["status"] == "cancelled"


def test_a_signal_taken_back_after_the_approval_stays_ordered(seat: Seat) -> None:
    prompt = seat.filled()
    answer = cancel(seat, prompt.signal)
    seat.house.books.quiet()
    assert answer.status == 201
    assert answer.body["status"] == "rejected"
    assert "Filled" in prompt.now.text
    proves_one_order(seat, prompt.signal)
    assert seat.house.receipt(prompt.signal.id)["status"] == "executed"


def test_a_signal_taken_back_at_once_can_never_be_approved(seat: Seat) -> None:
    signal = taken(seat.house, seat.signal())
    cancel(seat, signal)
    seat.house.books.quiet()
    states = [row["state"] for row in seat.house.books.prompts(signal.id)]
    assert states in ([], ["cancelled"])
    proves_no_order(seat, signal)
    assert seat.house.receipt(signal.id)["status"] == "cancelled"


def test_a_cancel_sent_twice_is_one_cancel(seat: Seat) -> None:
    prompt = seat.asked()
    content = {
        "external_id": seat.house.fresh_name(),
        "action": "cancel",
        "target": prompt.signal.content["external_id"],
    }
    first, second = seat.house.post(content), seat.house.post(content)
    assert (first.status, second.status) == (201, 200)
    assert first.body["id"] == second.body["id"]


def test_an_unknown_target_cannot_be_taken_back(seat: Seat) -> None:
    content = {"external_id": "c-1", "action": "cancel", "target": "never-sent"}
    answer = seat.house.post(content)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "target"


def test_a_providers_words_are_shown_as_they_are_and_no_more(seat: Seat) -> None:
    reason = "<b>5 < 6</b> & \u202eevil\u202c https://x.test " + "y" * 600
    prompt = seat.asked(payload={"reason": reason})
    shown = prompt.now
    assert "<b>5 < 6</b> & evil" in shown.text
    assert "\u202e" not in shown.text
    assert len(shown.text) <= 1024
    prompt.tap("Approve")
    prompt.shows("Filled")


# ------------------------------------------------------------------ what became of it


def test_a_receipt_tells_what_became_of_the_signal(seat: Seat) -> None:
    prompt = seat.filled()
    receipt = seat.house.receipt(prompt.signal.id)
    counts = {"recipients": 1, "prompts_sent": 1, "approved": 1, "rejected": 0}
    assert receipt["counts"] == counts | {"expired": 0, "orders_filled": 1}
    picture = receipt["links"]["chart"]
    assert picture.startswith(f"http://127.0.0.1:{seat.house.port}/media/")
    with urlopen(picture, timeout=10) as answer:  # noqa: S310 - our own service
        assert answer.read().startswith(b"\x89PNG")


def test_a_close_withdraws_what_is_undecided(seat: Seat) -> None:
    prompt = seat.asked()
    approve = prompt.now.data_of("Approve")
    target = prompt.signal.content["external_id"]
    close = {"external_id": seat.house.fresh_name(), "action": "close"}
    answer = seat.house.post(close | {"target": target})
    assert (answer.status, answer.body["action"]) == (201, "close")
    assert prompt.shows("Withdrawn by the provider").labels == ()
    late = seat.house.chat.crafted(seat.user, approve, message_id=prompt.id)
    assert "withdrawn" in late.text
    proves_no_order(seat, prompt.signal)


# ------------------------------------------------------------------ TradingView


def alert(seat: Seat, content: dict[str, object]) -> web.Answer:
    """What TradingView sends."""
    return web.call(
        seat.house.port,
        "POST",
        f"/hooks/tradingview/{seat.house.hook_token}",
        body=json.dumps(content).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )


def test_an_alert_asks_a_person_and_its_exit_takes_the_question_back(
    seat: Seat,
) -> None:
    wish = seat.signal(instrument="EURUSD")
    entry = {
        "ticker": f"OANDA:{wish['instrument']}",
        "interval": "15",
        "action": "buy",
        "market_position": "long",
        "prev_market_position": "flat",
        "close": wish["price"],
        "stop_loss": wish["stop_loss"],
        "take_profit": wish["take_profit"],
        "user": seat.user,
    }
    last = seat.last_message()
    answer = alert(seat, entry)
    assert answer.status == 201, answer
    signal = Posted(id=answer.body["id"], content=wish)
    prompt = seat.prompt_of(signal, after=last)
    assert "via TradingView" in prompt.now.text
    assert alert(seat, entry).body["id"] == signal.id

    left = {"action": "sell", "market_position": "flat"}
    exit_order = entry | left | {"prev_market_position": "long"}
    del exit_order["user"]
    assert alert(seat, exit_order).body["action"] == "close"
    assert prompt.shows("Withdrawn by the provider").labels == ()
    proves_no_order(seat, signal)


def test_an_address_that_nobody_has_is_refused(seat: Seat) -> None:
    answer = web.call(
        seat.house.port, "POST", "/hooks/tradingview/" + "w" * 32, body=b"{}"
    )
    assert answer.status == 401

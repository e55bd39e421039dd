"""From the fill to the end of a trade: pending orders, stops, targets, hands."""

import re
from datetime import datetime
from decimal import Decimal

from core.money import plain
from tests.flows.seats import Asked, Seat, proves_one_order

FEE = {"commission_per_lot": 7}
SEAT = {"broker": "paper", "speed": "0.25", "risk": FEE}
CONFIG = {"accounts": {f"seat{number}": SEAT for number in range(1, 16)}}
AWAY = Decimal(2)


def closed(seat: Seat, prompt: Asked) -> dict[str, object]:
    """The trade of a prompt, once it is closed."""
    return seat.house.books.wait(
        "SELECT * FROM trades WHERE signal_id = ? AND state = 'closed'",
        prompt.signal.id,
    )


def proves_the_profit(seat: Seat, prompt: Asked, reason: str, words: str) -> None:
    """What is told, remembered and booked is the same."""
    trade = closed(seat, prompt)
    booked = seat.house.books.booked(seat.account, int(str(trade["position_id"])))
    told = f"{booked:+,.2f} USD"
    assert trade["close_reason"] == reason
    assert Decimal(str(trade["profit"])) == booked
    assert told in prompt.shows(words).text
    notice = seat.house.chat.wait(seat.user, told, after=prompt.id)
    assert words in notice.text
    assert seat.house.receipt(prompt.signal.id)["status"] == "closed"


# ---------------------------------------------------------------- pending orders
def limit_order(seat: Seat, **more: object) -> Asked:
    """An approved buy limit below the market, as it waits at the broker."""
    content = seat.signal(order_type="limit", **more)
    for field in ("price", "stop_loss", "take_profit"):
        content[field] = str(Decimal(content[field]) - AWAY)
    prompt = seat.takes(content)
    prompt.tap("Approve")
    prompt.shows("Waits at the broker")
    return prompt


def test_a_limit_order_waits_at_the_broker_and_is_filled_later(seat: Seat) -> None:
    prompt = limit_order(seat)
    books = seat.house.books
    (waiting,) = books.ledger(seat.account).orders
    assert waiting.price == prompt.signal.entry
    assert books.openings(seat.account) == []
    assert seat.house.receipt(prompt.signal.id)["status"] == "approved"
    seat.move(prompt.signal.entry - Decimal("0.30"))
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)
    seat.house.chat.wait(seat.user, "Filled", after=prompt.id)


def test_a_stop_order_waits_until_the_price_has_risen_to_it(seat: Seat) -> None:
    content = seat.signal(order_type="stop")
    for field in ("price", "stop_loss", "take_profit"):
        content[field] = str(Decimal(content[field]) + AWAY)
    prompt = seat.takes(content)
    prompt.tap("Approve")
    prompt.shows("Waits at the broker")
    seat.move(prompt.signal.entry)
    prompt.shows("Filled")
    proves_one_order(seat, prompt.signal)


def test_a_limit_order_expires_at_the_broker(seat: Seat) -> None:
    prompt = limit_order(seat, expires_in=5)
    prompt.shows("expired at the broker")
    books = seat.house.books
    (order,) = books.orders(prompt.signal.id)
    (past,) = books.ledger(seat.account).past_orders
    assert order["state"] == "expired"
    assert past.state.value == "expired"
    assert books.openings(seat.account) == []
    assert seat.house.receipt(prompt.signal.id)["status"] == "expired"


def test_a_limit_order_ends_with_the_signal(seat: Seat) -> None:
    prompt = limit_order(seat, expires_in=600)
    (waiting,) = seat.house.books.ledger(seat.account).orders
    (row,) = seat.house.books.prompts(prompt.signal.id)
    assert waiting.expires_at is not None
    assert (
        abs(
            (
                waiting.expires_at - datetime.fromisoformat(row["expires_at"])
            ).total_seconds()
        )
        < 1
    )


def test_closing_everything_withdraws_a_limit_order(seat: Seat) -> None:
    prompt = limit_order(seat)
    seat.wonders("/closeall").tap("Confirm")
    seat.house.books.wait(
        "SELECT * FROM orders WHERE signal_id = ? AND state = 'cancelled'",
        prompt.signal.id,
    )
    assert seat.house.books.ledger(seat.account).orders == ()


# ---------------------------------------------------------------- ends of a trade
def test_a_hit_stop_is_announced_with_what_the_broker_booked(seat: Seat) -> None:
    prompt = seat.filled()
    seat.move(prompt.signal.stop)
    proves_the_profit(seat, prompt, "stop", "Stop hit")


def test_a_hit_target_is_announced_with_what_the_broker_booked(seat: Seat) -> None:
    prompt = seat.filled()
    seat.move(prompt.signal.target)
    proves_the_profit(seat, prompt, "target", "Target hit")


def test_a_sell_works_the_other_way_round(seat: Seat) -> None:
    content = seat.signal(instrument="EURUSD")
    price, stop = Decimal(content["price"]), Decimal(content["stop_loss"])
    content |= {
        "side": "sell",
        "price": str(price - Decimal("0.0001")),
        "stop_loss": str(price + (price - stop)),
        "take_profit": str(stop),
    }
    prompt = seat.takes(content)
    prompt.tap("Approve")
    prompt.shows("Filled")
    (held,) = seat.house.books.ledger(seat.account).positions
    assert held.side.value == "sell"
    seat.move(stop - Decimal("0.0002"), "EURUSD")
    proves_the_profit(seat, prompt, "target", "Target hit")
    assert seat.house.books.booked(seat.account, held.ticket) > 0


def test_a_close_by_hand_at_the_broker_is_announced(seat: Seat) -> None:
    prompt = seat.filled()
    (held,) = seat.house.books.ledger(seat.account).positions
    seat.house.rig("by_hand", account=seat.account, ticket=held.ticket)
    proves_the_profit(seat, prompt, "hand", "Closed by hand at the broker")


def test_a_close_by_hand_in_two_parts_is_one_profit(seat: Seat) -> None:
    prompt = seat.filled()
    (held,) = seat.house.books.ledger(seat.account).positions
    hand = {"account": seat.account, "ticket": held.ticket}
    seat.house.rig("by_hand", **hand, volume="0.05")
    seat.house.books.wait(
        "SELECT * FROM trades WHERE signal_id = ? AND volume_open = ?",
        prompt.signal.id,
        str(held.volume - Decimal("0.05")),
    )
    seat.move(prompt.signal.target)
    proves_the_profit(seat, prompt, "target", "Target hit")
    assert re.search(r"Target hit at \d+(\.\d{1,2})?:", prompt.now.text)


def test_everything_is_closed_on_request_and_announced(seat: Seat) -> None:
    first, second = seat.filled(), seat.filled(instrument="EURUSD")
    question = seat.wonders("/closeall")
    assert "2 open trades" in question.now.text
    question.tap("Confirm")
    for prompt in (first, second):
        proves_the_profit(seat, prompt, "closed_here", "Closed from here")
    assert seat.house.books.ledger(seat.account).positions == ()


def test_back_from_closing_everything_closes_nothing(seat: Seat) -> None:
    seat.filled()
    question = seat.wonders("/closeall")
    question.tap("Back")
    seat.house.books.quiet()
    assert question.shows("Nothing was done").labels == ()
    assert len(seat.house.books.ledger(seat.account).positions) == 1


def test_open_trades_are_listed(seat: Seat) -> None:
    prompt = seat.filled()
    seat.move(prompt.signal.entry + 1)
    told = seat.hears("/positions", "XAUUSD")
    (held,) = seat.house.books.ledger(seat.account).positions
    assert f"{held.volume.normalize():f}" in told.text
    assert plain(prompt.signal.stop) in told.text

"""A person with an account of their own, and the signals that reach them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mt5_bridge.paper.specs import SPECS
from tests.flows.chat import Reply, Shown
from tests.flows.house import House

GOLD = "XAUUSD"
D = Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A signal that was taken, as it was sent."""

    id: str
    content: dict[str, Any]

    @property
    def entry(self) -> Decimal:
        return D(self.content["price"])

    @property
    def stop(self) -> Decimal:
        return D(self.content["stop_loss"])

    @property
    def target(self) -> Decimal:
        return D(self.content["take_profit"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message in a person's chat, as it is now."""

    house: House
    user: int
    id: int

    @property
    def now(self) -> Shown:
        return self.house.chat.message(self.user, self.id)

    def tap(self, label: str) -> Reply:
        """Tap a button of this message, once it is there; returns the answer."""
        self.house.chat.wait(self.user, button=label, after=self.id - 1)
        return self.house.chat.tap(self.user, label, self.id)

    def shows(self, text: str) -> Shown:
        """The message, once it shows this."""
        return self.house.chat.shows(self.user, self.id, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Letter):
    """A prompt in a person's chat."""

    signal: Posted


def a_signal(house: House, account: str, **more: object) -> dict[str, Any]:
    """A buy at the account's present price, which is held; the stop is 5 away."""
    instrument = str(more.get("instrument", GOLD))
    bid, ask = house.quote(account, instrument)
    house.move(account, instrument, bid)
    step = SPECS[instrument].point * 500
    return {
        "external_id": house.fresh_name(),
        "instrument": instrument,
        "side": "buy",
        "price": str(ask),
        "stop_loss": str(ask - step),
        "take_profit": str(ask + 2 * step),
        **more,
    }


def taken(house: House, content: dict[str, Any]) -> Posted:
    """Post a signal that must be new."""
    answer = house.post(content)
    assert answer.status == 201, answer
    return Posted(id=answer.body["id"], content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person who decides alone on one account."""

    house: House
    user: int
    account: str

    def signal(self, **more: object) -> dict[str, Any]:
        """A signal for this person alone."""
        return a_signal(self.house, self.account, user=self.user, **more)

    def takes(self, content: dict[str, Any]) -> Asked:
        """Post exactly this; the prompt in the chat."""
        last = self.last_message()
        return self.prompt_of(taken(self.house, content), after=last)

    def post(self, **more: object) -> Posted:
        """Post a signal for this person alone."""
        return taken(self.house, self.signal(**more))

    def asked(self, **more: object) -> Asked:
        """A prompt with its buttons, in the chat."""
        return self.takes(self.signal(**more))

    def prompt_of(self, signal: Posted, *, after: int = 0) -> Asked:
        """The message of a signal's prompt, once its buttons are there."""
        shown = self.house.chat.wait(self.user, button="Approve", after=after)
        # known as delivered, so that the next edit goes to this very message
        self.house.books.wait(
            "SELECT * FROM prompts WHERE signal_id = ? AND message_id = ?",
            signal.id,
            shown.id,
        )
        return Asked(house=self.house, user=self.user, id=shown.id, signal=signal)

    def filled(self, **more: object) -> Asked:
        """A prompt that was approved and filled."""
        prompt = self.asked(**more)
        prompt.tap("Approve")
        prompt.shows("Filled")
        return prompt

    def last_message(self) -> int:
        messages = self.house.chat.messages(self.user)
        return messages[-1].id if messages else 0

    def hears(self, command: str, text: str) -> Shown:
        """Say something and wait for an answer with this text."""
        said = self.house.chat.say(self.user, command)
        return self.house.chat.wait(self.user, text, after=said)

    def wonders(self, command: str) -> Letter:
        """Say something that has to be confirmed; returns the question."""
        said = self.house.chat.say(self.user, command)
        asked = self.house.chat.wait(self.user, button="Confirm", after=said)
        return Letter(house=self.house, user=self.user, id=asked.id)

    def broker(self, **faults: object) -> None:
        self.house.broker(self.account, **faults)

    def move(self, bid: Decimal, instrument: str = GOLD) -> None:
        self.house.move(self.account, instrument, bid)


def sit_down(house: House, account: str, role: str = "approver") -> Seat:
    """Somebody new takes an own account."""
    user = house.new_person()
    house.enter(user, account, role)
    return Seat(house=house, user=user, account=account)


# ---------------------------------------------------------------- what must be true
def proves_one_order(seat: Seat, signal: Posted) -> None:
    """One approval, one order, one transmission, one deal; each points to the last."""
    books = seat.house.books
    (approval,) = books.approvals(signal.id)
    (order,) = books.orders(signal.id)
    (send,) = books.sends(signal.id)
    (deal,) = books.openings(seat.account)
    assert approval["decision"] == "approve"
    assert order["approval_id"] == approval["id"]
    assert send["order_id"] == order["id"]
    assert deal.magic == send["magic"]
    assert order["state"] == "filled"
    (trade,) = books.trades(signal.id)
    assert trade["position_id"] == deal.position_id


def proves_no_order(seat: Seat, signal: Posted) -> None:
    """Nothing was ordered, and the broker has never heard of anything."""
    books = seat.house.books
    books.quiet()
    assert books.orders(signal.id) == []
    ledger = books.ledger(seat.account)
    assert books.openings(seat.account) == []
    assert (ledger.positions, ledger.orders, ledger.past_orders) == ((), (), ())

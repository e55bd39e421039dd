"""The judge: what must hold after any run, by ledgers that cannot agree by accident.

    the world's own    signals acknowledged, buttons tapped        ``world.World``
    Telegram's         every message with all its versions         the sandbox
    the broker's       every deal by its magic number              its own file
    the service's      the database, read from outside

    I1  an acknowledged signal is stored once, as acknowledged
    I2  it reached the chat; a copy more at most for each death or lost answer
    I3  one decision per person and signal, one entry per account and signal
    I4  each entry at the broker is one order that Ada approved, and the other way
    I5  a fired guard lets nothing in, says so, and ends locked and flat
    I6  who may not, changed nothing
    I7  the database is whole, and so is the audit chain
    I8  no secret is in any output, nor readable in the database
    I9  nothing is left to do

A run that does not reach its end has no verdict; that is a failure as well.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.demo.people import ADA, SAM
from core.broker import Deal, DealEntry
from core.orders import LIVE
from tests.faults import ledgers
from tests.faults.books import Books
from tests.faults.runner import CREDENTIALS, TOKEN
from tests.faults.world import GUARD_FIRED, SHOWN, has_button

WANTED = {"Approve": "approve", "Confirm": "approve", "Reject": "reject"}
"""What a button's label means in the database."""
NEVER_FILLED = frozenset({"rejected", "expired", "cancelled", "not_executed", "parked"})
"""How an order may end without an execution."""


def _signals(books: Books) -> Iterator[str]:
    stored = {row["external_id"]: row["id"] for row in books.signals}
    told = books.world.told
    for name, signal in told.items():
        if signal.id and stored.get(name) != signal.id:
            yield f"I1 {name} was acknowledged as {signal.id}, is {stored.get(name)}"
    known = {*told, *(f"withdraw-{name}" for name in told)}
    for name in stored.keys() - known:
        yield f"I1 nobody posted {name}"
    records = Counter(
        row["subject"]
        for row in books.audit
        if row["action"] in {"signal_open", "signal_cancel"}
    )
    for identity in stored.values():
        if records[f"signal:{identity}"] != 1:
            yield f"I1 {records[f'signal:{identity}']} audit entries of {identity}"


UNSENT = frozenset({"expired", "cancelled", "superseded", "rejected"})
"""What ends in these before it is sent, is not sent any more."""


def _cards(books: Books) -> Iterator[str]:
    unsent = {
        row["signal_id"]
        for row in books.prompts
        if row["message_id"] is None and row["state"] in UNSENT
    }
    for name, told in books.world.told.items():
        if not told.id:
            continue
        cards = books.world.cards(told)
        if told.id in unsent:
            if len(cards) > books.extra:
                yield f"I2 {name} ended unsent, and has {len(cards)} cards"
            continue
        if not told.copies <= len(cards) <= told.copies + books.extra:
            yield f"I2 {name} has {len(cards)} cards after {books.extra} deaths"
        if told.decision and any(
            has_button(card, label) for card in cards for label in SHOWN
        ):
            yield f"I2 {name} is decided, and a card of it still asks"
        yield from _newest_card(books, name, told.id)


def _newest_card(books: Books, name: str, identity: str) -> Iterator[str]:
    """The card that the database knows is the one that is kept up to date."""
    shown = [row for row in books.prompts if row["signal_id"] == identity]
    if len(shown) != 1:
        yield f"I2 {name} has {len(shown)} prompts for one person"
        return
    message = books.world.telegram.message(ADA.id, shown[0]["message_id"])
    if message is None:
        yield f"I2 {name}: its prompt knows no message that exists"
    elif shown[0]["state"] not in {"queued", "sent"} and "Expires" in (
        message.now.rich.text
    ):
        yield f"I2 {name} is {shown[0]['state']}, its card still waits"


def _decisions(books: Books) -> Iterator[str]:
    decided = Counter((row["signal_id"], row["user_id"]) for row in books.approvals)
    yield from (f"I3 {n} decisions of {key}" for key, n in decided.items() if n > 1)
    opened = Counter(
        (row["signal_id"], row["account_id"])
        for row in books.orders
        if row["kind"] == "open"
    )
    yield from (f"I3 {n} entries of {key}" for key, n in opened.items() if n > 1)
    stored = {row["signal_id"]: row["decision"] for row in books.approvals}
    for name, told in books.world.told.items():
        wanted = WANTED.get(told.decision)
        refused = any(
            row["signal_id"] == told.id and row["state"] in {"refused", "expired"}
            for row in books.prompts
        )
        if stored.get(told.id) != wanted and not (refused and told.id not in stored):
            yield f"I3 {name}: tapped {wanted}, stored {stored.get(told.id)}"


def _entries(books: Books) -> Iterator[str]:
    orders = {row["id"]: row for row in books.orders}
    by_magic = {row["magic"]: orders[row["order_id"]] for row in books.sends}
    approved = {
        told.id
        for told in books.world.told.values()
        if WANTED.get(told.decision) == "approve"
    }
    executed: Counter[str] = Counter()
    for deal in books.entries:
        order = by_magic.get(deal.magic)
        if order is None:
            yield f"I4 the broker opened {deal.position_id}, no order says so"
        elif order["kind"] != "open" or order["signal_id"] not in approved:
            yield f"I4 {deal.position_id} was opened without an approval"
        else:
            executed[order["id"]] += 1
    for order in books.orders:
        if order["kind"] == "open":
            yield from _execution(order, executed[order["id"]])


def _intents(books: Books) -> Iterator[str]:
    """Each approval is one order, in the same transaction."""
    ordered = Counter(row["approval_id"] for row in books.orders)
    for row in books.approvals:
        wanted = int(row["decision"] == "approve")
        if ordered[row["id"]] != wanted:
            yield f"I4 {ordered[row['id']]} orders of a tap to {row['decision']}"


def _taps(books: Books) -> Iterator[str]:
    """What Telegram handed over is not lost, although nobody tapped again."""
    kept = {row["id"] for row in books.inbox}
    lost = books.world.updates - kept
    if lost:
        yield f"I3 {len(lost)} taps never came to the inbox"


def _execution(order: Mapping[str, Any], times: int) -> Iterator[str]:
    if times > 1:
        yield f"I4 order {order['id']} was executed {times} times"
    if times and order["state"] != "filled":
        yield f"I4 order {order['id']} was executed and is {order['state']}"
    if not times and order["state"] not in NEVER_FILLED:
        yield f"I4 order {order['id']} is {order['state']}, never executed"


def _changes(books: Books) -> Iterator[str]:
    """Each tap on Confirm is one order on a position, executed once or not at all."""
    orders = {row["id"]: row for row in books.orders}
    by_magic = {row["magic"]: orders[row["order_id"]] for row in books.sends}
    executed: Counter[str] = Counter()
    for deal in books.broker.deals:
        order = by_magic.get(deal.magic)
        if deal.entry is DealEntry.OUT and order and order["kind"] == "close":
            executed[order["id"]] += 1
    for key, times in executed.items():
        if times > 1 or orders[key]["state"] != "filled":
            yield f"I4 {key}, {orders[key]['state']}, closed {times} times"
    aimed = Counter(
        (row["trade_id"], row["kind"])
        for row in books.orders
        if row["cause"] == "tap" and row["kind"] != "open"
    )
    yield from (
        f"I3 {n} orders of one tap on {key}" for key, n in aimed.items() if n > 1
    )
    ordered = {
        json.loads(row["detail"])["order"]
        for row in books.audit
        if row["action"].startswith("trade_")
    }
    tapped = {
        row["id"]
        for row in books.orders
        if row["cause"] == "tap" and row["kind"] != "open"
    }
    yield from (
        f"I4 a tap and no order, or the other way: {key}" for key in ordered ^ tapped
    )


def _trades(books: Books) -> Iterator[str]:
    """Every position has its record, with the broker's own result."""
    recorded = {row["position_id"]: row for row in books.trades}
    if len(recorded) != len(books.trades):
        yield "I4 a position is recorded twice"
    held = {each.ticket for each in books.broker.positions}
    for deal in books.entries:
        trade = recorded.pop(deal.position_id, None)
        if trade is None:
            yield f"I4 position {deal.position_id} is not recorded"
        elif (trade["state"] == "open") is not (deal.position_id in held):
            yield f"I4 position {deal.position_id} is recorded as {trade['state']}"
        elif trade["state"] == "closed":
            yield from _result(trade, books.broker.deals)
    yield from (f"I4 trade {key} never was" for key in recorded)


def _result(trade: Mapping[str, Any], deals: Iterable[Deal]) -> Iterator[str]:
    mine = [deal for deal in deals if deal.position_id == trade["position_id"]]
    result = sum(deal.net for deal in mine)
    if float(trade["profit"]) != float(result):
        yield f"I4 trade {trade['id']} made {result}, recorded {trade['profit']}"


def _guard(books: Books) -> Iterator[str]:
    fired = [row for row in books.audit if row["action"] == "guard_fired"]
    if fired:
        yield from _fired_once(books, len(fired))
        yield from _nothing_since(books)


def _fired_once(books: Books, times: int) -> Iterator[str]:
    if times > 1:
        yield f"I5 the guard fired {times} times"
    if books.guard["phase"] != "locked":
        yield f"I5 the guard fired and is {books.guard['phase']}"
    for text in (GUARD_FIRED, "demo is flat"):
        told = len(books.world.heard(text))
        if not 1 <= told <= 1 + books.extra:
            yield f"I5 {told} messages say: {text}"


def _nothing_since(books: Books) -> Iterator[str]:
    """Everything is closed, once, and nothing came after."""
    if books.broker.positions or books.broker.orders:
        yield "I5 the guard fired and the account is not flat"
    since = datetime.fromisoformat(books.guard["triggered_at"])
    for deal in books.entries:
        if deal.time > since:
            yield f"I5 {deal.position_id} was opened after the guard had fired"
    exits = [deal for deal in books.broker.deals if deal.entry is DealEntry.OUT]
    closed = Counter(deal.position_id for deal in exits)
    for position, times in closed.items():
        if times > 1:
            yield f"I5 {position} was closed {times} times"
    live = [row["id"] for row in books.orders if row["state"] in LIVE]
    yield from (f"I5 order {each} is still on its way" for each in live)


def _intruders(books: Books) -> Iterator[str]:
    members = {ADA.id}
    for table in (books.approvals, books.prompts):
        strangers = {row["user_id"] for row in table} - members
        yield from (f"I6 {user} got something" for user in strangers)
    acted = [row for row in books.audit if row["actor"] == f"user:{SAM.id}"]
    yield from (
        f"I6 Sam did: {row['action']}"
        for row in acted
        if row["action"] != "tap_refused"
    )


def _secrets(books: Books) -> Iterator[str]:
    folder = books.world.run.folder
    secret = json.loads((folder / CREDENTIALS).read_text())["secret"]
    token = TOKEN.partition(":")[2]
    files = [*folder.glob("tapgate.db*"), *folder.glob("*.txt")]
    for file in files:
        content = file.read_bytes()
        for name, canary in (("provider's secret", secret), ("token", token)):
            if canary.encode() in content:
                yield f"I8 the {name} is in {file.name}"


def _liveness(books: Books) -> Iterator[str]:
    yield from (f"I9 left: {what}" for what in ledgers.undone(books.world.run.folder))
    waiting = len(books.world.telegram.updates.waiting())
    if waiting:
        yield f"I9 {waiting} updates were never fetched"
    queries = books.world.telegram.queries.values()
    unanswered = [query.data for query in queries if query.answer is None]
    if unanswered:
        yield f"I9 {len(unanswered)} taps were never answered"


CHECKS: tuple[Callable[[Books], Iterator[str]], ...] = (
    _signals,
    _cards,
    _decisions,
    _taps,
    _entries,
    _intents,
    _changes,
    _trades,
    _guard,
    _intruders,
    _secrets,
    _liveness,
)

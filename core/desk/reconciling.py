"""The differences between broker and journal, written down one by one."""

import json
from typing import TypeVar

from core.accounts import Reconciliation
from core.broker import Snapshot
from core.desk.recording import messages, picture
from core.desk.tools import Tools
from core.errors import Conflict
from core.ids import AccountId, OrderId, TradeId
from core.messages import NoticeKind
from core.orders import Order, OrderKind, OrderState, Send
from core.ports import Insert, Record, Save, Write
from core.reconcile import Book, Correction, corrections
from core.trades import ON_THE_BOOK, Trade

T = TypeVar("T")

AT_A_TIME = 10_000
"""Values in one question; SQLite takes 32,766."""


async def reconcile(tools: Tools, account_id: AccountId, snapshot: Snapshot) -> Book:
    """Write every difference; each stands alone, a lost race comes up again.

    Returns our side as it was before.
    """
    book = await _book(tools, account_id, snapshot)
    done: list[str] = []
    for correction in corrections(book, snapshot):
        try:
            await tools.journal.commit(*await _writes(tools, account_id, correction))
        except Conflict:
            continue
        if correction.what:
            done.append(correction.what)
    if done:
        report = Reconciliation(
            id=tools.ids.identity(),
            account_id=account_id,
            at=snapshot.taken_at,
            matched=len(book.trades),
            changes=json.dumps(done),
        )
        await tools.journal.commit(Insert(report))
    return book


async def _writes(
    tools: Tools, account_id: AccountId, correction: Correction
) -> list[Write]:
    writes: list[Write] = list(tools.fence(account_id))
    trade, order = correction.trade, correction.order
    if order is not None:
        writes.append(Save(order))
    if trade is not None:
        writes.append(Insert(trade) if correction.new else Save(trade))
    writes += await _pictures(tools, account_id, correction)
    if correction.what:
        subject = f"trade:{trade.id}" if trade else f"account:{account_id}"
        writes.append(
            Record(
                actor="reconcile",
                action="corrected",
                subject=subject,
                detail={"what": correction.what},
            )
        )
    return writes


async def _pictures(
    tools: Tools, account_id: AccountId, correction: Correction
) -> list[Write]:
    """The prompts that show the corrected row, and the notices of it."""
    order_id = correction.order.id if correction.order else None
    if correction.trade is not None:
        order_id = correction.trade.order_id
    writes: list[Write] = []
    shown = order_id is not None and bool(correction.what)
    order = await tools.journal.get(Order, order_id) if shown and order_id else None
    if correction.order is not None and correction.trade is None:
        writes += messages(tools, correction.order)
    elif order is not None:
        writes += picture(tools, order)
    if correction.notice is not NoticeKind.NONE and correction.trade is not None:
        writes += [
            tools.notice(
                correction.notice,
                correction.trade.id,
                to=member.user_id,
                detail=correction.detail,
            )
            for member in await tools.concerned(account_id)
        ]
    return writes


async def _book(tools: Tools, account_id: AccountId, snapshot: Snapshot) -> Book:
    """Our side of the account, and the orders behind the numbers it shows."""
    trades = await tools.journal.find(Trade, account_id=account_id, state=ON_THE_BOOK)
    placed = await tools.journal.find(
        Order, account_id=account_id, kind=OrderKind.OPEN, state=OrderState.PLACED
    )
    by_magic = await orders_by_magic(tools, snapshot)
    orders = [*placed, *by_magic.values()]
    shown = frozenset(
        {each.identifier for each in snapshot.positions}
        | {each.position_id for each in snapshot.deals}
    )
    recorded = await tools.journal.find(Trade, account_id=account_id, position_id=shown)
    return Book(
        trades=trades,
        recorded=frozenset(each.position_id for each in recorded),
        placed=placed,
        by_magic=by_magic,
        trade_ids={each.id: TradeId(tools.ids.identity()) for each in orders},
    )


async def orders_by_magic(tools: Tools, snapshot: Snapshot) -> dict[int, Order]:
    """The order of ours behind each magic number that the snapshot shows."""
    numbers = frozenset(
        {each.magic for each in snapshot.positions}
        | {each.magic for each in snapshot.orders}
        | {each.magic for each in snapshot.deals}
    ) - {0}
    sends: list[Send] = []
    for part in _parts(numbers):
        sends += await tools.journal.find(Send, magic=part)
    orders: dict[OrderId, Order] = {}
    for meant in _parts(frozenset(send.order_id for send in sends)):
        found = await tools.journal.find(Order, id=meant)
        orders |= {each.id: each for each in found}
    return {
        send.magic: orders[send.order_id] for send in sends if send.order_id in orders
    }


def _parts(values: frozenset[T]) -> list[frozenset[T]]:
    """As many at once as a database takes in one question."""
    every = list(values)
    return [
        frozenset(every[start : start + AT_A_TIME])
        for start in range(0, len(every), AT_A_TIME)
    ]

"""Orders aimed at one ticket of the broker: closes, changes and withdrawals.

One is on its way for a ticket at a time. A refused one of the guard's is tried again,
each time a little later; a person who asks again is not kept waiting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from core.accounts import Account
from core.broker import PendingOrder, Position, Snapshot
from core.desk.tools import Tools
from core.errors import Duplicate
from core.ids import OrderId, Ticket, TradeId, UserId
from core.market import OrderType, Side
from core.messages import NoticeKind, Priority, Topic
from core.money import ZERO
from core.orders import LIVE, OVER, Cause, Order, OrderKind, OrderState
from core.ports import Insert, Write
from core.trades import ON_THE_BOOK, Trade

LONGEST_WAIT = timedelta(seconds=60)
TOLD_EVERY = 60
"""Refusals of one close between two notices of it; an hour at ``LONGEST_WAIT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """Whose will a close carries out; without a user it is nobody's but ours."""

    cause: Cause
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """What became of the wish to close or withdraw something."""

    ordered: int = 0
    under_way: int = 0
    """Ordered earlier, without an outcome yet."""
    withdrawn: int = 0
    """Entries that had not left yet and never will."""
    in_doubt: int = 0
    """Entries that may become a position yet; nobody can say."""

    def __add__(self, other: "Aimed") -> "Aimed":
        return Aimed(
            ordered=self.ordered + other.ordered,
            under_way=self.under_way + other.under_way,
            withdrawn=self.withdrawn + other.withdrawn,
            in_doubt=self.in_doubt + other.in_doubt,
        )


async def close_positions(
    tools: Tools, account: Account, positions: Iterable[Position], will: Will
) -> Aimed:
    """Order the close of each position that none is on its way for.

    The worst loss first.
    """
    trades = {
        each.position_id: each
        for each in await tools.journal.find(
            Trade, account_id=account.id, state=ON_THE_BOOK
        )
    }
    aimed = Aimed()
    for position in sorted(positions, key=lambda each: each.profit):
        trade = trades.get(position.identifier)
        aimed += await order_aimed(
            tools, close_of(tools, account, position, trade, will)
        )
    return aimed


def close_of(
    tools: Tools, account: Account, position: Position, trade: Trade | None, will: Will
) -> Order:
    """The order that closes all of a position."""
    return replace(
        _aimed(tools, account, position.ticket, will),
        signal_id=trade.signal_id if trade else None,
        trade_id=TradeId(trade.id) if trade else None,
        instrument=position.instrument,
        side=position.side,
        volume=position.volume,
        price=position.current_price,
        position_id=position.identifier,
    )


async def withdraw_pendings(
    tools: Tools, account: Account, pendings: Iterable[PendingOrder], will: Will
) -> Aimed:
    """Order the withdrawal of each pending order."""
    aimed = Aimed()
    for pending in pendings:
        cancel = replace(
            _aimed(tools, account, pending.ticket, will),
            kind=OrderKind.CANCEL,
            instrument=pending.instrument,
            side=pending.side,
            order_type=pending.order_type,
            volume=pending.volume,
            price=pending.price,
        )
        aimed += await order_aimed(tools, cancel)
    return aimed


async def withdraw_strays(
    tools: Tools, account: Account, snapshot: Snapshot, by_magic: Mapping[int, Order]
) -> None:
    """Withdraw what waits at the broker although its order is known as ended.

    Nobody asked for it just now, so a refusal is borne with patience.
    """
    for pending in snapshot.orders:
        order = by_magic.get(pending.magic)
        if order is not None and order.state in OVER:
            await withdraw_pendings(tools, account, [pending], Will(cause=order.cause))


def _aimed(tools: Tools, account: Account, ticket: Ticket, will: Will) -> Order:
    """An order aimed at one ticket of the broker."""
    now = tools.clock.now()
    return Order(
        id=OrderId(tools.ids.identity()),
        account_id=account.id,
        signal_id=None,
        prompt_id=None,
        approval_id=None,
        trade_id=None,
        kind=OrderKind.CLOSE,
        attempt=1,
        cause=will.cause,
        user_id=will.user_id,
        state=OrderState.QUEUED,
        reason="",
        instrument="",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        volume=ZERO,
        price=ZERO,
        deviation=ZERO,
        stop_loss=None,
        take_profit=None,
        risk_money=ZERO,
        ticket=ticket,
        position_id=None,
        filled_volume=None,
        filled_price=None,
        expires_at=None,
        created_at=now,
        updated_at=now,
    )


async def order_aimed(tools: Tools, order: Order, *more: Write) -> Aimed:
    """Queue an aimed order unless one is on its way; ``more`` goes with it.

    Whoever asks at every look waits a while after a refusal of their own; a person who
    asks again is not kept waiting, and keeps nobody waiting.

    Raises:
        Conflict: a row of ``more`` is not as it was when it was read.
    """
    journal = tools.journal
    target: dict[str, Any] = {
        "account_id": order.account_id,
        "kind": order.kind,
        "ticket": order.ticket,
    }
    if await journal.count(Order, state=LIVE, **target):
        return Aimed(under_way=1)
    tries = await journal.count(Order, **target)
    refused = await journal.count(Order, state=OVER, user_id=None, **target)
    last = await journal.find(
        Order, order_by="-attempt", limit=1, user_id=None, **target
    )
    wait = min(timedelta(seconds=2 ** min(max(refused, 1), 6)), LONGEST_WAIT)
    since = abs(tools.clock.now() - last[0].updated_at) if last else wait
    if since < wait and order.user_id is None:
        return Aimed()
    try:
        await journal.commit(
            *tools.fence(order.account_id),
            Insert(replace(order, attempt=tries + 1)),
            tools.item(Topic.EXECUTE, order.id, Priority.GUARD),
            *more,
            *await _refusals(tools, last, target),
        )
    except Duplicate:  # somebody else ordered it since we looked
        return Aimed(under_way=1)
    return Aimed(ordered=1)


async def _refusals(
    tools: Tools, last: list[Order], target: Mapping[str, object]
) -> list[Insert]:
    """Tell everybody that a close of ours did not go through, now and then.

    At the first refusal, and about once an hour while it lasts.
    """
    if not last or last[0].state not in OVER:
        return []
    refused = await tools.journal.count(Order, user_id=None, state=OVER, **target)
    if refused % TOLD_EVERY != 1:
        return []
    return [
        tools.notice(NoticeKind.ORDER_FAILED, last[0].id, to=member.user_id)
        for member in await tools.concerned(last[0].account_id)
    ]

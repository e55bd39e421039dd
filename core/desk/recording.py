"""What the broker's word about a send makes of our rows, whoever asked for it.

An answer right after the send and a find long afterwards go through the same
functions, so that they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core.broker import (
    Deal,
    DealEntry,
    HistoryState,
    OrderLookup,
    OrderResult,
    ResultStatus,
    average_price,
)
from core.desk.tools import Tools
from core.ids import TradeId
from core.messages import NoticeKind, Priority, Topic
from core.money import ZERO
from core.moves import follow
from core.opening import opened_trade
from core.orders import (
    EVER_FILLED,
    ORDER_MOVES,
    OVER,
    Order,
    OrderEvent,
    OrderKind,
    Send,
    SendState,
)
from core.ports import Insert, Record, Save, Write

_EVENTS = {
    ResultStatus.FILLED: OrderEvent.FILL,
    ResultStatus.PARTIALLY_FILLED: OrderEvent.FILL_PART,
    ResultStatus.PLACED: OrderEvent.PLACE,
    ResultStatus.REJECTED: OrderEvent.REJECT,
    ResultStatus.UNKNOWN: OrderEvent.LOSE,
}
_SENDS = {
    ResultStatus.FILLED: SendState.EXECUTED,
    ResultStatus.PARTIALLY_FILLED: SendState.EXECUTED,
    ResultStatus.PLACED: SendState.EXECUTED,
    ResultStatus.REJECTED: SendState.REFUSED,
    ResultStatus.UNKNOWN: SendState.UNKNOWN,
}
AS_WANTED = {
    OrderKind.CLOSE: 10036,
    OrderKind.MODIFY: 10025,
}
"""Retcodes that say: the position is gone, or its stops are so, already."""
LOST = OrderResult(
    status=ResultStatus.UNKNOWN,
    retcode=0,
    message="The broker's answer was lost; it is being looked for.",
)


DONE = OrderResult(status=ResultStatus.FILLED, retcode=0, message="")
"""A position whose stops are as they were wanted."""


def proves_enough(order: Order, result: OrderResult) -> bool:
    """Whether the answer says all that its record needs to be found again."""
    if order.kind is not OrderKind.OPEN:
        return True
    if result.status in (ResultStatus.FILLED, ResultStatus.PARTIALLY_FILLED):
        return None not in (result.position_id, result.volume, result.price)
    return result.status is not ResultStatus.PLACED or result.order is not None


async def outcome(
    tools: Tools,
    order: Order,
    send: Send,
    result: OrderResult,
    *,
    opened: datetime | None = None,
) -> tuple[Write, ...]:
    """The transaction that an answer, or a find, is written as.

    A position that was changed shows it to nobody: everybody concerned is told.
    """
    result = _understood(order, result)
    written = writes(tools, order, send, result, opened=opened)
    if order.kind is not OrderKind.MODIFY or result.status is not ResultStatus.FILLED:
        return written
    told = [
        tools.notice(NoticeKind.STOP_MOVED, order.id, to=member.user_id)
        for member in await tools.concerned(order.account_id)
    ]
    return (*written, *told)


def _understood(order: Order, result: OrderResult) -> OrderResult:
    """The answer, or what it amounts to for an order of this kind."""
    if not proves_enough(order, result):
        return LOST
    if result.retcode == AS_WANTED.get(order.kind):
        return replace(result, status=ResultStatus.FILLED, message="")
    return result


def writes(
    tools: Tools,
    order: Order,
    send: Send,
    result: OrderResult,
    *,
    opened: datetime | None = None,
) -> tuple[Write, ...]:
    """The rows that an answer, or a find, makes of an order.

    ``opened`` is when a position may have been opened at the earliest; now, when
    the answer has just come.
    """
    result = _understood(order, result)
    now = tools.clock.now()
    state = follow(ORDER_MOVES, order.state, _EVENTS[result.status])
    ended = replace(
        order,
        state=state,
        reason=result.message,
        ticket=result.order if order.kind is OrderKind.OPEN else order.ticket,
        position_id=result.position_id or order.position_id,
        filled_volume=result.volume,
        filled_price=result.price,
    )
    answered = replace(
        send,
        state=_SENDS[result.status],
        retcode=result.retcode,
        message=result.message,
        answered_at=now,
    )
    return (
        *tools.fence(order.account_id),
        Save(ended),
        Save(answered),
        *_trade(tools, ended, opened or now),
        *messages(tools, ended),
        Record(
            actor="desk",
            action=f"order_{state}",
            subject=f"order:{order.id}",
            detail={"magic": str(send.magic), "retcode": str(result.retcode)},
        ),
    )


def _trade(tools: Tools, order: Order, at: datetime) -> tuple[Write, ...]:
    if (
        order.kind is not OrderKind.OPEN
        or order.state not in EVER_FILLED
        or order.position_id is None
        or order.filled_volume is None
        or order.filled_price is None
    ):
        return ()
    trade = opened_trade(
        order,
        trade_id=TradeId(tools.ids.identity()),
        position_id=order.position_id,
        volume=order.filled_volume,
        price=order.filled_price,
        at=at,
    )
    return (Insert(trade),)


def messages(tools: Tools, order: Order) -> tuple[Write, ...]:
    """What people see of an order's change: its prompt, and what failed.

    An edited prompt does not ring on a phone, so a failure is a message too.
    """
    told = list(picture(tools, order))
    failed = order.prompt_id is None or order.state in OVER
    if failed and order.reason and order.user_id is not None:
        told.append(tools.notice(NoticeKind.ORDER_FAILED, order.id, to=order.user_id))
    return tuple(told)


def picture(tools: Tools, order: Order) -> tuple[Write, ...]:
    """The prompt that shows an order is drawn again; nothing rings."""
    if order.prompt_id is None:
        return ()
    return (tools.item(Topic.PROMPT, order.prompt_id, Priority.FILL),)


def withdrawn(tools: Tools, order: Order, reason: str) -> list[Write]:
    """The end of a queued order that has not left and never will."""
    ended = follow(ORDER_MOVES, order.state, OrderEvent.CANCEL)
    return [
        Save(replace(order, state=ended, reason=reason)),
        *picture(tools, order),
    ]


def result_of_lookup(order: Order, lookup: OrderLookup) -> OrderResult | None:
    """The answer that a find amounts to; ``None`` when it proves nothing (yet)."""
    if order.kind is OrderKind.OPEN:
        return _opening(order, lookup)
    if order.kind is OrderKind.MODIFY:
        return DONE if lookup.positions else None
    exits = [deal for deal in lookup.deals if deal.entry is not DealEntry.IN]
    return _executed(order, exits) if exits else _past(lookup)


def _opening(order: Order, lookup: OrderLookup) -> OrderResult | None:
    entries = [deal for deal in lookup.deals if deal.entry is DealEntry.IN]
    if entries:
        return _executed(order, entries)
    if lookup.positions:
        position = lookup.positions[0]
        return OrderResult(
            status=_extent(order, position.volume),
            retcode=0,
            message="",
            order=position.identifier,
            position_id=position.identifier,
            volume=position.volume,
            price=position.open_price,
        )
    if lookup.orders:
        return OrderResult(
            status=ResultStatus.PLACED,
            retcode=0,
            message="",
            order=lookup.orders[0].ticket,
        )
    return _past(lookup)


def _executed(order: Order, deals: Sequence[Deal]) -> OrderResult:
    volume = sum((deal.volume for deal in deals), start=ZERO)
    return OrderResult(
        status=_extent(order, volume),
        retcode=0,
        message="",
        order=deals[0].order,
        position_id=deals[0].position_id,
        volume=volume,
        price=average_price(deals),
    )


def _extent(order: Order, volume: Decimal) -> ResultStatus:
    """Whether all that was ordered is there."""
    if volume < order.volume:
        return ResultStatus.PARTIALLY_FILLED
    return ResultStatus.FILLED


def _past(lookup: OrderLookup) -> OrderResult | None:
    """An order that ended unfilled did not execute; a filled one's deals will come."""
    if not lookup.past_orders:
        return None
    past = lookup.past_orders[0]
    if past.state is HistoryState.FILLED:
        return None
    return OrderResult(
        status=ResultStatus.REJECTED,
        retcode=0,
        message=f"The broker lists the order as {past.state}.",
        order=past.ticket,
    )

"""An order is sent once, and its outcome recorded.

The intent is committed before the broker hears of it. Another send follows only
an answer that proves the former did nothing; an answer that proves neither makes
the order ``unknown``, and no path here leads from there to a send.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from core.accounts import GuardPhase, GuardState
from core.broker import (
    BrokerRequest,
    CancelRequest,
    CloseRequest,
    ModifyRequest,
    OpenRequest,
    OrderResult,
    ResultStatus,
)
from core.desk.recording import LOST, messages, outcome, writes
from core.desk.tools import Tools
from core.errors import BrokerUnavailable, Conflict, OutcomeUnknown, Refused
from core.ids import AccountId, OrderId, SendId, Ticket
from core.limits import allows_entries
from core.moves import follow
from core.orders import (
    MAX_SENDS,
    ORDER_MOVES,
    RESENDABLE,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    Send,
    SendState,
)
from core.ports import Expect, Insert, Save
from core.signals import Signal

COMMENT_LIMIT = 20
"""Characters that every MetaTrader build keeps."""
FOR_A_LOOK = timedelta(seconds=30)
"""How long an approved order waits for the guard's first look after a start; longer
than the lease of a process that died."""
OVERDUE = timedelta(minutes=1)
"""No call to a broker lasts this long; whoever made it has failed."""


async def execute(tools: Tools, order_id: OrderId) -> None:
    """Send a queued order; one that has moved on already is left alone.

    Raises:
        Conflict: somebody else wrote the order meanwhile; try again later.
        LookupError: its account is not served here; nothing was sent.
    """
    order = await tools.journal.get(Order, order_id)
    if order is None or order.state is not OrderState.QUEUED:
        return
    if order.account_id not in tools.brokers:
        message = f"order {order_id} belongs to {order.account_id}, not served here"
        raise LookupError(message)
    await tools.sight(order.account_id)
    number, left = 1, await _once(tools, order, 1)
    while left is not None:
        number += 1
        left = await _once(tools, left, number)


async def _once(tools: Tools, order: Order, number: int) -> Order | None:
    """Send once, if nothing bars it; the order while it may leave once more."""
    why_not = await _bar(tools, order)
    if why_not:
        await _stop(tools, order, why_not)
        return None
    try:
        order, send = await _intend(tools, order, number)
    except Conflict:
        if order.state is OrderState.QUEUED:
            raise
        await _stop(tools, order, "The guard fired between two tries.")
        return None
    result = await _send(tools, order, send)
    if number == MAX_SENDS or not _proved_undone(result):
        await tools.journal.commit(*await outcome(tools, order, send, result))
        return None
    await tools.journal.commit(Save(_refused(tools, send, result)))
    return order


async def _stop(tools: Tools, order: Order, reason: str) -> None:
    """End an order that is not on its way: cancelled, or rejected between sends."""
    queued = order.state is OrderState.QUEUED
    event = OrderEvent.CANCEL if queued else OrderEvent.REJECT
    ended = replace(order, state=follow(ORDER_MOVES, order.state, event), reason=reason)
    await tools.journal.commit(
        *tools.fence(order.account_id), Save(ended), *messages(tools, ended)
    )


async def _bar(tools: Tools, order: Order) -> str:
    """Why an opening order must not leave any more, as a sentence.

    Raises:
        Conflict: nobody has looked at the account for a while, as after a start on
            another's lease; an order that has not left yet waits for that look.
    """
    if order.kind is not OrderKind.OPEN:
        return ""
    now = tools.clock.now()
    signal = await tools.journal.get(Signal, order.signal_id or "")
    if signal is not None and signal.expires_at <= now:
        return "The signal expired before the order could be sent; nothing was sent."
    guard = await tools.journal.get(GuardState, order.account_id)
    if guard is not None and allows_entries(
        guard, now=now, max_age=tools.choices.stale_after
    ):
        return ""
    waits = order.state is OrderState.QUEUED and now - order.created_at < FOR_A_LOOK
    if waits and guard is not None and guard.phase is GuardPhase.ARMED:
        message = f"{order.account_id} was not looked at lately"
        raise Conflict(message)
    return "The guard allows no entries now; nothing was sent."


async def _intend(tools: Tools, order: Order, number: int) -> tuple[Order, Send]:
    """Commit that the order leaves now, under the guard's and the lease's eyes.

    The guard is asked again in the same transaction, and so is the order when it
    leaves once more.
    """
    send = Send(
        id=SendId(tools.ids.identity()),
        order_id=order.id,
        account_id=order.account_id,
        number=number,
        magic=await tools.journal.next_magic(),
        state=SendState.IN_FLIGHT,
        retcode=None,
        message="",
        sent_at=tools.clock.now(),
        answered_at=None,
    )
    armed = (
        (Expect(GuardState, order.account_id, {"phase": GuardPhase.ARMED}),)
        if order.kind is OrderKind.OPEN
        else ()
    )
    kept: Save | Expect = Expect(Order, order.id, {"state": order.state})
    if order.state is OrderState.QUEUED:
        order = replace(
            order, state=follow(ORDER_MOVES, order.state, OrderEvent.SUBMIT)
        )
        kept = Save(order)
        order = replace(order, version=order.version + 1)
    await tools.journal.commit(
        *tools.fence(order.account_id), *armed, kept, Insert(send)
    )
    return order, send


async def _send(tools: Tools, order: Order, send: Send) -> OrderResult:
    """Call the broker; whatever it does, the answer is a value."""
    broker = tools.brokers[order.account_id]
    try:
        return await broker.send(_request(order, send))
    except OutcomeUnknown:
        return LOST
    except BrokerUnavailable:
        return _not_sent("The broker cannot be reached; nothing was sent.")
    except Refused as refusal:
        return _not_sent(refusal.reason)


def _not_sent(reason: str) -> OrderResult:
    return OrderResult(status=ResultStatus.REJECTED, retcode=0, message=reason)


def _request(order: Order, send: Send) -> BrokerRequest:
    comment = f"tg-{order.id[-12:]}-{send.number}"[:COMMENT_LIMIT]
    if order.kind is OrderKind.OPEN:
        return OpenRequest(
            instrument=order.instrument,
            side=order.side,
            order_type=order.order_type,
            volume=order.volume,
            price=order.price,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            deviation=order.deviation,
            expires_at=order.expires_at,
            magic=send.magic,
            comment=comment,
        )
    ticket = order.ticket or Ticket(0)
    if order.kind is OrderKind.CANCEL:
        return CancelRequest(ticket=ticket, magic=send.magic)
    if order.kind is OrderKind.MODIFY:
        return ModifyRequest(
            ticket=ticket,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            magic=send.magic,
        )
    return CloseRequest(
        ticket=ticket,
        instrument=order.instrument,
        side=order.side,
        volume=order.volume,
        magic=send.magic,
        comment=comment,
    )


def _proved_undone(result: OrderResult) -> bool:
    """Whether the same order may be sent once more."""
    return result.status is ResultStatus.REJECTED and result.retcode in RESENDABLE


def _refused(tools: Tools, send: Send, result: OrderResult) -> Send:
    return replace(
        send,
        state=SendState.REFUSED,
        retcode=result.retcode,
        message=result.message,
        answered_at=tools.clock.now(),
    )


async def give_up(
    tools: Tools, account_id: AccountId, *, sent_before: datetime | None = None
) -> int:
    """Wait no longer for answers to what was sent until then, or at all.

    Whatever was on its way is unknown now; an order that stood between two sends
    was proved undone by the last answer. Returns for how many.
    """
    count = 0
    for order in await tools.journal.find(
        Order, account_id=account_id, state=OrderState.SUBMITTING
    ):
        last = await last_send(tools, order)
        if sent_before is not None and last.sent_at > sent_before:
            continue
        if last.state is SendState.REFUSED:
            await _stop(tools, order, last.message)
        else:
            await tools.journal.commit(*writes(tools, order, last, LOST))
        count += 1
    return count


async def last_send(tools: Tools, order: Order) -> Send:
    """The newest transmission of an order that has left."""
    (send,) = await tools.journal.find(
        Send, order_id=order.id, order_by="-number", limit=1
    )
    return send

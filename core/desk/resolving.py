"""An outcome that is unknown is looked up, never sent again.

found at the broker            adopted, as if the answer had come
absent for the settle window   proved not executed; a person may try again
not provable for too long      parked: people are asked, the account takes
                               no entries until one of them answers; a parked
                               close is looked for on, so that it can be repeated

A change of stops leaves nothing at the broker that carries our number: it is found
where the position's stops are as they were wanted.
"""

from dataclasses import replace

from core.access import may_decide, may_manage
from core.accounts import Account
from core.broker import OrderLookup, Snapshot
from core.desk.executing import last_send
from core.desk.recording import messages, outcome, result_of_lookup
from core.desk.tools import Tools, by_user
from core.errors import BrokerUnavailable, Refused
from core.ids import OrderId, UserId
from core.messages import NoticeKind
from core.moves import follow
from core.orders import (
    ORDER_MOVES,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    Send,
    SendState,
)
from core.ports import Record, Save, Write

NEVER_SEEN = "The broker never received it."
NEVER_MOVED = "The broker never received it: the stop is where it was."
GONE_BEFORE = "The position closed before anybody could see whether its stop was moved."
STILL_WAITS = (
    "The broker never received it: the order still waits there. Withdraw it again, or "
    "by hand in the terminal."
)


async def resolve(
    tools: Tools, order: Order, *, seen: bool = True, ask: bool = True
) -> bool:
    """Look once for the last send of an order in doubt, and write what it proves.

    An account that is not ``seen`` proves no absence. Without ``ask`` the broker is
    left alone, as if it were silent. Returns whether it answered.
    """
    send = await last_send(tools, order)
    lookup = await _look(tools, order, send) if ask else None
    await _conclude(tools, order, send, lookup, seen=seen)
    return lookup is not None


async def _conclude(
    tools: Tools, order: Order, send: Send, lookup: OrderLookup | None, *, seen: bool
) -> None:
    now = tools.clock.now()
    result = None if lookup is None else result_of_lookup(order, lookup)
    if result is not None:
        found = await outcome(tools, order, send, result, opened=order.created_at)
        await tools.journal.commit(*found)
        return
    parked = order.state is OrderState.PARKED
    if parked and order.kind is OrderKind.OPEN:
        return
    absent = seen and lookup is not None and not lookup.found
    if _settled(tools, order, send, absent=absent):
        told = await _what_is_left(tools, order)
        if told is not None:
            await tools.journal.commit(*_absent(tools, order, send, told=told))
    elif not absent and not parked and now - send.sent_at >= tools.choices.park_after:
        await _park(tools, order)


def _settled(tools: Tools, order: Order, send: Send, *, absent: bool) -> bool:
    """Whether every look of the settle time found nothing, by the monotonic clock.

    After a restart the time begins anew: what was not watched proves nothing.
    """
    if not absent:
        tools.absences.pop(send.id, None)
        return False
    now = tools.clock.monotonic()
    since = tools.absences.setdefault(send.id, now)
    return now - since >= tools.brokers[order.account_id].settle


async def _look(tools: Tools, order: Order, send: Send) -> OrderLookup | None:
    """What the broker has of a send; ``None`` when it cannot say.

    A changed position is shown as the one thing that was found.
    """
    if order.kind is OrderKind.MODIFY:
        snapshot = await _shown(tools, order)
        return None if snapshot is None else _changed(order, snapshot)
    try:
        return await tools.brokers[order.account_id].find(send.magic)
    except BrokerUnavailable:
        return None


async def _shown(tools: Tools, order: Order) -> Snapshot | None:
    """What the account holds now; ``None`` when the broker cannot say."""
    broker = tools.brokers[order.account_id]
    try:
        return await broker.get_snapshot(since=tools.clock.now())
    except BrokerUnavailable:
        return None


def _changed(order: Order, snapshot: Snapshot) -> OrderLookup:
    wanted = (order.stop_loss, order.take_profit)
    changed = tuple(
        each
        for each in snapshot.positions
        if each.identifier == order.position_id
        and (each.stop_loss, each.take_profit) == wanted
    )
    return OrderLookup(positions=changed, orders=(), past_orders=(), deals=())


async def _what_is_left(tools: Tools, order: Order) -> str | None:
    """What to say of an order that was not executed; empty, if nobody misses it.

    A withdrawal leaves no trace at the broker but that what it meant is gone, nor does
    a change of what is gone; ``None`` while that cannot be seen.
    """
    if order.kind not in _TRACELESS:
        return NEVER_SEEN
    snapshot = await _shown(tools, order)
    if snapshot is None:
        return None
    if order.kind is OrderKind.CANCEL:
        waits = any(each.ticket == order.ticket for each in snapshot.orders)
        return STILL_WAITS if waits else ""
    held = any(each.identifier == order.position_id for each in snapshot.positions)
    return NEVER_MOVED if held else GONE_BEFORE


_TRACELESS = frozenset({OrderKind.CANCEL, OrderKind.MODIFY})


def _absent(
    tools: Tools,
    order: Order,
    send: Send,
    *,
    told: str,
    by: str = "desk",
    reason: str = "",
) -> tuple[Write, ...]:
    state = follow(ORDER_MOVES, order.state, OrderEvent.PROVE_ABSENT)
    ended = replace(order, state=state, reason=told)
    return (
        *tools.fence(order.account_id),
        Save(ended),
        Save(replace(send, state=SendState.ABSENT, answered_at=tools.clock.now())),
        *messages(tools, ended),
        _record(order, f"order_{state}", by=by, reason=reason),
    )


def _record(order: Order, action: str, *, by: str, reason: str) -> Record:
    return Record(
        actor=by,
        action=action,
        subject=f"order:{order.id}",
        detail={"reason": reason} if reason else {},
    )


async def _park(tools: Tools, order: Order) -> None:
    parked = replace(
        order,
        state=follow(ORDER_MOVES, order.state, OrderEvent.PARK),
        reason="Outcome unknown: do not repeat it by hand.",
    )
    told = [
        tools.notice(NoticeKind.ORDER_PARKED, order.id, to=user)
        for user in await answerable(tools, order)
    ]
    await tools.journal.commit(
        *tools.fence(order.account_id),
        Save(parked),
        *messages(tools, parked),
        *told,
        _record(order, "order_parked", by="desk", reason=""),
    )


async def answerable(tools: Tools, order: Order) -> list[UserId]:
    """Who may say what became of a parked order."""
    account = await tools.journal.get(Account, order.account_id)
    return [
        each.user_id
        for each in await tools.concerned(order.account_id)
        if may_manage(each) or (account is not None and may_decide(account, each))
    ]


NOT_THERE = (
    "Nothing at the broker carries this order's number. If you see the position there, "
    "close it by hand and then choose Not placed."
)
NOT_MOVED = (
    "The position's stops are not as this order wanted them. Choose Not placed, then "
    "move the stop again or by hand in the terminal."
)


async def adopt(
    tools: Tools, order_id: OrderId, *, by: UserId | None, reason: str
) -> str:
    """A person says that a parked order was executed; the broker must show it.

    Raises:
        Refused: why it cannot be adopted, and what to do instead.
    """
    order = await _parked(tools, order_id)
    send = await last_send(tools, order)
    lookup = await _look(tools, order, send)
    if lookup is None:
        message = "The broker cannot be reached now; try again when it can."
        raise Refused(message)
    result = result_of_lookup(order, lookup)
    if result is None:
        raise Refused(NOT_MOVED if order.kind is OrderKind.MODIFY else NOT_THERE)
    record = _record(order, "order_adopted", by=by_user(by), reason=reason)
    found = await outcome(tools, order, send, result)
    await tools.journal.commit(*found, record)
    return "Adopted: the order is recorded as the broker shows it."


async def not_placed(
    tools: Tools, order_id: OrderId, *, by: UserId | None, reason: str
) -> str:
    """A person says that a parked order was never executed.

    Raises:
        Refused: the broker shows that it was, or it is not parked.
    """
    order = await _parked(tools, order_id)
    send = await last_send(tools, order)
    lookup = await _look(tools, order, send)
    if lookup is not None and lookup.found:
        message = "The broker shows this order; choose Adopt."
        raise Refused(message)
    await tools.journal.commit(
        *_absent(
            tools,
            order,
            send,
            told=reason or NEVER_SEEN,
            by=by_user(by),
            reason=reason,
        )
    )
    return "Noted: nothing was executed. The account takes entries again."


async def _parked(tools: Tools, order_id: OrderId) -> Order:
    order = await tools.journal.get(Order, order_id)
    if order is None or order.state is not OrderState.PARKED:
        message = "This order does not wait for an answer any more."
        raise Refused(message)
    return order

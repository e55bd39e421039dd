"""What the broker holds against what we remember: the differences, named.

Pure: one snapshot and our open rows in, corrections out; the same snapshot again
gives none. Matching is by position identifier, else by magic number, never by
resemblance. Whatever opened after the snapshot was taken is left alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.broker import (
    Deal,
    DealEntry,
    DealReason,
    HistoryState,
    PastOrder,
    Position,
    Snapshot,
    average_price,
)
from core.ids import OrderId, Ticket, TradeId
from core.messages import NoticeKind
from core.money import ZERO
from core.moves import follow
from core.opening import trade_of_deals, trade_of_position
from core.orders import (
    ORDER_MOVES,
    OVER,
    Cause,
    Order,
    OrderEvent,
    OrderKind,
)
from core.trades import (
    TRADE_MOVES,
    CloseReason,
    Trade,
    TradeEvent,
    TradeState,
    booked_by,
    entries_of,
    exits_of,
)

_BY_BROKER = {
    DealReason.STOP_LOSS: CloseReason.STOP,
    DealReason.TAKE_PROFIT: CloseReason.TARGET,
    DealReason.STOP_OUT: CloseReason.STOP_OUT,
    DealReason.CLIENT: CloseReason.HAND,
}
_BY_US = {
    Cause.GUARD: CloseReason.GUARD,
    Cause.PANIC: CloseReason.PANIC,
    Cause.CLOSE_ALL: CloseReason.CLOSED_HERE,
    Cause.TAP: CloseReason.CLOSED_HERE,
    Cause.STANDING: CloseReason.CLOSED_HERE,
}
_PAST = {
    HistoryState.CANCELLED: OrderEvent.CANCEL,
    HistoryState.EXPIRED: OrderEvent.EXPIRE,
    HistoryState.REJECTED: OrderEvent.CANCEL,
}
_ENDED = {
    HistoryState.EXPIRED: "It expired at the broker before its price came.",
    HistoryState.REJECTED: "The broker refused to execute it when its price came.",
}
"""Said to whoever approved it; nobody withdraws an order without knowing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One difference and what it makes of our row; at least one row is set."""

    what: str
    """The difference as a short sentence, for the report."""
    trade: Trade | None = None
    """The trade as it must be written."""
    new: bool = False
    """Whether ``trade`` is not in the journal yet."""
    order: Order | None = None
    """The order as it must be written."""
    notice: NoticeKind = NoticeKind.NONE
    detail: str = ""
    """What the notice says that the row does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Our side: what should be at the broker, and whose numbers are whose."""

    trades: Sequence[Trade]
    """Those on the book."""
    recorded: Collection[Ticket]
    """Positions of the snapshot, gone ones included, that have a trade."""
    placed: Sequence[Order]
    """Opening orders that wait at the broker."""
    by_magic: Mapping[int, Order]
    """The order behind every magic number that may turn up."""
    trade_ids: Mapping[OrderId, TradeId]
    """Ids to give to trades that are found at the broker, by order."""


def corrections(book: Book, snapshot: Snapshot) -> list[Correction]:
    """Every difference between ``book`` and ``snapshot``."""
    held = {position.identifier: position for position in snapshot.positions}
    found = [
        _of_trade(trade, held.get(trade.position_id), book, snapshot)
        for trade in book.trades
        if trade.opened_at < snapshot.taken_at
    ]
    for order in book.placed:
        found += _of_placed(order, held, book, snapshot)
    return [each for each in found if each is not None] + _orphans(book, snapshot)


def _of_trade(
    trade: Trade, position: Position | None, book: Book, snapshot: Snapshot
) -> Correction | None:
    exits = exits_of(snapshot.deals, trade.position_id)
    if position is not None:
        return _of_open(trade, _seen(trade, position, snapshot), exits, book)
    if _volume(exits) >= trade.volume:
        closed = _closed(trade, snapshot.deals, exits, book)
        return Correction(
            what=f"{trade.instrument} closed: {closed.close_reason}",
            trade=closed,
            notice=NoticeKind.TRADE_CLOSED,
        )
    if trade.state is TradeState.CLOSING:
        return None
    return Correction(
        what=f"{trade.instrument} is gone, its closing deal is not there yet",
        trade=replace(trade, state=follow(TRADE_MOVES, trade.state, TradeEvent.VANISH)),
    )


def _volume(deals: Iterable[Deal]) -> Decimal:
    return sum((deal.volume for deal in deals), start=ZERO)


def _seen(trade: Trade, position: Position, snapshot: Snapshot) -> Trade:
    """The trade as the broker shows it; what was booked is never unlearned."""
    exits = exits_of(snapshot.deals, trade.position_id)
    booked = booked_by(exits) if exits else trade.booked
    return replace(trade.seen(position), booked=booked)


def _of_open(
    trade: Trade, seen: Trade, exits: Sequence[Deal], book: Book
) -> Correction | None:
    if trade.state is TradeState.CLOSING:
        state = follow(TRADE_MOVES, trade.state, TradeEvent.REAPPEAR)
        return Correction(
            what=f"{trade.instrument} is there after all",
            trade=replace(seen, state=state),
        )
    if seen == trade:
        return None
    what = ", ".join(
        f"{name} {getattr(trade, field)} to {getattr(seen, field)}"
        for name, field in (
            ("volume", "volume_open"),
            ("stop", "stop_loss"),
            ("target", "take_profit"),
            ("booked", "booked"),
            ("ticket", "ticket"),
        )
        if getattr(trade, field) != getattr(seen, field)
    )
    what = what and f"{trade.instrument}: {what}"
    if not _reduced(trade, seen, exits):
        return Correction(what=what, trade=seen)
    last, made = exits[-1], seen.booked - trade.booked
    return Correction(
        what=what,
        trade=seen,
        notice=NoticeKind.TRADE_REDUCED,
        detail=f"{made:f} {last.price:f} {_reason(last, book)}",
    )


def _reduced(trade: Trade, seen: Trade, exits: Sequence[Deal]) -> bool:
    """Whether a part was closed since, and its deals are there to tell of it."""
    explained = _volume(exits) >= trade.volume - seen.volume_open
    smaller = seen.volume_open < trade.volume_open and explained
    return bool(exits) and (smaller or seen.booked != trade.booked)


def _closed(
    trade: Trade, deals: Iterable[Deal], exits: Sequence[Deal], book: Book
) -> Trade:
    last = exits[-1]
    mine = [deal for deal in deals if deal.position_id == trade.position_id]
    return replace(
        trade,
        state=follow(TRADE_MOVES, trade.state, TradeEvent.CLOSE),
        volume_open=ZERO,
        floating=ZERO,
        close_price=average_price(exits),
        close_reason=_reason(last, book),
        booked=booked_by(exits),
        profit=booked_by(mine),
        closed_at=last.time,
    )


def _reason(deal: Deal, book: Book) -> CloseReason:
    if deal.reason in _BY_BROKER:
        return _BY_BROKER[deal.reason]
    order = book.by_magic.get(deal.magic)
    if order is not None and order.kind is OrderKind.CLOSE:
        return _BY_US[order.cause]
    return CloseReason.OTHER


def _of_placed(
    order: Order, held: Mapping[Ticket, Position], book: Book, snapshot: Snapshot
) -> list[Correction | None]:
    """How a pending order ended, and its trade if that is over too.

    A position has the number of the order that opened it.
    """
    if order.ticket is None or order.ticket in {o.ticket for o in snapshot.orders}:
        return []
    position = held.get(order.ticket)
    entries = [
        deal
        for deal in snapshot.deals
        if deal.position_id == order.ticket and deal.entry is DealEntry.IN
    ]
    trade_id = book.trade_ids[order.id]
    if entries:
        trade = trade_of_deals(order, entries, trade_id=trade_id)
    elif position is not None:
        trade = trade_of_position(order, position, trade_id=trade_id)
    else:
        past = [each for each in snapshot.past_orders if each.ticket == order.ticket]
        return [_ended(order, past[0])] if past else []
    if position is None:
        return [_filled(order, trade), _of_trade(trade, None, book, snapshot)]
    return [_filled(order, _seen(trade, position, snapshot))]


def _filled(order: Order, trade: Trade) -> Correction:
    """A pending order whose price came."""
    whole = trade.volume >= order.volume
    event = OrderEvent.FILL if whole else OrderEvent.FILL_PART
    state = follow(ORDER_MOVES, order.state, event)
    return Correction(
        what=f"{order.instrument}: pending order filled",
        trade=trade,
        new=True,
        order=replace(
            order,
            state=state,
            position_id=trade.position_id,
            filled_volume=trade.volume,
            filled_price=trade.open_price,
        ),
        notice=NoticeKind.TRADE_OPENED,
    )


def _ended(order: Order, past: PastOrder) -> Correction | None:
    event = _PAST.get(past.state)
    if event is None:
        return None
    state = follow(ORDER_MOVES, order.state, event)
    ended = replace(order, state=state, reason=_ENDED.get(past.state, ""))
    what = f"{order.instrument}: pending order {past.state}"
    return Correction(what=what, order=ended)


def _orphans(book: Book, snapshot: Snapshot) -> list[Correction]:
    """Positions that carry our number although their order is known as ended.

    Gone ones too: their trade is made and closed by its deals.
    """
    found: list[Correction | None] = []
    held = {position.identifier for position in snapshot.positions}
    for position in snapshot.positions:
        order = _ended_order(book, position.magic, position.identifier)
        if order is not None:
            trade_id = book.trade_ids[order.id]
            trade = trade_of_position(order, position, trade_id=trade_id)
            found.append(_adopted(order, _seen(trade, position, snapshot)))
    for position_id, entries in entries_of(snapshot.deals).items():
        order = _ended_order(book, entries[0].magic, position_id)
        if order is not None and position_id not in held:
            trade_id = book.trade_ids[order.id]
            trade = trade_of_deals(order, entries, trade_id=trade_id)
            found += [_adopted(order, trade), _of_trade(trade, None, book, snapshot)]
    return [each for each in found if each is not None]


def _ended_order(book: Book, magic: int, position_id: Ticket) -> Order | None:
    """The opening order behind a number, if it is over and has no trade."""
    order = book.by_magic.get(magic)
    if (
        order is None
        or position_id in book.recorded
        or order.kind is not OrderKind.OPEN
        or order.state not in OVER
    ):
        return None
    return order


def _adopted(order: Order, trade: Trade) -> Correction:
    return Correction(
        what=f"{trade.instrument}: adopted, its order was {order.state}",
        trade=trade,
        new=True,
        notice=NoticeKind.TRADE_OPENED,
    )

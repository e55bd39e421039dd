"""Executes requests on a paper account, or says why not.

Market orders and closes fill at once and whole at the present price. A refusal
changes nothing and takes no ticket.
"""

from dataclasses import replace
from decimal import Decimal

from core.broker import (
    BrokerRequest,
    CancelRequest,
    CloseRequest,
    Deal,
    DealReason,
    HistoryState,
    ModifyRequest,
    OpenRequest,
    OrderResult,
    PendingOrder,
    ResultStatus,
)
from core.market import OrderType
from mt5_bridge.paper.account import Leaving, PaperAccount
from mt5_bridge.paper.rules import (
    Refusal,
    refusal,
    refuse_close,
    refuse_modify,
    refuse_open,
)
from mt5_bridge.paper.specs import PaperSpec
from mt5_bridge.retcodes import Retcode, failure_status


def execute(
    account: PaperAccount, request: BrokerRequest, reason: DealReason
) -> OrderResult:
    """Do what is asked; ``reason`` is booked with a deal that comes of it."""
    match request:
        case OpenRequest():
            return _open(account, request, reason)
        case CloseRequest():
            return _close(account, request, reason)
        case ModifyRequest():
            return _modify(account, request)
        case CancelRequest():
            return _cancel(account, request)


def why_not(account: PaperAccount, request: OpenRequest) -> Refusal | None:
    """Why an opening order would not be taken now."""
    spec = account.terms.specs.get(request.instrument)
    if spec is None:
        sentence = f"The broker does not know {request.instrument}."
        return Refusal(code=Retcode.INVALID, sentence=sentence)
    quote = account.moment.quote_of(request.instrument)
    market = request.order_type is OrderType.MARKET
    return (
        _market_closed(account, request.instrument)
        or refuse_open(request, spec, quote, account.moment.now)
        or too_poor(
            account,
            spec,
            request.volume,
            quote.to_open(request.side) if market else request.price,
        )
    )


def too_poor(
    account: PaperAccount, spec: PaperSpec, volume: Decimal, price: Decimal
) -> Refusal | None:
    """Why the free margin does not carry one more position."""
    margin = account.terms.money.margin(spec, volume, price)
    needed = margin + account.commission(volume)
    free = account.equity() - account.margin()
    if needed <= free:
        return None
    sentence = (
        f"This needs {needed} {account.terms.money.currency} of free margin; "
        f"there is {free}."
    )
    return Refusal(code=Retcode.NO_MONEY, sentence=sentence)


def rejected(fault: Refusal) -> OrderResult:
    """The answer that carries a refusal."""
    return OrderResult(
        status=failure_status(fault.code),
        retcode=fault.code.value,
        message=fault.sentence,
    )


def _open(
    account: PaperAccount, request: OpenRequest, reason: DealReason
) -> OrderResult:
    if fault := why_not(account, request):
        return rejected(fault)
    order = PendingOrder(
        ticket=account.book.ticket(),
        instrument=request.instrument,
        side=request.side,
        order_type=request.order_type,
        volume=request.volume,
        price=request.price,
        stop_loss=request.stop_loss,
        take_profit=request.take_profit,
        expires_at=request.expires_at,
        magic=request.magic,
        comment=request.comment,
        placed_at=account.moment.now,
    )
    if request.order_type is OrderType.MARKET:
        return _filled(account.enter(order, reason))
    account.book.orders[order.ticket] = order
    return OrderResult(
        status=ResultStatus.PLACED,
        retcode=Retcode.PLACED.value,
        message="",
        order=order.ticket,
        volume=order.volume,
        price=order.price,
    )


def _close(
    account: PaperAccount, request: CloseRequest, reason: DealReason
) -> OrderResult:
    held = account.book.positions.get(request.ticket)
    if held is None:
        return rejected(refusal(Retcode.POSITION_CLOSED))
    spec = account.terms.specs[held.instrument]
    fault = _market_closed(account, held.instrument) or refuse_close(
        request, held, spec
    )
    if fault:
        return rejected(fault)
    leaving = Leaving(reason=reason, magic=request.magic, comment=request.comment)
    return _filled(account.leave(held, request.volume, leaving))


def _modify(account: PaperAccount, request: ModifyRequest) -> OrderResult:
    held = account.book.positions.get(request.ticket)
    if held is None:
        return rejected(refusal(Retcode.POSITION_CLOSED))
    spec = account.terms.specs[held.instrument]
    quote = account.moment.quote_of(held.instrument)
    fault = _market_closed(account, held.instrument) or refuse_modify(
        request, held, spec, quote
    )
    if fault:
        return rejected(fault)
    account.book.positions[held.ticket] = replace(
        held, stop_loss=request.stop_loss, take_profit=request.take_profit
    )
    return OrderResult(
        status=ResultStatus.FILLED,
        retcode=Retcode.DONE.value,
        message="",
        position_id=held.ticket,
    )


def _cancel(account: PaperAccount, request: CancelRequest) -> OrderResult:
    order = account.book.orders.get(request.ticket)
    if order is None:
        return rejected(refusal(Retcode.INVALID_ORDER))
    if fault := _market_closed(account, order.instrument):
        return rejected(fault)
    account.retire(order, HistoryState.CANCELLED)
    return OrderResult(
        status=ResultStatus.FILLED,
        retcode=Retcode.DONE.value,
        message="",
        order=order.ticket,
    )


def _market_closed(account: PaperAccount, instrument: str) -> Refusal | None:
    if instrument not in account.moment.closed:
        return None
    return refusal(Retcode.MARKET_CLOSED)


def _filled(deal: Deal) -> OrderResult:
    return OrderResult(
        status=ResultStatus.FILLED,
        retcode=Retcode.DONE.value,
        message="",
        order=deal.order,
        deal=deal.ticket,
        position_id=deal.position_id,
        volume=deal.volume,
        price=deal.price,
    )

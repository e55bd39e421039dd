"""How a position that an order opened becomes the record of a trade."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core.broker import Deal, Position, average_price
from core.ids import Ticket, TradeId
from core.money import ZERO
from core.orders import Order
from core.trades import Trade, TradeState


def trade_of_position(order: Order, position: Position, *, trade_id: TradeId) -> Trade:
    """The record of a position that ``order`` opened."""
    trade = opened_trade(
        order,
        trade_id=trade_id,
        position_id=position.identifier,
        volume=position.volume,
        price=position.open_price,
        at=position.opened_at,
    )
    return trade.seen(position)


def trade_of_deals(
    order: Order, entries: Sequence[Deal], *, trade_id: TradeId
) -> Trade:
    """The record of a position by its opening deals, of which there is one."""
    return opened_trade(
        order,
        trade_id=trade_id,
        position_id=entries[0].position_id,
        volume=sum((deal.volume for deal in entries), start=ZERO),
        price=average_price(entries),
        at=entries[0].time,
    )


def opened_trade(
    order: Order,
    *,
    trade_id: TradeId,
    position_id: Ticket,
    volume: Decimal,
    price: Decimal,
    at: datetime,
) -> Trade:
    """A trade as it begins; a part that was not filled risks nothing."""
    return Trade(
        id=trade_id,
        account_id=order.account_id,
        signal_id=order.signal_id,
        order_id=order.id,
        position_id=position_id,
        ticket=position_id,
        instrument=order.instrument,
        side=order.side,
        state=TradeState.OPEN,
        volume=volume,
        volume_open=volume,
        open_price=price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        risk_money=order.risk_money * volume / order.volume,
        first_stop=order.stop_loss,
        floating=ZERO,
        booked=ZERO,
        close_price=None,
        close_reason=None,
        profit=None,
        opened_at=at,
        closed_at=None,
        updated_at=at,
    )

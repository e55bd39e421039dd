"""An open trade in somebody's hands: closed, halved, made safe.

    ask         what would happen, in money, and how the question is bound
    carry out   one order, if nothing was ordered on the trade since it was asked

A question is no row: its Confirm names the trade, how many orders were aimed at it
and how many lots it held. The order is committed under the account's row, so of two
taps one orders and the other is told that it came second, whatever was restarted in
between.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from core.accounts import Account
from core.adjusting import break_even, half_of
from core.broker import Position
from core.desk.aiming import Will, close_of, order_aimed
from core.desk.holding import Held, held_by, look
from core.desk.taps import Reply, Tap
from core.desk.tools import Tools, again, by_user
from core.errors import BrokerUnavailable, Refused
from core.money import cents, plain
from core.orders import LIVE, Cause, Order, OrderKind
from core.ports import Broker, Expect, Record, Save
from core.trades import Trade, TradeState
from core.users import Membership, User


class Change(StrEnum):
    """What a person may do to one trade."""

    CLOSE = "close"
    """Close all of it at the market."""
    HALF = "close_half"
    """Close half of it at the market."""
    BREAK_EVEN = "break_even"
    """Move its stop to the entry."""


KINDS = {
    Change.CLOSE: OrderKind.CLOSE,
    Change.HALF: OrderKind.CLOSE,
    Change.BREAK_EVEN: OrderKind.MODIFY,
}
_WAITS_FOR = {
    OrderKind.CLOSE: frozenset({OrderKind.CLOSE}),
    OrderKind.MODIFY: frozenset({OrderKind.CLOSE, OrderKind.MODIFY}),
}
"""Orders without an outcome that another waits for: a close for none but a close."""
_SAID = {
    Change.CLOSE: "The close is ordered; its result follows.",
    Change.HALF: "The close of half is ordered; its result follows.",
    Change.BREAK_EVEN: "The new stop is ordered; you are told when it stands.",
}
CLOSED = "This trade is closed already."
UNDER_WAY = "An order on this position has no outcome yet; wait for it."
GONE = "The broker does not show this position any more; its result follows."
REPEATED = Reply(text="That is ordered already; its outcome follows.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What a question was asked about: it is void when anything of it changed."""

    orders: int
    """How many orders have been aimed at the trade."""
    volume: Decimal
    """Lots that the position held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What would happen, in money."""

    change: Change
    held: Held
    volume: Decimal
    """Lots to close; of a new stop, all of them."""
    price: Decimal
    """Where it would close, or the new stop."""
    money: Decimal
    """What the close makes, before commission; at the new stop, after all costs."""
    money_before: Decimal | None
    """The same at the present stop, for a new one."""
    bond: Bond


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A wish as an order, and the position that it is aimed at."""

    held: Held
    position: Position
    order: Order


async def ask(
    tools: Tools, tap: Tap, change: Change, trade_id: str
) -> Question | Reply:
    """What ``change`` would do now; else why it cannot be done."""
    orders = await tools.journal.count(Order, trade_id=trade_id)
    case = await _case(tools, tap, change, trade_id)
    if isinstance(case, Reply):
        return case
    bond = Bond(orders=orders, volume=case.position.volume)
    try:
        return await _question(tools, change, case, bond)
    except BrokerUnavailable:
        return _unreachable(case.held.account)


async def _case(tools: Tools, tap: Tap, change: Change, trade_id: str) -> _Case | Reply:
    held = await held_by(tools, tap, trade_id)
    if isinstance(held, Reply):
        return held
    try:
        await _require_free(tools, held.trade, KINDS[change])
        return await _met(tools, tap, change, await look(tools, held))
    except BrokerUnavailable:
        return _unreachable(held.account)
    except Refused as refused:
        return Reply(text=refused.reason, alert=True)


async def _require_free(tools: Tools, trade: Trade, kind: OrderKind) -> None:
    """Raises ``Refused`` when it is over, or another order's outcome comes first."""
    if trade.state is TradeState.CLOSED:
        raise Refused(CLOSED)
    if await tools.journal.count(
        Order,
        account_id=trade.account_id,
        ticket=trade.ticket,
        kind=_WAITS_FOR[kind],
        state=LIVE,
    ):
        raise Refused(UNDER_WAY)


def _unreachable(account: Account) -> Reply:
    text = (
        f"{account.id} cannot be reached now and nothing was ordered. Try again, or do "
        "it by hand in the terminal."
    )
    return Reply(text=text, alert=True)


async def _met(tools: Tools, tap: Tap, change: Change, held: Held) -> _Case:
    """The wish as an order at the prices of now.

    Raises:
        BrokerUnavailable: position or prices cannot be read.
        Refused: why it cannot be done, and what to do.
    """
    if held.fresh_at is None:
        raise BrokerUnavailable(held.account.id)
    position = held.position
    if position is None:
        raise Refused(GONE)
    broker = tools.brokers[held.account.id]
    spec = await broker.get_symbol(position.instrument)
    quote = await broker.get_quote(position.instrument)
    age = tools.clock.now() - quote.time
    if not spec.tradable or age > tools.choices.stale_after:
        message = (
            f"The market of {position.instrument} is closed, or its price is stale: "
            "nothing was ordered. Try again when it moves."
        )
        raise Refused(message)
    will = Will(cause=Cause.TAP, user_id=tap.user_id)
    order = close_of(tools, held.account, position, held.trade, will)
    order = replace(order, price=quote.to_close(position.side))
    if change is Change.HALF:
        order = replace(order, volume=half_of(position.volume, spec))
    if change is Change.BREAK_EVEN:
        order = replace(
            order,
            kind=OrderKind.MODIFY,
            stop_loss=break_even(position, quote, spec),
            take_profit=position.take_profit,
        )
    return _Case(held=held, position=position, order=order)


async def _question(tools: Tools, change: Change, case: _Case, bond: Bond) -> Question:
    """The money of a case.

    Raises:
        BrokerUnavailable: the broker does not compute it now.
    """
    broker = tools.brokers[case.held.account.id]
    position, order = case.position, case.order
    before: Decimal | None = None
    if order.stop_loss is None:
        price = order.price
        money = await _made(broker, position, price) * order.volume
    else:
        price = order.stop_loss
        money = await _left_at(broker, position, price)
        if position.stop_loss is not None:
            before = cents(await _left_at(broker, position, position.stop_loss))
    return Question(
        change=change,
        held=case.held,
        volume=order.volume,
        price=price,
        money=cents(money),
        money_before=before,
        bond=bond,
    )


async def _made(broker: Broker, position: Position, price: Decimal) -> Decimal:
    """What one lot makes at a price, without costs."""
    loss = await broker.calc_loss(
        position.instrument, position.side, position.open_price, price
    )
    return -loss


async def _left_at(broker: Broker, position: Position, price: Decimal) -> Decimal:
    """What the whole position makes if it closes at a price, after all costs."""
    costs = await broker.calc_commission(position.instrument)
    made = await _made(broker, position, price) - costs
    return made * position.volume + position.swap


async def carry_out(
    tools: Tools, tap: Tap, change: Change, trade_id: str, bond: Bond
) -> Reply:
    """Order what was asked, once, unless anything has changed since."""
    return await again(lambda: _carry_out(tools, tap, change, trade_id, bond))


async def _carry_out(
    tools: Tools, tap: Tap, change: Change, trade_id: str, bond: Bond
) -> Reply:
    held = await held_by(tools, tap, trade_id)
    if isinstance(held, Reply):
        return held
    aimed = await tools.journal.find(
        Order, trade_id=held.trade.id, order_by="-created_at"
    )
    if len(aimed) > bond.orders:
        return await _second(tools, tap, aimed[0])
    case = await _case(tools, tap, change, trade_id)
    if isinstance(case, Reply):
        return case
    if case.position.volume != bond.volume:
        text = (
            f"The position holds {plain(case.position.volume)} lots now: nothing was "
            "ordered. Look at it again."
        )
        return Reply(text=text, alert=True)
    return await _order(tools, tap, change, held, case.order)


async def _order(
    tools: Tools, tap: Tap, change: Change, held: Held, order: Order
) -> Reply:
    """The compare-and-swap: ``held`` was read before anything was looked at."""
    mine = held.membership
    record = Record(
        actor=by_user(tap.user_id),
        action=f"trade_{change}",
        subject=f"trade:{held.trade.id}",
        detail={
            "order": order.id,
            "lots": plain(order.volume),
            "price": plain(order.price),
            "stop": "" if order.stop_loss is None else plain(order.stop_loss),
            "update": str(tap.update_id),
        },
    )
    aimed = await order_aimed(
        tools,
        order,
        Expect(Membership, mine.id, {"role": mine.role}),
        Save(held.account),
        record,
    )
    if not aimed.ordered:  # by the guard, since we looked
        return Reply(text=UNDER_WAY, alert=True)
    return Reply(text=_SAID[change])


async def _second(tools: Tools, tap: Tap, first: Order) -> Reply:
    """Something was ordered on the trade since the question: by whom."""
    if first.user_id == tap.user_id:
        return REPEATED
    name = "The guard"
    if first.user_id is not None:
        user = await tools.journal.get(User, first.user_id)
        name = (user.name if user else "") or "Somebody"
    text = f"{name} has ordered something on this position since. Look at it again."
    return Reply(text=text, alert=True)

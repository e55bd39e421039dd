"""What a trade would cost on an account now, or what stands in its way.

One snapshot, one quote, one specification; every number a prompt shows and every
check a tap must pass comes from here.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.accounts import FIRED, Account, AccountSource, GuardState, RiskRules
from core.broker import AccountState, OpenRequest, Snapshot
from core.desk.preferring import own_risk
from core.desk.tools import Tools
from core.drift import obstacle_of_levels
from core.errors import BrokerUnavailable, Refused
from core.guard import reading_of
from core.limits import allows_entries, headroom
from core.market import OrderType, Quote, SymbolSpec
from core.money import ZERO, cents, plain
from core.orders import LIVE, Order, OrderKind, OrderState
from core.ports import Broker
from core.prompts import Offer
from core.signals import Signal
from core.sizing import Sized, Stake, Unsized, size
from core.trades import ON_THE_BOOK, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why there is no offer, as a sentence."""

    reason: str
    passing: bool
    """Whether it may be gone at the next tap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The broker's side of one offer, read once."""

    snapshot: Snapshot
    quote: Quote
    spec: SymbolSpec


async def offer(
    tools: Tools,
    account: Account,
    signal: Signal,
    *,
    at_most: Decimal | None = None,
    risk_percent: Decimal | None = None,
) -> Offer | Obstacle:
    """The numbers of ``signal`` on ``account`` now; lots never above ``at_most``.

    They risk what the account's rules say, or ``risk_percent`` where that is less, or
    what the person of an own account wants to risk.
    """
    await tools.sight(account.id)
    obstacle = await _barred(tools, account)
    if obstacle is not None:
        return obstacle
    rules = tools.choices.rules[account.id]
    broker = tools.brokers[account.id]
    try:
        market = await _look(broker, signal.instrument, since=tools.clock.now())
        obstacle = _market_obstacle(tools, market, signal, rules)
        if obstacle is not None:
            return obstacle
        stake = await _stake(broker, market, signal, rules, at_most=at_most)
        wishes = (stake.risk_percent, risk_percent, await own_risk(tools, account))
        least = min(each for each in wishes if each is not None)
        stake = replace(stake, risk_percent=least)
        reward = await _reward_per_lot(broker, market, signal)
        sized = size(stake, market.spec)
        refused = await _refused(broker, market, signal, sized)
    except BrokerUnavailable:
        return Obstacle(reason=f"{account.id} cannot be reached now.", passing=True)
    except Refused as refusal:
        return Obstacle(reason=refusal.reason, passing=False)
    if refused:
        return Obstacle(reason=refused, passing=True)
    room = await headroom_left(tools, account, rules, market.snapshot)
    return _offer(signal, market, sized, room, reward)


async def _refused(
    broker: Broker, market: Market, signal: Signal, sized: Sized | Unsized
) -> str:
    """Why the broker would not take the order, as a sentence; mostly nothing."""
    if isinstance(sized, Unsized):
        return ""
    would_be = OpenRequest(
        instrument=signal.instrument,
        side=signal.side,
        order_type=signal.order_type,
        volume=sized.lots,
        price=entry_price(signal, market.quote),
        stop_loss=signal.stop_loss,
        take_profit=signal.take_profit,
        deviation=market.quote.spread,
        expires_at=None,
        magic=0,
        comment="",
    )
    return await broker.check_order(would_be)


def _offer(
    signal: Signal,
    market: Market,
    sized: Sized | Unsized,
    room: Decimal,
    reward: Decimal | None,
) -> Offer | Obstacle:
    if isinstance(sized, Unsized):
        return Obstacle(reason=sized.reason, passing=False)
    if sized.risk_money > room:
        return Obstacle(reason=_no_room(sized.risk_money, room), passing=True)
    return Offer(
        price=entry_price(signal, market.quote),
        lots=sized.lots,
        risk_money=sized.risk_money,
        risk_percent=round(sized.risk_percent, 2),
        reward_money=None if reward is None else cents(reward * sized.lots),
        spread=market.quote.spread,
        headroom=cents(room),
        point=market.spec.point,
    )


async def _barred(tools: Tools, account: Account) -> Obstacle | None:
    """What the journal alone says against any entry."""
    guard = await tools.journal.get(GuardState, account.id)
    if not account.enabled:
        return Obstacle(
            reason=f"{account.id} is disabled: ask an admin.", passing=False
        )
    if account.id not in tools.brokers:
        return Obstacle(reason=f"{account.id} is not connected now.", passing=True)
    if guard is not None and guard.phase in FIRED:
        return Obstacle(reason=_fired(account), passing=False)
    if guard is None or not allows_entries(
        guard, now=tools.clock.now(), max_age=tools.choices.stale_after
    ):
        return Obstacle(
            reason=f"{account.id} cannot be seen now: no entries until it is.",
            passing=True,
        )
    if await tools.journal.count(Order, account_id=account.id, state=OrderState.PARKED):
        reason = (
            "An earlier order's outcome is unknown: no entries until somebody "
            "says what became of it."
        )
        return Obstacle(reason=reason, passing=True)
    return None


def _fired(account: Account) -> str:
    """Nobody administers a paper account: its follower begins anew."""
    if account.source is AccountSource.FOLLOW:
        return (
            f"The guard of {account.id} has fired: no entries until you stop following "
            "and follow again, with /follow."
        )
    return (
        f"The guard of {account.id} has fired: no entries until an admin "
        "re-arms it with /rearm."
    )


async def _look(broker: Broker, instrument: str, *, since: datetime) -> Market:
    spec = await broker.get_symbol(instrument)
    return Market(
        snapshot=await broker.get_snapshot(since=since),
        quote=await broker.get_quote(instrument),
        spec=spec,
    )


def entry_price(signal: Signal, quote: Quote) -> Decimal:
    """Where the position would open: the market's price, or the order's own."""
    if signal.order_type is OrderType.MARKET:
        return quote.to_open(signal.side)
    return signal.price


def _market_obstacle(
    tools: Tools, market: Market, signal: Signal, rules: RiskRules
) -> Obstacle | None:
    if not market.spec.tradable or not market.snapshot.account.trade_allowed:
        return Obstacle(
            reason=f"The broker does not trade {signal.instrument} now.", passing=True
        )
    age = tools.clock.now() - market.quote.time
    if age > tools.choices.stale_after:
        return Obstacle(
            reason=f"The price of {signal.instrument} is stale: the market may be "
            "closed.",
            passing=True,
        )
    points = market.quote.spread / market.spec.point
    if rules.max_spread_points and points > rules.max_spread_points:
        return Obstacle(
            reason=f"The spread is {round(points)} points, the limit is "
            f"{rules.max_spread_points}.",
            passing=True,
        )
    reason = obstacle_of_levels(
        market.quote,
        side=signal.side,
        order_type=signal.order_type,
        price=signal.price,
        stop_loss=signal.stop_loss,
        take_profit=signal.take_profit,
    )
    return Obstacle(reason=reason, passing=False) if reason else None


def basis_of(account: AccountState) -> Decimal:
    """What risk is a percentage of: the smaller of balance and equity, no credit."""
    return min(account.balance, account.equity - account.credit)


async def _stake(
    broker: Broker,
    market: Market,
    signal: Signal,
    rules: RiskRules,
    *,
    at_most: Decimal | None,
) -> Stake:
    entry = entry_price(signal, market.quote)
    instrument, side = signal.instrument, signal.side
    loss = (
        None
        if signal.stop_loss is None
        else await broker.calc_loss(instrument, side, entry, signal.stop_loss)
    )
    account = market.snapshot.account
    return Stake(
        basis=basis_of(account),
        risk_percent=rules.per_trade_percent,
        loss_per_lot=loss,
        commission_per_lot=await broker.calc_commission(instrument),
        margin_per_lot=await broker.calc_margin(instrument, side, Decimal(1), entry),
        margin_free=account.margin_free,
        held=_held(market.snapshot, signal),
        lots_without_stop=rules.lots_without_stop,
        max_lots=rules.max_lots,
        at_most=at_most,
    )


def _held(snapshot: Snapshot, signal: Signal) -> Decimal:
    return sum(
        (
            position.volume
            for position in snapshot.positions
            if position.instrument == signal.instrument and position.side is signal.side
        ),
        start=ZERO,
    )


async def _reward_per_lot(
    broker: Broker, market: Market, signal: Signal
) -> Decimal | None:
    if signal.take_profit is None:
        return None
    entry = entry_price(signal, market.quote)
    loss = await broker.calc_loss(
        signal.instrument, signal.side, entry, signal.take_profit
    )
    return -loss - await broker.calc_commission(signal.instrument)


async def headroom_left(
    tools: Tools,
    account: Account,
    rules: RiskRules,
    snapshot: Snapshot | None = None,
) -> Decimal:
    """What the guard's limit leaves if every stop were hit, live orders included.

    Equity and what floats are those of ``snapshot``, of one moment; without one,
    those of the last look.
    """
    guard = await tools.journal.get(GuardState, account.id)
    if guard is None:
        return ZERO
    floating: dict[int, Decimal] = {}
    if snapshot is not None:
        guard = replace(guard, equity=reading_of(snapshot).equity)
        floating = {each.identifier: each.profit for each in snapshot.positions}
    orders = await tools.journal.find(
        Order, account_id=account.id, kind=OrderKind.OPEN, state=LIVE
    )
    trades = await tools.journal.find(Trade, account_id=account.id, state=ON_THE_BOOK)
    at_stake = sum(
        (
            max(ZERO, floating.get(trade.position_id, trade.floating) + trade.stake)
            for trade in trades
        ),
        start=ZERO,
    ) + sum((order.risk_money for order in orders), start=ZERO)
    return headroom(guard, rules) - at_stake


def _no_room(risk: Decimal, room: Decimal) -> str:
    return (
        f"The trade risks {plain(risk)}, but only {plain(max(ZERO, cents(room)))} is "
        "left before the guard's limit if every open stop were hit."
    )

"""An open trade as somebody who decides on its account sees it, at this moment."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.access import may_decide, refusal
from core.accounts import Account
from core.broker import Position
from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, by_user
from core.errors import BrokerUnavailable
from core.ports import Record
from core.trades import Trade, TradeState, booked_by, exits_of
from core.users import Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A trade as somebody who decides on its account sees it."""

    trade: Trade
    """As the broker shows it, where it does."""
    account: Account
    membership: Membership
    position: Position | None = None
    """``None`` when the broker cannot be reached, or does not show it any more."""
    fresh_at: datetime | None = None
    """How old the market's last word is; ``None`` when the broker was not reached."""


async def held_by(tools: Tools, tap: Tap, trade_id: str) -> Held | Reply:
    """The trade, for somebody who decides on its account; else the answer to give."""
    trade = await tools.journal.get(Trade, trade_id)
    account = await tools.journal.get(Account, trade.account_id) if trade else None
    if trade is None or account is None:
        return OUTDATED
    mine = await tools.members(user_id=tap.user_id, account_id=account.id)
    membership = mine[0] if mine else None
    if membership is None or not may_decide(account, membership):
        record = Record(
            actor=by_user(tap.user_id),
            action="tap_refused",
            subject=f"trade:{trade.id}",
            detail={"update": str(tap.update_id)},
        )
        await tools.journal.commit(record)
        return Reply(text=refusal(account, membership), alert=True)
    return Held(trade=trade, account=account, membership=membership)


async def look(tools: Tools, held: Held) -> Held:
    """The same as the broker shows it now; as it was, where the broker cannot say."""
    broker = tools.brokers.get(held.account.id)
    if broker is None or held.trade.state is TradeState.CLOSED:
        return held
    trade = held.trade
    try:
        snapshot = await broker.get_snapshot(since=trade.opened_at)
    except BrokerUnavailable:
        return held
    found = [
        each for each in snapshot.positions if each.identifier == trade.position_id
    ]
    exits = exits_of(snapshot.deals, trade.position_id)
    shown = trade.seen(found[0]) if found else trade
    return replace(
        held,
        trade=replace(shown, booked=booked_by(exits) if exits else trade.booked),
        position=found[0] if found else None,
        fresh_at=snapshot.fresh_at,
    )

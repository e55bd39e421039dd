"""The open trades that somebody decides on, read together; views draw them."""

from dataclasses import dataclass
from datetime import datetime

from core.accounts import Account, GuardState
from core.desk.holding import Held, held_by, look
from core.desk.taps import Reply, Tap
from core.desk.tools import Tools
from core.ids import UserId
from core.trades import ON_THE_BOOK, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionCard:
    """An open trade as its broker shows it, or as it was last seen."""

    trade: Trade
    account: Account
    live: bool
    """Whether the broker answered just now."""
    shown: bool
    """Whether it showed the position."""
    seen_at: datetime | None
    """How old the reading is."""
    now: datetime


async def position_card(tools: Tools, tap: Tap, trade_id: str) -> PositionCard | Reply:
    """The card of a trade, for who decides on its account; else the answer to give."""
    held = await held_by(tools, tap, trade_id)
    if isinstance(held, Reply):
        return held
    return await _card(tools, await look(tools, held))


async def _card(tools: Tools, held: Held) -> PositionCard:
    guard = await tools.journal.get(GuardState, held.account.id)
    last = guard.measured_at if guard else None
    return PositionCard(
        trade=held.trade,
        account=held.account,
        live=held.fresh_at is not None,
        shown=held.position is not None,
        seen_at=held.fresh_at or last,
        now=tools.clock.now(),
    )


async def cards_of(
    tools: Tools, user_id: UserId, trades: list[Trade]
) -> list[PositionCard]:
    """The cards of these trades, of accounts on which this person decides."""
    tap = Tap(user_id=user_id, nonce="", chat_id=user_id, message_id=0, update_id=0)
    cards = [await position_card(tools, tap, each.id) for each in trades]
    return [card for card in cards if isinstance(card, PositionCard)]


async def open_trades(tools: Tools, accounts: list[Account]) -> list[Trade]:
    """What is on the book of these accounts, oldest first."""
    return [
        trade
        for account in accounts
        for trade in await tools.journal.find(
            Trade, account_id=account.id, state=ON_THE_BOOK, order_by="opened_at"
        )
    ]

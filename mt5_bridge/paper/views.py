"""How a paper account looks from outside: all of it, or what one magic number did.

Tickets that are hidden for a while (a fault) are left out of both.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from core.broker import (
    AccountState,
    MarginMode,
    OrderLookup,
    PendingOrder,
    Position,
    Snapshot,
    TradeMode,
)
from core.money import ZERO
from mt5_bridge.paper.account import PaperAccount
from mt5_bridge.paper.session import Session
from mt5_bridge.paper.store import History, PaperStore

SERVER = "Tapgate-Paper"


def snapshot(session: Session, login: int, since: datetime, *, zero: bool) -> Snapshot:
    """Everything at this moment; with ``zero``, an account that reads as nothing."""

    def look(
        account: PaperAccount,
    ) -> tuple[AccountState, datetime, tuple[Position, ...], tuple[PendingOrder, ...]]:
        state = _account_state(account, login)
        return state, account.moment.now, account.positions(), account.book.pending()

    state, now, positions, orders = session.change(look)
    history = _shown(session, lambda store: store.history_since(since))
    return Snapshot(
        taken_at=now,
        fresh_at=session.fresh_at,
        account=_all_zeros(state) if zero else state,
        positions=tuple(each for each in positions if session.shows(each.ticket)),
        orders=tuple(each for each in orders if session.shows(each.ticket)),
        past_orders=history.past_orders,
        deals=history.deals,
    )


def lookup(session: Session, magic: int) -> OrderLookup:
    """Everything under one magic number."""

    def look(
        account: PaperAccount,
    ) -> tuple[tuple[Position, ...], tuple[PendingOrder, ...]]:
        return account.positions(), account.book.pending()

    positions, orders = session.change(look)
    history = _shown(session, lambda store: store.history_of(magic))
    return OrderLookup(
        positions=tuple(
            each
            for each in positions
            if each.magic == magic and session.shows(each.ticket)
        ),
        orders=tuple(
            each
            for each in orders
            if each.magic == magic and session.shows(each.ticket)
        ),
        past_orders=history.past_orders,
        deals=history.deals,
    )


def _shown(session: Session, read: Callable[[PaperStore], History]) -> History:
    history = session.history(read)
    return History(
        past_orders=tuple(
            each for each in history.past_orders if session.shows(each.ticket)
        ),
        deals=tuple(each for each in history.deals if session.shows(each.ticket)),
    )


def _account_state(account: PaperAccount, login: int) -> AccountState:
    equity, margin = account.equity(), account.margin()
    return AccountState(
        login=login,
        server=SERVER,
        currency=account.terms.money.currency,
        mode=TradeMode.PAPER,
        margin_mode=MarginMode.HEDGING,
        leverage=account.terms.money.leverage,
        balance=account.book.balance,
        equity=equity,
        credit=ZERO,
        margin=margin,
        margin_free=equity - margin,
        trade_allowed=True,
    )


def _all_zeros(state: AccountState) -> AccountState:
    """What a terminal that has lost its broker tells of an account."""
    return replace(state, balance=ZERO, equity=ZERO, margin=ZERO, margin_free=ZERO)

"""What holds of every stored row, whatever stores it.

The journal's implementations share these: which keys are unique, which moves a
state may make, and which signal's status a write touches.
"""

from collections.abc import Mapping

from core.accounts import GUARD_MOVES, Account, GuardState
from core.groups import GroupChat, Posting
from core.ids import SignalId
from core.moves import Event, State, allowed
from core.orders import LIVE, ORDER_MOVES, Order, OrderKind, Send
from core.ports import Row
from core.prompts import PROMPT_MOVES, Approval, Prompt
from core.signals import Signal
from core.standing import StandingRule
from core.trades import TRADE_MOVES, Trade
from core.users import Invite, Membership, Provider, Subscription, User

UNIQUE: dict[type[Row], tuple[tuple[str, ...], ...]] = {
    Signal: (("provider", "external_id"), ("provider", "webhook_id")),
    Prompt: (("signal_id", "user_id", "account_id", "kind", "attempt"), ("nonce",)),
    Approval: (("prompt_id", "user_id"),),
    Send: (("magic",), ("order_id", "number")),
    Trade: (("account_id", "position_id"),),
    Membership: (("user_id", "account_id"),),
    Subscription: (("user_id", "provider", "instrument"),),
    Invite: (("token_hash",),),
    StandingRule: (("granted_update_id",),),
    GroupChat: (("chat_id", "topic_id", "account_id", "provider"),),
    Posting: (("signal_id", "account_id", "chat_id", "topic_id"), ("nonce",)),
}
"""Unique keys beside ``id``, by kind."""

OPENING_KEY = ("signal_id", "account_id", "attempt")
"""Unique among opening orders only: one order per signal, account and attempt."""
AIMED_KEY = ("account_id", "kind", "ticket")
"""Unique among live orders that do not open: one of a kind at a time for a ticket."""
PEOPLE: frozenset[type[Row]] = frozenset(
    {Account, Membership, Provider, Subscription, User}
)
"""Kinds whose commits raise the version of people."""


def unique_keys(row: Row) -> tuple[tuple[str, ...], ...]:
    """The unique keys that bind this row, as names of its fields."""
    if isinstance(row, Order):
        if row.kind is OrderKind.OPEN:
            return (OPENING_KEY,)
        return (AIMED_KEY,) if row.state in LIVE else ()
    return UNIQUE.get(type(row), ())


def check_move(before: Row, after: Row) -> None:
    """Refuse a write that the state tables do not allow.

    Raises:
        ValueError: names the row and both states.
    """
    match before, after:
        case Prompt(), Prompt():
            _require(PROMPT_MOVES, before.state, after.state, of=after)
        case Order(), Order():
            _require(ORDER_MOVES, before.state, after.state, of=after)
        case Trade(), Trade():
            _require(TRADE_MOVES, before.state, after.state, of=after)
        case GuardState(), GuardState():
            _require(GUARD_MOVES, before.phase, after.phase, of=after)
        case _:
            pass


def _require(
    table: Mapping[tuple[State, Event], State], before: State, after: State, *, of: Row
) -> None:
    if not allowed(table, before, after):
        message = f"{type(of).__name__} {of.id}: no move leads from {before} to {after}"
        raise ValueError(message)


def signal_of(row: Row) -> SignalId | None:
    """The signal whose status a write of this row may change."""
    match row:
        case Signal():
            return row.id
        case Prompt() | Order() | Trade():
            return row.signal_id
        case _:
            return None

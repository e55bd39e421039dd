"""Rows of core to columns and back; the only way into the tables.

A table has the fields of its kind, under the same names. What goes in is checked
against the kind's annotations, because neither a table model nor SQLite would.
"""

from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from sqlalchemy import Table

from core.accounts import Account, EquityPoint, GuardState, Reconciliation
from core.groups import GroupChat, Posting
from core.messages import AuditEntry, Broadcast, InboxUpdate, Lease, OutboxItem
from core.orders import Order, Send
from core.ports import R, Row
from core.prompts import Approval, Prompt
from core.refusals import RefusedRequests
from core.signals import Signal
from core.standing import StandingRule
from core.trades import Trade
from core.users import (
    Invite,
    JoinRequest,
    Membership,
    Provider,
    Subscription,
    User,
)
from storage.tables import metadata

NAMES: dict[type[Row], str] = {
    Account: "accounts",
    Approval: "approvals",
    AuditEntry: "audit",
    Broadcast: "broadcasts",
    EquityPoint: "equity_points",
    GroupChat: "group_chats",
    GuardState: "guards",
    InboxUpdate: "inbox",
    Invite: "invites",
    JoinRequest: "join_requests",
    Lease: "leases",
    Membership: "memberships",
    Order: "orders",
    OutboxItem: "outbox",
    Posting: "postings",
    Prompt: "prompts",
    Provider: "providers",
    Reconciliation: "reconciliations",
    RefusedRequests: "refused_requests",
    Send: "sends",
    Signal: "signals",
    StandingRule: "standing_rules",
    Subscription: "subscriptions",
    Trade: "trades",
    User: "users",
}
"""The table of each kind of row."""

KINDS = {name: kind for kind, name in NAMES.items()}


def table_of(kind: type[Row]) -> Table:
    """The table that keeps rows of this kind."""
    return metadata.tables[NAMES[kind]]


def to_columns(row: Row) -> dict[str, Any]:
    """The values of a row by column.

    Raises:
        TypeError: a field holds what its annotation does not allow.
    """
    columns = {}
    for name, allowed in SHAPES[type(row)].items():
        value = getattr(row, name)
        if type(value) not in allowed:
            raise misfit(row, name)
        columns[name] = value
    return columns


def misfit(row: Row, name: str) -> TypeError:
    """The error for a field that holds what its annotation does not allow."""
    return TypeError(f"{type(row).__name__}.{name} cannot be {getattr(row, name)!r}")


def to_row(kind: type[R], columns: Mapping[Any, Any]) -> R:
    """The row that these columns hold."""
    return kind(**columns)


def _shape(kind: Any) -> dict[str, tuple[type, ...]]:
    """For each field the exact types that it may hold."""
    hints = get_type_hints(kind)
    return {field.name: _plain_types(hints[field.name]) for field in fields(kind)}


def _plain_types(hint: Any) -> tuple[type, ...]:
    """The classes behind an annotation: no unions, parameters or new types."""
    if get_origin(hint) in {Union, UnionType}:
        return tuple(kind for part in get_args(hint) for kind in _plain_types(part))
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return (get_origin(hint) or hint,)


SHAPES = {kind: _shape(kind) for kind in NAMES}
"""For each field of each kind the exact types that it may hold."""

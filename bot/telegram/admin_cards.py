"""What admins look up, read at one go: signals, the audit, the last reconciliations.

An admin sees what concerns the accounts that they administer, and what concerns none
in particular; the rest is not theirs to read.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.accounts import Account, GuardState, Reconciliation
from core.desk.commanding import managed
from core.desk.counting import NOTHING_YET, Counts, count
from core.desk.tools import Tools, by_user
from core.ids import AccountId, UserId
from core.messages import AuditEntry
from core.orders import Order
from core.prompts import Approval, Prompt
from core.signals import Signal
from core.standing import StandingRule
from core.trades import ON_THE_BOOK, Trade
from core.users import User

MOST_SIGNALS = 10
MOST_ENTRIES = 15
"""In one message; ``tapgate export`` and ``tapgate audit export`` have all."""
_LOOKED_AT = 300
"""Entries of the audit among which those that concern an admin are sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCard:
    """One signal and what became of it."""

    signal: Signal
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsPage:
    """All that /signals shows."""

    cards: Sequence[SignalCard]
    total: int
    wanted: str
    """Whose; empty for everybody's."""
    now: datetime


async def signals_page(tools: Tools, wanted: str = "") -> SignalsPage:
    """The latest signals for everybody, of one provider where its name is given."""
    fields: dict[str, Any] = {"provider": wanted} if wanted else {}
    fields["user_id"] = None
    rows = await tools.journal.find(
        Signal, order_by="-created_at", limit=MOST_SIGNALS, **fields
    )
    counts = await count(tools.journal, rows)
    return SignalsPage(
        cards=[
            SignalCard(signal=each, counts=counts.get(each.id, NOTHING_YET))
            for each in rows
        ],
        total=await tools.journal.count(Signal, **fields),
        wanted=wanted,
        now=tools.clock.now(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the audit, with the names of those whom it is about."""

    entry: AuditEntry
    names: Mapping[str, str]
    """Names of people, by what the audit calls them."""


async def audit_lines(tools: Tools, reader: UserId, wanted: str) -> list[AuditLine]:
    """The latest entries that concern this admin, with ``wanted`` in their words."""
    mine = frozenset(account.id for account in await managed(tools, reader))
    people = {each.user_id for each in await tools.members() if each.account_id in mine}
    latest = await tools.journal.find(AuditEntry, order_by="-id", limit=_LOOKED_AT)
    accounts = await _accounts_of(tools, latest)
    shown = [
        entry
        for entry in latest
        if _concerns(entry, accounts, mine, people, reader) and _has(entry, wanted)
    ][:MOST_ENTRIES]
    names = await _names(tools, shown)
    return [AuditLine(entry=entry, names=names) for entry in shown]


async def _accounts_of(
    tools: Tools, entries: Iterable[AuditEntry]
) -> dict[str, AccountId]:
    """The account of each subject that is a row of one."""
    subjects = {entry.subject for entry in entries}
    found: dict[str, AccountId] = {}
    for name, kind in _ROWS.items():
        ids = frozenset(_ids(subjects, name))
        rows: list[Any] = await tools.journal.find(kind, id=ids) if ids else []
        found |= {f"{name}:{row.id}": row.account_id for row in rows}
    return found


_ROWS: dict[str, type[Any]] = {
    "prompt": Prompt,
    "order": Order,
    "trade": Trade,
    "rule": StandingRule,
    "approval": Approval,
}
"""Kinds of subjects that belong to an account."""
_EVERYBODYS = frozenset({"provider", "providers", "signal", "telegram"})
"""Kinds of subjects that belong to the instance; what else is there is not shown."""


def _ids(subjects: Iterable[str], kind: str) -> list[str]:
    pairs = (each.partition(":") for each in subjects)
    return [rest for name, _, rest in pairs if name == kind]


def _concerns(
    entry: AuditEntry,
    accounts: Mapping[str, AccountId],
    mine: Collection[AccountId],
    people: Collection[UserId],
    reader: UserId,
) -> bool:
    """Whether it is about an account of theirs, a person there, or everybody."""
    kind, _, identity = entry.subject.partition(":")
    account = json.loads(entry.detail).get("account") or accounts.get(entry.subject)
    if kind == "account":
        account = identity
    if account is not None:
        return account in mine
    if kind == "user":
        return identity.isdecimal() and int(identity) in people
    return kind in _EVERYBODYS or entry.actor == by_user(reader)


def _has(entry: AuditEntry, wanted: str) -> bool:
    words = f"{entry.actor} {entry.action} {entry.subject} {entry.detail}".lower()
    return wanted.lower() in words


async def _names(tools: Tools, entries: Iterable[AuditEntry]) -> dict[str, str]:
    called = {each for entry in entries for each in (entry.actor, entry.subject)}
    numbers = [UserId(int(each)) for each in _ids(called, "user") if each.isdecimal()]
    users = await tools.journal.find(User, id=frozenset(numbers))
    return {f"user:{each.id}": each.name for each in users}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledCard:
    """What the last look at an account found."""

    account: Account
    seen: bool
    """Whether the account could be seen."""
    open_trades: int
    changes: Sequence[str]
    """What this look wrote down, a sentence each."""


async def reconciled_card(
    tools: Tools, account: Account, *, since: datetime
) -> ReconciledCard:
    """What reconciling has changed since then."""
    guard = await tools.journal.get(GuardState, account.id)
    runs = await tools.journal.find(
        Reconciliation, account_id=account.id, order_by="-at", limit=5
    )
    changes = [
        change for run in runs if run.at >= since for change in json.loads(run.changes)
    ]
    return ReconciledCard(
        account=account,
        seen=guard is not None and guard.blind_since is None,
        open_trades=await tools.journal.count(
            Trade, account_id=account.id, state=ON_THE_BOOK
        ),
        changes=changes,
    )

"""The journal in memory: what the real one promises, in few lines.

A commit works on a copy of everything and swaps it in at the end, so a refused
one leaves no trace. It never awaits, so it cannot be cut in half.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from core.accounts import Account, EquityPoint, GuardState, Reconciliation
from core.audit import fits, link
from core.errors import Conflict, Duplicate, LeaseLost, TapgateError
from core.groups import GroupChat, Posting
from core.ids import SignalId
from core.messages import (
    AuditEntry,
    Broadcast,
    InboxUpdate,
    Lease,
    OutboxItem,
    Topic,
)
from core.orders import Order, Send
from core.ports import (
    AtLeast,
    AtMost,
    Clock,
    Delete,
    Expect,
    Fence,
    Insert,
    PeopleAre,
    R,
    Record,
    Row,
    Save,
    Write,
)
from core.prompts import Approval, Prompt
from core.rows import PEOPLE, check_move, signal_of, unique_keys
from core.signals import Signal, derive_status
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

REFERENCES: dict[type[Row], dict[str, type[Row]]] = {
    Account: {"person_id": User},
    GuardState: {"id": Account, "rearmed_by": User},
    EquityPoint: {"account_id": Account},
    Reconciliation: {"account_id": Account},
    Membership: {"user_id": User, "account_id": Account, "invited_by": User},
    Invite: {"account_id": Account, "created_by": User},
    Broadcast: {"user_id": User},
    JoinRequest: {"id": User, "decided_by": User},
    Subscription: {"user_id": User},
    Signal: {"provider": Provider, "user_id": User},
    Prompt: {
        "signal_id": Signal,
        "user_id": User,
        "account_id": Account,
        "decided_by": User,
    },
    GroupChat: {"account_id": Account, "added_by": User},
    Posting: {"signal_id": Signal, "account_id": Account, "group_id": GroupChat},
    StandingRule: {"user_id": User, "account_id": Account, "provider": Provider},
    Approval: {
        "signal_id": Signal,
        "prompt_id": Prompt,
        "user_id": User,
        "account_id": Account,
        "seconds": Approval,
        "rule_id": StandingRule,
    },
    Order: {
        "account_id": Account,
        "signal_id": Signal,
        "prompt_id": Prompt,
        "approval_id": Approval,
        "trade_id": Trade,
        "user_id": User,
    },
    Send: {"order_id": Order, "account_id": Account},
    Trade: {"account_id": Account, "signal_id": Signal, "order_id": Order},
}
"""Which fields name a row that must exist, as the database's foreign keys do."""


class _Books:
    """All rows at one moment."""

    def __init__(self, kinds: Mapping[type[Row], Mapping[str | int, Row]]) -> None:
        self.kinds = {kind: dict(rows) for kind, rows in kinds.items()}

    def copy(self) -> "_Books":
        return _Books(self.kinds)

    def get(self, kind: type[R], identity: str | int) -> R | None:
        row = self.kinds.get(kind, {}).get(identity)
        return row if isinstance(row, kind) else None

    def all(self, kind: type[R]) -> list[R]:
        rows = self.kinds.get(kind, {}).values()
        return [row for row in rows if isinstance(row, kind)]

    def some(self, kind: type[R], ids: object) -> list[R]:
        """Those with these ids, where they are known; else all."""
        if not isinstance(ids, str | int | frozenset):
            return self.all(kind)
        wanted = ids if isinstance(ids, frozenset) else frozenset({ids})
        found = [self.get(kind, each) for each in wanted]
        return [row for row in found if row is not None]

    def put(self, row: Row) -> None:
        """Write ``row``, provided that keys and references allow it."""
        kind = type(row)
        before = self.kinds.get(kind, {}).get(row.id)
        for key in unique_keys(row):
            if before is not None and _same_key(row, before, key):
                continue
            for other in self.kinds.get(kind, {}).values():
                if other.id != row.id and _same_key(row, other, key):
                    raise Duplicate(kind.__name__, key)
        for name, referred in REFERENCES.get(kind, {}).items():
            value = getattr(row, name)
            if value is not None and value not in self.kinds.get(referred, {}):
                message = f"{kind.__name__} {row.id}: no such {name}"
                raise Conflict(message)
        self.kinds.setdefault(kind, {})[row.id] = row

    def add(self, row: Row) -> None:
        if row.id in self.kinds.get(type(row), {}):
            raise Duplicate(type(row).__name__, ("id",))
        self.put(row)

    def remove(self, row: Row) -> None:
        self.stored(row)
        del self.kinds[type(row)][row.id]

    def expect(self, write: Expect) -> None:
        _require_fields(write.kind, write.fields)
        row = self.kinds.get(write.kind, {}).get(write.id)
        if row is None or not _matches(row, write.fields):
            message = f"{write.kind.__name__} {write.id} is not as expected"
            raise Conflict(message)

    def fence(self, write: Fence) -> None:
        held = self.get(Lease, write.lease)
        if held is None or held.epoch != write.epoch:
            raise LeaseLost(write.lease)

    def stored(self, row: Row) -> Row:
        """What is stored in the place of ``row``, unless somebody wrote since."""
        before = self.kinds.get(type(row), {}).get(row.id)
        if before is None or before.version != row.version:
            message = f"{type(row).__name__} {row.id} has changed"
            raise Conflict(message)
        return before


class MemoryJournal:
    """``core.ports.Journal`` without a database."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._books = _Books({})
        self._magic = 0
        self._recorded = 0
        self._people = 0

    async def commit(self, *writes: Write) -> None:
        books = self._books.copy()
        for write in writes:
            self._do(books, write)
        self._derive(books, _touched(writes))
        self._books = books
        self._recorded += sum(isinstance(write, Record) for write in writes)
        rows = [each.row for each in writes if isinstance(each, Insert | Save | Delete)]
        self._people += any(type(row) in PEOPLE for row in rows)

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        before = self._books, self._recorded, self._people
        try:
            return [await self._try(writes) for writes in batch]
        except (TapgateError, ValueError):
            self._books, self._recorded, self._people = before
            raise

    async def _try(self, writes: Sequence[Write]) -> Duplicate | None:
        try:
            await self.commit(*writes)
        except Duplicate as duplicate:
            return duplicate
        return None

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        return self._books.get(kind, identity)

    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        _require_fields(kind, fields)
        known = self._books.some(kind, fields.get("id"))
        rows = [row for row in known if _matches(row, fields)]
        rows.sort(key=attrgetter("id"))
        if order_by:
            _require_fields(kind, {order_by.removeprefix("-")})
            rows.sort(key=_ranking(order_by), reverse=order_by.startswith("-"))
        return rows[skip:][:limit]

    async def count(self, kind: type[Row], /, **fields: object) -> int:
        _require_fields(kind, fields)
        rows = self._books.kinds.get(kind, {}).values()
        return sum(_matches(row, fields) for row in rows)

    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        now = self._clock.now()
        free = [
            item
            for item in self._books.all(OutboxItem)
            if item.topic in topics
            and item.done_at is None
            and item.due_at <= now
            and (item.claimed_until is None or item.claimed_until <= now)
        ]
        free.sort(key=lambda item: (item.priority, item.due_at, item.id))
        claimed = [
            replace(item, claimed_until=now + hold, version=item.version + 1)
            for item in _with_their_like(free, limit)
        ]
        for item in claimed:
            self._books.put(item)
        return claimed

    async def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        rows: list[InboxUpdate | OutboxItem] = [*self._books.all(kind)]
        old = [row for row in rows if row.done_at and row.done_at < done_before]
        for row in old[:limit]:
            self._books.remove(row)
        return len(old[:limit])

    async def next_magic(self) -> int:
        self._magic += 1
        return (1 << 32) + self._magic

    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        now = self._clock.now()
        old = self._books.get(Lease, lease)
        if old is None:
            taken = Lease(id=lease, holder=holder, epoch=1, expires_at=now + lasts)
        elif old.holder != holder and old.expires_at > now:
            return None
        else:
            taken = replace(
                old,
                holder=holder,
                epoch=old.epoch + (old.holder != holder),
                expires_at=now + lasts,
                version=old.version + 1,
            )
        self._books.put(taken)
        return taken

    async def people_version(self) -> int:
        return self._people

    async def verify_audit(self) -> int:
        entries = sorted(self._books.all(AuditEntry), key=lambda entry: entry.id)
        before = None
        for entry in entries:
            if not fits(before, entry):
                message = f"audit entry {entry.id} does not fit"
                raise Conflict(message)
            before = entry
        if len(entries) != self._recorded:
            message = f"audit entry {len(entries) + 1} is missing"
            raise Conflict(message)
        return len(entries)

    def _do(self, books: _Books, write: Write) -> None:
        match write:
            case Insert(row):
                books.add(row)
            case Save(row):
                check_move(books.stored(row), row)
                books.put(self._renewed(row))
            case Delete(row):
                books.remove(row)
            case Expect():
                books.expect(write)
            case Fence():
                books.fence(write)
            case PeopleAre(version):
                self._expect_people(version)
            case Record():
                self._record(books, write)

    def _expect_people(self, version: int) -> None:
        if self._people != version:
            message = "people or providers have changed"
            raise Conflict(message)

    def _renewed(self, row: Row) -> Row:
        news: dict[str, Any] = {"version": row.version + 1}
        if hasattr(row, "updated_at"):
            news["updated_at"] = self._clock.now()
        return replace(row, **news)

    def _record(self, books: _Books, record: Record) -> None:
        entries = books.all(AuditEntry)
        entry = link(
            entries[-1] if entries else None,
            at=self._clock.now(),
            actor=record.actor,
            action=record.action,
            subject=record.subject,
            detail=record.detail,
        )
        books.put(entry)

    def _derive(self, books: _Books, touched: Iterable[SignalId]) -> None:
        for identity in touched:
            signal = books.get(Signal, identity)
            if signal is None:
                continue
            status = derive_status(
                signal,
                prompts=_of(books.all(Prompt), identity),
                orders=_of(books.all(Order), identity),
                trades=_of(books.all(Trade), identity),
                now=self._clock.now(),
            )
            if status is not signal.status:
                now = self._clock.now()
                books.put(replace(signal, status=status, updated_at=now))


def _with_their_like(free: list[OutboxItem], limit: int) -> list[OutboxItem]:
    """The first of them, and what is about the same prompts."""
    first = free[:limit]
    prompts = {item.subject for item in first if item.topic is Topic.PROMPT}
    return [
        item
        for item in free
        if item in first or (item.topic is Topic.PROMPT and item.subject in prompts)
    ]


def _touched(writes: Iterable[Write]) -> set[SignalId]:
    rows = [write.row for write in writes if isinstance(write, Insert | Save | Delete)]
    return {signal for row in rows if (signal := signal_of(row)) is not None}


def _of(rows: Iterable[R], signal: SignalId) -> list[R]:
    return [row for row in rows if signal_of(row) == signal]


def _same_key(row: Row, other: Row, key: tuple[str, ...]) -> bool:
    for name in key:
        value = getattr(row, name)
        if value is None or value != getattr(other, name):
            return False
    return key in unique_keys(other)


def _require_fields(kind: type[Row], names: Iterable[str]) -> None:
    unknown = set(names) - {field.name for field in fields(kind)}
    if unknown:
        message = f"{kind.__name__} has no {', '.join(sorted(unknown))}"
        raise ValueError(message)


def _matches(row: Row, wanted: Mapping[str, object]) -> bool:
    return all(_holds(getattr(row, name), value) for name, value in wanted.items())


def _holds(present: object, wanted: object) -> bool:
    match wanted:
        case AtMost(value=limit):
            return present is not None and _rank(present) <= _rank(limit)
        case AtLeast(value=limit):
            return present is not None and _rank(present) >= _rank(limit)
        case frozenset():
            return present in wanted
        case _:
            return present == wanted


def _ranking(order_by: str) -> Callable[[Row], Any]:
    value = attrgetter(order_by.removeprefix("-"))
    return lambda row: _rank(value(row))


def _rank(value: Any) -> tuple[bool, Any]:
    """Sorts ``None`` first; decimals have no order in the journal, they are text."""
    if isinstance(value, Decimal):
        message = "the journal does not order decimals"
        raise ValueError(message)  # noqa: TRY004 - what the port promises
    return (value is not None, value)

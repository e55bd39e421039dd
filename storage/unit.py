"""What one transaction does, statement by statement.

The work is written against SQLAlchemy's synchronous connection, which the journal
runs inside its asynchronous one. On PostgreSQL the order of locks is: the rows of
the writes, as given; the signals touched, by id; the head of the audit chain.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from core.audit import link
from core.errors import Conflict, Duplicate, LeaseLost
from core.ids import SignalId
from core.messages import AuditEntry, InboxUpdate, Lease, OutboxItem, Topic
from core.orders import Order
from core.ports import (
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
from core.prompts import Prompt
from core.rows import PEOPLE, signal_of
from core.signals import Signal, derive_status
from core.trades import Trade
from storage import queries
from storage.asking import AUDIT, PEOPLE_VERSION, Questions
from storage.failures import translate
from storage.inserting import insert_all, insert_rows, taken
from storage.mapping import table_of
from storage.saving import changed, runs, save_rows

_MAGIC = "magic"
_INSTALLATION = "installation"
_MAGIC_BITS = 32


class Unit(Questions):
    """One transaction under way."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(connection, now)
        self._touched: set[SignalId] = set()
        self._records: list[Record] = []
        self._people = False

    # ------------------------------------------------------------ writing

    def do(self, writes: Iterable[Write]) -> None:
        """Do all of ``writes`` but what ``finish`` is for."""
        writes = list(writes)
        for verb, alike in runs(writes):
            self._do_all(verb, alike)
        self._note(writes)

    def _note(self, writes: Sequence[Write]) -> None:
        """Remember what ``finish`` has to do for these."""
        rows = [w.row for w in writes if isinstance(w, Insert | Save | Delete)]
        self._touched |= {signal for row in rows if (signal := signal_of(row))}
        self._people |= any(type(row) in PEOPLE for row in rows)
        self._records += [write for write in writes if isinstance(write, Record)]

    def accept_all(self, batch: Sequence[Sequence[Write]]) -> None:
        """See ``Journal.accept``: all members at once; one taken key refuses all."""
        everything = [write for writes in batch for write in writes]
        if _adds_only(everything):
            self._require_people(everything)
            self._add(everything)
        else:
            self.do(everything)

    def accept(self, batch: Sequence[Sequence[Write]]) -> list[Duplicate | None]:
        """See ``Journal.accept``, for a batch of which some key is taken."""
        everything = [write for writes in batch for write in writes]
        if not _adds_only(everything):
            return [self._attempt(writes) for writes in batch]
        self._require_people(everything)
        verdicts = taken(self._connection, batch)
        free = [
            write
            for writes, verdict in zip(batch, verdicts, strict=True)
            if verdict is None
            for write in writes
        ]
        if free:
            try:
                with self._connection.begin_nested():
                    self._add(free)
            except IntegrityError:
                return [self._attempt(writes) for writes in batch]
        return verdicts

    def _require_people(self, writes: Sequence[Write]) -> None:
        """Each condition once, however many have it."""
        for version in {w.version for w in writes if isinstance(w, PeopleAre)}:
            self._people_are(version)

    def _add(self, writes: Sequence[Write]) -> None:
        """What ``_adds_only``, many rows at a time."""
        rows = [write.row for write in writes if isinstance(write, Insert)]
        insert_all(self._connection, map(self._as_derived, rows))
        self._records += [write for write in writes if isinstance(write, Record)]

    def _as_derived(self, row: Row) -> Row:
        """A new signal, which has no prompts or orders yet, with its status."""
        if not isinstance(row, Signal):
            return row
        status = derive_status(row, prompts=(), orders=(), trades=(), now=self._now)
        if status is row.status:
            return row
        return replace(row, status=status, updated_at=self._now)

    def _attempt(self, writes: Sequence[Write]) -> Duplicate | None:
        """Do all of ``writes``, or none of them when a key is taken."""
        try:
            with self._connection.begin_nested():
                self.do(writes)
        except IntegrityError as error:
            failure = translate(error)
            if isinstance(failure, Duplicate):
                return failure
            raise failure from error
        return None

    def finish(self) -> None:
        """Derive the status of every touched signal, count, extend the audit chain."""
        if self._touched:
            self._derive_statuses()
        if self._people:
            queries.raise_counter(self._connection, PEOPLE_VERSION, by=1)
        if self._records:
            self._append_records()

    def _do_all(self, verb: type[Write], alike: Sequence[Any]) -> None:
        """Writes of one sort, of rows of one kind."""
        if verb is Insert:
            insert_rows(self._connection, [write.row for write in alike])
        elif verb is Save:
            save_rows(self._connection, [write.row for write in alike], self._now)
        else:
            for write in alike:
                self._do(write)

    def _do(self, write: Write) -> None:
        match write:
            case Delete(row):
                self._delete(row)
            case Expect():
                self._expect(write)
            case Fence():
                self._fence(write)
            case PeopleAre(version):
                self._people_are(version)
            case Insert() | Save() | Record():
                pass  # rows are written together, the chain is extended by ``finish``

    def _delete(self, row: Row) -> None:
        table = table_of(type(row))
        unchanged = (table.c.id == row.id, table.c.version == row.version)
        if self._connection.execute(delete(table).where(*unchanged)).rowcount != 1:
            raise changed(row)

    def _expect(self, expect: Expect) -> None:
        question = queries.locked(expect.kind, expect.id).where(
            *queries.conditions(expect.kind, expect.fields)
        )
        if self._connection.execute(question).first() is None:
            message = f"{expect.kind.__name__} {expect.id} is not as expected"
            raise Conflict(message)

    def _fence(self, fence: Fence) -> None:
        """Whoever takes the lease waits for us; our own other commits do not."""
        leases = table_of(Lease)
        question = (
            select(leases.c.epoch)
            .where(leases.c.id == fence.lease)
            .with_for_update(read=True)
        )
        if self._connection.execute(question).scalar() != fence.epoch:
            raise LeaseLost(fence.lease)

    def _people_are(self, version: int) -> None:
        if self.people_version() != version:
            message = "people or providers have changed"
            raise Conflict(message)

    # ------------------------------------------------------------ finishing

    def _derive_statuses(self) -> None:
        """Under the signals' locks, so that no two transactions see half each."""
        signals = table_of(Signal)
        question = (
            select(signals)
            .where(signals.c.id.in_(self._touched))
            .order_by(signals.c.id)
            .with_for_update(key_share=True)
        )
        touched = self._rows(Signal, question)
        prompts = self._votes()
        orders = self._by_signal(Order)
        trades = self._by_signal(Trade)
        for signal in touched:
            status = derive_status(
                signal,
                prompts=prompts[signal.id],
                orders=orders[signal.id],
                trades=trades[signal.id],
                now=self._now,
            )
            if status is not signal.status:
                self._connection.execute(
                    update(signals)
                    .where(signals.c.id == signal.id)
                    .values(status=status, updated_at=self._now)
                )

    def _votes(self) -> dict[SignalId, list[Any]]:
        """Of each signal's prompts only what counts, however many there are."""
        prompts = table_of(Prompt)
        question = (
            select(prompts.c.signal_id, prompts.c.viewer, prompts.c.state)
            .where(prompts.c.signal_id.in_(self._touched))
            .distinct()
        )
        votes: dict[SignalId, list[Any]] = defaultdict(list)
        for vote in self._connection.execute(question):
            votes[vote.signal_id].append(vote)
        return votes

    def _by_signal(self, kind: type[R]) -> dict[SignalId | None, list[R]]:
        fields: dict[str, object] = {"signal_id": frozenset(self._touched)}
        rows: dict[SignalId | None, list[R]] = defaultdict(list)
        for row in self.find(kind, fields, order_by="", limit=None):
            rows[signal_of(row)].append(row)
        return rows

    def _append_records(self) -> None:
        queries.raise_counter(self._connection, AUDIT, by=len(self._records))
        last = self._rows(AuditEntry, _LAST_ENTRY)
        before = last[0] if last else None
        entries = []
        for record in self._records:
            before = link(
                before,
                at=self._now,
                actor=record.actor,
                action=record.action,
                subject=record.subject,
                detail=record.detail,
            )
            entries.append(before)
        insert_rows(self._connection, entries)

    # ------------------------------------------------------------ handing out

    def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        """See ``Journal.claim``."""
        taking = queries.claim_due(
            topics, limit=limit, now=self._now, until=self._now + hold
        )
        items = self._rows(OutboxItem, taking)
        return sorted(items, key=lambda item: (item.priority, item.due_at, item.id))

    def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        """See ``Journal.forget``."""
        table = table_of(kind)
        old = select(table.c.id).where(table.c.done_at < done_before)
        oldest = old.order_by(table.c.id).limit(limit)  # ids rise with time
        gone = delete(table).where(table.c.id.in_(oldest))
        return self._connection.execute(gone).rowcount

    def next_magic(self, new_installation: int) -> int:
        """The installation's number, chosen once, before a number that counts."""
        chosen = queries.keep_first(self._connection, _INSTALLATION, new_installation)
        number = queries.raise_counter(self._connection, _MAGIC, by=1)
        return (chosen << _MAGIC_BITS) + number

    def take_lease(self, lease: str, holder: str, lasts: timedelta) -> Lease | None:
        """See ``Journal.take_lease``."""
        wanted = Lease(id=lease, holder=holder, epoch=1, expires_at=self._now)
        taking = queries.take_lease(
            self._connection, wanted, now=self._now, lasts=lasts
        )
        taken = self._rows(Lease, taking)
        return taken[0] if taken else None


_LAST_ENTRY = (
    select(table_of(AuditEntry)).order_by(table_of(AuditEntry).c.id.desc()).limit(1)
)


def _adds_only(writes: Sequence[Write]) -> bool:
    """Whether each adds what no other is about, or changes nothing."""
    return all(
        isinstance(write.row, Signal | OutboxItem | InboxUpdate)
        if isinstance(write, Insert)
        else isinstance(write, Record | PeopleAre)
        for write in writes
    )

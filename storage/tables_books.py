"""Tables of what the house remembers: guards, curves, queues, audit, leases."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field

from core.accounts import GuardPhase
from core.messages import NoticeKind, Priority, Topic, Undelivered
from storage.tables_base import Base, big, decimal, moment, partial, refers, user, word
from storage.types import Moment, Rank


class Guards(Base, table=True):
    """Keeps ``core.accounts.GuardState``."""

    __tablename__ = "guards"

    id: str = Field(primary_key=True, foreign_key="accounts.id", ondelete="RESTRICT")
    phase: GuardPhase = word(GuardPhase)
    peak: Decimal = decimal()
    equity: Decimal = decimal()
    balance: Decimal = decimal()
    day_start_equity: Decimal = decimal()
    day: str
    measured_at: datetime | None = moment()
    blind_since: datetime | None = moment()
    blind_told: bool
    breach_since: datetime | None = moment()
    warned_percent: int
    reason: str
    triggered_at: datetime | None = moment()
    trigger_equity: Decimal | None = decimal()
    trigger_peak: Decimal | None = decimal()
    flat_readings: int
    deal_cursor: int = big()
    rearmed_by: int | None = user()
    rearmed_at: datetime | None = moment()
    rearm_reason: str
    updated_at: datetime = moment()
    version: int


class EquityPoints(Base, table=True):
    """Keeps ``core.accounts.EquityPoint``."""

    __tablename__ = "equity_points"
    __table_args__ = (Index(None, "account_id", "at"),)

    id: str = Field(primary_key=True)
    account_id: str = refers("accounts.id")
    at: datetime = moment()
    balance: Decimal = decimal()
    equity: Decimal = decimal()
    peak: Decimal = decimal()
    version: int


class Reconciliations(Base, table=True):
    """Keeps ``core.accounts.Reconciliation``."""

    __tablename__ = "reconciliations"
    __table_args__ = (Index(None, "account_id", "at"),)

    id: str = Field(primary_key=True)
    account_id: str = refers("accounts.id")
    at: datetime = moment()
    matched: int
    changes: str
    version: int


class Inbox(Base, table=True):
    """Keeps ``core.messages.InboxUpdate``."""

    __tablename__ = "inbox"
    __table_args__ = (partial("ix_inbox_open", "id", where="done_at IS NULL"),)

    id: int = big(primary_key=True)
    user_id: int = big()
    body: str
    received_at: datetime = moment()
    done_at: datetime | None = moment()
    version: int


class Outbox(Base, table=True):
    """Keeps ``core.messages.OutboxItem``."""

    __tablename__ = "outbox"
    __table_args__ = (
        partial(
            "ix_outbox_open",
            "priority",
            "due_at",
            "id",
            where="done_at IS NULL",
        ),
    )

    id: str = Field(primary_key=True)
    topic: Topic = word(Topic)
    subject: str = Field(index=True)
    notice: NoticeKind = word(NoticeKind)
    detail: str
    user_id: int | None = big()
    priority: Priority = Field(sa_type=Rank(Priority))
    attempts: int
    due_at: datetime = moment()
    claimed_until: datetime | None = moment()
    done_at: datetime | None = moment()
    failed: Undelivered = word(Undelivered)
    created_at: datetime = moment()
    version: int


class Broadcasts(Base, table=True):
    """Keeps ``core.messages.Broadcast``."""

    __tablename__ = "broadcasts"
    __table_args__ = (partial("ix_broadcasts_open", "id", where="finished_at IS NULL"),)

    id: str = Field(primary_key=True)
    user_id: int = user()
    text: str
    total: int
    created_at: datetime = moment()
    started_at: datetime | None = moment()
    finished_at: datetime | None = moment()
    version: int


class Audit(Base, table=True):
    """Keeps ``core.messages.AuditEntry``."""

    __tablename__ = "audit"

    id: int = big(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    actor: str
    action: str
    subject: str = Field(index=True)
    detail: str
    previous: str
    hash: str
    version: int


class Leases(Base, table=True):
    """Keeps ``core.messages.Lease``."""

    __tablename__ = "leases"

    id: str = Field(primary_key=True)
    holder: str
    epoch: int = big()
    expires_at: datetime = moment()
    version: int


class Counters(Base, table=True):
    """``magic`` and ``audit`` count what was handed out or written so far.

    ``installation`` is no count: 20 bits that tell this database's magic numbers
    from another's.
    """

    __tablename__ = "counters"

    name: str = Field(primary_key=True)
    value: int = big()

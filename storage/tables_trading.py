"""Tables of a signal's way: prompts, decisions, orders, sends, trades."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field

from core.market import OrderType, Side, Timeframe
from core.orders import LIVE, Cause, OrderKind, OrderState, SendState
from core.prompts import REASON_LIMIT, Decision, PromptKind, PromptState
from core.signals import Action, SignalStatus, Source
from core.trades import CloseReason, TradeState
from storage.tables_base import (
    Base,
    big,
    decimal,
    moment,
    partial,
    refers,
    refers_late,
    user,
    word,
)


class Signals(Base, table=True):
    """Keeps ``core.signals.Signal``."""

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("provider", "external_id"),
        UniqueConstraint("provider", "webhook_id"),
        Index("ix_signals_user_id_created_at", "user_id", sql("created_at DESC")),
        Index("ix_signals_provider_created_at", "provider", sql("created_at DESC")),
        Index(None, "provider", "status"),
        Index(None, "instrument", "status"),
        Index(None, "content_hash"),
        Index(None, "status", "expires_at"),
    )

    id: str = Field(primary_key=True)
    provider: str = refers("providers.id")
    external_id: str
    webhook_id: str | None
    source: Source = word(Source)
    action: Action = word(Action)
    target: str | None
    instrument: str
    side: Side = word(Side)
    order_type: OrderType = word(OrderType)
    price: Decimal = decimal()
    stop_loss: Decimal | None = decimal()
    take_profit: Decimal | None = decimal()
    timeframe: Timeframe = word(Timeframe)
    user_id: int | None = user()
    payload: str
    content_hash: str
    status: SignalStatus = word(SignalStatus)
    recipients: int
    chart_path: str | None
    proposed_at: datetime | None = moment()
    cancelled_at: datetime | None = moment()
    expires_at: datetime = moment()
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class Prompts(Base, table=True):
    """Keeps ``core.prompts.Prompt``."""

    __tablename__ = "prompts"
    __table_args__ = (
        UniqueConstraint("signal_id", "user_id", "account_id", "kind", "attempt"),
        UniqueConstraint("nonce"),
        Index(None, "state", "expires_at"),
        Index(None, "user_id", "state"),
        Index(None, "account_id", "state"),
    )

    id: str = Field(primary_key=True)
    signal_id: str = refers("signals.id")
    user_id: int = user()
    account_id: str = refers("accounts.id")
    kind: PromptKind = word(PromptKind)
    attempt: int
    viewer: bool
    state: PromptState = word(PromptState)
    reason: str
    nonce: str
    price: Decimal | None = decimal()
    lots: Decimal | None = decimal()
    risk_money: Decimal | None = decimal()
    risk_percent: Decimal | None = decimal()
    reward_money: Decimal | None = decimal()
    spread: Decimal | None = decimal()
    headroom: Decimal | None = decimal()
    drift_r: Decimal | None = decimal()
    drift_points: Decimal | None = decimal()
    confirm_until: datetime | None = moment()
    snoozed_until: datetime | None = moment()
    decided_by: int | None = user()
    decided_at: datetime | None = moment()
    chat_id: int | None = big()
    message_id: int | None = big()
    former_message_id: int | None = big()
    held: bool
    expires_at: datetime = moment()
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class Postings(Base, table=True):
    """Keeps ``core.groups.Posting``."""

    __tablename__ = "postings"
    __table_args__ = (
        UniqueConstraint("signal_id", "account_id", "chat_id", "topic_id"),
        UniqueConstraint("nonce"),
        Index(None, "chat_id"),
    )

    id: str = Field(primary_key=True)
    signal_id: str = refers("signals.id")
    account_id: str = refers("accounts.id")
    group_id: str = refers("group_chats.id")
    chat_id: int = big()
    topic_id: int = big()
    message_id: int | None = big()
    nonce: str
    created_at: datetime = moment()
    version: int


class Approvals(Base, table=True):
    """Keeps ``core.prompts.Approval``."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("prompt_id", "user_id"),
        CheckConstraint(f"length(reason) <= {REASON_LIMIT}", name="reason"),
        Index(None, "user_id", "created_at"),
        Index(None, "signal_id", "user_id"),
        Index(None, "rule_id"),
    )

    id: str = Field(primary_key=True)
    signal_id: str = refers("signals.id", ondelete="CASCADE")
    prompt_id: str = refers("prompts.id")
    user_id: int = user()
    account_id: str = refers("accounts.id")
    decision: Decision = word(Decision)
    consent_version: str
    consent_hash: str
    reason: str | None
    reason_asked_at: datetime | None = moment()
    price: Decimal | None = decimal()
    lots: Decimal | None = decimal()
    update_id: int = big()
    seconds: str | None = refers("approvals.id")
    rule_id: str | None = refers("standing_rules.id")
    rule_number: int | None
    created_at: datetime = moment()
    version: int


_LIVE = ", ".join(f"'{state}'" for state in OrderState if state in LIVE)
_AIMED = f"kind <> 'open' AND state IN ({_LIVE})"


class Orders(Base, table=True):
    """Keeps ``core.orders.Order``."""

    __tablename__ = "orders"
    __table_args__ = (
        partial(
            "uq_orders_opening",
            "signal_id",
            "account_id",
            "attempt",
            where="kind = 'open'",
            unique=True,
        ),
        partial(
            "uq_orders_aimed",
            "account_id",
            "kind",
            "ticket",
            where=_AIMED,
            unique=True,
        ),
        CheckConstraint(
            "CAST(volume AS NUMERIC) > 0 OR kind = 'cancel'", name="volume"
        ),
        Index(None, "account_id", "state"),
        Index(None, "signal_id"),
        Index(None, "trade_id"),
    )

    id: str = Field(primary_key=True)
    account_id: str = refers("accounts.id")
    signal_id: str | None = refers("signals.id")
    prompt_id: str | None = refers("prompts.id")
    approval_id: str | None = refers("approvals.id")
    trade_id: str | None = refers_late("trades.id")
    kind: OrderKind = word(OrderKind)
    attempt: int
    cause: Cause = word(Cause)
    user_id: int | None = user()
    state: OrderState = word(OrderState)
    reason: str
    instrument: str
    side: Side = word(Side)
    order_type: OrderType = word(OrderType)
    volume: Decimal = decimal()
    price: Decimal = decimal()
    deviation: Decimal = decimal()
    stop_loss: Decimal | None = decimal()
    take_profit: Decimal | None = decimal()
    risk_money: Decimal = decimal()
    ticket: int | None = big()
    position_id: int | None = big()
    filled_volume: Decimal | None = decimal()
    filled_price: Decimal | None = decimal()
    expires_at: datetime | None = moment()
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class Sends(Base, table=True):
    """Keeps ``core.orders.Send``."""

    __tablename__ = "sends"
    __table_args__ = (
        UniqueConstraint("magic"),
        UniqueConstraint("order_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        Index(None, "account_id", "state"),
    )

    id: str = Field(primary_key=True)
    order_id: str = refers("orders.id")
    account_id: str = refers("accounts.id")
    number: int
    magic: int = big()
    state: SendState = word(SendState)
    retcode: int | None
    message: str
    sent_at: datetime = moment()
    answered_at: datetime | None = moment()
    version: int


class Trades(Base, table=True):
    """Keeps ``core.trades.Trade``."""

    __tablename__ = "trades"
    __table_args__ = (
        UniqueConstraint("account_id", "position_id"),
        CheckConstraint("CAST(volume AS NUMERIC) > 0", name="volume"),
        Index(None, "account_id", "state"),
        Index(None, "signal_id"),
    )

    id: str = Field(primary_key=True)
    account_id: str = refers("accounts.id")
    signal_id: str | None = refers("signals.id")
    order_id: str | None = Field(
        foreign_key="orders.id", ondelete="RESTRICT", index=True
    )
    position_id: int = big()
    ticket: int = big()
    instrument: str
    side: Side = word(Side)
    state: TradeState = word(TradeState)
    volume: Decimal = decimal()
    volume_open: Decimal = decimal()
    open_price: Decimal = decimal()
    stop_loss: Decimal | None = decimal()
    take_profit: Decimal | None = decimal()
    risk_money: Decimal = decimal()
    first_stop: Decimal | None = decimal()
    floating: Decimal = decimal()
    booked: Decimal = decimal()
    close_price: Decimal | None = decimal()
    close_reason: CloseReason | None = word(CloseReason)
    profit: Decimal | None = decimal()
    opened_at: datetime = moment()
    closed_at: datetime | None = moment()
    updated_at: datetime = moment()
    version: int

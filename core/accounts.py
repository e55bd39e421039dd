"""Trading accounts, their rules, and what the guard remembers of them."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

from core.broker import TradeMode
from core.ids import AccountId, UserId


class AccountKind(StrEnum):
    """Who bears the risk and who decides."""

    OWN = "own"
    """One person bears the risk and alone decides."""
    DESK = "desk"
    """The operator bears the risk; the first Approve decides for all."""


class BrokerKind(StrEnum):
    """How the account is reached."""

    PAPER = "paper"
    """Simulated here."""
    MT5 = "mt5"
    """A MetaTrader 5 terminal on this machine."""
    BRIDGE = "bridge"
    """A MetaTrader 5 terminal elsewhere that dials in."""


class AccountSource(StrEnum):
    """Where an account comes from."""

    CONFIG = "config"
    """It stands in the configuration."""
    ADDED = "added"
    """An admin added it at the command line."""
    FOLLOW = "follow"
    """Somebody follows on paper; nobody else has to do with it."""


OF_THE_HOUSE = frozenset({AccountSource.CONFIG, AccountSource.ADDED})
"""Accounts that the instance runs; what concerns all accounts concerns these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One trading account at one broker connection."""

    id: AccountId
    broker: BrokerKind
    kind: AccountKind
    mode: TradeMode
    currency: str
    person_id: UserId | None
    """The one person of an own account; ``None`` until somebody joins."""
    enabled: bool
    source: AccountSource = AccountSource.CONFIG
    settings: str = ""
    """Those of an account that no configuration has, as JSON; else empty."""
    created_at: datetime
    updated_at: datetime
    version: int = 1


class GuardScope(StrEnum):
    """Which positions the guard closes."""

    ALL = "all"
    """Every position of the account, foreign ones included."""
    OURS = "ours"
    """Only those that Tapgate opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """An account's limits; percentages are of the account's money."""

    per_trade_percent: Decimal
    max_drawdown_percent: Decimal
    """Of the flow-adjusted equity high-water mark."""
    daily_loss_percent: Decimal
    """Of the equity at the day's start; 0 is off."""
    warn_percents: tuple[int, ...]
    """Of the way to a limit at which people are warned, rising."""
    day_resets_at: time
    day_timezone: str
    guard_closes: GuardScope
    max_lots: Decimal
    """0 is no limit of our own."""
    max_spread_points: int
    """0 is no limit."""
    lots_without_stop: Decimal
    """Lots for a signal without a stop; 0 refuses such signals."""
    confirm_above_risk_percent: Decimal
    confirm_live: bool
    max_drift_r: Decimal
    """Adverse move since the prompt was shown, in R, that needs a new Confirm."""
    second_above_risk_percent: Decimal = Decimal(0)
    """Risk above which two people of a desk must approve; 0 is off."""


class GuardPhase(StrEnum):
    """Where the guard stands."""

    ARMED = "armed"
    """Watching; entries are allowed."""
    BLIND = "blind"
    """Data stale, missing or invalid: no entries, no conclusion."""
    TRIGGERED = "triggered"
    """A rule is broken; written before anything is closed."""
    CLOSING = "closing"
    """Positions in scope are being closed."""
    FLAT = "flat"
    """Verified twice: nothing in scope is left."""
    LOCKED = "locked"
    """Flat and reported; only a person re-arms."""


class GuardEvent(StrEnum):
    """What can happen to a guard."""

    LOSE_SIGHT = "lose_sight"
    SEE_AGAIN = "see_again"
    TRIGGER = "trigger"
    START_CLOSING = "start_closing"
    VERIFY_FLAT = "verify_flat"
    LOCK = "lock"
    REARM = "rearm"


GUARD_MOVES = {
    (GuardPhase.ARMED, GuardEvent.LOSE_SIGHT): GuardPhase.BLIND,
    (GuardPhase.BLIND, GuardEvent.SEE_AGAIN): GuardPhase.ARMED,
    (GuardPhase.ARMED, GuardEvent.TRIGGER): GuardPhase.TRIGGERED,
    (GuardPhase.BLIND, GuardEvent.TRIGGER): GuardPhase.TRIGGERED,
    (GuardPhase.TRIGGERED, GuardEvent.START_CLOSING): GuardPhase.CLOSING,
    (GuardPhase.CLOSING, GuardEvent.VERIFY_FLAT): GuardPhase.FLAT,
    (GuardPhase.FLAT, GuardEvent.LOCK): GuardPhase.LOCKED,
    (GuardPhase.FLAT, GuardEvent.START_CLOSING): GuardPhase.CLOSING,
    (GuardPhase.LOCKED, GuardEvent.START_CLOSING): GuardPhase.CLOSING,
    (GuardPhase.FLAT, GuardEvent.REARM): GuardPhase.ARMED,
    (GuardPhase.LOCKED, GuardEvent.REARM): GuardPhase.ARMED,
}

FIRED = frozenset(
    {
        GuardPhase.TRIGGERED,
        GuardPhase.CLOSING,
        GuardPhase.FLAT,
        GuardPhase.LOCKED,
    }
)
"""The limit was reached and nobody has re-armed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """All that the guard of one account remembers; it survives restarts."""

    id: AccountId
    phase: GuardPhase
    peak: Decimal
    """Flow-adjusted equity high-water mark, without credit."""
    equity: Decimal
    """At the last valid reading, without credit."""
    balance: Decimal
    day_start_equity: Decimal
    day: str
    """The trading day that ``day_start_equity`` belongs to, ISO date."""
    measured_at: datetime | None
    """Last valid reading; ``None`` before the first."""
    blind_since: datetime | None
    blind_told: bool
    breach_since: datetime | None
    """First of the readings that break a rule; one alone proves nothing."""
    warned_percent: int
    """Highest warning level already told."""
    reason: str
    """Why it fired, as a sentence; empty while it has not."""
    triggered_at: datetime | None
    trigger_equity: Decimal | None
    trigger_peak: Decimal | None
    flat_readings: int
    deal_cursor: int
    """Newest deal ticket whose flow is in the peak."""
    rearmed_by: UserId | None
    rearmed_at: datetime | None
    rearm_reason: str
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """One point of an account's equity curve."""

    id: str
    account_id: AccountId
    at: datetime
    balance: Decimal
    equity: Decimal
    peak: Decimal
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One run that changed something; ``changes`` is JSON, one sentence each."""

    id: str
    account_id: AccountId
    at: datetime
    matched: int
    changes: str
    version: int = 1

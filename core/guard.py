"""The drawdown guard: from what is remembered and one reading to a verdict.

Measured on equity without credit against a high-water mark that deposits and
withdrawals move in proportion, so that neither of them looks like a profit or a
loss. A stale, missing or zero reading proves nothing in either direction: the
guard is ``blind`` and takes no entries. One bad reading proves nothing either:
a breach needs two, a second apart, or a single one far beyond the limit.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.accounts import (
    FIRED,
    GUARD_MOVES,
    GuardEvent,
    GuardPhase,
    GuardState,
    RiskRules,
)
from core.broker import FLOWS, Deal, Snapshot
from core.ids import AccountId, UserId
from core.limits import broken, losses, trading_day
from core.messages import NoticeKind
from core.money import ZERO, percent_of, plain
from core.moves import follow

CONFIRM_AFTER = timedelta(seconds=1)
"""A breach is believed when a second reading this much later agrees."""
FAR_BEYOND = Decimal("1.25")
"""A single reading this many times the limit is believed at once."""
ALARM_AFTER = timedelta(seconds=15)
"""A blind guard is told after this long."""
BY_HAND = "Fired by hand with /panic."
"""The reason of a guard that a person fired."""
_FORGIVE = Decimal("0.8")
"""A warning may be given again once the loss fell below this part of its level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at an account's money, without credit."""

    taken_at: datetime
    fresh_at: datetime
    equity: Decimal
    balance: Decimal
    deals: tuple[Deal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people have to be told."""

    kind: NoticeKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guard thinks now, and what is to be told of it."""

    state: GuardState
    notices: tuple[Notice, ...] = ()


def newborn(account_id: AccountId, now: datetime) -> GuardState:
    """The guard of an account that was never measured: blind, so no entries."""
    return GuardState(
        id=account_id,
        phase=GuardPhase.BLIND,
        peak=ZERO,
        equity=ZERO,
        balance=ZERO,
        day_start_equity=ZERO,
        day="",
        measured_at=None,
        blind_since=now,
        blind_told=False,
        breach_since=None,
        warned_percent=0,
        reason="",
        triggered_at=None,
        trigger_equity=None,
        trigger_peak=None,
        flat_readings=0,
        deal_cursor=0,
        rearmed_by=None,
        rearmed_at=None,
        rearm_reason="",
        updated_at=now,
    )


def reading_of(snapshot: Snapshot) -> Reading:
    """The guard's part of a snapshot."""
    account = snapshot.account
    return Reading(
        taken_at=snapshot.taken_at,
        fresh_at=snapshot.fresh_at,
        equity=account.equity - account.credit,
        balance=account.balance,
        deals=snapshot.deals,
    )


def judge(
    state: GuardState,
    reading: Reading | None,
    *,
    rules: RiskRules,
    now: datetime,
    max_age: timedelta,
) -> Verdict:
    """What ``reading`` (``None``: there was none) means for ``state``.

    ``max_age`` is how old the evidence may be before it proves nothing.
    """
    if reading is None or not _proves(reading, now=now, max_age=max_age):
        return _blind(state, now)
    measured = _measured(_with_flows(state, reading), reading, rules, now)
    seeing = _sees(measured)
    if measured.phase in FIRED:
        return seeing
    breached = broken(seeing.state, rules)
    if not breached:
        calm = replace(seeing.state, breach_since=None)
        warned = _warned(calm, rules)
        return Verdict(state=warned.state, notices=seeing.notices + warned.notices)
    return _breach(seeing, breached, now)


def _proves(reading: Reading, *, now: datetime, max_age: timedelta) -> bool:
    """Whether the reading is a number, and young enough."""
    equity = reading.equity
    return equity.is_finite() and equity != 0 and abs(now - reading.fresh_at) <= max_age


def _blind(state: GuardState, now: datetime) -> Verdict:
    since = state.blind_since or now
    phase = state.phase
    if phase is GuardPhase.ARMED:
        phase = follow(GUARD_MOVES, phase, GuardEvent.LOSE_SIGHT)
    alarm = not state.blind_told and now - since >= ALARM_AFTER
    blind = replace(
        state,
        phase=phase,
        blind_since=since,
        blind_told=state.blind_told or alarm,
    )
    told = (Notice(kind=NoticeKind.GUARD_BLIND),) if alarm else ()
    return Verdict(state=blind, notices=told)


def _sees(state: GuardState) -> Verdict:
    """A guard that is not blind, whether or not it was before."""
    phase = state.phase
    if phase is GuardPhase.BLIND:
        phase = follow(GUARD_MOVES, phase, GuardEvent.SEE_AGAIN)
    told = (Notice(kind=NoticeKind.GUARD_SEES),) if state.blind_told else ()
    seeing = replace(state, phase=phase, blind_since=None, blind_told=False)
    return Verdict(state=seeing, notices=told)


def _with_flows(state: GuardState, reading: Reading) -> GuardState:
    """Move peak and day start in proportion to money that came in or went out.

    Money that comes to an account with nothing left moves neither: the loss stands.
    """
    newest = max((int(deal.ticket) for deal in reading.deals), default=0)
    cursor = max(state.deal_cursor, newest)
    if state.measured_at is None:
        return replace(state, deal_cursor=cursor)
    flow = sum(
        (
            deal.net
            for deal in reading.deals
            if deal.ticket > state.deal_cursor and deal.type in FLOWS
        ),
        start=ZERO,
    )
    before = reading.equity - flow
    sound = before > 0 and reading.equity > 0
    factor = reading.equity / before if sound else Decimal(1)
    return replace(
        state,
        deal_cursor=cursor,
        peak=state.peak * factor,
        day_start_equity=state.day_start_equity * factor,
    )


def _measured(
    state: GuardState, reading: Reading, rules: RiskRules, now: datetime
) -> GuardState:
    """The reading written down; a fired guard keeps its peak."""
    day = trading_day(rules, now)
    fired = state.phase in FIRED
    return replace(
        state,
        equity=reading.equity,
        balance=reading.balance,
        measured_at=reading.taken_at,
        peak=state.peak if fired else max(state.peak, reading.equity),
        day=day,
        day_start_equity=(
            state.day_start_equity if state.day == day else reading.equity
        ),
    )


def _breach(
    seeing: Verdict, breached: list[tuple[str, Decimal, Decimal]], now: datetime
) -> Verdict:
    state = seeing.state
    since = state.breach_since or now
    certain = any(loss >= limit * FAR_BEYOND for _, loss, limit in breached)
    if not certain and abs(now - since) < CONFIRM_AFTER:
        waiting = replace(state, breach_since=since)
        return Verdict(state=waiting, notices=seeing.notices)
    name, loss, limit = breached[0]
    fired = replace(
        state,
        phase=follow(GUARD_MOVES, state.phase, GuardEvent.TRIGGER),
        breach_since=since,
        reason=(f"{name} is {plain(round(loss, 2))} %, the limit is {plain(limit)} %."),
        triggered_at=now,
        trigger_equity=state.equity,
        trigger_peak=state.peak,
        flat_readings=0,
    )
    return Verdict(
        state=fired, notices=(*seeing.notices, Notice(kind=NoticeKind.GUARD_FIRED))
    )


def _warned(state: GuardState, rules: RiskRules) -> Verdict:
    used = max(
        (percent_of(loss, limit) for _, loss, limit in losses(state, rules)),
        default=ZERO,
    )
    level = max((each for each in rules.warn_percents if used >= each), default=0)
    if level > state.warned_percent:
        notice = Notice(kind=NoticeKind.GUARD_WARNING, detail=str(level))
        return Verdict(state=replace(state, warned_percent=level), notices=(notice,))
    forgiven = used < state.warned_percent * _FORGIVE
    return Verdict(state=replace(state, warned_percent=level) if forgiven else state)


def fire_by_hand(state: GuardState, *, now: datetime) -> GuardState:
    """The guard as triggered by a person's /panic."""
    return replace(
        state,
        phase=follow(GUARD_MOVES, state.phase, GuardEvent.TRIGGER),
        reason=BY_HAND,
        triggered_at=now,
        trigger_equity=state.equity,
        trigger_peak=state.peak,
        flat_readings=0,
    )


def rearmed(state: GuardState, *, by: UserId, reason: str, now: datetime) -> GuardState:
    """Armed again by a person; the present equity is the new peak."""
    return replace(
        state,
        phase=follow(GUARD_MOVES, state.phase, GuardEvent.REARM),
        peak=state.equity,
        day_start_equity=state.equity,
        breach_since=None,
        warned_percent=0,
        reason="",
        flat_readings=0,
        rearmed_by=by,
        rearmed_at=now,
        rearm_reason=reason,
    )

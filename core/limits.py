"""How far an account is from its limits, and whether it may take entries."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.accounts import GuardPhase, GuardState, RiskRules
from core.money import HUNDRED, ZERO, percent_of


def trading_day(rules: RiskRules, now: datetime) -> str:
    """The ISO date of the trading day that ``now`` belongs to."""
    local = now.astimezone(ZoneInfo(rules.day_timezone))
    starts = rules.day_resets_at
    since_midnight = timedelta(hours=starts.hour, minutes=starts.minute)
    return (local.replace(tzinfo=None) - since_midnight).date().isoformat()


def day_begins(rules: RiskRules, day: str) -> datetime:
    """When a trading day, an ISO date, begins."""
    zone = ZoneInfo(rules.day_timezone)
    begins = datetime.combine(date.fromisoformat(day), rules.day_resets_at, zone)
    return begins.astimezone(UTC)


def day_after(day: str) -> str:
    """The next day's ISO date."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def drawdown_percent(state: GuardState) -> Decimal:
    """The loss from the peak, in percent of the peak; never below 0."""
    return max(ZERO, percent_of(state.peak - state.equity, state.peak))


def losses(state: GuardState, rules: RiskRules) -> list[tuple[str, Decimal, Decimal]]:
    """Each rule that is on: its name, the loss and the limit, in percent."""
    daily = max(
        ZERO,
        percent_of(state.day_start_equity - state.equity, state.day_start_equity),
    )
    rows = [
        ("Drawdown from the peak", drawdown_percent(state), rules.max_drawdown_percent),
        ("Loss of the day", daily, rules.daily_loss_percent),
    ]
    return [row for row in rows if row[2]]


def broken(state: GuardState, rules: RiskRules) -> list[tuple[str, Decimal, Decimal]]:
    """The rules whose limit is reached, as ``losses`` tells them."""
    return [row for row in losses(state, rules) if row[1] >= row[2]]


def allows_entries(state: GuardState, *, now: datetime, max_age: timedelta) -> bool:
    """Whether the guard is armed and has looked lately; one that sleeps allows none."""
    return (
        state.phase is GuardPhase.ARMED
        and state.measured_at is not None
        and abs(now - state.measured_at) <= max_age
    )


def headroom(state: GuardState, rules: RiskRules) -> Decimal:
    """Account currency that may still be lost before the first rule breaks."""
    floors = []
    if rules.max_drawdown_percent:
        floors.append(state.peak * (1 - rules.max_drawdown_percent / HUNDRED))
    if rules.daily_loss_percent:
        kept = 1 - rules.daily_loss_percent / HUNDRED
        floors.append(state.day_start_equity * kept)
    return state.equity - max(floors, default=ZERO)

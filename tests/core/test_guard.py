from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.accounts import FIRED, GuardPhase, GuardState
from core.broker import Deal, DealEntry, DealType
from core.guard import (
    BY_HAND,
    Notice,
    Reading,
    Verdict,
    fire_by_hand,
    judge,
    newborn,
    reading_of,
    rearmed,
)
from core.ids import Ticket
from core.limits import drawdown_percent, headroom, trading_day
from core.messages import NoticeKind
from tests.builders import ACCOUNT, USER, a_guard
from tests.core.broker_rows import a_deal, a_snapshot
from tests.core.desk.world import RULES
from tests.fakes import NOON

D = Decimal
MAX_AGE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
DAILY = replace(RULES, daily_loss_percent=D(5))


def flow(amount: str, *, ticket: int = 1, kind: DealType = DealType.BALANCE) -> Deal:
    return a_deal(
        ticket=Ticket(ticket),
        type=kind,
        entry=DealEntry.NONE,
        profit=D(amount),
        commission=D(0),
    )


def reading(equity: str, *deals: Deal, at: datetime = NOON, age: int = 0) -> Reading:
    return Reading(
        taken_at=at,
        fresh_at=at - timedelta(seconds=age),
        equity=D(equity),
        balance=D(10_000),
        deals=deals,
    )


def look(
    state: GuardState,
    equity: str | None,
    *deals: Deal,
    rules=RULES,
    at: datetime = NOON,
    age: int = 0,
) -> Verdict:
    seen = None if equity is None else reading(equity, *deals, at=at, age=age)
    return judge(state, seen, rules=rules, now=at, max_age=MAX_AGE)


def kinds(verdict: Verdict) -> list[NoticeKind]:
    return [notice.kind for notice in verdict.notices]


# ---------------------------------------------------------------- first sight


def test_a_newborn_guard_is_blind_and_has_measured_nothing():
    fresh = newborn(ACCOUNT, NOON)
    assert (fresh.phase, fresh.measured_at) == (GuardPhase.BLIND, None)


def test_the_first_reading_arms_and_is_peak_and_start_of_the_day():
    state = look(newborn(ACCOUNT, NOON), "8000").state
    assert state.phase is GuardPhase.ARMED
    assert (state.peak, state.day_start_equity, state.day) == (8000, 8000, "2026-11-24")


def test_the_first_reading_takes_deposits_of_before_as_counted():
    state = look(newborn(ACCOUNT, NOON), "8000", flow("8000", ticket=7)).state
    assert (state.peak, state.deal_cursor) == (8000, 7)


def test_the_first_reading_is_not_told():
    assert look(newborn(ACCOUNT, NOON), "8000").notices == ()


def test_a_snapshots_credit_is_no_equity():
    account = replace(a_snapshot().account, equity=D(1_500), credit=D(500))
    found = reading_of(a_snapshot(account=account))
    assert (found.equity, found.balance) == (1_000, 10_000)


# ----------------------------------------------------------------------- peak


def test_a_gain_raises_the_peak():
    assert look(a_guard(), "10500").state.peak == 10_500


def test_a_loss_leaves_the_peak():
    state = look(a_guard(), "9500").state
    assert (state.peak, state.equity) == (10_000, 9_500)


def test_a_deposit_is_no_profit():
    state = look(a_guard(equity=D(9_000)), "18000", flow("9000")).state
    assert state.peak == 20_000
    assert drawdown_percent(state) == 10


def test_a_withdrawal_is_no_loss():
    state = look(a_guard(equity=D(9_000)), "4500", flow("-4500")).state
    assert state.peak == 5_000
    assert drawdown_percent(state) == 10


def test_a_withdrawal_moves_the_start_of_the_day_too():
    assert look(a_guard(), "5000", flow("-5000")).state.day_start_equity == 5_000


def test_a_flow_is_counted_once():
    once = look(a_guard(), "12000", flow("2000")).state
    assert look(once, "12000", flow("2000")).state.peak == 12_000


def test_an_older_flow_was_counted_before():
    assert look(a_guard(deal_cursor=5), "10000", flow("9000", ticket=5)).state.peak == (
        10_000
    )


@pytest.mark.parametrize("kind", [DealType.BONUS, DealType.CORRECTION])
def test_a_bonus_and_a_correction_are_flows(kind):
    assert look(a_guard(), "11000", flow("1000", kind=kind)).state.peak == 11_000


@pytest.mark.parametrize("kind", [DealType.CHARGE, DealType.SELL, DealType.CREDIT])
def test_costs_results_and_credit_are_no_flows(kind):
    state = look(a_guard(), "9000", flow("-1000", kind=kind)).state
    assert (state.peak, state.deal_cursor) == (10_000, 1)


def test_a_loss_and_a_withdrawal_at_once_leave_the_loss():
    state = look(a_guard(), "4500", flow("-4500")).state
    assert drawdown_percent(state) == 10


def test_a_deposit_to_a_ruined_account_does_not_hide_the_loss():
    verdict = look(a_guard(), "1000", flow("1050"))
    assert kinds(verdict) == [NoticeKind.GUARD_FIRED]


def test_a_withdrawal_beyond_everything_turns_no_peak_upside_down():
    assert look(a_guard(), "-50", flow("-100")).state.peak == 10_000


def test_a_peak_of_nothing_has_no_drawdown():
    assert drawdown_percent(a_guard(peak=D(0), equity=D(-5))) == 0


# ---------------------------------------------------------------------- blind


@pytest.mark.parametrize(
    ("equity", "age"), [(None, 0), ("0", 0), ("NaN", 0), ("Infinity", 0), ("5", 11)]
)
def test_what_proves_nothing_makes_blind_and_is_no_conclusion(equity, age):
    state = look(a_guard(), equity, age=age).state
    assert state.phase is GuardPhase.BLIND
    assert (state.equity, state.peak, state.blind_since) == (10_000, 10_000, NOON)


def test_evidence_of_exactly_the_largest_age_still_counts():
    assert look(a_guard(), "9999", age=10).state.phase is GuardPhase.ARMED


def test_a_blind_moment_does_not_make_a_breach_forgotten():
    waiting = look(a_guard(), "7900").state
    blind = look(waiting, None, at=NOON + SECOND).state
    verdict = look(blind, "7900", at=NOON + 2 * SECOND)
    assert verdict.state.phase is GuardPhase.TRIGGERED


def test_blindness_is_told_once_after_fifteen_seconds():
    state, told = a_guard(), []
    for second in (0, 14, 15, 16, 60):
        verdict = look(state, None, at=NOON + second * SECOND)
        state = verdict.state
        told.append(kinds(verdict))
    assert told == [[], [], [NoticeKind.GUARD_BLIND], [], []]


def test_sight_after_a_short_blindness_is_not_told():
    blind = look(a_guard(), None).state
    verdict = look(blind, "10000", at=NOON + SECOND)
    assert (verdict.state.phase, verdict.notices) == (GuardPhase.ARMED, ())


def test_sight_after_a_told_blindness_is_told():
    blind = a_guard(phase=GuardPhase.BLIND, blind_since=NOON, blind_told=True)
    verdict = look(blind, "10000")
    assert kinds(verdict) == [NoticeKind.GUARD_SEES]
    assert (verdict.state.blind_since, verdict.state.blind_told) == (None, False)


def test_a_guard_that_sees_again_alarms_anew_only_after_another_fifteen_seconds():
    blind = a_guard(phase=GuardPhase.BLIND, blind_since=NOON, blind_told=True)
    seeing = look(blind, "10000", at=NOON + 60 * SECOND).state
    again = look(seeing, None, at=NOON + 61 * SECOND)
    assert again.notices == ()


def test_a_deep_loss_fires_although_the_guard_was_blind():
    blind = a_guard(phase=GuardPhase.BLIND, blind_since=NOON, blind_told=True)
    verdict = look(blind, "7000")
    assert verdict.state.phase is GuardPhase.TRIGGERED
    assert kinds(verdict) == [NoticeKind.GUARD_SEES, NoticeKind.GUARD_FIRED]


# --------------------------------------------------------------------- breach


def test_one_reading_at_the_limit_waits_for_a_second():
    verdict = look(a_guard(), "8000")
    assert verdict.state.phase is GuardPhase.ARMED
    assert (verdict.state.breach_since, verdict.notices) == (NOON, ())


@pytest.mark.parametrize(
    ("after", "phase"), [(0.999, GuardPhase.ARMED), (1.0, GuardPhase.TRIGGERED)]
)
def test_a_second_reading_a_second_later_is_believed(after, phase):
    waiting = look(a_guard(), "8000").state
    assert look(waiting, "7990", at=NOON + after * SECOND).state.phase is phase


def test_a_recovery_between_two_readings_starts_over():
    waiting = look(a_guard(), "8000").state
    calm = look(waiting, "8001", at=NOON + SECOND).state
    assert look(calm, "8000", at=NOON + 2 * SECOND).state.phase is GuardPhase.ARMED


@pytest.mark.parametrize(
    ("equity", "phase"),
    [
        ("7500", GuardPhase.TRIGGERED),
        ("7500.01", GuardPhase.ARMED),
        ("-10", GuardPhase.TRIGGERED),
    ],
)
def test_one_reading_far_beyond_the_limit_is_enough(equity, phase):
    assert look(a_guard(), equity).state.phase is phase


def test_a_fired_guard_says_why_and_at_which_numbers():
    state = look(a_guard(peak=D(12_000)), "8999.99").state
    assert state.reason == "Drawdown from the peak is 25 %, the limit is 20 %."
    assert (state.trigger_equity, state.trigger_peak, state.triggered_at) == (
        D("8999.99"),
        D(12_000),
        NOON,
    )


def test_the_loss_of_the_day_fires_from_the_days_start():
    state = look(a_guard(peak=D(10_500)), "9300", rules=DAILY).state
    assert state.reason == "Loss of the day is 7 %, the limit is 5 %."


def test_a_rule_of_zero_is_off():
    off = replace(RULES, max_drawdown_percent=D(0))
    assert look(a_guard(), "1", rules=off).state.phase is GuardPhase.ARMED


@pytest.mark.parametrize("phase", sorted(FIRED))
@pytest.mark.parametrize("equity", ["100", "20000", None])
def test_a_fired_guard_keeps_its_phase_whatever_it_reads(phase, equity):
    assert look(a_guard(phase=phase), equity).state.phase is phase


@pytest.mark.parametrize("phase", sorted(FIRED))
def test_a_fired_guard_keeps_its_peak_and_follows_the_money(phase):
    state = look(a_guard(phase=phase), "20000").state
    assert (state.peak, state.equity) == (10_000, 20_000)


def test_a_fired_guard_that_sees_again_is_not_blind_and_tells_it():
    fired = a_guard(phase=GuardPhase.CLOSING, blind_since=NOON, blind_told=True)
    verdict = look(fired, "7000")
    assert (verdict.state.phase, verdict.state.blind_since) == (
        GuardPhase.CLOSING,
        None,
    )
    assert kinds(verdict) == [NoticeKind.GUARD_SEES]


# ------------------------------------------------------------------- warnings


def test_each_level_of_the_way_to_the_limit_is_warned_of_once():
    state, told = a_guard(), []
    for equity in ("9001", "9000", "8900", "8500", "8200", "8150"):
        verdict = look(state, equity)
        state = verdict.state
        told.append(verdict.notices)
    levels = ["", "50", "", "75", "90", ""]
    assert told == [
        (Notice(kind=NoticeKind.GUARD_WARNING, detail=level),) if level else ()
        for level in levels
    ]


def test_a_deep_fall_warns_only_of_the_highest_level():
    assert [notice.detail for notice in look(a_guard(), "8100").notices] == ["90"]


def test_a_small_recovery_does_not_warn_again():
    warned = look(a_guard(), "9000").state
    better = look(warned, "9150").state
    assert look(better, "9000").notices == ()


def test_a_large_recovery_allows_another_warning():
    warned = look(a_guard(), "9000").state
    better = look(warned, "9300").state
    assert better.warned_percent == 0
    assert kinds(look(better, "9000")) == [NoticeKind.GUARD_WARNING]


def test_the_rule_that_is_nearest_to_its_limit_warns():
    verdict = look(a_guard(), "9740", rules=DAILY)
    assert [notice.detail for notice in verdict.notices] == ["50"]


def test_without_rules_there_are_no_warnings():
    off = replace(RULES, max_drawdown_percent=D(0))
    assert look(a_guard(), "5000", rules=off).notices == ()


# ------------------------------------------------------------------------ day


def test_a_new_day_starts_from_its_first_reading():
    state = look(a_guard(), "9000", at=NOON + timedelta(days=1)).state
    assert (state.day, state.day_start_equity) == ("2026-11-25", 9_000)


def test_yesterdays_loss_is_not_todays():
    verdict = look(a_guard(), "9400", rules=DAILY, at=NOON + timedelta(days=1))
    assert (verdict.state.phase, verdict.state.breach_since) == (GuardPhase.ARMED, None)


def vienna(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Vienna"))


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-03-28T23:59", "2026-03-28"),
        ("2026-03-29T00:00", "2026-03-29"),  # 23 hours long
        ("2026-03-29T23:59", "2026-03-29"),
        ("2026-10-25T00:00", "2026-10-25"),  # 25 hours long
        ("2026-10-25T23:59", "2026-10-25"),
        ("2026-10-26T00:00", "2026-10-26"),
    ],
)
def test_a_day_begins_at_local_midnight_also_when_clocks_change(local, day):
    rules = replace(RULES, day_timezone="Europe/Vienna")
    assert trading_day(rules, vienna(local)) == day


@pytest.mark.parametrize(
    ("utc_hour", "day"), [(20, "2026-07-06"), (21, "2026-07-07"), (23, "2026-07-07")]
)
def test_a_day_may_begin_at_another_hour_of_another_zone(utc_hour, day):
    rules = replace(RULES, day_timezone="America/New_York", day_resets_at=time(17, 0))
    moment = datetime(2026, 7, 7, utc_hour, 0, tzinfo=ZoneInfo("UTC"))
    assert trading_day(rules, moment) == day


# ------------------------------------------------------------------- headroom


@pytest.mark.parametrize(
    ("rules", "room"),
    [
        (RULES, 1_500),
        (DAILY, 0),
        (replace(DAILY, max_drawdown_percent=D(0)), 0),
        (replace(RULES, max_drawdown_percent=D(0)), 9_500),
    ],
)
def test_headroom_is_what_may_be_lost_before_the_first_rule_breaks(rules, room):
    assert headroom(a_guard(equity=D(9_500)), rules) == room


def test_headroom_follows_the_peak():
    assert headroom(a_guard(peak=D(12_000), equity=D(10_000)), RULES) == 400


# -------------------------------------------------------------------- by hand


@pytest.mark.parametrize("phase", [GuardPhase.ARMED, GuardPhase.BLIND])
def test_a_person_may_fire_it(phase):
    state = fire_by_hand(a_guard(phase=phase), now=NOON)
    assert (state.phase, state.reason) == (GuardPhase.TRIGGERED, BY_HAND)
    assert (state.trigger_equity, state.triggered_at) == (10_000, NOON)


def test_a_rearmed_guard_measures_from_the_present_equity():
    locked = a_guard(
        phase=GuardPhase.LOCKED,
        equity=D(7_900),
        breach_since=NOON,
        warned_percent=90,
        reason="Because.",
        flat_readings=2,
    )
    state = rearmed(locked, by=USER, reason="Talked it over.", now=NOON)
    assert state == replace(
        locked,
        phase=GuardPhase.ARMED,
        peak=D(7_900),
        day_start_equity=D(7_900),
        breach_since=None,
        warned_percent=0,
        reason="",
        flat_readings=0,
        rearmed_by=USER,
        rearmed_at=NOON,
        rearm_reason="Talked it over.",
    )


@pytest.mark.parametrize(
    "phase", sorted(set(GuardPhase) - {GuardPhase.FLAT, GuardPhase.LOCKED})
)
def test_only_a_flat_or_locked_guard_can_be_rearmed(phase):
    with pytest.raises(ValueError, match="cannot be moved by rearm"):
        rearmed(a_guard(phase=phase), by=USER, reason="Please.", now=NOON)

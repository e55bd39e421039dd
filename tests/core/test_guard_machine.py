"""Any course of equity, deposits and blindness against an independent bookkeeping.

The model keeps the account as a fund: money that comes in buys shares at the
present value of a share. The peak is the highest value of a share times the
shares, which is another way to say that flows are neither profit nor loss.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.accounts import FIRED, GuardPhase
from core.broker import Deal, DealEntry, DealType
from core.guard import Reading, judge, newborn, rearmed
from core.ids import Ticket
from core.messages import NoticeKind
from tests.builders import ACCOUNT, USER
from tests.core.broker_rows import a_deal
from tests.core.desk.world import RULES
from tests.fakes import NOON

LIMIT = Fraction(20, 100)
PERCENT = st.integers(-30, 30).map(lambda n: Fraction(n, 100))


class Course(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state = newborn(ACCOUNT, NOON)
        self.now = NOON
        self.deals: list[Deal] = []
        self.shares = Fraction(10_000)
        self.value = Fraction(1)
        self.best = Fraction(0)
        self.fired = False
        self.told: list[NoticeKind] = []

    @property
    def equity(self) -> Decimal:
        exact = self.shares * self.value
        return Decimal(exact.numerator) / Decimal(exact.denominator)

    def judge(self, reading: Reading | None) -> None:
        verdict = judge(
            self.state,
            reading,
            rules=RULES,
            now=self.now,
            max_age=timedelta(seconds=10),
        )
        self.state = verdict.state
        self.told = [notice.kind for notice in verdict.notices]

    def look(self, *, age: int = 0) -> None:
        self.judge(
            Reading(
                taken_at=self.now,
                fresh_at=self.now - timedelta(seconds=age),
                equity=self.equity,
                balance=self.equity,
                deals=tuple(self.deals),
            )
        )

    @rule(change=PERCENT, seconds=st.sampled_from([0.2, 1, 5]))
    def the_market_moves(self, change: Fraction, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.value = self.value * (1 + change)
        before = self.state
        if not self.fired:
            self.best = max(self.best, self.value)
        loss = 1 - self.value / self.best
        self.look()
        since = before.breach_since
        believed = since is not None and self.now - since >= timedelta(seconds=1)
        must = loss > LIMIT * Fraction(5, 4) or (loss > LIMIT and believed)
        may = loss >= LIMIT - Fraction(1, 10**9)
        fires = not self.fired and self.state.phase in FIRED
        assert fires or self.fired or not must
        assert may or not fires
        assert (NoticeKind.GUARD_FIRED in self.told) is fires
        self.fired = self.fired or fires

    @rule(part=st.integers(-60, 200))
    def money_comes_or_goes(self, part: int) -> None:
        """Seen only at the next look."""
        amount = Decimal(int(self.equity)) * part / 100
        if amount:
            self.deals.append(
                a_deal(
                    ticket=Ticket(len(self.deals) + 1),
                    type=DealType.BALANCE,
                    entry=DealEntry.NONE,
                    profit=amount,
                    commission=Decimal(0),
                )
            )
            self.shares += Fraction(amount) / self.value
        self.look()
        if not self.fired:
            self.best = max(self.best, self.value)
            self.fired = self.state.phase in FIRED

    @rule(equity=st.sampled_from([None, "zero", "stale"]))
    def nothing_can_be_seen(self, equity: str | None) -> None:
        self.now += timedelta(seconds=4)
        before = self.state
        if equity == "stale":
            self.look(age=11)
        else:
            self.judge(
                None
                if equity is None
                else Reading(
                    taken_at=self.now,
                    fresh_at=self.now,
                    equity=Decimal(0),
                    balance=Decimal(0),
                    deals=tuple(self.deals),
                )
            )
        assert self.state.peak == before.peak
        assert self.state.equity == before.equity
        assert (self.state.phase in FIRED) is (before.phase in FIRED)
        assert self.state.phase is not GuardPhase.ARMED

    @precondition(lambda self: self.fired)
    @rule()
    def a_person_rearms(self) -> None:
        self.look()
        # closing is not the matter here: the desk leads from triggered to locked
        locked = replace(self.state, phase=GuardPhase.LOCKED)
        self.state = rearmed(locked, by=USER, reason="Again.", now=self.now)
        self.best = self.value
        self.fired = False

    @invariant()
    def the_peak_is_the_best_share_times_the_shares(self) -> None:
        if self.state.measured_at is not None and not self.fired:
            error = Fraction(self.state.peak) / (self.best * self.shares) - 1
            assert abs(error) < Fraction(1, 10**15)

    @invariant()
    def fired_once_means_fired_until_somebody_rearms(self) -> None:
        assert (self.state.phase in FIRED) is self.fired


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=25)

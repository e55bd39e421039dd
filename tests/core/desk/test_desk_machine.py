"""Whatever people, broker and market do: one order a signal, each from a tap.

Taps of everybody on every button that ever was, lost replies and lost requests,
refusals, a broker that goes away and shows things late, processes that die around
a send, cancels, panics and re-arming, in any order.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.accounts import FIRED, GuardPhase
from core.broker import (
    BrokerRequest,
    CloseRequest,
    DealType,
    ModifyRequest,
    OpenRequest,
    OrderResult,
)
from core.desk import deciding
from core.desk.commanding import close_all, panic, rearm
from core.desk.expiring import expire
from core.desk.handling import Bond, Change, Question, ask, carry_out
from core.desk.snoozing import snooze
from core.errors import Refused
from core.ids import SignalId, UserId
from core.intake import Draft
from core.market import OrderType, Side
from core.orders import LIVE, OVER, Cause, Order, OrderKind, OrderState, Send
from core.prompts import UNDECIDED, Approval, Decision, Prompt
from core.signals import Action
from core.trades import Trade
from tests.builders import ACCOUNT
from tests.core.desk.fragile import Crash
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    GOLD_SIGNAL,
    MALLORY,
    RULES,
    World,
    at_once,
    recover,
    shared_desk,
)
from tests.fake_broker import FakeBroker

LIMIT = replace(GOLD_SIGNAL, order_type=OrderType.LIMIT, price=Decimal(1949))
SALE = replace(
    GOLD_SIGNAL,
    side=Side.SELL,
    stop_loss=Decimal("1956.00"),
    take_profit=Decimal("1940.00"),
)
ASKING = replace(
    RULES,
    confirm_above_risk_percent=Decimal("0.96"),
    second_above_risk_percent=Decimal("0.975"),
)
"""The limit order and the sale ask for a Confirm, the gold signal does not; the sale
wants two people."""
PRICES = ["1943", "1946", "1948.50", "1950.30", "1951.90", "1954", "1966"]
EVERYBODY = st.sampled_from([ADA, BOB, EVE, MALLORY])
VERBS = st.sampled_from(["approve", "confirm", "reject", "back", "snooze"])


FAULTS = st.sampled_from(
    ["none", "lose_reply", "lose_request", "requote", "refuse", "die", "die_late"]
)


LATE = st.sampled_from([0, 3])


class Witness(FakeBroker):
    """A broker that looks at the guard whenever an entry reaches it."""

    entries_after_firing = 0
    world: World

    async def send(self, request: BrokerRequest) -> OrderResult:
        guard = await self.world.guard()
        if isinstance(request, OpenRequest) and guard.phase in FIRED:
            self.entries_after_firing += 1
        return await super().send(request)


class Desk(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.world = at_once(shared_desk(ASKING))
        self.broker = Witness(self.world.clock)
        self.broker.world = self.world
        self.world.brokers[ACCOUNT] = self.broker
        self.signals = 0
        self.nonces: list[str] = []
        self.questions: list[tuple[Change, str, Bond]] = []

    # ---------------------------------------------------------------- outside

    @rule(draft=st.sampled_from([GOLD_SIGNAL, GOLD_SIGNAL, LIMIT, SALE]))
    def a_signal_comes(self, draft: Draft) -> None:
        self.signals += 1
        at_once(self.world.submit(draft, external_id=f"s-{self.signals}"))
        self.work()

    @rule(
        draft=st.sampled_from([GOLD_SIGNAL, LIMIT, SALE]),
        user=st.sampled_from([ADA, BOB]),
        fault=FAULTS,
        late=LATE,
    )
    def a_signal_comes_and_is_approved(
        self, draft: Draft, user: UserId, fault: str, late: int
    ) -> None:
        self.a_signal_comes(draft)
        self.the_broker_shows_things_late(late)
        for each in (user, ADA if user == BOB else BOB):
            self.an_approver_taps_the_newest(each, "approve", twice=False)
            self.an_approver_taps_the_newest(each, "confirm", twice=True)
        self.the_next_send_fails(fault)
        self.work()

    @precondition(lambda self: self.signals)
    @rule(data=st.data())
    def a_signal_is_withdrawn(self, data: Any) -> None:
        number = data.draw(st.integers(1, self.signals))
        draft = Draft(
            external_id=f"c-{number}", action=Action.CANCEL, target=f"s-{number}"
        )
        at_once(self.world.submit(draft))

    @precondition(lambda self: self.nonces)
    @rule(user=EVERYBODY, verb=VERBS, data=st.data())
    def somebody_taps_a_button_that_once_was(
        self, user: UserId, verb: str, data: Any
    ) -> None:
        recent = self.nonces[-9:] if data.draw(st.booleans()) else self.nonces
        self.tap(user, verb, data.draw(st.sampled_from(recent)))

    @rule(user=st.sampled_from([ADA, BOB]), verb=VERBS, twice=st.booleans())
    def an_approver_taps_the_newest(
        self, user: UserId, verb: str, *, twice: bool
    ) -> None:
        found = at_once(self.world.journal.find(Prompt, user_id=user, order_by="-id"))
        for prompt in found[:1] * (1 + twice):
            self.tap(user, verb, prompt.nonce)

    def tap(self, user: UserId, verb: str, nonce: str) -> None:
        tap = self.world.tap(nonce, user)
        tools = self.world.tools
        if verb in ("approve", "confirm"):
            confirmed = verb == "confirm"
            at_once(deciding.approve(tools, tap, confirmed=confirmed))
        elif verb == "reject":
            at_once(deciding.reject(tools, tap))
        elif verb == "snooze":
            at_once(snooze(tools, tap))
        else:
            at_once(deciding.back(tools, tap))
        self.remember_buttons()

    @rule()
    def an_admin_rearms(self) -> None:
        before = at_once(self.world.guard()).phase
        try:
            at_once(rearm(self.world.tools, ACCOUNT, by=ADA, reason="Again."))
        except Refused:
            assert at_once(self.world.guard()).phase is before
        else:
            assert before in (GuardPhase.FLAT, GuardPhase.LOCKED)

    @rule()
    def a_person_closes_all(self) -> None:
        if not self.broker.down:
            at_once(close_all(self.world.tools, ADA))

    @rule(user=EVERYBODY, change=st.sampled_from(Change), data=st.data())
    def somebody_asks_about_a_trade(
        self, user: UserId, change: Change, data: Any
    ) -> None:
        trades = at_once(self.world.journal.find(Trade))
        if trades:
            trade = data.draw(st.sampled_from(trades))
            tap = self.world.tap("", user)
            found = at_once(ask(self.world.tools, tap, change, trade.id))
            if isinstance(found, Question):
                assert user in (ADA, BOB)
                self.questions.append((change, trade.id, found.bond))

    @rule(
        user=st.sampled_from([ADA, BOB]),
        change=st.sampled_from(Change),
        fault=FAULTS,
        bid=st.sampled_from(["1946", "1951.90", "1954"]),
    )
    def an_approver_changes_the_newest_trade(
        self, user: UserId, change: Change, fault: str, bid: str
    ) -> None:
        self.the_price_moves(bid)
        trades = at_once(self.world.journal.find(Trade, order_by="-id", limit=1))
        for trade in trades:
            tap = self.world.tap("", user)
            found = at_once(ask(self.world.tools, tap, change, trade.id))
            if isinstance(found, Question):
                self.questions.append((change, trade.id, found.bond))
                self.the_next_send_fails(fault)
                for _ in range(2):
                    at_once(
                        carry_out(self.world.tools, tap, change, trade.id, found.bond)
                    )
                    self.work()

    @precondition(lambda self: self.questions)
    @rule(user=EVERYBODY, data=st.data(), twice=st.booleans())
    def somebody_confirms_what_once_was_asked(
        self, user: UserId, data: Any, *, twice: bool
    ) -> None:
        change, trade, bond = data.draw(st.sampled_from(self.questions[-5:]))
        for _ in range(1 + twice):
            tap = self.world.tap("", user)
            at_once(carry_out(self.world.tools, tap, change, trade, bond))

    # ----------------------------------------------------------------- market

    @rule(bid=st.sampled_from(PRICES))
    def the_price_moves(self, bid: str) -> None:
        self.broker.move("XAUUSD", bid)

    @rule(what=st.sampled_from(["panic", "loss", "silence"]), sure=st.integers(0, 2))
    def disaster_strikes(self, what: str, sure: int) -> None:
        if sure:
            return
        if what == "panic":
            at_once(panic(self.world.tools, ACCOUNT, by=BOB))
        elif what == "loss":
            cost = round(-self.broker.balance * 3 / 10, 2)
            self.broker.deposit(str(cost), kind=DealType.CHARGE)
        else:
            self.broker.down = True

    @rule()
    def calm_returns(self) -> None:
        self.broker.down = False
        self.broker.hide_for(timedelta())
        for _ in range(4):
            self.time_passes(6, deep=True)
            self.work()

    # ----------------------------------------------------------------- faults

    @rule(fault=FAULTS)
    def the_next_send_fails(self, fault: str) -> None:
        match fault:
            case "lose_reply":
                self.broker.lose_reply()
            case "lose_request":
                self.broker.lose_request()
            case "requote":
                self.broker.refuse(10004, 2)
            case "refuse":
                self.broker.refuse(10019)
            case "die" | "die_late":
                self.broker.fail(Crash(), executed=fault == "die_late")
            case _:
                self.broker.forget_faults()

    @rule(seconds=LATE)
    def the_broker_shows_things_late(self, seconds: int) -> None:
        """But inside the window that it promises, which is five seconds."""
        self.broker.hide_for(timedelta(seconds=seconds))

    # ---------------------------------------------------------------- process

    @rule()
    def work(self) -> None:
        try:
            at_once(self.world.work())
        except Crash:
            self.world.later(seconds=31)
            at_once(recover(self.world.tools))
        self.remember_buttons()

    @rule(
        seconds=st.sampled_from([1, 6, 40, 400, 950]),
        deep=st.booleans(),
        swept=st.booleans(),
    )
    def time_passes(self, seconds: int, *, deep: bool, swept: bool = True) -> None:
        self.world.later(seconds=seconds)
        if swept:
            at_once(expire(self.world.tools))
        at_once(self.world.watch(deep=deep))
        self.remember_buttons()

    def remember_buttons(self) -> None:
        for prompt in at_once(self.world.journal.find(Prompt)):
            if prompt.nonce not in self.nonces:
                self.nonces.append(prompt.nonce)

    # ------------------------------------------------------------- what holds

    def order_of(self, request: BrokerRequest) -> Order:
        send = at_once(self.world.one(Send, magic=request.magic))
        return at_once(self.world.one(Order, id=send.order_id))

    def opened(self) -> list[Order]:
        return [
            self.order_of(request)
            for request in self.broker.executed
            if isinstance(request, OpenRequest)
        ]

    @invariant()
    def a_signal_opens_at_most_once_on_an_account(self) -> None:
        keys: list[tuple[SignalId | None, str, int]] = [
            (order.signal_id, order.account_id, order.attempt)
            for order in self.opened()
        ]
        assert len(keys) == len(set(keys))

    @invariant()
    def an_order_on_a_trade_is_executed_once_and_by_whom_it_may(self) -> None:
        aimed = [
            self.order_of(request)
            for request in self.broker.executed
            if isinstance(request, CloseRequest | ModifyRequest)
        ]
        assert len({order.id for order in aimed}) == len(aimed)
        assert {order.user_id for order in aimed} <= {ADA, BOB, None}
        closed = {each.state for each in aimed if each.kind is OrderKind.CLOSE}
        assert OrderState.NOT_EXECUTED not in closed

    @invariant()
    def one_order_comes_of_a_question(self) -> None:
        """Whatever was ordered on a trade makes the questions before it void."""
        orders = at_once(self.world.journal.find(Order, cause=Cause.TAP))
        aimed = [each.trade_id for each in orders if each.kind is not OrderKind.OPEN]
        asked = {(trade, bond.orders) for _, trade, bond in self.questions}
        for trade in set(aimed):
            assert aimed.count(trade) <= len([one for one, _ in asked if one == trade])

    @invariant()
    def a_trade_never_grows(self) -> None:
        for trade in at_once(self.world.journal.find(Trade)):
            assert 0 <= trade.volume_open <= trade.volume

    @invariant()
    def every_decision_is_in_time_and_by_whom_it_was_asked_of(self) -> None:
        for approval in at_once(self.world.journal.find(Approval)):
            prompt = at_once(self.world.one(Prompt, id=approval.prompt_id))
            assert approval.user_id in (ADA, BOB)
            assert approval.user_id == prompt.user_id
            assert approval.created_at < prompt.expires_at

    @invariant()
    def every_opening_comes_from_an_approval(self) -> None:
        for order in self.opened():
            approval = at_once(self.world.one(Approval, id=order.approval_id))
            assert approval.decision is Decision.APPROVE
            assert approval.user_id == order.user_id
            assert approval.signal_id == order.signal_id

    @invariant()
    def a_large_risk_was_approved_by_two_different_people(self) -> None:
        for order in self.opened():
            prompt = at_once(self.world.one(Prompt, id=order.prompt_id))
            if (prompt.risk_percent or 0) <= ASKING.second_above_risk_percent:
                continue
            second = at_once(self.world.one(Approval, id=order.approval_id))
            first = at_once(self.world.one(Approval, id=second.seconds))
            assert first.decision is Decision.FIRST
            assert {first.user_id, second.user_id} == {ADA, BOB}

    @invariant()
    def nothing_is_opened_after_the_guard_fired(self) -> None:
        assert self.broker.entries_after_firing == 0

    @invariant()
    def what_is_called_absent_never_happened(self) -> None:
        assert OrderState.NOT_EXECUTED not in {each.state for each in self.opened()}

    @invariant()
    def nobody_is_asked_about_what_was_decided(self) -> None:
        orders = at_once(self.world.journal.find(Order, kind=OrderKind.OPEN))
        decided = frozenset(each.signal_id for each in orders)
        asked = at_once(
            self.world.journal.find(
                Prompt, signal_id=decided, viewer=False, state=UNDECIDED
            )
        )
        assert asked == []

    @invariant()
    def a_flat_account_has_no_entry_in_doubt(self) -> None:
        flat = (GuardPhase.FLAT, GuardPhase.LOCKED)
        doubtful = at_once(
            self.world.journal.count(Order, kind=OrderKind.OPEN, state=LIVE)
        )
        assert not doubtful or at_once(self.world.guard()).phase not in flat

    @invariant()
    def nobody_decides_twice(self) -> None:
        approvals = at_once(self.world.journal.find(Approval))
        assert len({each.prompt_id for each in approvals}) == len(approvals)

    @invariant()
    def an_approval_has_its_order(self) -> None:
        approvals = at_once(
            self.world.journal.find(Approval, decision=Decision.APPROVE)
        )
        orders = at_once(self.world.journal.find(Order, kind=OrderKind.OPEN))
        assert {each.id for each in approvals} == {each.approval_id for each in orders}

    def teardown(self) -> None:
        """Let everything come to rest: then every opening is a trade of ours."""
        if not hasattr(self, "world"):
            return
        self.broker.down = False
        self.broker.hide_for(timedelta())
        self.broker.forget_faults()
        at_once(recover(self.world.tools))
        for _ in range(30):
            at_once(self.world.pass_by(8))
        orders = at_once(self.world.journal.find(Order))
        waiting = {order.state for order in orders} & LIVE
        assert waiting <= {OrderState.PARKED, OrderState.PLACED}
        trades = at_once(self.world.journal.find(Trade))
        known = {trade.order_id for trade in trades}
        for order in self.opened():
            pending = order.order_type is not OrderType.MARKET
            assert order.id in known or (pending and order.state in OVER | LIVE)
        magic = {each.magic for each in self.broker.orders.values()}
        for send in at_once(self.world.journal.find(Send, magic=frozenset(magic))):
            order = at_once(self.world.one(Order, id=send.order_id))
            assert order.state in LIVE
        ours = {trade.position_id for trade in trades}
        assert set(self.broker.positions) <= ours
        if at_once(self.world.guard()).phase in FIRED and not waiting:
            assert self.broker.positions == {}
        at_once(self.world.journal.verify_audit())


TestDesk = pytest.mark.timeout(400)(Desk.TestCase)  # shrinking takes its time
TestDesk.settings = settings(max_examples=60, stateful_step_count=40)

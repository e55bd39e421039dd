"""A standing rule approves within its limits, as a tap would, and never beyond."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.accounts import GuardPhase
from core.broker import TradeMode
from core.desk import deciding
from core.desk.prompting import propose
from core.desk.snoozing import snooze
from core.ids import ProviderName
from core.market import OrderType
from core.messages import AuditEntry, OutboxItem, Topic
from core.orders import Cause, Order, OrderState
from core.ports import Delete
from core.prompts import Approval, Decision, Prompt, PromptState
from core.signals import Signal, SignalStatus, Source
from core.standing import StandingRule
from core.users import Membership, Provider, Role, User
from tests.builders import DEMO, a_provider, a_standing_rule
from tests.core.desk.world import (
    ADA,
    BOB,
    EVE,
    GOLD_SIGNAL,
    RULES,
    World,
    account_of,
    at_once,
    own_desk,
    shared_desk,
)
from tests.fakes import NOON

D = Decimal
GRANTED_BY = 77
"""The update that carried the grant."""


async def ruled(rules: Any = RULES, **over: Any) -> World:
    """Ada's own account, with a rule for the provider."""
    world = await own_desk(rules)
    await world.put(a_standing_rule(granted_update_id=GRANTED_BY, **over))
    return world


async def was_asked(world: World, *, state: PromptState = PromptState.QUEUED) -> None:
    """Nothing was ordered, and the prompt waits as usual."""
    assert await world.journal.count(Order) == 0
    assert await world.journal.count(Approval) == 0
    assert (await world.prompt()).state is state


# ------------------------------------------------------------------- what it does


async def test_a_signal_within_the_limits_is_ordered_without_a_tap():
    world = await ruled()
    await world.offered()
    order = await world.one(Order)
    assert (order.cause, order.user_id) == (Cause.STANDING, ADA)
    assert order.state is OrderState.FILLED
    assert (await world.prompt()).state is PromptState.APPROVED
    assert (await world.one(Signal)).status is SignalStatus.EXECUTED


async def test_lots_are_sized_for_the_rules_risk():
    world = await ruled()
    await world.offered()
    order, prompt = await world.one(Order), await world.prompt()
    assert (order.volume, order.risk_money) == (D("0.08"), D("44.48"))
    assert (prompt.lots, prompt.risk_percent) == (D("0.08"), D("0.44"))


async def test_a_rule_risks_no_more_than_the_account_does():
    world = await ruled(max_risk_percent=D(5))
    await world.offered()
    assert (await world.one(Order)).volume == D("0.17")


async def test_the_approval_traces_back_to_the_tap_that_granted_the_rule():
    world = await ruled()
    await world.offered()
    approval, rule = await world.one(Approval), await world.one(StandingRule)
    assert (approval.decision, approval.user_id) == (Decision.APPROVE, ADA)
    assert (approval.rule_id, approval.rule_number) == (rule.id, 1)
    assert approval.update_id == GRANTED_BY
    entry = await world.one(AuditEntry, action="prompt_approve")
    assert entry.actor == f"rule:{rule.id}"
    assert f'"update":"{GRANTED_BY}"' in entry.detail


async def test_the_message_waits_for_the_rule_and_then_tells_of_it():
    world = await ruled()
    prompt = await world.offered()
    items = await world.journal.find(
        OutboxItem, topic=Topic.PROMPT, subject=prompt.id, order_by="due_at"
    )
    dues = [item.due_at - NOON for item in items]
    assert dues[0] == timedelta()
    assert dues[-1] == timedelta(seconds=2)


async def test_each_order_of_the_day_has_its_number_and_the_next_is_asked():
    world = await ruled(per_day=2)
    for number in (1, 2, 3):
        await world.offered(external_id=f"gold-{number}")
    numbers = [each.rule_number for each in await world.journal.find(Approval)]
    assert numbers == [1, 2]
    assert (await world.prompt()).state is PromptState.QUEUED
    assert await world.redrawn(await world.prompt()) == 2


async def test_a_new_trading_day_counts_from_one_again():
    night = replace(RULES, day_timezone="Europe/Berlin")
    world = await ruled(night, per_day=1)
    await world.offered()
    world.later(hours=10, minutes=59)
    await world.watch()
    await world.offered(external_id="gold-2")
    assert await world.journal.count(Order) == 1
    world.later(minutes=1)
    await world.watch()
    await world.offered(external_id="gold-3")
    assert [each.rule_number for each in await world.journal.find(Approval)] == [1, 1]


async def test_a_viewer_of_the_account_reads_that_it_was_decided():
    world = await ruled()
    await world.person(EVE, Role.VIEWER, name="Eve")
    await world.offered()
    seen = await world.prompt(EVE)
    assert (seen.state, seen.decided_by) == (PromptState.SUPERSEDED, ADA)


async def test_real_money_needs_no_second_question():
    world = await ruled()
    await world.change(await account_of(world), mode=TradeMode.LIVE)
    await world.offered()
    assert (await world.one(Order)).cause is Cause.STANDING


# ------------------------------------------------------------------- what it leaves


async def revoked(world: World) -> None:
    await world.change(await world.one(StandingRule), revoked_at=NOON)


async def over(world: World) -> None:
    await world.change(await world.one(StandingRule), until=NOON)


async def elsewhere(world: World) -> None:
    await world.put(a_provider(id=ProviderName("other")))
    rule = await world.one(StandingRule)
    await world.change(rule, provider=ProviderName("other"))


async def old_terms(world: World) -> None:
    await world.change(await world.one(User), consent_version="0")


async def wide_spread(world: World) -> None:
    world.rules[(await account_of(world)).id] = replace(RULES, max_spread_points=10)


async def unreachable(world: World) -> None:
    world.broker.down = True


async def no_room(world: World) -> None:
    rules = replace(RULES, max_drawdown_percent=D("0.3"))
    world.rules[(await account_of(world)).id] = rules


async def asks_above(world: World) -> None:
    rules = replace(RULES, confirm_above_risk_percent=D("0.4"))
    world.rules[(await account_of(world)).id] = rules


@pytest.mark.parametrize(
    "change",
    [
        revoked,
        over,
        elsewhere,
        old_terms,
        wide_spread,
        unreachable,
        no_room,
        asks_above,
    ],
    ids=lambda change: change.__name__,
)
async def test_beyond_its_limits_the_prompt_asks_as_usual(
    change: Callable[[World], Awaitable[None]],
):
    world = await ruled()
    await change(world)
    await world.offered()
    await was_asked(world)


async def test_a_smallest_volume_beyond_the_rules_risk_is_asked():
    world = await ruled(max_risk_percent=D("0.01"))
    await world.offered()
    await was_asked(world)
    await world.approve()
    assert (await world.one(Order)).cause is Cause.TAP


async def test_a_signal_without_a_stop_is_asked():
    world = await ruled(replace(RULES, lots_without_stop=D("0.01")))
    await world.offered(stop_loss=None)
    await was_asked(world)


async def test_a_market_far_from_the_signals_price_is_asked():
    world = await ruled()
    world.broker.move("XAUUSD", "1952.30")
    await world.offered()
    await was_asked(world)


async def test_a_members_own_drift_limit_binds_the_rule_too():
    world = await ruled()
    await world.change(await world.one(Membership), max_drift_r=D("0.1"))
    world.broker.move("XAUUSD", "1951.30")
    await world.offered()
    await was_asked(world)


async def test_a_price_beyond_the_stop_is_refused_as_ever():
    world = await ruled()
    world.broker.move("XAUUSD", "1944")
    await world.offered()
    await was_asked(world, state=PromptState.REFUSED)


async def test_a_fired_guard_lets_no_rule_order():
    world = await ruled()
    await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)
    await world.offered()
    await was_asked(world, state=PromptState.REFUSED)


async def test_a_provider_that_was_disabled_meanwhile_is_not_ordered_for():
    world = await ruled()
    await world.submit()
    await world.change(await world.one(Provider, id=DEMO), enabled=False)
    await world.work()
    await was_asked(world)


async def test_a_provider_disabled_at_the_last_moment_is_not_ordered_for():
    world = await ruled()

    async def disable() -> None:
        await world.change(await world.one(Provider, id=DEMO), enabled=False)

    world.journal.before_writing(Order, disable)
    await world.offered()
    await was_asked(world)


@pytest.mark.parametrize("field", ["paused_until", "blocked_at"])
async def test_who_pauses_meanwhile_is_asked_when_they_come_back(field):
    world = await ruled()

    async def leave() -> None:
        user = await world.one(User, id=ADA)
        await world.change(user, **{field: world.clock.now() + timedelta(hours=1)})

    world.journal.before_writing(Prompt, leave)
    await world.offered()
    await was_asked(world)


async def test_a_rule_granted_anew_goes_on_counting():
    world = await ruled(per_day=1)
    await world.offered()
    await world.change(await world.one(StandingRule), revoked_at=world.clock.now())
    await world.put(a_standing_rule(per_day=1))
    await world.offered(external_id="second")
    assert await world.journal.count(Order) == 1


async def test_a_signal_from_tradingview_always_asks_a_person():
    world = await ruled()
    await world.submit(source=Source.TRADINGVIEW)
    assert (await world.one(Signal)).source is Source.TRADINGVIEW
    await world.work()
    await was_asked(world)


async def test_a_rule_of_somebody_on_a_desk_approves_nothing():
    world = await shared_desk()
    await world.put(a_standing_rule())
    await world.offered()
    await was_asked(world)


async def test_the_rule_of_a_former_owner_approves_nothing():
    world = await ruled()
    await world.person(BOB, name="Bob")
    await world.change(await account_of(world), person_id=BOB)
    await world.offered()
    assert await world.journal.count(Order) == 0


async def test_what_a_flood_holds_back_is_not_approved():
    world = await ruled()
    world.more["prompts_per_minute"] = 1
    await world.offered()
    await world.offered(external_id="gold-2")
    assert await world.journal.count(Order) == 1
    assert (await world.prompt()).held


# ------------------------------------------------------------------------ races


async def pending(world: World) -> Signal:
    """A signal whose prompt is made, and whose rule has not acted yet."""
    rule = await world.one(StandingRule)
    await world.change(rule, until=NOON)
    submission = await world.submit()
    assert submission.signal is not None
    await world.work()
    await world.change(await world.one(StandingRule), until=rule.until)
    signal = await world.one(Signal)
    await world.change(signal, proposed_at=None)
    return signal


async def propose_again(world: World) -> None:
    await propose(world.tools, (await world.one(Signal)).id)


async def test_a_repeated_proposal_approves_once():
    world = await ruled()
    await pending(world)
    await propose_again(world)
    await world.change(await world.one(Signal), proposed_at=None)
    await propose_again(world)
    assert await world.journal.count(Order) == 1


async def test_a_rule_that_is_revoked_meanwhile_approves_nothing():
    world = await ruled()
    await pending(world)
    world.journal.before_writing(Order, lambda: revoked(world))
    await propose_again(world)
    await was_asked(world)


async def test_a_tap_that_comes_first_is_the_one_that_counts():
    world = await ruled()
    await pending(world)
    world.journal.before_writing(Order, world.approve)
    await propose_again(world)
    assert (await world.one(Order)).cause is Cause.TAP


async def test_a_rejection_that_comes_first_stands():
    world = await ruled()
    await pending(world)
    world.journal.before_writing(Order, world.reject)
    await propose_again(world)
    assert await world.journal.count(Order) == 0
    assert (await world.prompt()).state is PromptState.REJECTED


async def test_a_prompt_that_was_snoozed_is_left_to_the_person():
    world = await ruled()
    await pending(world)
    await snooze(world.tools, world.tap((await world.prompt()).nonce, ADA))
    await propose_again(world)
    await was_asked(world, state=PromptState.SNOOZED)


async def test_a_member_removed_meanwhile_is_not_acted_for():
    world = await ruled()
    await pending(world)

    async def remove() -> None:
        await world.journal.commit(Delete(await world.one(Membership)))

    world.journal.before_writing(Order, remove)
    await propose_again(world)
    await was_asked(world)


async def test_an_account_that_changes_hands_meanwhile_is_not_acted_for():
    world = await ruled()
    await world.person(BOB, name="Bob")
    await pending(world)

    async def hand_over() -> None:
        await world.change(await account_of(world), person_id=BOB)

    world.journal.before_writing(Order, hand_over)
    await propose_again(world)
    await was_asked(world)


async def test_a_signal_withdrawn_meanwhile_is_not_approved():
    world = await ruled()
    await pending(world)

    async def withdraw() -> None:
        await world.change(await world.one(Signal), cancelled_at=NOON)

    world.journal.before_writing(Order, withdraw)
    await propose_again(world)
    await was_asked(world)


async def test_two_signals_at_once_do_not_share_the_last_of_the_day():
    world = await ruled(per_day=1)
    world.journal.before_writing(Order, lambda: world.offered(external_id="gold-2"))
    await world.offered()
    assert await world.journal.count(Order) == 1


async def test_a_pending_order_is_approved_at_its_own_price():
    world = await ruled()
    await world.offered(order_type=OrderType.LIMIT, price=D("1948.00"))
    order = await world.one(Order)
    assert (order.price, order.expires_at) == (
        D("1948.00"),
        NOON + timedelta(minutes=15),
    )


# ------------------------------------------------------------------- whatever comes

MOVES = st.sampled_from(["1946", "1949.50", "1950.30", "1951.20", "1951.90", "1964"])
ACTS = st.lists(
    st.tuples(st.sampled_from(["signal", "tap", "revoke", "day"]), MOVES),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(
    acts=ACTS,
    percent=st.sampled_from(["0.1", "0.5", "1", "3"]),
    per_day=st.integers(1, 3),
)
def test_whatever_comes_a_rule_stays_within_its_limits(acts, percent, per_day):
    at_once(_stays_within(acts, D(percent), per_day))


async def _stays_within(
    acts: list[tuple[str, str]], percent: Decimal, per_day: int
) -> None:
    world = await ruled(max_risk_percent=percent, per_day=per_day)
    for number, (act, price) in enumerate(acts):
        world.broker.move("XAUUSD", price)
        match act:
            case "signal":
                await world.submit(GOLD_SIGNAL, external_id=f"s-{number}")
                await world.work()
            case "tap":
                for prompt in await world.journal.find(Prompt, limit=1):
                    tap = world.tap(prompt.nonce, ADA)
                    await deciding.approve(world.tools, tap)
            case "revoke":
                await revoked(world)
            case _:
                world.later(days=1)
                await world.watch()
    await _check(world, percent, per_day)


async def _check(world: World, percent: Decimal, per_day: int) -> None:
    rule = await world.one(StandingRule)
    days: dict[str, int] = {}
    for order in await world.journal.find(Order, cause=Cause.STANDING):
        prompt = await world.one(Prompt, id=order.prompt_id)
        approval = await world.one(Approval, id=order.approval_id)
        assert prompt.risk_percent is not None
        assert prompt.risk_percent <= min(percent, RULES.per_trade_percent)
        assert rule.created_at <= order.created_at < rule.until
        assert approval.update_id == GRANTED_BY
        day = f"{order.created_at:%Y-%m-%d}"
        days[day] = days.get(day, 0) + 1
    assert max(days.values(), default=0) <= per_day
    opened = await world.journal.find(Order)
    assert len({each.signal_id for each in opened}) == len(opened)
    assert rule.provider == DEMO

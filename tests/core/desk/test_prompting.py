from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import Account, AccountKind, GuardPhase
from core.desk.commanding import panic
from core.desk.offering import headroom_left
from core.desk.prompting import propose
from core.ids import AccountId, SignalId
from core.market import OrderType, Side, Timeframe
from core.messages import OutboxItem, Priority, Topic
from core.orders import OrderState
from core.ports import Delete, Save
from core.prompts import Prompt, PromptState
from core.signals import Signal, SignalStatus
from core.users import Role
from tests.builders import ACCOUNT, a_trade, an_order
from tests.core.desk.world import (
    ADA,
    BOB,
    DESK,
    EVE,
    RULES,
    World,
    own_desk,
    shared_desk,
)

D = Decimal


async def states(world: World) -> dict[int, PromptState]:
    return {each.user_id: each.state for each in await world.journal.find(Prompt)}


# ------------------------------------------------------------------ who is asked


async def test_the_person_of_an_own_account_is_asked_with_all_numbers():
    world = await own_desk()
    prompt = await world.offered()
    assert (prompt.user_id, prompt.state, prompt.viewer) == (
        ADA,
        PromptState.QUEUED,
        False,
    )
    assert (prompt.price, prompt.lots, prompt.risk_money, prompt.risk_percent) == (
        D("1950.50"),
        D("0.17"),
        D("94.52"),
        D("0.95"),
    )
    assert (prompt.reward_money, prompt.spread, prompt.headroom) == (
        D("245.48"),
        D("0.20"),
        D("2000.00"),
    )


async def test_each_approver_of_a_desk_is_asked_and_the_viewer_shown():
    world = await shared_desk()
    await world.offered()
    viewers = {each.user_id: each.viewer for each in await world.journal.find(Prompt)}
    assert viewers == {ADA: False, BOB: False, EVE: True}


async def test_a_viewers_prompt_has_no_lots_and_no_money():
    world = await shared_desk()
    await world.offered()
    prompt = await world.prompt(EVE)
    assert (prompt.lots, prompt.price, prompt.risk_money, prompt.headroom) == (
        None,
        None,
        None,
        None,
    )


async def test_two_own_accounts_are_asked_each_for_itself():
    world = await own_desk()
    await world.person(BOB, account=ACCOUNT, role=Role.VIEWER, name="Bob")
    await world.open_account(id=AccountId("second"), person_id=BOB)
    await world.member(BOB, Role.APPROVER, account=AccountId("second"))
    await world.offered()
    found = {
        (each.user_id, each.account_id, each.viewer)
        for each in await world.journal.find(Prompt)
    }
    assert found == {(ADA, "demo", False), (BOB, "demo", True), (BOB, "second", False)}


async def test_a_signal_for_one_person_asks_nobody_else():
    world = await shared_desk()
    await world.offered(user_id=BOB)
    assert set(await states(world)) == {BOB}


async def test_every_prompt_is_to_be_delivered():
    world = await shared_desk()
    await world.offered()
    items = await world.journal.find(OutboxItem, topic=Topic.PROMPT)
    prompts = await world.journal.find(Prompt)
    assert {each.subject for each in items} == {each.id for each in prompts}
    assert {each.priority for each in items} == {Priority.PROMPT}


async def test_a_signal_that_reaches_nobody_is_over_when_its_prompts_are_made():
    world = await own_desk()
    await world.change(await world.one(Account), enabled=False)
    await world.submit()
    await world.work()
    assert (await world.one(Signal)).status is SignalStatus.EXPIRED


# ------------------------------------------------------------- once, and in time


async def test_proposing_twice_makes_no_second_prompt():
    world = await shared_desk()
    prompt = await world.offered()
    await propose(world.tools, prompt.signal_id)
    assert await world.journal.count(Prompt) == 3


async def test_a_proposal_that_was_cut_off_goes_on_with_the_accounts_that_are_left():
    world = await own_desk()
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.member(ADA, Role.APPROVER, account=DESK)
    prompt = await world.offered()
    signal = await world.one(Signal)
    await world.journal.commit(
        Delete(await world.one(Prompt, account_id=DESK)),
        Save(replace(signal, proposed_at=None)),
    )
    await propose(world.tools, signal.id)
    assert await world.one(Prompt, account_id=ACCOUNT) == prompt
    assert await world.journal.count(Prompt, account_id=DESK) == 1


async def test_an_expired_signal_is_not_proposed():
    world = await own_desk()
    await world.submit()
    world.later(minutes=15)
    await world.work()
    signal = await world.one(Signal)
    assert await world.journal.count(Prompt) == 0
    assert (signal.status, signal.proposed_at) == (
        SignalStatus.EXPIRED,
        world.clock.now(),
    )


async def test_a_signal_that_is_not_there_is_not_proposed():
    world = await own_desk()
    await propose(world.tools, SignalId("nothing"))
    assert await world.journal.count(Prompt) == 0


async def test_two_proposals_at_once_make_each_prompt_once():
    world = await shared_desk()
    await world.submit()
    signal = await world.one(Signal)
    world.journal.before_writing(Prompt, lambda: propose(world.tools, signal.id))
    await propose(world.tools, signal.id)
    assert await world.journal.count(Prompt) == 3


# ------------------------------------------------------------------- the picture


async def test_one_chart_is_drawn_for_all():
    world = await shared_desk()
    await world.offered(timeframe=Timeframe.H1)
    (chart,) = world.charts.drawn
    assert (chart.entry, chart.stop_loss, chart.digits, len(chart.candles)) == (
        D("1950.50"),
        D("1945.00"),
        2,
        3,
    )
    path = (await world.one(Signal)).chart_path
    assert path is not None
    assert path.startswith("2026-11-24/shared/signal/")


async def test_the_chart_is_there_as_soon_as_a_prompt_is():
    world = await own_desk()
    await world.submit()
    seen = []

    async def look() -> None:
        signal = await world.one(Signal)
        seen.append((await world.journal.count(Prompt), signal.chart_path is not None))

    world.journal.before_writing(Prompt, look)
    world.journal.before_writing(Signal, look)
    await world.work()
    assert seen == [(0, False), (1, True)]


async def test_without_a_picture_the_prompt_goes_out_as_text():
    world = await own_desk()
    world.charts.fails = True
    prompt = await world.offered()
    assert prompt.state is PromptState.QUEUED
    assert (await world.one(Signal)).chart_path is None


async def test_without_candles_the_prompt_goes_out_as_text():
    world = await own_desk()
    world.broker.down = True
    prompt = await world.offered()
    assert prompt.state is PromptState.QUEUED
    assert (await world.one(Signal)).chart_path is None


async def test_a_chart_may_be_drawn_from_a_chosen_account():
    world = await own_desk(chart_account=DESK)
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    world.brokers[DESK].bids["XAUUSD"] = D(1900)
    await world.offered()
    assert world.charts.drawn[0].candles[0].close == 1900


@pytest.mark.parametrize("chosen", [DESK, None])
async def test_without_an_account_to_draw_from_there_is_no_picture(chosen):
    world = await own_desk(chart_account=chosen)
    if chosen is None:
        world.brokers.clear()
    await world.offered()
    assert world.charts.drawn == []


# ----------------------------------------------------------- what stands in the way


async def test_a_blind_account_still_gets_a_prompt_without_numbers():
    world = await own_desk()
    await world.change(await world.guard(), phase=GuardPhase.BLIND)
    prompt = await world.offered()
    assert (prompt.state, prompt.lots) == (PromptState.QUEUED, None)
    assert prompt.reason == "demo cannot be seen now: no entries until it is."


async def test_a_broker_that_cannot_be_reached_leaves_the_prompt_open():
    world = await own_desk()
    world.broker.down = True
    prompt = await world.offered()
    assert (prompt.state, prompt.reason) == (
        PromptState.QUEUED,
        "demo cannot be reached now.",
    )


async def test_an_account_that_is_not_served_here_leaves_the_prompt_open():
    world = await own_desk()
    world.brokers.clear()
    prompt = await world.offered()
    assert (prompt.state, prompt.reason) == (
        PromptState.QUEUED,
        "demo is not connected now.",
    )


async def test_what_cannot_be_sized_is_refused_at_once():
    world = await own_desk()
    world.broker.balance = D(100)
    prompt = await world.offered()
    assert prompt.state is PromptState.REFUSED
    assert "the stop is too far away" in prompt.reason
    assert (await world.one(Signal)).status is SignalStatus.REJECTED


async def test_a_viewer_is_not_told_what_stands_in_the_way():
    world = await shared_desk()
    world.broker.balance = D(100)
    await world.offered()
    prompt = await world.prompt(EVE)
    assert (prompt.state, prompt.reason) == (PromptState.QUEUED, "")


async def test_an_instrument_that_the_broker_does_not_have_is_refused():
    world = await own_desk()
    del world.broker.specs["XAUUSD"]
    prompt = await world.offered()
    assert (prompt.state, prompt.reason) == (
        PromptState.REFUSED,
        "The broker does not have XAUUSD.",
    )


async def test_a_fired_guard_refuses_with_what_to_do():
    world = await own_desk()
    await world.change(await world.guard(), phase=GuardPhase.TRIGGERED)
    prompt = await world.offered()
    assert prompt.state is PromptState.REFUSED
    assert "re-arms it with /rearm" in prompt.reason


async def test_an_account_without_a_guard_takes_no_entries():
    world = await own_desk()
    await world.journal.commit(Delete(await world.guard()))
    prompt = await world.offered()
    assert "cannot be seen now" in prompt.reason


async def test_a_parked_order_stands_in_the_way_of_entries():
    world = await own_desk()
    await world.put(an_order(state=OrderState.PARKED))
    prompt = await world.offered()
    assert prompt.state is PromptState.QUEUED
    assert "An earlier order's outcome is unknown" in prompt.reason


@pytest.mark.parametrize("whose", ["instrument", "account"])
async def test_what_the_broker_does_not_trade_now_may_be_traded_later(whose):
    world = await own_desk()
    if whose == "account":
        world.broker.trade_allowed = False
    else:
        closed = replace(world.broker.specs["XAUUSD"], tradable=False)
        world.broker.specs["XAUUSD"] = closed
    prompt = await world.offered()
    assert (prompt.state, prompt.reason) == (
        PromptState.QUEUED,
        "The broker does not trade XAUUSD now.",
    )


async def test_a_stale_price_makes_no_offer():
    world = await own_desk()
    world.broker.stale_by = timedelta(seconds=11)
    prompt = await world.offered()
    assert (prompt.state, prompt.lots) == (PromptState.QUEUED, None)
    assert "is stale" in prompt.reason


@pytest.mark.parametrize(("limit", "passes"), [(19, False), (20, True)])
async def test_a_wide_spread_waits(limit, passes):
    world = await own_desk(replace(RULES, max_spread_points=limit))
    prompt = await world.offered()
    assert prompt.reason == (
        "" if passes else "The spread is 20 points, the limit is 19."
    )


async def test_a_price_beyond_the_stop_is_refused():
    world = await own_desk()
    world.broker.move("XAUUSD", "1944")
    prompt = await world.offered()
    assert prompt.state is PromptState.REFUSED
    assert "already beyond the stop" in prompt.reason


async def test_a_trade_larger_than_the_room_to_the_guard_waits():
    world = await own_desk()
    await world.put(a_trade(risk_money=D(1_950), floating=D(0)))
    prompt = await world.offered()
    assert prompt.state is PromptState.QUEUED
    assert prompt.reason == (
        "The trade risks 94.52, but only 50 is left before the guard's limit if "
        "every open stop were hit."
    )


async def test_a_trade_in_profit_gives_its_profit_back_before_its_stop():
    world = await own_desk()
    await world.put(a_trade(risk_money=D(500), floating=D(300)))
    assert (await world.offered()).headroom == D("1200.00")


async def test_an_account_without_a_guard_has_no_room():
    world = await own_desk()
    await world.journal.commit(Delete(await world.guard()))
    account = await world.one(Account)
    assert await headroom_left(world.tools, account, RULES) == 0


async def test_a_trade_beyond_its_stop_loses_nothing_more():
    world = await own_desk()
    await world.put(a_trade(risk_money=D(500), floating=D(-700)))
    assert (await world.offered()).headroom == D("2000.00")


# ---------------------------------------------------------------- kinds of entry


async def test_a_pending_order_is_offered_at_its_own_price():
    world = await own_desk()
    prompt = await world.offered(order_type=OrderType.LIMIT, price=D("1948.00"))
    assert prompt.price == D("1948.00")
    assert prompt.lots == D("0.32")  # 3.00 to the stop


async def test_without_a_target_there_is_no_reward():
    world = await own_desk()
    prompt = await world.offered(take_profit=None)
    assert prompt.reward_money is None


async def test_a_signal_without_a_stop_takes_the_accounts_lots():
    world = await own_desk(replace(RULES, lots_without_stop=D("0.03")))
    prompt = await world.offered(stop_loss=None)
    assert (prompt.lots, prompt.risk_money) == (D("0.03"), D("0.18"))


async def test_what_the_account_holds_counts_for_the_brokers_limit_on_its_side():
    world = await own_desk()
    world.broker.open_by_hand(Side.SELL, "0.50")
    world.broker.open_by_hand(Side.BUY, "0.10")
    world.broker.open_by_hand(Side.BUY, "0.50", "EURUSD")
    limited = replace(world.broker.specs["XAUUSD"], volume_limit=D("0.15"))
    world.broker.specs["XAUUSD"] = limited
    assert (await world.offered()).lots == D("0.05")


async def test_risk_is_a_part_of_the_equity_where_that_is_less_than_the_balance():
    world = await own_desk(replace(RULES, max_drawdown_percent=D(0)))
    world.broker.open_by_hand(Side.BUY, "1.00", "EURUSD")
    world.broker.move("EURUSD", "1.05010")  # -5000
    world.broker.credit = D(3_000)
    await world.watch()
    prompt = await world.offered()
    assert prompt.lots == D("0.08")


async def test_what_the_broker_would_refuse_is_said_before_anybody_taps():
    world = await own_desk()
    world.broker.check = "The stop is not on a price that the symbol knows."
    prompt = await world.offered()
    assert prompt.reason == "The stop is not on a price that the symbol knows."
    assert prompt.lots is None


async def test_no_prompt_waits_after_the_guard_fired():
    world = await own_desk()

    async def fire() -> None:
        await panic(world.tools, ACCOUNT, by=ADA)
        await world.watch()

    world.journal.before_writing(Prompt, fire)
    prompt = await world.offered()
    assert prompt.state is PromptState.REFUSED
    assert "has fired" in prompt.reason


async def test_the_room_is_that_of_the_present_price():
    world = await own_desk(replace(RULES, max_drawdown_percent=D(2)))
    await world.filled()
    await world.filled(external_id="gold-2")
    world.broker.move("XAUUSD", "1945.60")
    world.later(seconds=1)
    await world.watch()
    world.broker.move("XAUUSD", "1950.30")
    world.later(seconds=1)
    await world.watch(deep=False)
    prompt = await world.offered(external_id="gold-3")
    assert "left before the guard's limit" in prompt.reason


async def test_between_looks_the_room_is_that_of_the_last_one():
    world = await own_desk()
    account = await world.one(Account)
    assert await headroom_left(world.tools, account, RULES) == D("2000.00")

from datetime import timedelta
from decimal import Decimal

import pytest

from core.desk.expiring import expire
from core.desk.submissions import Verdict
from core.intake import Draft
from core.market import Side, Timeframe
from core.messages import AuditEntry, OutboxItem, Topic
from core.orders import Order, OrderState
from core.prompts import Prompt, PromptState
from core.signals import Action, Signal, SignalStatus, Source
from tests.core.desk.world import GOLD_SIGNAL, own_desk

CLOSE = Draft(external_id="x-1", action=Action.CLOSE, target="gold-1")
UPDATE = Draft(
    external_id="u-1",
    action=Action.UPDATE,
    target="gold-1",
    stop_loss=Decimal("1948.00"),
)


async def test_an_update_is_stored_and_moves_nothing_yet():
    world = await own_desk()
    await world.offered()
    taken = await world.submit(UPDATE)
    signal = taken.signal
    assert (taken.verdict, signal.status) == (Verdict.STORED, SignalStatus.NEW)
    assert (signal.instrument, signal.side, signal.target) == (
        "XAUUSD",
        Side.BUY,
        "gold-1",
    )
    assert signal.stop_loss == Decimal("1948.00")
    assert (await world.prompt()).state is PromptState.QUEUED
    assert await world.journal.count(OutboxItem, topic=Topic.PROPOSE, done_at=None) == 0
    (entry,) = await world.journal.find(AuditEntry, action="signal_update")
    assert entry.subject == f"signal:{signal.id}"


async def test_a_close_withdraws_what_nobody_has_decided():
    world = await own_desk()
    await world.offered()
    taken = await world.submit(CLOSE)
    assert taken.signal.status is SignalStatus.CANCELLED
    assert (await world.prompt()).state is PromptState.CANCELLED
    target = await world.one(Signal, external_id="gold-1")
    assert target.status is SignalStatus.CANCELLED


async def test_a_close_withdraws_an_order_that_was_not_sent():
    world = await own_desk()
    await world.offered()
    await world.approve()
    await world.submit(CLOSE)
    assert (await world.one(Order)).state is OrderState.CANCELLED


async def test_a_close_leaves_what_was_traded_to_whoever_closes_it():
    world = await own_desk()
    await world.filled()
    taken = await world.submit(CLOSE)
    assert taken.signal.status is SignalStatus.NEW
    target = await world.one(Signal, external_id="gold-1")
    assert (target.status, target.cancelled_at) == (SignalStatus.EXECUTED, None)


@pytest.mark.parametrize("draft", [UPDATE, CLOSE])
async def test_what_comes_when_all_is_over_is_stored_and_said_so(draft):
    world = await own_desk()
    await world.offered()
    cancel = Draft(external_id="c", action=Action.CANCEL, target="gold-1")
    await world.submit(cancel)
    taken = await world.submit(draft)
    assert (taken.verdict, taken.signal.status) == (
        Verdict.STORED,
        SignalStatus.REJECTED,
    )


@pytest.mark.parametrize("draft", [UPDATE, CLOSE])
async def test_the_same_again_is_the_first_and_other_content_a_conflict(draft):
    world = await own_desk()
    await world.offered()
    first = await world.submit(draft)
    assert await world.submit(draft, price=None) == type(first)(
        verdict=Verdict.REPEATED, signal=first.signal
    )
    other = await world.submit(draft, payload='{"reason":"other"}')
    assert other.verdict is Verdict.CONFLICT


async def test_what_means_nothing_is_refused_with_the_field():
    world = await own_desk()
    taken = await world.submit(UPDATE)
    assert taken.problems[0].field == "target"


async def test_what_does_not_fit_its_target_is_refused_and_stores_nothing():
    world = await own_desk()
    await world.offered()
    taken = await world.submit(UPDATE, instrument="EURUSD")
    assert (taken.verdict, taken.problems[0].field) == (Verdict.REFUSED, "instrument")
    assert await world.journal.count(Signal) == 1


# ------------------------------------------------------------------ webhook ids


async def test_a_webhook_id_means_one_signal():
    world = await own_desk()
    first = await world.submit(webhook_id="msg_1")
    assert (await world.submit(webhook_id="msg_1")).verdict is Verdict.REPEATED
    assert (await world.submit(webhook_id="msg_2")).verdict is Verdict.REPEATED
    other = await world.submit(webhook_id="msg_1", external_id="gold-2")
    assert (other.verdict, other.signal) == (Verdict.CONFLICT, first.signal)
    assert await world.journal.count(Signal) == 1


async def test_the_webhook_id_of_what_follows_is_taken_too():
    world = await own_desk()
    await world.submit(webhook_id="msg_1")
    assert (await world.submit(CLOSE, webhook_id="msg_1")).verdict is Verdict.CONFLICT


# ------------------------------------------------------------------ alerts


def alert(**over):
    return {"external_id": None, "source": Source.TRADINGVIEW, **over}


async def test_the_same_alert_within_its_candle_is_the_same_signal():
    world = await own_desk()
    first = await world.submit(**alert())
    assert first.signal.external_id.startswith("tv-")
    world.clock.advance(timedelta(minutes=14, seconds=59))
    assert (await world.submit(**alert())).verdict is Verdict.REPEATED
    world.clock.advance(timedelta(seconds=1))
    second = await world.submit(**alert())
    assert second.verdict is Verdict.STORED
    world.clock.advance(timedelta(minutes=14))
    again = await world.submit(**alert())
    assert (again.verdict, again.signal.id) == (Verdict.REPEATED, second.signal.id)


async def test_the_window_of_an_alert_is_a_minute_at_least():
    world = await own_desk()
    await world.submit(**alert(timeframe=Timeframe.M1))
    world.clock.advance(timedelta(seconds=59))
    repeated = await world.submit(**alert(timeframe=Timeframe.M1))
    assert repeated.verdict is Verdict.REPEATED
    world.clock.advance(timedelta(seconds=1))
    fresh = await world.submit(**alert(timeframe=Timeframe.M1))
    assert fresh.verdict is Verdict.STORED


async def test_alerts_of_other_content_are_other_signals():
    world = await own_desk()
    await world.submit(**alert())
    other = await world.submit(**alert(price=Decimal("1950.51")))
    assert other.verdict is Verdict.STORED


@pytest.mark.parametrize("name", ["42", "{stem}x", "{stem}7"])
async def test_a_name_that_looks_like_an_alerts_is_nobodys_trap(name):
    world = await own_desk()
    first = await world.submit(**alert())
    stem = first.signal.external_id.removesuffix("1")
    world.clock.advance(timedelta(seconds=1))
    await world.submit(external_id=name.format(stem=stem))
    assert (await world.submit(**alert())).signal == first.signal


async def test_an_alert_with_a_name_is_not_one_without():
    world = await own_desk()
    named = await world.submit(external_id="42", source=Source.TRADINGVIEW)
    nameless = await world.submit(**alert())
    assert nameless.verdict is Verdict.STORED
    assert nameless.signal.id != named.signal.id


async def test_an_exit_is_another_one_when_something_was_opened_since():
    world = await own_desk()
    await world.submit(**alert())
    world.clock.advance(timedelta(seconds=1))
    first = await world.submit(FLAT)
    world.clock.advance(timedelta(seconds=1))
    assert (await world.submit(FLAT)).verdict is Verdict.REPEATED
    await world.submit(external_id="gold-2")
    second = await world.submit(FLAT)
    assert second.verdict is Verdict.STORED
    assert second.signal.id != first.signal.id


async def test_a_part_that_is_sold_leaves_what_waits():
    world = await own_desk()
    await world.offered()
    taken = await world.submit(FLAT, partial=True)
    assert taken.signal.status is SignalStatus.NEW
    assert (await world.prompt()).state is PromptState.QUEUED


async def test_flat_names_what_was_traded_before_what_is_newer():
    world = await own_desk()
    await world.filled()
    world.clock.advance(timedelta(seconds=1))
    await world.submit(external_id="gold-2")
    taken = await world.submit(FLAT)
    assert (taken.signal.target, taken.signal.status) == ("gold-1", SignalStatus.NEW)


async def test_a_cancel_of_what_expired_unseen_changes_nothing():
    world = await own_desk()
    await world.submit()
    world.clock.advance(timedelta(hours=1))
    await expire(world.tools)
    cancel = Draft(external_id="c", action=Action.CANCEL, target="gold-1")
    taken = await world.submit(cancel)
    assert taken.signal.status is SignalStatus.REJECTED
    target = await world.one(Signal, external_id="gold-1")
    assert target.status is SignalStatus.EXPIRED


FLAT = Draft(action=Action.CLOSE, instrument="XAUUSD", source=Source.TRADINGVIEW)


async def test_flat_means_everything_that_is_under_way_in_the_instrument():
    world = await own_desk()
    await world.offered()
    world.clock.advance(timedelta(seconds=1))
    await world.offered(external_id="gold-2", price=Decimal("1950.60"))
    await world.submit(external_id="euro", instrument="EURUSD")
    taken = await world.submit(FLAT)
    assert (taken.signal.action, taken.signal.target) == (Action.CLOSE, "gold-2")
    states = {
        each.external_id: each.status
        for each in await world.journal.find(Signal, action=Action.OPEN)
    }
    assert states == {
        "gold-1": SignalStatus.CANCELLED,
        "gold-2": SignalStatus.CANCELLED,
        "euro": SignalStatus.NEW,
    }
    prompts = await world.journal.find(Prompt, state=PromptState.CANCELLED)
    assert len(prompts) == 2


async def test_flat_after_a_short_leaves_the_long_alone():
    world = await own_desk()
    await world.offered()
    taken = await world.submit(FLAT, side=Side.SELL)
    assert taken.verdict is Verdict.REFUSED
    assert (await world.submit(FLAT, side=Side.BUY)).verdict is Verdict.STORED


async def test_flat_when_all_is_over_means_the_last_one():
    world = await own_desk()
    await world.offered()
    await world.submit(FLAT)
    world.clock.advance(timedelta(hours=1))
    taken = await world.submit(FLAT)
    assert (taken.signal.target, taken.signal.status) == (
        "gold-1",
        SignalStatus.REJECTED,
    )


async def test_flat_where_nothing_ever_was_is_refused_with_why():
    world = await own_desk()
    taken = await world.submit(FLAT)
    assert "no open signal in XAUUSD" in taken.problems[0].message
    assert GOLD_SIGNAL.instrument == "XAUUSD"

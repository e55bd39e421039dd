"""A notice is read when its turn comes; what it tells is then true."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.telegram.telling import notice_view
from core.ids import ProviderName, UserId
from core.messages import NoticeKind, OutboxItem, Topic
from core.orders import OrderKind, OrderState
from core.trades import TradeState
from core.users import Membership, Provider, Role
from tests.builders import (
    ACCOUNT,
    DEMO,
    a_prompt,
    a_signal,
    a_trade,
    an_order,
    an_outbox_item,
)
from tests.core.desk.world import ADA, EVE, World, own_desk
from tests.fakes import NOON


@pytest.fixture
async def world() -> World:
    world = await own_desk()
    await world.person(EVE, Role.VIEWER, name="Eve")
    return world


def _notice(kind: NoticeKind, subject: str, to: UserId = ADA) -> OutboxItem:
    return an_outbox_item(
        topic=Topic.NOTICE, notice=kind, subject=subject, user_id=to, detail="75"
    )


@pytest.mark.parametrize("kind", [k for k in NoticeKind if k.value.startswith("guard")])
async def test_a_guards_word_names_its_account(world, kind):
    view = await notice_view(world.tools, _notice(kind, ACCOUNT))
    assert "demo" in view.text


async def test_a_trade_that_closed_before_it_was_told_is_told_as_closed(world):
    trade = a_trade(state=TradeState.CLOSED, profit=-1, close_price=Decimal(1))
    await world.put(trade)
    view = await notice_view(world.tools, _notice(NoticeKind.TRADE_OPENED, trade.id))
    assert "🏁" in view.text


async def test_a_viewer_reads_no_lots(world):
    trade = a_trade()
    await world.put(trade)
    for to, lots in ((ADA, True), (EVE, False)):
        item = _notice(NoticeKind.TRADE_OPENED, trade.id, to)
        view = await notice_view(world.tools, item)
        assert (" lots" in view.text) is lots


async def test_who_is_no_member_any_more_reads_no_money(world):
    mine = await world.one(Membership, user_id=ADA)
    del world.journal._books.kinds[Membership][mine.id]
    item = _notice(NoticeKind.GUARD_WARNING, ACCOUNT)
    assert " USD" not in (await notice_view(world.tools, item)).text


async def test_a_parked_order_asks_and_a_settled_one_tells(world):
    order = an_order(state=OrderState.PARKED)
    await world.put(order)
    item = _notice(NoticeKind.ORDER_PARKED, order.id)
    assert (await notice_view(world.tools, item)).rows
    world.journal._books.put(replace(order, state=OrderState.FILLED))
    view = await notice_view(world.tools, item)
    assert (view.rows, "Done: the broker executed it." in view.text) == ((), True)


async def test_a_failed_close_says_why(world):
    order = an_order(
        state=OrderState.REJECTED, kind=OrderKind.CLOSE, reason="Market closed."
    )
    await world.put(order)
    view = await notice_view(world.tools, _notice(NoticeKind.ORDER_FAILED, order.id))
    assert view.text.endswith("Not done: Market closed.")


async def test_who_joined_is_named(world):
    notice = _notice(NoticeKind.MEMBER_JOINED, str(EVE))
    view = await notice_view(world.tools, replace(notice, detail="viewer of demo"))
    assert view.text == "👋 Eve (3) joined as viewer of demo."


ABOUT_NO_ROW = {
    NoticeKind.NONE,
    NoticeKind.COMMAND_LATE,
    NoticeKind.ADMIN_DID,
    NoticeKind.MEMBERSHIP,
}
ABOUT_A_PERSON = {NoticeKind.MEMBER_JOINED, NoticeKind.MEMBER_ASKS, NoticeKind.TERMS}


@pytest.mark.parametrize("kind", [k for k in NoticeKind if k not in ABOUT_NO_ROW])
async def test_a_notice_about_nothing_is_none(world, kind):
    subject = "77" if kind in ABOUT_A_PERSON else "nobody knows"
    assert await notice_view(world.tools, _notice(kind, subject)) is None


@pytest.mark.parametrize("kind", [NoticeKind.GUARD_FIRED, NoticeKind.GUARD_REARMED])
@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ("user:3", "by Eve"),
        ("user:99", "by user 99"),
        ("cli", "from the command line"),
    ],
)
async def test_a_guard_that_a_person_fired_or_rearmed_names_them(
    world, kind, actor, who
):
    item = replace(_notice(kind, ACCOUNT), detail=actor)
    assert who in (await notice_view(world.tools, item)).text


@pytest.mark.parametrize("actor", ["", "guard", "user:", "user:x", "provider:3"])
async def test_a_guard_that_fired_by_itself_names_nobody(world, actor):
    item = replace(_notice(NoticeKind.GUARD_FIRED, ACCOUNT), detail=actor)
    said = (await notice_view(world.tools, item)).text
    assert said.startswith("🛑 <b>The guard of demo fired.</b>")


async def test_a_fill_is_compared_with_the_order_that_was_approved(world):
    order = an_order(state=OrderState.FILLED, price=Decimal("1950.50"))
    trade = a_trade(order_id=order.id, open_price=Decimal("1950.75"))
    await world.put(order, trade)
    view = await notice_view(world.tools, _notice(NoticeKind.TRADE_OPENED, trade.id))
    assert "slipped 0.25 against you" in view.text


async def test_a_trade_of_a_lost_account_is_not_told(world):
    trade = a_trade(account_id="gone")
    world.journal._books.kinds.setdefault(type(trade), {})[trade.id] = trade
    item = _notice(NoticeKind.TRADE_OPENED, trade.id)
    assert await notice_view(world.tools, item) is None


async def _held(world: World, count: int) -> None:
    for _ in range(count):
        signal = a_signal()
        await world.put(signal, a_prompt(signal_id=signal.id, held=True))


async def test_what_is_held_is_counted_when_it_is_told(world):
    world.more["prompts_per_minute"] = 30
    await _held(world, 17)
    view = await notice_view(world.tools, _notice(NoticeKind.PROMPTS_HELD, DEMO))
    assert view.text == (
        "⚠ demo sends more than 30 signals a minute. 17 more are waiting: /pending"
    )


async def test_nothing_is_told_of_what_others_have_held_or_was_shown(world):
    await _held(world, 1)
    for subject, reader in ((DEMO, EVE), (ProviderName("other"), ADA)):
        item = _notice(NoticeKind.PROMPTS_HELD, subject, reader)
        assert await notice_view(world.tools, item) is None
    item = replace(_notice(NoticeKind.PROMPTS_HELD, DEMO), user_id=None)
    assert await notice_view(world.tools, item) is None


async def test_a_flood_is_told_with_a_way_to_mute_it(world):
    item = _notice(NoticeKind.PROVIDER_FLOODS, DEMO)
    view = await notice_view(world.tools, item)
    assert [[button.text for button in row] for row in view.rows] == [["Mute 1 h"]]


@pytest.mark.parametrize(
    "over",
    [{"enabled": False}, {"muted_until": NOON + timedelta(minutes=1)}],
    ids=["disabled", "muted"],
)
async def test_a_flood_that_somebody_ended_is_not_told(world, over):
    await world.change(await world.one(Provider), **over)
    item = _notice(NoticeKind.PROVIDER_FLOODS, DEMO)
    assert await notice_view(world.tools, item) is None

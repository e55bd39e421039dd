"""An open trade in the chat: its card, its questions, and what comes of a Confirm."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.sandbox.html_markup import parse_html
from bot.telegram.callbacks import Press, pack, unpack
from bot.telegram.cards import prompt_card
from bot.telegram.position_cards import PositionCard
from bot.telegram.views import positions as views
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.text import TEXT_LIMIT, shown_units
from bot.telegram.views.view import View
from core.accounts import GuardState
from core.broker import TradeMode
from core.desk.handling import Bond, Change, Question
from core.desk.holding import Held
from core.ids import PromptId, TradeId, UserId
from core.market import Side
from core.messages import NoticeKind, OutboxItem, Topic
from core.orders import Order, OrderKind, OrderState
from core.trades import CloseReason, Trade, TradeState
from tests.bot.telegram.cards import (
    LATER,
    an_account_card,
    closed,
    the_order,
    the_trade,
)
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, BOB, EVE
from tests.builders import a_membership, an_account
from tests.fakes import NOON

D = Decimal
AHEAD = "1955.50"
ASKED = 1_795_521_600


# ------------------------------------------------------------------------------- views


def a_position(trade: Trade | None = None, **over: Any) -> PositionCard:
    card = PositionCard(
        trade=trade or the_trade(floating=D("86.50")),
        account=an_account(),
        live=True,
        shown=True,
        seen_at=LATER - timedelta(seconds=3),
        now=LATER,
    )
    return replace(card, **over)


HALVED = the_trade(volume_open=D("0.09"), booked=D("40.13"), floating=D("43.25"))
SAFE = the_trade(stop_loss=D("1950.55"), floating=D("86.50"))
SOLD = the_trade(
    side=Side.SELL,
    stop_loss=None,
    take_profit=None,
    first_stop=None,
    floating=D("-1234.5"),
)


def a_question(change: Change, trade: Trade | None = None, **over: Any) -> Question:
    held = Held(
        trade=trade or the_trade(floating=D("86.50")),
        account=an_account(),
        membership=a_membership(),
    )
    row = Question(
        change=change,
        held=held,
        volume=held.trade.volume_open,
        price=D("1955.36"),
        money=D("86.58"),
        money_before=None,
        bond=Bond(orders=0, volume=held.trade.volume_open),
    )
    return replace(row, **over)


STOP = {"price": D("1950.55"), "money": D("-1.08")}


def _of_positions() -> Iterator[tuple[str, View]]:
    for name, trade in {
        "whole": None,
        "half of it closed": HALVED,
        "stop at the entry": SAFE,
        "sold, without stops": SOLD,
        "over": closed(),
    }.items():
        yield f"position, {name}", views.position_view(a_position(trade))
    live = an_account(id="live1", mode=TradeMode.LIVE)
    yield "position, live", views.position_view(a_position(account=live))
    yield "position, no broker", views.position_view(a_position(live=False))
    yield "position, gone", views.position_view(a_position(shown=False))
    never = a_position(live=False, seen_at=None)
    yield "position, never seen", views.position_view(never)
    ordered = "The close is ordered; its result follows."
    yield "position, ordered", views.position_view(a_position(), ordered)
    for change, question in {
        "close": a_question(Change.CLOSE),
        "close half": a_question(Change.HALF, volume=D("0.09"), money=D("43.29")),
        "break-even": a_question(Change.BREAK_EVEN, **STOP, money_before=D("-99.98")),
        "break-even without a stop": a_question(Change.BREAK_EVEN, SOLD, **STOP),
    }.items():
        yield f"question, {change}", views.question_view(question, ASKED)
    many = an_account_card(trades=(the_trade(), HALVED))
    yield "positions, too many", views.listing_view([many])
    yield from _told()


def _told() -> Iterator[tuple[str, View]]:
    account = an_account()
    part = "40.13 1955.36 closed_here"
    by_hand = "-12.5 1949.00 hand"
    order = the_order(OrderState.FILLED, stop_loss=D("1950.55"))
    for viewer in (False, True):
        to = ", to a viewer" if viewer else ""
        yield (
            f"part closed{to}",
            views.reduced_notice(HALVED, account, part, viewer=viewer),
        )
        yield (
            f"part closed by hand{to}",
            views.reduced_notice(HALVED, account, by_hand, viewer=viewer),
        )
        yield (
            f"stop moved{to}",
            views.moved_notice(SAFE, account, order, "Ada <3", viewer=viewer),
        )
    late = closed(booked=D("40.13"))
    yield "part closed, told when all was", views.reduced_notice(late, account, part)


GROUPS = {"positions": _of_positions}
VIEWS = dict(_of_positions())


def test_every_view_of_a_position_reads_as_it_should():
    compare("positions", VIEWS)


@pytest.mark.parametrize("title", VIEWS)
def test_a_view_of_a_position_is_markup_that_telegram_takes(title):
    shown, _ = parse_html(VIEWS[title].text)
    assert shown == shown.strip()
    assert shown_units(VIEWS[title].text) <= TEXT_LIMIT


@pytest.mark.parametrize("title", [name for name in VIEWS if "to a viewer" in name])
def test_a_viewer_reads_neither_lots_nor_money_and_has_no_button(title):
    view = VIEWS[title]
    assert not {"lots", "USD"} & set(view.text.split())
    assert view.rows == ()


@pytest.mark.parametrize("change", list(Change))
def test_the_longest_confirm_fits_a_button(change):
    trade = the_trade(id=TradeId("T" * 26), volume_open=D("12345.675"))
    question = a_question(change, trade, bond=Bond(orders=9999, volume=D("12345.675")))
    (*_, (confirm,)) = views.question_view(question, 9_999_999_999).rows
    assert unpack(confirm.data) is not None


@pytest.mark.parametrize("change", list(Change))
def test_confirm_stands_where_no_button_of_the_card_stood(change):
    card = views.position_view(a_position())
    rows = views.question_view(a_question(change), ASKED).rows
    places = [
        number
        for number, row in enumerate(rows)
        for button in row
        if "Confirm" in button.text
    ]
    assert places == [len(card.rows)]


# -------------------------------------------------------------------------- in the chat


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        await opened.world.submit()
        await opened.world.work()
        yield opened


async def filled(room: Room, user: int = ADA, account: str = MINE) -> Trade:
    """A trade of 0.17 lots from 1950.50 that is 85.00 in profit."""
    prompt = await room.prompt(user, account)
    await room.world.approve(UserId(user), nonce=prompt.nonce)
    await room.world.work()
    room.world.brokers[account].move("XAUUSD", AHEAD)
    room.world.later(seconds=1)
    return await room.world.one(Trade, account_id=account)


def labels(room: Room, user: int = ADA) -> list[str]:
    """The buttons of the newest message."""
    return room.stage.labels(room.stage.chat(user)[-1])


async def press(room: Room, label: str, user: int = ADA) -> tuple[str, bool]:
    """Tap a button of the newest message."""
    message = room.stage.chat(user)[-1]
    data = next(
        button["callback_data"] for button in message.buttons if button["text"] == label
    )
    return await room.tap(user, data, on=message.id)


def text(room: Room, user: int = ADA) -> str:
    return room.stage.texts(user)[-1]


async def test_positions_shows_each_trade_with_its_profit_of_now(room: Room):
    await filled(room)
    said = await room.say(ADA, "/positions")
    assert said.startswith("🟢 BUY 0.17 XAUUSD · mine · DEMO (PAPER)")
    assert "+85.00 USD · +0.9 R" in said
    assert "From 1950.50 · SL 1945.00 · TP 1965.00" in said
    assert labels(room) == ["Refresh", "Break-even", "Close", "Close half"]


async def test_what_waits_at_the_broker_is_listed_beside(room: Room):
    await filled(room)
    waits = the_order(OrderState.PLACED, account_id=MINE, order_type="limit")
    await room.world.put(replace(waits, user_id=UserId(ADA)))
    said = await room.say(ADA, "/positions")
    assert "BUY LIMIT 0.18 XAUUSD at 1950.50" in said
    assert labels(room) == ["Refresh", "Break-even", "Close", "Close half"]


async def test_without_a_trade_the_accounts_are_listed(room: Room):
    assert "Nothing is open." in await room.say(ADA, "/positions")


async def test_many_trades_have_a_button_each_that_shows_it(room: Room):
    for number in range(views.MOST_CARDS + 1):
        await room.world.put(
            the_trade(
                id=TradeId(f"{number:026}"),
                account_id=MINE,
                order_id=None,
                position_id=900 + number,
                ticket=900 + number,
            )
        )
    await room.say(ADA, "/positions")
    assert labels(room) == ["🟢 BUY 0.18 XAUUSD · mine"] * 6
    answer = await press(room, labels(room)[0])
    assert answer == ("Here is the position.", False)
    assert text(room).startswith("🟢 BUY 0.18 XAUUSD · mine")
    assert "does not show it any more" in text(room)


async def test_a_broker_that_is_away_shows_the_last_look(room: Room):
    await filled(room)
    await room.world.watch(MINE)
    room.world.brokers[MINE].down = True
    said = await room.say(ADA, "/positions")
    assert "+85.00 USD" in said
    assert "⚠ The broker cannot be reached now. Last seen" in said


async def test_an_account_that_was_never_seen_says_so(room: Room):
    await filled(room)
    guard = await room.world.one(GuardState, id=MINE)
    await room.world.change(guard, measured_at=None)
    room.world.brokers[MINE].down = True
    assert "⚠ Never seen so far." in await room.say(ADA, "/positions")


async def test_refresh_shows_what_it_is_now(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    room.world.brokers[MINE].move("XAUUSD", "1957.50")
    assert await press(room, "Refresh") == ("This is how it stands now.", False)
    assert "+119.00 USD · +1.3 R" in text(room)
    assert len([each for each in room.stage.texts(ADA) if "+119.00" in each]) == 1


async def test_the_prompts_message_leads_to_the_position_until_it_is_closed(room: Room):
    trade = await filled(room)
    prompt = await room.prompt(ADA, MINE)
    assert "Position" in await prompt_labels(room, prompt.id)
    answer = await room.tap_after_help(ADA, pack(Press.POSITION, trade.id))
    assert answer == ("Here is the position.", False)
    assert "+85.00 USD" in text(room)
    room.world.brokers[MINE].move("XAUUSD", "1965.00")
    await room.world.watch(MINE)
    assert await prompt_labels(room, prompt.id) == []


async def prompt_labels(room: Room, prompt_id: PromptId) -> list[str]:
    """The buttons of a prompt's message, as it is drawn now."""
    card = await prompt_card(room.tools, prompt_id)
    assert card is not None
    return [button.text for row in prompt_view(card).rows for button in row]


CLOSES = (
    "Close all 0.17 lots at the market, now about 1955.50: about +85.00 USD before "
    "commission."
)
HALVES = (
    "Close 0.08 of 0.17 lots at the market, now about 1955.50: about +40.00 USD before "
    "commission. 0.09 lots stay open."
)
MOVES = (
    "Move the stop to the entry, 1950.50. If the price comes back there, the trade "
    "ends at about -1.02 USD, all costs included. At the stop of now, 1945.00, it "
    "would be -94.52 USD."
)


@pytest.mark.parametrize(
    ("label", "asks", "confirm", "answer"),
    [
        (
            "Close",
            CLOSES,
            "Confirm: close 0.17 lots",
            "The close is ordered; its result follows.",
        ),
        (
            "Close half",
            HALVES,
            "Confirm: close 0.08 lots",
            "The close of half is ordered; its result follows.",
        ),
        (
            "Break-even",
            MOVES,
            "Confirm: stop at 1950.50",
            "The new stop is ordered; you are told when it stands.",
        ),
    ],
)
async def test_a_question_says_what_it_means_in_money_and_confirm_does_it(
    room: Room, label, asks, confirm, answer
):
    await filled(room)
    await room.say(ADA, "/positions")
    assert await press(room, label) == ("Confirm it, or go back.", False)
    assert asks in text(room)
    assert labels(room) == ["Back", "New numbers", confirm]
    assert await press(room, confirm) == (answer, False)
    assert f"⏳ {answer}" in text(room)
    assert labels(room) == ["Refresh"]
    await room.world.work()
    sent = room.world.brokers[MINE].executed
    assert len(sent) == 2


async def test_a_second_tap_on_the_same_confirm_orders_nothing_more(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    await press(room, "Close half")
    message = room.stage.chat(ADA)[-1]
    data = message.buttons[-1]["callback_data"]
    await room.tap(ADA, data, on=message.id)
    await room.world.work()
    again = await room.tap(ADA, data, on=message.id)
    assert again == ("That is ordered already; its outcome follows.", False)
    await room.world.work()
    assert len(room.world.brokers[MINE].executed) == 2


async def test_back_leaves_everything_as_it_is(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    await press(room, "Close")
    await press(room, "Back")
    assert labels(room) == ["Refresh", "Break-even", "Close", "Close half"]
    assert await room.world.journal.count(Order, kind=OrderKind.CLOSE) == 0


async def test_new_numbers_ask_again_at_the_price_of_now(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    await press(room, "Close")
    room.world.brokers[MINE].move("XAUUSD", "1956.50")
    await press(room, "New numbers")
    assert "now about 1956.50: about +102.00 USD" in text(room)


async def test_a_confirm_after_a_minute_shows_how_it_stands_instead(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    await press(room, "Close")
    room.world.later(seconds=61)
    answer = await press(room, "Confirm: close 0.17 lots")
    assert answer == ("That was asked too long ago: look at it again, then tap.", True)
    assert labels(room) == ["Refresh", "Break-even", "Close", "Close half"]
    assert await room.world.journal.count(Order, kind=OrderKind.CLOSE) == 0


async def test_what_cannot_be_done_is_told_and_the_card_stays(room: Room):
    await filled(room)
    room.world.brokers[MINE].move("XAUUSD", "1950.30")
    await room.say(ADA, "/positions")
    said, alert = await press(room, "Break-even")
    assert alert
    assert "the stop would fire at once" in said
    assert labels(room) == ["Refresh", "Break-even", "Close", "Close half"]


async def test_a_confirm_that_is_refused_shows_how_it_stands(room: Room):
    await filled(room)
    await room.say(ADA, "/positions")
    await press(room, "Close half")
    (ticket,) = room.world.brokers[MINE].positions
    room.world.brokers[MINE].close_by_hand(ticket, "0.07")
    said, alert = await press(room, "Confirm: close 0.08 lots")
    assert alert
    assert said.startswith("The position holds 0.1 lots now")
    assert "BUY 0.1 XAUUSD" in text(room)
    assert len(labels(room)) == 4


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "nothing",
        "{trade}",
        "{trade}@{asked}",
        "{trade}@{asked}@0",
        "{trade}@{asked}@0@x",
        "{trade}@{asked}@-1@0.17",
        "{trade}@{asked}@0@0.17@more",
        "{trade}@{asked}@0@NaN",
        "{trade}@{asked}@0@1e5",
    ],
)
async def test_a_confirm_that_nobody_was_shown_is_outdated(room: Room, argument):
    trade = await filled(room)
    asked = int(room.world.clock.now().timestamp())
    data = pack(Press.CLOSE_NOW, argument.format(trade=trade.id, asked=asked))
    said, _ = await room.tap_after_help(ADA, data)
    assert said.startswith("That button is from before")
    assert await room.world.journal.count(Order, kind=OrderKind.CLOSE) == 0


@pytest.mark.parametrize("press_", [Press.POSITION, Press.REFRESH, Press.CLOSE])
async def test_a_button_of_a_trade_that_never_was_is_outdated(room: Room, press_):
    said, _ = await room.tap_after_help(ADA, pack(press_, "nothing"))
    assert said.startswith("That button is from before")


async def test_a_late_confirm_by_who_may_not_shows_nothing(room: Room):
    trade = await filled(room)
    data = pack(Press.CLOSE_NOW, f"{trade.id}@{int(NOON.timestamp()) - 300}@0@0.17")
    said, alert = await room.tap_after_help(EVE, data)
    assert alert
    assert "asked too long ago" in said
    assert "USD" not in text(room, EVE)


# ---------------------------------------------------------------------------- is told


async def test_what_was_done_is_told_to_everybody_of_the_account(room: Room):
    await filled(room, BOB, DESK)
    await room.say(BOB, "/positions")
    await press(room, "Close half", BOB)
    await press(room, "Confirm: close 0.08 lots", BOB)
    await room.world.work()
    await room.world.pass_by(1)
    told = await room.world.journal.find(OutboxItem, notice=NoticeKind.TRADE_REDUCED)
    assert {BOB, EVE} <= {item.user_id for item in told}
    assert {item.topic for item in told} == {Topic.NOTICE}


def test_a_closed_trade_has_no_way_to_its_card():
    assert views.in_hand_row(None) == ()
    assert views.in_hand_row(closed(CloseReason.STOP)) == ()
    leaving = the_trade(state=TradeState.CLOSING)
    assert views.in_hand_row(leaving)[0][0].text == "Position"

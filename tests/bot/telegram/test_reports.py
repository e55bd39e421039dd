"""/history, /equity and the daily summary."""

import csv
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.telling import notice_view
from bot.telegram.views.reports import equity_view, history_view, summary_view
from core.desk.reporting import Report
from core.ids import SignalId, TradeId, UserId
from core.messages import NoticeKind, OutboxItem
from core.trades import CloseReason, TradeState
from tests.bot.telegram.golden import compare
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, BOB, EVE, OWEN
from tests.builders import a_guard, a_trade, an_account, an_equity_point
from tests.fakes import NOON

D = Decimal
CURVE = "2026-11-24/7/equity/" + "0" * 64 + ".png"


def _ended(**over: object):
    values = {
        "id": TradeId("0" * 22 + "A7F3"),
        "signal_id": SignalId("0" * 22 + "A7F3"),
        "state": TradeState.CLOSED,
        "closed_at": NOON - timedelta(hours=3),
        "close_price": D("1965.00"),
        "close_reason": CloseReason.TARGET,
        "profit": D("150"),
        "risk_money": D(100),
    }
    return a_trade(**(values | over))


def _report(*closed, **over: object) -> Report:
    report = Report(
        account=an_account(id="mine"),
        guard=a_guard(id="mine", equity=D("10250.00"), peak=D("10400.00")),
        closed=closed,
        open_now=0,
        before=D("10000.00"),
        after=D("10250.00"),
    )
    return replace(report, **over)


def test_reports_read_as_they_do():
    lost = _ended(
        profit=D("-80.5"),
        close_reason=CloseReason.STOP,
        closed_at=NOON - timedelta(days=2),
        risk_money=D(0),
    )
    compare(
        "reports",
        {
            "no account": history_view([], 7, NOON),
            "nothing closed": history_view([_report()], 1, NOON),
            "history": history_view([_report(_ended()), _report(lost)], 7, NOON),
            "long history": history_view([_report(*[_ended()] * 12)], 30, NOON),
            "equity": equity_view(_report(), "7d", CURVE),
            "equity without a curve": equity_view(_report(before=None), "all", None),
            "a day": summary_view(_report(_ended(), lost), "2026-11-23", CURVE),
            "a quiet day": summary_view(
                _report(open_now=2, before=None), "2026-11-23", None
            ),
            "a losing day": summary_view(
                _report(lost, after=D("9919.50"), open_now=1), "2026-11-23", CURVE
            ),
        },
    )


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _closed_for_ada(room: Room) -> None:
    await room.world.put(
        _ended(account_id=MINE, signal_id=None, instrument="XAUUSD"),
        _ended(
            id=TradeId("0" * 22 + "B8C4"),
            account_id=DESK,
            signal_id=None,
            position_id=99,
            instrument="EURUSD",
        ),
    )


async def test_history_shows_the_accounts_that_one_decides_on(room: Room):
    await _closed_for_ada(room)
    mine = await room.say(ADA, "/history")
    assert "XAUUSD" in mine
    assert "EURUSD" not in mine
    assert "EURUSD" in await room.say(BOB, "/history 30")
    assert (await room.say(EVE, "/history")).startswith("There is no account here")


@pytest.mark.parametrize("wanted", ["0", "-1", "soon", "99999", "7.5"])
async def test_days_that_are_none_are_a_week_or_a_day(room: Room, wanted):
    said = await room.say(ADA, f"/history {wanted}")
    assert "Nothing was closed in the last " in said


async def test_other_days_are_one_tap_away(room: Room):
    await _closed_for_ada(room)
    await room.say(ADA, "/history")
    message = room.stage.chat(ADA)[-1]
    data = pack(Press.HISTORY, "30")
    assert await room.tap(ADA, data, on=message.id) == ("", False)
    assert "Last 30 days" in room.stage.texts(ADA)[-1]
    for odd in ("31", "x", ""):
        text, _ = await room.tap(ADA, pack(Press.HISTORY, odd), on=message.id)
        assert text.startswith("That button is from before")


async def test_the_file_has_the_trades_of_ones_accounts_alone(room: Room):
    await _closed_for_ada(room)
    text, _ = await room.tap_after_help(ADA, pack(Press.HISTORY_FILE, "7"))
    assert text == "Here is the file."
    message = room.stage.chat(ADA)[-1]
    file = message.now.file
    assert file is not None
    assert file.name == "trades-2026-11-24.csv"
    rows = list(csv.DictReader(StringIO(file.content.decode("utf-8-sig"))))
    assert [row["instrument"] for row in rows] == ["XAUUSD"]


@pytest.mark.parametrize("odd", ["x", "", "12345"])
async def test_a_file_of_odd_days_is_none(room: Room, odd):
    text, _ = await room.tap_after_help(ADA, pack(Press.HISTORY_FILE, odd))
    assert text.startswith("That button is from before")


async def test_whoever_decides_nowhere_gets_no_file(room: Room):
    text, _ = await room.tap_after_help(EVE, pack(Press.HISTORY_FILE, "7"))
    assert text == "There is no account here on which you decide."


async def test_equity_without_readings_says_so(room: Room):
    said = await room.say(ADA, "/equity")
    assert "There are not enough readings for a curve yet." in said
    assert (await room.say(EVE, "/equity")).startswith("There is no account here")


async def test_equity_is_a_picture_that_is_for_one_person(room: Room):
    await room.world.put(
        *(
            an_equity_point(account_id=MINE, at=NOON - timedelta(hours=each))
            for each in (3, 2)
        )
    )
    await room.say(ADA, "/equity 30d")
    (curve,) = room.world.charts.curves
    assert curve.title == MINE
    text, _ = await room.tap_after_help(ADA, pack(Press.EQUITY, f"all@{MINE}"))
    assert text == ""
    room.world.charts.fails = True
    assert "not enough readings" in await room.say(ADA, "/equity")


@pytest.mark.parametrize(("user", "about"), [(BOB, "7d@mine"), (ADA, "1h@mine")])
async def test_a_curve_of_another_is_not_shown(room: Room, user, about):
    text, _ = await room.tap_after_help(user, pack(Press.EQUITY, about))
    assert text.startswith("That button is from before")


def _item(room: Room, subject: str) -> OutboxItem:
    insert = room.tools.notice(
        NoticeKind.DAY_SUMMARY, subject, to=UserId(OWEN), detail="2026-11-23"
    )
    assert isinstance(insert.row, OutboxItem)
    return insert.row


async def test_a_day_is_told_as_it_was(room: Room):
    await room.world.put(
        _ended(account_id=MINE, signal_id=None, closed_at=NOON - timedelta(hours=13))
    )
    view = await notice_view(room.tools, _item(room, MINE))
    assert view is not None
    assert "1 trade closed: " in view.text
    assert await notice_view(room.tools, _item(room, "gone")) is None

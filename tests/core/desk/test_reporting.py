"""How an account did, in a span of time and day by day."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from core.accounts import AccountSource
from core.desk.reporting import equity_chart, last_day, report, sum_up
from core.ids import AccountId, UserId
from core.limits import day_begins
from core.messages import NoticeKind, OutboxItem
from core.ports import MarkKind, Record
from core.trades import TradeState
from core.users import Role
from tests.builders import ACCOUNT, a_trade, an_account, an_equity_point
from tests.core.desk.world import ADA, RULES, World, account_of, own_desk, shared_desk
from tests.fakes import NOON

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = NOON - timedelta(hours=12)
"""When the day of ``NOON`` begins; the tests look at the one before."""
BOSS, EVE = UserId(901), UserId(902)


def _closed(at: datetime, profit: str, **over: object):
    return a_trade(
        state=TradeState.CLOSED,
        closed_at=at,
        profit=Decimal(profit),
        risk_money=Decimal(100),
        **over,
    )


async def _points(world: World, *moments: datetime, **over: object) -> None:
    points = [
        an_equity_point(at=at, equity=Decimal(10_000 + 10 * number), **over)
        for number, at in enumerate(moments)
    ]
    await world.put(*points)


async def _report(world: World, since: datetime = MIDNIGHT, until: datetime = NOON):
    account = await account_of(world)
    found = await report(world.tools, account, since=since, until=until)
    assert found is not None
    return found


# ------------------------------------------------------------------- report
async def test_a_report_has_what_was_closed_in_its_time_the_latest_first():
    world = await own_desk()
    await world.put(
        _closed(MIDNIGHT - HOUR, "1"),
        _closed(MIDNIGHT, "50"),
        _closed(MIDNIGHT + HOUR, "-20"),
        _closed(NOON, "7"),
    )
    found = await _report(world)
    assert [each.profit for each in found.closed] == [Decimal(-20), Decimal(50)]
    assert (found.profit, found.won) == (Decimal(30), 1)
    assert found.total_r == Decimal("0.3")


async def test_one_unknown_r_makes_the_sum_unknown():
    world = await own_desk()
    bare = _closed(MIDNIGHT, "5")
    await world.put(replace(bare, risk_money=Decimal(0)), _closed(MIDNIGHT, "5"))
    assert (await _report(world)).total_r is None


async def test_nothing_closed_is_nothing_won():
    world = await own_desk()
    await _points(world, MIDNIGHT - HOUR)
    found = await _report(world, until=NOON - HOUR)
    assert (found.closed, found.profit, found.total_r) == ((), Decimal(0), None)
    assert (found.before, found.after) == (None, None)


async def test_a_report_knows_the_money_at_both_ends():
    world = await own_desk()
    await _points(world, MIDNIGHT - HOUR, MIDNIGHT + HOUR, NOON - HOUR, NOON + HOUR)
    found = await _report(world, until=NOON - timedelta(minutes=1))
    assert (found.before, found.after) == (Decimal(10_010), Decimal(10_020))


async def test_what_is_open_is_counted():
    world = await own_desk()
    await world.put(a_trade())
    assert (await _report(world)).open_now == 1


async def test_an_account_that_was_never_looked_at_has_no_report():
    world = await own_desk()
    other = an_account(id=AccountId("other"))
    await world.put(other)
    assert await report(world.tools, other, since=MIDNIGHT, until=NOON) is None


# -------------------------------------------------------------------- curve
async def test_a_curve_has_the_points_since_then_and_what_fired():
    world = await own_desk()
    moments = [NOON - each * HOUR for each in (3, 2)]
    await _points(world, *moments)
    await world.tools.journal.commit(
        Record(actor="guard", action="guard_fired", subject=f"account:{ACCOUNT}"),
        Record(actor="guard", action="guard_fired", subject="account:other"),
    )
    account = await account_of(world)
    chart = await equity_chart(world.tools, account, since=NOON - 2 * HOUR)
    assert chart is not None
    assert [point.at for point in chart.points] == [*moments[1:], NOON]
    assert chart.marks == ((NOON, MarkKind.FIRED),)
    assert chart.limit_percent == RULES.max_drawdown_percent
    whole = await equity_chart(world.tools, account, since=None)
    assert whole is not None
    assert len(whole.points) == 3


async def test_one_point_is_no_curve():
    world = await own_desk()
    assert await equity_chart(world.tools, await account_of(world), since=None) is None


# ------------------------------------------------------------------ summary
async def _told(world: World) -> list[tuple[int | None, str]]:
    found = await world.tools.journal.find(
        OutboxItem, notice=NoticeKind.DAY_SUMMARY, order_by="user_id"
    )
    return [(each.user_id, each.detail) for each in found]


async def test_whoever_decides_or_manages_is_told_of_the_day_once():
    world = await shared_desk()
    await world.person(BOSS, Role.ADMIN)
    await world.person(EVE, Role.VIEWER)
    await _points(world, MIDNIGHT - DAY)
    assert (await sum_up(world.tools), await sum_up(world.tools)) == (1, 0)
    told = await _told(world)
    assert (BOSS, "2026-11-23") in told
    assert (ADA, "2026-11-23") in told
    assert EVE not in {user for user, _ in told}
    assert len(told) == len({user for user, _ in told})


async def test_a_day_that_began_before_the_first_look_has_no_summary():
    world = await own_desk()
    await _points(world, MIDNIGHT - DAY + HOUR)
    assert await sum_up(world.tools) == 0


async def test_a_paper_account_is_summed_up_once_somebody_looked_at_it():
    world = await own_desk()
    await world.change(await account_of(world), source=AccountSource.FOLLOW)
    await _points(world, MIDNIGHT - DAY)
    world.epochs = {}
    assert await sum_up(world.tools) == 0
    world.epochs = {ACCOUNT: 1}
    assert await sum_up(world.tools) == 1


async def test_the_next_day_is_told_when_it_is_over():
    world = await own_desk()
    await _points(world, MIDNIGHT - DAY)
    await sum_up(world.tools)
    world.later(hours=11, minutes=59)
    assert await sum_up(world.tools) == 0
    world.later(minutes=1)
    assert await sum_up(world.tools) == 1
    assert [day for _, day in await _told(world)] == ["2026-11-23", "2026-11-24"]


async def test_an_account_without_rules_or_members_is_left_alone():
    world = await own_desk()
    await world.put(an_account(id=AccountId("other")))
    await _points(world, MIDNIGHT - DAY, account_id=AccountId("other"))
    assert await sum_up(world.tools) == 0
    await world.open_account(id=AccountId("empty"))
    await _points(world, MIDNIGHT - DAY, account_id=AccountId("empty"))
    assert await sum_up(world.tools) == 0


async def test_two_who_sum_up_at_once_tell_it_once():
    world = await own_desk()
    await _points(world, MIDNIGHT - DAY)

    async def first() -> None:
        await sum_up(world.tools)

    world.journal.before_writing(OutboxItem, first)
    assert await sum_up(world.tools) == 0
    assert len(await _told(world)) == 1


@pytest.mark.parametrize(
    ("now", "day", "begins"),
    [
        ("2026-11-24T12:00", "2026-11-22", "2026-11-22T22:00"),
        ("2026-11-24T21:59", "2026-11-22", "2026-11-22T22:00"),
        ("2026-11-24T22:00", "2026-11-23", "2026-11-23T22:00"),
        ("2026-03-30T00:00", "2026-03-28", "2026-03-28T22:00"),
    ],
)
def test_a_trading_day_begins_by_its_own_clock(now, day, begins):
    rules = replace(RULES, day_resets_at=time(23), day_timezone="Europe/Vienna")
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert last_day(rules, moment) == day
    expected = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert day_begins(rules, day) == expected

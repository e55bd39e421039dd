"""How an account did: over a span of time, and each trading day when it is over."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.access import may_decide, may_manage
from core.accounts import (
    Account,
    AccountSource,
    EquityPoint,
    GuardState,
    RiskRules,
)
from core.desk.tools import Tools
from core.errors import Conflict
from core.limits import day_begins, trading_day
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.money import ZERO
from core.ports import AtLeast, AtMost, EquityChart, MarkKind, Save
from core.trades import ON_THE_BOOK, Trade, TradeState

MOST_POINTS = 100_000
"""Of one curve: more than two months of one a minute."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_FIRED = NoticeKind.GUARD_FIRED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of an account in a span of time."""

    account: Account
    guard: GuardState
    """As it is now."""
    closed: tuple[Trade, ...]
    """The latest first."""
    open_now: int
    before: Decimal | None
    """Equity at the beginning; ``None`` where nobody looked."""
    after: Decimal | None
    """At the end."""

    @property
    def profit(self) -> Decimal:
        """What the closed trades booked."""
        return sum((trade.profit or ZERO for trade in self.closed), start=ZERO)

    @property
    def won(self) -> int:
        """Closed trades that booked more than nothing."""
        return sum((trade.profit or ZERO) > 0 for trade in self.closed)

    @property
    def total_r(self) -> Decimal | None:
        """The closed trades' results in R; ``None`` where one's is not known."""
        known = [r for trade in self.closed if (r := trade.r_multiple) is not None]
        whole = bool(known) and len(known) == len(self.closed)
        return sum(known, start=ZERO) if whole else None


async def report(
    tools: Tools, account: Account, *, since: datetime, until: datetime
) -> Report | None:
    """How the account did in that time; ``None`` before the first look at it."""
    journal = tools.journal
    guard = await journal.get(GuardState, account.id)
    if guard is None:
        return None
    ended = await journal.find(
        Trade,
        account_id=account.id,
        state=TradeState.CLOSED,
        closed_at=AtLeast(value=since),
        order_by="-closed_at",
    )
    first = await _point(tools, account, at=AtLeast(value=since), order_by="at")
    last = await _point(tools, account, at=AtMost(value=until), order_by="-at")
    return Report(
        account=account,
        guard=guard,
        closed=tuple(
            each for each in ended if each.closed_at and each.closed_at < until
        ),
        open_now=await journal.count(Trade, account_id=account.id, state=ON_THE_BOOK),
        before=None if first is None or first.at > until else first.equity,
        after=None if last is None or last.at < since else last.equity,
    )


async def _point(
    tools: Tools, account: Account, *, at: AtLeast | AtMost, order_by: str
) -> EquityPoint | None:
    found = await tools.journal.find(
        EquityPoint, account_id=account.id, at=at, order_by=order_by, limit=1
    )
    return found[0] if found else None


async def equity_chart(
    tools: Tools, account: Account, *, since: datetime | None
) -> EquityChart | None:
    """The account's curve since then, or all of it; ``None`` with less than two points.

    Of a curve that is too long to read, the latest part.
    """
    latest = await tools.journal.find(
        EquityPoint,
        account_id=account.id,
        at=AtLeast(value=_EVER if since is None else since),
        order_by="-at",
        limit=MOST_POINTS,
    )
    points = tuple(reversed(latest))
    if len(points) < 2:  # noqa: PLR2004 - one point is no curve
        return None
    fired = await tools.journal.find(
        AuditEntry,
        subject=f"account:{account.id}",
        action=_FIRED,
        at=AtLeast(value=points[0].at),
    )
    return EquityChart(
        title=account.id,
        currency=account.currency,
        points=points,
        limit_percent=tools.choices.rules[account.id].max_drawdown_percent,
        marks=tuple((entry.at, MarkKind.FIRED) for entry in fired),
    )


async def sum_up(tools: Tools) -> int:
    """Tell of each account's last trading day, once it is over; returns how many."""
    told = 0
    for account in await tools.journal.find(Account, enabled=True):
        if not _idle(tools, account):
            told += await _sum_up(tools, account)
    return told


def _idle(tools: Tools, account: Account) -> bool:
    """A paper account that nobody has looked at since the start has nothing to tell."""
    served = tools.epochs is None or account.id in tools.epochs
    return account.source is AccountSource.FOLLOW and not served


async def _sum_up(tools: Tools, account: Account) -> bool:
    rules = tools.choices.rules.get(account.id)
    if rules is None:
        return False
    day = last_day(rules, tools.clock.now())
    if await _is_told(tools, account, day):
        return False
    if not await _was_watched(tools, account, day_begins(rules, day)):
        return False
    readers = [
        member
        for member in await tools.concerned(account.id)
        if may_decide(account, member) or may_manage(member)
    ]
    notices = [
        tools.notice(NoticeKind.DAY_SUMMARY, account.id, to=member.user_id, detail=day)
        for member in readers
    ]
    if not notices:
        return False
    try:
        await tools.journal.commit(Save(account), *notices)
    except Conflict:  # somebody else was first, or will be asked again
        return False
    return True


def last_day(rules: RiskRules, now: datetime) -> str:
    """The trading day before the present one."""
    today = date.fromisoformat(trading_day(rules, now))
    return (today - timedelta(days=1)).isoformat()


async def _is_told(tools: Tools, account: Account, day: str) -> bool:
    return bool(
        await tools.journal.count(
            OutboxItem, subject=account.id, notice=NoticeKind.DAY_SUMMARY, detail=day
        )
    )


async def _was_watched(tools: Tools, account: Account, since: datetime) -> bool:
    """Whether somebody looked when the day began: else it has no summary."""
    return (
        await _point(tools, account, at=AtMost(value=since), order_by="at") is not None
    )

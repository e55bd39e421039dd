"""How accounts did: history, equity, the daily summary. Pure."""

from collections.abc import Sequence
from datetime import date, datetime

from babel.dates import format_date

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.outcomes import MODES, SIDES, closed_by
from bot.telegram.views.speech import later, say, say_count, spoken
from bot.telegram.views.text import (
    dotted,
    listed,
    money,
    price,
    result,
    safe,
    signed,
    when,
)
from bot.telegram.views.view import Button, View
from core.desk.reporting import Report
from core.money import ZERO, percent_of, plain
from core.trades import Trade

DAYS = (7, 30, 365)
"""Of history that have a button."""
SPANS = {"7d": later("7 days"), "30d": later("30 days"), "all": later("All time")}
"""Of an equity curve."""
MOST_TRADES = 10
"""Of one account in one message; the file has all."""


def history_view(reports: Sequence[Report], days: int, now: datetime) -> View:
    """The last closed trades, account by account, and all of them as a file."""
    if not reports:
        return View(text=say("There is no account here on which you decide."))
    blocks = [_history(report, days, now) for report in reports]
    some = any(report.closed for report in reports)
    file = Button(text=say("CSV file"), data=pack(Press.HISTORY_FILE, str(days)))
    longer = [
        Button(
            text=say_count("{count} day", "{count} days", each),
            data=pack(Press.HISTORY, str(each)),
        )
        for each in DAYS
        if each != days
    ]
    rows = (tuple(longer), (file,)) if some else (tuple(longer),)
    return View(text=listed(blocks, between="\n\n"), rows=rows)


def _history(report: Report, days: int, now: datetime) -> str:
    head = _head(report)
    if not report.closed:
        nothing = say_count(
            "Nothing was closed in the last {count} day.",
            "Nothing was closed in the last {count} days.",
            days,
        )
        return f"{head}\n{nothing}"
    summed = say_count(
        "Last {count} day: {result}",
        "Last {count} days: {result}",
        days,
        result=_summed(report),
    )
    lines = [_trade(each, report, now) for each in report.closed[:MOST_TRADES]]
    more = len(report.closed) - MOST_TRADES
    if more > 0:
        lines.append(say_count("… and {count} more.", "… and {count} more.", more))
    return "\n".join([head, summed, *lines])


def _head(report: Report) -> str:
    mode = say(MODES[report.account.mode])
    return dotted(f"<b>{safe(report.account.id)}</b>", mode)


def _summed(report: Report) -> str:
    """``+120.00 USD · +2.4 R · 3 of 4 won``."""
    parts = [f"<b>{result(report.profit, report.account.currency)}</b>"]
    if report.total_r is not None:
        parts.append(say("{r} R", r=signed(report.total_r, 1)))
    parts.append(say("{won} of {all} won", won=report.won, all=len(report.closed)))
    return dotted(*parts)


def _trade(trade: Trade, report: Report, now: datetime) -> str:
    at = when(trade.closed_at or now, now=now)
    r = trade.r_multiple
    line = say(
        "{side} {lots} {instrument} {opened} → {closed}: <b>{result}</b>",
        side=say(SIDES[trade.side]),
        lots=plain(trade.volume),
        instrument=safe(trade.instrument),
        opened=price(trade.open_price),
        closed=price(trade.close_price),
        result=result(trade.profit or ZERO, report.account.currency),
    )
    rs = [] if r is None else [say("{r} R", r=signed(r, 1))]
    return dotted(at, line, *rs, closed_by(trade))


def equity_view(report: Report, span: str, photo: str | None) -> View:
    """An account's money now and since; ``photo`` is its curve."""
    guard, currency = report.guard, report.account.currency
    lines = [
        _head(report),
        say(
            "Equity <b>{equity}</b> · peak {peak}",
            equity=money(guard.equity, currency),
            peak=money(guard.peak, currency),
        ),
    ]
    if report.before:
        lines.append(
            say(
                "{span}: {change} ({percent} %)",
                span=say(SPANS[span]),
                change=result(guard.equity - report.before, currency),
                percent=signed(percent_of(guard.equity - report.before, report.before)),
            )
        )
    if photo is None:
        lines.append(say("There are not enough readings for a curve yet."))
    buttons = tuple(
        Button(
            text=say(SPANS[each]),
            data=pack(Press.EQUITY, f"{each}@{report.account.id}"),
        )
        for each in SPANS
        if each != span
    )
    return View(text="\n".join(lines), rows=(buttons,), photo=photo)


def summary_view(report: Report, day: str, photo: str | None) -> View:
    """How a trading day was, once it is over."""
    currency = report.account.currency
    on = format_date(date.fromisoformat(day), "EEEE, d MMM", locale=spoken())
    lines = [dotted(f"🗓 {_head(report)}", on), _closed(report)]
    if report.before and report.after is not None:
        change = report.after - report.before
        lines.append(
            say(
                "Equity <b>{equity}</b>: {change} ({percent} %)",
                equity=money(report.after, currency),
                change=result(change, currency),
                percent=signed(percent_of(change, report.before)),
            )
        )
    if report.open_now:
        lines.append(
            say_count(
                "{count} position is open: /positions",
                "{count} positions are open: /positions",
                report.open_now,
            )
        )
    return View(text="\n".join(lines), photo=photo)


def _closed(report: Report) -> str:
    if not report.closed:
        return say("Nothing was closed.")
    return say_count(
        "{count} trade closed: {result}",
        "{count} trades closed: {result}",
        len(report.closed),
        result=_summed(report),
    )

"""/history and /equity: how the accounts did on which somebody decides."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.exporting import Format, What, exported
from bot.telegram.callbacks import Press, Pressed
from bot.telegram.curves import drawn
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import Command, Handler
from bot.telegram.routers.positions import decided_by
from bot.telegram.views.reports import DAYS, SPANS, equity_view, history_view
from bot.telegram.views.speech import say
from bot.telegram.views.view import Document, View
from core.accounts import Account
from core.desk.joining import Person
from core.desk.reporting import Report, report
from core.desk.taps import OUTDATED, Reply, Tap
from core.ids import UserId

MOST_CURVES = 4
"""Pictures that one /equity sends."""
_SPAN_DAYS = {"7d": 7, "30d": 30, "all": 36_500}


async def on_history(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/history [DAYS]: the last closed trades, and a file with all of them."""
    wanted = (command.args or "").strip()
    days = int(wanted) if wanted.isdecimal() and 0 < len(wanted) < 5 else DAYS[0]  # noqa: PLR2004
    await desk.gateway.reply(person.id, await _history(desk, person.id, max(1, days)))


async def _history(desk: Desk, user_id: UserId, days: int) -> View:
    found = await _reports(desk, await decided_by(desk, user_id), days)
    return history_view(found, days, desk.tools.clock.now())


async def _reports(desk: Desk, accounts: Sequence[Account], days: int) -> list[Report]:
    now = desk.tools.clock.now()
    since = now - timedelta(days=days)
    found = [
        await report(desk.tools, each, since=since, until=now) for each in accounts
    ]
    return [each for each in found if each is not None]


async def on_equity(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/equity [7d|30d|all]: each account's curve."""
    wanted = (command.args or "").strip().lower()
    span = wanted if wanted in SPANS else "7d"
    accounts = await decided_by(desk, person.id)
    if not accounts:
        text = say("There is no account here on which you decide.")
        await desk.gateway.reply(person.id, View(text=text))
    for account in accounts[:MOST_CURVES]:
        await _send_curve(desk, person.id, account, span)


async def _send_curve(desk: Desk, user_id: UserId, account: Account, span: str) -> None:
    days = _SPAN_DAYS[span]
    found = await _reports(desk, [account], days)
    if not found:
        text = say("There are not enough readings for a curve yet.")
        await desk.gateway.reply(user_id, View(text=text))
    for each in found:
        since = None if span == "all" else _ago(desk, days)
        photo = await drawn(desk.tools, account, since=since, to=user_id)
        await desk.gateway.reply(user_id, equity_view(each, span, photo))


def _ago(desk: Desk, days: int) -> datetime:
    return desk.tools.clock.now() - timedelta(days=days)


async def _other_days(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    if not pressed.argument.isdecimal() or int(pressed.argument) not in DAYS:
        return OUTDATED
    view = await _history(desk, tap.user_id, int(pressed.argument))
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text="")


async def _file(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """All trades of those days as a file."""
    argument = pressed.argument
    if not argument.isdecimal() or len(argument) > 4:  # noqa: PLR2004
        return OUTDATED
    mine = frozenset(each.id for each in await decided_by(desk, tap.user_id))
    if not mine:
        return Reply(text=say("There is no account here on which you decide."))
    rows = exported(
        desk.tools.journal,
        What.TRADES,
        Format.CSV,
        since=_ago(desk, int(argument)),
        account_id=mine,
    )
    text = "".join([piece async for piece in rows])
    name = f"trades-{desk.tools.clock.now():%Y-%m-%d}.csv"
    content = text.encode("utf-8-sig")  # so that Excel takes it for UTF-8
    await desk.gateway.hand_over(tap.user_id, Document(name=name, content=content))
    return Reply(text=say("Here is the file."))


async def _curve(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    span, _, name = pressed.argument.partition("@")
    accounts = await decided_by(desk, tap.user_id)
    account = next((each for each in accounts if each.id == name), None)
    if account is None or span not in SPANS:
        return OUTDATED
    await _send_curve(desk, tap.user_id, account, span)
    return Reply(text="")


COMMANDS: dict[str, Command] = {"history": on_history, "equity": on_equity}
PRESSES: dict[Press, Handler] = {
    Press.HISTORY: _other_days,
    Press.HISTORY_FILE: _file,
    Press.EQUITY: _curve,
}

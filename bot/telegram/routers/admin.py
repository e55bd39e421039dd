"""What admins look up and say to everybody."""

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.telegram.admin_cards import audit_lines, reconciled_card, signals_page
from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import (
    Command,
    Handler,
    not_for_you,
    note_refused,
)
from bot.telegram.views.admin import (
    audit_view,
    broadcast_question,
    broadcast_view,
    reconciled_view,
    signals_view,
)
from bot.telegram.views.confirming import EVERYTHING, panic_question
from bot.telegram.views.speech import say
from bot.telegram.views.text import told
from bot.telegram.views.view import View
from core.desk.broadcasting import draft, progress, start
from core.desk.commanding import managed
from core.desk.joining import Person
from core.desk.taps import Reply, Tap
from core.errors import Refused
from core.messages import Broadcast


async def on_signals(
    _: Message, command: CommandObject, desk: Desk, person: Person, *, manages: bool
) -> None:
    """/signals [PROVIDER]: the latest and what became of them."""
    view = not_for_you()
    if manages:
        wanted = (command.args or "").strip()
        view = signals_view(await signals_page(desk.tools, wanted))
    await desk.gateway.reply(person.id, view)


async def on_audit(
    _: Message, command: CommandObject, desk: Desk, person: Person, *, manages: bool
) -> None:
    """/audit [WORD]: who did what, as far as it concerns this admin."""
    view = not_for_you()
    if manages:
        wanted = (command.args or "").strip()
        lines = await audit_lines(desk.tools, person.id, wanted)
        view = audit_view(lines, desk.tools.clock.now())
    await desk.gateway.reply(person.id, view)


async def on_reconcile(_: Message, desk: Desk, person: Person) -> None:
    """/reconcile: compare with the brokers now, and say what was found."""
    mine = await managed(desk.tools, person.id)
    view = not_for_you()
    if mine:
        since = desk.tools.clock.now()
        await desk.watch.reconcile([each.id for each in mine])
        cards = [await reconciled_card(desk.tools, each, since=since) for each in mine]
        view = reconciled_view(cards)
    await desk.gateway.reply(person.id, view)


async def on_broadcast(
    _: Message, command: CommandObject, desk: Desk, person: Person, *, manages: bool
) -> None:
    """/broadcast TEXT: asks first."""
    view = not_for_you()
    if manages:
        try:
            row = await draft(desk.tools, command.args or "", by=person.id)
            view = broadcast_question(row)
        except Refused as refusal:
            view = View(text=told(refusal.reason))
    await desk.gateway.reply(person.id, view)


async def _broadcast(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    try:
        row = await start(desk.tools, pressed.argument, by=tap.user_id)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    await _show_progress(desk, tap, row)
    return Reply(text=say("It is on its way."))


async def _progress(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    row = await desk.tools.journal.get(Broadcast, pressed.argument)
    if row is None or row.user_id != tap.user_id:
        return Reply(text=say("Only who sent it can ask."), alert=True)
    await _show_progress(desk, tap, row)
    return Reply(text="")


async def _show_progress(desk: Desk, tap: Tap, row: Broadcast) -> None:
    view = broadcast_view(row, await progress(desk.tools, row))
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)


async def _panic_which(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """Asks about the account that was chosen."""
    mine = await managed(desk.tools, tap.user_id)
    name = pressed.argument
    meant = [each for each in mine if name in (EVERYTHING, each.id)]
    if not meant:
        await note_refused(desk, tap, pressed, "panic")
        return Reply(text=say("You do not administer that account."), alert=True)
    asked = int(desk.tools.clock.now().timestamp())
    view = panic_question(meant, f"{name}@{asked}")
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=say("Confirm it, or go back."))


COMMANDS: dict[str, Command] = {
    "signals": on_signals,
    "audit": on_audit,
    "reconcile": on_reconcile,
    "broadcast": on_broadcast,
}
PRESSES: dict[Press, Handler] = {
    Press.BROADCAST: _broadcast,
    Press.PROGRESS: _progress,
    Press.PANIC_WHICH: _panic_which,
}

"""Buttons: the tap, the answer to it, and the redrawn message."""

from dataclasses import replace

import structlog
from aiogram import Router
from aiogram.types import CallbackQuery

from bot.telegram.callbacks import REASONS, Press, Pressed, unpack
from bot.telegram.cards import prompt_card
from bot.telegram.desk import Desk
from bot.telegram.routers import (
    admin,
    details,
    following,
    groups,
    languages,
    membership,
    people,
    positions,
    providers,
    reports,
    rules,
    settings,
)
from bot.telegram.routers.asking import (
    Handler,
    asked_too_long_ago,
    note_refused,
    too_late,
)
from bot.telegram.views.confirming import EVERYTHING, closes_said
from bot.telegram.views.notices import order_notice
from bot.telegram.views.prompts import prompt_view
from bot.telegram.views.speech import retold, say
from bot.telegram.views.view import View
from bot.telegram.views.welcoming import agreed_view, consent_view
from core.desk import deciding, joining, reasons, snoozing
from core.desk.commanding import close_all, managed, panic
from core.desk.delivering import adopt_message
from core.desk.joining import Person
from core.desk.recording import picture
from core.desk.resolving import adopt, answerable, not_placed
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.ids import AccountId, OrderId
from core.messages import Priority, Topic
from core.orders import Order, OrderState
from core.prompts import UNDECIDED, Prompt

log = structlog.get_logger()


def router() -> Router:
    """The router of every button."""
    taps = Router(name="taps")
    taps.callback_query.register(on_tap)
    return taps


async def on_tap(
    query: CallbackQuery, desk: Desk, person: Person, update_id: int
) -> None:
    """Any button; one that is none of ours is outdated."""
    pressed = unpack(query.data)
    tap = _tap(query, person, pressed.argument if pressed else "", update_id)
    private = tap.chat_id == person.id
    reply = replace(OUTDATED, alert=True) if private else groups.elsewhere()
    if pressed is not None and (private or pressed.press in groups.PRESSES):
        if private:
            await adopt_message(desk.tools, tap)
        reply = await _HANDLERS[pressed.press](desk, tap, pressed)
    await desk.gateway.answer(query.id, retold(reply.text), alert=reply.alert)
    _tell(pressed, tap, reply)
    if reply.consent_needed:
        await desk.gateway.reply(
            person.id, consent_view(await joining.terms_for(desk.tools, person.id))
        )
    if private:
        if reply.text == OUTDATED.text:
            await _redraw_outdated(desk, tap)
        await _redraw_copy(desk, tap, reply)


def _tell(pressed: Pressed | None, tap: Tap, reply: Reply) -> None:
    """Log what became of a tap; never its nonce, which is a key."""
    log.info(
        "tap_answered",
        press=pressed.press.name.lower() if pressed else None,
        user=tap.user_id,
        update_id=tap.update_id,
        prompt=reply.prompt.id if reply.prompt else None,
        state=reply.prompt.state.value if reply.prompt else None,
        answer=reply.text,
    )


def _tap(query: CallbackQuery, person: Person, argument: str, update_id: int) -> Tap:
    message = query.message
    return Tap(
        user_id=person.id,
        nonce=argument,
        chat_id=message.chat.id if message else person.id,
        message_id=message.message_id if message else 0,
        update_id=update_id,
    )


async def _redraw_copy(desk: Desk, tap: Tap, reply: Reply) -> None:
    """A second copy of a prompt's message is drawn too; the outbox draws the first."""
    prompt = reply.prompt
    if prompt is None or not tap.message_id or tap.user_id != prompt.user_id:
        return
    if prompt.message_id == tap.message_id:
        return
    card = await prompt_card(desk.tools, prompt.id)
    if card is not None:
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, prompt_view(card))


async def _redraw_outdated(desk: Desk, tap: Tap) -> None:
    """Buttons that lead nowhere do not stay: the outbox draws the message again.

    One that is no prompt's message loses them at once. While a prompt of this person
    may have been delivered without being known as such, this could be the one.
    """
    journal, user = desk.tools.journal, tap.user_id
    shown = await journal.find(Prompt, user_id=user, message_id=tap.message_id)
    if shown:
        item = desk.tools.item(Topic.PROMPT, shown[0].id, Priority.TAP)
        await journal.commit(item)
    elif not await journal.count(
        Prompt,
        user_id=user,
        message_id=None,
        state=UNDECIDED,
        viewer=False,
        held=False,
    ):
        await desk.gateway.try_clear(tap.chat_id, tap.message_id)


async def _approve(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await deciding.approve(desk.tools, tap)


async def _confirm(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await deciding.approve(desk.tools, tap, confirmed=True)


async def _back(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await deciding.back(desk.tools, tap)


async def _reject(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await deciding.reject(desk.tools, tap)


async def _snooze(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await snoozing.snooze(desk.tools, tap)


async def _reason(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    return await reasons.give_reason(desk.tools, tap, REASONS[pressed.press])


async def _write(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    return await reasons.ask_reason(desk.tools, tap)


async def _agree(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    agreed = await joining.agree(desk.tools, tap.user_id, pressed.argument)
    if agreed is not None:
        view = agreed_view(agreed, desk.tools.clock.now())  # kept, without its button
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
        return Reply(text=say("Thank you. Signals will arrive here."))
    consent = consent_view(await joining.terms_for(desk.tools, tap.user_id))
    await desk.gateway.reply(tap.user_id, consent)
    await desk.gateway.try_clear(tap.chat_id, tap.message_id)
    newer = say("There is a newer text; please read that one.")
    return Reply(text=newer, alert=True)


async def _close_all(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    if asked_too_long_ago(desk, pressed.argument):
        return too_late()
    try:
        aimed = await close_all(desk.tools, tap.user_id)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    text = closes_said(aimed)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, View(text=text))
    return Reply(text=text)


async def _panic(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    name, _, asked = pressed.argument.partition("@")
    if asked_too_long_ago(desk, asked):
        return too_late()
    mine = [each.id for each in await managed(desk.tools, tap.user_id)]
    meant = mine if name == EVERYTHING else [AccountId(name)]
    if not meant or not set(meant) <= set(mine):
        await note_refused(desk, tap, pressed, "panic")
        return Reply(text=say("You do not administer that account."), alert=True)
    fired = [each for each in meant if await panic(desk.tools, each, by=tap.user_id)]
    desk.watch.look()
    text = (
        say("Flattening {accounts}.", accounts=", ".join(fired))
        if fired
        else say("It had fired already.")
    )
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, View(text=f"🛑 {text}"))
    return Reply(text=text)


async def _never_mind(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    text = say("Nothing was done.")
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, View(text=text))
    return Reply(text=text)


async def _parked(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    order = await desk.tools.journal.get(Order, pressed.argument)
    if order is None or tap.user_id not in await answerable(desk.tools, order):
        await note_refused(desk, tap, pressed, f"order:{pressed.argument}")
        theirs = say("Only the account's deciders and admins can say.")
        return Reply(text=theirs, alert=True)
    answer, reason = _SETTLED[pressed.press]
    try:
        said = await answer(desk.tools, order.id, by=tap.user_id, reason=reason)
        reply = Reply(text=said)
    except Refused as refusal:
        reply = Reply(text=refusal.reason, alert=True)
    await _redraw_question(desk, tap, order.id)
    return reply


_SETTLED = {
    Press.ADOPT: (adopt, "Found in the terminal."),
    Press.NOT_PLACED: (not_placed, "Looked into the terminal: it is not there."),
}


async def _redraw_question(desk: Desk, tap: Tap, order_id: OrderId) -> None:
    """A question that is answered has no buttons; a prompt's own message shows more."""
    order = await desk.tools.journal.get(Order, order_id)
    if order is None or order.state is OrderState.PARKED:
        return
    shown = await desk.tools.journal.count(
        Prompt, id=order.prompt_id, user_id=tap.user_id, message_id=tap.message_id
    )
    if shown:
        await desk.tools.journal.commit(*picture(desk.tools, order))
    else:
        view = order_notice(order)
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)


_HANDLERS: dict[Press, Handler] = {
    Press.APPROVE: _approve,
    Press.CONFIRM: _confirm,
    Press.BACK: _back,
    Press.REJECT: _reject,
    Press.SNOOZE: _snooze,
    Press.NEWS: _reason,
    Press.SPREAD: _reason,
    Press.RISK: _reason,
    Press.SKIP: _reason,
    Press.WRITE: _write,
    Press.AGREE: _agree,
    Press.CLOSE_ALL: _close_all,
    Press.PANIC: _panic,
    Press.NEVER_MIND: _never_mind,
    **admin.PRESSES,
    **details.PRESSES,
    **reports.PRESSES,
    **settings.PRESSES,
    **membership.PRESSES,
    **following.PRESSES,
    **groups.PRESSES,
    **people.PRESSES,
    Press.ADOPT: _parked,
    Press.NOT_PLACED: _parked,
    **positions.PRESSES,
    **rules.PRESSES,
    **languages.PRESSES,
    **providers.HANDLERS,
}

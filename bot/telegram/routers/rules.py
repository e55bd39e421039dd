"""/rules and its buttons: what may be ordered in one's name without asking."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import Command, Handler, asked_too_long_ago
from bot.telegram.rule_cards import RulesCard, rules_card
from bot.telegram.views.rules import (
    NEW,
    Chosen,
    pair_question,
    rule_question,
    rules_view,
    step_question,
)
from bot.telegram.views.speech import say
from bot.telegram.views.view import View
from core.desk.granting import Wish, grant, revoke
from core.desk.joining import Person
from core.desk.taps import Reply, Tap
from core.errors import Refused
from core.messages import Priority, Topic
from core.prompts import Prompt

_CHOSEN = re.compile(
    r"([0-9a-f]{10})(?:,([0-9]{1,3}(?:\.[0-9]{1,4})?))?(?:,([0-9]{1,2}))?(?:,([0-9]{1,11}))?"
)
"""Which pair, the risk, how many a day, until when."""


async def on_rules(_: Message, desk: Desk, person: Person) -> None:
    """/rules: the standing rules of this person."""
    view = rules_view(await rules_card(desk.tools, person.id))
    await desk.gateway.reply(person.id, view)


def _chosen(card: RulesCard, argument: str) -> Chosen | None:
    """What a button says was chosen; ``None`` when there is no such pair any more."""
    found = _CHOSEN.fullmatch(argument)
    key, percent, per_day, until = found.groups() if found else ("", "", "", "")
    pair = next((each for each in card.pairs if each.key == key), None)
    if pair is None:
        return None
    return Chosen(
        pair=pair,
        percent=Decimal(percent) if percent else None,
        per_day=int(per_day) if per_day else None,
        until=datetime.fromtimestamp(int(until), UTC) if until else None,
    )


async def _step(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """The list, or the next question."""
    card = await rules_card(desk.tools, tap.user_id)
    chosen = _chosen(card, pressed.argument)
    if chosen is not None:
        return await _ask(desk, tap, chosen)
    if pressed.argument == NEW and card.pairs:
        return await _show(desk, tap, pair_question(card.pairs), say("Choose."))
    gone = pressed.argument not in ("", NEW)
    text = say("That is not possible any more; here is the list.")
    reply = await _show(desk, tap, rules_view(card), say("These are your rules."))
    return Reply(text=text, alert=True) if gone else reply


async def _ask(desk: Desk, tap: Tap, chosen: Chosen) -> Reply:
    now = desk.tools.clock.now()
    if chosen.until is None:
        return await _show(desk, tap, step_question(chosen, now), say("Choose."))
    view = rule_question(chosen, int(now.timestamp()), now)
    return await _show(desk, tap, view, say("Confirm it, or go back."))


async def _show(desk: Desk, tap: Tap, view: View, said: str) -> Reply:
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=said)


async def _grant(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    choices, _, asked = pressed.argument.partition("@")
    card = await rules_card(desk.tools, tap.user_id)
    chosen = _chosen(card, choices)
    wish = None if chosen is None else _wish(chosen)
    if chosen is None or wish is None:
        return await _step(desk, tap, Pressed(Press.RULES, choices))
    if asked_too_long_ago(desk, asked):
        await _ask(desk, tap, chosen)
        text = say("That was asked too long ago: look at it again, then tap.")
        return Reply(text=text, alert=True)
    try:
        await grant(desk.tools, tap, wish)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    view = rules_view(await rules_card(desk.tools, tap.user_id))
    return await _show(desk, tap, view, say("Granted. Every order by it says so."))


def _wish(chosen: Chosen) -> Wish | None:
    percent, per_day, until = chosen.percent, chosen.per_day, chosen.until
    if percent is None or per_day is None or until is None:
        return None
    return Wish(
        account_id=chosen.pair.account.id,
        provider=chosen.pair.provider,
        max_risk_percent=percent,
        per_day=per_day,
        until=until,
    )


async def _revoke(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    try:
        done = await revoke(desk.tools, tap, pressed.argument)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    await _redraw(desk, tap)
    if not done:
        return Reply(text=say("It was revoked already."))
    return Reply(text=say("Revoked: such signals ask you again."))


async def _redraw(desk: Desk, tap: Tap) -> None:
    """The button stood under the list, or under what the rule has approved."""
    prompts = await desk.tools.journal.find(
        Prompt, user_id=tap.user_id, message_id=tap.message_id
    )
    if not prompts:
        view = rules_view(await rules_card(desk.tools, tap.user_id))
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    for prompt in prompts:
        item = desk.tools.item(Topic.PROMPT, prompt.id, Priority.TAP)
        await desk.tools.journal.commit(item)


COMMANDS: dict[str, Command] = {"rules": on_rules}
PRESSES: dict[Press, Handler] = {
    Press.RULES: _step,
    Press.RULE_NOW: _grant,
    Press.REVOKE: _revoke,
}

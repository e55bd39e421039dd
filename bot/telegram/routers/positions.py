"""/positions and the buttons of an open trade: for whoever decides on its account."""

import re
from decimal import Decimal

from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.cards import account_card
from bot.telegram.desk import Desk
from bot.telegram.position_cards import cards_of, open_trades, position_card
from bot.telegram.routers.asking import Command, Handler, asked_too_long_ago
from bot.telegram.views.answers import positions_view
from bot.telegram.views.positions import (
    ASKS,
    MOST_CARDS,
    NOW,
    listing_view,
    position_view,
    question_view,
)
from bot.telegram.views.speech import say
from core.access import may_decide
from core.accounts import Account
from core.desk.handling import Bond, Change, ask, carry_out
from core.desk.joining import Person
from core.desk.taps import OUTDATED, Reply, Tap
from core.ids import UserId

_BOUND = re.compile(r"([^@]+)@([0-9]{1,12})@([0-9]{1,6})@([0-9]+(?:\.[0-9]+)?)")


async def on_positions(_: Message, desk: Desk, person: Person) -> None:
    """/positions: open trades of the accounts on which this person decides."""
    accounts = await decided_by(desk, person.id)
    trades = await open_trades(desk.tools, accounts)
    shown = [await account_card(desk.tools, account) for account in accounts]
    known = [card for card in shown if card is not None]
    if len(trades) > MOST_CARDS:
        await desk.gateway.reply(person.id, listing_view(known))
        return
    if not trades or any(card.placed for card in known):
        await desk.gateway.reply(person.id, positions_view(known))
    for card in await cards_of(desk.tools, person.id, trades):
        await desk.gateway.reply(person.id, position_view(card))


async def decided_by(desk: Desk, user_id: UserId) -> list[Account]:
    """The accounts on which this person decides."""
    found = []
    for membership in await desk.tools.members(user_id=user_id):
        account = await desk.tools.journal.get(Account, membership.account_id)
        if account is not None and may_decide(account, membership):
            found.append(account)
    return found


async def _open(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    card = await position_card(desk.tools, tap, pressed.argument)
    if isinstance(card, Reply):
        return card
    await desk.gateway.reply(tap.user_id, position_view(card))
    return Reply(text=say("Here is the position."))


async def _refresh(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    return await _show(desk, tap, pressed.argument)


async def _show(desk: Desk, tap: Tap, trade_id: str, said: str = "") -> Reply:
    """The message shows the trade as it is now."""
    card = await position_card(desk.tools, tap, trade_id)
    if isinstance(card, Reply):
        return card
    view = position_view(card, said)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=say("This is how it stands now."))


def _asking(change: Change) -> Handler:
    async def handler(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
        found = await ask(desk.tools, tap, change, pressed.argument)
        if isinstance(found, Reply):
            return found
        asked = int(desk.tools.clock.now().timestamp())
        view = question_view(found, asked)
        await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
        return Reply(text=say("Confirm it, or go back."))

    return handler


def _carrying_out(change: Change) -> Handler:
    async def handler(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
        bound = _BOUND.fullmatch(pressed.argument)
        if bound is None:
            return OUTDATED
        trade_id, asked, orders, volume = bound.groups()
        if asked_too_long_ago(desk, asked):
            await _show(desk, tap, trade_id)
            text = say("That was asked too long ago: look at it again, then tap.")
            return Reply(text=text, alert=True)
        bond = Bond(orders=int(orders), volume=Decimal(volume))
        reply = await carry_out(desk.tools, tap, change, trade_id, bond)
        await _show(desk, tap, trade_id, "" if reply.alert else reply.text)
        return reply

    return handler


COMMANDS: dict[str, Command] = {"positions": on_positions}
PRESSES: dict[Press, Handler] = {
    Press.POSITION: _open,
    Press.REFRESH: _refresh,
    **{press: _asking(change) for change, press in ASKS.items()},
    **{press: _carrying_out(change) for change, press in NOW.items()},
}

"""/users and its buttons: for whoever administers an account."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.introducing import show_menu
from bot.telegram.people_cards import (
    MemberCard,
    card_of,
    people_page,
    request_card,
)
from bot.telegram.routers.asking import (
    Command,
    Handler,
    asked_too_long_ago,
    not_for_you,
    note_refused,
    too_late,
)
from bot.telegram.views.inviting import all_question, request_view
from bot.telegram.views.people import (
    PERIODS,
    member_view,
    people_view,
    remove_question,
    role_question,
)
from bot.telegram.views.speech import say, say_count
from bot.telegram.views.view import View
from core.desk.joining import Person
from core.desk.membership import remove, set_role, set_until
from core.desk.parting import remaining
from core.desk.providing import may_switch
from core.desk.requesting import Answer, accept, accept_all, decline
from core.desk.taps import OUTDATED, Reply, Tap
from core.errors import Refused
from core.ids import AccountId, UserId
from core.users import Role

Act = Callable[[Desk, Tap, str], Awaitable[str]]
"""Does what a button asks for, with its argument; what to answer."""


async def on_users(
    _: Message, command: CommandObject, desk: Desk, person: Person, *, manages: bool
) -> None:
    """/users [ACCOUNT|ID]: who is in, who asks, and what may be changed."""
    view = not_for_you()
    if manages:
        wanted = (command.args or "").strip()
        page = await people_page(desk.tools, person.id, wanted)
        view = people_view(page) if page else _nobody()
    await desk.gateway.reply(person.id, view)


def _nobody() -> View:
    return View(
        text=say("You administer no account and no member of that name. Send /users.")
    )


def _guarded(act: Act) -> Handler:
    """A button's handler: for admins only, and the answer when it may not be."""

    async def handler(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
        if not await may_switch(desk.tools, tap.user_id):
            await note_refused(desk, tap, pressed, "people")
            return Reply(text=not_for_you().text, alert=True)
        argument, _, asked = pressed.argument.partition("@")
        if pressed.press in _CONFIRMS and asked_too_long_ago(desk, asked):
            await _overview(desk, tap)
            return too_late()
        try:
            return Reply(text=await act(desk, tap, argument))
        except Refused as refusal:
            await _overview(desk, tap)
            return Reply(text=refusal.reason, alert=True)

    return handler


_CONFIRMS = frozenset({Press.ROLE_NOW, Press.REMOVE_NOW, Press.ACCEPT_ALL_NOW})


async def _edit(desk: Desk, tap: Tap, view: View) -> None:
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)


async def _overview(desk: Desk, tap: Tap, wanted: str = "", page: int = 0) -> None:
    """The message shows where things stand now."""
    found = await people_page(desk.tools, tap.user_id, wanted, page)
    await _edit(desk, tap, people_view(found) if found else _nobody())


def _asked(desk: Desk) -> int:
    return int(desk.tools.clock.now().timestamp())


# ------------------------------------------------------------------ members


async def _list(desk: Desk, tap: Tap, argument: str) -> str:
    page, _, wanted = argument.partition(".")
    await _overview(desk, tap, wanted, int(page) if page.isdecimal() else 0)
    return ""


async def _member(desk: Desk, tap: Tap, argument: str) -> str:
    await _edit(desk, tap, member_view(await _card(desk, tap, argument)))
    return ""


async def _card(desk: Desk, tap: Tap, membership_id: str) -> MemberCard:
    card = await card_of(desk.tools, tap.user_id, membership_id)
    if card is None:
        message = say("That membership is over; /users shows who is there.")
        raise Refused(message)
    return card


async def _ask_role(desk: Desk, tap: Tap, argument: str) -> str:
    role, _, membership_id = argument.partition(".")
    card = await _card(desk, tap, membership_id)
    await _edit(desk, tap, role_question(card, _role(role), _asked(desk)))
    return say("Confirm it, or go back.")


def _role(word: str) -> Role:
    """A role that can be given; buttons are made by anybody."""
    if word not in (Role.VIEWER, Role.APPROVER, Role.ADMIN):
        raise Refused(OUTDATED.text)
    return Role(word)


async def _set_role(desk: Desk, tap: Tap, argument: str) -> str:
    role, _, membership_id = argument.partition(".")
    wanted = _role(role)
    done = await set_role(desk.tools, membership_id, wanted, by=tap.user_id)
    card = await _card(desk, tap, membership_id)
    await _edit(desk, tap, member_view(card))
    await show_menu(desk.tools, desk.gateway, card.user.id)
    return say("Done; they are told.") if done else say("It was so already.")


async def _set_until(desk: Desk, tap: Tap, argument: str) -> str:
    days, _, membership_id = argument.partition(".")
    if days not in {"0", *map(str, PERIODS)}:
        raise Refused(OUTDATED.text)
    span = timedelta(days=int(days))
    until = desk.tools.clock.now() + span if span else None
    await set_until(desk.tools, membership_id, until, by=tap.user_id)
    await _edit(desk, tap, member_view(await _card(desk, tap, membership_id)))
    return say("Done; they are told.")


async def _ask_remove(desk: Desk, tap: Tap, argument: str) -> str:
    card = await _card(desk, tap, argument)
    remains = await remaining(desk.tools, card.membership)
    await _edit(desk, tap, remove_question(card, remains, _asked(desk)))
    return say("Confirm it, or go back.")


async def _remove(desk: Desk, tap: Tap, argument: str) -> str:
    card = await _card(desk, tap, argument)
    await remove(desk.tools, argument, by=tap.user_id)
    await _overview(desk, tap, card.account.id)
    await show_menu(desk.tools, desk.gateway, card.user.id)
    return say("Removed; they are told.")


# ------------------------------------------------------------------ requests


async def _request(desk: Desk, tap: Tap, argument: str) -> str:
    card = await request_card(desk.tools, tap.user_id, _id(argument))
    if card is None:
        message = say("There is no such request; /users shows those that wait.")
        raise Refused(message)
    await _edit(desk, tap, request_view(card))
    return ""


def _id(word: str) -> UserId:
    if not word.isdecimal():
        raise Refused(OUTDATED.text)
    return UserId(int(word))


async def _accept(desk: Desk, tap: Tap, argument: str) -> str:
    role, _, rest = argument.partition(".")
    number, _, account = rest.partition(".")
    answer = Answer(account_id=AccountId(account), role=_role(role), by=tap.user_id)
    await accept(desk.tools, _id(number), answer)
    await _overview(desk, tap, account)
    return say("Accepted; they are told.")


async def _decline(desk: Desk, tap: Tap, argument: str) -> str:
    await decline(desk.tools, _id(argument), by=tap.user_id)
    await _overview(desk, tap)
    return say("Declined; they are told.")


async def _ask_all(desk: Desk, tap: Tap, argument: str) -> str:
    page = await people_page(desk.tools, tap.user_id, argument)
    if page is None or page.account is None:
        message = say(
            "You do not administer {account}. Ask one of its admins.", account=argument
        )
        raise Refused(message)
    await _edit(desk, tap, all_question(page.account, page.requests, _asked(desk)))
    return say("Confirm it, or go back.")


async def _accept_all(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """Only those who had asked when the question was."""
    _, _, asked = pressed.argument.partition("@")

    async def act(desk: Desk, tap: Tap, name: str) -> str:
        since = datetime.fromtimestamp(int(asked), UTC)
        count = await accept_all(
            desk.tools, AccountId(name), by=tap.user_id, asked_before=since
        )
        await _overview(desk, tap, name)
        return say_count("{count} accepted.", "{count} accepted.", count)

    return await _guarded(act)(desk, tap, pressed)


COMMANDS: dict[str, Command] = {"users": on_users}
PRESSES: dict[Press, Handler] = {
    Press.USERS: _guarded(_list),
    Press.MEMBER: _guarded(_member),
    Press.ROLE: _guarded(_ask_role),
    Press.ROLE_NOW: _guarded(_set_role),
    Press.UNTIL: _guarded(_set_until),
    Press.REMOVE: _guarded(_ask_remove),
    Press.REMOVE_NOW: _guarded(_remove),
    Press.REQUEST: _guarded(_request),
    Press.ACCEPT: _guarded(_accept),
    Press.DECLINE: _guarded(_decline),
    Press.ACCEPT_ALL: _guarded(_ask_all),
    Press.ACCEPT_ALL_NOW: _accept_all,
}

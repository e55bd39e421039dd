"""/invite for admins, and /stop for everybody: how people come and how they go."""

from datetime import timedelta

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.introducing import bot_name, show_menu
from bot.telegram.routers.asking import (
    Command,
    Handler,
    asked_too_long_ago,
    not_for_you,
    too_late,
)
from bot.telegram.views.inviting import invite_question, invite_view
from bot.telegram.views.membership import leave_question, left_view
from bot.telegram.views.speech import say
from bot.telegram.views.text import told
from bot.telegram.views.view import View
from core.accounts import Account
from core.desk.commanding import InviteWish, managed
from core.desk.inviting import invite_as_admin, usual_role
from core.desk.joining import Person
from core.desk.parting import leave, remaining
from core.desk.taps import Reply, Tap
from core.errors import Refused
from core.ids import UserId
from core.users import Role

USES, HOURS = 1, 72
"""Of an invite for which nobody says it."""
MOST_DIGITS = 6


async def on_invite(
    _: Message, command: CommandObject, desk: Desk, person: Person
) -> None:
    """/invite [ROLE] [ACCOUNT] [USES] [HOURS]; asks for the account if need be."""
    mine = await managed(desk.tools, person.id)
    view = not_for_you()
    if mine:
        try:
            view = await _invited(desk, person, mine, (command.args or "").split())
        except Refused as refusal:
            view = View(text=told(refusal.reason))
    await desk.gateway.reply(person.id, view)


async def _invited(
    desk: Desk, person: Person, mine: list[Account], words: list[str]
) -> View:
    role, names, numbers = _sorted_out(words)
    account = _account(mine, names)
    uses, hours = (*numbers, *(USES, HOURS)[len(numbers) :])
    if account is not None:
        wish = _wish(account, role, uses, hours)
        return await _made(desk, person.id, account, wish)
    return invite_question(
        [(each, f"{role}.{uses}.{hours}.{each.id}") for each in mine]
    )


def _sorted_out(words: list[str]) -> tuple[str, list[str], tuple[int, ...]]:
    """Which word is what, in whichever order they stand.

    Raises:
        Refused: there are too many of a kind.
    """
    lower = [word.lower() for word in words]
    roles = [word for word in lower if word in set(Role)]
    counts = [word for word in words if word.isdecimal() and len(word) <= MOST_DIGITS]
    names = [
        word for word in words if word.lower() not in set(Role) and word not in counts
    ]
    if len(roles) > 1 or len(names) > 1 or len(counts) > 2:  # noqa: PLR2004 - uses, hours
        message = say(
            "Write /invite ROLE ACCOUNT USES HOURS, such as /invite viewer demo 5 48. "
            "Each of them may be left out."
        )
        raise Refused(message)
    return "".join(roles), names, tuple(map(int, counts))


def _account(mine: list[Account], names: list[str]) -> Account | None:
    """The account that is meant; ``None`` when there are several to choose from.

    Raises:
        Refused: the person administers none of that name.
    """
    if not names:
        return mine[0] if len(mine) == 1 else None
    for account in mine:
        if account.id.lower() == names[0].lower():
            return account
    known = ", ".join(each.id for each in mine)
    message = say(
        "You administer no account of that name. Yours: {accounts}.", accounts=known
    )
    raise Refused(message)


def _wish(account: Account, role: str, uses: int, hours: int) -> InviteWish:
    return InviteWish(
        role=Role(role) if role else usual_role(account),
        account_id=account.id,
        uses=uses,
        lasts=timedelta(hours=hours),
    )


async def _made(desk: Desk, by: UserId, account: Account, wish: InviteWish) -> View:
    token = await invite_as_admin(desk.tools, wish, by=by)
    name = await bot_name(desk.gateway)
    return invite_view(
        account,
        wish,
        until=desk.tools.clock.now() + wish.lasts,
        link=f"https://t.me/{name}?start={token}" if name else "",
        start=f"/start {token}",
    )


async def _invite(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    """The account was chosen; the rest of the wish stands in the button."""
    role, uses, hours, name = (*pressed.argument.split(".", 3), "", "", "")[:4]
    mine = [each for each in await managed(desk.tools, tap.user_id) if each.id == name]
    if not mine or role not in ("", *Role) or not (uses + hours).isdecimal():
        return Reply(text=say("You do not administer that account."), alert=True)
    wish = _wish(mine[0], role, int(uses), int(hours))
    try:
        view = await _made(desk, tap.user_id, mine[0], wish)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=say("Hand the link on."))


# ------------------------------------------------------------------ leaving


async def on_stop(_: Message, desk: Desk, person: Person) -> None:
    """/stop: says what stays open, and asks first."""
    accounts, owned, remains = [], [], []
    for membership in await desk.tools.members(user_id=person.id):
        if membership.role is Role.OWNER:
            owned.append(membership.account_id)
            continue
        accounts.append(membership.account_id)
        remains.append(await remaining(desk.tools, membership))
    asked = int(desk.tools.clock.now().timestamp())
    said = [each for each in remains if each]
    view = leave_question(accounts, said, asked, owner=bool(owned))
    await desk.gateway.reply(person.id, view)


async def _leave(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    if asked_too_long_ago(desk, pressed.argument):
        return too_late()
    left = await leave(desk.tools, tap.user_id)
    view = left_view(left.accounts, left.remains)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    await show_menu(desk.tools, desk.gateway, tap.user_id)
    return Reply(text=say("Done. No more signals come."))


COMMANDS: dict[str, Command] = {"invite": on_invite, "stop": on_stop}
PRESSES: dict[Press, Handler] = {Press.INVITE: _invite, Press.LEAVE: _leave}

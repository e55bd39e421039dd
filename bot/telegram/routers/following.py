"""/follow: a viewer follows on paper, and stops."""

from aiogram.types import Message

from bot.telegram.callbacks import Press, Pressed
from bot.telegram.desk import Desk
from bot.telegram.routers.asking import (
    Command,
    Handler,
    asked_too_long_ago,
    too_late,
)
from bot.telegram.views.following import (
    begun_view,
    end_question,
    ended_view,
    following_view,
    offered_view,
)
from bot.telegram.views.speech import say
from bot.telegram.views.text import told
from bot.telegram.views.view import View
from core.accounts import Account
from core.desk.followers import (
    FOR_VIEWERS,
    follow,
    may_follow,
    paper_account,
    unfollow,
)
from core.desk.joining import Person
from core.desk.taps import Reply, Tap
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import UserId


async def followed(tools: Tools, user_id: UserId) -> Account | None:
    """The account on which this person follows now."""
    account = await paper_account(tools, user_id)
    return account if account is not None and account.enabled else None


async def on_follow(_: Message, desk: Desk, person: Person) -> None:
    """/follow: how it stands, with the button for the other way."""
    account = await followed(desk.tools, person.id)
    if account is not None:
        view = following_view(account)
    elif await may_follow(desk.tools, person.id):
        view = offered_view()
    else:
        view = View(text=told(FOR_VIEWERS))
    await desk.gateway.reply(person.id, view)


async def _begin(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    try:
        await follow(desk.tools, tap.user_id)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    account = await followed(desk.tools, tap.user_id)
    if account is not None:
        await desk.gateway.reply(tap.user_id, begun_view(account))
    await desk.gateway.try_clear(tap.chat_id, tap.message_id)
    return Reply(text=say("You follow on paper now."))


async def _ask(desk: Desk, tap: Tap, _: Pressed) -> Reply:
    account = await followed(desk.tools, tap.user_id)
    if account is None:
        return Reply(text=say("You do not follow on paper."), alert=True)
    asked = int(desk.tools.clock.now().timestamp())
    view = end_question(account, asked)
    await desk.gateway.reply(tap.user_id, view)
    return Reply(text=say("Confirm it, or go back."))


async def _end(desk: Desk, tap: Tap, pressed: Pressed) -> Reply:
    if asked_too_long_ago(desk, pressed.argument):
        return too_late()
    try:
        closed = await unfollow(desk.tools, tap.user_id)
    except Refused as refusal:
        return Reply(text=refusal.reason, alert=True)
    view = ended_view(closed=closed)
    await desk.gateway.try_edit(tap.chat_id, tap.message_id, view)
    return Reply(text=view.text)


COMMANDS: dict[str, Command] = {"follow": on_follow}
PRESSES: dict[Press, Handler] = {
    Press.FOLLOW: _begin,
    Press.UNFOLLOW: _ask,
    Press.UNFOLLOW_NOW: _end,
}

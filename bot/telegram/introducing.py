"""What Telegram shows of us before anybody writes: commands and descriptions.

Everybody sees the commands that everybody has; who administers an account sees, in
their own chat, those of admins too. All of it is best effort: a server that does
not know these calls is no reason to stop.
"""

import json

from aiogram.methods import (
    DeleteMyCommands,
    GetMe,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
)
from aiogram.types import BotCommand, BotCommandScopeChat

from bot.telegram.views.notices import ADMIN_COMMANDS, COMMANDS
from bot.telegram.wire.gateway import Gateway
from core.access import MANAGERS, is_manager
from core.desk.tools import Tools
from core.ids import UserId
from core.messages import AuditEntry
from core.users import Membership

DESCRIPTION = (
    "Trading signals with a chart and two buttons. Approve places exactly one order "
    "on your account, Reject places none. You need an invite to join: open its link, "
    "or press START to see your id."
)
"""Stands in the empty chat; at most 512 characters."""
SHORT_DESCRIPTION = "Trading signals that you approve or reject, one tap each."
"""Stands on the profile; at most 120 characters."""


async def introduce(tools: Tools, gateway: Gateway) -> str:
    """Say who we are; returns the bot's username, empty if unknown."""
    await gateway.try_call(SetMyCommands(commands=_listed(COMMANDS)))
    await gateway.try_call(SetMyDescription(description=DESCRIPTION))
    await gateway.try_call(SetMyShortDescription(short_description=SHORT_DESCRIPTION))
    me = await gateway.try_call(GetMe())
    await _menus(tools, gateway)
    return (me.username if me else "") or ""


async def _menus(tools: Tools, gateway: Gateway) -> None:
    """The menus of all admins, and of those who were one."""
    found = await tools.journal.find(Membership, role=MANAGERS)
    present = {each.user_id for each in found}
    for user_id in sorted(present | await _retired(tools)):
        await show_menu(tools, gateway, user_id)


async def _retired(tools: Tools) -> set[UserId]:
    """Former owners: their chats still show what they may not do any more."""
    ended = await tools.journal.find(AuditEntry, action="owner_retired")
    return {UserId(int(json.loads(each.detail)["user"])) for each in ended}


async def show_menu(tools: Tools, gateway: Gateway, user_id: UserId) -> None:
    """Show in a person's own chat what they may do now."""
    scope = BotCommandScopeChat(chat_id=user_id)
    mine = await tools.journal.find(Membership, user_id=user_id)
    if is_manager(mine):
        commands = _listed(COMMANDS | ADMIN_COMMANDS)
        await gateway.try_call(SetMyCommands(commands=commands, scope=scope))
    else:
        await gateway.try_call(DeleteMyCommands(scope=scope))


def _listed(commands: dict[str, str]) -> list[BotCommand]:
    return [
        BotCommand(command=name, description=what) for name, what in commands.items()
    ]

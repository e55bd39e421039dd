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

from bot.telegram.languages.catalogue import ENGLISH, LANGUAGES
from bot.telegram.reading import reading
from bot.telegram.views.speech import later, say, speaking
from bot.telegram.views.welcoming import ADMIN_COMMANDS, COMMANDS
from bot.telegram.wire.gateway import Gateway
from core.access import MANAGERS, is_manager
from core.desk.absence import Parting
from core.desk.tools import Tools
from core.ids import UserId
from core.messages import AuditEntry
from core.users import Role

DESCRIPTION = later(
    "Trading signals with a chart and two buttons. Approve places exactly one order "
    "on your account, Reject places none. You need an invite to join: open its link, "
    "or press START to see your id."
)
"""Stands in the empty chat; at most 512 characters."""
SHORT_DESCRIPTION = later("Trading signals that you approve or reject, one tap each.")
"""Stands on the profile; at most 120 characters."""


async def introduce(tools: Tools, gateway: Gateway) -> str:
    """Say who we are; returns the bot's username, empty if unknown."""
    for language in LANGUAGES:
        await _describe(gateway, language)
    name = await bot_name(gateway)
    await _menus(tools, gateway)
    return name


async def _describe(gateway: Gateway, language: str) -> None:
    """What people read whose Telegram speaks this language; else it is English."""
    code = None if language == ENGLISH else language
    with speaking(language):
        about = say(DESCRIPTION)
        short = say(SHORT_DESCRIPTION)
        commands = _listed(COMMANDS)
    for call in (
        SetMyCommands(commands=commands, language_code=code),
        SetMyDescription(description=about, language_code=code),
        SetMyShortDescription(short_description=short, language_code=code),
    ):
        await gateway.try_call(call)


async def bot_name(gateway: Gateway) -> str:
    """The bot's username, for links; empty when Telegram does not say."""
    me = await gateway.try_call(GetMe())
    return (me.username if me else "") or ""


async def _menus(tools: Tools, gateway: Gateway) -> None:
    """The menus of all admins, and of those who were one."""
    found = await tools.members(role=MANAGERS)
    present = {each.user_id for each in found}
    for user_id in sorted(present | await _retired(tools)):
        await show_menu(tools, gateway, user_id)


async def _retired(tools: Tools) -> set[UserId]:
    """Former admins: their chats still show what they may not do any more."""
    ended = await tools.journal.find(AuditEntry, action=_ENDINGS)
    former = set()
    for each in ended:
        detail = {"user": each.subject.partition(":")[2], **json.loads(each.detail)}
        role = detail.get("before") or detail.get("role") or Role.OWNER
        if role in MANAGERS:
            former.add(UserId(int(detail["user"])))
    return former


_ENDINGS = frozenset(
    {"owner_retired", "role_changed", *(each.value for each in Parting)}
)
"""What the audit calls it when somebody administers an account no more."""


async def show_menu(
    tools: Tools, gateway: Gateway, user_id: UserId, *, own: bool = False
) -> None:
    """Show in a person's own chat what they may do now.

    Who may do what everybody may sees everybody's menu, which Telegram shows in its
    own language; ``own`` shows it in the one that the person chose.
    """
    scope = BotCommandScopeChat(chat_id=user_id)
    mine = await tools.members(user_id=user_id)
    manages = is_manager(mine)
    if manages or own:
        with await reading(tools, user_id):
            commands = _listed(COMMANDS | ADMIN_COMMANDS if manages else COMMANDS)
        await gateway.try_call(SetMyCommands(commands=commands, scope=scope))
    else:
        await gateway.try_call(DeleteMyCommands(scope=scope))


def _listed(commands: dict[str, str]) -> list[BotCommand]:
    return [
        BotCommand(command=name, description=say(what))
        for name, what in commands.items()
    ]

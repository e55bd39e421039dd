"""Invites as deep links; the bot's name comes from Telegram, if it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp

from bot.plans import plan_of
from core.access import is_taken
from core.accounts import Account
from core.desk.accounts import keep_accounts
from core.desk.commanding import InviteWish, invite
from core.errors import Refused
from core.ids import AccountId
from core.users import Role

if TYPE_CHECKING:
    from bot.app import Office

TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeInvite:
    """What to hand to the person."""

    link: str | None
    """``None`` when Telegram did not tell the bot's name."""
    start: str
    """The same as a message to the bot."""
    expires_at: datetime


async def make_invite(office: "Office", wish: InviteWish) -> MadeInvite:
    """Make an invite from the command line.

    Raises:
        Refused: there is no such account, the role is an owner's, or the account
            is somebody's own and whoever came with the invite would be sent away.
    """
    await _keep_account(office, wish.account_id)
    await _have_room(office, wish)
    token = await invite(office.tools, wish, by=None)
    name = await _bot_name(office)
    return MadeInvite(
        link=f"https://t.me/{name}?start={token}" if name else None,
        start=f"/start {token}",
        expires_at=office.tools.clock.now() + wish.lasts,
    )


async def _keep_account(office: "Office", name: AccountId) -> None:
    """An account that is configured exists, even before the service first ran."""
    configured = office.settings.accounts.get(name)
    if configured is not None and await office.journal.get(Account, name) is None:
        await keep_accounts(office.tools, [plan_of(name, configured)])


async def _have_room(office: "Office", wish: InviteWish) -> None:
    """Whoever came with the invite would be sent away; say so before."""
    account = await office.journal.get(Account, wish.account_id)
    if account is not None and is_taken(account, wish.role) and wish.role in _INSTEAD:
        message = (
            f"{wish.account_id} is an own account and has its person: exactly one "
            f"decides on it, and nobody else can join as {wish.role}. "
            f"{_INSTEAD[wish.role]}"
        )
        raise Refused(message)


_INSTEAD = {
    Role.APPROVER: (
        "Invite a viewer with --role viewer, or give the newcomer an [accounts.NAME] "
        'section of their own; where several shall decide, set kind = "desk" and '
        "start the service again."
    ),
    Role.ADMIN: (
        "Invite a viewer with --role viewer; who shall administer it as well is named "
        "under [telegram] owners."
    ),
}
"""What to do instead of inviting somebody in this role."""


async def _bot_name(office: "Office") -> str:
    telegram = office.settings.telegram
    token = telegram.token.get_secret_value()
    if not token:
        return ""
    url = f"{telegram.api_base.rstrip('/')}/bot{token}/getMe"
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.get(url) as response,
        ):
            answer = await response.json(content_type=None)
            return str(answer["result"]["username"])
    except (aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError):
        return ""  # no answer, or none that says it

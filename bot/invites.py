"""Invites as deep links; the bot's name comes from Telegram, if it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp

from bot.plans import plan_of
from core.accounts import Account
from core.desk.commanding import InviteWish, invite, keep_accounts
from core.ids import AccountId

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
        Refused: there is no such account, or the role is an owner's.
    """
    await _keep_account(office, wish.account_id)
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

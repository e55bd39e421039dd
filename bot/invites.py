"""Invites as deep links; the bot's name comes from Telegram, if it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp

from core.desk.commanding import InviteWish, invite

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
    """Make an invite from the command line."""
    token = await invite(office.tools, wish, by=None)
    name = await _bot_name(office)
    return MadeInvite(
        link=f"https://t.me/{name}?start={token}" if name else None,
        start=f"/start {token}",
        expires_at=office.tools.clock.now() + wish.lasts,
    )


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
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return ""
    return str((answer.get("result") or {}).get("username", ""))

"""Everything of Telegram put together: bot, gateway, receiver, sender."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.tasks import Bell, Nursery
from bot.telegram.desk import Desk
from bot.telegram.dispatching import Dispatching
from bot.telegram.introducing import introduce
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.receiver import Receiver
from bot.telegram.wire.sender import Sender
from bot.telegram.wire.session import PlainSession
from core.desk.tools import Tools

CALL_TIMEOUT_SECONDS = 15
"""One call to Telegram; a poll has its own. Shorter than a claim on a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOffice:
    """The Telegram side of the service."""

    tools: Tools
    bot: Bot
    gateway: Gateway
    receiver: Receiver
    sender: Sender

    async def introduce(self) -> str:
        """Tell Telegram what we can; returns the bot's username, empty if unknown."""
        return await introduce(self.tools, self.gateway)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.bot.session.close()


def make_bot(token: str, api_base: str) -> Bot:
    """A bot at a Bot API server, real or emulated."""
    server = TelegramAPIServer.from_base(api_base.rstrip("/"))
    session = PlainSession(api=server, timeout=CALL_TIMEOUT_SECONDS)
    return Bot(token, session=session)


def open_telegram(
    bot: Bot,
    tools: Tools,
    nursery: Nursery,
    *,
    picture: Callable[[str], Path],
    bell: Bell,
    look: Callable[[], None],
) -> TelegramOffice:
    """The parts of Telegram around one bot; nothing runs yet."""
    gateway = Gateway(bot, picture)
    desk = Desk(tools=tools, gateway=gateway, look=look)
    dispatching = Dispatching(bot, desk)
    return TelegramOffice(
        tools=tools,
        bot=bot,
        gateway=gateway,
        receiver=Receiver(tools, bot, nursery, dispatching.handle),
        sender=Sender(tools, gateway, nursery, bell=bell),
    )

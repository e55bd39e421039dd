"""Everything of Telegram put together: bot, gateway, receiver, webhook, sender."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.tasks import Bell, Nursery
from bot.telegram.desk import Desk, Watch
from bot.telegram.dispatching import Dispatching
from bot.telegram.introducing import introduce
from bot.telegram.wire.gateway import Gateway
from bot.telegram.wire.pacing import Pace
from bot.telegram.wire.receiver import Receiver
from bot.telegram.wire.sender import Sender
from bot.telegram.wire.session import PlainSession
from bot.telegram.wire.way_out import WayOut
from bot.telegram.wire.webhook import Webhook
from bot.web import TelegramIntake
from bot.webhook import WebhookPlan
from core.desk.delivering import chat_moved
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
    webhook: Webhook | None = None
    """``None`` where updates are polled for."""

    def hooked(self, plan: WebhookPlan | None) -> "TelegramOffice":
        """The same, with Telegram posting updates where there is a plan for it."""
        webhook = None if plan is None else Webhook(self.tools, self.bot, plan)
        return replace(self, webhook=webhook)

    async def introduce(self) -> str:
        """Tell Telegram what we can; returns the bot's username, empty if unknown."""
        return await introduce(self.tools, self.gateway)

    async def receive(self) -> None:
        """See for ever that updates come in, by webhook or by polling."""
        await (self.receiver if self.webhook is None else self.webhook).run()

    def intake(self) -> TelegramIntake | None:
        """What the web server hands posted updates to; ``None`` when polling."""
        if self.webhook is None:
            return None
        return TelegramIntake(
            secret=self.webhook.plan.secret,
            open=lambda: self.receiver.open,
            take=self.receiver.receive,
        )

    def trouble(self) -> str:
        """Why updates may not come in, as a sentence; empty while all is well."""
        return (self.receiver if self.webhook is None else self.webhook).trouble()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.bot.session.close()


def make_bot(token: str, api_base: str) -> Bot:
    """A bot at a Bot API server, real or emulated."""
    server = TelegramAPIServer.from_base(api_base.rstrip("/"))
    session = PlainSession(api=server, timeout=CALL_TIMEOUT_SECONDS)
    return Bot(token, session=session)


def way_out_of(bot: Bot, tools: Tools, pace: Pace) -> WayOut:
    """The one way to Telegram, as fast as that allows."""
    return WayOut(bot, pace, moved=partial(chat_moved, tools))


def open_telegram(
    way_out: WayOut,
    tools: Tools,
    nursery: Nursery,
    *,
    picture: Callable[[str], Path],
    bell: Bell,
    watch: Watch,
) -> TelegramOffice:
    """The parts of Telegram around one bot; nothing runs yet."""
    bot = way_out.bot
    gateway = Gateway(way_out, picture)
    desk = Desk(tools=tools, gateway=gateway, watch=watch)
    dispatching = Dispatching(bot, desk)
    return TelegramOffice(
        tools=tools,
        bot=bot,
        gateway=gateway,
        receiver=Receiver(tools, bot, nursery, dispatching.handle),
        sender=Sender(tools, gateway, nursery, bell=bell, pace=way_out.pace),
    )

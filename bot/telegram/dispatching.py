"""The dispatcher: routers behind the door, fed from the inbox."""

from contextlib import suppress

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update

from bot.telegram.access import Door
from bot.telegram.desk import Desk
from bot.telegram.languages.catalogue import ENGLISH
from bot.telegram.routers import commands, groups, taps
from bot.telegram.views.speech import later, say, speaking
from bot.telegram.views.view import View
from bot.telegram.wire.failures import TelegramFailure
from core.messages import InboxUpdate

log = structlog.get_logger()

SORRY = later("Something went wrong here. Look at the message: it shows what happened.")
SORRY_TEXT = later("Something went wrong here, and is written down. Try again.")


class Dispatching:
    """Feeds inbox rows to the routers."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher["desk"] = desk
        self._dispatcher.update.outer_middleware(Door(desk.tools, desk.gateway))
        self._dispatcher.include_router(groups.router())
        self._dispatcher.include_router(taps.router())
        self._dispatcher.include_router(commands.router())

    async def handle(self, received: InboxUpdate) -> None:
        """Handle one update; whoever sent it is told even when handling fails."""
        update = Update.model_validate_json(received.body, context={"bot": self._bot})
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:
            await self._apologise(update)
            raise

    async def _apologise(self, update: Update) -> None:
        """In Telegram's language: the journal may be what went wrong."""
        gateway = self._desk.gateway
        query, message = update.callback_query, update.message
        event = query or message
        sender = event.from_user if event is not None else None
        with speaking((sender.language_code if sender else None) or ENGLISH):
            if query is not None:
                await gateway.answer(query.id, say(SORRY), alert=True)
            elif sender is not None:
                with suppress(TelegramFailure):
                    await gateway.send(sender.id, View(text=say(SORRY_TEXT)))

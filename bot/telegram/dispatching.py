"""The dispatcher: routers behind the door, fed from the inbox."""

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update

from bot.telegram.access import Door
from bot.telegram.desk import Desk
from bot.telegram.routers import commands, taps
from core.messages import InboxUpdate

log = structlog.get_logger()

SORRY = "Something went wrong here. Look at the message: it shows what happened."


class Dispatching:
    """Feeds inbox rows to the routers."""

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher["desk"] = desk
        self._dispatcher.update.outer_middleware(Door(desk.tools, desk.gateway))
        self._dispatcher.include_router(taps.router())
        self._dispatcher.include_router(commands.router())

    async def handle(self, received: InboxUpdate) -> None:
        """Handle one update; a tap is answered even when handling fails."""
        update = Update.model_validate_json(received.body, context={"bot": self._bot})
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:
            if update.callback_query is not None:
                await self._desk.gateway.answer(
                    update.callback_query.id, SORRY, alert=True
                )
            raise

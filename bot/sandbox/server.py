"""Putting the sandbox together and onto an aiohttp application."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from aiohttp import web

from bot.sandbox.api.bot_api import BotApi
from bot.sandbox.chat_page import Page
from bot.sandbox.control.routes import Control, Extra
from bot.sandbox.local_only import local_only
from bot.sandbox.model import User
from bot.sandbox.webhook import WebhookSender
from bot.sandbox.world import World
from bot.tasks import Nursery


class Sandbox:
    """A Telegram for one machine.

    `controls` may be filled with further functions (dict to dict) at any time; each
    answers under `POST /sandbox/x/<name>` and may raise `errors.Problem`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.controls: dict[str, Extra] = {}

    def add_routes(self, app: web.Application) -> None:
        """Add every route, the webhook's delivery, and the end of long requests."""
        api = BotApi(self.world)
        routes = [
            ("GET", r"/file/bot{token}/{path:.+}", api.download),
            ("GET", r"/bot{token}/{method}", api.call),
            ("POST", r"/bot{token}/{method}", api.call),
            *Control(self.world, self.controls).routes(),
            *Page(self.world).routes(),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, local_only(handler))
        app.on_shutdown.append(self._close)
        app.cleanup_ctx.append(self._deliver)

    async def _close(self, _app: web.Application) -> None:
        self.world.close()

    async def _deliver(self, _app: web.Application) -> AsyncIterator[None]:
        nursery = Nursery()
        nursery.keep("sandbox_webhook", WebhookSender(self.world).run)
        yield
        await nursery.close()


def create_sandbox(
    *,
    now: Callable[[], datetime],
    bot_username: str = "tapgate_sandbox_bot",
    users: Sequence[User] = (),
) -> Sandbox:
    """A sandbox with these people, who have yet to press start."""
    return Sandbox(World(now=now, bot_username=bot_username, users=users))

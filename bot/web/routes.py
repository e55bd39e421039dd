"""Our routes on an application that may have others."""

from aiohttp import web

from bot.web.access import Access
from bot.web.bodies import ignore_expect
from bot.web.context import WebContext
from bot.web.directory import Directory
from bot.web.docs import Docs
from bot.web.edge import Edge
from bot.web.health import Health
from bot.web.hooks import Hooks
from bot.web.intake import Intake
from bot.web.media import Media
from bot.web.reading import Reading
from bot.web.signed import Signed
from bot.web.telegram_hook import PATH, TelegramHook

SIGNALS = "/api/v1/signals"
HOOK = "/hooks/tradingview"


def add_routes(app: web.Application, context: WebContext) -> None:
    """Add the API, media and health, and problems for what matches no route."""
    edge = Edge(context.tools.ids)
    directory = Directory(context.tools.journal)
    access = Access(context)
    intake = Intake(context)
    signed = Signed(context, directory, access, intake)
    hooks = Hooks(context, directory, access, intake)
    reading = Reading(context, directory, access)
    health = Health(context)
    docs = Docs(context)
    routes = [
        ("POST", SIGNALS, signed.post),
        ("POST", f"{HOOK}/{{token}}", hooks.post),
        ("GET", SIGNALS, reading.many),
        ("GET", f"{SIGNALS}/{{id}}", reading.one),
        ("GET", r"/media/{path:.+}", Media(context).get),
        ("GET", "/healthz", health.alive),
        ("GET", "/readyz", health.ready),
        ("GET", "/openapi.json", docs.document),
        ("GET", "/docs", docs.page),
    ]
    if context.telegram is not None:
        telegram = TelegramHook(context.limits, context.telegram)
        routes.append(("POST", PATH, telegram.post))
    for method, path, handler in routes:
        resource = app.router.add_resource(path)
        for each in (method, "HEAD") if method == "GET" else (method,):
            resource.add_route(each, edge.guard(handler), expect_handler=ignore_expect)
    app.middlewares.append(edge.middleware)

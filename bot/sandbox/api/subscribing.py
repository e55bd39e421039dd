"""How the bot gets its updates and files: polling, webhook, getFile."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json
from bot.sandbox.params import Call
from bot.sandbox.shapes import file_json, unix
from bot.sandbox.updates import Webhook
from bot.sandbox.world import World

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
CONNECTIONS: Final = range(1, 101)


async def get_updates(world: World, call: Call) -> list[Json]:
    """GetUpdates: confirms what is before `offset`, then waits for more."""
    _remember_allowed(world, call)
    return await world.updates.poll(
        offset=call.params.integer("offset") or 0,
        limit=call.params.integer("limit") or 0,
        seconds=call.params.integer("timeout") or 0,
    )


def set_webhook(world: World, call: Call) -> bool:
    """SetWebhook: only to this machine, so that nothing leaves it by mistake."""
    url = call.params.text("url")
    if url is None:
        return delete_webhook(world, call)
    if not is_loopback(url):
        raise ApiError(
            400, "Bad Request: bad webhook: the sandbox delivers to this machine only"
        )
    secret = call.params.text("secret_token")
    if secret is not None and not SECRET.fullmatch(secret):
        raise ApiError(400, "Bad Request: secret token contains unallowed characters")
    connections = call.params.integer("max_connections") or 40
    if connections not in CONNECTIONS:
        raise ApiError(400, "Bad Request: wrong max_connections, must be 1-100")
    _remember_allowed(world, call)
    _drop_if_asked(world, call)
    world.updates.webhook = Webhook(url=url, secret=secret, max_connections=connections)
    world.updates.bell.ring()
    return True


def delete_webhook(world: World, call: Call) -> bool:
    """DeleteWebhook: back to polling."""
    _drop_if_asked(world, call)
    world.updates.webhook = None
    world.updates.bell.ring()
    return True


def get_webhook_info(world: World, _call: Call) -> Json:
    """GetWebhookInfo: an empty URL means polling."""
    webhook = world.updates.webhook
    info: Json = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.waiting()),
    }
    if world.updates.allowed:
        info["allowed_updates"] = sorted(world.updates.allowed)
    if webhook is not None:
        info["max_connections"] = webhook.max_connections
        if webhook.failed_at is not None:
            info["last_error_date"] = unix(webhook.failed_at)
            info["last_error_message"] = webhook.failure
    return info


def get_file(world: World, call: Call) -> Json:
    """GetFile: the path under `/file/bot<token>/`."""
    file = world.files.by_id(call.params.text("file_id") or "")
    if file is None or file.bot_id != call.bot.id:
        raise ApiError(
            400, "Bad Request: wrong file_id or the file is temporarily unavailable"
        )
    return file_json(file) | {"file_path": file.path}


def is_loopback(url: str) -> bool:
    """Whether an http(s) URL leads to this machine for certain."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"}:
            return False
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _remember_allowed(world: World, call: Call) -> None:
    """The list holds until another is given; an empty one means the default."""
    allowed = call.params.parsed("allowed_updates")
    if isinstance(allowed, list):
        world.updates.allowed = frozenset(str(kind) for kind in allowed)


def _drop_if_asked(world: World, call: Call) -> None:
    if call.params.flag("drop_pending_updates"):
        world.updates.drop_all()


METHODS = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getFile": get_file,
}

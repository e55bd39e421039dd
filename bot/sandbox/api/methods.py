"""All Bot API methods of the sandbox by lowercase name, as Telegram finds them."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final

from bot.sandbox.api import (
    callbacks,
    chats,
    editing,
    members,
    profile,
    sending,
    subscribing,
    topics,
)
from bot.sandbox.errors import ApiError
from bot.sandbox.params import Call
from bot.sandbox.world import World

Method = Callable[[World, Call], Any | Awaitable[Any]]

FAMILIES: Final = (
    callbacks,
    chats,
    editing,
    members,
    profile,
    sending,
    subscribing,
    topics,
)
METHODS: Final[dict[str, Method]] = {
    "getupdates": subscribing.get_updates,
} | {
    name.lower(): method
    for family in FAMILIES
    for name, method in family.METHODS.items()
}


async def run(world: World, call: Call) -> Any:
    """The result of a call; ApiError if it is refused, 404 for an unknown method."""
    method = METHODS.get(call.method)
    if method is None:
        raise ApiError(404, "Not Found: method not found")
    result = method(world, call)
    return await result if isawaitable(result) else result

"""Reading what a tester sent to the control API, with plain words if it is wrong."""

import json
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import web

from bot.sandbox.api.bodies import read_body
from bot.sandbox.errors import ApiError, Problem
from bot.sandbox.model import Json

T = TypeVar("T")

LARGEST_BODY: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Fields:
    """Typed access to a JSON object or a query string; Problem 422 if wrong."""

    values: Json

    def only(self, *names: str) -> "Fields":
        """Refuse names that are not known: a typing error must not pass silently."""
        for name in self.values:
            if name not in names:
                known = ", ".join(names) or "none"
                raise Problem(422, f'There is no field "{name}" here; known: {known}.')
        return self

    def text(self, name: str) -> str | None:
        """Text, or None if absent."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise Problem(422, f'Field "{name}" must be text.')

    def integer(self, name: str) -> int | None:
        """A whole number, in a query string by its digits, or None if absent."""
        value = self.values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and value.removeprefix("-").isdecimal():
            return int(value)
        raise Problem(422, f'Field "{name}" must be a whole number.')

    def seconds(self, name: str, default: float, most: float) -> float:
        """A duration in seconds, from 0 to `most`."""
        value: Any = self.values.get(name, default)
        try:
            seconds = float(value)
        except (TypeError, ValueError) as error:
            raise Problem(422, f'Field "{name}" must be seconds.') from error
        if not 0 <= seconds <= most:
            raise Problem(422, f'Field "{name}" must be from 0 to {most} seconds.')
        return seconds

    def number(self, name: str, default: float, most: float) -> float:
        """A number from 0 to `most`."""
        value: Any = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Problem(422, f'Field "{name}" must be a number.')
        if not 0 <= value <= most:
            raise Problem(422, f'Field "{name}" must be from 0 to {most:g}.')
        return float(value)

    def at_least(self, least: int, name: str, default: int) -> int:
        """A whole number that is not below `least`."""
        value = self.integer(name)
        if value is not None and value < least:
            raise Problem(422, f'Field "{name}" must be at least {least}.')
        return default if value is None else value

    def integers(self, name: str) -> list[int]:
        """A list of whole numbers; absent is empty."""
        value: Any = self.values.get(name, [])
        if isinstance(value, list) and all(type(each) is int for each in value):
            return value
        raise Problem(422, f'Field "{name}" must be a list of whole numbers.')

    def flag(self, name: str, *, usual: bool = False) -> bool:
        """True or false; absent is what is usual."""
        value = self.values.get(name, usual)
        if isinstance(value, bool):
            return value
        raise Problem(422, f'Field "{name}" must be true or false.')


def needed(value: T | None, name: str) -> T:
    """The value, or Problem 422 that names the field."""
    if value is None:
        raise Problem(422, f'Field "{name}" is needed.')
    return value


async def json_object(request: web.Request) -> Json:
    """The request's JSON object; an empty body is an empty one."""
    try:
        body = await read_body(request, LARGEST_BODY)
        value = json.loads(body or b"{}")
    except ApiError as error:
        raise Problem(413, "The body is too large.") from error
    except ValueError as error:
        raise Problem(422, "The body must be a JSON object.") from error
    if not isinstance(value, dict):
        raise Problem(422, "The body must be a JSON object.")
    return value

"""The parameters of one Bot API call, however they travelled.

Forms carry everything as text (numbers, `true`, JSON); a JSON body carries values.
Both read the same here, and a wrong value is refused in Telegram's words.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Params:
    """Typed access to raw parameters; absent and empty are the same, as in forms."""

    raw: Json

    def text(self, name: str) -> str | None:
        """Text, or None; ApiError if it could not be written as UTF-8."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            text.encode()
        except UnicodeEncodeError as lone_surrogate:
            error = ApiError(400, "Bad Request: strings must be encoded in UTF-8")
            raise error from lone_surrogate
        return text

    def integer(self, name: str) -> int | None:
        """A whole number, or None if absent or not one."""
        text = (self.text(name) or "").strip()
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() else None

    def flag(self, name: str) -> bool:
        """True for `true`, `True`, `yes` and `1`."""
        return (self.text(name) or "").lower() in {"true", "yes", "1"}

    def parsed(self, name: str) -> Any:
        """A JSON value, or None; ApiError if the text is not JSON."""
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as not_json:
            readable = name.replace("_", " ")
            error = ApiError(400, f"Bad Request: can't parse {readable} JSON object")
            raise error from not_json

    def object(self, name: str) -> Json | None:
        """A JSON object, or None; ApiError if it is something else."""
        value = self.parsed(name)
        if value is not None and not isinstance(value, dict):
            readable = name.replace("_", " ")
            raise ApiError(400, f"Bad Request: object expected as {readable}")
        return value

    def items(self, name: str) -> list[Json] | None:
        """A JSON array of objects, or None; ApiError if it is something else."""
        value = self.parsed(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        raise ApiError(400, f'Bad Request: expected an Array of objects as "{name}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One Bot API request: which bot, which method, with what."""

    bot: User
    method: str
    params: Params
    uploads: dict[str, Upload] = field(default_factory=dict)

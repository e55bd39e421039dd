"""JSON from a stranger: UTF-8, one meaning, bounded, and no number through a float.

Python's reader takes the last of two equal keys, ``NaN``, half surrogate pairs and
any depth, and rounds fractions. Here the first four are refused, and a number stays
the text that was sent.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, Union

MAX_DEPTH = 16
"""Lists and objects within each other, the outermost counted."""

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


Json: TypeAlias = Union[str, bool, Number, "list[Json]", "dict[str, Json]", None]


class NotJson(Exception):
    """It cannot be taken as JSON; the text says why."""


def parse_object(body: bytes) -> dict[str, Json]:
    """The object that ``body`` is.

    Raises:
        NotJson: it is none, or not one with a single meaning.
    """
    try:
        text = body.decode()
        if _too_deep(text):
            message = f"it is nested deeper than {MAX_DEPTH}"
            raise NotJson(message)
        document: Json = _DECODER.decode(text)
        if _SURROGATE.search(text):
            compact(document).encode()
    except UnicodeError:
        message = "it is not UTF-8, or holds half of a surrogate pair"
        raise NotJson(message) from None
    except json.JSONDecodeError as error:
        message = f"{error.msg} at character {error.pos + 1}"
        raise NotJson(message) from None
    if not isinstance(document, dict):
        message = "it must be an object"
        raise NotJson(message)
    return document


def compact(value: Json) -> str:
    """JSON without white space; what is not ASCII stands as itself."""
    if isinstance(value, dict):
        members = (f"{_text(key)}:{compact(each)}" for key, each in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(compact, value))}]"
    return value.text if isinstance(value, Number) else _text(value)


_text = json.JSONEncoder(ensure_ascii=False).encode


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for part in _TOKENS.findall(text):
        depth += (part in "[{") - (part in "]}")
        if depth > MAX_DEPTH:
            return True
    return False


def _unique(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the key {twice[:40]!r} is there twice"
        raise NotJson(message)
    return members


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number"
    raise NotJson(message)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=Number,
    parse_int=Number,
    parse_constant=_no_constant,
)

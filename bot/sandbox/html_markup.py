"""Telegram's HTML: text with tags becomes plain text with spans, or an error.

The errors are those of Telegram's own server, with offsets in UTF-8 bytes, so that a
test that forgets to escape `<` fails with the words that production would show.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Final

from bot.sandbox.errors import ApiError
from bot.sandbox.model import Json

PLAIN_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
}
SUPPORTED: Final = frozenset({*PLAIN_TAGS, "a", "blockquote", "tg-time"})

REFUSED: Final = "Bad Request: can't parse entities"
CHARACTER: Final = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#[xX][0-9a-fA-F]+);?")
NAME: Final = re.compile(r"[^\s>]*")
ATTRIBUTE: Final = re.compile(
    r"""\s*(?P<name>[^\s=>"']+)(?:\s*=\s*(?:"(?P<d>[^"]*)"|'(?P<s>[^']*)'|(?P<t>[\w.-]+)))?"""
)
CLOSING: Final = re.compile(r"</([^\s>]*)\s*>")
TIME_FORMAT: Final = re.compile(r"r|w?[dD]?[tT]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An entity by code points: `start <= position < end` in the plain text."""

    start: int
    end: int
    entity: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTag:
    """A tag that waits for its end."""

    name: str
    at: int
    start: int
    attributes: dict[str, str]


@dataclass(slots=True)
class _Parser:
    source: str
    at: int = 0
    plain: str = ""
    spans: list[Span] = field(default_factory=list)
    tags: list[OpenTag] = field(default_factory=list)

    def run(self) -> None:
        while self.at < len(self.source):
            if self.source.startswith("</", self.at):
                self._close()
            elif self.source[self.at] == "<":
                self._open()
            else:
                self._character()
        if self.tags:
            name = self.tags[-1].name
            raise ApiError(
                400,
                f'{REFUSED}: Can\'t find end tag corresponding to start tag "{name}"',
            )

    def _character(self) -> None:
        found = CHARACTER.match(self.source, self.at)
        if found is None:
            self.plain += self.source[self.at]
            self.at += 1
        else:
            self.plain += html.unescape(found.group())
            self.at = found.end()

    def _open(self) -> None:
        start = self.at
        named = NAME.match(self.source, start + 1)
        name = named.group().lower() if named else ""
        self.at = start + 1 + len(name)
        if self.at >= len(self.source):
            raise self._error(start, "Unclosed start tag")
        if name not in SUPPORTED:
            raise self._error(start, f'Unsupported start tag "{name}"')
        attributes = self._attributes(start)
        self.tags.append(
            OpenTag(name=name, at=start, start=len(self.plain), attributes=attributes)
        )

    def _attributes(self, start: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while found := ATTRIBUTE.match(self.source, self.at):
            value = next((v for v in found.group("d", "s", "t") if v is not None), "")
            attributes[found["name"].lower()] = html.unescape(value)
            self.at = found.end()
        end = self.source.find(">", self.at)
        if end < 0 or self.source[self.at : end].strip():
            raise self._error(start, "Unclosed start tag")
        self.at = end + 1
        return attributes

    def _close(self) -> None:
        start = self.at
        if not self.tags:
            raise self._error(start, "Unexpected end tag")
        found = CLOSING.match(self.source, start)
        if found is None:
            raise self._error(start, "Unclosed end tag")
        tag = self.tags[-1]
        name = found[1].lower()
        if name not in {"", tag.name}:
            names = f'expected "</{tag.name}>", found "</{name}>"'
            raise self._error(start, "Unmatched end tag", f", {names}")
        self.at = found.end()
        self.tags.pop()
        self._finish(tag)

    def _finish(self, tag: OpenTag) -> None:
        if self._names_the_language_of_pre(tag):
            return
        entity = self._entity(tag)
        if entity is not None:
            self.spans.append(Span(start=tag.start, end=len(self.plain), entity=entity))

    def _names_the_language_of_pre(self, tag: OpenTag) -> bool:
        outer = self.tags[-1] if self.tags else None
        if tag.name != "code" or outer is None or outer.name != "pre":
            return False
        language = tag.attributes.get("class", "").removeprefix("language-")
        if language:
            outer.attributes["language"] = language
        return True

    def _entity(self, tag: OpenTag) -> Json | None:
        match tag.name:
            case "a":
                url = tag.attributes.get("href", "")
                return {"type": "text_link", "url": url} if url else None
            case "blockquote":
                prefix = "expandable_" if "expandable" in tag.attributes else ""
                return {"type": f"{prefix}blockquote"}
            case "tg-time":
                return self._time(tag)
            case "pre" if "language" in tag.attributes:
                return {"type": "pre", "language": tag.attributes["language"]}
            case name:
                return {"type": PLAIN_TAGS[name]}

    def _time(self, tag: OpenTag) -> Json:
        unix = tag.attributes.get("unix", "")
        if not unix.isascii() or not unix.isdigit():
            raise self._error(tag.at, 'Tag "tg-time" must have a valid "unix" time')
        entity: Json = {"type": "date_time", "unix_time": int(unix)}
        layout = tag.attributes.get("format", "")
        if not TIME_FORMAT.fullmatch(layout):
            raise self._error(tag.at, 'Tag "tg-time" has an invalid "format"')
        return entity | ({"date_time_format": layout} if layout else {})

    def _error(self, at: int, what: str, after: str = "") -> ApiError:
        offset = len(self.source[:at].encode())
        return ApiError(400, f"{REFUSED}: {what} at byte offset {offset}{after}")


def parse_html(source: str) -> tuple[str, list[Span]]:
    """Plain text and spans of Telegram's HTML; ApiError 400 if it is not."""
    parser = _Parser(source)
    parser.run()
    return parser.plain, parser.spans

"""From the text a bot or a person sends to the text and entities a chat shows."""

import re
from typing import Final

from bot.sandbox.errors import ApiError
from bot.sandbox.html_markup import Span, parse_html
from bot.sandbox.model import Json, RichText
from bot.sandbox.params import Params

TEXT_UNITS: Final = 4096
CAPTION_UNITS: Final = 1024

FOUND_BY_ITSELF: Final = re.compile(
    r"(?P<url>(?:https?://|(?<![\w./@])t\.me/)[^\s<>\"']*[^\s<>\"'.,;:!?)\]])"
    r"|(?<![\w/<>])(?P<bot_command>/\w{1,32}(?:@\w{4,32})?)(?![\w/])"
    r"|(?<![\w/])(?P<mention>@[A-Za-z]\w{3,31})(?!\w)"
    r"|(?<![\w&])(?P<hashtag>\#\w*[^\W\d_]\w*)",
)
VERBATIM: Final = frozenset({"code", "pre", "text_link", "text_mention"})
GIVEN: Final = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)


def message_text(params: Params) -> RichText:
    """The text of sendMessage and editMessageText: 1-4096 units, else ApiError."""
    rich = _rich(params, "text", "entities")
    if not rich.text:
        raise ApiError(400, "Bad Request: message text is empty")
    if rich.units > TEXT_UNITS:
        raise ApiError(400, "Bad Request: message is too long")
    return rich


def caption(params: Params) -> RichText:
    """The caption of a photo or document: 0-1024 units, else ApiError."""
    rich = _rich(params, "caption", "caption_entities")
    if rich.units > CAPTION_UNITS:
        raise ApiError(400, "Bad Request: message caption is too long")
    return rich


def said(text: str) -> RichText:
    """What a person typed: no markup, only what Telegram finds by itself."""
    return _finished(text, [])


def _rich(params: Params, text_field: str, entities_field: str) -> RichText:
    source = params.text(text_field) or ""
    given = params.items(entities_field)
    if given is not None:
        return _finished(source, [_given(source, item) for item in given])
    mode = (params.text("parse_mode") or "").lower()
    if mode == "html":
        return _finished(*parse_html(source))
    if mode:
        raise ApiError(400, "Bad Request: unsupported parse_mode")
    return _finished(source, [])


def _given(source: str, item: Json) -> Span:
    kind, offset, length = (item.get(key) for key in ("type", "offset", "length"))
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0:
        raise ApiError(400, "Bad Request: can't parse MessageEntity")
    extra = {k: v for k, v in item.items() if k not in {"offset", "length"}}
    encoded = source.encode("utf-16-le")
    if kind not in GIVEN or 2 * (offset + length) > len(encoded):
        # Telegram finds links and commands itself and drops what does not fit
        return Span(start=0, end=0, entity=extra)
    start = len(encoded[: 2 * offset].decode("utf-16-le", "ignore"))
    end = len(encoded[: 2 * (offset + length)].decode("utf-16-le", "ignore"))
    return Span(start=start, end=end, entity=extra)


def _finished(plain: str, spans: list[Span]) -> RichText:
    """Trim, find links and commands, and count offsets in UTF-16 units."""
    text = plain.rstrip()
    lead = len(text) - len(text.lstrip())
    text = text[lead:]
    kept = [
        Span(
            start=max(span.start - lead, 0),
            end=min(span.end - lead, len(text)),
            entity=span.entity,
        )
        for span in spans
    ]
    kept = [span for span in kept if span.start < span.end]
    found = [*kept, *_found(text, kept)]
    found.sort(key=lambda span: (span.start, -span.end))
    return RichText(text=text, entities=tuple(_entity(text, span) for span in found))


def _found(text: str, spans: list[Span]) -> list[Span]:
    taken = [span for span in spans if span.entity["type"] in VERBATIM]
    return [
        Span(start=hit.start(), end=hit.end(), entity={"type": hit.lastgroup})
        for hit in FOUND_BY_ITSELF.finditer(text)
        if not any(s.start < hit.end() and hit.start() < s.end for s in taken)
    ]


def _entity(text: str, span: Span) -> Json:
    offset = _units(text[: span.start])
    length = _units(text[span.start : span.end])
    return {"offset": offset, "length": length} | span.entity


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2

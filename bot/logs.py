"""Structured logs: a constant event and its fields; no secret ever gets in.

Whatever looks like a bot token, a provider's secret or a password in an address
is blotted out before a line is written, tracebacks included.

Lines that only inform are written at the end of the event loop's turn, together: a
write for each would cost more than the rest of the line. A warning or an error is
written at once, behind what waits.
"""

import asyncio
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_COLON_AND_TAIL = r"(?::|%3A)[A-Za-z0-9_-]{20,}"
_TOKEN = re.compile(rf"\d{{5,16}}{_COLON_AND_TAIL}", re.IGNORECASE)
_MAYBE_TOKEN = re.compile(_COLON_AND_TAIL, re.IGNORECASE)
"""Looked for first: a line is full of digits with which a token might begin."""
_SECRETS = (
    ("/bot", re.compile(r"(?<=/bot)\d+:[^/\s\"']+"), "<token>"),
    ("whsec_", re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "<secret>"),
    ("whsk_", re.compile(r"whsk_[A-Za-z0-9+/=_-]+"), "<secret>"),
    (
        "/hooks/tradingview/",
        re.compile(r"(?<=/hooks/tradingview/)[^/?\s\"']+"),
        "<token>",
    ),
    ("bearer ", re.compile(r"(?<=Bearer )[^\s\"',]+", re.IGNORECASE), "<token>"),
    (
        "signature=",
        re.compile(r"(?<=signature=)[^&\s\"']+", re.IGNORECASE),
        "<signature>",
    ),
    (
        "://",
        re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+(?=@)"),
        r"\1:<password>",
    ),
)
"""What is in the case-folded text wherever the pattern fits, the pattern, and what
stands there instead. A line has hardly ever one of them, and looking for a word costs
a tenth of looking for a pattern."""


def blot(text: str) -> str:
    """``text`` without anything that looks like a secret."""
    folded = text.casefold()
    for word, pattern, instead in _SECRETS:
        if word in folded:
            text = pattern.sub(instead, text)
    return _TOKEN.sub("<token>", text) if _MAYBE_TOKEN.search(text) else text


def _blotting(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """The renderer, its whole line blotted: whatever depth a secret came from."""

    def rendered(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        return blot(str(render(logger, name, event)))

    return rendered


class Lines:
    """Where all lines go, in their order, from whichever thread they come.

    What still waits when the process is killed is lost: of one turn of the loop,
    and only information.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._lock = threading.Lock()

    def soon(self, line: str) -> None:
        """Write the line at the end of the loop's turn; at once where none runs."""
        with self._lock:
            first = not self._waiting
            self._waiting.append(f"{line}\n")
        if first:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                self.flush()

    def now(self, line: str) -> None:
        """Write the line at once."""
        self.write(f"{line}\n")
        self.flush()

    debug = info = soon
    warning = error = critical = now
    """As structlog calls them, by level."""

    def write(self, text: str) -> None:
        """Behind what waits; as a stream, for the handlers of ``logging``."""
        with self._lock:
            self._waiting.append(text)

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if waiting:
                self._stream.write("".join(waiting))
                self._stream.flush()


def configure(log_format: str, *, level: int = logging.INFO) -> None:
    """Log to standard error, as text for people or JSON for machines."""
    lines = Lines(sys.stderr)
    renderer = _blotting(_renderer(log_format, colors=sys.stderr.isatty()))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    _standard_library(shared, renderer, lines)


def _renderer(log_format: str, *, colors: bool) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    if not colors:
        return _words
    plain_traces = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(exception_formatter=plain_traces)


def _words(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    """As ``ConsoleRenderer`` writes without colours, at a fifth of the cost."""
    traces = [event.pop(key, None) for key in ("stack", "exception")]
    line = f"{event.pop('timestamp')} [{event.pop('level'):9}] {event.pop('event'):30}"
    pairs = [f" {key}={_word(event[key])}" for key in sorted(event)]
    return "\n".join(["".join([line, *pairs]).rstrip(" "), *filter(None, traces)])


def _word(value: object) -> str:
    if isinstance(value, str) and _QUOTED.isdisjoint(value):
        return value
    return repr(value)


_QUOTED = frozenset(" \t=\r\n\"'")


def _standard_library(
    shared: list[structlog.typing.Processor],
    renderer: structlog.typing.Processor,
    lines: Lines,
) -> None:
    """Libraries that log by themselves go the same way, from warnings up."""
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)

"""Structured logs: a constant event and its fields; no secret ever gets in.

Whatever looks like a bot token, a provider's secret or a password in an address
is blotted out before a line is written, tracebacks included.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_SECRETS = (
    (re.compile(r"(?<=/bot)\d+:[^/\s\"']+"), "<token>"),
    (re.compile(r"\d{5,16}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE), "<token>"),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "<secret>"),
    (re.compile(r"(?<=/hooks/tradingview/)[^/?\s\"']+"), "<token>"),
    (re.compile(r"(?<=Bearer )[^\s\"',]+", re.IGNORECASE), "<token>"),
    (re.compile(r"(?<=signature=)[^&\s\"']+", re.IGNORECASE), "<signature>"),
    (re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+(?=@)"), r"\1:<password>"),
)


def blot(text: str) -> str:
    """``text`` without anything that looks like a secret."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _blotting(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """The renderer, its whole line blotted: whatever depth a secret came from."""

    def rendered(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        return blot(str(render(logger, name, event)))

    return rendered


def configure(log_format: str, *, level: int = logging.INFO) -> None:
    """Log to standard error, as text for people or JSON for machines."""
    json_lines = log_format == "json"
    renderer = _blotting(
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    _standard_library(shared, renderer, sys.stderr)


def _standard_library(
    shared: list[structlog.typing.Processor],
    renderer: structlog.typing.Processor,
    stream: TextIO,
) -> None:
    """Libraries that log by themselves go the same way, from warnings up."""
    handler = logging.StreamHandler(stream)
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

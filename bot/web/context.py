"""What the HTTP edge is given: choices, the desk's tools, and three functions.

The edge imports neither storage nor charts; ``bot.app`` fills this in.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.web.proxies import Proxies
from bot.web.refusals import Refusals
from core.desk.tools import Tools
from core.intake import IntakeRules
from core.users import Provider

HEAD_DEADLINE = timedelta(seconds=10)
MOST_CONNECTIONS = 800
"""Below the 1,024 open files that many systems allow a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """How much, how late and how slowly a request may come."""

    max_body_bytes: int
    max_payload_bytes: int
    """Of the payload as compact JSON in UTF-8."""
    timestamp_tolerance: timedelta
    """How far the time inside a signature may be from ours."""
    rate_per_minute: int = 0
    """Signals of one provider; 0 is no limit."""
    rate_burst: int = 1
    """How many of them may come at once."""
    open_signals: int = 0
    """Undecided signals of one provider; 0 is no limit."""
    body_deadline: timedelta = timedelta(seconds=5)
    """By when the whole body must be here."""
    head_deadline: timedelta = HEAD_DEADLINE
    """By when the whole head of a request must be here."""
    most_at_work: int = 256
    """Signals that are checked and stored at the same time, of all providers."""
    most_connections: int = MOST_CONNECTIONS
    """Open at the same time; further ones are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """How one part of the service is; ``detail`` is a sentence, or empty."""

    ok: bool
    detail: str = ""


class MediaFiles(Protocol):
    """The folder of pictures, and its signed links."""

    def path(self, media_path: str) -> Path:
        """The file; raises ``Refused`` where there is none, or not of our making."""
        ...

    def link(self, media_path: str, expires_at: datetime) -> str:
        """The complete address, signed, that works until ``expires_at``."""
        ...

    def verify(
        self, media_path: str, expires: str, signature: str, now: datetime
    ) -> bool:
        """Whether the two values of a link's query allow it ``now``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramIntake:
    """Where Telegram posts its updates to, instead of being asked for them."""

    secret: str = field(repr=False)
    """What it has to show; without one nothing is taken."""
    open: Callable[[], bool]
    """Whether updates are taken now."""
    take: Callable[[dict[str, Any], str], Awaitable[None]]
    """Stores an update, parsed and as it came; it is durable on return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """All that the handlers work with."""

    tools: Tools
    rules: IntakeRules
    limits: WebLimits
    open_secrets: Callable[[Provider | None], tuple[str | None, str | None]]
    """The present and the former secret as printed, ``None`` where there is none.
    Always the same work, so that an unknown provider takes as long as a known one.
    Raises ``Refused`` when one cannot be opened."""
    refusals: Refusals
    proxies: Proxies
    media: MediaFiles
    public_url: str
    """What stands before ``/api`` in links; may be empty."""
    parts: Callable[[], Awaitable[Mapping[str, PartHealth]]]
    """The health of each part by its name, for ``/readyz``."""
    draining: Callable[[], bool]
    """Whether the service is shutting down and takes no more signals."""
    telegram: TelegramIntake | None = None
    """``None`` where updates are polled for: then there is no such route."""

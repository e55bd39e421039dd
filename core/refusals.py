"""Requests that were not authenticated: their true causes, for admins only.

Whoever asks gets one answer for all of them. What was wrong is counted here, by the
name that the request gave and by cause, so that a flood is a number, not a table.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RefusalCause(StrEnum):
    """Why a request was not taken for a provider's."""

    UNNAMED = "unnamed"
    """No single, well-formed ``X-Provider``."""
    UNKNOWN = "unknown"
    """No provider has that name."""
    DISABLED = "disabled"
    UNSIGNED = "unsigned"
    """The headers of neither form of signature, or of both."""
    FORGED = "forged"
    """No key of the provider made that signature for that body."""
    RETIRED = "retired"
    """Signed with the key from before the rotation, whose time is over."""
    STALE = "stale"
    """Genuine, and too long ago or ahead of our clock."""
    READER = "reader"
    """No provider has that read token."""
    HOOK = "hook"
    """No enabled provider has that address for TradingView."""
    CERTIFICATE = "certificate"
    """Not TradingView's client certificate, which is demanded."""
    ALERT = "alert"
    """From the right address, and not to be taken; TradingView tells nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRequests:
    """How often requests under one name were refused for one cause."""

    id: str
    """The name and the cause."""
    provider: str
    """As the request called itself; empty when it gave no usable name."""
    cause: RefusalCause
    count: int
    address: str
    """Where the last one came from."""
    first_at: datetime
    last_at: datetime
    version: int = 1

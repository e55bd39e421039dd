"""The audit chain: each entry's hash covers its content and the hash before it.

A changed, removed or inserted entry breaks every later hash. The chain proves
nothing against whoever can rewrite all of it; its head is for anchoring outside.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from core.messages import AuditEntry

GENESIS = "0" * 64
"""What the first entry calls the hash before it."""


_encode_detail = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _digest(number: int, at: datetime, *texts: str) -> str:
    """Over the fields of an entry as they stand there, but its own hash."""
    content = (str(number), at.isoformat(), *texts)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def link(
    before: AuditEntry | None,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, str],
) -> AuditEntry:
    """The entry that follows ``before`` (``None``: the first)."""
    number = before.id + 1 if before else 1
    previous = before.hash if before else GENESIS
    said = _encode_detail(dict(detail))
    return AuditEntry(
        id=number,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        detail=said,
        previous=previous,
        hash=_digest(number, at, actor, action, subject, said, previous),
    )


def fits(before: AuditEntry | None, entry: AuditEntry) -> bool:
    """Whether ``entry`` is untouched and follows ``before`` without a gap."""
    expected = (before.id + 1, before.hash) if before else (1, GENESIS)
    if (entry.id, entry.previous) != expected:
        return False
    texts = entry.actor, entry.action, entry.subject, entry.detail, entry.previous
    return entry.hash == _digest(entry.id, entry.at, *texts)

"""What one transaction asks, statement by statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from core.audit import fits
from core.errors import Conflict
from core.messages import AuditEntry
from core.ports import R, Row
from storage import queries
from storage.mapping import table_of, to_row

AUDIT, PEOPLE_VERSION = "audit", "people"
"""Counters: the length of the audit chain, the version of people."""
_AUDIT_PAGE = 1000


class Questions:
    """The half of a transaction that changes nothing."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def get(self, kind: type[R], identity: str | int) -> R | None:
        """The row with this id."""
        rows = self.find(kind, {"id": identity}, order_by="", limit=1)
        return rows[0] if rows else None

    def find(
        self,
        kind: type[R],
        fields: dict[str, object],
        *,
        order_by: str,
        limit: int | None,
        skip: int = 0,
    ) -> list[R]:
        """See ``Journal.find``."""
        question = (
            select(table_of(kind))
            .where(*queries.conditions(kind, fields))
            .order_by(*queries.ordering(kind, order_by))
            .limit(limit)
        )
        return self._rows(kind, question.offset(skip) if skip else question)

    def count(self, kind: type[Row], fields: dict[str, object]) -> int:
        """See ``Journal.count``."""
        question = (
            select(func.count())
            .select_from(table_of(kind))
            .where(*queries.conditions(kind, fields))
        )
        return self._connection.execute(question).scalar_one()

    def people_version(self) -> int:
        """See ``Journal.people_version``."""
        return queries.read_counter(self._connection, PEOPLE_VERSION)

    def verify_audit(self) -> int:
        """See ``Journal.verify_audit``."""
        recorded = queries.read_counter(self._connection, AUDIT)
        before: AuditEntry | None = None
        length = 0
        while page := self._audit_after(before):
            for entry in page:
                if not fits(before, entry):
                    message = f"audit entry {entry.id} does not fit"
                    raise Conflict(message)
                before = entry
            length += len(page)
        if length < recorded:
            message = f"audit entry {length + 1} is missing"
            raise Conflict(message)
        return length

    def _audit_after(self, before: AuditEntry | None) -> list[AuditEntry]:
        audit = table_of(AuditEntry)
        question = select(audit).order_by(audit.c.id).limit(_AUDIT_PAGE)
        if before:
            question = question.where(audit.c.id > before.id)
        return self._rows(AuditEntry, question)

    def _rows(self, kind: type[R], question: Any) -> list[R]:
        found = self._connection.execute(question).mappings()
        return [to_row(kind, columns) for columns in found]

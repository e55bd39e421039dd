"""The journal on SQLite or PostgreSQL: one method is one transaction.

When the connection to PostgreSQL breaks while it commits, nobody knows whether it
did: ``JournalUnavailable`` then says only that we heard nothing, as a cancelled
call does, and the caller reads again by key.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import require_utc
from core.errors import Duplicate
from core.messages import InboxUpdate, Lease, OutboxItem, Topic
from core.ports import Clock, R, Row, Write
from storage.engine import (
    Engines,
    check_health,
    database_url,
    make_engines,
    run_transaction,
)
from storage.failures import Entangled, translate
from storage.sharing import Shared
from storage.unit import Unit
from storage.units import Units

T = TypeVar("T")
_Question = tuple[object, Callable[[Unit], Any]]
"""What is asked, and what makes it equal to another; ``None``: nothing."""
Batch = Sequence[Sequence[Write]]
Verdicts = list[Duplicate | None]

_TRIES = 3
"""Transactions that waited for each other are tried again so often in all."""
_INSTALLATION_BITS = 20
_LOOKS = 4
"""Reading transactions at the same time, so that a long one blocks nobody."""


class SqlJournal:
    """Implements ``core.ports.Journal``."""

    def __init__(self, engines: Engines, clock: Clock) -> None:
        self.engines = engines
        self._clock = clock
        self._units = Units()
        self._accepts: Shared[Batch, Verdicts] = Shared(self._units, self._accept)
        self._reads: Shared[_Question, Any] = Shared(
            self._units, self._look, at_once=_LOOKS
        )

    async def close(self) -> None:
        """Wait for what is under way, then close all connections."""
        await self._units.finish()
        await self.engines.dispose()

    async def commit(self, *writes: Write) -> None:
        """See ``Journal.commit``."""

        def work(unit: Unit) -> None:
            unit.do(writes)
            unit.finish()

        await self._write(work)

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        """See ``Journal.accept``; calls that meet share a transaction."""
        return await self._accepts.call(batch)

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        """See ``Journal.get``."""
        return await self._read(lambda unit: unit.get(kind, identity))

    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        """See ``Journal.find``."""
        found = await self._read(
            lambda unit: unit.find(
                kind, fields, order_by=order_by, skip=skip, limit=limit
            ),
            key=("find", kind, tuple(fields.items()), order_by, skip, limit),
        )
        return list(found)

    async def count(self, kind: type[Row], /, **fields: object) -> int:
        """See ``Journal.count``."""
        return await self._read(
            lambda unit: unit.count(kind, fields),
            key=("count", kind, tuple(fields.items())),
        )

    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        """See ``Journal.claim``."""
        return await self._write(
            lambda unit: unit.claim(topics, limit=limit, hold=hold)
        )

    async def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        """See ``Journal.forget``."""
        return await self._write(
            lambda unit: unit.forget(kind, done_before=done_before, limit=limit)
        )

    async def next_magic(self) -> int:
        """See ``Journal.next_magic``."""
        new_installation = 1 + secrets.randbelow((1 << _INSTALLATION_BITS) - 1)
        return await self._write(lambda unit: unit.next_magic(new_installation))

    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        """See ``Journal.take_lease``; on SQLite our clock is the database's."""
        return await self._write(lambda unit: unit.take_lease(lease, holder, lasts))

    async def people_version(self) -> int:
        """See ``Journal.people_version``."""
        return await self._read(lambda unit: unit.people_version())

    async def verify_audit(self) -> int:
        """See ``Journal.verify_audit``."""
        return await self._read(lambda unit: unit.verify_audit())

    async def _read(self, work: Callable[[Unit], T], *, key: object = None) -> T:
        answer: T = await self._reads.call((key, work))
        return answer

    async def _look(self, questions: Sequence[_Question]) -> list[Any]:
        """All answers as of one moment, so that equal questions are asked once."""

        def work(unit: Unit) -> list[Any]:
            known: dict[object, Any] = {}
            answers = []
            for key, ask in questions:
                if key is None or key not in known:
                    known[key] = ask(unit)
                answers.append(known[key])
            return answers

        return await self._transaction(self.engines.read, work)

    async def _write(self, work: Callable[[Unit], T]) -> T:
        return await self._units.run(self._persist(work))

    async def _accept(self, batches: Sequence[Batch]) -> list[Verdicts]:
        """All at once; where a key is taken, once more with a look at the keys."""
        everything = [each for batch in batches for each in batch]

        def hope(unit: Unit) -> None:
            unit.accept_all(everything)
            unit.finish()

        def look(unit: Unit) -> list[Verdicts]:
            verdicts = iter(unit.accept(everything))
            unit.finish()
            return [[next(verdicts) for _ in batch] for batch in batches]

        try:
            await self._persist(hope)
        except Duplicate:
            return await self._persist(look)
        return [[None] * len(batch) for batch in batches]

    async def _persist(self, work: Callable[[Unit], T]) -> T:
        """Try again what the database ended because two were entangled."""
        for _ in range(_TRIES - 1):
            try:
                return await self._transaction(self.engines.write, work)
            except Entangled:
                continue
        return await self._transaction(self.engines.write, work)

    async def _transaction(self, engine: AsyncEngine, work: Callable[[Unit], T]) -> T:
        def run(connection: Connection) -> T:
            now = require_utc(self._clock.now(), name="the present")
            return work(Unit(connection, now))

        try:
            return await run_transaction(engine, run)
        except SQLAlchemyError as error:
            raise translate(error) from error


async def open_journal(url: str, *, clock: Clock, data_dir: Path) -> SqlJournal:
    """Open the database at ``url``, or SQLite in ``data_dir`` when it is empty.

    The schema is the business of ``migrations``.

    Raises:
        Refused: not a database that Tapgate can use.
        JournalUnavailable: it does not answer, or the file is damaged.
    """
    engines = make_engines(database_url(url, data_dir=data_dir))
    try:
        await check_health(engines)
    except BaseException:
        await engines.dispose()
        raise
    return SqlJournal(engines, clock)

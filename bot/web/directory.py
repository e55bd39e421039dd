"""Who may send and whom it reaches, read once for all requests that come together.

Every request sees what was true after it came: it takes part in the next read, never
in one that is under way already. What the read tells is one number; only when that
has changed are people and providers read again.

Whoever writes under the condition that people have not changed since need not wait
for a read: the ``last`` ones do.
"""

import asyncio

from core.desk.people import People, read_people
from core.errors import JournalUnavailable
from core.ports import Journal


class Directory:
    """Shared by all requests of one process."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._found: People | JournalUnavailable = JournalUnavailable("not read yet")
        self._begun = 0
        self._ended = 0
        """The number of the read that this is the outcome of."""
        self._over = asyncio.Event()
        """Set once the last read that was begun is over, however it ended."""
        self._over.set()

    @property
    def last(self) -> People | None:
        """As the last read found them; ``None`` where it failed, or there was none."""
        return None if isinstance(self._found, JournalUnavailable) else self._found

    async def people(self) -> People:
        """People and providers as of a moment after this call.

        Raises:
            JournalUnavailable: the read failed, for all who waited for it.
        """
        known = self._begun
        while self._ended <= known:
            if self._over.is_set():
                await self._look()  # the first of those who waited reads for all
            else:
                await self._over.wait()
        if isinstance(self._found, JournalUnavailable):
            raise self._found
        return self._found

    async def _look(self) -> None:
        self._begun += 1
        number = self._begun
        self._over = over = asyncio.Event()
        try:
            self._found = await self._read(self._found)
        except JournalUnavailable as failure:
            self._found = failure
        finally:
            over.set()
        self._ended = number

    async def _read(self, before: People | JournalUnavailable) -> People:
        version = await self._journal.people_version()
        if isinstance(before, People) and before.version == version:
            return before
        return await read_people(self._journal, version)

"""How a transaction is run, from its begin to its commit.

A driver that is asynchronous by a thread of its own wakes that thread, and the event
loop, for every statement. So on SQLite the whole transaction goes to a thread, once.
PostgreSQL is asked from the event loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class Runner(Protocol):
    """Runs transactions."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once its transaction is committed."""
        ...

    async def dispose(self) -> None:
        """Close all connections."""
        ...


class InLoop:
    """Statement by statement, on the event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Callable[[Connection], T]) -> T:
        """See ``Runner``."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def dispose(self) -> None:
        """See ``Runner``."""
        await self._engine.dispose()


class InThreads:
    """Each transaction in one of a few threads, as many as there are connections."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    async def run(self, work: Callable[[Connection], T]) -> T:
        """See ``Runner``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._transaction, work)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    async def dispose(self) -> None:
        """See ``Runner``."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

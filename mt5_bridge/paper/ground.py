"""What all who follow on paper share: one thread, one board of prices, few open files.

A follower who holds nothing costs some kilobytes and no work. Whoever holds something
is remembered here, and each tick compares the prices with their stops, targets and
waiting orders; only what they reach is executed and written.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from core.errors import BrokerUnavailable
from mt5_bridge.paper.board import Board
from mt5_bridge.paper.follower import FollowBroker, FollowSession
from mt5_bridge.paper.session import PaperSettings

MOST_FILES = 64
"""Open at a time; the one that was used longest ago is closed first."""
_Result = TypeVar("_Result")


class FollowGround:
    """Makes the followers' brokers and lets the time that passes do its work."""

    def __init__(self, board: Board, folder: Path, *, files: int = MOST_FILES) -> None:
        self.board = board
        self.clock = board.clock
        self._folder = folder
        self._files = files
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="followers")
        self._used: dict[FollowSession, None] = {}
        """Those with an open file, the one used longest ago first; the lane's own."""
        self._brokers: dict[str, FollowBroker] = {}
        self._news: set[str] = set()

    @property
    def open_files(self) -> int:
        """How many accounts have their file open."""
        return len(self._used)

    def broker(self, name: str, *, currency: str, balance: Decimal) -> FollowBroker:
        """The broker of one follower; nothing is opened yet.

        Raises:
            Refused: no account can be kept in such a currency.
        """
        made = FollowBroker(
            name=name,
            path=self._folder / f"{name}.db",
            ground=self,
            settings=PaperSettings(currency=currency, balance=balance),
        )
        self.take(made)
        return made

    def take(self, broker: FollowBroker) -> None:
        """Compare the prices with what this one holds, from here on."""
        self._brokers[broker.session.name] = broker

    def forget(self, name: str) -> None:
        """One follower's broker is needed no more."""
        self._brokers.pop(name, None)

    async def tick(self) -> list[str]:
        """Compare the prices with what is held.

        Returns whose accounts have changed since the last tick, by whatever cause.
        """
        holding = [each for each in self._brokers.values() if each.takes]
        if holding:
            await self.board.need(frozenset().union(*(each.takes for each in holding)))
            await self._run(lambda: self._match(holding))
        news, self._news = self._news, set()
        return sorted(news)

    def _match(self, holding: Iterable[FollowBroker]) -> None:
        for broker in holding:
            session = broker.session
            try:
                session.noting(session.match, broker.note)
            except BrokerUnavailable:  # no price, or no disk: the next look tells it
                continue
            finally:
                self._shelve(session)

    async def work(
        self, session: FollowSession, work: Callable[[], _Result]
    ) -> _Result:
        """Do something with a session, on the one thread."""

        def shelved() -> _Result:
            try:
                return work()
            finally:
                self._shelve(session)

        return await self._run(shelved)

    def _shelve(self, session: FollowSession) -> None:
        """Remember what happened, and that its file is open; close another one."""
        if session.news:
            session.news = False
            self._news.add(session.name)
        self._used.pop(session, None)
        if not session.used:
            return
        self._used[session] = None
        while len(self._used) > self._files:
            oldest = next(iter(self._used))
            del self._used[oldest]
            oldest.rest()

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._lane, work)

    async def close(self) -> None:
        """Let go of every file and of the thread."""
        for broker in tuple(self._brokers.values()):
            await broker.close()
        self._lane.shutdown()

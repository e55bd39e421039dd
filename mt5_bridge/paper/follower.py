"""The paper account of somebody who follows: its own book, the instance's prices.

It has no market of its own. Before anything is done, the prices that it takes are
asked of the board (see ``board``); the rest is the paper broker's. All followers share
one thread, and few files are open at a time (see ``ground``).
"""

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

from typing_extensions import override

from core.broker import BrokerRequest, OpenRequest, OrderResult
from core.errors import BrokerUnavailable
from core.market import Candle, Quote, SymbolSpec, Timeframe
from core.ports import Clock
from mt5_bridge.paper.board import Board
from mt5_bridge.paper.book import Book
from mt5_bridge.paper.broker import PaperBroker
from mt5_bridge.paper.faults import Faults
from mt5_bridge.paper.market import Turn
from mt5_bridge.paper.matching import expire, match, stirs
from mt5_bridge.paper.money import pairs_between
from mt5_bridge.paper.session import Live, PaperSettings, Session, Setup
from mt5_bridge.paper.specs import SPECS, PaperSpec
from mt5_bridge.paper.store import PaperStore
from mt5_bridge.paper.walk import Feed

_Result = TypeVar("_Result")
_NOT_YET: frozenset[str] = frozenset()


class NoFeed(Feed):
    """Stands for the feed that a follower does not have."""

    def __init__(self) -> None:
        super().__init__(
            fingerprint="followed",
            instruments=frozenset(SPECS),
            speed=Decimal(1),
            resumes_anywhere=False,
        )

    @override
    def spacing(self, instrument: str) -> timedelta:
        return _none()

    @override
    def last(self, instrument: str) -> int | None:
        return _none()

    @override
    def candle(self, instrument: str, number: int) -> Candle:
        return _none()

    @override
    def back(
        self, instrument: str, number: int, timeframe: Timeframe
    ) -> Iterator[Candle]:
        return _none()


def _none() -> NoReturn:
    message = "a paper account that follows has no market of its own"
    raise BrokerUnavailable(message)


_FEED = NoFeed()


class FollowSession(Session):
    """A session whose prices stand on the board, its file opened when it is used."""

    def __init__(
        self, setup: Setup, clock: Clock, faults: Faults, board: Board
    ) -> None:
        super().__init__(setup, clock, faults)
        self._board = board
        self.name = setup.path.stem
        self.news = False
        """Whether something happened that nobody has been told of."""

    @property
    def used(self) -> bool:
        """Whether its file is open."""
        return self._store is not None

    @property
    def busy(self) -> bool:
        """Whether it holds something that a price may close or fill."""
        live = self._live
        return live is not None and bool(live.book.positions or live.book.orders)

    def takes(self) -> frozenset[str]:
        """The instruments whose prices it takes: those it holds, and their rates."""
        book = self._ready().book
        names = {each.instrument for each in book.held()}
        names |= {each.instrument for each in book.pending()}
        return self.with_rates(names)

    def noting(
        self, work: Callable[[], _Result], note: Callable[[frozenset[str] | None], None]
    ) -> _Result:
        """Do something, then note what it takes; ``None`` after a failure."""
        try:
            return work()
        finally:
            note(None if self._live is None else self.takes())

    def with_rates(self, instruments: Collection[str]) -> frozenset[str]:
        """With the dollar pairs that convert them."""
        own = self.terms.money.currency
        found = set(instruments)
        for each in instruments:
            found |= pairs_between(SPECS[each].currency_profit, own)
        return frozenset(found)

    def match(self) -> None:
        """Let the prices on the board close and fill what they reach."""
        live = self._live
        if live is not None and self.busy and stirs(self._account(live, live.book)):
            self.change(lambda _account: None)

    def rest(self) -> None:
        """Close the file; what is held is remembered, so that prices are watched."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if not self.busy:
            self._live = None

    # ------------------------------------------------------------ as a session
    @override
    def _opened(self) -> PaperStore:
        if self._store is None:
            self._store = PaperStore(self._setup.path)
        return self._store

    @override
    def _pass_time(self, live: Live, draft: Book) -> None:
        held = [self._board.quote(each.instrument) for each in draft.held()]
        self.fresh_at = min((each.time for each in held), default=self._clock.now())
        account = self._account(live, draft)
        expire(account)
        match(account)

    @override
    def _keep(self, live: Live, draft: Book, turn: Turn | None) -> None:
        happened = not draft.same_as(live.book)
        super()._keep(live, draft, turn)
        self.news = self.news or happened

    @override
    def _quote(self, live: Live, instrument: str) -> Quote:
        return self._board.quote(instrument)

    @override
    def _closed(self) -> Collection[str]:
        return self._board.closed

    @override
    def _rate(self, pair: str) -> Decimal:
        return self._board.rate(pair) or SPECS[pair].base_price


class Ground(Protocol):
    """What all followers share."""

    clock: Clock
    board: Board

    async def work(
        self, session: FollowSession, work: Callable[[], _Result]
    ) -> _Result:
        """Do something with a session, on the one thread."""
        ...


class FollowBroker(PaperBroker):
    """One follower's account; opens nothing before it is asked something."""

    def __init__(
        self, *, name: str, path: Path, ground: Ground, settings: PaperSettings
    ) -> None:
        self._ground = ground
        self._takes: frozenset[str] | None = None
        self._wanted: set[str] = set()
        super().__init__(
            name=name, path=path, clock=ground.clock, feed=_FEED, settings=settings
        )

    @override
    def _session_of(self, setup: Setup, clock: Clock) -> Session:
        self.session = FollowSession(setup, clock, self.faults, self._ground.board)
        return self.session

    @property
    def takes(self) -> frozenset[str]:
        """The instruments whose prices close or fill what is held."""
        return self._takes or _NOT_YET

    @override
    async def connect(self) -> None:
        return

    @override
    async def close(self) -> None:
        await self._ground.work(self.session, self.session.close)
        self._takes = None

    @override
    async def get_symbol(self, instrument: str) -> SymbolSpec:
        await self._ground.board.source_of(instrument)
        return await super().get_symbol(instrument)

    @override
    async def get_quote(self, instrument: str) -> Quote:
        await self._ground.board.need([instrument])
        return self._ground.board.quote(instrument)

    @override
    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        return await self._ground.board.candles(instrument, timeframe, count)

    @override
    async def check_order(self, request: OpenRequest) -> str:
        self._spec(request.instrument)
        return await super().check_order(request)

    @override
    async def send(self, request: BrokerRequest) -> OrderResult:
        if isinstance(request, OpenRequest) and request.instrument in SPECS:
            self._wanted.add(request.instrument)
        return await super().send(request)

    @override
    def _spec(self, instrument: str) -> PaperSpec:
        spec = super()._spec(instrument)
        self._wanted.add(instrument)
        return spec

    @override
    async def _do(self, work: Callable[[], _Result]) -> _Result:
        session = self.session
        if self._takes is None:
            self.note(await self._ground.work(session, session.takes))
        needed = self.takes | session.with_rates(self._wanted)
        await self._ground.board.need(needed)
        return await self._ground.work(session, lambda: session.noting(work, self.note))

    def note(self, takes: frozenset[str] | None) -> None:
        """Remember whose prices matter; ``None``: it has to be looked up."""
        self._takes = takes

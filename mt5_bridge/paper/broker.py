"""A broker of our own behind the port of a real one: simulated, and as unforgiving.

Everything is done on one thread of the broker's own (a lane), so nothing blocks the
event loop, requests are executed in the order in which they came, and a caller that
gives up waiting cannot stop one half-way. What happens there is ``session``'s.

The market moves when somebody looks: every call lets the time that has passed do its
work first. A service calls ``tick`` a few times per candle, so that stops and targets
work while nobody looks.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from core.broker import (
    BrokerRequest,
    Deal,
    DealReason,
    OpenRequest,
    OrderLookup,
    OrderResult,
    Snapshot,
)
from core.errors import BrokerUnavailable, OutcomeUnknown, Refused
from core.market import Candle, Quote, Side, SymbolSpec, Timeframe
from core.money import cents
from core.ports import Broker, Clock
from mt5_bridge.paper.account import PaperAccount
from mt5_bridge.paper.charts import chart
from mt5_bridge.paper.engine import execute, why_not
from mt5_bridge.paper.faults import Faults
from mt5_bridge.paper.market import Market, Turn
from mt5_bridge.paper.sending import send_through
from mt5_bridge.paper.session import PaperSettings, Session, Setup
from mt5_bridge.paper.specs import SPECS, PaperSpec
from mt5_bridge.paper.views import lookup, snapshot
from mt5_bridge.paper.walk import Feed

_SETTLE = timedelta(seconds=2)
_AT_ONCE = timedelta(0)
_Result = TypeVar("_Result")


class PaperBroker(Broker):
    """A hedging account with its own file; everything in ``core.broker``'s terms."""

    def __init__(
        self,
        *,
        name: str,
        path: Path,
        clock: Clock,
        feed: Feed,
        settings: PaperSettings,
        settle: timedelta = _SETTLE,
    ) -> None:
        """Touches nothing yet; ``clock`` is read from the lane's thread.

        Args:
            name: the account's; its login number follows from it.
            path: the account's file, made by ``connect``.
            clock: what the market is walked by.
            feed: the market.
            settings: the account's money.
            settle: as in the port.

        Raises:
            Refused: no account can be kept in such a currency or with such leverage.
        """
        self.faults = Faults()
        """What is broken on purpose; nothing to begin with."""
        setup = Setup(path=path, feed=feed, specs=SPECS, settings=settings)
        self._session = self._session_of(setup, clock)
        self._lane: ThreadPoolExecutor | None = None
        self._name = name
        self._login = _login_of(name)
        self._settle = settle

    def _session_of(self, setup: Setup, clock: Clock) -> Session:
        return Session(setup, clock, self.faults)

    # ------------------------------------------------------------ the port
    @property
    @override
    def settle(self) -> timedelta:
        return self._settle

    @override
    async def connect(self) -> None:
        if self._lane is None:
            self._lane = ThreadPoolExecutor(1, thread_name_prefix=f"paper-{self._name}")
        await self._query(self._session.open)

    @override
    async def close(self) -> None:
        if self._lane is not None:
            await self._do(self._session.close)
            self._lane.shutdown()
            self._lane = None

    @override
    async def get_snapshot(self, *, since: datetime) -> Snapshot:
        return await self._query(
            lambda: snapshot(
                self._session,
                self._login,
                since,
                zero=self.faults.now.zero_equity,
            )
        )

    @override
    async def get_symbol(self, instrument: str) -> SymbolSpec:
        spec = self._spec(instrument)
        return await self._look(
            lambda account: account.terms.money.symbol(
                spec,
                account.moment.quote_of(instrument).bid,
                tradable=instrument not in account.moment.closed,
            )
        )

    @override
    async def get_quote(self, instrument: str) -> Quote:
        if instrument not in self._session.terms.specs:
            message = f"the paper broker has no price of {instrument}"
            raise BrokerUnavailable(message)
        return await self._look(lambda account: account.moment.quote_of(instrument))

    @override
    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        self._spec(instrument)
        return await self._look(
            lambda account: chart(
                self._session.market, instrument, timeframe, count, account.moment.now
            )
        )

    @override
    async def calc_loss(
        self, instrument: str, side: Side, entry: Decimal, exit_price: Decimal
    ) -> Decimal:
        spec = self._spec(instrument)
        return await self._look(
            lambda account: (
                -account.terms.money.profit(spec, side, Decimal(1), entry, exit_price)
            )
        )

    @override
    async def calc_commission(self, instrument: str) -> Decimal:
        self._spec(instrument)
        return await self._look(lambda account: account.terms.commission_per_lot)

    @override
    async def calc_margin(
        self, instrument: str, side: Side, volume: Decimal, price: Decimal
    ) -> Decimal:
        spec = self._spec(instrument)
        return await self._look(
            lambda account: account.terms.money.margin(spec, volume, price)
        )

    @override
    async def check_order(self, request: OpenRequest) -> str:
        fault = await self._look(lambda account: why_not(account, request))
        return fault.sentence if fault else ""

    @override
    async def send(self, request: BrokerRequest) -> OrderResult:
        self._require_reachable()
        return await self._do(lambda: send_through(self._session, self.faults, request))

    @override
    async def find(self, magic: int) -> OrderLookup:
        return await self._query(lambda: lookup(self._session, magic))

    # ------------------------------------------------------------ the owner's side
    async def tick(self) -> None:
        """Let the time that has passed do its work; works in any condition.

        Raises:
            BrokerUnavailable: not connected, or the file could not be written.
        """
        await self._change(lambda _account: None)

    async def send_by_hand(self, request: BrokerRequest) -> OrderResult:
        """What a person does in a terminal: faults do not concern it."""
        return await self._change(
            lambda account: execute(account, request, DealReason.CLIENT)
        )

    async def deposit(self, amount: Decimal, comment: str = "") -> Deal:
        """Book money in, or, below 0, out.

        Raises:
            Refused: nothing to book, not in whole cents, or more than is free.
        """
        if not amount or amount != cents(amount):
            reason = f"a balance operation books whole cents, not {amount}"
            raise Refused(reason)

        def book(account: PaperAccount) -> Deal | None:
            free = account.equity() - account.margin()
            if amount < 0 and free + amount < 0:
                return None
            return account.deposit(amount, comment)

        deal = await self._change(book)
        if deal is None:
            reason = f"{-amount} cannot be withdrawn: so much is not free"
            raise Refused(reason)
        return deal

    async def steer(self, instrument: str, target: Decimal, over: timedelta) -> None:
        """Move the bid in small steps to ``target`` within ``over``, and hold it there.

        The ask keeps its spread. Time counts while the market is walked.

        Raises:
            Refused: no such instrument, not a price of it, or time below 0.
        """
        spec = self._spec(instrument)
        if target <= 0 or target % spec.point or over < _AT_ONCE:
            reason = f"{instrument} cannot be steered to {target} within {over}"
            raise Refused(reason)
        await self._steer(lambda market: market.steering(instrument, target, over))

    async def set_price(self, instrument: str, price: Decimal) -> None:
        """Let the bid jump to ``price`` and hold it there; raises as ``steer``."""
        await self.steer(instrument, price, _AT_ONCE)

    async def hold(self, instrument: str) -> None:
        """Let the price stand; raises ``Refused`` for an unknown instrument."""
        self._spec(instrument)
        await self._steer(
            lambda market: market.steering(
                instrument, market.price(instrument), _AT_ONCE
            )
        )

    async def release(self, instrument: str) -> None:
        """Give the instrument back to its feed.

        A made-up market goes on from here, a file's returns to the file's prices.
        Raises ``Refused`` for an unknown instrument.
        """
        self._spec(instrument)
        await self._steer(lambda market: market.releasing(instrument))

    # ------------------------------------------------------------ the lane
    def _spec(self, instrument: str) -> PaperSpec:
        specs = self._session.terms.specs
        if instrument not in specs:
            reason = f"the paper broker does not have {instrument}"
            raise Refused(reason)
        return specs[instrument]

    async def _look(self, look: Callable[[PaperAccount], _Result]) -> _Result:
        return await self._query(lambda: self._session.change(look))

    async def _steer(self, turning: Callable[[Market], Turn]) -> None:
        await self._do(lambda: self._session.change(lambda _account: None, turning))

    async def _change(self, act: Callable[[PaperAccount], _Result]) -> _Result:
        return await self._do(lambda: self._session.change(act))

    async def _query(self, work: Callable[[], _Result]) -> _Result:
        self._require_reachable()
        try:
            return await self._do(work)
        except OutcomeUnknown as error:
            raise BrokerUnavailable(str(error)) from error

    def _require_reachable(self) -> None:
        if self.faults.now.unavailable:
            message = f"the paper broker of {self._name} is unavailable (on purpose)"
            raise BrokerUnavailable(message)

    async def _do(self, work: Callable[[], _Result]) -> _Result:
        if self._lane is None:
            message = f"the paper broker of {self._name} is not connected"
            raise BrokerUnavailable(message)
        return await asyncio.get_running_loop().run_in_executor(self._lane, work)


def _login_of(name: str) -> int:
    """Eight digits, always the same for the same name."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return 10_000_000 + int.from_bytes(digest) % 90_000_000

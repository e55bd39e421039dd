"""A small broker in memory that does as it is told, faults included.

It keeps what it received and what it executed, so that a test can count orders
on the broker's side of the port.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from core.broker import (
    BrokerRequest,
    CancelRequest,
    CloseRequest,
    DealReason,
    HistoryState,
    ModifyRequest,
    OpenRequest,
    OrderLookup,
    OrderResult,
    ResultStatus,
    Snapshot,
)
from core.errors import BrokerUnavailable, OutcomeUnknown, Refused
from core.ids import Ticket
from core.market import Candle, OrderType, Quote, Side, SymbolSpec, Timeframe
from core.ports import Clock
from tests.fake_book import COMMISSION, FakeBook

Fault = Callable[[BrokerRequest], OrderResult]


class FakeBroker(FakeBook):
    """``core.ports.Broker`` over its books."""

    def __init__(
        self, clock: Clock, *, settle: timedelta = timedelta(seconds=5)
    ) -> None:
        super().__init__(clock)
        self.settle = settle
        self.received: list[BrokerRequest] = []
        self.executed: list[BrokerRequest] = []
        self.down = False
        """Nothing can be reached: every call says that it was not made."""
        self.check = ""
        """What the broker would say against any order."""
        self._faults: list[tuple[type, Fault]] = []
        self._meanwhile: list[Callable[[], Awaitable[object]]] = []

    def lose_reply(self, *, of: type = object) -> None:
        """Execute the next send, and lose the answer."""
        self._faults.append((of, self._executed_in_silence))

    def lose_request(self, *, of: type = object) -> None:
        """Lose the next send on its way."""
        self._faults.append((of, _lost))

    def refuse(
        self,
        retcode: int,
        times: int = 1,
        *,
        of: type = object,
        message: str = "Refused.",
    ) -> None:
        """Refuse the next sends."""
        result = _refused(retcode, message)
        self._faults += [(of, lambda _: result)] * times

    def fail(
        self, error: BaseException, *, of: type = object, executed: bool = False
    ) -> None:
        """Raise ``error`` from the next send, after it was executed or instead."""

        def raising(request: BrokerRequest) -> OrderResult:
            if executed:
                self._execute(request)
            raise error

        self._faults.append((of, raising))

    def distort(self, change: Callable[[OrderResult], OrderResult]) -> None:
        """Execute the next send, and answer something else."""
        self._faults.append((object, lambda request: change(self._execute(request))))

    def forget_faults(self) -> None:
        """From now on everything goes well."""
        self._faults.clear()

    def meanwhile(self, action: Callable[[], Awaitable[object]]) -> None:
        """Let ``action`` happen while the next send is under way."""
        self._meanwhile.append(action)

    def _executed_in_silence(self, request: BrokerRequest) -> OrderResult:
        self._execute(request)
        return _lost(request)

    def _require_up(self) -> None:
        if self.down:
            message = "the broker is down"
            raise BrokerUnavailable(message)

    # ----------------------------------------------------------------- port

    async def connect(self) -> None:
        self._require_up()

    async def close(self) -> None:
        return

    async def get_snapshot(self, *, since: datetime) -> Snapshot:
        self._require_up()
        now = self._clock.now()
        return Snapshot(
            taken_at=now,
            fresh_at=now - self.stale_by,
            account=self._account(),
            positions=tuple(self._shown_positions()),
            orders=tuple(each for each in self.orders.values() if self._shown(each)),
            past_orders=tuple(
                each
                for each in self.past
                if each.done_at >= since and self._shown(each)
            ),
            deals=tuple(
                each for each in self.deals if each.time >= since and self._shown(each)
            ),
        )

    async def get_symbol(self, instrument: str) -> SymbolSpec:
        self._require_up()
        if instrument not in self.specs:
            message = f"The broker does not have {instrument}."
            raise Refused(message)
        return self.specs[instrument]

    async def get_quote(self, instrument: str) -> Quote:
        self._require_up()
        return self._quote(instrument)

    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        self._require_up()
        price = self.bids[instrument]
        newest = self._clock.now()
        return tuple(
            Candle(
                time=newest - timeframe.span * (count - number),
                open=price,
                high=price,
                low=price,
                close=price,
                volume=1,
            )
            for number in range(count)
        )

    async def calc_loss(
        self, instrument: str, side: Side, entry: Decimal, exit_price: Decimal
    ) -> Decimal:
        self._require_up()
        return (entry - exit_price) * side.sign * self.specs[instrument].contract_size

    async def calc_commission(self, instrument: str) -> Decimal:
        self._require_up()
        return COMMISSION

    async def calc_margin(
        self, instrument: str, side: Side, volume: Decimal, price: Decimal
    ) -> Decimal:
        self._require_up()
        return volume * price * self.specs[instrument].contract_size / 100

    async def check_order(self, request: OpenRequest) -> str:
        self._require_up()
        return self.check

    async def send(self, request: BrokerRequest) -> OrderResult:
        if request.magic in {each.magic for each in self.received}:
            message = f"the magic number {request.magic} was used before"
            raise AssertionError(message)
        self._require_up()
        self.received.append(request)
        if self._meanwhile:
            await self._meanwhile.pop(0)()
        for number, (kind, fault) in enumerate(self._faults):
            if isinstance(request, kind):
                del self._faults[number]
                return fault(request)
        return self._execute(request)

    async def find(self, magic: int) -> OrderLookup:
        self._require_up()
        return OrderLookup(
            positions=tuple(p for p in self._shown_positions() if p.magic == magic),
            orders=tuple(
                each
                for each in self.orders.values()
                if each.magic == magic and self._shown(each)
            ),
            past_orders=tuple(
                each for each in self.past if each.magic == magic and self._shown(each)
            ),
            deals=tuple(
                each for each in self.deals if each.magic == magic and self._shown(each)
            ),
        )

    def _execute(self, request: BrokerRequest) -> OrderResult:
        result = self._answer(request)
        if result.status is not ResultStatus.REJECTED:
            self.executed.append(request)
        return result

    def _answer(self, request: BrokerRequest) -> OrderResult:
        match request:
            case OpenRequest():
                return self._open(request)
            case CloseRequest():
                return self._close(request)
            case ModifyRequest():
                return self._modify(request)
            case CancelRequest():
                return self._cancel(request)

    def _open(self, request: OpenRequest) -> OrderResult:
        if request.order_type is not OrderType.MARKET:
            order = self._new_order(request)
            self.orders[order.ticket] = order
            return _done(ResultStatus.PLACED, 10008, order=order.ticket)
        price = self._quote(request.instrument).to_open(request.side)
        if (price - request.price) * request.side.sign > request.deviation:
            return _refused(10004, "Requote.")
        order = self._new_order(request)
        deal = self._enter(order, price, DealReason.EXPERT)
        return _done(
            ResultStatus.FILLED,
            10009,
            order=order.ticket,
            deal=deal.ticket,
            position_id=order.ticket,
            volume=request.volume,
            price=price,
        )

    def _close(self, request: CloseRequest) -> OrderResult:
        position = self.positions.get(request.ticket)
        if position is None:
            return _refused(10036, "The position is closed already.")
        if request.volume > position.volume:
            return _refused(10038, "The position is smaller than that.")
        price = self._quote(position.instrument).to_close(position.side)
        deal = self._leave(
            position, request.volume, price, DealReason.EXPERT, magic=request.magic
        )
        return _done(
            ResultStatus.FILLED,
            10009,
            order=deal.order,
            deal=deal.ticket,
            position_id=position.identifier,
            volume=request.volume,
            price=price,
        )

    def _modify(self, request: ModifyRequest) -> OrderResult:
        position = self.positions.get(request.ticket)
        if position is None:
            return _refused(10036, "The position is closed already.")
        changed = replace(
            position, stop_loss=request.stop_loss, take_profit=request.take_profit
        )
        if changed == position:
            return _refused(10025, "Nothing would change.")
        self.positions[request.ticket] = changed
        return _done(ResultStatus.FILLED, 10009, position_id=position.identifier)

    def _cancel(self, request: CancelRequest) -> OrderResult:
        if request.ticket not in self.orders:
            return _refused(10013, "There is no such order.")
        self.end_order(request.ticket, HistoryState.CANCELLED)
        return _done(ResultStatus.FILLED, 10009, order=request.ticket)


def _lost(_: BrokerRequest) -> OrderResult:
    message = "no answer came"
    raise OutcomeUnknown(message)


def _refused(retcode: int, message: str) -> OrderResult:
    return OrderResult(status=ResultStatus.REJECTED, retcode=retcode, message=message)


def _done(
    status: ResultStatus,
    retcode: int,
    *,
    order: Ticket | None = None,
    deal: Ticket | None = None,
    position_id: Ticket | None = None,
    volume: Decimal | None = None,
    price: Decimal | None = None,
) -> OrderResult:
    return OrderResult(
        status=status,
        retcode=retcode,
        message="",
        order=order,
        deal=deal,
        position_id=position_id,
        volume=volume,
        price=price,
    )

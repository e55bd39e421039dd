"""Any story, restarts included, ends as a second and simpler broker says it must."""

import asyncio
import tempfile
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.broker import (
    CancelRequest,
    CloseRequest,
    DealEntry,
    DealReason,
    DealType,
    ModifyRequest,
)
from core.market import OrderType, Side
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import START, D, broker_at, order
from tests.mt5_bridge.paper.replay import GOLD, YEN, Line, Replay

BASE = {GOLD: D(1950), YEN: D(145)}
STEP = {GOLD: D("0.05"), YEN: D("0.005")}
REASONS = {
    DealReason.STOP_LOSS: "sl",
    DealReason.TAKE_PROFIT: "tp",
    DealReason.STOP_OUT: "so",
}
steps = st.integers(-400, 400)
near = st.one_of(st.none(), st.integers(-10, 300))
instruments = st.sampled_from([GOLD, YEN])
lots = st.sampled_from([D("0.01"), D("0.1"), D("0.37"), D("1.5"), D(3)])


def exact(value):
    return None if value is None else Fraction(value)


class Stories(RuleBasedStateMachine):
    """Both brokers live through the same; ``self.model`` is the simple one."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FixedClock(START)
        self.model = Replay()
        self.connect()

    def connect(self) -> None:
        path = Path(self.folder.name) / "paper.db"
        self.broker = broker_at(path, self.clock, commission_per_lot=D(7))
        self.runner.run(self.broker.connect())

    def teardown(self) -> None:
        self.runner.run(self.broker.close())
        self.runner.close()
        self.folder.cleanup()

    def bid(self, instrument):
        bid = self.model.bids[instrument]
        return D(bid.numerator) / D(bid.denominator)

    def send(self, request) -> int:
        return self.runner.run(self.broker.send(request)).retcode

    # ------------------------------------------------------------ the story
    @rule(instrument=instruments, where=steps)
    def the_price_jumps(self, instrument, where) -> None:
        price = BASE[instrument] + where * STEP[instrument]
        self.model.bids[instrument] = exact(price)
        self.runner.run(self.broker.set_price(instrument, price))
        self.model.quote()

    @rule(
        instrument=instruments,
        how=st.tuples(st.sampled_from(Side), st.sampled_from(OrderType)),
        lots=lots,
        away=steps,
        levels=st.tuples(near, near),
        expires=st.sampled_from([None, 1, 3]),
    )
    def somebody_orders(self, instrument, how, lots, away, levels, expires) -> None:
        side, kind = how
        step, sign = STEP[instrument], side.sign
        price = self.bid(instrument) + away * step
        base = self.bid(instrument) if kind is OrderType.MARKET else price
        stop = None if levels[0] is None else base - sign * levels[0] * step
        target = None if levels[1] is None else base + sign * levels[1] * step
        line = Line(
            ticket=0,
            instrument=instrument,
            sign=sign,
            kind=kind.value,
            lots=exact(lots),
            price=exact(price),
            stop=exact(stop),
            target=exact(target),
            expires=None if expires is None else self.model.now + expires,
        )
        until = None if expires is None else timedelta(seconds=line.expires)
        request = order(
            instrument=instrument,
            side=side,
            order_type=kind,
            volume=lots,
            price=price,
            stop_loss=stop,
            take_profit=target,
            expires_at=until and START + until,
        )
        assert self.send(request) == self.model.send(line)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), part=st.sampled_from([None, D("0.01"), D("0.1")]))
    def somebody_closes(self, data, part) -> None:
        line = data.draw(st.sampled_from(self.model.open))
        volume = part or D(line.lots.numerator) / D(line.lots.denominator)
        request = CloseRequest(
            ticket=line.ticket,
            instrument=line.instrument,
            side=Side.BUY if line.sign > 0 else Side.SELL,
            volume=volume,
            magic=8,
            comment="",
        )
        assert self.send(request) == self.model.close(line, exact(volume))

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), levels=st.tuples(near, near))
    def somebody_moves_stops(self, data, levels) -> None:
        line = data.draw(st.sampled_from(self.model.open))
        step, bid = STEP[line.instrument], self.bid(line.instrument)
        stop = None if levels[0] is None else bid - line.sign * levels[0] * step
        target = None if levels[1] is None else bid + line.sign * levels[1] * step
        request = ModifyRequest(
            ticket=line.ticket, stop_loss=stop, take_profit=target, magic=9
        )
        expected = self.model.set_stops(line, exact(stop), exact(target))
        assert self.send(request) == expected

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def somebody_cancels(self, data) -> None:
        line = data.draw(st.sampled_from(self.model.waiting))
        self.model.waiting.remove(line)
        assert self.send(CancelRequest(ticket=line.ticket, magic=9)) == 10009

    @rule(amount=st.integers(1, 500_000))
    def somebody_pays_in(self, amount) -> None:
        self.runner.run(self.broker.deposit(D(amount) / 100))
        self.model.deposit(Fraction(amount, 100))

    @rule()
    def a_second_passes(self) -> None:
        self.clock.advance(timedelta(seconds=1))
        self.model.second()
        self.runner.run(self.broker.tick())

    @rule()
    def the_program_starts_anew(self) -> None:
        self.runner.run(self.broker.close())
        self.connect()

    # ------------------------------------------------------------ how it must stand
    @invariant()
    def both_agree(self) -> None:
        snapshot = self.runner.run(self.broker.get_snapshot(since=START))
        model = self.model
        assert exact(snapshot.account.balance) == model.balance
        assert exact(snapshot.account.equity) == model.equity
        assert exact(snapshot.account.margin) == model.margin
        assert [
            (p.ticket, exact(p.volume), exact(p.open_price), exact(p.profit))
            for p in snapshot.positions
        ] == [(e.ticket, e.lots, e.price, model.gain(e, e.lots)) for e in model.open]
        assert [o.ticket for o in snapshot.orders] == [e.ticket for e in model.waiting]
        trades = [deal for deal in snapshot.deals if deal.type is not DealType.BALANCE]
        assert [(d.position_id, _word(d), exact(d.net)) for d in trades] == model.deals

    @invariant()
    def the_money_adds_up(self) -> None:
        snapshot = self.runner.run(self.broker.get_snapshot(since=START))
        account = snapshot.account
        assert account.balance == sum(deal.net for deal in snapshot.deals)
        floating = sum(each.profit + each.swap for each in snapshot.positions)
        assert account.equity == account.balance + account.credit + floating
        assert account.margin_free == account.equity - account.margin


def _word(deal) -> str:
    return "in" if deal.entry is DealEntry.IN else REASONS.get(deal.reason, "out")


TestStories = Stories.TestCase
TestStories.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

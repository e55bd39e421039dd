"""A broker that says nothing is answered for: unreachable, or unknown."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.deadlines import TimedBroker
from core.broker import CloseRequest, OpenRequest
from core.errors import BrokerUnavailable, OutcomeUnknown
from core.ids import Ticket
from core.market import OrderType, Side, Timeframe
from tests.fake_broker import FakeBroker
from tests.fakes import NOON, FixedClock

GOLD, BUY, PRICE = "XAUUSD", Side.BUY, Decimal("1950.50")
OPEN = OpenRequest(
    instrument=GOLD,
    side=BUY,
    order_type=OrderType.MARKET,
    volume=Decimal("0.1"),
    price=PRICE,
    stop_loss=None,
    take_profit=None,
    deviation=Decimal(1),
    expires_at=None,
    magic=7,
    comment="",
)
CLOSE = CloseRequest(
    ticket=Ticket(1),
    instrument=GOLD,
    side=BUY,
    volume=Decimal("0.1"),
    magic=8,
    comment="",
)
QUESTIONS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "get_snapshot": ((), {"since": NOON}),
    "get_symbol": ((GOLD,), {}),
    "get_quote": ((GOLD,), {}),
    "get_candles": ((GOLD, Timeframe.M15, 3), {}),
    "calc_loss": ((GOLD, BUY, PRICE, PRICE - 5), {}),
    "calc_commission": ((GOLD,), {}),
    "calc_margin": ((GOLD, BUY, Decimal(1), PRICE), {}),
    "check_order": ((OPEN,), {}),
    "find": ((7,), {}),
}


class Silent:
    """Never answers anything."""

    settle = timedelta(seconds=5)

    def __getattr__(self, name: str) -> Any:
        async def silence(*_: Any, **__: Any) -> Any:
            await asyncio.Event().wait()

        return silence


def _timed(broker: Any, **spans: float) -> TimedBroker:
    short = {name: timedelta(seconds=value) for name, value in spans.items()}
    return TimedBroker(broker, **short)


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker(FixedClock())


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_question_is_answered_as_the_broker_does(broker, question):
    words, names = QUESTIONS[question]
    expected = await getattr(broker, question)(*words, **names)
    assert await getattr(_timed(broker), question)(*words, **names) == expected


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_question_without_an_answer_is_a_broker_out_of_reach(question):
    words, names = QUESTIONS[question]
    timed = _timed(Silent(), ask=0.01)
    with pytest.raises(BrokerUnavailable, match="did not answer in time"):
        await getattr(timed, question)(*words, **names)


@pytest.mark.parametrize("request_", [OPEN, CLOSE])
async def test_an_order_without_an_answer_is_an_outcome_unknown(request_):
    with pytest.raises(OutcomeUnknown, match="did not answer the order in time"):
        await _timed(Silent(), send=0.01).send(request_)


async def test_an_order_is_sent_once(broker):
    result = await _timed(broker).send(OPEN)
    assert result.volume == Decimal("0.1")
    assert broker.received == [OPEN]


async def test_connecting_and_letting_go_are_the_broker_s(broker):
    timed = _timed(broker)
    await timed.connect()
    await timed.close()
    assert timed.settle == broker.settle
    broker.down = True
    with pytest.raises(BrokerUnavailable):
        await timed.connect()


def test_every_call_of_the_port_but_two_has_a_deadline():
    asked = set(QUESTIONS) | {"send", "connect", "close", "settle"}
    assert asked == {name for name in vars(TimedBroker) if not name.startswith("_")}

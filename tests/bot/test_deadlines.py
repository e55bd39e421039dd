"""A broker that is silent is unavailable; an order it is silent about is in doubt."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.deadlines import TimedBroker
from core.broker import CancelRequest
from core.errors import BrokerUnavailable, OutcomeUnknown
from core.ids import Ticket
from core.market import Side, Timeframe
from core.ports import Broker

NOW = datetime(2026, 3, 5, tzinfo=UTC)
SOON = timedelta(milliseconds=10)
ONE = Decimal(1)
CANCEL = CancelRequest(ticket=Ticket(1), magic=1)


class Silent:
    """Never answers anything."""

    settle = timedelta(seconds=7)

    def __getattr__(self, name):
        async def never(*_, **__):
            await asyncio.Event().wait()

        return never


class Prompt:
    """Answers with what it was asked."""

    settle = timedelta(seconds=7)

    def __getattr__(self, name):
        async def answer(*words, **named):
            return (name, words, tuple(named.values()))

        return answer


ASKED = {
    "get_snapshot": lambda broker: broker.get_snapshot(since=NOW),
    "get_symbol": lambda broker: broker.get_symbol("XAUUSD"),
    "get_quote": lambda broker: broker.get_quote("XAUUSD"),
    "get_candles": lambda broker: broker.get_candles("XAUUSD", Timeframe.M1, 5),
    "calc_loss": lambda broker: broker.calc_loss("XAUUSD", Side.BUY, ONE, ONE),
    "calc_commission": lambda broker: broker.calc_commission("XAUUSD"),
    "calc_margin": lambda broker: broker.calc_margin("XAUUSD", Side.BUY, ONE, ONE),
    "check_order": lambda broker: broker.check_order(CANCEL),
    "find": lambda broker: broker.find(1),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_question_that_is_not_answered_in_time_means_unavailable(name):
    with pytest.raises(BrokerUnavailable):
        await ASKED[name](TimedBroker(Silent(), ask=SOON))


@pytest.mark.parametrize("name", ASKED)
async def test_an_answer_that_comes_in_time_is_passed_on(name):
    answer = await ASKED[name](TimedBroker(Prompt()))

    assert answer[0] == name


async def test_an_order_that_is_not_answered_in_time_is_in_doubt():
    with pytest.raises(OutcomeUnknown):
        await TimedBroker(Silent(), send=SOON).send(CANCEL)


async def test_everything_else_is_the_brokers_own():
    broker: Broker = TimedBroker(Prompt())

    assert broker.settle == timedelta(seconds=7)
    assert await broker.send(CANCEL) == ("send", (CANCEL,), ())
    assert await broker.connect() is None
    assert await broker.close() is None

"""What is refused: the return code of MetaTrader, a sentence, and nothing changed."""

from datetime import timedelta

import pytest

from core.broker import CancelRequest, ResultStatus
from core.market import OrderType, Side
from tests.mt5_bridge.paper.bench import GOLD, START, Bench, D, close, order, stops

LIMIT, STOP = OrderType.LIMIT, OrderType.STOP
CODES = [
    ("a comment of 30 characters", {"comment": "x" * 30}, 10013, "29"),
    ("a magic below 0", {"magic": -1}, 10013, "-1"),
    ("a magic beyond 63 bits", {"magic": 2**63}, 10013, "magic"),
    ("an unknown instrument", {"instrument": "XXXYYY"}, 10013, "XXXYYY"),
    ("too few lots", {"volume": "0.001"}, 10014, "0.01 to 50"),
    ("too many lots", {"volume": "50.01"}, 10014, "50.01"),
    ("lots between steps", {"volume": "0.015"}, 10014, "steps"),
    ("no number of lots", {"volume": D("NaN")}, 10014, "NaN"),
    ("a price of 0", {"price": "0"}, 10015, "0"),
    ("an endless price", {"price": D("Infinity")}, 10015, "Infinity"),
    ("a limit off the tick", {"order_type": LIMIT, "price": "1940.001"}, 10015, "1940"),
    (
        "a limit at the market",
        {"order_type": LIMIT, "price": "1950.25"},
        10015,
        "limit",
    ),
    ("a limit too near", {"order_type": LIMIT, "price": "1950.06"}, 10015, "1950.25"),
    ("a limit beyond", {"order_type": LIMIT, "price": "1960"}, 10015, "limit"),
    ("a stop on the wrong side", {"order_type": STOP, "price": "1940"}, 10015, "stop"),
    ("a stop too near", {"order_type": STOP, "price": "1950.44"}, 10015, "stop"),
    ("a stop loss above a buy", {"stop_loss": "1951"}, 10016, "stop loss"),
    ("a stop loss too near", {"stop_loss": "1949.81"}, 10016, "below 1950"),
    ("a stop loss off the tick", {"stop_loss": "1940.005"}, 10016, "1940.005"),
    ("a target below a buy", {"take_profit": "1940"}, 10016, "take profit"),
    ("a target too near", {"take_profit": "1950.19"}, 10016, "above 1950"),
    (
        "a stop loss below a sell",
        {"side": Side.SELL, "stop_loss": "1940"},
        10016,
        "1940",
    ),
    (
        "a pending order's stop beyond its price",
        {"order_type": LIMIT, "price": "1940", "stop_loss": "1939.90"},
        10016,
        "1940",
    ),
    (
        "an expiry that is now",
        {"order_type": LIMIT, "price": "1940", "expires_at": START},
        10022,
        "expiry",
    ),
    ("more than the margin carries", {"volume": "6"}, 10019, "free margin"),
    (
        "a pending order that nobody can pay",
        {"order_type": LIMIT, "price": "1940", "volume": "6"},
        10019,
        "free margin",
    ),
]


@pytest.mark.parametrize(
    ("wishes", "retcode", "word"),
    [pytest.param(*rest, id=name) for name, *rest in CODES],
)
async def test_an_order_is_refused_for(bench: Bench, wishes, retcode, word) -> None:
    before = await bench.snapshot()
    result = await bench.broker.send(order(**wishes))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, retcode)
    assert word in result.message
    assert (result.order, result.deal) == (None, None)
    assert await bench.snapshot() == before


@pytest.mark.parametrize(
    ("wishes", "retcode", "word"),
    [pytest.param(*rest, id=name) for name, *rest in CODES],
)
async def test_a_check_says_what_sending_would(
    bench: Bench, wishes, retcode, word
) -> None:
    request = order(**wishes)
    checked = await bench.broker.check_order(request)
    assert checked == (await bench.broker.send(request)).message


TAKEN = [
    ("the longest comment", {"comment": "x" * 29}),
    ("the smallest volume", {"volume": "0.01"}),
    ("a reference price off the tick", {"price": "1950.123"}),
    ("a stop at the stops level", {"stop_loss": "1949.80"}),
    ("a target at the stops level", {"take_profit": "1950.20"}),
    ("a limit at the stops level", {"order_type": LIMIT, "price": "1950.05"}),
    ("a stop order at the stops level", {"order_type": STOP, "price": "1950.45"}),
    ("an expiry that a market order does not need", {"expires_at": START}),
    ("a sell's stop", {"side": Side.SELL, "stop_loss": "1950.45"}),
]


@pytest.mark.parametrize(
    "wishes", [pytest.param(wishes, id=name) for name, wishes in TAKEN]
)
async def test_an_order_is_taken_with(bench: Bench, wishes) -> None:
    assert await bench.broker.check_order(order(**wishes)) == ""
    result = await bench.broker.send(order(**wishes))
    assert result.status in {ResultStatus.FILLED, ResultStatus.PLACED}


async def test_the_margin_counts_what_is_open_already(bench: Bench) -> None:
    await bench.opened(volume="3")
    result = await bench.broker.send(order(volume="3"))
    assert result.retcode == 10019
    assert "5850.75 USD" in result.message


async def test_a_close_of_what_is_closed_is_refused(bench: Bench) -> None:
    position = await bench.opened()
    await bench.broker.send(close(position))
    result = await bench.broker.send(close(position))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10036)


CLOSES = [
    ("more than there is", {"volume": D("0.2")}, 10038, "0.1 lots"),
    ("lots between steps", {"volume": D("0.015")}, 10014, "steps"),
    ("no number of lots", {"volume": D("NaN")}, 10014, "NaN"),
    ("nothing", {"volume": D(0)}, 10014, "0.01"),
    ("the other side", {"side": Side.SELL}, 10013, "another"),
    ("another instrument", {"instrument": "EURUSD"}, 10013, "another"),
    ("a comment too long", {"comment": "x" * 30}, 10013, "29"),
    ("a magic below 0", {"magic": -1}, 10013, "magic"),
]


@pytest.mark.parametrize(
    ("wishes", "retcode", "word"),
    [pytest.param(*rest, id=name) for name, *rest in CLOSES],
)
async def test_a_close_is_refused_for(bench: Bench, wishes, retcode, word) -> None:
    position = await bench.opened(volume="0.1")
    result = await bench.broker.send(close(position, **wishes))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, retcode)
    assert word in result.message
    assert await bench.position() == position


async def test_stops_that_stand_already_are_no_change(bench: Bench) -> None:
    position = await bench.opened(stop_loss="1940")
    result = await bench.broker.send(stops(position, "1940.00", None))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10025)


async def test_stops_on_the_wrong_side_are_refused(bench: Bench) -> None:
    position = await bench.opened()
    result = await bench.broker.send(stops(position, "1950", None))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10016)


async def test_stops_of_a_closed_position_are_refused(bench: Bench) -> None:
    position = await bench.opened()
    await bench.broker.send(close(position))
    assert (await bench.broker.send(stops(position, "1940", None))).retcode == 10036


async def test_an_unknown_pending_order_cannot_be_cancelled(bench: Bench) -> None:
    result = await bench.broker.send(CancelRequest(ticket=12345, magic=1))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10035)


async def test_nothing_moves_while_the_market_is_closed(bench: Bench) -> None:
    position = await bench.opened(stop_loss="1940")
    waiting = await bench.broker.send(order(order_type=LIMIT, price="1930"))
    bench.broker.faults.apply({"closed": [GOLD]})
    for request in (
        order(),
        close(position),
        stops(position, "1945", None),
        CancelRequest(ticket=waiting.order, magic=1),
    ):
        result = await bench.broker.send(request)
        assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10018)
    await bench.price(GOLD, "1920")
    snapshot = await bench.snapshot()
    assert [each.ticket for each in snapshot.positions] == [position.ticket]
    assert [each.ticket for each in snapshot.orders] == [waiting.order]


async def test_what_waited_for_the_opening_is_done_at_the_opening_price(
    bench: Bench,
) -> None:
    await bench.opened(stop_loss="1940")
    bench.broker.faults.apply({"closed": [GOLD]})
    await bench.price(GOLD, "1920")
    bench.broker.faults.apply({"closed": []})
    await bench.passes(1)
    assert (await bench.snapshot()).deals[-1].price == D(1920)


async def test_an_expiry_in_the_future_is_taken(bench: Bench) -> None:
    until = START + timedelta(microseconds=1)
    request = order(order_type=LIMIT, price="1940", expires_at=until)
    assert await bench.broker.check_order(request) == ""

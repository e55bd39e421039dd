"""Broken on purpose: each fault does what it says, to whom it says, and no more."""

import pytest

from core.broker import ResultStatus
from core.errors import BrokerUnavailable, OutcomeUnknown, Refused
from core.market import OrderType, Side, Timeframe
from core.money import ZERO
from tests.mt5_bridge.paper.bench import (
    EURO,
    GOLD,
    START,
    Bench,
    D,
    close,
    order,
    stops,
)


async def test_a_lost_reply_hides_an_order_that_was_executed(bench: Bench) -> None:
    bench.broker.faults.apply({"lose_reply": 1})
    with pytest.raises(OutcomeUnknown):
        await bench.broker.send(order(magic=5))
    assert len((await bench.broker.find(5)).positions) == 1


async def test_a_lost_request_never_arrived(bench: Bench) -> None:
    bench.broker.faults.apply({"lose_request": 1})
    with pytest.raises(OutcomeUnknown):
        await bench.broker.send(order(magic=5))
    assert not (await bench.broker.find(5)).found


async def test_a_time_out_is_unknown_though_executed(bench: Bench) -> None:
    bench.broker.faults.apply({"time_out": 1})
    result = await bench.broker.send(order(magic=5))
    assert (result.status, result.retcode) == (ResultStatus.UNKNOWN, 10012)
    assert (result.order, result.deal) == (None, None)
    assert (await bench.broker.find(5)).found


async def test_a_refusal_carries_its_code_and_executes_nothing(bench: Bench) -> None:
    bench.broker.faults.apply({"refuse": {"retcode": 10027}})
    result = await bench.broker.send(order(magic=5))
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10027)
    assert "Algo Trading" in result.message
    assert not (await bench.broker.find(5)).found


async def test_an_ambiguous_refusal_is_unknown(bench: Bench) -> None:
    bench.broker.faults.apply({"refuse": {"retcode": 10031}})
    assert (await bench.broker.send(order())).status is ResultStatus.UNKNOWN


async def test_faults_count(bench: Bench) -> None:
    bench.broker.faults.apply({"refuse": {"retcode": 10019, "times": 2}})
    codes = [(await bench.broker.send(order())).retcode for _ in range(3)]
    assert codes == [10019, 10019, 10009]


async def test_faults_queue(bench: Bench) -> None:
    bench.broker.faults.apply({"refuse": {"retcode": 10019}})
    bench.broker.faults.apply({"refuse": {"retcode": 10018}})
    codes = [(await bench.broker.send(order())).retcode for _ in range(3)]
    assert codes == [10019, 10018, 10009]


async def test_a_fault_may_concern_one_kind_of_request(bench: Bench) -> None:
    bench.broker.faults.apply({"refuse": {"retcode": 10006, "of": "close"}})
    position = await bench.opened()
    assert (await bench.broker.send(stops(position, "1940", None))).retcode == 10009
    assert (await bench.broker.send(close(position))).retcode == 10006
    assert (await bench.broker.send(close(position))).retcode == 10009


async def test_an_unavailable_broker_answers_nothing(bench: Bench) -> None:
    bench.broker.faults.apply({"unavailable": True})
    broker = bench.broker
    for question in (
        broker.connect,
        lambda: broker.get_snapshot(since=START),
        lambda: broker.get_symbol(GOLD),
        lambda: broker.get_quote(GOLD),
        lambda: broker.get_candles(GOLD, Timeframe.M1, 5),
        lambda: broker.calc_loss(GOLD, Side.BUY, D(2), D(1)),
        lambda: broker.calc_commission(GOLD),
        lambda: broker.calc_margin(GOLD, Side.BUY, D(1), D(1)),
        lambda: broker.check_order(order()),
        lambda: broker.send(order(magic=5)),
        lambda: broker.find(5),
    ):
        with pytest.raises(BrokerUnavailable, match="on purpose"):
            await question()
    broker.faults.apply({"unavailable": False})
    assert not (await broker.find(5)).found


async def test_the_market_goes_on_while_we_cannot_reach_it(bench: Bench) -> None:
    await bench.opened(stop_loss="1940")
    bench.broker.faults.apply({"unavailable": True})
    await bench.price(GOLD, "1930")
    await bench.passes(1)
    bench.broker.faults.apply({"unavailable": False})
    assert not (await bench.snapshot()).positions


async def test_a_person_still_reaches_an_unavailable_broker(bench: Bench) -> None:
    bench.broker.faults.apply({"unavailable": True, "lose_request": 1})
    assert (await bench.broker.send_by_hand(order())).retcode == 10009


async def test_stale_prices_grow_old_and_stand(bench: Bench) -> None:
    await bench.passes(10)
    since = bench.clock.now()
    bench.broker.faults.apply({"stale": True})
    await bench.passes(60)
    snapshot = await bench.snapshot()
    assert (snapshot.fresh_at, snapshot.taken_at) == (since, bench.clock.now())
    assert (await bench.broker.get_quote(GOLD)).time == since
    bench.broker.faults.apply({"stale": False})
    assert (await bench.snapshot()).fresh_at == bench.clock.now()


async def test_nothing_is_executed_without_prices(bench: Bench) -> None:
    bench.broker.faults.apply({"stale": True})
    result = await bench.broker.send(order())
    assert (result.status, result.retcode) == (ResultStatus.REJECTED, 10021)


async def test_an_account_may_read_as_all_zeros(bench: Bench) -> None:
    await bench.opened()
    bench.broker.faults.apply({"zero_equity": True})
    account = (await bench.snapshot()).account
    assert account.balance == account.equity == ZERO
    assert account.margin == account.margin_free == ZERO
    assert (await bench.snapshot()).positions
    bench.broker.faults.apply({"zero_equity": False})
    assert (await bench.snapshot()).account.balance == D(10_000)


async def test_a_new_order_may_be_seen_late(bench: Bench) -> None:
    old = await bench.opened(magic=4)
    bench.broker.faults.apply({"hide_seconds": 5})
    result = await bench.broker.send(order(magic=5))
    assert result.status is ResultStatus.FILLED
    await bench.passes(4.9)
    assert not (await bench.broker.find(5)).found
    snapshot = await bench.snapshot()
    assert [each.ticket for each in snapshot.positions] == [old.ticket]
    assert result.deal not in {deal.ticket for deal in snapshot.deals}
    assert result.order not in {past.ticket for past in snapshot.past_orders}
    await bench.passes(0.1)
    found = await bench.broker.find(5)
    assert found.positions
    assert found.deals
    assert found.past_orders


async def test_a_new_pending_order_may_be_seen_late(bench: Bench) -> None:
    bench.broker.faults.apply({"hide_seconds": 5})
    request = order(order_type=OrderType.LIMIT, price="1940", magic=5)
    await bench.broker.send(request)
    assert not (await bench.broker.find(5)).found
    assert not (await bench.snapshot()).orders
    await bench.passes(5)
    assert (await bench.broker.find(5)).orders


async def test_what_is_hidden_stays_so_when_the_fault_ends(bench: Bench) -> None:
    bench.broker.faults.apply({"hide_seconds": 5})
    await bench.broker.send(order(magic=5))
    bench.broker.faults.apply({"hide_seconds": 0})
    await bench.broker.send(order(magic=6))
    assert not (await bench.broker.find(5)).found
    assert (await bench.broker.find(6)).found


async def test_a_closed_market_is_one_instrument(bench: Bench) -> None:
    bench.broker.faults.apply({"closed": [EURO]})
    assert (await bench.broker.send(order())).retcode == 10009
    assert (
        await bench.broker.send(order(instrument=EURO, price="1.1"))
    ).retcode == 10018


async def test_clear_makes_all_well(bench: Bench) -> None:
    bench.broker.faults.apply(
        {"unavailable": True, "stale": True, "closed": [GOLD], "lose_request": 9}
    )
    bench.broker.faults.apply({"clear": True})
    assert (await bench.broker.send(order())).retcode == 10009


async def test_clear_comes_before_the_rest(bench: Bench) -> None:
    bench.broker.faults.apply({"lose_request": 1})
    bench.broker.faults.apply({"refuse": {"retcode": 10019}, "clear": True})
    codes = [(await bench.broker.send(order())).retcode for _ in range(2)]
    assert codes == [10019, 10009]


BAD = [
    ({"explode": True}, "there is no 'explode'"),
    ({"unavailable": 1}, "'unavailable' must be true or false, was 1"),
    ({"stale": "yes"}, "'stale' must be true or false"),
    ({"zero_equity": None}, "'zero_equity' must be"),
    ({"clear": 1}, "'clear' must be"),
    ({"lose_reply": 0}, "lose_reply must be a whole number from 1 on, was 0"),
    ({"lose_reply": True}, "lose_reply must be a whole number"),
    ({"lose_reply": "2"}, "lose_reply must be a whole number"),
    ({"lose_reply": {"times": 1, "off": "close"}}, "lose_reply has no 'off'"),
    ({"lose_reply": {"retcode": 10019}}, "lose_reply has no 'retcode'"),
    ({"lose_reply": {"of": "deposit"}}, "'of' must be one of any, open"),
    ({"lose_reply": {"of": ["open"]}}, "'of' must be one of"),
    ({"refuse": 1}, "'retcode' must be one that refuses"),
    ({"refuse": {"retcode": 10009}}, "'retcode' must be one that refuses"),
    ({"refuse": {"retcode": 42}}, "was 42"),
    ({"refuse": {"retcode": "10019"}}, "was '10019'"),
    ({"hide_seconds": -1}, "'hide_seconds' must be 0 to 86400, was -1"),
    ({"hide_seconds": True}, "'hide_seconds' must be"),
    ({"hide_seconds": "5"}, "'hide_seconds' must be"),
    ({"hide_seconds": float("nan")}, "'hide_seconds' must be"),
    ({"closed": GOLD}, "'closed' must be a list of instruments, was 'XAUUSD'"),
    ({"closed": [1]}, "'closed' must be a list"),
]


@pytest.mark.parametrize(("wishes", "words"), BAD)
async def test_a_wish_that_makes_no_sense_is_refused(
    bench: Bench, wishes, words
) -> None:
    with pytest.raises(Refused, match=words):
        bench.broker.faults.apply(wishes)


async def test_of_a_refused_wish_nothing_is_done(bench: Bench) -> None:
    with pytest.raises(Refused):
        bench.broker.faults.apply({"lose_request": 1, "stale": True, "explode": 1})
    assert (await bench.broker.send(order())).retcode == 10009

"""Money: deposits and withdrawals, margin, stop-out, and that all of it adds up."""

import pytest

from core.broker import DealEntry, DealReason, DealType, MarginMode, TradeMode
from core.errors import Refused
from core.market import OrderType, Side
from core.money import ZERO
from tests.mt5_bridge.paper.bench import (
    EURO,
    GOLD,
    START,
    Bench,
    D,
    bench_at,
    broker_at,
    close,
    order,
)


async def test_a_new_account_begins_with_a_deposit(bench: Bench) -> None:
    snapshot = await bench.snapshot()
    (deal,) = snapshot.deals
    assert (deal.type, deal.entry) == (DealType.BALANCE, DealEntry.NONE)
    assert (deal.net, deal.comment, deal.time) == (D(10_000), "opening balance", START)
    assert snapshot.account.balance == snapshot.account.equity == D(10_000)


async def test_an_account_may_begin_empty(file) -> None:
    async with bench_at(file, balance=ZERO) as bench:
        snapshot = await bench.snapshot()
        assert (snapshot.deals, snapshot.account.balance) == ((), ZERO)


async def test_an_account_says_what_it_is(bench: Bench) -> None:
    account = (await bench.snapshot()).account
    assert (account.mode, account.margin_mode) == (TradeMode.PAPER, MarginMode.HEDGING)
    assert (account.server, account.currency) == ("Tapgate-Paper", "USD")
    assert (account.leverage, account.trade_allowed) == (100, True)


async def test_the_login_follows_from_the_name_alone(bench: Bench, tmp_path) -> None:
    async with bench_at(tmp_path / "another.db") as other:
        mine = (await bench.snapshot()).account.login
        assert (await other.snapshot()).account.login == mine
        assert len(str(mine)) == 8


async def test_a_deposit_is_a_balance_deal(bench: Bench) -> None:
    deal = await bench.broker.deposit(D("250.50"), "more")
    snapshot = await bench.snapshot()
    assert snapshot.deals[-1] == deal
    assert (deal.type, deal.profit, deal.comment) == (
        DealType.BALANCE,
        D("250.50"),
        "more",
    )
    assert (deal.order, deal.position_id, deal.instrument) == (0, 0, "")
    assert snapshot.account.balance == D("10250.50")


async def test_a_withdrawal_is_a_negative_deposit(bench: Bench) -> None:
    await bench.broker.deposit(D(-10_000))
    assert (await bench.snapshot()).account.equity == ZERO


async def test_no_more_than_the_free_margin_can_be_withdrawn(bench: Bench) -> None:
    await bench.opened(volume="1")
    free = (await bench.snapshot()).account.margin_free
    with pytest.raises(Refused, match="not free"):
        await bench.broker.deposit(-free - D("0.01"))
    await bench.broker.deposit(-free)
    assert (await bench.snapshot()).account.margin_free == ZERO


@pytest.mark.parametrize("amount", ["0", "0.001"])
async def test_only_whole_cents_are_booked(bench: Bench, amount) -> None:
    with pytest.raises(Refused, match="whole cents"):
        await bench.broker.deposit(D(amount))


async def test_a_position_binds_its_value_over_the_leverage(bench: Bench) -> None:
    await bench.opened(volume="1")
    account = (await bench.snapshot()).account
    assert account.margin == D("1950.25")
    assert account.margin_free == account.equity - account.margin


async def test_opposite_positions_both_bind(bench: Bench) -> None:
    await bench.opened(volume="1", side=Side.BUY)
    await bench.opened(volume="1", side=Side.SELL)
    assert (await bench.snapshot()).account.margin == D("1950.25") + D("1950.00")


async def test_a_pending_order_binds_nothing(bench: Bench) -> None:
    await bench.broker.send(order(order_type=OrderType.LIMIT, price="1940"))
    assert (await bench.snapshot()).account.margin == ZERO


async def test_the_margin_asked_for_is_the_margin_bound(bench: Bench) -> None:
    asked = await bench.broker.calc_margin(GOLD, Side.BUY, D("0.7"), D("1950.25"))
    await bench.opened(volume="0.7")
    assert (await bench.snapshot()).account.margin == asked


async def test_a_stop_out_at_half_the_margin(file) -> None:
    async with bench_at(file, balance=D(2000)) as bench:
        await bench.opened(volume="1", magic=42)
        await bench.price(GOLD, "1940.01")  # equity 976.00 of 1950.25
        assert (await bench.snapshot()).positions
        await bench.price(GOLD, "1940.00")  # equity 975.00: 49.99 %
        snapshot = await bench.snapshot()
        assert not snapshot.positions
        deal = snapshot.deals[-1]
        assert (deal.reason, deal.comment) == (DealReason.STOP_OUT, "[so 49.99%]")
        assert (deal.magic, snapshot.account.balance) == (42, D(975))


async def test_a_stop_out_comes_at_exactly_half(file) -> None:
    async with bench_at(file, balance=D(2000)) as bench:
        await bench.opened(volume="1", side=Side.SELL, price="1950")  # binds 1950.00
        await bench.price(GOLD, "1959.99")
        assert (await bench.snapshot()).positions
        await bench.price(GOLD, "1960.00")  # equity 975.00
        assert (await bench.snapshot()).deals[-1].comment == "[so 50.00%]"


async def test_the_commission_must_be_free_too(file) -> None:
    commission = {"commission_per_lot": D(100)}
    async with bench_at(file, balance=D("2000.25"), **commission) as bench:
        await bench.opened(volume="1")  # 1950.25 and 50.00
    async with bench_at(file.with_name("2"), balance=D("2000.24"), **commission) as two:
        assert (await two.broker.send(order(volume="1"))).retcode == 10019


async def test_a_stop_out_takes_the_largest_loss_and_no_more_than_needed(file) -> None:
    async with bench_at(file, balance=D(3000)) as bench:
        small = await bench.opened(volume="0.1")
        large = await bench.opened(volume="1")
        await bench.price(GOLD, "1932")
        snapshot = await bench.snapshot()
        assert [each.ticket for each in snapshot.positions] == [small.ticket]
        assert snapshot.deals[-1].position_id == large.ticket


async def test_a_stop_out_goes_on_until_the_level_is_good(file) -> None:
    async with bench_at(file, balance=D(4500)) as bench:
        for _ in range(2):
            await bench.opened(volume="1")
        await bench.price(GOLD, "1920")
        snapshot = await bench.snapshot()
        assert not snapshot.positions
        reasons = {
            deal.reason for deal in snapshot.deals if deal.entry is DealEntry.OUT
        }
        assert reasons == {DealReason.STOP_OUT}


async def test_a_stop_out_cannot_close_in_a_closed_market(file) -> None:
    async with bench_at(file, balance=D(2000)) as bench:
        await bench.opened(volume="1")
        bench.broker.faults.apply({"closed": [GOLD]})
        await bench.price(GOLD, "1900")
        assert (await bench.snapshot()).positions


async def test_a_gap_may_leave_less_than_nothing(file) -> None:
    async with bench_at(file, balance=D(2000)) as bench:
        await bench.opened(volume="1")
        await bench.price(GOLD, "1900")
        assert (await bench.snapshot()).account.balance == D(2000) - D(5025)


async def test_the_balance_is_the_sum_of_all_deals(bench: Bench) -> None:
    first = await bench.opened(volume="0.3")
    await bench.opened(instrument=EURO, price="1.1", volume="0.2", stop_loss="1.09")
    await bench.price(GOLD, "1961.37")
    await bench.broker.send(close(first, "0.1"))
    await bench.price(EURO, "1.08")
    await bench.broker.deposit(D(-100))
    snapshot = await bench.snapshot()
    assert snapshot.account.balance == sum(deal.net for deal in snapshot.deals)
    floating = sum(each.profit + each.swap for each in snapshot.positions)
    assert snapshot.account.equity == snapshot.account.balance + floating


BAD = [
    ({"currency": "JPY"}, "USD, EUR, GBP"),
    ({"currency": "usd"}, "usd"),
    ({"leverage": 0}, "leverage"),
    ({"balance": D("-1")}, "balance"),
    ({"balance": D("1.001")}, "cents"),
    ({"commission_per_lot": D("-1")}, "commission_per_lot"),
]


@pytest.mark.parametrize(("settings", "word"), BAD)
def test_an_account_that_cannot_be_had_is_refused(file, clock, settings, word) -> None:
    with pytest.raises(Refused, match=word):
        broker_at(file, clock, **settings)
    assert not file.exists()

from decimal import Decimal

import pytest

from core.broker import DealEntry
from core.ids import Ticket
from core.market import Side
from core.trades import booked_by, entries_of, exits_of
from tests.builders import a_trade
from tests.core.broker_rows import a_deal, an_entry

D = Decimal
HALVED = {"volume": D("0.18"), "volume_open": D("0.09")}


# ---------------------------------------------------------- what the stop would cost


@pytest.mark.parametrize(
    ("over", "stake"),
    [
        pytest.param({}, D(99), id="as opened"),
        pytest.param(HALVED, D("49.5"), id="half is left"),
        pytest.param({"stop_loss": D("1950.55")}, D(0), id="stop at the entry"),
        pytest.param({"stop_loss": D("1951.66")}, D("-19.8"), id="gain locked in"),
        pytest.param({"stop_loss": D("1939.45")}, D(198), id="stop twice as far"),
        pytest.param({"stop_loss": None}, D(99), id="stop taken away"),
        pytest.param({"stop_loss": None} | HALVED, D("49.5"), id="away from a half"),
        pytest.param({"first_stop": None}, D(99), id="never had a stop"),
        pytest.param({"first_stop": D("1950.55")}, D(99), id="opened at its stop"),
        pytest.param({"risk_money": D(0)}, D(0), id="risk unknown"),
    ],
)
def test_the_stake_follows_the_present_stop_and_volume(over, stake):
    assert a_trade(**over).stake == stake


def test_a_sale_risks_upwards():
    sale = a_trade(side=Side.SELL, open_price=D(1950), first_stop=D(1960))
    assert sale.r_of(D(-99)) == -1
    assert a_trade(
        side=Side.SELL, open_price=D(1950), first_stop=D(1960), stop_loss=D(1955)
    ).stake == D("49.5")


# ------------------------------------------------------------------------ in units of R


def test_r_counts_by_the_first_risk_whatever_became_of_stop_and_volume():
    moved = a_trade(stop_loss=D("1950.55"), profit=D("148.50"), **HALVED)
    assert moved.r_multiple == D("1.5")


@pytest.mark.parametrize(
    ("over", "money"),
    [
        pytest.param({}, None, id="no money"),
        pytest.param({"risk_money": D(0)}, D(5), id="no risk"),
        pytest.param({"first_stop": None}, D(5), id="no first stop"),
    ],
)
def test_what_is_unknown_has_no_r(over, money):
    assert a_trade(**over).r_of(money) is None


def test_an_open_trade_has_no_result():
    assert a_trade().r_multiple is None


# ------------------------------------------------------------------------------- deals


def test_exits_are_those_of_the_position_oldest_first():
    first, last = a_deal(ticket=Ticket(50)), a_deal(ticket=Ticket(51))
    other = a_deal(position_id=Ticket(2))
    assert exits_of([last, other, an_entry(), first], Ticket(1)) == [first, last]


@pytest.mark.parametrize("entry", [DealEntry.OUT, DealEntry.OUT_BY, DealEntry.INOUT])
def test_every_way_out_is_an_exit(entry):
    assert exits_of([a_deal(entry=entry)], Ticket(1))


def test_entries_stand_by_their_position():
    one, two = an_entry(), an_entry(position_id=Ticket(2))
    assert entries_of([one, a_deal(), two]) == {Ticket(1): [one], Ticket(2): [two]}


def test_what_was_booked_includes_all_costs():
    deal = a_deal(profit=D(10), commission=D(-1), swap=D("-0.5"), fee=D("-0.25"))
    assert booked_by([deal, deal]) == D("16.5")

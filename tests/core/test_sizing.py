from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sizing import Sized, Stake, Unsized, size
from tests.fake_book import GOLD

STAKE = Stake(
    basis=Decimal(10_000),
    risk_percent=Decimal(1),
    loss_per_lot=Decimal(550),
    commission_per_lot=Decimal(6),
    margin_per_lot=Decimal(1_950),
    margin_free=Decimal(10_000),
    held=Decimal(0),
    lots_without_stop=Decimal(0),
    max_lots=Decimal(0),
    at_most=None,
)


def sized(**over) -> Sized:
    found = size(replace(STAKE, **over), GOLD)
    assert isinstance(found, Sized), found
    return found


def unsized(**over) -> str:
    found = size(replace(STAKE, **over), GOLD)
    assert isinstance(found, Unsized), found
    return found.reason


money = st.decimals(min_value="0.01", max_value=10**7, places=2)
maybe = st.none() | st.decimals(min_value="0.01", max_value=100, places=2)


@st.composite
def stakes(draw):
    return replace(
        STAKE,
        basis=draw(money),
        risk_percent=draw(st.decimals(min_value="0.01", max_value=50, places=2)),
        loss_per_lot=draw(st.decimals(min_value="0.001", max_value=10**6)),
        commission_per_lot=draw(st.decimals(min_value=0, max_value=100, places=3)),
        margin_per_lot=draw(st.decimals(min_value=0, max_value=10**6, places=2)),
        margin_free=draw(money),
        held=draw(st.decimals(min_value=0, max_value=10, places=2)),
        max_lots=draw(st.decimals(min_value=0, max_value=10, places=2)),
        at_most=draw(maybe),
    )


specs = st.builds(
    lambda step, least, limit: replace(
        GOLD,
        volume_step=Decimal(step),
        volume_min=Decimal(step) * least,
        volume_limit=Decimal(limit),
    ),
    st.sampled_from(["0.01", "0.1", "1", "0.03"]),
    st.integers(1, 5),
    st.sampled_from(["0", "3", "20"]),
)


@given(stake=stakes(), spec=specs)
def test_lots_never_risk_more_than_was_asked(stake, spec):
    found = size(stake, spec)
    if isinstance(found, Sized):
        per_lot = stake.loss_per_lot + stake.commission_per_lot
        a, b = found.lots.as_integer_ratio()
        c, d = per_lot.as_integer_ratio()
        e, f = (stake.basis * stake.risk_percent / 100).as_integer_ratio()
        assert a * c * f <= e * b * d


@given(stake=stakes(), spec=specs)
def test_lots_are_whole_steps_between_the_minimum_and_every_limit(stake, spec):
    found = size(stake, spec)
    if isinstance(found, Sized):
        assert found.lots % spec.volume_step == 0
        assert spec.volume_min <= found.lots <= spec.volume_max
        assert not spec.volume_limit or stake.held + found.lots <= spec.volume_limit
        assert not stake.max_lots or found.lots <= stake.max_lots
        assert stake.at_most is None or found.lots <= stake.at_most
        assert found.lots * stake.margin_per_lot <= stake.margin_free


@given(stake=stakes(), spec=specs)
def test_the_risk_that_is_shown_is_never_understated(stake, spec):
    found = size(stake, spec)
    if isinstance(found, Sized):
        loss = found.lots * (stake.loss_per_lot + stake.commission_per_lot)
        assert 0 <= found.risk_money - loss < Decimal("0.0101")


@given(stake=stakes(), spec=specs)
def test_a_step_more_would_break_a_limit_or_the_risk(stake, spec):
    free = replace(stake, max_lots=Decimal(0), at_most=None, margin_per_lot=Decimal(0))
    found = size(
        free, replace(spec, volume_limit=Decimal(0), volume_max=Decimal(10**9))
    )
    if isinstance(found, Sized):
        more = found.lots + spec.volume_step
        per_lot = stake.loss_per_lot + stake.commission_per_lot
        assert more * per_lot > stake.basis * stake.risk_percent / 100


def test_lots_come_from_risk_loss_and_commission():
    assert sized().lots == Decimal("0.17")


def test_the_money_at_risk_includes_the_commission():
    assert sized().risk_money == Decimal("94.52")


def test_the_risk_is_told_in_percent_of_the_basis():
    assert sized().risk_percent == Decimal("0.9452")


@pytest.mark.parametrize(
    ("over", "lots"),
    [
        ({"max_lots": Decimal("0.05")}, "0.05"),
        ({"at_most": Decimal("0.129")}, "0.12"),
        ({"margin_free": Decimal(100)}, "0.05"),
        ({"margin_per_lot": Decimal(0), "margin_free": Decimal(0)}, "0.17"),
    ],
)
def test_the_smallest_limit_wins(over, lots):
    assert sized(**over).lots == Decimal(lots)


def test_the_brokers_limit_counts_what_is_held_already():
    spec = replace(GOLD, volume_limit=Decimal("0.30"))
    found = size(replace(STAKE, held=Decimal("0.20")), spec)
    assert isinstance(found, Sized)
    assert found.lots == Decimal("0.10")


def test_a_reached_limit_of_the_broker_is_named():
    spec = replace(GOLD, volume_limit=Decimal("0.30"))
    found = size(replace(STAKE, held=Decimal("0.30")), spec)
    assert isinstance(found, Unsized)
    assert found.reason == (
        "The account holds 0.3 lots of it already, the broker's limit is 0.3."
    )


def test_the_brokers_largest_volume_is_obeyed():
    found = size(STAKE, replace(GOLD, volume_max=Decimal("0.1")))
    assert isinstance(found, Sized)
    assert found.lots == Decimal("0.1")


def test_less_than_the_minimum_is_refused_because_the_stop_is_too_far_away():
    assert unsized(basis=Decimal(100)) == (
        "1 % risk allows 0 lots, less than the broker's minimum of 0.01: "
        "the stop is too far away."
    )


def test_too_little_margin_is_called_so():
    assert "not enough free margin" in unsized(margin_free=Decimal(10))


def test_without_a_stop_there_is_no_size():
    assert "no stop loss" in unsized(loss_per_lot=None)


def test_an_account_may_say_how_many_lots_to_take_without_a_stop():
    found = sized(loss_per_lot=None, lots_without_stop=Decimal("0.03"))
    assert (found.lots, found.risk_money) == (Decimal("0.03"), Decimal("0.18"))


@pytest.mark.parametrize("loss", ["0", "-3"])
def test_a_stop_that_loses_nothing_is_refused(loss):
    assert "not on the losing side" in unsized(loss_per_lot=Decimal(loss))


@pytest.mark.parametrize("basis", ["0", "-5"])
def test_an_account_without_money_takes_no_risk(basis):
    assert unsized(basis=Decimal(basis)) == "The account has no money to risk."

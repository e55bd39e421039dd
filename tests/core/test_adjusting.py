from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adjusting import break_even, half_of
from core.errors import Refused
from core.market import Quote, Side
from tests.core.broker_rows import a_position
from tests.fake_book import GOLD
from tests.fakes import NOON

D = Decimal


def quoted(bid: str) -> Quote:
    return Quote(instrument="XAUUSD", bid=D(bid), ask=D(bid) + D("0.20"), time=NOON)


LONG = a_position(open_price=D("1950.50"))
SHORT = replace(LONG, side=Side.SELL, stop_loss=D("1956.00"), take_profit=D("1940.00"))


# -------------------------------------------------------------------------- close half


@pytest.mark.parametrize(
    ("volume", "half"),
    [("0.18", "0.09"), ("0.17", "0.08"), ("0.02", "0.01"), ("0.03", "0.01")],
)
def test_half_is_rounded_down_to_the_step(volume, half):
    assert half_of(D(volume), GOLD) == D(half)


def test_what_cannot_be_halved_says_to_close_it_all():
    with pytest.raises(Refused) as refused:
        half_of(D("0.01"), GOLD)
    assert refused.value.reason == (
        "0.01 lots of XAUUSD cannot be halved: the broker trades 0.01 lots at least. "
        "Choose Close to close it all."
    )


def test_the_minimum_of_the_broker_counts_and_not_the_step():
    coarse = replace(GOLD, volume_min=D("0.10"))
    assert half_of(D("0.20"), coarse) == D("0.10")
    with pytest.raises(Refused):
        half_of(D("0.19"), coarse)


@given(
    steps=st.integers(1, 10_000),
    least=st.integers(1, 50),
    step=st.sampled_from([D("0.01"), D("0.1"), D(1)]),
)
def test_both_halves_are_volumes_that_the_broker_trades(steps, least, step):
    spec = replace(GOLD, volume_step=step, volume_min=least * step)
    volume = steps * step
    try:
        half = half_of(volume, spec)
    except Refused:
        assert volume < 2 * spec.volume_min
    else:
        rest = volume - half
        assert spec.volume_min <= half <= rest < half + 2 * step
        assert not half % step
        assert not rest % step


# -------------------------------------------------------------------------- break-even


def test_the_stop_goes_to_the_price_of_entry():
    assert break_even(LONG, quoted("1951.00"), GOLD) == D("1950.50")
    assert break_even(SHORT, quoted("1949.00"), GOLD) == D("1950.50")


def test_a_position_without_a_stop_gets_one():
    naked = replace(LONG, stop_loss=None, take_profit=None)
    assert break_even(naked, quoted("1951.00"), GOLD) == D("1950.50")


def test_an_average_entry_goes_to_the_tick_that_loses_nothing():
    between = {"open_price": D("1950.504")}
    assert break_even(replace(LONG, **between), quoted("1952"), GOLD) == D("1950.51")
    assert break_even(replace(SHORT, **between), quoted("1949"), GOLD) == D("1950.50")


@pytest.mark.parametrize(
    ("position", "bid", "words"),
    [
        pytest.param(
            replace(LONG, stop_loss=D("1950.50")),
            "1960",
            "The stop 1950.5 is at the entry 1950.5 or better already: there is "
            "nothing to move.",
            id="there already",
        ),
        pytest.param(
            replace(SHORT, stop_loss=D("1945")),
            "1940",
            "The stop 1945 is at the entry 1950.5 or better already: there is nothing "
            "to move.",
            id="beyond already",
        ),
        pytest.param(
            LONG,
            "1950.50",
            "The price 1950.5 is not beyond the entry 1950.5 yet: the stop would fire "
            "at once. Try again when the trade is in profit.",
            id="at the entry",
        ),
        pytest.param(
            SHORT,
            "1950.30",
            "The price 1950.5 is not beyond the entry 1950.5 yet: the stop would fire "
            "at once. Try again when the trade is in profit.",
            id="a sale closes at the ask",
        ),
        pytest.param(
            LONG,
            "1948",
            "The price 1948 is not beyond the entry 1950.5 yet: the stop would fire "
            "at once. Try again when the trade is in profit.",
            id="in loss",
        ),
    ],
)
def test_what_moves_nothing_is_refused_with_what_to_do(position, bid, words):
    with pytest.raises(Refused) as refused:
        break_even(position, quoted(bid), GOLD)
    assert refused.value.reason == words


def test_a_stop_nearer_than_the_broker_takes_is_refused():
    wide = replace(GOLD, stops_level=50)
    assert break_even(LONG, quoted("1951.00"), wide) == D("1950.50")
    with pytest.raises(Refused) as refused:
        break_even(LONG, quoted("1950.99"), wide)
    assert refused.value.reason == (
        "The price 1950.99 is too close to the entry 1950.5: the broker wants 0.5 "
        "between price and stop. Try again when the price has gone further."
    )


def test_near_its_target_a_position_is_frozen():
    icy = replace(GOLD, freeze_level=100)
    assert break_even(LONG, quoted("1963.99"), icy) == D("1950.50")
    with pytest.raises(Refused) as refused:
        break_even(LONG, quoted("1964.00"), icy)
    assert refused.value.reason == (
        "The price 1964 is within 1 of 1965, where the broker changes nothing. Try "
        "again when it has moved away."
    )


def test_nothing_freezes_a_position_without_levels():
    naked = replace(LONG, stop_loss=None, take_profit=None)
    icy = replace(GOLD, freeze_level=100)
    assert break_even(naked, quoted("1951.00"), icy) == D("1950.50")

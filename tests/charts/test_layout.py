"""Scales, ticks and labels: where things go."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.layout import (
    Box,
    Plot,
    price_scale,
    price_ticks,
    spread_out,
    time_ticks,
)


def stamps(first: str, step: timedelta, count: int) -> list[int]:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return [int((start + n * step).timestamp()) for n in range(count)]


def texts(times: list[int], apart: int = 8) -> list[str]:
    return [tick.text for tick in time_ticks(times, most=6, apart=apart)]


# ------------------------------------------------------------- price scale


def test_the_scale_holds_candles_and_near_levels_with_some_air():
    low, high = price_scale([100, 110], [95, 120], 2)
    assert 92 < low < 95
    assert 120 < high < 123


def test_a_level_that_would_squeeze_the_candles_stays_outside():
    low, high = price_scale([100, 110], [105, 1000], 2)
    assert (low, high) == pytest.approx((99.4, 110.6))


def test_the_nearer_of_two_far_levels_is_still_taken_in():
    low, high = price_scale([100, 110], [140, 62], 2)
    assert high > 140
    assert low > 62


def test_the_order_of_levels_does_not_matter():
    assert price_scale([1, 2], [4, 9], 2) == price_scale([1, 2], [9, 4], 2)


def test_flat_prices_take_in_every_level():
    low, high = price_scale([1.1, 1.1], [1.1, 1.0, 1.3], 5)
    assert low < 1.0
    assert high > 1.3


def test_flat_prices_alone_get_ten_points():
    low, high = price_scale([1.1, 1.1], [1.1], 5)
    assert high - low == pytest.approx(0.0001)
    assert (low + high) / 2 == pytest.approx(1.1)


def test_without_candles_the_levels_make_the_scale():
    low, high = price_scale([], [100, 90, 120], 2)
    assert low < 90
    assert high > 120


def test_the_scale_never_begins_below_zero():
    low, high = price_scale([0.00001], [0.00001], 5)
    assert low == 0
    assert high > 0.00001


# ------------------------------------------------------------- price ticks


def test_prices_on_the_axis_are_round():
    ticks = price_ticks(2580.3, 2645.9, 2)
    assert ticks == [2590, 2600, 2610, 2620, 2630, 2640]


def test_prices_on_the_axis_are_never_finer_than_the_instrument():
    ticks = price_ticks(1.10001, 1.10004, 5)
    assert [f"{tick:.5f}" for tick in ticks] == [
        "1.10001",
        "1.10002",
        "1.10003",
        "1.10004",
    ]


def test_a_quarter_of_a_step_is_not_used_where_digits_do_not_show_it():
    ticks = price_ticks(100, 120, 0)
    assert ticks == [100, 105, 110, 115, 120]


@given(
    low=st.floats(0, 900_000),
    span=st.floats(1e-4, 900_000),
    digits=st.integers(0, 8),
)
def test_every_scale_has_few_ticks_inside_it(low, span, digits):
    least = max(span, 10 * 10.0**-digits, 1e-7 * low)
    ticks = price_ticks(low, low + least, digits)
    assert 3 <= len(ticks) <= 12
    assert low - 1e-6 <= ticks[0] <= ticks[-1] <= low + least + 1e-6
    labels = [f"{tick:.{digits}f}" for tick in ticks]
    assert len(set(labels)) == len(labels)


# ------------------------------------------------------------- time ticks


def test_hours_are_named_and_a_new_day_by_its_date():
    times = stamps("2026-03-04T15:00", timedelta(minutes=15), 96)
    assert texts(times) == ["16:00", "20:00", "5 Mar", "04:00", "08:00", "12:00"]


def test_ticks_stand_at_the_first_candle_of_their_stretch():
    times = stamps("2026-03-04T15:10", timedelta(minutes=20), 72)
    for tick in time_ticks(times, most=6, apart=8):
        moment = datetime.fromtimestamp(times[tick.index], UTC)
        assert (moment.hour % 4, moment.minute) == (0, 10)
        assert tick.text in (f"{moment:%H:%M}", "5 Mar")


def test_weeks_begin_on_their_monday():
    times = stamps("2025-12-18T00:00", timedelta(hours=4), 130)
    assert texts(times) == ["22 Dec", "29 Dec", "5 Jan"]


def test_months_and_years_serve_for_long_charts():
    times = stamps("2023-05-01T00:00", timedelta(days=7), 120)
    assert texts(times) == ["Jul", "2024", "Jul", "2025", "Jul"]
    assert texts(stamps("1990-01-01T00:00", timedelta(days=365), 40), 3) == [
        "2000",
        "2010",
        "2020",
    ]


def test_a_weekend_shows_the_new_day_and_not_its_eve():
    friday = stamps("2026-03-06T12:00", timedelta(hours=1), 10)
    sunday = stamps("2026-03-08T22:00", timedelta(hours=1), 30)
    assert texts(friday + sunday, 6) == ["9 Mar", "12:00", "10 Mar"]


def test_a_date_is_not_given_up_for_an_hour_near_it():
    before = stamps("2026-03-06T01:00", timedelta(minutes=15), 60)
    after = stamps("2026-03-09T05:00", timedelta(minutes=15), 60)
    assert "9 Mar" in texts(before + after, 10)


def test_no_label_hangs_over_the_left_edge():
    times = stamps("2026-03-04T17:45", timedelta(minutes=15), 96)
    assert time_ticks(times, most=6, apart=10)[0].index >= 5


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_candles_there_are_no_times(count):
    assert texts(stamps("2026-03-04T15:00", timedelta(hours=1), count)) == []


def test_candles_of_centuries_get_no_times_rather_than_a_crowd():
    assert texts(stamps("1970-01-01T00:00", timedelta(days=36_525), 60)) == []


@given(
    step=st.sampled_from([1, 5, 15, 30, 60, 240, 1_440, 10_080]),
    count=st.integers(2, 300),
    start=st.integers(0, 2_000_000_000),
)
def test_times_are_few_and_apart(step, count, start):
    times = [start + n * step * 60 for n in range(count)]
    ticks = time_ticks(times, most=6, apart=12)
    assert len(ticks) <= 6
    assert all(b.index - a.index >= 12 for a, b in pairwise(ticks))


# ------------------------------------------------------------- labels


def test_labels_with_room_stay_where_they_are():
    assert spread_out([10, 50, 90], [1, 1, 1], 20, (0, 100)) == [10, 50, 90]


def test_the_heavier_of_two_labels_gives_way_less():
    heavy, light = spread_out([50, 51], [4, 1], 20, (0, 100))
    assert 50 - heavy < light - 51
    assert light - heavy == 20


def test_labels_beyond_the_limits_come_inside_in_their_order():
    assert spread_out([-500, -900, 40], [1, 1, 1], 20, (0, 100)) == [30, 10, 50]
    assert spread_out([700, 900], [1, 1], 20, (0, 100)) == [70, 90]


@given(
    wanted=st.lists(st.floats(-200, 700), max_size=6),
    light=st.integers(0, 5),
)
def test_labels_never_overlap_nor_leave_the_picture(wanted, light):
    weights = [0.25 if n == light else 1.0 for n in range(len(wanted))]
    placed = spread_out(wanted, weights, 40, (0, 500))
    assert all(20 - 1e-6 <= place <= 480 + 1e-6 for place in placed)
    assert all(b - a >= 40 - 1e-6 for a, b in pairwise(sorted(placed)))
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    assert order == sorted(range(len(wanted)), key=lambda n: placed[n])


# ------------------------------------------------------------- plot


def test_a_plot_turns_candles_and_prices_into_pixels():
    box = Box(left=10, bottom=20, right=110, top=220)
    plot = Plot(box=box, first=0, last=50, low=100, high=200)
    assert (plot.x(25), plot.y(150)) == (60, 120)
    assert (box.width, box.height) == (100, 200)

"""The equity curve: an even grid of time, whatever was measured when."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from math import sin

import pytest
from PIL import Image

from charts.curves import PLACES, EquityPicture
from charts.drawing import decode, draw
from charts.easel import Easel
from charts.pictures import Look, Picture
from charts.style import Theme
from core.ports import EquityChart, MarkKind
from tests.builders import an_equity_point
from tests.charts.samples import START
from tests.charts.test_png import chunks

HOUR = timedelta(hours=1)


def curve(*money: float, apart: timedelta = HOUR, **over: object) -> EquityChart:
    peak, points = Decimal(0), []
    for number, each in enumerate(money):
        equity = Decimal(f"{each:.2f}")
        peak = max(peak, equity)
        at = START + number * apart
        points.append(an_equity_point(at=at, equity=equity, balance=equity, peak=peak))
    values = {"title": "demo", "currency": "USD", "limit_percent": Decimal(20)}
    return EquityChart(points=tuple(points), **(values | over))


def wandering(count: int = 300) -> EquityChart:
    money = [10_000 + 6 * n + 400 * sin(n / 17) - 90 * sin(n / 3) for n in range(count)]
    marks = ((START + 90 * HOUR, MarkKind.FIRED), (START + 200 * HOUR, MarkKind.FIRED))
    return curve(*money, marks=marks)


def picture(chart: EquityChart, theme: Theme = Theme.LIGHT) -> EquityPicture:
    return EquityPicture.of(chart, Look(theme=theme))


def test_the_grid_is_even_from_the_first_to_the_last():
    made = picture(curve(*range(100, 1100)))
    apart = {later - sooner for sooner, later in pairwise(made.times)}
    assert (len(made.times), made.times[0]) == (PLACES, int(START.timestamp()))
    assert made.times[-1] == int((START + 999 * HOUR).timestamp())
    assert max(apart) - min(apart) <= 2


def test_a_few_points_have_a_few_places():
    made = picture(curve(100, 101, apart=timedelta(seconds=2)))
    assert len(made.times) == len(set(made.times)) == 3


def test_while_nobody_looked_the_last_known_stands():
    chart = curve(100, 110, 120)
    late = replace(chart.points[2], at=START + 100 * HOUR)
    made = picture(replace(chart, points=(*chart.points[:2], late)))
    middle = made.equity[len(made.equity) // 2]
    assert (made.equity[0], middle, made.equity[-1]) == (100, 110, 120)


def test_the_drawdown_is_percent_below_the_peak_and_never_above_it():
    made = picture(curve(100, 80, 120, 90))
    assert (made.drawdowns[0], made.drawdowns[-1]) == (0, 25)
    assert max(made.drawdowns) == 25
    assert min(made.drawdowns) == 0


def test_without_a_peak_there_is_no_drawdown():
    assert set(picture(curve(0, -5)).drawdowns) == {0}


def test_a_mark_stands_at_its_place():
    made = picture(curve(*range(5), marks=((START + 2 * HOUR, MarkKind.FIRED),)))
    ((place, kind),) = made.marks
    assert abs(made.times[place] - (START + 2 * HOUR).timestamp()) <= 60
    assert kind == "fired"


def test_fewer_than_two_points_are_no_curve():
    with pytest.raises(ValueError, match="needs 2 points, was 1"):
        picture(curve(100))


def test_what_is_no_amount_is_refused():
    chart = curve(100, 101)
    bad = replace(chart.points[1], equity=Decimal("NaN"))
    odd = replace(chart, points=(chart.points[0], bad))
    with pytest.raises(ValueError, match="NaN is no amount"):
        picture(odd)


def test_a_curve_is_read_back_as_it_was_written():
    made = picture(wandering())
    assert decode(made.encode()).encode() == made.encode()


@pytest.mark.parametrize("theme", Theme, ids=str)
@pytest.mark.parametrize(
    "chart",
    [
        wandering(),
        curve(100, 100),
        curve(0, 0, limit_percent=Decimal(0)),
        curve(0.01, 999_999_999),
        curve(10_000, -500),
        curve(
            *range(100, 200),
            title="a very long name of an account of ours",
            marks=tuple((START + n * HOUR, MarkKind.FIRED) for n in range(100)),
        ),
    ],
    ids=["wanders", "flat", "nothing", "huge", "below zero", "crowded"],
)
def test_every_curve_is_drawn_small_and_bare(chart, theme):
    data = draw(picture(chart, theme), Easel())
    image = Image.open(BytesIO(data))
    assert (image.size, image.mode) == ((1200, 750), "P")
    assert set(chunks(data)) <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    assert len(data) < 60_000


def test_the_same_curve_is_the_same_picture():
    easel = Easel()
    first = draw(picture(wandering()), easel)
    draw(picture(curve(1, 2)), easel)
    assert draw(picture(wandering()), easel) == first


def test_a_kind_that_nobody_draws_is_told_so():
    bare = Picture(width=1200, height=750, theme="light")
    with pytest.raises(TypeError, match="nobody draws a Picture"):
        draw(bare, Easel())

"""What is drawn: checked, carried, known by its content."""

import re
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from charts.drawing import decode
from charts.pictures import Look, SignalPicture
from charts.style import Theme
from tests.charts.samples import COLUMNS, candles, chart, picture

BAD = ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-1.5", "1E+400", "1E-400"]


@pytest.mark.parametrize("price", BAD)
@pytest.mark.parametrize(
    ("field", "name"),
    [("entry", "entry"), ("stop_loss", "stop"), ("take_profit", "target")],
)
def test_a_level_that_is_no_price_is_refused_by_name(field, name, price):
    sentence = re.escape(f"the {name} is {Decimal(price)}, not a price above 0")
    with pytest.raises(ValueError, match=sentence):
        picture(chart(**{field: Decimal(price)}))


@pytest.mark.parametrize("price", BAD)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_candle_with_no_price_is_refused_by_name_and_time(column, price):
    market = list(candles(3))
    market[1] = replace(market[1], **{column: Decimal(price)})
    where = f"the {column} of the 2026-03-04 20:15 candle is"
    with pytest.raises(ValueError, match=where):
        picture(chart(market, entry=Decimal(2650)))


def test_a_picture_is_read_back_as_it_was_written():
    made = picture()
    assert decode(made.encode()).encode() == made.encode()


def test_equal_charts_are_one_picture_whatever_their_zeros():
    price = Decimal("2650.5")
    one = chart(entry=price, stop_loss=None)
    other = chart(entry=Decimal("2650.500"), stop_loss=None)
    assert one == other
    assert picture(one).key == picture(other).key


def test_everything_that_is_drawn_makes_another_picture():
    made = picture()
    other = {
        "instrument": "XAGUSD",
        "timeframe": "H1",
        "side": "sell",
        "theme": "dark",
        "moving_averages": (10, 50),
    }
    for field in fields(made):
        value = getattr(made, field.name)
        if field.name in other:
            changed = other[field.name]
        elif isinstance(value, list):
            changed = [*value[:-1], value[-1] + 1]
        else:
            changed = value + 1
        assert replace(made, **{field.name: changed}).key != made.key, field.name


def test_only_the_candles_that_are_seen_or_averaged_are_taken():
    look = Look(candles=10, moving_averages=(3, 5))
    made = SignalPicture.of(chart(candles(40)), look)
    assert look.history == 14
    assert (len(made.closes), made.shown) == (14, 10)
    assert made.closes[-1] == float(candles(40)[-1].close)


def test_times_are_seconds_in_utc():
    market = candles(2)
    assert picture(chart(market)).times == [
        int(market[0].time.timestamp()),
        int((market[0].time + timedelta(minutes=15)).timestamp()),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"candles": 0},
        {"moving_averages": (1, 20)},
        {"width": 399},
        {"width": 4001},
        {"height": 249},
        {"height": 4001},
    ],
)
def test_a_look_that_makes_no_sense_is_refused(change):
    with pytest.raises(ValueError, match=r"a chart|a moving average"):
        Look(**change)


def test_the_look_is_light_and_1200_by_750_unless_told_otherwise():
    assert (Look().width, Look().height, Look().theme) == (1200, 750, Theme.LIGHT)

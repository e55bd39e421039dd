"""The signal chart: what is on it, and that nothing odd breaks it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from charts.candles import draw
from charts.easel import Easel
from charts.style import PALETTES, Theme
from core.market import Side, Timeframe
from tests.charts.samples import (
    COLUMNS,
    candles,
    chart,
    chunks,
    flat,
    image,
    picture,
    words,
)

EASEL = Easel()
LIGHT = PALETTES[Theme.LIGHT]


def moved(market, factor, digits):
    """The same market at another price."""
    point = Decimal(1).scaleb(-digits)
    return tuple(
        replace(
            candle,
            **{
                name: max((getattr(candle, name) * factor).quantize(point), point)
                for name in COLUMNS
            },
        )
        for candle in market
    )


def with_gap(market):
    """A weekend in the middle, after which the price is another."""
    half = len(market) // 2
    later = [
        replace(c, time=c.time + timedelta(days=2))
        for c in moved(market[half:], Decimal("1.03"), 2)
    ]
    return (*market[:half], *later)


def colours(png):
    return {colour for _, colour in image(png).getcolors(1_000_000)}


def near(colour, png, distance=6):
    wanted = tuple(bytes.fromhex(colour[1:]))
    return any(
        all(abs(a - b) <= distance for a, b in zip(wanted, found, strict=True))
        for found in colours(png)
    )


def drawn_words(source, **look):
    draw(picture(source, **look), EASEL)
    return words(EASEL)


WANDERING = candles(169)
ODD = {
    "no candles": chart((), entry=Decimal(2650)),
    "no candles, no levels": chart((), stop_loss=None, take_profit=None),
    "one candle": chart(WANDERING[-1:]),
    "two candles": chart(WANDERING[-2:], side=Side.SELL),
    "fewer than the average": chart(WANDERING[-15:]),
    "fewer than the slow average": chart(WANDERING[-30:]),
    "flat": chart(flat(60), digits=5, stop_loss=Decimal("1.09")),
    "flat, nothing else": chart(
        flat(60), digits=5, stop_loss=None, take_profit=None, entry=Decimal("1.1")
    ),
    "gaps": chart(with_gap(WANDERING)),
    "smallest price": chart(
        flat(40, "0.00001"), digits=5, stop_loss=None, take_profit=None
    ),
    "small prices": chart(
        moved(WANDERING, Decimal("1e-7"), 5),
        digits=5,
        stop_loss=Decimal("0.00001"),
        take_profit=None,
    ),
    "largest price": chart(
        moved(WANDERING, Decimal(375), 2), take_profit=Decimal(999_999)
    ),
    "stop far below": chart(stop_loss=Decimal("0.01")),
    "stop and target far": chart(stop_loss=Decimal(10), take_profit=Decimal(900_000)),
    "everything far": chart(
        entry=Decimal(100), stop_loss=Decimal(90), take_profit=Decimal(130)
    ),
    "no stop": chart(stop_loss=None),
    "no target": chart(take_profit=None),
    "stop at the entry": chart(entry=Decimal(2650), stop_loss=Decimal(2650)),
    "no volume": chart(tuple(replace(c, volume=0) for c in WANDERING)),
    "long name": chart(instrument="ABCDEFGHIJKLMNOPQRST"),
    "weeks": chart(
        tuple(
            replace(c, time=c.time + timedelta(days=7 * n))
            for n, c in enumerate(WANDERING)
        ),
        timeframe=Timeframe.W1,
    ),
    "no decimals": chart(moved(WANDERING, Decimal(20), 0), digits=0),
    "many candles": chart(candles(900)),
}


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
@pytest.mark.parametrize("theme", Theme)
def test_odd_markets_are_drawn(source, theme):
    count = max(120, len(source.candles) - 50)
    png = draw(picture(source, theme=theme, candles=count), EASEL)
    assert image(png).size == (1200, 750)
    assert image(png).getpixel((0, 0)) == tuple(
        bytes.fromhex(PALETTES[theme].ground[1:])
    )


@pytest.mark.parametrize("theme", Theme)
def test_a_chart_is_under_60_kilobytes_and_holds_nothing_but_the_picture(theme):
    png = draw(picture(theme=theme), EASEL)
    assert len(png) < 60_000
    assert chunks(png) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def test_the_same_picture_is_the_same_bytes_whatever_was_drawn_before():
    wanted = picture()
    first = draw(wanted, EASEL)
    for source in ODD.values():
        draw(picture(source, theme=Theme.DARK, width=640, height=400), EASEL)
    assert draw(wanted, EASEL) == first
    assert draw(wanted, Easel()) == first


@pytest.mark.parametrize("size", [(400, 250), (601, 377), (1601, 999), (2397, 1501)])
def test_every_size_is_met_to_the_pixel(size):
    png = draw(picture(width=size[0], height=size[1]), EASEL)
    assert image(png).size == size


def test_nothing_is_left_in_matplotlib():
    before = dict(mpl.rcParams)
    draw(picture(), EASEL)
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert mpl.get_backend().lower() == "agg"


def test_the_title_says_instrument_timeframe_and_side():
    written = drawn_words(chart(side=Side.SELL, timeframe=Timeframe.H4))
    assert {"XAUUSD", "H4", "SELL"} <= set(written)


def test_how_reward_and_risk_compare_is_left_to_the_caption():
    written = " ".join(drawn_words(chart()))
    assert "Reward" not in written
    assert "times risk" not in written


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"stop_loss": None}, "No stop"),
        ({"take_profit": None}, "No target"),
        ({"stop_loss": None, "take_profit": None}, "No stop and no target"),
    ],
)
def test_a_missing_level_is_told_and_not_drawn(missing, sentence):
    written = drawn_words(chart(**missing))
    assert sentence in written
    for name, field in (("Stop", "stop_loss"), ("Target", "take_profit")):
        assert (name in written) == (field not in missing)


def test_nothing_is_missing_where_both_levels_are_there():
    written = drawn_words(chart(entry=Decimal(2650), stop_loss=Decimal(2650)))
    assert not any("No " in word for word in written)


def test_the_entry_is_said_to_be_the_signals():
    assert "Signal entry" in drawn_words(chart())
    assert "Entry" not in drawn_words(chart())


def test_levels_and_the_last_price_are_labelled_with_the_instruments_digits():
    market = moved(WANDERING, Decimal("0.0004"), 5)
    written = drawn_words(
        chart(
            market,
            digits=5,
            entry=Decimal("1.06"),
            stop_loss=Decimal("1.0555"),
            take_profit=Decimal("1.065"),
        )
    )
    for name, price in (
        ("Signal entry", "1.06000"),
        ("Stop", "1.05550"),
        ("Target", "1.06500"),
    ):
        assert written[written.index(name) + 1] == price
    assert written[written.index("Last") + 1] == f"{market[-1].close:.5f}"


def test_a_level_off_the_scale_has_an_arrow_towards_it():
    written = drawn_words(ODD["stop and target far"])
    assert written[written.index("Stop ▼") + 1] == "10.00"
    assert written[written.index("Target ▲") + 1] == "900000.00"


def test_averages_are_named_only_where_there_are_candles_for_them():
    assert {"MA 20", "MA 50"} <= set(drawn_words(chart()))
    some = drawn_words(ODD["fewer than the slow average"])
    assert "MA 20" in some
    assert "MA 50" not in some
    assert not any("MA" in word for word in drawn_words(ODD["one candle"]))


def test_averages_given_slow_first_keep_their_colours():
    market = WANDERING[-30:]
    png = draw(picture(chart(market), moving_averages=(50, 20)), EASEL)
    assert near(LIGHT.averages[1], png)
    assert not near(LIGHT.averages[0], png)


def test_averages_begin_at_the_left_edge_when_there_is_history():
    draw(picture(chart(candles(169)), candles=120), EASEL)
    lines = EASEL.upper.lines
    seen = [line.get_ydata()[-120:] for line in lines]
    assert len(seen) == 2
    assert all((part > 0).all() for part in seen)


def test_times_are_said_to_be_utc():
    assert "UTC" in drawn_words(chart())


def test_times_skip_closed_hours():
    draw(picture(ODD["gaps"]), EASEL)
    left, right = EASEL.upper.get_xlim()
    assert right - left == pytest.approx(120 / 0.76)
    assert "7 Mar" in words(EASEL)


def spans(low, high):
    """Where the words between two heights are, from left to right."""
    boxes = [
        artist.get_window_extent()
        for artist in EASEL._figure.artists
        if hasattr(artist, "get_text") and low < artist.get_position()[1] < high
    ]
    return sorted((box.x0, box.x1) for box in boxes if box.width > 1)


def test_time_labels_keep_off_the_averages_names():
    market = candles(185)
    assert f"{market[-1].time:%H:%M}" == "18:00"
    draw(picture(chart(market)), EASEL)
    below = spans(0, 40)
    assert len(below) == 4 + 2 + 1  # times, averages, UTC
    assert all(one[1] < other[0] for one, other in pairwise(below))


@pytest.mark.parametrize("name", ["XAUUSD", "WWWWWWWWWWWWWWWWWWWW"])
def test_the_words_of_the_title_keep_off_each_other(name):
    nothing = {"stop_loss": None, "take_profit": None}  # said in the most words
    draw(picture(chart(instrument=name, **nothing)), EASEL)
    title = spans(690, 750)
    assert len(title) == 4
    assert title[-1][1] <= 1200
    assert all(one[1] < other[0] for one, other in pairwise(title))


def test_an_empty_chart_says_so():
    assert "No candles" in drawn_words(ODD["no candles"])
    assert "No candles" not in drawn_words(chart())


def test_volume_has_its_own_place_only_where_there_is_any():
    draw(picture(chart()), EASEL)
    with_volume = EASEL.upper.get_position().height
    assert len(EASEL.lower.collections) == 1
    draw(picture(ODD["no volume"]), EASEL)
    assert EASEL.upper.get_position().height > with_volume
    assert len(EASEL.lower.collections) == 0


def test_volume_bars_are_as_high_as_the_volume():
    market = candles(5)
    draw(picture(chart(market)), EASEL)
    bars = EASEL.lower.collections[0].get_paths()
    assert [bar.vertices[1][1] for bar in bars] == [c.volume for c in market]


def test_risk_and_reward_are_shaded_from_the_entry_to_the_levels():
    source = chart()
    draw(picture(source), EASEL)
    risk, reward = EASEL.upper.patches
    assert risk.get_y() == reward.get_y() == float(source.entry)
    assert risk.get_height() == pytest.approx(-5.5)
    assert reward.get_height() == pytest.approx(14.85)


def test_risk_and_reward_reach_from_the_last_candle_to_the_right_edge():
    draw(picture(chart()), EASEL)
    for area in EASEL.upper.patches:
        assert area.get_x() == 168.5
        assert area.get_x() + area.get_width() == EASEL.upper.get_xlim()[1]


def test_a_few_candles_are_not_drawn_wide():
    draw(picture(ODD["two candles"]), EASEL)
    left, right = EASEL.upper.get_xlim()
    assert (left, right) == (-28.5, pytest.approx(1.5 + 30 * 0.24 / 0.76))


def lines_across():
    """Heights of the dashed lines, from below."""
    lines = [a for a in EASEL._figure.artists if a.get_zorder() == 3]
    return sorted(line.get_paths()[0].vertices[0][1] for line in lines)


def test_every_level_has_a_line_and_so_has_the_last_price():
    draw(picture(chart(entry=Decimal("2650.00"))), EASEL)
    assert len(lines_across()) == 4


def test_the_last_price_has_no_line_of_its_own_on_the_entry():
    draw(picture(chart()), EASEL)
    assert len(lines_across()) == 3


def test_a_level_off_the_scale_has_no_line():
    draw(picture(ODD["stop and target far"]), EASEL)
    assert len(lines_across()) == 1


def test_the_entrys_label_gives_way_less_than_that_of_the_last_price():
    draw(picture(chart()), EASEL)
    line = lines_across()[1]
    away = {
        artist.get_text(): abs(artist.get_position()[1] + 0.365 * 27 - line)
        for artist in EASEL._figure.artists
        if hasattr(artist, "get_text")
    }
    assert 2 * away["Signal entry"] < away["Last"] <= 42


@pytest.mark.parametrize("theme", Theme)
def test_gain_and_loss_have_their_colours(theme):
    png = draw(picture(theme=theme), EASEL)
    palette = PALETTES[theme]
    for colour in (palette.gain, palette.loss, palette.up, palette.down):
        assert near(colour, png, 24)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", Theme)
def test_words_stand_out_from_what_is_behind_them(theme):
    palette = PALETTES[theme]
    for colour in (palette.text, palette.faint):
        assert contrast(colour, palette.ground) > 4.5
    for colour in (palette.gain, palette.loss, palette.entry, palette.last):
        assert contrast(colour, palette.on_label) > 4
    for colour in palette.averages:
        assert contrast(colour, palette.ground) > 3

"""Candles: full from the start, in every timeframe, ending now, true to the quotes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.errors import Refused
from core.market import Timeframe
from mt5_bridge.paper.csv_feed import CsvFeed
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.specs import SPECS
from mt5_bridge.paper.walk import opening
from tests.fakes import FixedClock
from tests.mt5_bridge.paper.bench import GOLD, START, Bench, D, bench_at

QUARTER = timedelta(minutes=15)


def random_feed() -> RandomFeed:
    return RandomFeed(7, SPECS, D(1))


@pytest.fixture
def csv(tmp_path):
    """Makes a feed of rising gold candles at the given times."""

    def made(*times: str, speed: str = "1") -> CsvFeed:
        path = tmp_path / "gold.csv"
        rows = (
            f"{time},{1950 + place},{1952 + place},{1949 + place},{1951 + place},100"
            for place, time in enumerate(times)
        )
        path.write_text("\n".join(("time,open,high,low,close,volume", *rows)))
        return CsvFeed({GOLD: path}, SPECS, D(speed))

    return made


@pytest.mark.parametrize("timeframe", list(Timeframe))
async def test_a_chart_is_full_at_once(file, timeframe) -> None:
    async with bench_at(file, feed=random_feed()) as bench:
        bars = await bench.broker.get_candles(GOLD, timeframe, 300)
        assert len(bars) == 300
        assert bars[-1].time == opening(START, timeframe.span)
        assert all(b.time - a.time == timeframe.span for a, b in pairwise(bars))
        assert all(a.close == b.open for a, b in pairwise(bars))
        assert bars[-1].close == (await bench.broker.get_quote(GOLD)).bid


async def test_charts_of_two_timeframes_tell_the_same_story(file) -> None:
    async with bench_at(file, feed=random_feed()) as bench:
        await bench.passes(40)
        minutes = await bench.broker.get_candles(GOLD, Timeframe.M1, 300)
        quarters = await bench.broker.get_candles(GOLD, Timeframe.M15, 12)
        size = len(minutes) - 41 + 40 // 15 * 15  # minutes up to the last whole quarter
        whole = minutes[size - 15 : size]
        assert quarters[-2].open == whole[0].open
        assert quarters[-2].close == whole[-1].close
        assert quarters[-2].high == max(bar.high for bar in whole)
        assert quarters[-2].low == min(bar.low for bar in whole)
        assert quarters[-2].volume == sum(bar.volume for bar in whole)


async def test_finished_candles_stay_as_they_are(file) -> None:
    async with bench_at(file, feed=random_feed()) as bench:
        before = await bench.broker.get_candles(GOLD, Timeframe.M5, 50)
        await bench.passes(5)
        after = await bench.broker.get_candles(GOLD, Timeframe.M5, 51)
        story = [(bar.open, bar.high, bar.low, bar.close) for bar in before[1:-1]]
        assert [(b.open, b.high, b.low, b.close) for b in after[1:-2]][
            -len(story) :
        ] == story


async def test_a_chart_survives_a_restart(file) -> None:
    clock = FixedClock(START)
    async with bench_at(file, clock, random_feed()) as bench:
        await bench.passes(33)
        before = await bench.broker.get_candles(GOLD, Timeframe.M1, 300)
    async with bench_at(file, clock, random_feed()) as bench:
        assert await bench.broker.get_candles(GOLD, Timeframe.M1, 300) == before


async def test_the_last_candle_of_a_file_is_forming(file, csv) -> None:
    feed = csv("2026-01-05T09:00", "2026-01-05T09:15", "2026-01-05T09:30")
    async with bench_at(file, feed=feed) as bench:
        await bench.passes(1.25)
        bars = await bench.broker.get_candles(GOLD, Timeframe.M15, 300)
        assert [bar.time for bar in bars] == [START - QUARTER, START]
        assert (bars[0].high, bars[0].close) == (D(1952), D(1951))
        forming = bars[1]
        assert (forming.open, forming.high) == (D(1951), D(1951))
        assert (forming.low, forming.close, forming.volume) == (D(1950), D(1950), 50)


async def test_the_forming_candle_covers_the_present(file, csv) -> None:
    clock = FixedClock(datetime(2026, 3, 4, 9, 44, 59, tzinfo=UTC))
    async with bench_at(file, clock, csv("2026-01-05T09:00")) as bench:
        bars = await bench.broker.get_candles(GOLD, Timeframe.M15, 5)
        assert bars[-1].time == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


async def test_a_coarser_timeframe_joins_the_candles_of_a_file(file, csv) -> None:
    times = [f"2026-01-05T{9 + n // 4:02}:{n % 4 * 15:02}" for n in range(7)]
    async with bench_at(file, feed=csv(*times)) as bench:
        await bench.passes(7)
        bars = await bench.broker.get_candles(GOLD, Timeframe.H1, 5)
        assert [bar.time.hour for bar in bars] == [8, 9]
        assert (bars[0].open, bars[0].close) == (D(1950), D(1954))
        assert (bars[0].low, bars[0].high) == (D(1949), D(1955))
        assert (bars[1].open, bars[1].close) == (D(1954), D(1957))
        assert (bars[0].volume, bars[1].volume) == (400, 300)


async def test_a_finer_timeframe_gives_the_candles_of_the_file(file, csv) -> None:
    feed = csv("2026-01-05T09:00", "2026-01-05T09:15", "2026-01-05T09:30")
    async with bench_at(file, feed=feed) as bench:
        await bench.passes(3)
        bars = await bench.broker.get_candles(GOLD, Timeframe.M1, 5)
        assert [bar.time for bar in bars] == [
            START - 2 * QUARTER,
            START - QUARTER,
            START,
        ]


async def test_a_weekend_stays_a_gap(file, csv) -> None:
    feed = csv("2026-01-02T21:30", "2026-01-02T21:45", "2026-01-05T00:00")
    async with bench_at(file, feed=feed) as bench:
        await bench.passes(3)
        bars = await bench.broker.get_candles(GOLD, Timeframe.M15, 5)
        gaps = [b.time - a.time for a, b in pairwise(bars)]
        assert gaps == [QUARTER, timedelta(days=2, hours=2, minutes=15)]


async def test_a_steered_price_is_in_the_chart_as_it_was_quoted(file) -> None:
    async with bench_at(file, feed=random_feed()) as bench:
        await bench.passes(10.1)
        await bench.broker.steer(GOLD, D(2000), timedelta(seconds=3))
        await bench.passes(4.9)
        await bench.price(GOLD, "1800")
        await bench.passes(0.5)
        await bench.broker.release(GOLD)
        await bench.passes(2.5)
        bars = await bench.broker.get_candles(GOLD, Timeframe.M1, 300)
        spike = bars[-4]
        assert spike.open == D(1800)
        assert max(bar.high for bar in bars[-8:]) == D(2000)
        assert min(bar.low for bar in bars[-8:]) < D(1801)
        own = random_feed().candle(GOLD, 9)
        assert (bars[-10].open, bars[-10].close) == (own.open, own.close)
        assert D(1750) < bars[-1].close < D(1850)


async def test_a_jump_within_a_candle_is_its_high(file, csv) -> None:
    async with bench_at(file, feed=csv("2026-01-05T09:00")) as bench:
        await bench.passes(0.1)
        await bench.price(GOLD, "1999")
        await bench.passes(0.1)
        await bench.price(GOLD, "1900")
        await bench.passes(0.1)
        (bar,) = await bench.broker.get_candles(GOLD, Timeframe.M15, 5)
        assert (bar.open, bar.high) == (D(1950), D(1999))
        assert (bar.low, bar.close) == (D(1900), D(1900))


async def test_a_spike_stays_in_the_candle_in_which_it_was(bench: Bench) -> None:
    await bench.passes(4.1)
    await bench.price(GOLD, "2000")
    await bench.passes(0.1)
    await bench.price(GOLD, "1950")
    await bench.passes(2)
    bars = await bench.broker.get_candles(GOLD, Timeframe.M1, 4)
    assert [bar.high for bar in bars] == [D(1950), D(2000), D(1950), D(1950)]


async def test_the_end_of_a_move_that_was_broken_off_is_in_the_chart(
    bench: Bench,
) -> None:
    await bench.passes(4.1)
    await bench.broker.steer(GOLD, D(2000), timedelta(seconds=1))
    await bench.passes(0.45)
    await bench.price(GOLD, "1950")
    bars = await bench.broker.get_candles(GOLD, Timeframe.M1, 1)
    assert bars[0].high == D("1972.50")


async def test_steering_after_the_end_of_a_file_is_in_its_last_candle(
    file, csv
) -> None:
    async with bench_at(file, feed=csv("2026-01-05T09:00")) as bench:
        await bench.passes(100)
        await bench.price(GOLD, "1999")
        await bench.passes(1)
        (bar,) = await bench.broker.get_candles(GOLD, Timeframe.M15, 5)
        assert (bar.open, bar.high, bar.close) == (D(1950), D(1999), D(1999))
        assert bar.volume == 100


async def test_no_candles_asked_for_are_no_candles(bench: Bench) -> None:
    assert await bench.broker.get_candles(GOLD, Timeframe.M1, 0) == ()


async def test_candles_of_an_unknown_instrument_are_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match="XXXYYY"):
        await bench.broker.get_candles("XXXYYY", Timeframe.M1, 10)


@pytest.mark.parametrize(
    ("timeframe", "opened"),
    [
        (Timeframe.M1, "2026-03-04T09:30"),
        (Timeframe.H4, "2026-03-04T08:00"),
        (Timeframe.D1, "2026-03-04T00:00"),
        (Timeframe.W1, "2026-03-01T00:00"),
    ],
)
def test_a_bar_opens_at_its_border_and_a_week_on_sunday(timeframe, opened) -> None:
    expected = datetime.fromisoformat(f"{opened}+00:00")
    assert opening(START + timedelta(seconds=59), timeframe.span) == expected

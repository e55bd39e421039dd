"""CSV feeds: what they take, and how they say what they do not take."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Refused
from mt5_bridge.paper.csv_feed import CsvFeed, read_candles
from mt5_bridge.paper.feed import open_feed
from mt5_bridge.paper.random_feed import RandomFeed
from mt5_bridge.paper.specs import SPECS
from tests.mt5_bridge.paper.bench import EURO, GOLD, D

HEADING = "time,open,high,low,close,volume"
GOOD = "2026-01-05T09:00:00Z,1950,1952,1949,1951,120"
CENT = D("0.01")


@pytest.fixture
def write(tmp_path):
    """Writes lines to a file and gives its path."""

    def written(*lines, name="gold.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return written


def test_a_line_is_a_candle(write) -> None:
    (candle,) = read_candles(write(HEADING, GOOD), CENT)
    assert candle.time == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (candle.open, candle.high) == (D(1950), D(1952))
    assert (candle.low, candle.close, candle.volume) == (D(1949), D(1951), 120)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T09:00:00Z",
        "2026-01-05T09:00:00+00:00",
        "2026-01-05T09:00:00",
        "2026-01-05 09:00",
        "2026-01-05T10:00:00+01:00",
    ],
)
def test_a_time_without_a_zone_is_utc(write, text) -> None:
    path = write(HEADING, f"{text},1950,1952,1949,1951,120")
    assert read_candles(path, CENT)[0].time == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_prices_are_put_on_the_tick(write) -> None:
    path = write(HEADING, "2026-01-05,1950.001,1952.004,1949.009,1951.006,1.0")
    (candle,) = read_candles(path, CENT)
    assert (candle.open, candle.high) == (D("1950.00"), D("1952.00"))
    assert (candle.low, candle.close) == (D("1949.01"), D("1951.01"))


def test_empty_lines_spaces_and_a_byte_order_mark_do_no_harm(tmp_path) -> None:
    path = tmp_path / "gold.csv"
    heading = "Time, Open,High,Low,Close,Volume"
    path.write_text(f"{heading}\n\n {GOOD} \n\n", encoding="utf-8-sig")
    assert len(read_candles(path, CENT)) == 1


BAD = [
    (["nothing"], "line 1: expected the heading time,open,high,low,close,volume"),
    ([], "line 1: expected the heading"),
    ([HEADING], "line 2: expected a candle, found the end of the file"),
    ([HEADING, GOOD, "1,2"], "line 3: expected 6 columns .*, found 2"),
    ([HEADING, "soon,1,1,1,1,1"], "line 2: expected an ISO 8601 time .*, found 'soon'"),
    ([HEADING, "0001-01-01T00:00+10:00,1,1,1,1,1"], "line 2: expected an ISO 8601"),
    ([HEADING, "2026-01-05,x,1,1,1,1"], "from 0.01 on in column 'open', found 'x'"),
    ([HEADING, "2026-01-05,1,nan,1,1,1"], "column 'high', found 'nan'"),
    ([HEADING, "2026-01-05,1,1,0,1,1"], "column 'low', found '0'"),
    ([HEADING, "2026-01-05,1,1,1,1e30,1"], "column 'close', found '1e30'"),
    ([HEADING, "2026-01-05,1,1,1,1,-1"], "column 'volume', found '-1'"),
    ([HEADING, "2026-01-05,1,2,1,3,1"], "expected low and high around open and close"),
    ([HEADING, "2026-01-05,1,3,2,3,1"], "found low 2.00 and high 3.00"),
    ([HEADING, GOOD, GOOD], "line 3: expected a time after 2026-01-05 09:00"),
]


@pytest.mark.parametrize(("lines", "words"), BAD)
def test_a_bad_file_is_refused_by_line(write, lines, words) -> None:
    with pytest.raises(Refused, match=words) as caught:
        read_candles(write(*lines), CENT)
    assert "gold.csv" in caught.value.reason


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(Refused, match=r"none\.csv: expected a CSV file"):
        read_candles(tmp_path / "none.csv", CENT)


def test_a_file_that_is_not_text_is_refused(tmp_path) -> None:
    path = tmp_path / "gold.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused, match="CSV file that can be read"):
        read_candles(path, CENT)


def test_the_spacing_is_the_smallest_step(write) -> None:
    times = ("2026-01-02T20:00", "2026-01-02T20:15", "2026-01-05T00:00")
    path = write(HEADING, *(f"{time},1,1,1,1,1" for time in times))
    feed = CsvFeed({GOLD: path}, SPECS, D(1))
    assert feed.spacing(GOLD) == timedelta(minutes=15)


def test_one_candle_alone_lasts_a_minute(write) -> None:
    feed = CsvFeed({GOLD: write(HEADING, GOOD)}, SPECS, D(1))
    assert feed.spacing(GOLD) == timedelta(minutes=1)
    assert feed.last(GOLD) == 0


def test_a_feed_of_files_is_opened_by_its_text(write, tmp_path) -> None:
    write(HEADING, GOOD)
    write(HEADING, "2026-01-05,1.1,1.1,1.1,1.1,1", name="euro.csv")
    text = f"csv:{GOLD}=gold.csv, {EURO} = euro.csv"
    feed = open_feed(text, seed=1, speed=D(1), base_dir=tmp_path)
    assert feed.instruments == {GOLD, EURO}
    assert feed.candle(EURO, 0).open == D("1.10000")


def test_a_longer_file_is_the_same_feed(write) -> None:
    path = write(HEADING, GOOD)
    short = CsvFeed({GOLD: path}, SPECS, D(1)).fingerprint
    write(HEADING, GOOD, GOOD.replace("09:00", "09:01"))
    assert CsvFeed({GOLD: path}, SPECS, D(1)).fingerprint == short


def test_a_random_feed_is_opened_by_its_text(tmp_path) -> None:
    feed = open_feed("random", seed=1, speed=D(2), base_dir=tmp_path)
    assert isinstance(feed, RandomFeed)
    assert feed.instruments == set(SPECS)
    assert feed.quote_span == timedelta(milliseconds=125)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'random' or 'csv:"),
        ("randomly", "randomly"),
        ("random:1", "random:1"),
        ("csv", "INSTRUMENT=FILE"),
        ("csv:", "INSTRUMENT=FILE"),
        ("csv:XAUUSD", "found 'XAUUSD'"),
        ("csv:XAUUSD=", "found 'XAUUSD='"),
        ("csv:XAUUSD=a.csv,", "found ''"),
        ("csv:XAUUSD=a.csv,XAUUSD=b.csv", "XAUUSD is named twice"),
        ("csv:XXXYYY=a.csv", "no instrument 'XXXYYY'; it has AUDUSD"),
    ],
)
def test_a_text_that_names_no_feed_is_refused(tmp_path, text, words) -> None:
    with pytest.raises(Refused, match=words):
        open_feed(text, seed=1, speed=D(1), base_dir=tmp_path)


@pytest.mark.parametrize("speed", ["0", "-1", "1000.1"])
def test_a_speed_out_of_range_is_refused(tmp_path, speed) -> None:
    with pytest.raises(Refused, match="speed"):
        open_feed("random", seed=1, speed=D(speed), base_dir=tmp_path)

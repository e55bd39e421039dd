"""What every implementation of the ``Charts`` port does."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from charts.inline import InlineRenderer
from charts.media import MediaStore
from charts.pictures import Look
from charts.studio import Studio
from core.ids import UserId
from core.market import Candle, Side, Timeframe
from core.ports import Charts, EquityChart, SignalChart
from tests.builders import an_equity_point

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


def candle(number: int, price: str = "2650.10") -> Candle:
    return Candle(
        time=AT - timedelta(minutes=15 * (60 - number)),
        open=Decimal(price),
        high=Decimal(price) + Decimal(number % 5),
        low=Decimal(price) - Decimal(1),
        close=Decimal(price) + Decimal(number % 3),
        volume=number,
    )


def chart(**changes) -> SignalChart:
    values = {
        "instrument": "XAUUSD",
        "timeframe": Timeframe.M15,
        "side": Side.BUY,
        "entry": Decimal("2650.10"),
        "stop_loss": Decimal("2645.00"),
        "take_profit": Decimal("2665.00"),
        "digits": 2,
        "candles": tuple(candle(n) for n in range(60)),
    }
    return SignalChart(**values | changes)


def studio(folder: Path) -> Charts:
    return Studio(media=MediaStore(folder), renderer=InlineRenderer(), look=Look())


@pytest.fixture(params=[studio])
def charts(request, tmp_path) -> Charts:
    return request.param(tmp_path)


async def test_a_chart_lies_under_the_utc_date_shared_and_signal(charts):
    late = datetime(2026, 3, 6, 1, tzinfo=timezone(timedelta(hours=2)))
    media = await charts.signal_chart(chart(), at=late)
    assert media.path == f"2026-03-05/shared/signal/{media.sha256}.png"


async def test_equal_charts_are_one_picture(charts):
    first = await charts.signal_chart(chart(), at=AT)
    assert await charts.signal_chart(chart(), at=AT) == first


@pytest.mark.parametrize(
    "change",
    [
        {"instrument": "XAGUSD"},
        {"side": Side.SELL, "stop_loss": None, "take_profit": None},
        {"timeframe": Timeframe.H1},
        {"entry": Decimal("2651.10")},
        {"stop_loss": Decimal("2644.00")},
        {"take_profit": Decimal("2660.00")},
        {"digits": 3},
        {"candles": tuple(candle(n, "2652.00") for n in range(60))},
    ],
)
async def test_another_chart_is_another_picture(charts, change):
    first = await charts.signal_chart(chart(), at=AT)
    other = await charts.signal_chart(chart(**change), at=AT)
    assert other.sha256 != first.sha256


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("stop", [None, Decimal("2645.00"), Decimal("1.00")])
async def test_little_to_draw_is_drawn(charts, count, stop):
    few = tuple(candle(n) for n in range(count))
    media = await charts.signal_chart(chart(candles=few, stop_loss=stop), at=AT)
    assert media.size > 0


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-1"])
@pytest.mark.parametrize("field", ["entry", "stop_loss", "take_profit"])
async def test_what_is_no_price_is_refused(charts, field, price):
    with pytest.raises(ValueError, match="not a price above 0"):
        await charts.signal_chart(chart(**{field: Decimal(price)}), at=AT)


@pytest.mark.parametrize("price", ["NaN", "0"])
async def test_a_candle_without_a_price_is_refused(charts, price):
    bad = Candle(
        time=AT,
        open=Decimal(1),
        high=Decimal(1),
        low=Decimal(price),
        close=Decimal(1),
        volume=0,
    )
    with pytest.raises(ValueError, match="not a price above 0"):
        await charts.signal_chart(chart(candles=(bad,)), at=AT)


def curve(count: int = 3) -> EquityChart:
    points = tuple(
        an_equity_point(at=AT + timedelta(hours=n), equity=Decimal(100 + n))
        for n in range(count)
    )
    limit = Decimal(20)
    return EquityChart(title="demo", currency="USD", points=points, limit_percent=limit)


async def test_a_curve_lies_under_the_person_whose_it_is(charts):
    media = await charts.equity_chart(curve(), at=AT, to=UserId(7))
    assert media.path == f"2026-03-05/7/equity/{media.sha256}.png"
    assert await charts.equity_chart(curve(), at=AT, to=UserId(7)) == media


async def test_two_people_have_a_file_each(charts):
    one, two = [
        await charts.equity_chart(curve(), at=AT, to=UserId(user)) for user in (7, 8)
    ]
    assert one.sha256 == two.sha256
    assert one.path != two.path


async def test_one_point_is_no_curve(charts):
    with pytest.raises(ValueError, match="2 points"):
        await charts.equity_chart(curve(1), at=AT, to=UserId(7))

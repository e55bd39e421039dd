"""One drawing per picture, remembered for a while."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from charts.media import MediaStore
from charts.pictures import Look, SignalPicture
from charts.studio import Studio
from core.errors import ChartFailed
from tests.charts.samples import chart

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


class Renderer:
    """Writes down what it is asked; answers when let, or fails as told."""

    def __init__(self):
        self.asked: list[SignalPicture] = []
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.failure: ChartFailed | None = None

    async def render(self, picture):
        self.asked.append(picture)
        self.was_asked.set()
        await self.may_answer.wait()
        if self.failure:
            raise self.failure
        return picture.encode()


@pytest.fixture
def renderer():
    return Renderer()


@pytest.fixture
def media(tmp_path):
    return MediaStore(tmp_path)


@pytest.fixture
def studio(media, renderer):
    return Studio(media=media, renderer=renderer, look=Look(), entries=2)


def priced(price):
    return chart((), entry=Decimal(price), stop_loss=None, take_profit=None)


async def test_a_picture_asked_for_again_is_not_drawn_again(studio, renderer):
    first = await studio.signal_chart(priced(1), at=AT)
    assert await studio.signal_chart(priced("1.0"), at=AT) == first
    assert len(renderer.asked) == 1


async def test_another_picture_is_drawn(studio, renderer):
    first = await studio.signal_chart(priced(1), at=AT)
    assert await studio.signal_chart(priced(2), at=AT) != first
    assert len(renderer.asked) == 2


async def test_many_asking_at_once_share_one_drawing(studio, renderer):
    renderer.may_answer.clear()
    asking = asyncio.gather(*(studio.signal_chart(priced(1), at=AT) for _ in range(10)))
    await renderer.was_asked.wait()
    renderer.may_answer.set()
    assert len(set(await asking)) == 1
    assert len(renderer.asked) == 1


async def test_many_asking_at_once_share_a_failure_and_the_next_tries_again(
    studio, renderer
):
    renderer.failure = ChartFailed("no")
    renderer.may_answer.clear()
    asking = asyncio.gather(
        *(studio.signal_chart(priced(1), at=AT) for _ in range(3)),
        return_exceptions=True,
    )
    await renderer.was_asked.wait()
    renderer.may_answer.set()
    results = await asking
    assert [type(result) for result in results] == [ChartFailed] * 3
    assert len(renderer.asked) == 1
    renderer.failure = None
    assert await studio.signal_chart(priced(1), at=AT)


async def test_a_failure_that_only_its_asker_sees_is_not_reported_as_lost(
    studio, renderer
):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, it: reported.append(it))
    renderer.failure = ChartFailed("no")
    with pytest.raises(ChartFailed):
        await studio.signal_chart(priced(1), at=AT)
    renderer.failure = None
    gc.collect()
    assert reported == []


async def test_when_the_one_who_draws_is_cancelled_another_draws(studio, renderer):
    renderer.may_answer.clear()
    async with asyncio.TaskGroup() as group:
        first, *others = (
            group.create_task(studio.signal_chart(priced(1), at=AT)) for _ in range(3)
        )
        await renderer.was_asked.wait()
        first.cancel()
        await asyncio.wait([first])
        renderer.may_answer.set()
    assert first.cancelled()
    assert others[0].result() == others[1].result()
    assert len(renderer.asked) == 2


async def test_one_who_stops_waiting_does_not_disturb_the_drawing(studio, renderer):
    renderer.may_answer.clear()
    async with asyncio.TaskGroup() as group:
        first, second = (
            group.create_task(studio.signal_chart(priced(1), at=AT)) for _ in range(2)
        )
        await renderer.was_asked.wait()
        second.cancel()
        await asyncio.wait([second])
        renderer.may_answer.set()
    assert second.cancelled()
    assert first.result()
    assert len(renderer.asked) == 1


async def test_the_least_used_picture_is_forgotten_first(studio, renderer):
    for price in (1, 2, 1, 3, 1, 2):
        await studio.signal_chart(priced(price), at=AT)
    assert [picture.entry for picture in renderer.asked] == [1, 2, 3, 2]


async def test_a_picture_is_forgotten_after_a_while(studio, renderer):
    for minutes in (0, 60, 61, 120):
        await studio.signal_chart(priced(1), at=AT + timedelta(minutes=minutes))
    assert len(renderer.asked) == 2


async def test_a_picture_whose_file_is_gone_is_drawn_again(studio, renderer, media):
    first = await studio.signal_chart(priced(1), at=AT)
    media.path(first.path).unlink()
    assert await studio.signal_chart(priced(1), at=AT) == first
    assert media.path(first.path).exists()
    assert len(renderer.asked) == 2


async def test_the_next_day_has_its_own_file(studio):
    midnight = datetime(2026, 3, 6, tzinfo=UTC)
    before = await studio.signal_chart(priced(1), at=midnight - timedelta(minutes=1))
    after = await studio.signal_chart(priced(1), at=midnight)
    assert before.path == f"2026-03-05/shared/signal/{before.sha256}.png"
    assert after.path == f"2026-03-06/shared/signal/{before.sha256}.png"


async def test_a_bad_price_is_refused_before_anything_is_drawn(studio, renderer):
    with pytest.raises(ValueError, match="the entry is NaN"):
        await studio.signal_chart(priced("NaN"), at=AT)
    assert renderer.asked == []


async def test_what_was_drawn_is_what_is_stored(studio, renderer, media):
    made = await studio.signal_chart(priced(1), at=AT)
    data = media.path(made.path).read_bytes()
    assert data == renderer.asked[0].encode()
    assert (made.sha256, made.size) == (sha256(data).hexdigest(), len(data))

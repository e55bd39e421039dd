"""The ``Charts`` port: asks for each picture once and remembers where it is.

Requests for a picture that is being drawn wait for it; requests for one that is
there get it from memory. What makes pictures the same is everything that is drawn.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from charts.curves import EquityPicture
from charts.media import MediaStore, Owner
from charts.pictures import Look, Picture, SignalPicture
from core.errors import ChartFailed
from core.ids import UserId
from core.ports import EquityChart, Media, SignalChart

Key = tuple[str, str]
"""The picture's hash, and the day and the owner that it is kept under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a picture is kept."""

    at: datetime
    owner: Owner
    kind: str


class Renderer(Protocol):
    """Whatever draws."""

    async def render(self, picture: Picture) -> bytes:
        """A PNG of the picture; raises ``ChartFailed``."""
        ...


class Studio:
    """Draws, keeps and remembers pictures.

    ``entries`` pictures are remembered, the least used forgotten first, each for
    ``keep`` after it was drawn.
    """

    def __init__(
        self,
        *,
        media: MediaStore,
        renderer: Renderer,
        look: Look,
        entries: int = 500,
        keep: timedelta = timedelta(hours=1),
    ) -> None:
        self._media = media
        self._renderer = renderer
        self._look = look
        self._entries = entries
        self._keep = keep
        self._known: OrderedDict[Key, tuple[Media, datetime]] = OrderedDict()
        self._drawing: dict[Key, asyncio.Future[Media]] = {}

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        """Draw and store; the same content is drawn once.

        Raises:
            ChartFailed: there will be no picture; go on without.
            ValueError: a price is not finite or not above 0.
        """
        picture = SignalPicture.of(chart, self._look)
        return await self._picture(picture, at, owner="shared", kind="signal")

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        """Draw and store for one person; the same content is drawn once.

        Raises:
            ChartFailed: there will be no picture; go on without.
            ValueError: there are fewer than two points, or one is not finite.
        """
        picture = EquityPicture.of(chart, self._look)
        return await self._picture(picture, at, owner=to, kind="equity")

    async def _picture(
        self, picture: Picture, at: datetime, *, owner: Owner, kind: str
    ) -> Media:
        place = _Place(at=at, owner=owner, kind=kind)
        key = (picture.key, f"{at.astimezone(UTC):%Y-%m-%d}/{owner}")
        while (drawing := self._drawing.get(key)) is not None:
            await asyncio.wait([drawing])
            if not drawing.cancelled():
                return drawing.result()
        return self._remembered(key, at) or await self._draw(key, picture, place)

    def _remembered(self, key: Key, at: datetime) -> Media | None:
        media, drawn = self._known.get(key, (None, at))
        if media is None or abs(at - drawn) > self._keep or not self._media.has(media):
            return None
        self._known.move_to_end(key)
        return media

    async def _draw(self, key: Key, picture: Picture, place: "_Place") -> Media:
        drawing = self._drawing[key] = asyncio.get_running_loop().create_future()
        try:
            data = await self._renderer.render(picture)
            media = await self._media.save(
                data, at=place.at, owner=place.owner, kind=place.kind
            )
            self._remember(key, media, place.at)
            drawing.set_result(media)
        except ChartFailed as error:
            drawing.set_exception(error)
            raise
        finally:
            del self._drawing[key]
            drawing.cancel()  # where there is no result, who waits draws it himself
        return media

    def _remember(self, key: Key, media: Media, at: datetime) -> None:
        self._known[key] = (media, at)
        self._known.move_to_end(key)
        if len(self._known) > self._entries:
            self._known.popitem(last=False)

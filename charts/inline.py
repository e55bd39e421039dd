"""Drawing in this process, where waiting for it does no harm: tests, the gallery."""

import asyncio

from charts.drawing import draw
from charts.easel import Easel
from charts.pictures import Picture


class InlineRenderer:
    """Draws one picture after another in a thread."""

    def __init__(self) -> None:
        self._easel = Easel()
        self._turn = asyncio.Lock()

    async def render(self, picture: Picture) -> bytes:
        """A PNG of the picture."""
        async with self._turn:
            return await asyncio.to_thread(draw, picture, self._easel)

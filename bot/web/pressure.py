"""How many requests may be at work at once; the rest comes back in a second.

Who is only sending his body is not at work: else a few hundred who send it slowly
would shut out all others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.web.problems import UNAVAILABLE, Problem

COME_BACK = 1
"""Seconds after which there should be room again."""


class Pressure:
    """Shared by all requests of one process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._at_work = 0

    def have_room(self) -> None:
        """To be asked before a body is read.

        Raises:
            Problem: 503, too many are at work.
        """
        if self._at_work >= self._most:
            detail = "Too many requests are at work; send it again in a second."
            headers = {"Retry-After": str(COME_BACK)}
            raise Problem(UNAVAILABLE, detail, headers=headers)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """For the time from the whole body to the answer.

        Raises:
            Problem: 503, too many are at work.
        """
        self.have_room()
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

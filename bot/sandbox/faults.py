"""Trouble on request: refusals, delays, broken answers and lost replies, on a schedule.

```
a call --> every fault that fits it counts it --> the oldest that is due acts
           method, chat, begins..ends            after `after`, every `every`-th,
                                                 by its own dice, `times` in all
```
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from bot.sandbox.errors import ApiError

ANY_METHOD: Final = "*"
ALWAYS: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Fault:
    """Trouble for calls of a method (lowercase name or `*`), in one chat if named.

    What happens: after `latency` seconds the call is refused with `status`, answered
    with a page (`non_json`) or a JSON text cut short (`broken_json`), or the
    connection is cut before or after its effect. None of these lets it through.

    When: among the calls that fit, those after the first `after`, every `every`-th of
    them, each with `probability` (the same `seed` throws the same dice), from `begins`
    to before `ends`, at most `times` (None: without end).
    """

    method: str
    chat: int | None = None
    times: int | None = 1
    after: int = 0
    every: int = 1
    probability: float = ALWAYS
    seed: int = 0
    begins: datetime | None = None
    ends: datetime | None = None
    status: int | None = None
    description: str = ""
    retry_after: int | None = None
    latency: float = 0
    drop_after_apply: bool = False
    drop_before_apply: bool = False
    non_json: bool = False
    broken_json: bool = False
    seen: int = 0
    fired: int = 0
    _dice: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Every fault has its own dice, so that others do not disturb them."""
        self._dice = Random(self.seed)  # noqa: S311 - repeatable on purpose

    def fits(self, method: str, chat: int | None, now: datetime) -> bool:
        """Whether the call is one of those this fault is about."""
        return (
            self.method in {ANY_METHOD, method}
            and self.chat in {None, chat}
            and (self.begins is None or self.begins <= now)
            and not self.is_over(now)
        )

    def is_over(self, now: datetime) -> bool:
        """Whether it can never act again."""
        used_up = self.times is not None and self.fired >= self.times
        return used_up or (self.ends is not None and self.ends <= now)

    def is_due(self) -> bool:
        """Count a call that fits, and say whether it is hit."""
        self.seen += 1
        turn = self.seen - self.after
        if turn <= 0 or turn % self.every:
            return False
        return self.probability >= ALWAYS or self._dice.random() < self.probability

    def error(self) -> ApiError | None:
        """The refusal this fault asks for, if it asks for one."""
        if self.status is None:
            return None
        extra = {} if self.retry_after is None else {"retry_after": self.retry_after}
        return ApiError(self.status, self.description, **extra)


class Faults:
    """The faults that are set now; the oldest that is due is used first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._faults: list[Fault] = []
        self._cleared = asyncio.Event()

    def add(self, fault: Fault) -> None:
        """Set one more."""
        self._faults.append(fault)

    def all(self) -> list[Fault]:
        """Those that may still act, the oldest first."""
        now = self._now()
        self._faults = [fault for fault in self._faults if not fault.is_over(now)]
        return list(self._faults)

    def clear(self) -> int:
        """Remove all, release calls that are being delayed; how many there were."""
        removed = len(self.all())
        self._faults.clear()
        cleared, self._cleared = self._cleared, asyncio.Event()
        cleared.set()
        return removed

    def take(self, method: str, chat: int | None = None) -> Fault | None:
        """The fault for this call, counted by every fault that it fits."""
        now = self._now()
        due = [f for f in self.all() if f.fits(method, chat, now) and f.is_due()]
        if not due:
            return None
        due[0].fired += 1
        if due[0].is_over(now):
            self._faults.remove(due[0])
        return due[0]

    async def delay(self, seconds: float) -> None:
        """Hold a call back, until the faults are cleared at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._cleared.wait()

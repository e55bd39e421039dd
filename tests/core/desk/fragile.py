"""Ports that pull the plug: the process dies at a chosen call, or just after it."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

EFFECTS = frozenset({"commit", "accept", "claim", "next_magic", "take_lease", "send"})
"""What leaves a trace; dying after anything else is dying before the next call."""


class Crash(BaseException):
    """The process is gone; nobody catches this."""


class Fuse:
    """Counts the calls of all ports and blows at one of them."""

    def __init__(self, *, at: int = 0, after: bool = False) -> None:
        self.calls: list[str] = []
        self._at = at
        self._after = after

    def call(self, name: str, *, after: bool) -> None:
        if not after:
            self.calls.append(name)
        if after is self._after and len(self.calls) == self._at:
            raise Crash(name)


class _Fragile:
    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return self._wrap(name, value) if inspect.iscoroutinefunction(value) else value

    def _wrap(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **more: Any) -> Any:
            self._fuse.call(name, after=False)
            found = await method(*args, **more)
            self._fuse.call(name, after=True)
            return found

        return call


def fragile(inner: T, fuse: Fuse) -> T:
    """The same port on a fuse."""
    return cast("T", _Fragile(inner, fuse))

"""Letting the tasks of a loop run until something is true, without a clock."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 10


async def turns(count: int = 5) -> None:
    """Let every task run a few times."""
    for _ in range(count):
        await asyncio.sleep(0)  # noqa: TID251 - lets the tasks run


async def until(true: Callable[[], bool]) -> None:
    """Let the tasks run until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await turns(1)


async def until_found(look: Callable[[], Awaitable[object]]) -> None:
    """Look again and again, until a look finds something."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110 - nothing rings for it
            await asyncio.sleep(0.01)  # noqa: TID251 - others work in real time

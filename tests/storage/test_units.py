import asyncio

import pytest

from storage.units import Units


class Gate:
    """Work that goes on when the test opens it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.passed = 0

    async def work(self) -> str:
        await self.open.wait()
        self.passed += 1
        return "done"

    async def fail(self) -> str:
        await self.open.wait()
        raise LookupError


async def _cancelled(task: asyncio.Task[str]) -> bool:
    await asyncio.wait({task}, timeout=0.001)
    task.cancel()
    await asyncio.wait({task})
    return task.cancelled()


async def test_the_caller_gets_the_result() -> None:
    gate, units = Gate(), Units()
    gate.open.set()
    assert await units.run(gate.work()) == "done"


async def test_the_caller_gets_the_error() -> None:
    gate, units = Gate(), Units()
    gate.open.set()
    with pytest.raises(LookupError):
        await units.run(gate.fail())


async def test_work_goes_on_when_its_caller_is_cancelled() -> None:
    gate, units = Gate(), Units()
    assert await _cancelled(asyncio.Task(units.run(gate.work())))
    gate.open.set()
    await units.finish()
    assert gate.passed == 1


async def test_an_error_that_nobody_waits_for_is_not_reported_as_lost() -> None:
    gate, units = Gate(), Units()
    lost: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: lost.append(context))
    assert await _cancelled(asyncio.Task(units.run(gate.fail())))
    gate.open.set()
    await units.finish()
    assert lost == []


async def test_there_is_nothing_to_finish_at_first() -> None:
    await Units().finish()


async def test_a_unit_that_is_itself_cancelled_is_forgotten() -> None:
    """As when the event loop is taken down without waiting."""
    gate, units = Gate(), Units()
    call = asyncio.Task(units.run(gate.work()))
    await asyncio.wait({call}, timeout=0.001)
    [unit] = units._running
    unit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await units.finish()
    assert gate.passed == 0

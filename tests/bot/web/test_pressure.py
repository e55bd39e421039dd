"""A bounded number of requests at work; the rest is told to come back."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.web import WebContext
from bot.web.pressure import Pressure
from bot.web.problems import Problem
from core.errors import Duplicate
from core.ports import Write
from tests.bot.web.hostile.rows import framed
from tests.bot.web.service import BODY, serving
from tests.fakes import FixedClock
from tests.memory_journal import MemoryJournal


def refusal(pressure: Pressure) -> Problem:
    with pytest.raises(Problem) as raised:
        pressure.have_room()
    return raised.value


def test_as_many_as_allowed_are_at_work_and_no_more():
    pressure = Pressure(2)
    pressure.have_room()
    with pressure.at_work():
        pressure.have_room()
        with pressure.at_work():
            problem = refusal(pressure)
            assert (problem.kind.status, problem.kind.slug) == (503, "unavailable")
            assert problem.headers == {"Retry-After": "1"}
        pressure.have_room()


def test_who_comes_too_late_takes_nobodys_room():
    pressure = Pressure(1)
    with pressure.at_work():
        with pytest.raises(Problem), pressure.at_work():
            pytest.fail("was let in")
        refusal(pressure)
    pressure.have_room()


def test_room_is_given_back_by_whoever_fails():
    pressure = Pressure(1)
    with pytest.raises(ZeroDivisionError), pressure.at_work():
        _ = 1 / 0
    with pressure.at_work():
        refusal(pressure)


# ------------------------------------------------------------ the intake


class Slow(MemoryJournal):
    """Stores only when it is let."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        self.asked.set()
        await self.let.wait()
        return await super().accept(batch)


def one_at_a_time(context: WebContext) -> WebContext:
    return replace(context, limits=replace(context.limits, most_at_work=1))


async def test_one_signal_too_many_is_refused_at_once(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, make_journal=Slow, change=one_at_a_time) as service,
        asyncio.timeout(10),
        asyncio.TaskGroup() as tasks,
    ):
        assert isinstance(service.journal, Slow)
        first = tasks.create_task(service.send(BODY))
        await service.journal.asked.wait()
        unread = framed(b"Content-Length: 4000", body=b"")
        assert (await service.raw(unread)).startswith(b"HTTP/1.1 503 ")
        refused = await service.send({**BODY, "external_id": "2"})
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert (await service.client.get("/healthz")).status == 200
        service.journal.let.set()
        assert (await first).status == 201
        again = await service.send({**BODY, "external_id": "2"})
        assert again.status == 201


async def test_who_sends_slowly_takes_nobodys_room(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, change=one_at_a_time) as service,
        service.dial() as (_, writer),
    ):
        writer.write(framed(b"Content-Length: 4000", body=b"{"))
        await writer.drain()
        assert (await service.client.get("/healthz")).status == 200
        assert (await service.send(BODY)).status == 201

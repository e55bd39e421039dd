"""One run: a service that dies and is started again, and the world that goes on.

The world is this process: the Telegram sandbox, the provider, the people and the
market's hand. It behaves as the real one does: a provider posts again until it is
told 2xx, a person whose tap was not answered taps again.
"""

import asyncio
import os
import select
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from typing_extensions import override

from bot.clock import SystemClock
from bot.demo.people import ADA, PEOPLE
from bot.sandbox import Sandbox, create_sandbox
from bot.sandbox.faults import Fault
from tests.faults import ledgers
from tests.faults.bugs import Bug
from tests.faults.runner import LOG, NOTES, Life
from tests.faults.tripwire import Kill
from tests.faults.zygote import Zygote

GLANCE = 0.02
"""Seconds between two looks at something."""
PATIENCE = 30
"""Seconds that one step of a story may take, whatever happens."""
PATIENCE_WITH_BUG = 10
"""The same where something is wrong on purpose and may never end."""
QUIET_FOR = 4.0
"""Seconds without anything to do after which nothing more will come."""
BETWEEN_LOOKS = 0.1
"""Seconds between two looks at the database."""


class Stuck(Exception):
    """What a story waits for does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often a run's service dies, and what is wrong with it."""

    deaths: tuple[Kill | float, ...] = ()
    """For each life but the last: where it ends, or after how many seconds."""
    bug: Bug = Bug.NONE
    lost_replies: int = 0
    lost_changes: int = 0
    """How many replies to a close and to a new stop never come."""
    late_history: bool = False
    lost_answers: int = 0
    """How many cards reach Telegram without our hearing of it."""
    lost_pictures: bool = False
    """Whether the pictures are gone after each death."""

    @override
    def __str__(self) -> str:
        deaths = ", then ".join(map(str, self.deaths)) or "no death"
        more = [self.bug.value] if self.bug else []
        more += ["lost reply"] if self.lost_replies else []
        more += ["lost changes"] if self.lost_changes else []
        more += ["late history"] if self.late_history else []
        more += ["lost answer"] if self.lost_answers else []
        more += ["lost pictures"] if self.lost_pictures else []
        return f"{deaths}{' with ' if more else ''}{', '.join(more)}"


@dataclass(slots=True, kw_only=True)
class Run:
    """A run under way."""

    folder: Path
    plan: Plan
    sandbox: Sandbox
    telegram: str
    port: int
    zygote: Zygote
    deaths: int = 0
    """How many lives have ended."""
    troubles: list[str] = field(default_factory=list)
    """Why there can be no verdict."""
    over: bool = False
    pid: int = 0

    @property
    def url(self) -> str:
        """The service's address."""
        return f"http://127.0.0.1:{self.port}"

    def notes(self) -> list[str]:
        """The steps that all lives passed."""
        file = self.folder / NOTES
        return file.read_text().splitlines() if file.exists() else []

    def log(self) -> str:
        """What all lives said."""
        file = self.folder / LOG
        return file.read_text() if file.exists() else ""

    async def keep_alive(self) -> None:
        """Start the service whenever it has died as planned."""
        for number in range(len(self.plan.deaths) + 1):
            death = dict(enumerate(self.plan.deaths)).get(number)
            await self._live(number + 1, death)
            if self.over:
                return
            self.deaths += 1
            if self.plan.lost_pictures:
                shutil.rmtree(self.folder / "media")
        self.troubles.append("the service ended by itself")

    async def _live(self, number: int, death: Kill | float | None) -> None:
        kills = len([line for line in self.notes() if line.startswith("KILLED")])
        life = Life(
            folder=self.folder,
            port=self.port,
            telegram=self.telegram,
            kill=death if isinstance(death, Kill) else None,
            bug=self.plan.bug,
            lost_replies=self.plan.lost_replies if number == 1 else 0,
            lost_changes=self.plan.lost_changes if number == 1 else 0,
            late_history=self.plan.late_history,
            number=number,
        )
        self.pid = self.zygote.fork(life)
        seconds = death if isinstance(death, float) else None
        if not await ended(self.pid, seconds):
            self.kill()
            await ended(self.pid, None)
        noted = len([line for line in self.notes() if line.startswith("KILLED")])
        if isinstance(death, Kill) and noted == kills and not self.over:
            self.troubles.append(f"life {number} did not end {death}")

    def kill(self) -> None:
        """As a power cut would."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def until(self, met: Callable[[], bool], what: str) -> None:
        """Wait for something to be true.

        Raises:
            Stuck: it is not, and nothing happens any more or it takes too long.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + (PATIENCE_WITH_BUG if self.plan.bug else PATIENCE)
        looked = idle_since = now()
        while not met():
            if now() - looked > BETWEEN_LOOKS:
                looked = now()
                idle_since = idle_since if self.idle() else looked
            if now() - idle_since > QUIET_FOR:
                self._miss_death()
                raise Stuck(what)
            if now() > deadline or self.troubles:
                raise Stuck(what)
            await asyncio.sleep(GLANCE)

    async def drain(self) -> None:
        """Wait until nothing is left to do, in three looks in a row.

        Raises:
            Stuck: something never gets done.
        """
        looks = 0

        def calm() -> bool:
            nonlocal looks
            looks = looks + 1 if self.idle() and not self.deaths_to_come else 0
            return looks > 3

        await self.until(calm, "peace")

    @property
    def deaths_to_come(self) -> int:
        """How often the service must still die."""
        return len(self.plan.deaths) - self.deaths

    def _miss_death(self) -> None:
        """A life that has nothing to do any more will not come to its end."""
        if self.deaths_to_come:
            death = self.plan.deaths[self.deaths]
            self.troubles.append(f"life {self.deaths + 1} never came to {death}")

    def idle(self) -> bool:
        """Whether the service is up and has nothing to do."""
        return (
            f"STARTED {self.deaths + 1}" in self.notes()
            and not self.sandbox.world.updates.waiting()
            and not ledgers.undone(self.folder)
        )


async def ended(pid: int, seconds: float | None) -> bool:
    """Wait for a process that is not our child; whether it ended in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(handle, over.set)
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return bool(select.select([handle], [], [], 0)[0])
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return True


@asynccontextmanager
async def running(
    zygote: Zygote, template: Path, folder: Path, plan: Plan
) -> AsyncIterator[Run]:
    """A run from a fresh copy of the template; ends with the service killed."""
    shutil.copytree(template, folder)
    (folder / NOTES).unlink(missing_ok=True)
    async with served() as (sandbox, telegram):
        run = Run(
            folder=folder,
            plan=plan,
            sandbox=sandbox,
            telegram=telegram,
            port=free_port(),
            zygote=zygote,
        )
        for _ in range(plan.lost_answers):
            lost = Fault(method="sendphoto", drop_after_apply=True)
            sandbox.world.faults.add(lost)
        lives = asyncio.create_task(run.keep_alive())
        try:
            yield run
        finally:
            run.over = True
            run.kill()
            await lives


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox in which Ada has pressed start, and its address."""
    sandbox = create_sandbox(now=SystemClock().now, users=PEOPLE)
    sandbox.world.started.add(ADA.id)
    app = web.Application()
    sandbox.add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield sandbox, f"http://{host}:{port}"
    finally:
        await runner.cleanup()


_ports = iter(range(20_000 + os.getpid() % 1_000 * 8, 32_000))


def free_port() -> int:
    """A port that nobody listens on, below those that connections are given."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    message = "no port is free"
    raise AssertionError(message)


async def make_template(zygote: Zygote, folder: Path) -> None:
    """Let a process prepare the data that every run begins with; the folder exists."""
    life = Life(folder=folder, port=1, telegram="http://127.0.0.1:1", number=0)
    assert await ended(zygote.fork(life), 60), "preparing took too long"
    assert not (log := (folder / LOG).read_text()), log

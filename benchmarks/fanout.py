"""One signal for a crowd: the whole service against a Telegram that keeps its limits.

The sandbox runs here and takes 30 messages a second, and one a second in each chat;
the service is a process of its own (``python -m benchmarks.fanout FOLDER``). While the
signal goes out, one person after the other taps Reject.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from benchmarks.ours import ACCOUNT, furnish
from benchmarks.processes import Server, announce, server, until_stdin_closes
from benchmarks.requests import request
from bot import logs
from bot.app import open_house
from bot.sandbox import Sandbox, User, create_sandbox
from bot.sandbox.people import Tap, tap
from bot.service import Service
from bot.settings import Settings
from storage.engine import FILE_NAME

PER_SECOND = 25
TOKEN = "42:SANDBOX-bench"  # noqa: S105 - nothing outside takes it
TELEGRAM = "telegram.json"
"""Beside the service's folder: where the sandbox is, and for how many people."""
REJECT = "1:re:"
"""How the data of a Reject button begins."""
BETWEEN_TAPS = 2.0
PATIENCE = 120.0
"""Seconds until there is something wrong."""


@dataclass(slots=True)
class Sent:
    """What came of one signal."""

    seconds: float = 0
    """From the request to the last message."""
    twice: int = 0
    """People who got more than one."""
    uploads: int = 0
    refused: int = 0
    """Calls for which Telegram wanted a wait."""
    taps: list[float] = field(default_factory=list)
    """Seconds from each tap until it was answered and its message drawn again."""


def fan_out(folder: Path, people: int) -> Sent:
    """Send one signal to so many people."""
    folder.mkdir(parents=True)
    return asyncio.run(_fan_out(folder, people))


async def _fan_out(folder: Path, people: int) -> Sent:
    async with _telegram(folder, people) as sandbox:
        running = server("benchmarks.fanout", folder / "service")
        service = await asyncio.to_thread(running.__enter__)
        try:
            return await _measure(sandbox, service, people)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


@asynccontextmanager
async def _telegram(folder: Path, people: int) -> AsyncIterator[Sandbox]:
    """A Telegram in which everybody has pressed START."""
    users = [User(id=each, first_name=f"P{each}") for each in range(1, people + 1)]
    sandbox = create_sandbox(now=lambda: datetime.now(UTC), users=users)
    sandbox.world.started.update(user.id for user in users)
    sandbox.world.limits.enforced = True
    app = web.Application()
    sandbox.add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    told = json.dumps({"base": base, "people": people})
    (folder / TELEGRAM).write_text(told, encoding="utf-8")
    try:
        yield sandbox
    finally:
        await runner.cleanup()


async def _measure(sandbox: Sandbox, service: Server, people: int) -> Sent:
    sent, chats = Sent(), sandbox.world.messages
    begun = time.perf_counter()
    await _post(service)
    taps = asyncio.get_running_loop().create_task(_tap_now_and_then(sandbox, sent))
    await _until(sandbox, lambda: len(chats) == people)
    sent.seconds = time.perf_counter() - begun
    await asyncio.sleep(1)  # for a copy too many
    taps.cancel()
    pictures = [e for e in sandbox.world.journal if e.method == "sendPhoto"]
    sent.twice = sum(len(chat) > 1 for chat in chats.values())
    sent.uploads = sum(isinstance(each.params["photo"], dict) for each in pictures)
    sent.refused = sum(each.status == 429 for each in sandbox.world.journal)  # noqa: PLR2004 - HTTP
    return sent


async def _until(sandbox: Sandbox, true: Callable[[], bool]) -> None:
    if not await sandbox.world.bell.until(lambda: true() or None, PATIENCE):
        message = "Telegram waited in vain"
        raise TimeoutError(message)


async def _post(service: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(request(service.secret, "fan-out", now=int(time.time())))
    status = await reader.readline()
    writer.close()
    if b" 201 " not in status:
        message = f"the signal was not taken: {status!r}"
        raise RuntimeError(message)


async def _tap_now_and_then(sandbox: Sandbox, sent: Sent) -> None:
    """Whoever has a prompt rejects it, one after the other."""
    for person in list(sandbox.world.people.values()):
        sent.taps.append(await _reject(sandbox, person))
        await asyncio.sleep(BETWEEN_TAPS)


async def _reject(sandbox: Sandbox, person: User) -> float:
    """Seconds from the tap until it was answered and the message drawn again."""
    world = sandbox.world
    await _until(sandbox, lambda: person.id in world.messages)
    (message,) = world.messages[person.id].values()
    data = next(
        button["callback_data"]
        for button in message.buttons
        if button["callback_data"].startswith(REJECT)
    )
    begun = time.perf_counter()
    wish = Tap(data=data, chat_id=person.id, message_id=message.id)
    query, _ = tap(world, person, wish)
    await _until(sandbox, lambda: query.answer is not None)
    await _until(sandbox, lambda: "Rejected" in message.now.rich.text)
    return time.perf_counter() - begun


# ---------------------------------------------------------------- the service


def _settings(base: str) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Settings.model_validate(
        {
            "service": {"data_dir": ".", "port": port},
            "telegram": {"api_base": base, "messages_per_second": PER_SECOND},
            "accounts": {ACCOUNT: {"broker": "paper", "kind": "desk"}},
        }
    )


async def serve(folder: Path) -> None:
    """Serve until told to end."""
    told = json.loads((folder.parent / TELEGRAM).read_text(encoding="utf-8"))
    settings = _settings(told["base"])
    logs.configure(settings.service.log_format)
    async with open_house(settings, folder, command="a benchmark") as house:
        secret = await furnish(house.office, told["people"])
        service = Service(house, token=TOKEN, api_base=told["base"])
        try:
            await service.start()
            await house.pool.start()
            port = settings.service.port
            announce(port=port, secret=secret, database=FILE_NAME)
            await asyncio.to_thread(until_stdin_closes)
        finally:
            await service.stop()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))

"""Commands that stay: run, demo, sandbox."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import logs
from bot.cli.common import context_of, plain
from bot.config import ConfigError, unserved
from bot.consent import missing_folder
from bot.errors import StoryFailed
from bot.settings import Settings
from bot.tasks import Nursery, until_told_to_stop

if TYPE_CHECKING:
    from bot.demo.house import Demo
    from bot.demo.story import Summary

DEFAULT_SECONDS = 180
BY_HAND_LIMIT_PERCENT = 20
"""The guard's limit when somebody plays by hand."""
console = Console(highlight=False)


class ServiceRole(StrEnum):
    """Which parts of the service run in this process."""

    ALL = "all"


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(run)
    app.command()(demo)
    app.command()(sandbox)


def run(
    context: typer.Context,
    role: Annotated[
        ServiceRole, typer.Option(help="This version runs everything in one process.")
    ] = ServiceRole.ALL,
) -> None:
    """Run the service."""
    ours = context_of(context)
    settings = ours.settings()
    logs.configure(settings.service.log_format)
    if not settings.telegram.token.get_secret_value():
        message = (
            "There is no bot token. Get one from @BotFather and set "
            "TAPGATE_TELEGRAM__TOKEN, or name a file in TAPGATE_TELEGRAM__TOKEN_FILE."
        )
        raise ConfigError([message])
    if not settings.accounts:
        raise ConfigError([f"{ours.config}: there is no [accounts.NAME] section."])
    from bot.webhook import webhook_problems

    if problems := [*unserved(settings), *webhook_problems(settings)]:
        raise ConfigError(problems)
    if missing := missing_folder(ours.base, settings.approvals):
        raise ConfigError([missing])
    asyncio.run(_run(settings, ours.base, role))


async def _run(settings: Settings, base: Path, role: ServiceRole) -> None:
    from bot.app import open_house
    from bot.memory import keep_what_is_loaded
    from bot.service import Service

    command = f"tapgate run --role {role}"
    async with open_house(settings, base, command=command) as house:
        service = Service(
            house,
            token=settings.telegram.token.get_secret_value(),
            api_base=settings.telegram.api_base,
        )
        try:
            await service.start()
            keep_what_is_loaded()
            await until_told_to_stop()
        finally:
            await service.stop()


def sandbox(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8081,
) -> None:
    """Run the Telegram sandbox alone: a Bot API and a chat page."""
    logs.configure("text")
    asyncio.run(_sandbox(port))


async def _sandbox(port: int) -> None:
    from aiohttp import web

    from bot.clock import SystemClock
    from bot.demo.people import PEOPLE
    from bot.listening import listen
    from bot.sandbox import create_sandbox
    from bot.web import Runner

    app = web.Application()
    create_sandbox(now=SystemClock().now, users=PEOPLE).add_routes(app)
    runner = Runner(app, access_log=None)
    await runner.setup()
    await listen(runner, "127.0.0.1", port)
    url = f"http://127.0.0.1:{port}"
    console.print(f"[bold]Telegram sandbox[/] {url}")
    console.print(
        f"A bot reaches it with api_base = {url} and a token like 42:SANDBOX-mine."
    )
    await until_told_to_stop()
    await runner.cleanup()


def demo(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8080,
    auto: Annotated[
        bool, typer.Option("--auto", help="Play the whole story and end.")
    ] = False,
    seconds: Annotated[
        int | None, typer.Option(help="Deadline; default with --auto: 180.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where to keep the data; default: nowhere.")
    ] = None,
) -> None:
    """Try everything on this machine: no token, no account, no configuration."""
    logs.configure("text", level=logging.WARNING if auto else logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="tapgate-demo-") as scratch:
        folder = (data_dir or Path(scratch)).resolve()
        work = _auto(port, folder) if auto else _by_hand(port, folder)
        limit = seconds or (DEFAULT_SECONDS if auto else None)
        sys.exit(asyncio.run(_within(work, limit, auto=auto)))


async def _within(
    work: Coroutine[None, None, int], limit: int | None, *, auto: bool
) -> int:
    """The exit code of ``work``; past its deadline, a story has failed."""
    try:
        async with asyncio.timeout(limit):
            return await work
    except StoryFailed as failure:
        console.print(f"[bold red]✖[/] {plain(str(failure))}")
        return 1
    except TimeoutError:
        if auto:
            console.print(f"[bold red]✖[/] Not done within {limit} seconds.")
        return int(auto)


async def _by_hand(port: int, folder: Path) -> int:
    from bot.demo.house import demo_settings, open_demo, settle_in
    from bot.demo.show import play

    settings = demo_settings(port, folder, limit_percent=BY_HAND_LIMIT_PERCENT)
    console.print("Starting: sandbox Telegram, paper broker, service…")
    async with open_demo(settings, folder) as running:
        await settle_in(running)
        _invite_to_try(running)
        nursery = Nursery()
        nursery.keep("show", lambda: play(running))
        await until_told_to_stop()
        await nursery.close()
    return 0


def _invite_to_try(running: "Demo") -> None:
    console.print(f"\n  [bold]Open[/] {running.url}")
    console.print(
        "  You are Ada; a first signal arrives within seconds. Tap [green]Approve[/] "
        "or [red]Reject[/],\n  try /positions, /guard, /status, /panic. Switch to Vera "
        "(a viewer) or Sam (no invite).\n  Ctrl-C ends the demo.\n"
    )


async def _auto(port: int, folder: Path) -> int:
    from bot.clock import SystemClock
    from bot.demo.house import demo_settings, open_demo, settle_in
    from bot.demo.story import LIMIT_PERCENT, Story

    clock = SystemClock()
    began = clock.monotonic()
    settings = demo_settings(port, folder, limit_percent=LIMIT_PERCENT)
    async with open_demo(settings, folder) as running:
        await settle_in(running)
        _step(clock.monotonic() - began, f"Everything runs at {running.url}")
        story = Story(running)
        async for told in story.play():
            _step(clock.monotonic() - began, told)
        summary = await story.summary()
    _print_summary(summary)
    return 0


def _step(passed: timedelta, told: str) -> None:
    console.print(f"[dim]{passed.total_seconds():6.1f} s[/]  [green]✔[/] {told}.")


def _print_summary(summary: "Summary") -> None:
    table = Table(title="What the database says", title_justify="left", box=None)
    for name, value in summary.rows():
        table.add_row(name, f"[bold]{value}[/]")
    console.print()
    console.print(table)

"""What every command shares: the configuration, the office, output for people."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot import logs
from bot.config import environment, load
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.app import Office

T = TypeVar("T")

PIPE_WIDTH = 1000
"""Columns of a table that no terminal shows."""

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@dataclass(frozen=True, slots=True)
class Context:
    """Which configuration a command uses."""

    config: Path

    def settings(self) -> Settings:
        """The configuration, read now.

        Raises:
            ConfigError: with every problem that was found.
        """
        return load(self.config, environment())

    @property
    def base(self) -> Path:
        """Where the configuration's relative paths start."""
        return self.config.resolve().parent


def context_of(context: typer.Context) -> Context:
    """The root command's context."""
    found = context.find_object(Context)
    if found is None:
        message = "the root command did not run"
        raise RuntimeError(message)
    return found


def in_office(context: Context, work: "Callable[[Office], Awaitable[T]]") -> T:
    """Run an administrative command: open the journal, work, close it."""
    from bot.app import open_office

    settings = context.settings()
    logs.configure(settings.service.log_format)

    async def run() -> T:
        async with open_office(settings, context.base) as office:
            return await work(office)

    return asyncio.run(run())


def complain(*problems: str) -> None:
    """Say on standard error what is wrong."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        console.print(f"[bold red]✖[/] {plain(problem)}")


def say(text: str) -> None:
    """Say something to a person on standard output."""
    Console(highlight=False, soft_wrap=True).print(text)


def plain(text: str) -> str:
    """A text whose brackets are no markup."""
    return escape(text)


def print_json(content: object) -> None:
    """One JSON document and nothing else."""
    typer.echo(json.dumps(content, indent=2, default=_json_value))


def _json_value(value: object) -> object:
    """Decimals as numbers, which a script can compare; the rest as text."""
    return float(value) if isinstance(value, Decimal) else str(value)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """A table for people; in a pipe a row stays one line, however long it is."""
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(plain(str(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, PIPE_WIDTH)
    console.print(table)

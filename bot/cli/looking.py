"""Commands that look: status and doctor."""

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from bot.cli.common import (
    Json,
    context_of,
    in_office,
    plain,
    print_json,
    print_table,
    say,
)

if TYPE_CHECKING:
    from bot.doctor import Finding
    from bot.status import Status


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(status)
    app.command()(doctor)


def status(context: typer.Context, json: Json = False) -> None:
    """Where everything stands, from the database."""
    from bot.status import read_status

    seen: Status = in_office(
        context_of(context), lambda office: read_status(office.tools.journal)
    )
    if json:
        print_json(seen.as_json())
        return
    print_table(
        "Accounts",
        ("account", "mode", "equity", "peak", "drawdown", "guard", "open"),
        (
            (
                each.name,
                each.mode,
                f"{each.equity:,.2f} {each.currency}",
                f"{each.peak:,.2f}",
                f"{each.drawdown_percent} %",
                each.guard,
                len(each.positions),
            )
            for each in seen.accounts
        ),
    )
    queues = ", ".join(f"{name} {count}" for name, count in seen.queues.items())
    say(f"Queues: {queues}")


def doctor(context: typer.Context, json: Json = False) -> None:
    """Check everything that is configured; a fix for each failure."""
    from bot.doctor import examine

    ours = context_of(context)
    if not ours.config.is_file():
        ours.settings()  # says how to get one
    findings = asyncio.run(examine(ours.config, ours.base))
    if json:
        print_json([each.as_json() for each in findings])
    else:
        _print_findings(findings)
    if not all(each.ok for each in findings):
        raise typer.Exit(1)


def _print_findings(findings: "list[Finding]") -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in findings:
        mark = "[green]✔[/]" if each.ok else "[bold red]✖[/]"
        console.print(f"{mark} [bold]{each.part}[/]: {plain(each.said)}")
        if each.fix:
            console.print(f"    {each.fix}", markup=False)

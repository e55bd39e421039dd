"""Commands that look: status, doctor and openapi."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.cli.common import (
    Json,
    context_of,
    in_office,
    plain,
    print_json,
    print_table,
    say,
)
from core.clock import in_words
from core.desk.expiring import KEPT_FOR

if TYPE_CHECKING:
    from bot.findings import Finding
    from bot.status import AccountStatus, Status


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(status)
    app.command()(doctor)
    app.command()(openapi)


def status(context: typer.Context, json: Json = False) -> None:
    """Where everything stands, from the database."""
    from bot.status import read_status

    seen: Status = in_office(
        context_of(context),
        lambda office: read_status(office.tools.journal, now=office.tools.clock.now()),
    )
    if json:
        print_json(seen.as_json())
    else:
        _print_status(seen)


def _print_status(seen: "Status") -> None:
    if seen.running:
        say("[green]✔[/] The service is running.")
    else:
        say(
            "[bold red]✖[/] The service is not running: no signal is taken, no account "
            "is watched.\n    Start it with `tapgate run`."
        )
    if seen.accounts:
        _print_accounts(seen.accounts)
    else:
        say("No account yet: the service makes them when it first starts.")
    busy = [f"{name} {count}" for name, count in seen.queues.items() if count]
    say(f"Waiting: {', '.join(busy) or 'nothing'}.")
    if seen.followers:
        say(f"Following on paper: {seen.followers}.")
    if seen.undelivered:
        say(f"Undelivered in the last {KEPT_FOR.days} days: {seen.undelivered}.")


def _print_accounts(accounts: "list[AccountStatus]") -> None:
    print_table(
        "Accounts",
        (
            "account",
            "mode",
            "equity",
            "peak",
            "drawdown",
            "guard",
            "open",
            "last seen",
        ),
        (
            (
                each.name,
                each.mode,
                *_money(each),
                each.guard,
                len(each.positions),
                _ago(each.reading_age_seconds),
            )
            for each in accounts
        ),
    )


def _money(account: "AccountStatus") -> tuple[str, str, str]:
    if account.reading_age_seconds is None:
        return "-", "-", "-"
    return (
        f"{account.equity:,.2f} {account.currency}",
        f"{account.peak:,.2f}",
        f"{account.drawdown_percent} %",
    )


def _ago(seconds: int | None) -> str:
    return "never" if seconds is None else f"{in_words(timedelta(seconds=seconds))} ago"


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
    """One line each and one for its fix; on a terminal they break between words."""
    console = Console(highlight=False)
    whole = not console.is_terminal
    for each in findings:
        mark = "[green]✔[/]" if each.ok else "[bold red]✖[/]"
        said = f"{mark} [bold]{each.part}[/]: {plain(each.said)}"
        console.print(said, soft_wrap=whole)
        if each.fix and whole:
            console.print(f"    {each.fix}", markup=False, soft_wrap=True)
        elif each.fix:
            console.print(Padding(Text(each.fix), (0, 0, 0, 4)))


def openapi(context: typer.Context) -> None:
    """The API's OpenAPI 3.1 document, with the choices of this configuration."""
    from bot.plans import intake_rules_of, public_url, web_limits_of
    from bot.web.openapi import openapi as document

    settings = context_of(context).settings()
    rules, limits = intake_rules_of(settings), web_limits_of(settings)
    print_json(document(rules, limits, public_url(settings)))

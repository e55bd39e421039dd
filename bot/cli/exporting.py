"""Commands that write rows for other programs."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import Context, complain, context_of, in_office
from bot.exporting import Format, What, audit_exported, exported, moment

if TYPE_CHECKING:
    from bot.app import Office

Since = Annotated[
    str,
    typer.Option(help="Leave out what was before: 2026-11-24, or a time."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A file instead of the screen.")
]


def add_commands(app: typer.Typer, audit: typer.Typer) -> None:
    """Register the commands."""
    app.command()(export)
    audit.command("export")(export_audit)


def export(
    context: typer.Context,
    what: What,
    since: Since = "",
    format: Annotated[Format, typer.Option()] = Format.CSV,  # noqa: A002 - its name
    output: Output = None,
) -> None:
    """Rows as CSV or JSON, the oldest first."""
    after = moment(since) if since else None
    _write(
        context_of(context),
        lambda office: exported(office.tools.journal, what, format, since=after),
        output,
    )


def export_audit(
    context: typer.Context, since: Since = "", output: Output = None
) -> None:
    """The audit chain as JSON lines, the oldest entry first."""
    after = moment(since) if since else None
    _write(
        context_of(context),
        lambda office: audit_exported(office.tools.journal, since=after),
        output,
    )


def _write(
    context: Context,
    read: "Callable[[Office], AsyncIterator[str]]",
    output: Path | None,
) -> None:
    """Write the pieces as they come; a file takes its name only when it is whole."""

    async def work(office: "Office") -> None:
        if output is None:
            async for piece in read(office):
                sys.stdout.write(piece)
            return
        part = output.with_name(f"{output.name}.part")
        with part.open("w", encoding="utf-8", newline="") as file:
            async for piece in read(office):
                file.write(piece)
        part.replace(output)

    try:
        in_office(context, work)
    except BrokenPipeError:  # whoever reads has enough, as ``head`` has
        sys.stderr.close()
    except OSError as failure:
        complain(f"{output} cannot be written: {failure.strerror}.")
        raise typer.Exit(1) from None

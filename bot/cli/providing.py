"""Commands for signal providers; the service asks the database at every signal."""

from typing import TYPE_CHECKING, Annotated

import typer

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
    from bot.app import Office
    from bot.providers import NewProvider
    from core.users import Provider

SECRET_VARIABLE = "TAPGATE_PROVIDER_SECRET"  # noqa: S105 - a variable's name
Instruments = Annotated[
    str, typer.Option(help="Comma-separated; default: the whole whitelist.")
]


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    provider = typer.Typer(help="Signal providers.", no_args_is_help=True)
    provider.command("add")(add_provider)
    provider.command("list")(list_providers)
    provider.command("disable")(disable_provider)
    provider.command("enable")(enable_provider)
    app.add_typer(provider, name="provider")


def add_provider(
    context: typer.Context, name: str, instruments: Instruments = "", json: Json = False
) -> None:
    """Make a provider; its secret and token are shown this once."""
    from bot import providers

    allowed = tuple(part.strip() for part in instruments.split(",") if part.strip())

    async def work(office: "Office") -> "NewProvider":
        providers.traded(allowed, office.settings.signals.instruments)
        return await providers.add_provider(
            office.tools, office.vault, name=name, instruments=allowed
        )

    made = in_office(context_of(context), work)
    if json:
        print_json(
            {
                "name": made.name,
                "secret": made.secret,
                "read_token": made.read_token,
            }
        )
        return
    say(f"[bold]{made.name}[/] is ready. Shown this once:\n")
    say(f"  secret      [bold]{made.secret}[/]")
    say(f"  read token  [bold]{made.read_token}[/]\n")
    say(
        f"Try it: {SECRET_VARIABLE}=… tapgate signal send --provider {made.name} --help"
    )


def list_providers(context: typer.Context, json: Json = False) -> None:
    """List the providers and their state, without their secrets."""
    from core.users import Provider

    async def work(office: "Office") -> list[Provider]:
        return await office.tools.journal.find(Provider)

    rows = in_office(context_of(context), work)
    if json:
        print_json([_as_json(row) for row in rows])
        return
    if not rows:
        say("There is no provider yet: tapgate provider add NAME")
        return
    print_table(
        "Providers",
        ("name", "state", "instruments", "since"),
        (
            (
                row.id,
                "enabled" if row.enabled else "disabled",
                ", ".join(row.instruments) or "all",
                f"{row.created_at:%Y-%m-%d}",
            )
            for row in rows
        ),
    )


def _as_json(row: "Provider") -> dict[str, object]:
    return {
        "name": row.id,
        "enabled": row.enabled,
        "instruments": list(row.instruments),
        "created_at": row.created_at.isoformat(),
    }


def disable_provider(context: typer.Context, name: str, json: Json = False) -> None:
    """Take no more signals of a provider, from this moment on."""
    changed = _switch(context, name, enabled=False, json=json)
    if json:
        return
    if changed:
        say(
            f"[bold]{plain(name)}[/] is disabled: its requests are answered with 401.\n"
            "What it sent before can still be decided."
        )
    else:
        say(f"[bold]{plain(name)}[/] was disabled already.")


def enable_provider(context: typer.Context, name: str, json: Json = False) -> None:
    """Take a provider's signals again, with the secret that it has."""
    changed = _switch(context, name, enabled=True, json=json)
    if json:
        return
    if changed:
        say(f"[bold]{plain(name)}[/] is enabled; its secret is the same as before.")
    else:
        say(f"[bold]{plain(name)}[/] was enabled already.")


def _switch(context: typer.Context, name: str, *, enabled: bool, json: bool) -> bool:
    from bot.providers import switch_provider

    changed = in_office(
        context_of(context),
        lambda office: switch_provider(office.tools, name, enabled=enabled),
    )
    if json:
        print_json({"name": name, "enabled": enabled, "changed": changed})
    return changed

"""Commands for signal providers; the service asks the database at every signal."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import Json, context_of, in_office, plain, print_json, say
from bot.cli.provider_terms import (
    Burst,
    Instruments,
    Limit,
    limit_provider,
    list_providers,
    names_in,
)

if TYPE_CHECKING:
    from bot.app import Office
    from bot.providers import Credentials

SECRET_VARIABLE = "TAPGATE_PROVIDER_SECRET"  # noqa: S105 - a variable's name
PublicKey = Annotated[
    str,
    typer.Option(
        "--public-key",
        help="The provider's own Ed25519 key, whpk_…: no secret is made or kept.",
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    provider = typer.Typer(help="Signal providers.", no_args_is_help=True)
    provider.command("add")(add_provider)
    provider.command("list")(list_providers)
    provider.command("rotate")(rotate_provider)
    provider.command("limit")(limit_provider)
    provider.command("disable")(disable_provider)
    provider.command("enable")(enable_provider)
    app.add_typer(provider, name="provider")


def add_provider(
    context: typer.Context,
    name: str,
    instruments: Instruments = "",
    public_key: PublicKey = "",
    rate_per_minute: Limit = None,
    rate_burst: Burst = None,
    open_signals: Limit = None,
    json: Json = False,
) -> None:
    """Make a provider; its credentials are shown this once."""
    from bot import providers

    allowed = names_in(instruments)
    terms = providers.Terms(
        instruments=allowed,
        rate_per_minute=rate_per_minute,
        rate_burst=rate_burst,
        open_signals=open_signals,
    )

    async def work(office: "Office") -> "dict[str, object]":
        providers.traded(allowed, office.settings.signals.instruments)
        made = await providers.add_provider(
            office.tools,
            office.vault,
            name=name,
            terms=terms,
            public_key=public_key or None,
        )
        return _shown(office, made)

    made = in_office(context_of(context), work)
    if json:
        print_json(made)
        return
    say(f"[bold]{name}[/] is ready. Shown this once:\n")
    _say_credentials(made)
    _warn_of_the_address(context, made)
    if not public_key:
        say(f"Try it: {SECRET_VARIABLE}=… tapgate signal send --provider {name} --help")


def rotate_provider(
    context: typer.Context,
    name: str,
    secret: Annotated[
        bool, typer.Option(help="A new secret; also when nothing else is asked for.")
    ] = False,
    public_key: PublicKey = "",
    keep_hours: Annotated[
        int,
        typer.Option(
            min=0,
            max=168,
            help="How long the former secret or key stays good; 0: not at all.",
        ),
    ] = 24,
    force: Annotated[
        bool, typer.Option(help="Also while the former one is still good.")
    ] = False,
    read_token: Annotated[bool, typer.Option(help="A new read token.")] = False,
    tradingview: Annotated[
        bool | None,
        typer.Option(help="A new address for TradingView, or none any more."),
    ] = None,
    json: Json = False,
) -> None:
    """Give a provider new credentials; only a secret or key has time to change over."""
    from bot.rotation import Rotation
    from bot.rotation import rotate_provider as rotate

    others = read_token or tradingview is not None
    rotation = Rotation(
        secret=secret or bool(public_key) or not others,
        public_key=public_key or None,
        keep=timedelta(hours=keep_hours),
        read_token=read_token,
        hook_token=tradingview is True,
        no_hook=tradingview is False,
        force=force,
    )

    async def work(office: "Office") -> "dict[str, object]":
        made = await rotate(office.tools, office.vault, name, rotation)
        return _shown(office, made)

    made = in_office(context_of(context), work)
    if json:
        print_json(made)
        return
    say(f"[bold]{plain(name)}[/] has new credentials. Shown this once:\n")
    _say_credentials(made)
    _warn_of_the_address(context, made)
    if made["former_until"]:
        say(f"The former one is good until {made['former_until']}.")
    elif rotation.secret:
        say("The former one is refused from now on.")
    if tradingview is False:
        say("It has no address for TradingView any more.")


def _shown(office: "Office", made: "Credentials") -> dict[str, object]:
    from bot.plans import hook_url

    url = hook_url(office.settings, made.hook_token) if made.hook_token else None
    until = made.former_until
    return {
        "name": made.name,
        "secret": made.secret,
        "public_key": made.public_key,
        "read_token": made.read_token,
        "tradingview_url": url,
        "former_until": until and f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }


def _warn_of_the_address(context: typer.Context, made: dict[str, object]) -> None:
    """TradingView reaches nobody at home."""
    service = context_of(context).settings().service
    if made["tradingview_url"] and not service.public_url:
        say(
            "TradingView cannot reach that address: say in \\[service] public_url how\n"
            "the outside reaches this service.\n"
        )


def _say_credentials(made: dict[str, object]) -> None:
    for label, key in (
        ("secret     ", "secret"),
        ("public key ", "public_key"),
        ("read token ", "read_token"),
        ("TradingView", "tradingview_url"),
    ):
        if made[key]:
            say(f"  {label}  [bold]{made[key]}[/]")
    say("")


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

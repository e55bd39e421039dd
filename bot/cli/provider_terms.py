"""Commands about what providers may send, and who they are."""

from datetime import datetime
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
    from bot.providers import Terms
    from core.users import Provider

Instruments = Annotated[
    str, typer.Option(help="Comma-separated; default: the whole whitelist.")
]
Limit = Annotated[
    int | None, typer.Option(min=0, help="Its own; 0 is no limit. Default: as all.")
]
Burst = Annotated[
    int | None, typer.Option(min=1, help="How many at once. Default: as all.")
]


def names_in(instruments: str) -> tuple[str, ...]:
    """The instruments in a comma-separated list."""
    return tuple(part.strip() for part in instruments.split(",") if part.strip())


def limit_provider(
    context: typer.Context,
    name: str,
    instruments: Instruments = "",
    rate_per_minute: Limit = None,
    rate_burst: Burst = None,
    open_signals: Limit = None,
    as_all: Annotated[
        bool, typer.Option(help="First forget what was said of this provider.")
    ] = False,
    json: Json = False,
) -> None:
    """Change what a provider may send; what is not said stays as it is."""
    from dataclasses import asdict

    from bot import providers

    wish = providers.Terms(
        instruments=names_in(instruments),
        rate_per_minute=rate_per_minute,
        rate_burst=rate_burst,
        open_signals=open_signals,
    )

    async def work(office: "Office") -> "Terms":
        providers.traded(wish.instruments, office.settings.signals.instruments)
        return await providers.limit_provider(
            office.tools, name, wish=wish, as_everybody=as_all
        )

    terms = in_office(context_of(context), work)
    if json:
        print_json({"name": name, **asdict(terms)})
        return
    rows = [
        (key, ", ".join(value) if isinstance(value, tuple) else value)
        for key, value in asdict(terms).items()
    ]
    print_table(
        f"What {plain(name)} may send",
        ("limit", "its own"),
        ((key, "as all" if value in (None, "") else str(value)) for key, value in rows),
    )


def list_providers(context: typer.Context, json: Json = False) -> None:
    """List the providers and their state, without their secrets."""
    from core.users import Provider

    async def work(office: "Office") -> tuple[list[Provider], datetime]:
        return await office.tools.journal.find(Provider), office.tools.clock.now()

    rows, now = in_office(context_of(context), work)
    if json:
        print_json([_as_json(row) for row in rows])
        return
    if not rows:
        say("There is no provider yet: tapgate provider add NAME")
        return
    print_table(
        "Providers",
        ("name", "state", "signs with", "instruments", "TradingView", "since"),
        (
            (
                row.id,
                _state(row, now),
                _key(row, now),
                ", ".join(row.instruments) or "all",
                "yes" if row.hook_token_hash else "no",
                f"{row.created_at:%Y-%m-%d}",
            )
            for row in rows
        ),
    )


def _state(row: "Provider", now: datetime) -> str:
    if not row.enabled:
        return "disabled"
    if row.muted_until is not None and row.muted_until > now:
        return f"muted until {row.muted_until:%Y-%m-%d %H:%M} UTC"
    return "enabled"


def _key(row: "Provider", now: datetime) -> str:
    kind = "key pair" if row.public_key else "secret"
    until = row.former_until
    if until is None or until <= now:
        return kind
    return f"{kind}; the former until {until:%Y-%m-%d %H:%M} UTC"


def _as_json(row: "Provider") -> dict[str, object]:
    return {
        "name": row.id,
        "enabled": row.enabled,
        "signs_with": "key pair" if row.public_key else "secret",
        "public_key": row.public_key,
        "former_until": row.former_until and row.former_until.isoformat(),
        "tradingview": row.hook_token_hash is not None,
        "instruments": list(row.instruments),
        "rate_per_minute": row.rate_per_minute,
        "rate_burst": row.rate_burst,
        "open_signals": row.open_signals,
        "muted_until": row.muted_until and row.muted_until.isoformat(),
        "created_at": row.created_at.isoformat(),
    }

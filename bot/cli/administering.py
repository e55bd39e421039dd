"""Commands for admins: they work beside a running service and take effect at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import exporting
from bot.cli.common import (
    Json,
    complain,
    context_of,
    in_office,
    plain,
    print_json,
    say,
)
from bot.cli.providing import SECRET_VARIABLE
from bot.config import environment
from core.ids import AccountId, OrderId
from core.messages import Topic
from core.users import Role

if TYPE_CHECKING:
    from bot.app import Office


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    signal = typer.Typer(help="Signals.", no_args_is_help=True)
    signal.command("send")(send_signal)
    app.add_typer(signal, name="signal")
    order = typer.Typer(help="Orders.", no_args_is_help=True)
    order.command("resolve")(resolve_order)
    app.add_typer(order, name="order")
    audit = typer.Typer(help="The audit chain.", no_args_is_help=True)
    audit.command("verify")(verify_audit)
    app.add_typer(audit, name="audit")
    exporting.add_commands(app, audit)
    app.command()(invite)
    app.command()(migrate)


def migrate(context: typer.Context) -> None:
    """Bring the database to the newest schema."""
    from bot.app import migrate_database

    ours = context_of(context)
    revision = asyncio.run(migrate_database(ours.settings(), ours.base))
    say(f"The database is at revision {revision}.")


class SideName(StrEnum):
    """The two sides."""

    BUY = "buy"
    SELL = "sell"


def send_signal(
    context: typer.Context,
    provider: Annotated[str, typer.Option()],
    instrument: Annotated[str, typer.Option()],
    side: Annotated[SideName, typer.Option()],
    price: Annotated[str, typer.Option()],
    stop_loss: Annotated[str, typer.Option()] = "",
    take_profit: Annotated[str, typer.Option()] = "",
    external_id: Annotated[str, typer.Option(help="Default: a new one.")] = "",
    url: Annotated[str, typer.Option(help="Default: the configured service.")] = "",
    secret_env: Annotated[
        str, typer.Option(help="The variable that holds the secret.")
    ] = SECRET_VARIABLE,
) -> None:
    """Sign and post a signal as a provider would; prints the receipt."""
    from bot.clock import SystemClock, SystemIds
    from bot.provider_client import ProviderClient

    secret = environment().get(secret_env, "")
    if not secret:
        complain(f"Set {secret_env} to the provider's secret first.")
        raise typer.Exit(2)
    if not url:
        from bot.plans import public_url

        url = public_url(context_of(context).settings())
    signal: dict[str, object] = {
        "external_id": external_id or SystemIds().identity(),
        "instrument": instrument,
        "side": side.value,
        "price": price,
    }
    signal |= {"stop_loss": stop_loss} if stop_loss else {}
    signal |= {"take_profit": take_profit} if take_profit else {}
    client = ProviderClient(url=url, name=provider, secret=secret, clock=SystemClock())
    _post(client.post, signal)


def _post(
    post: Callable[[dict[str, object]], Awaitable[object]], signal: dict[str, object]
) -> None:
    from aiohttp import ClientError

    from bot.provider_client import Answer

    try:
        answer = asyncio.run(_awaited(post(signal)))
    except (ClientError, TimeoutError) as failure:
        complain(f"The service cannot be reached: {failure}")
        raise typer.Exit(1) from failure
    except ValueError as failure:
        complain(f"The signal cannot be signed: {failure}.")
        raise typer.Exit(2) from failure
    if isinstance(answer, Answer):
        print_json(answer.body)
        if answer.status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
            raise typer.Exit(1)


async def _awaited(work: Awaitable[object]) -> object:
    return await work


class Resolution(StrEnum):
    """What became of a parked order."""

    ADOPT = "adopt"
    NOT_PLACED = "not-placed"


def resolve_order(
    context: typer.Context,
    order: str,
    resolution: Resolution,
    reason: Annotated[str, typer.Option(help="Why you are sure.")],
) -> None:
    """Say what became of an order whose outcome nobody can prove.

    The running service asks its broker and answers; without one, at its next start.
    """
    from bot.resolutions import ask

    topic = Topic.ADOPT if resolution is Resolution.ADOPT else Topic.NOT_PLACED
    said = in_office(
        context_of(context),
        lambda office: ask(office.tools, topic, OrderId(order), reason),
    )
    say(plain(said))


def verify_audit(context: typer.Context) -> None:
    """Check the audit's hash chain."""

    async def work(office: "Office") -> int:
        return await office.tools.journal.verify_audit()

    length = in_office(context_of(context), work)
    say(f"[green]✔[/] {length} entries, the chain is unbroken.")


def invite(
    context: typer.Context,
    role: Annotated[Role, typer.Option()] = Role.APPROVER,
    account: Annotated[str, typer.Option(help="Default: the only one.")] = "",
    uses: Annotated[int, typer.Option(min=1)] = 1,
    hours: Annotated[int, typer.Option(min=1)] = 72,
    json: Json = False,
) -> None:
    """Make a deep link by which people join an account."""
    from bot.invites import make_invite
    from core.desk.commanding import InviteWish

    ours = context_of(context)
    names = list(ours.settings().accounts)
    if not names:
        complain(f"There is no [accounts.NAME] section in {ours.config}.")
        raise typer.Exit(2)
    if not account and len(names) != 1:
        complain(f"Say which account with --account: {', '.join(names)}.")
        raise typer.Exit(2)
    if role is Role.OWNER:
        complain("Owners are named in config.toml under [telegram] owners.")
        raise typer.Exit(2)
    wish = InviteWish(
        role=role,
        account_id=AccountId(account or names[0]),
        uses=uses,
        lasts=timedelta(hours=hours),
    )
    made = in_office(ours, lambda office: make_invite(office, wish))
    if json:
        print_json(
            {
                "link": made.link,
                "start": made.start,
                "expires_at": made.expires_at.isoformat(),
            }
        )
        return
    say(f"[bold]{made.link or made.start}[/]")
    people = "1 person" if uses == 1 else f"{uses} people"
    say(f"Good for {people} until {made.expires_at:%Y-%m-%d %H:%M} UTC.")

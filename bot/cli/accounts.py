"""Commands about accounts; a running service notices at once what they do."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import (
    Json,
    complain,
    context_of,
    in_office,
    plain,
    print_json,
    print_table,
    say,
)
from bot.cli.people import GivenRole
from core.ids import AccountId, UserId
from core.users import Role

if TYPE_CHECKING:
    from bot.accounts import Accounts
    from bot.app import Office

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    account = typer.Typer(help="Trading accounts.", no_args_is_help=True)
    account.command(
        "add",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(add_account)
    account.command("list")(list_accounts)
    account.command("assign")(assign_account)
    account.command("disable")(disable_account)
    account.command("enable")(enable_account)
    app.add_typer(account, name="account")


class Broker(StrEnum):
    """How an account is reached."""

    PAPER = "paper"
    MT5 = "mt5"
    BRIDGE = "bridge"


class Kind(StrEnum):
    """Who bears the risk and who decides."""

    OWN = "own"
    DESK = "desk"


def add_account(
    context: typer.Context,
    name: Name,
    broker: Annotated[Broker, typer.Option()] = Broker.PAPER,
    kind: Annotated[
        Kind, typer.Option(help="own: one person decides; desk: named approvers do.")
    ] = Kind.OWN,
    currency: Annotated[str, typer.Option()] = "USD",
    balance: Annotated[str, typer.Option(help="Paid in at the beginning.")] = "10000",
    leverage: Annotated[int, typer.Option()] = 100,
    feed: Annotated[str, typer.Option(help="random, or csv:XAUUSD=FILE,…")] = "random",
    speed: Annotated[str, typer.Option(help="Candles per second.")] = "1",
    json: Json = False,
) -> None:
    """Add an account; --risk.KEY VALUE sets any key of its section [risk]."""
    from bot import accounts

    ours = context_of(context)
    try:
        risk = accounts.risk_of(context.args)
    except ValueError as unknown:
        complain(f"There is no option {unknown}: limits are given as --risk.KEY VALUE.")
        raise typer.Exit(2) from unknown
    wish = {
        "broker": broker.value,
        "kind": kind.value,
        "currency": currency,
        "balance": accounts.money(balance),
        "leverage": leverage,
        "feed": feed,
        "speed": accounts.money(speed),
        "risk": risk,
    }
    in_office(ours, lambda office: accounts.add_account(office, ours.base, name, wish))
    if json:
        print_json({"name": name, "broker": broker.value, "kind": kind.value})
        return
    say(f"[bold]{plain(name)}[/] is added; a running service takes it up by itself.")
    say(f"Give it to somebody: tapgate account assign {plain(name)} USER_ID")


def list_accounts(context: typer.Context, json: Json = False) -> None:
    """The accounts of this instance, and how many follow on paper."""
    from bot import accounts

    found = in_office(
        context_of(context), lambda office: accounts.list_accounts(office.tools)
    )
    if json:
        print_json([each.as_json() for each in found.known])
        return
    _print(found)


def _print(found: "Accounts") -> None:
    if found.known:
        print_table(
            "Accounts",
            ("name", "broker", "kind", "mode", "currency", "from", "person", "members"),
            (
                (
                    each.name if each.enabled else f"{each.name} (disabled)",
                    each.broker,
                    each.kind,
                    each.mode,
                    each.currency,
                    each.source,
                    each.person or "-",
                    each.members,
                )
                for each in found.known
            ),
        )
    else:
        say(
            "None yet: the service makes those of the configuration when it starts, "
            "and `tapgate account add` adds others."
        )
    if found.followers:
        say(f"Following on paper: {found.followers}, each on an account of their own.")


def assign_account(
    context: typer.Context,
    name: Name,
    user: Annotated[
        int, typer.Argument(metavar="USER_ID", help="The numeric Telegram id.")
    ],
    role: GivenRole = GivenRole.APPROVER,
    json: Json = False,
) -> None:
    """Make somebody a member of an account; of an own one, its person."""
    from core.desk.assigning import assign

    changed = in_office(
        context_of(context),
        lambda office: assign(
            office.tools, AccountId(name), UserId(user), Role(role.value)
        ),
    )
    if json:
        print_json(
            {"account": name, "user": user, "role": role.value, "changed": changed}
        )
    elif changed:
        say(f"{user} is in [bold]{plain(name)}[/] now, as {role.value}.")
    else:
        say(f"{user} was in {plain(name)} already, as {role.value}.")


def disable_account(context: typer.Context, name: Name, json: Json = False) -> None:
    """Serve an account no longer; it must hold nothing."""
    _switch(context, name, enabled=False, json=json)


def enable_account(context: typer.Context, name: Name, json: Json = False) -> None:
    """Serve an account again."""
    _switch(context, name, enabled=True, json=json)


def _switch(context: typer.Context, name: str, *, enabled: bool, json: bool) -> None:
    from core.desk import assigning

    async def work(office: "Office") -> bool:
        switch = assigning.enable_account if enabled else assigning.disable_account
        return await switch(office.tools, AccountId(name))

    changed = in_office(context_of(context), work)
    what = "enabled" if enabled else "disabled"
    if json:
        print_json({"account": name, "enabled": enabled, "changed": changed})
    elif changed:
        say(f"[bold]{plain(name)}[/] is {what} now.")
    else:
        say(f"{plain(name)} was {what} already.")

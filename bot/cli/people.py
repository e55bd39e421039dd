"""Commands about people: they work beside a running service and take effect at once."""

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
from core.ids import AccountId, UserId
from core.users import Role

if TYPE_CHECKING:
    from bot.members import KnownPerson, Place

Id = Annotated[int, typer.Argument(metavar="ID", help="The numeric Telegram id.")]
Account = Annotated[str, typer.Option(help="Default: the only one.")]


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    user = typer.Typer(help="People and their roles.", no_args_is_help=True)
    user.command("list")(list_users)
    user.command("role")(change_role)
    user.command("remove")(remove_user)
    app.add_typer(user, name="user")


def list_users(context: typer.Context, json: Json = False) -> None:
    """Who is in, with which role, and who asks to join."""
    from bot.members import list_people

    people = in_office(context_of(context), lambda office: list_people(office.tools))
    if json:
        print_json([each.as_json() for each in people])
    elif people:
        _print_people(people)
    else:
        say("Nobody yet: `tapgate invite` makes a link by which people join.")


def _print_people(people: "list[KnownPerson]") -> None:
    print_table(
        "People",
        ("id", "name", "accounts", "let in", "notes"),
        (
            (
                each.id,
                each.name or "(erased)",
                "\n".join(map(_place, each.accounts)) or "-",
                each.invited,
                ", ".join(_notes(each)) or "-",
            )
            for each in people
        ),
    )


def _place(place: "Place") -> str:
    until = f" until {place.until[:10]}" if place.until else ""
    return f"{place.account}: {place.role}{until}"


def _notes(person: "KnownPerson") -> list[str]:
    notes = ["asks to join"] if person.asks else []
    notes += ["blocked the bot"] if person.blocked else []
    waits = person.accounts and not person.consent_version
    return [*notes, *(["has not agreed to the terms"] if waits else [])]


class GivenRole(StrEnum):
    """The roles that can be given; owners stand in config.toml."""

    VIEWER = "viewer"
    APPROVER = "approver"
    ADMIN = "admin"


def change_role(
    context: typer.Context,
    user: Id,
    role: GivenRole,
    account: Account = "",
    json: Json = False,
) -> None:
    """Give a member another role on an account."""
    from bot.members import change_role as change

    done = in_office(
        context_of(context),
        lambda office: change(
            office.tools, UserId(user), Role(role.value), _named(account)
        ),
    )
    if json:
        print_json(
            {
                "user": user,
                "account": done.account,
                "role": role.value,
                "changed": done.changed,
            }
        )
    elif done.changed:
        say(f"{user} has the role {role.value} on [bold]{plain(done.account)}[/] now.")
    else:
        say(f"{user} had the role {role.value} on {plain(done.account)} already.")


def _named(account: str) -> AccountId | None:
    return AccountId(account) if account else None


def remove_user(
    context: typer.Context,
    user: Id,
    account: Annotated[str, typer.Option(help="Default: all of them.")] = "",
    erase: Annotated[
        bool,
        typer.Option(
            "--erase", help="Also empty what tells who they are; not to be undone."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Remove somebody from an account, or from all; they are told."""
    from bot.members import remove_person

    if account and erase:
        complain("--erase is about the whole person: leave --account out.")
        raise typer.Exit(2)
    done = in_office(
        context_of(context),
        lambda office: remove_person(
            office.tools, UserId(user), _named(account), erasing=erase
        ),
    )
    if json:
        print_json({"user": user, "accounts": done.accounts, "erased": done.erased})
        return
    if done.accounts:
        names = plain(", ".join(done.accounts))
        say(f"{user} is removed from [bold]{names}[/] and told.")
    for sentence in done.remains:
        say(plain(sentence))
    if done.erased:
        say(f"What told who {user} is has been emptied; the audit keeps the number.")

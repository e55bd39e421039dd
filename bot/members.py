"""People at the command line: who is in, with which role, and who is removed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.desk.erasing import erase
from core.desk.membership import remove, set_role
from core.desk.tools import Tools
from core.errors import Refused
from core.ids import AccountId, UserId
from core.users import JoinRequest, Membership, RequestState, Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One person's part in one account."""

    account: str
    role: str
    until: str | None
    invited_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """Somebody who ever wrote to the bot."""

    id: int
    name: str
    language: str
    consent_version: str
    blocked: bool
    """Whether Telegram says that they blocked the bot."""
    asks: bool
    """Whether they ask to join and nobody has answered."""
    invited: int
    """People here now whom they let in."""
    accounts: list[Place]

    def as_json(self) -> dict[str, Any]:
        """The same for a script."""
        return asdict(self)


async def list_people(tools: Tools) -> list[KnownPerson]:
    """Everybody, members first."""
    places: dict[UserId, list[Place]] = {}
    let_in: dict[UserId, set[UserId]] = {}
    for row in await tools.members():
        places.setdefault(row.user_id, []).append(_place(row))
        if row.invited_by is not None:
            let_in.setdefault(row.invited_by, set()).add(row.user_id)
    waiting = await tools.journal.find(JoinRequest, state=RequestState.WAITING)
    asking = {each.id for each in waiting}
    people = [
        KnownPerson(
            id=user.id,
            name=user.name,
            language=user.language,
            consent_version=user.consent_version,
            blocked=user.blocked_at is not None,
            asks=user.id in asking,
            invited=len(let_in.get(user.id, ())),
            accounts=places.get(user.id, []),
        )
        for user in await tools.journal.find(User)
    ]
    return sorted(people, key=lambda each: (not each.accounts, each.id))


def _place(row: Membership) -> Place:
    return Place(
        account=row.account_id,
        role=row.role.value,
        until=_iso(row.until),
        invited_by=row.invited_by,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change of a role has done."""

    account: AccountId
    changed: bool


async def change_role(
    tools: Tools, user_id: UserId, role: Role, account: AccountId | None
) -> Changed:
    """Give a member another role, on their only account or on the one named.

    Raises:
        Refused: there is no such member, several accounts are meant, or it may not be.
    """
    rows = await _rows(tools, user_id, account)
    if len(rows) > 1:
        names = ", ".join(each.account_id for each in rows)
        message = f"{user_id} is a member of {names}: say which one with --account."
        raise Refused(message)
    changed = await set_role(tools, rows[0].id, role, by=None)
    return Changed(account=rows[0].account_id, changed=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a removal has done."""

    accounts: list[str]
    remains: list[str]
    """What stays open, a sentence for each account that has something."""
    erased: bool


async def remove_person(
    tools: Tools, user_id: UserId, account: AccountId | None, *, erasing: bool
) -> Removed:
    """Remove somebody from one account or all, and erase who they are if asked.

    Raises:
        Refused: nobody of that id is a member there, or it is an owner.
    """
    every = await tools.journal.find(Membership, user_id=user_id)
    owned = [each.account_id for each in every if each.role is Role.OWNER]
    if owned:
        message = (
            f"{user_id} is an owner by the configuration: take the id out of "
            "[telegram] owners and start the service again, then remove the rest."
        )
        raise Refused(message)
    rows = every if erasing and not every else await _rows(tools, user_id, account)
    remains = [await remove(tools, row.id, by=None) for row in rows]
    if erasing:
        await erase(tools, user_id, by=None)
    return Removed(
        accounts=[row.account_id for row in rows],
        remains=[each for each in remains if each],
        erased=erasing,
    )


async def _rows(
    tools: Tools, user_id: UserId, account: AccountId | None
) -> list[Membership]:
    every = await tools.journal.find(Membership, user_id=user_id)
    rows = [each for each in every if account in (None, each.account_id)]
    if not rows:
        where = f"of {account}" if account else "of any account"
        message = (
            f"{user_id} is no member {where}: `tapgate user list` shows who is, and "
            "`tapgate invite` lets somebody in."
        )
        raise Refused(message)
    return rows

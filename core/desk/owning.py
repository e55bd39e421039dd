"""Owners: the configuration names them, and nobody else makes or removes one."""

from dataclasses import replace

from core.accounts import OF_THE_HOUSE, Account
from core.desk.entering import entered, freed, joined, taken
from core.desk.parting import asked_no_more
from core.desk.tools import Tools
from core.ports import Delete, Record, Save
from core.users import Membership, Role, User


async def own(tools: Tools, user: User) -> None:
    """An owner is an owner of every account, and the person of a configured one.

    Of one that has none yet. Paper accounts on which somebody follows are not meant:
    they concern nobody else.
    """
    held = {
        each.account_id: each
        for each in await tools.journal.find(Membership, user_id=user.id)
    }
    for account in await tools.journal.find(Account, source=OF_THE_HOUSE):
        mine = held.get(account.id)
        if mine is None:
            writes = await entered(tools, account, user, Role.OWNER, by=None)
        elif mine.role is not Role.OWNER:
            raised = replace(mine, role=Role.OWNER, until=None, warned=False)
            writes = [
                Save(raised),
                joined(account, user, Role.OWNER, None),
                *taken(account, user.id, Role.OWNER),
            ]
        else:
            continue
        await tools.journal.commit(*writes)


async def retire_owners(tools: Tools) -> int:
    """Take the rights of owners whom the configuration names no more.

    Returns how many memberships ended.
    """
    ended = 0
    for membership in await tools.journal.find(Membership, role=Role.OWNER):
        if membership.user_id not in tools.choices.owners:
            await _retire(tools, membership)
            ended += 1
    return ended


async def _retire(tools: Tools, membership: Membership) -> None:
    account = await tools.journal.get(Account, membership.account_id)
    record = Record(
        actor="configuration",
        action="owner_retired",
        subject=f"account:{membership.account_id}",
        detail={"user": str(membership.user_id)},
    )
    await tools.journal.commit(
        Delete(membership),
        *(freed(account, membership.user_id) if account else []),
        *await asked_no_more(
            tools,
            membership.user_id,
            membership.account_id,
            f"You are no member of {membership.account_id} any more; nothing was "
            "ordered.",
        ),
        record,
    )

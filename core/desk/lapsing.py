"""Memberships end on the date that was set, and their people are warned before.

Rights end by the clock, wherever they are asked for (``Tools.members``). What is done
here is the rest: the row goes, the open prompts end, and everybody is told.
"""

from dataclasses import replace
from datetime import timedelta

from core.access import in_force
from core.desk.absence import Parting
from core.desk.parting import parted, remaining, tell_of_member
from core.desk.telling import told_member
from core.desk.tools import Tools, again, by_user
from core.ids import UserId
from core.ports import AtMost, Save
from core.users import Membership

WARN_BEFORE = timedelta(days=3)


async def lapse(tools: Tools) -> int:
    """End the memberships whose date has come, and warn of those whose date is near.

    Returns how many ended.
    """
    soon = AtMost(value=tools.clock.now() + WARN_BEFORE)
    ended = 0
    for row in await tools.journal.find(Membership, until=soon):
        ended += await _attend_to(tools, row.id)
    return ended


async def lapse_of(tools: Tools, user_id: UserId) -> None:
    """The same for one person, who may be about to come back."""
    for row in await tools.journal.find(Membership, user_id=user_id):
        if not in_force(row, tools.clock.now()):
            await _attend_to(tools, row.id)


async def _attend_to(tools: Tools, membership_id: str) -> bool:
    return await again(lambda: _look_at(tools, membership_id))


async def _look_at(tools: Tools, membership_id: str) -> bool:
    """Whether the membership ended just now."""
    row = await tools.journal.get(Membership, membership_id)
    if row is None or row.until is None:
        return False
    if not in_force(row, tools.clock.now()):
        await _end(tools, row)
        return True
    if not row.warned:
        await _warn(tools, row, f"{row.until:%Y-%m-%d}")
    return False


async def _end(tools: Tools, row: Membership) -> None:
    name = row.account_id
    remains = await remaining(tools, row)
    you = f"Your membership of {name} has ended, on its date. Ask an admin to renew it."
    they = f"{by_user(row.user_id)} is no member of {name} any more: the date came."
    told = [
        told_member(tools, row, sentence) for sentence in (you, remains) if sentence
    ]
    await tools.journal.commit(
        *await parted(tools, row, Parting.LAPSED, by=None),
        *told,
        *await tell_of_member(tools, row, they),
    )


async def _warn(tools: Tools, row: Membership, day: str) -> None:
    name, who = row.account_id, by_user(row.user_id)
    you = f"Your membership of {name} ends on {day}. Ask an admin to renew it."
    they = f"The membership of {who} in {name} ends on {day}; /users can renew it."
    await tools.journal.commit(
        Save(replace(row, warned=True)),
        told_member(tools, row, you),
        *await tell_of_member(tools, row, they),
    )

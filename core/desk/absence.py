"""Why somebody is no member (any more): told to whoever taps or writes nevertheless."""

import json
from datetime import datetime
from enum import StrEnum

from core.access import in_force
from core.desk.tools import Tools, by_user
from core.ids import AccountId, UserId
from core.messages import AuditEntry
from core.users import Membership


class Parting(StrEnum):
    """Why a membership ended; the audit's word for it."""

    LEFT = "member_left"
    REMOVED = "member_removed"
    LAPSED = "member_lapsed"


async def why_out(
    tools: Tools, user_id: UserId, account_id: AccountId | None = None
) -> str:
    """Why somebody is no member (of this account, or of any); empty if never one."""
    now = tools.clock.now()
    for row in await tools.journal.find(Membership, user_id=user_id):
        meant = account_id in (None, row.account_id)
        if meant and row.until is not None and not in_force(row, now):
            return _said(Parting.LAPSED, row.account_id, row.until)
    for entry in await tools.journal.find(
        AuditEntry,
        subject=by_user(user_id),
        action=frozenset(each.value for each in Parting),
        order_by="-id",
    ):
        name = AccountId(json.loads(entry.detail)["account"])
        if account_id in (None, name):
            return _said(Parting(entry.action), name, entry.at)
    return ""


async def put_out_at(
    tools: Tools, user_id: UserId, account_id: AccountId
) -> datetime | None:
    """When the person was last removed from the account, or lapsed there."""
    for entry in await tools.journal.find(
        AuditEntry,
        subject=by_user(user_id),
        action=frozenset({Parting.REMOVED.value, Parting.LAPSED.value}),
        order_by="-id",
    ):
        if json.loads(entry.detail)["account"] == account_id:
            return entry.at
    return None


def _said(why: Parting, account_id: AccountId, at: datetime) -> str:
    day = f"{at:%Y-%m-%d}"
    match why:
        case Parting.LEFT:
            return (
                f"You left {account_id} on {day}. To come back, ask an admin for an "
                "invite, or send /start."
            )
        case Parting.REMOVED:
            return (
                f"You were removed from {account_id} on {day}. Ask an admin if you "
                "should be in."
            )
        case _:
            return (
                f"Your membership of {account_id} lapsed on {day}. Ask an admin to "
                "renew it, or send /start."
            )

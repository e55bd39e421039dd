"""A person is erased: what tells who they are goes, what they did stays.

The name, the language, the hours, the agreement to the terms and the reasons of
rejections are emptied, and so are the updates that carried them. Rows and the audit
chain keep the numeric id, without which no decision could be traced to the one who made
it. What an admin said for an account is the account's record and stays: why a guard was
re-armed, what was broadcast.
"""

from dataclasses import replace
from datetime import datetime

from core.desk.tools import Tools, again, by_user
from core.errors import Refused
from core.ids import UserId
from core.messages import InboxUpdate
from core.ports import AtMost, Delete, Record, Save, Write
from core.prompts import Approval
from core.users import Membership, Subscription, User

EMPTY = "{}"
"""What is left of an update."""


async def erase(tools: Tools, user_id: UserId, *, by: UserId | None) -> None:
    """Empty the personal columns of somebody who is no member any more.

    Raises:
        Refused: nobody of that id is known, or they are a member yet.
    """
    await again(lambda: _erase(tools, user_id, by=by))


async def _erase(tools: Tools, user_id: UserId, *, by: UserId | None) -> None:
    user = await tools.journal.get(User, user_id)
    if user is None:
        message = f"Nobody with the id {user_id} has ever written to the bot."
        raise Refused(message)
    if await tools.journal.count(Membership, user_id=user_id):
        message = "Remove the person from every account first; then erase them."
        raise Refused(message)
    nobody = replace(
        user,
        name="",
        language="",
        consent_version="",
        consent_hash="",
        consented_at=None,
        paused_until=None,
        time_zone="",
        quiet_from=None,
        quiet_until=None,
    )
    choices = await tools.journal.find(Subscription, user_id=user_id)
    await tools.journal.commit(
        Save(nobody),
        *(Delete(each) for each in choices),
        *await _reasons(tools, user_id),
        *await _messages(tools, user_id, tools.clock.now()),
        Record(actor=by_user(by), action="erased", subject=by_user(user_id)),
    )


async def _reasons(tools: Tools, user_id: UserId) -> list[Write]:
    """Why the person rejected, in their own words."""
    approvals = await tools.journal.find(Approval, user_id=user_id)
    return [Save(replace(each, reason="")) for each in approvals if each.reason]


async def _messages(tools: Tools, user_id: UserId, now: datetime) -> list[Write]:
    """What came from the person and is done with, as Telegram sent it."""
    done = AtMost(value=now)
    came = await tools.journal.find(InboxUpdate, user_id=user_id, done_at=done)
    return [Save(replace(each, body=EMPTY)) for each in came if each.body != EMPTY]

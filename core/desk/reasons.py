"""Why somebody rejected: asked for afterwards, by a button or the next message."""

import hashlib
from dataclasses import replace
from datetime import timedelta

from core.desk.taps import OUTDATED, Reply, Tap
from core.desk.tools import Tools, by_user
from core.ids import UserId
from core.messages import Priority, Topic
from core.ports import AtMost, Record, Save
from core.prompts import REASON_LIMIT, Approval, Decision, Prompt

REASON_FOR = timedelta(minutes=10)
"""How long after a rejection a plain message counts as its reason."""


async def ask_reason(tools: Tools, tap: Tap) -> Reply:
    """The next plain message of this person is the reason of the rejection."""
    approval = await _rejection(tools, tap)
    if isinstance(approval, Reply):
        return approval
    await tools.journal.commit(
        Save(replace(approval, reason_asked_at=tools.clock.now()))
    )
    return Reply(text="Write the reason as a message.")


async def give_reason(tools: Tools, tap: Tap, reason: str) -> Reply:
    """Keep the reason that was chosen for a rejection; empty means none."""
    approval = await _rejection(tools, tap)
    if isinstance(approval, Reply):
        return approval
    return await _keep_reason(tools, approval, reason)


async def hear_reason(tools: Tools, user_id: UserId, text: str) -> Reply | None:
    """Take a plain message as the reason that was asked for; ``None`` if none was."""
    now = tools.clock.now()
    asked = await tools.journal.find(
        Approval,
        user_id=user_id,
        decision=Decision.REJECT,
        reason=None,
        reason_asked_at=AtMost(value=now),
        order_by="-reason_asked_at",
        limit=1,
    )
    asked_at = asked[0].reason_asked_at if asked else None
    if asked_at is None or now - asked_at > REASON_FOR:
        return None
    return await _keep_reason(tools, asked[0], text)


async def _rejection(tools: Tools, tap: Tap) -> Approval | Reply:
    """The rejection whose reason is still open."""
    rows = await tools.journal.find(Prompt, nonce=tap.nonce, user_id=tap.user_id)
    if not rows:
        return OUTDATED
    mine = await tools.journal.find(
        Approval,
        prompt_id=rows[0].id,
        user_id=tap.user_id,
        decision=Decision.REJECT,
        reason=None,
    )
    return mine[0] if mine else Reply(text="The reason is written down already.")


async def _keep_reason(tools: Tools, approval: Approval, reason: str) -> Reply:
    kept = replace(approval, reason=reason.strip()[:REASON_LIMIT], reason_asked_at=None)
    await tools.journal.commit(
        Save(kept),
        tools.item(Topic.PROMPT, approval.prompt_id, Priority.TAP),
        Record(
            actor=by_user(approval.user_id),
            action="reason_given",
            subject=f"approval:{approval.id}",
            detail={"sha256": _digest(kept)},
        ),
    )
    text = "Thank you, noted." if kept.reason else "All right, no reason."
    return Reply(text=text)


def _digest(approval: Approval) -> str:
    """What proves the reason while it is kept: the audit's own words stay for ever."""
    text = f"{approval.id}:{approval.reason}"
    return hashlib.sha256(text.encode()).hexdigest()

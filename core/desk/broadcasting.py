"""An admin's word to everybody: asked first, sent behind all else, counted to the end.

    draft     its text is kept, and shown to whoever wrote it, with Confirm
    started   one message for each reader is in the outbox, in the same transaction
    finished  none of them waits any more: its author is told how many arrived

Readers are the members of the accounts that its author administers, each once.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from core.desk.commanding import managed
from core.desk.telling import tell_admins
from core.desk.tools import Tools, again, by_user
from core.errors import Conflict, Refused
from core.ids import UserId
from core.messages import (
    UNDELIVERED,
    Broadcast,
    NoticeKind,
    OutboxItem,
    Priority,
    Topic,
)
from core.ports import Insert, Record, Save
from core.users import User

LONGEST = 3000
"""Characters; a message holds about four thousand."""
DRAFT_FOR = timedelta(minutes=10)
"""How long a text may wait for its Confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a broadcast is."""

    total: int
    arrived: int
    undelivered: int

    @property
    def waiting(self) -> int:
        """Readers whose turn has not come."""
        return self.total - self.arrived - self.undelivered


async def draft(tools: Tools, text: str, *, by: UserId) -> Broadcast:
    """Keep a text that is to be confirmed; ``total`` is whom it would reach now.

    Raises:
        Refused: there is no text, too much of it, nobody to read it, or no right.
    """
    text = text.strip()
    if not text:
        message = "Say what: /broadcast TEXT."
        raise Refused(message)
    if len(text) > LONGEST:
        message = (
            f"That has {len(text)} characters; one message holds {LONGEST}. Send it "
            "in parts."
        )
        raise Refused(message)
    readers = await _readers(tools, by)
    if not readers:
        message = "Nobody else is a member of the accounts that you administer."
        raise Refused(message)
    row = Broadcast(
        id=tools.ids.identity(),
        user_id=by,
        text=text,
        total=len(readers),
        created_at=tools.clock.now(),
        started_at=None,
        finished_at=None,
    )
    await tools.journal.commit(Insert(row))
    return row


async def _readers(tools: Tools, by: UserId) -> list[UserId]:
    """Everybody but the author whom Telegram can reach."""
    mine = frozenset(account.id for account in await managed(tools, by))
    members = await tools.members(account_id=mine) if mine else []
    wanted = frozenset(each.user_id for each in members) - {by}
    users = await tools.journal.find(User, id=wanted) if wanted else []
    return sorted(each.id for each in users if each.blocked_at is None)


async def start(tools: Tools, broadcast_id: str, *, by: UserId) -> Broadcast:
    """Send a draft to everybody; a second Confirm sends nothing more.

    Raises:
        Refused: it is not there, not theirs, too old, or nobody is left to read it.
    """
    return await again(lambda: _start(tools, broadcast_id, by=by))


async def _start(tools: Tools, broadcast_id: str, *, by: UserId) -> Broadcast:
    row = await tools.journal.get(Broadcast, broadcast_id)
    now = tools.clock.now()
    if row is None or row.user_id != by:
        message = "That text is not there any more. Send /broadcast TEXT again."
        raise Refused(message)
    if row.started_at is not None:
        return row
    if now - row.created_at > DRAFT_FOR:
        message = "That was asked too long ago. Send /broadcast TEXT again."
        raise Refused(message)
    readers = await _readers(tools, by)
    if not readers:
        message = "Nobody is left to read it."
        raise Refused(message)
    started = replace(row, total=len(readers), started_at=now)
    record = Record(
        actor=by_user(by),
        action="broadcast",
        subject=f"broadcast:{row.id}",
        detail={"readers": str(len(readers)), "text": row.text},
    )
    told = await tell_admins(
        tools,
        [account.id for account in await managed(tools, by)],
        by=by,
        sentence=f"A broadcast to {len(readers)} members was sent.",
    )
    await tools.journal.commit(
        Save(started),
        *(_message(tools, row.id, to=reader) for reader in readers),
        record,
        *told,
    )
    return replace(started, version=started.version + 1)


def _message(tools: Tools, broadcast_id: str, *, to: UserId) -> Insert:
    plain = tools.outbox_item(Topic.NOTICE, broadcast_id, Priority.BROADCAST)
    return Insert(replace(plain, notice=NoticeKind.BROADCAST, user_id=to))


async def progress(tools: Tools, row: Broadcast) -> Progress:
    """How far it is."""
    journal = tools.journal
    sent = {"subject": row.id, "notice": NoticeKind.BROADCAST}
    waiting = await journal.count(OutboxItem, **sent, done_at=None)
    lost = await journal.count(OutboxItem, **sent, failed=UNDELIVERED)
    return Progress(
        total=row.total, arrived=row.total - waiting - lost, undelivered=lost
    )


async def finish(tools: Tools) -> int:
    """Tell the authors of those that reached everybody; returns how many ended."""
    ended = 0
    for row in await tools.journal.find(Broadcast, finished_at=None):
        if row.started_at is None or (await progress(tools, row)).waiting:
            continue
        done = replace(row, finished_at=tools.clock.now())
        told = tools.notice(NoticeKind.BROADCAST_DONE, row.id, to=row.user_id)
        try:
            await tools.journal.commit(Save(done), told)
        except Conflict:
            continue
        ended += 1
    return ended

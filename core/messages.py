"""Work and messages that are committed with the state that caused them.

The outbox holds what is still to be done or said, the inbox Telegram's raw
updates. A message names the row that it is a picture of, so it can be sent
again at any time and is then right.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from core.ids import UserId


class Topic(StrEnum):
    """What an outbox item asks for; ``subject`` is the id in brackets."""

    PROPOSE = "propose"
    """Make the prompts of a signal [signal]."""
    EXECUTE = "execute"
    """Send an order to its broker [order]."""
    ADOPT = "adopt"
    """Somebody says that a parked order was executed [order]; why in ``detail``."""
    NOT_PLACED = "not_placed"
    """Somebody says that a parked order was not [order]; why in ``detail``."""
    PROMPT = "prompt"
    """Make a prompt's message match its row [prompt]."""
    POSTING = "posting"
    """Make a signal's message in a group match what became of it [posting]."""
    NOTICE = "notice"
    """Tell a person what happened [see ``NoticeKind``]."""


WORK = frozenset({Topic.PROPOSE, Topic.EXECUTE, Topic.ADOPT, Topic.NOT_PLACED})
"""Done by the desk."""
MESSAGES = frozenset({Topic.PROMPT, Topic.POSTING, Topic.NOTICE})
"""Sent by the Telegram sender."""


class NoticeKind(StrEnum):
    """What a notice tells; the subject is the id in brackets."""

    NONE = ""
    """Not a notice."""
    TRADE_OPENED = "trade_opened"
    """A pending order was filled, or a position was adopted [trade]."""
    TRADE_CLOSED = "trade_closed"
    """With why, at what price, with which result [trade]."""
    TRADE_REDUCED = "trade_reduced"
    """A part was closed; what it made, where and why, in ``detail`` [trade]."""
    STOP_MOVED = "stop_moved"
    """The broker did what a modification asked for [order]."""
    ORDER_FAILED = "order_failed"
    """A close was refused [order]."""
    ORDER_PARKED = "order_parked"
    """Outcome unknown; a person must say [order]."""
    GUARD_WARNING = "guard_warning"
    """Part of the way to a limit [account]."""
    GUARD_FIRED = "guard_fired"
    """The limit was reached; everything is being closed [account]."""
    GUARD_FLAT = "guard_flat"
    """Verified: nothing in scope is left [account]."""
    GUARD_REARMED = "guard_rearmed"
    """A person re-armed it [account]."""
    GUARD_BLIND = "guard_blind"
    """The account cannot be seen; no entries [account]."""
    GUARD_SEES = "guard_sees"
    """The account is seen again [account]."""
    MEMBER_JOINED = "member_joined"
    """Somebody used an invite [user]."""
    COMMAND_LATE = "command_late"
    """A command was not carried out: it came too long ago [user]."""
    PROMPTS_HELD = "prompts_held"
    """A provider asks too much; what is beyond waits for /pending [provider]."""
    PROVIDER_FLOODS = "provider_floods"
    """The same, to who may mute it [provider]."""
    ADMIN_DID = "admin_did"
    """What another admin did, in ``detail`` [who did it, as the audit says]."""
    MEMBER_ASKS = "member_asks"
    """Somebody without an invite asks to join [user]."""
    MEMBERS_ASK = "members_ask"
    """More do, and are no longer told one by one [account of nobody: empty]."""
    MEMBER_ACCEPTED = "member_accepted"
    """The request was accepted; as what stands in ``detail`` [account]."""
    MEMBERSHIP = "membership"
    """What became, or will become, of a membership, in ``detail`` [account]."""
    TERMS = "terms"
    """The text that a new member has to agree to [user]."""
    DAY_SUMMARY = "day_summary"
    """How a trading day was, which stands in ``detail`` [account]."""
    BROADCAST = "broadcast"
    """What an admin says to everybody [broadcast]."""
    BROADCAST_DONE = "broadcast_done"
    """To its author: nobody's turn is left [broadcast]."""


CALM = frozenset(
    {NoticeKind.DAY_SUMMARY, NoticeKind.ADMIN_DID, NoticeKind.BROADCAST_DONE}
)
"""Told when there is time: no prompt waits for them."""


class Priority(IntEnum):
    """Smaller leaves first."""

    TAP = 0
    """What somebody waits for: the answer to a command, the message they tapped on."""
    GUARD = 1
    FILL = 2
    PROMPT = 3
    EDIT = 4
    BUSY = 5
    """Prompts of a provider that has asked a few times this minute already."""
    BROADCAST = 6
    """What an admin says to everybody: no prompt waits for it."""


class Undelivered(StrEnum):
    """Why a message that is done with never reached its reader."""

    NONE = ""
    """It did, or there was nothing left to say."""
    UNREACHABLE = "unreachable"
    """The person has blocked the bot, or is gone."""
    REFUSED = "refused"
    """Telegram does not take it."""
    GIVEN_UP = "given_up"
    """It was tried again and again."""
    EXPIRED = "expired"
    """A question whose time was over before its turn came."""


UNDELIVERED = frozenset(Undelivered) - {Undelivered.NONE}
"""What is counted, and shown to admins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One thing to do or to say."""

    id: str
    topic: Topic
    subject: str
    notice: NoticeKind
    detail: str
    """A number or sentence that the row no longer shows; mostly empty."""
    user_id: UserId | None
    """Whom a message is for."""
    priority: Priority
    attempts: int
    due_at: datetime
    claimed_until: datetime | None
    done_at: datetime | None
    failed: Undelivered
    created_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxUpdate:
    """One raw Telegram update; its id is Telegram's ``update_id``."""

    id: int
    user_id: UserId
    """Who sent it; 0 when nobody in particular did."""
    body: str
    """The update as Telegram sent it, JSON."""
    received_at: datetime
    done_at: datetime | None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One link of the audit chain; ``hash`` covers everything before it."""

    id: int
    at: datetime
    actor: str
    """``user:1``, ``provider:demo``, ``guard``, ``cli``."""
    action: str
    subject: str
    detail: str
    """JSON with sorted keys."""
    previous: str
    hash: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to do one piece of work; a larger epoch outranks a smaller."""

    id: str
    holder: str
    epoch: int
    expires_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """What an admin says to everybody; a draft until it is started."""

    id: str
    user_id: UserId
    """Its author."""
    text: str
    total: int
    """How many it is for."""
    created_at: datetime
    started_at: datetime | None
    """When it was confirmed."""
    finished_at: datetime | None
    """When nobody's turn was left."""
    version: int = 1

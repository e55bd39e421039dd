"""Groups that signals are shown in, and the one message that a signal has in each.

A group, or one topic of a forum, shows an account's signals to whoever reads along:
chart and levels, never lots or money. A posting is such a message. It belongs to
nobody: whoever taps on it is led to a prompt of their own.
"""

from dataclasses import dataclass
from datetime import datetime

from core.ids import AccountId, GroupId, PostingId, ProviderName, SignalId, UserId
from core.users import EVERY_PROVIDER

NO_TOPIC = 0
"""The topic of what stands in the group itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChat:
    """An account's signals are shown in this group, or in one topic of it."""

    id: GroupId
    chat_id: int
    topic_id: int
    """``message_thread_id``, or ``NO_TOPIC``."""
    title: str
    account_id: AccountId
    provider: ProviderName
    """Whose signals, or ``EVERY_PROVIDER``."""
    added_by: UserId
    """The admin who did it; the messages are in this person's language."""
    enabled: bool
    created_at: datetime
    version: int = 1

    def shows(self, provider: ProviderName) -> bool:
        """Whether signals of this provider are shown there."""
        return self.enabled and self.provider in (EVERY_PROVIDER, provider)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The message of one signal on one account in one group."""

    id: PostingId
    signal_id: SignalId
    account_id: AccountId
    group_id: GroupId
    chat_id: int
    topic_id: int
    message_id: int | None
    nonce: str
    """Carried by the buttons."""
    created_at: datetime
    version: int = 1

"""What every use case works with, and the loop that decides again on a conflict."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from core.accounts import RiskRules
from core.errors import Conflict, LeaseLost
from core.ids import AccountId, ProviderName, SendId, SignalId, UserId
from core.messages import NoticeKind, OutboxItem, Priority, Topic
from core.ports import Brokers, Charts, Clock, Fence, Ids, Insert, Journal
from core.users import Membership

T = TypeVar("T")

TRIES = 64
"""How often a decision is made again when somebody else wrote first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One version of the text that members agree to."""

    version: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The instance's configuration, as far as the desk needs it."""

    rules: Mapping[AccountId, RiskRules]
    consent: Consent
    owners: frozenset[UserId]
    chart_candles: int
    chart_account: AccountId | None
    """Whose candles are drawn; ``None`` means the first account that has them."""
    stale_after: timedelta
    """How old the market's evidence may be before it proves nothing."""
    park_after: timedelta = timedelta(minutes=5)
    """How long an unknown outcome is looked for before a person is asked."""
    prompts_per_minute: int = 0
    """Signals of one provider that are asked at once; 0 is no limit."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """How far a signature's time may be from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports and choices that the desk works with."""

    journal: Journal
    clock: Clock
    ids: Ids
    brokers: Brokers
    charts: Charts
    choices: Choices
    epochs: dict[AccountId, int] | None
    """The lease epochs under which this process serves accounts; ``None`` where
    nobody else could serve them, and no lease is needed."""
    absences: dict[SendId, timedelta] = field(default_factory=dict)
    """Since when, by the monotonic clock, each look for a send has found nothing."""

    def fence(self, account_id: AccountId) -> tuple[Fence, ...]:
        """The write that fails once another process serves the account.

        Raises:
            LeaseLost: this process does not hold the account's lease.
        """
        if self.epochs is None:
            return ()
        if account_id not in self.epochs:
            message = f"{account_id} is not served by this process now"
            raise LeaseLost(message)
        return (Fence(lease_of(account_id), self.epochs[account_id]),)

    def item(
        self, topic: Topic, subject: str, priority: Priority, *, detail: str = ""
    ) -> Insert:
        """Work, or the picture of a row, for the outbox."""
        return Insert(self.outbox_item(topic, subject, priority, detail=detail))

    def outbox_item(
        self, topic: Topic, subject: str, priority: Priority, *, detail: str = ""
    ) -> OutboxItem:
        """An outbox row that is due now."""
        now = self.clock.now()
        return OutboxItem(
            id=self.ids.identity(),
            topic=topic,
            subject=subject,
            notice=NoticeKind.NONE,
            detail=detail,
            user_id=None,
            priority=priority,
            attempts=0,
            due_at=now,
            claimed_until=None,
            done_at=None,
            created_at=now,
        )

    def notice(
        self, kind: NoticeKind, subject: str, *, to: UserId, detail: str = ""
    ) -> Insert:
        """Something to tell one person, for the outbox."""
        guard = kind.value.startswith("guard")
        priority = Priority.GUARD if guard else Priority.FILL
        blank = self.outbox_item(Topic.NOTICE, subject, priority, detail=detail)
        return Insert(replace(blank, notice=kind, user_id=to))

    async def concerned(self, account_id: AccountId) -> list[Membership]:
        """Everybody who is told what happens to an account."""
        return await self.journal.find(Membership, account_id=account_id)


def lease_of(account_id: AccountId) -> str:
    """The name of the lease on an account."""
    return f"account:{account_id}"


async def again(decide: Callable[[], Awaitable[T]]) -> T:
    """Run ``decide`` until nobody wrote in between.

    Raises:
        Conflict: somebody did, ``TRIES`` times in a row.
    """
    for _ in range(TRIES - 1):
        try:
            return await decide()
        except Conflict:
            continue
    return await decide()


def by_user(user_id: UserId | None) -> str:
    """The audit's name of a person; without one, of the command line."""
    return "cli" if user_id is None else f"user:{user_id}"


def by_provider(name: ProviderName) -> str:
    """The audit's name of a provider."""
    return f"provider:{name}"


def about_signal(signal_id: SignalId) -> str:
    """The audit's name of a signal."""
    return f"signal:{signal_id}"

"""What every use case works with, and the loop that decides again on a conflict."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from core.access import in_force
from core.accounts import RiskRules
from core.errors import Conflict, LeaseLost
from core.ids import AccountId, ProviderName, SendId, SignalId, UserId
from core.messages import CALM, NoticeKind, OutboxItem, Priority, Topic, Undelivered
from core.ports import Brokers, Charts, Clock, Fence, Ids, Insert, Journal
from core.users import Membership

T = TypeVar("T")

TRIES = 64
"""How often a decision is made again when somebody else wrote first."""


async def already_seen(_: AccountId) -> None:
    """Every account is watched all the time: nothing has to be done."""


ENGLISH = "en"
"""Read by whoever speaks no language that we have a text in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One version of the text that members agree to, in one language."""

    version: str
    sha256: str
    text: str
    language: str = ENGLISH

    @property
    def name(self) -> str:
        """What tells it from every other: ``1`` in English, ``1.es`` in Spanish."""
        if self.language == ENGLISH:
            return self.version
        return f"{self.version}.{self.language}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The instance's configuration, as far as the desk needs it."""

    rules: Mapping[AccountId, RiskRules]
    consent: Consent
    """In English, which there always is."""
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
    instruments: tuple[str, ...] = ()
    """Those that providers may send signals about."""
    translations: Mapping[str, Consent] = field(default_factory=dict)
    """The same version of the terms in other languages, by their codes."""

    def terms(self, language: str) -> Consent:
        """The terms in a language, ``pt-BR`` being ``pt``; else in English."""
        short = language.lower().partition("-")[0]
        return self.translations.get(short, self.consent)

    def shown(self, name: str) -> Consent | None:
        """The terms of that name, if they are in force."""
        every = (self.consent, *self.translations.values())
        return next((each for each in every if each.name == name), None)


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
    sight: Callable[[AccountId], Awaitable[None]] = already_seen
    """Has an account looked at that is watched only while something is open on it."""

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
            failed=Undelivered.NONE,
            created_at=now,
        )

    def notice(
        self, kind: NoticeKind, subject: str, *, to: UserId, detail: str = ""
    ) -> Insert:
        """Something to tell one person, for the outbox."""
        guard = kind.value.startswith("guard")
        usual = Priority.EDIT if kind in CALM else Priority.FILL
        priority = Priority.GUARD if guard else usual
        blank = self.outbox_item(Topic.NOTICE, subject, priority, detail=detail)
        return Insert(replace(blank, notice=kind, user_id=to))

    async def concerned(self, account_id: AccountId) -> list[Membership]:
        """Everybody who is told what happens to an account."""
        return await self.members(account_id=account_id)

    async def members(self, **fields: Any) -> list[Membership]:
        """The memberships with these fields that are in force now.

        Whoever decides on somebody's rights asks here: one that has lapsed may not
        be swept away yet.
        """
        now = self.clock.now()
        found = await self.journal.find(Membership, **fields)
        return [each for each in found if in_force(each, now)]


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

"""Providers, and whom the signals of each reach: read at once, asked often."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.access import (
    in_force,
    is_paused,
    may_decide,
    may_watch,
    subscribes,
)
from core.accounts import Account, AccountSource
from core.ids import AccountId, ProviderName, UserId
from core.ports import Journal
from core.users import Membership, Provider, Subscription, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One membership that a provider's signals reach."""

    user: User
    account: Account
    membership: Membership

    @property
    def decides(self) -> bool:
        """Whether this person's tap may commit the account."""
        return may_decide(self.account, self.membership)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What the journal said of people and providers at one version."""

    version: int | None
    """Of ``Journal.people_version``, read before the rest."""
    providers: Mapping[ProviderName, Provider]
    accounts: tuple[Account, ...]
    """The enabled ones; those of followers last, whom nobody else waits for."""
    memberships: Mapping[AccountId, list[Membership]]
    users: Mapping[UserId, User]
    subscriptions: Mapping[UserId, list[Subscription]]
    _reached: dict[tuple[ProviderName, str], tuple[Recipient, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def reached(
        self, provider: ProviderName, instrument: str, now: datetime
    ) -> tuple[Recipient, ...]:
        """Everybody, by account, whom such a signal of this provider reaches now."""
        return tuple(
            each
            for each in self._reachable(provider, instrument)
            if in_force(each.membership, now) and not is_paused(each.user, now)
        )

    def _reachable(
        self, provider: ProviderName, instrument: str
    ) -> tuple[Recipient, ...]:
        """The same, found once for every version, whatever the time is.

        A viewer who follows on paper is asked there and not shown the same once more.
        """
        about = (provider, instrument)
        if about not in self._reached:
            on_paper = {each.person_id for each in self.accounts if _on_paper(each)}
            self._reached[about] = tuple(
                Recipient(
                    user=self.users[member.user_id], account=account, membership=member
                )
                for account in self.accounts
                for member in self.memberships.get(account.id, ())
                if may_decide(account, member)
                or (may_watch(account, member) and member.user_id not in on_paper)
                if self._reads(member.user_id, provider, instrument)
            )
        return self._reached[about]

    def _reads(self, user_id: UserId, provider: ProviderName, instrument: str) -> bool:
        """Whether such signals of this provider reach the member."""
        user = self.users[user_id]
        if user.consented_at is None or user.blocked_at is not None:
            return False
        chosen = self.subscriptions.get(user_id, ())
        return subscribes(chosen, provider, instrument)


async def read_people(journal: Journal, version: int | None = None) -> People:
    """Everything about people and providers.

    ``version`` is that of before, for whoever wants to know whether it is still so.
    """
    memberships: dict[AccountId, list[Membership]] = defaultdict(list)
    subscriptions: dict[UserId, list[Subscription]] = defaultdict(list)
    for member in await journal.find(Membership):
        memberships[member.account_id].append(member)
    for choice in await journal.find(Subscription):
        subscriptions[choice.user_id].append(choice)
    accounts = await journal.find(Account, enabled=True)
    return People(
        version=version,
        providers={each.id: each for each in await journal.find(Provider)},
        accounts=tuple(sorted(accounts, key=_on_paper)),
        memberships=memberships,
        users={each.id: each for each in await journal.find(User)},
        subscriptions=subscriptions,
    )


def _on_paper(account: Account) -> bool:
    return account.source is AccountSource.FOLLOW

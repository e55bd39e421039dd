"""Who may do what: default deny, by numeric id and membership, never by name.

own account    its one person decides; viewers look on
desk account   approvers and above decide, each for the account
"""

from collections.abc import Iterable
from datetime import datetime, time

from core.accounts import Account, AccountKind
from core.ids import ProviderName, UserId
from core.users import (
    EVERY_INSTRUMENT,
    EVERY_PROVIDER,
    Membership,
    Role,
    Subscription,
    User,
)

MANAGERS = frozenset({Role.ADMIN, Role.OWNER})
"""May invite, re-arm, panic, and see the account's state."""


def in_force(membership: Membership, now: datetime) -> bool:
    """Whether the membership has not lapsed; one that has gives no right at all."""
    return membership.until is None or membership.until > now


def may_decide(account: Account, membership: Membership | None) -> bool:
    """Whether this member's tap may commit the account."""
    if membership is None or membership.role.rank < Role.APPROVER.rank:
        return False
    if account.kind is AccountKind.OWN:
        return account.person_id == membership.user_id
    return True


def is_taken(account: Account, role: Role, user_id: UserId | None = None) -> bool:
    """Whether an own account has its person, so that nobody else joins in this role.

    ``user_id`` is who would join, where that is known.
    """
    return (
        account.kind is AccountKind.OWN
        and account.person_id not in (None, user_id)
        and role.rank >= Role.APPROVER.rank
    )


def may_manage(membership: Membership | None) -> bool:
    """Whether this member administers the account."""
    return membership is not None and membership.role in MANAGERS


def may_watch(account: Account, membership: Membership | None) -> bool:
    """Whether this member is shown the account's signals without deciding.

    Those who administer an own account of somebody else are not.
    """
    if membership is None or may_decide(account, membership):
        return False
    return account.kind is AccountKind.DESK or membership.role is Role.VIEWER


def is_manager(memberships: Iterable[Membership]) -> bool:
    """Whether somebody with these memberships administers anything."""
    return any(may_manage(membership) for membership in memberships)


def subscribes(
    subscriptions: Iterable[Subscription], provider: ProviderName, instrument: str
) -> bool:
    """Whether these choices of one person include a provider's signal.

    What was said about an instrument of a provider goes before what was said about
    the provider, and that before what was said about all of them.
    """
    choice = {(each.provider, each.instrument): each.enabled for each in subscriptions}
    telling = (
        (provider, instrument),
        (provider, EVERY_INSTRUMENT),
        (EVERY_PROVIDER, EVERY_INSTRUMENT),
    )
    return next((choice[each] for each in telling if each in choice), False)


def is_paused(user: User, now: datetime) -> bool:
    """Whether the person wants to be left alone now."""
    return user.paused_until is not None and now < user.paused_until


def is_quiet(user: User, local: time) -> bool:
    """Whether messages make no sound at that time of the person's day.

    A span may go over midnight; one that ends where it begins is the whole day.
    """
    begins, ends = user.quiet_from, user.quiet_until
    if begins is None or ends is None:
        return False
    minute = local.hour * 60 + local.minute
    if begins < ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends


def refusal(account: Account, membership: Membership | None) -> str:
    """Why this person's tap decides nothing, and what to do about it."""
    if membership is None:
        return "You are not a member of this account. Ask an admin for an invite."
    if membership.role is Role.VIEWER:
        return (
            "You are a viewer here: only approvers decide. Ask an admin for the role."
        )
    return f"Only the person who owns {account.id} decides on it."

"""People by numeric Telegram id, what they may do, and who sends them signals."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.ids import AccountId, ProviderName, UserId


class Role(StrEnum):
    """What a member may do on an account; each includes the ones before it."""

    VIEWER = "viewer"
    """Sees chart and levels; decides nothing."""
    APPROVER = "approver"
    """Approves and rejects."""
    ADMIN = "admin"
    """Also invites, re-arms, panics."""
    OWNER = "owner"
    """An admin from the configuration, whom nobody can remove."""

    @property
    def rank(self) -> int:
        """Larger may more."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One Telegram person."""

    id: UserId
    name: str
    language: str
    consent_version: str
    """Version of the text agreed to; empty before."""
    consent_hash: str
    consented_at: datetime | None
    blocked_at: datetime | None
    """When Telegram said that the person blocked the bot."""
    paused_until: datetime | None
    """Until then no signal reaches the person."""
    time_zone: str
    """The IANA name of the person's zone; empty: never said, so UTC."""
    quiet_from: int | None
    """Minutes after midnight in that zone from which messages make no sound."""
    quiet_until: int | None
    """And until which; both or neither."""
    created_at: datetime
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One person's part in one account."""

    id: str
    user_id: UserId
    account_id: AccountId
    role: Role
    invited_by: UserId | None
    """Who made the invite or accepted the request; ``None`` at the command line."""
    until: datetime | None
    """When it lapses by itself; ``None``: never."""
    warned: bool
    """Whether the member and the admins were told that it lapses soon."""
    max_drift_r: Decimal | None
    """A limit of the member's own, stricter than the account's; see ``RiskRules``."""
    risk_percent: Decimal | None
    """What the person of an own account wants to risk in one trade, if it is less than
    the account's rules allow."""
    created_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A right to join, by deep link; only the token's hash is kept."""

    id: str
    token_hash: str
    role: Role
    account_id: AccountId
    uses: int
    """How many people it is for in all."""
    uses_left: int
    created_by: UserId | None
    """``None`` when made at the command line."""
    expires_at: datetime
    created_at: datetime
    version: int = 1


class RequestState(StrEnum):
    """Where a request to join stands."""

    WAITING = "waiting"
    """No admin has answered."""
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """The wish of somebody without an invite to be let in; a person has one."""

    id: UserId
    state: RequestState
    asked_at: datetime
    decided_by: UserId | None
    decided_at: datetime | None
    version: int = 1


EVERY_PROVIDER = ProviderName("*")
EVERY_INSTRUMENT = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Whether a person wants a provider's signals; ``*`` speaks for the rest.

    So it does for instruments: the choice that says most about a signal holds.
    """

    id: str
    user_id: UserId
    provider: ProviderName
    instrument: str
    enabled: bool
    created_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A signal source. A secret is sealed, a token kept as a hash.

    It signs with a secret or with a key pair, never with both: where a public key
    stands, a stolen database forges nothing. After a rotation the former one of
    either kind is good until ``former_until``.
    """

    id: ProviderName
    secret_sealed: str | None
    public_key: str | None
    """Ed25519, as printed: ``whpk_…``."""
    former_secret_sealed: str | None
    former_public_key: str | None
    former_until: datetime | None
    read_token_hash: str
    hook_token_hash: str | None
    """Of the token in its TradingView address; ``None`` when that was revoked."""
    instruments: tuple[str, ...]
    """Allowed ones; empty means the whole whitelist."""
    rate_per_minute: int | None
    """Its own limits; ``None`` means those of everybody, 0 no limit."""
    rate_burst: int | None
    open_signals: int | None
    muted_until: datetime | None
    """Until then its signals are stored, and nobody is asked."""
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int = 1

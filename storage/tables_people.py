"""Tables of people, providers and accounts, and of who belongs to what."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from core.accounts import AccountKind, AccountSource, BrokerKind
from core.broker import TradeMode
from core.refusals import RefusalCause
from core.users import RequestState, Role
from storage.tables_base import Base, big, decimal, moment, refers, user, word
from storage.types import Texts


class Providers(Base, table=True):
    """Keeps ``core.users.Provider``."""

    __tablename__ = "providers"

    id: str = Field(primary_key=True)
    secret_sealed: str | None
    public_key: str | None
    former_secret_sealed: str | None
    former_public_key: str | None
    former_until: datetime | None = moment()
    read_token_hash: str
    hook_token_hash: str | None
    instruments: tuple[str, ...] = Field(sa_type=Texts)
    rate_per_minute: int | None
    rate_burst: int | None
    open_signals: int | None
    muted_until: datetime | None = moment()
    enabled: bool
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class RefusedRequests(Base, table=True):
    """Keeps ``core.refusals.RefusedRequests``."""

    __tablename__ = "refused_requests"

    id: str = Field(primary_key=True)
    provider: str
    cause: RefusalCause = word(RefusalCause)
    count: int
    address: str
    first_at: datetime = moment()
    last_at: datetime = moment()
    version: int


class Users(Base, table=True):
    """Keeps ``core.users.User``."""

    __tablename__ = "users"

    id: int = big(primary_key=True)
    name: str
    language: str
    consent_version: str
    consent_hash: str
    consented_at: datetime | None = moment()
    blocked_at: datetime | None = moment()
    paused_until: datetime | None = moment()
    time_zone: str
    quiet_from: int | None
    quiet_until: int | None
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class Accounts(Base, table=True):
    """Keeps ``core.accounts.Account``."""

    __tablename__ = "accounts"

    id: str = Field(primary_key=True)
    broker: BrokerKind = word(BrokerKind)
    kind: AccountKind = word(AccountKind)
    mode: TradeMode = word(TradeMode)
    currency: str
    person_id: int | None = user()
    enabled: bool
    source: AccountSource = word(AccountSource)
    settings: str
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int


class Memberships(Base, table=True):
    """Keeps ``core.users.Membership``."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "account_id"),)

    id: str = Field(primary_key=True)
    user_id: int = user()
    account_id: str = Field(foreign_key="accounts.id", ondelete="RESTRICT", index=True)
    role: Role = word(Role)
    invited_by: int | None = user()
    until: datetime | None = moment()
    warned: bool
    max_drift_r: Decimal | None = decimal()
    risk_percent: Decimal | None = decimal()
    created_at: datetime = moment()
    version: int


class Invites(Base, table=True):
    """Keeps ``core.users.Invite``."""

    __tablename__ = "invites"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("uses_left >= 0", name="uses_left"),
    )

    id: str = Field(primary_key=True)
    token_hash: str
    role: Role = word(Role)
    account_id: str = refers("accounts.id")
    uses: int
    uses_left: int
    created_by: int | None = user()
    expires_at: datetime = moment()
    created_at: datetime = moment()
    version: int


class JoinRequests(Base, table=True):
    """Keeps ``core.users.JoinRequest``."""

    __tablename__ = "join_requests"

    id: int = Field(
        sa_type=BigInteger,
        primary_key=True,
        foreign_key="users.id",
        ondelete="RESTRICT",
        sa_column_kwargs={"autoincrement": False},
    )
    state: RequestState = word(RequestState)
    asked_at: datetime = moment()
    decided_by: int | None = user()
    decided_at: datetime | None = moment()
    version: int


class StandingRules(Base, table=True):
    """Keeps ``core.standing.StandingRule``."""

    __tablename__ = "standing_rules"
    __table_args__ = (
        UniqueConstraint("granted_update_id"),
        CheckConstraint("per_day > 0", name="per_day"),
        Index(None, "user_id", "account_id"),
    )

    id: str = Field(primary_key=True)
    user_id: int = user()
    account_id: str = refers("accounts.id")
    provider: str = refers("providers.id")
    max_risk_percent: Decimal = decimal()
    per_day: int
    until: datetime = moment()
    granted_update_id: int = big()
    revoked_at: datetime | None = moment()
    created_at: datetime = moment()
    version: int


class GroupChats(Base, table=True):
    """Keeps ``core.groups.GroupChat``."""

    __tablename__ = "group_chats"
    __table_args__ = (
        UniqueConstraint("chat_id", "topic_id", "account_id", "provider"),
        Index(None, "account_id"),
    )

    id: str = Field(primary_key=True)
    chat_id: int = big()
    topic_id: int = big()
    title: str
    account_id: str = refers("accounts.id")
    provider: str
    added_by: int = user()
    enabled: bool
    created_at: datetime = moment()
    version: int


class Subscriptions(Base, table=True):
    """Keeps ``core.users.Subscription``."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("user_id", "provider", "instrument"),)

    id: str = Field(primary_key=True)
    user_id: int = user()
    provider: str
    instrument: str
    enabled: bool
    created_at: datetime = moment()
    version: int

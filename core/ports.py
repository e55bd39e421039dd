"""What the desk needs from the world, and no more.

Only ``bot.app`` ties these to their implementations: ``storage.journal``,
``mt5_bridge`` and ``charts``. Each port has one suite in ``tests/contracts``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar

from core.accounts import Account, EquityPoint, GuardState, Reconciliation
from core.broker import (
    BrokerRequest,
    OpenRequest,
    OrderLookup,
    OrderResult,
    Snapshot,
)
from core.errors import Duplicate
from core.groups import GroupChat, Posting
from core.ids import AccountId, UserId
from core.market import Candle, Quote, Side, SymbolSpec, Timeframe
from core.messages import (
    AuditEntry,
    Broadcast,
    InboxUpdate,
    Lease,
    OutboxItem,
    Topic,
)
from core.orders import Order, Send
from core.prompts import Approval, Prompt
from core.refusals import RefusedRequests
from core.signals import Signal
from core.standing import StandingRule
from core.trades import Trade
from core.users import (
    Invite,
    JoinRequest,
    Membership,
    Provider,
    Subscription,
    User,
)


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware UTC; may be stepped by whoever sets the machine's clock."""
        ...

    def monotonic(self) -> timedelta:
        """Time since some start; never steps. Deadlines are measured with it."""
        ...


class Ids(Protocol):
    """The only source of chance."""

    def identity(self) -> str:
        """A new primary key: 26 characters, sortable by time."""
        ...

    def nonce(self) -> str:
        """128 unguessable bits in 22 characters of ``A-Za-z0-9_-``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChart:
    """All that is drawn of one signal; equal values are the same picture."""

    instrument: str
    timeframe: Timeframe
    side: Side
    entry: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    digits: int
    candles: tuple[Candle, ...]
    """Oldest first; the last may still be forming."""


class MarkKind(StrEnum):
    """What is marked on an equity curve."""

    FIRED = "fired"
    """The guard fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityChart:
    """All that is drawn of an account's equity; equal values are the same picture."""

    title: str
    currency: str
    points: tuple[EquityPoint, ...]
    """Oldest first."""
    limit_percent: Decimal
    """The drawdown at which the guard fires; 0 is none."""
    marks: tuple[tuple[datetime, MarkKind], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A stored picture. ``path`` is relative to the media folder, with slashes."""

    path: str
    sha256: str
    size: int


class Charts(Protocol):
    """Draws pictures and keeps them."""

    async def signal_chart(self, chart: SignalChart, *, at: datetime) -> Media:
        """Draw and store; the same content is drawn once.

        Stored as ``<date>/shared/signal/<sha256>.png`` below the media folder,
        the date being that of ``at`` in UTC.

        Raises:
            ValueError: a price is not finite or not above 0.
        """
        ...

    async def equity_chart(
        self, chart: EquityChart, *, at: datetime, to: UserId
    ) -> Media:
        """Draw and store an equity curve for one person.

        Stored as ``<date>/<person>/equity/<sha256>.png`` below the media folder.

        Raises:
            ValueError: there are fewer than two points, or one is not finite.
        """
        ...


class Broker(Protocol):
    """One trading account at one broker.

    Queries raise rather than return empty on an error. Whatever sends may raise
    ``BrokerUnavailable`` (surely not sent) or ``OutcomeUnknown``.
    """

    @property
    def settle(self) -> timedelta:
        """Connected time after which a number that is not found was not executed."""
        ...

    async def connect(self) -> None:
        """Be ready for queries.

        Raises:
            BrokerUnavailable: the broker cannot be reached.
        """
        ...

    async def close(self) -> None:
        """Let go of the broker; safe to call twice."""
        ...

    async def get_snapshot(self, *, since: datetime) -> Snapshot:
        """Read everything at one moment; history reaches back to ``since``.

        Raises:
            BrokerUnavailable: any part could not be read.
        """
        ...

    async def get_symbol(self, instrument: str) -> SymbolSpec:
        """Raises ``Refused`` when the broker does not have the instrument."""
        ...

    async def get_quote(self, instrument: str) -> Quote:
        """The present bid and ask; raises ``BrokerUnavailable`` without one."""
        ...

    async def get_candles(
        self, instrument: str, timeframe: Timeframe, count: int
    ) -> tuple[Candle, ...]:
        """The last ``count`` candles, oldest first, the forming one included."""
        ...

    async def calc_loss(
        self, instrument: str, side: Side, entry: Decimal, exit_price: Decimal
    ) -> Decimal:
        """Money that one lot loses from ``entry`` to ``exit_price``; below 0 a gain.

        In account currency, without commission, as the broker computes it.
        """
        ...

    async def calc_commission(self, instrument: str) -> Decimal:
        """Money that one lot costs in and out, in account currency."""
        ...

    async def calc_margin(
        self, instrument: str, side: Side, volume: Decimal, price: Decimal
    ) -> Decimal:
        """Margin that the position would bind, in account currency."""
        ...

    async def check_order(self, request: OpenRequest) -> str:
        """Why the broker would refuse, as a sentence; empty when it would not."""
        ...

    async def send(self, request: BrokerRequest) -> OrderResult:
        """Send once. The magic number of the request is never used again."""
        ...

    async def find(self, magic: int) -> OrderLookup:
        """All positions, orders and deals that carry this magic number.

        Raises:
            BrokerUnavailable: any part could not be read, so absence proves nothing.
        """
        ...


# ------------------------------------------------------------------ the journal

Row = (
    Account
    | Approval
    | AuditEntry
    | Broadcast
    | EquityPoint
    | GroupChat
    | GuardState
    | InboxUpdate
    | Invite
    | JoinRequest
    | Lease
    | Membership
    | Order
    | OutboxItem
    | Posting
    | Prompt
    | Provider
    | Reconciliation
    | RefusedRequests
    | Send
    | Signal
    | StandingRule
    | Subscription
    | Trade
    | User
)
"""Everything that the journal keeps; each has ``id`` and ``version``."""

R = TypeVar(
    "R",
    Account,
    Approval,
    AuditEntry,
    Broadcast,
    EquityPoint,
    GroupChat,
    GuardState,
    InboxUpdate,
    Invite,
    JoinRequest,
    Lease,
    Membership,
    Order,
    OutboxItem,
    Posting,
    Prompt,
    Provider,
    Reconciliation,
    RefusedRequests,
    Send,
    Signal,
    StandingRule,
    Subscription,
    Trade,
    User,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """A condition of ``find``: the field is not above (not after) ``value``."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """A condition of ``find``: the field is not below (not before) ``value``."""

    value: object


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a row whose id and unique keys are new, else ``Duplicate``."""

    row: Row


@dataclass(frozen=True, slots=True)
class Save:
    """Write a row whose stored version is still ``row.version``, else ``Conflict``.

    The stored version rises by one and ``updated_at`` becomes the present. A
    move that the state tables do not allow raises ``ValueError``.
    """

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a row whose stored version is still ``row.version``."""

    row: Membership | Subscription | Invite | RefusedRequests


@dataclass(frozen=True, slots=True)
class Expect:
    """Go on only if the row exists and its fields have these values.

    A value may be a ``frozenset`` of acceptable ones. The row stays locked until
    the transaction ends, so that what was true is true when it is written.
    """

    kind: type[Row]
    id: str | int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Append to the audit chain, in the same transaction."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fence:
    """Go on only while this lease still has this epoch, else ``LeaseLost``."""

    lease: str
    epoch: int


@dataclass(frozen=True, slots=True)
class PeopleAre:
    """Go on only while the version of people is still this one, else ``Conflict``."""

    version: int


Write = Insert | Save | Delete | Expect | Record | Fence | PeopleAre


class Journal(Protocol):
    """The memory of the house: one method is one transaction.

    A commit is shielded from cancellation: whoever is cancelled while it runs
    does not know its outcome and reads again. Every commit that touches a prompt,
    an order or a trade derives the status of its signal again.

    Raises:
        JournalUnavailable: from any method, when the database cannot be used.
    """

    async def commit(self, *writes: Write) -> None:
        """Do all of ``writes``, in their order, or nothing.

        Raises:
            Conflict: a row is not as it was when it was read.
            Duplicate: a unique key is taken.
            LeaseLost: a fence does not hold.
        """
        ...

    async def accept(
        self, batch: Sequence[Sequence[Write]]
    ) -> Sequence[Duplicate | None]:
        """Do each member of the batch, or not, by itself, in one transaction.

        Returns, for each member, ``None`` when it was written or the key that
        was taken already, by an older row or an earlier member.
        """
        ...

    async def get(self, kind: type[R], identity: str | int) -> R | None:
        """The row with this id."""
        ...

    async def find(
        self,
        kind: type[R],
        /,
        *,
        order_by: str = "",
        skip: int = 0,
        limit: int | None = None,
        **fields: object,
    ) -> list[R]:
        """The rows whose fields have these values.

        A value may be ``None``, a ``frozenset`` (any of them), ``AtMost`` or
        ``AtLeast``.
        ``order_by`` names a field, with ``-`` before it for falling; equal ones
        and an empty ``order_by`` go by id. The first ``skip`` are left out.

        Raises:
            ValueError: the kind has no such field.
        """
        ...

    async def count(self, kind: type[Row], /, **fields: object) -> int:
        """How many rows ``find`` would return without a limit."""
        ...

    async def claim(
        self, topics: Collection[Topic], *, limit: int, hold: timedelta
    ) -> list[OutboxItem]:
        """Take due outbox items that nobody holds, most urgent first.

        What else is due for a prompt of theirs comes too, beyond the ``limit``.
        They are the caller's for ``hold``; then they are anybody's again.
        """
        ...

    async def forget(
        self,
        kind: type[InboxUpdate] | type[OutboxItem],
        *,
        done_before: datetime,
        limit: int,
    ) -> int:
        """Remove rows that were done before then, at most ``limit``; how many."""
        ...

    async def next_magic(self) -> int:
        """A magic number that this installation has never used: below 2^53."""
        ...

    async def take_lease(
        self, lease: str, *, holder: str, lasts: timedelta
    ) -> Lease | None:
        """Take or renew a lease by the database's clock; ``None`` when another has it.

        A new holder gets a larger epoch than every holder before.
        """
        ...

    async def people_version(self) -> int:
        """Raised by every commit that writes one of ``core.rows.PEOPLE``."""
        ...

    async def verify_audit(self) -> int:
        """Check the whole chain and return its length.

        Raises:
            Conflict: names the first entry that does not fit.
        """
        ...


Brokers = Mapping[AccountId, Broker]
"""The broker of each account that this process serves."""

"""The journal's suite: what every implementation of the port must do.

It runs on memory, SQLite and PostgreSQL. ``other`` is the same journal as a
second process sees it.
"""

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.accounts import Account, GuardPhase, GuardState
from core.errors import Conflict, Duplicate, LeaseLost
from core.ids import AccountId, ProviderName, Ticket, UserId
from core.market import Side
from core.messages import (
    AuditEntry,
    InboxUpdate,
    Lease,
    OutboxItem,
    Priority,
    Topic,
)
from core.orders import Order, OrderKind, OrderState
from core.ports import (
    AtLeast,
    AtMost,
    Delete,
    Expect,
    Fence,
    Insert,
    Journal,
    PeopleAre,
    Record,
    Row,
    Save,
    Write,
)
from core.prompts import Prompt, PromptState
from core.rows import AIMED_KEY, OPENING_KEY, UNIQUE
from core.signals import Action, Signal, SignalStatus, Source
from core.trades import CloseReason, TradeState
from core.users import Membership, Provider, RequestState, User
from tests import builders as b
from tests.databases import empty, migrate, postgres_database, sqlite_url
from tests.fakes import NOON
from tests.journal_stage import Stage, in_memory, on_postgres, on_sqlite
from tests.memory_journal import REFERENCES

SECOND = timedelta(seconds=1)
SOMEBODY_ELSE = UserId(2)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(sqlite_url(file))
    return file


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_database() as url:
        migrate(url)
        yield url


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def unopened(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    if request.param == "memory":
        return in_memory()
    if request.param == "sqlite":
        file = tmp_path / "journal.db"
        shutil.copy(request.getfixturevalue("template"), file)
        return on_sqlite(file)
    url = request.getfixturevalue("server")
    empty(url)
    return on_postgres(url)


@pytest.fixture
async def stage(unopened: Stage) -> AsyncIterator[Stage]:
    yield unopened
    await unopened.close()


@pytest.fixture
def journal(stage: Stage) -> Journal:
    return stage.journal


async def _is_refused(journal: Journal, error: type[Exception], *writes: Write) -> None:
    with pytest.raises(error):
        await journal.commit(*writes)


# ------------------------------------------------------------------ rows


def _world() -> list[Row]:
    """One row of each kind with every optional field filled, in order of need."""
    moment = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
    elsewhere = datetime(
        2026, 3, 1, 9, 30, 0, 1, tzinfo=timezone(9 * timedelta(hours=1))
    )
    long = Decimal("0.12345678901234567890123456789012345678901")
    signal = b.a_signal(
        webhook_id="msg_1",
        source=Source.TRADINGVIEW,
        target="earlier",
        external_id="quote ' and \" and \\ and ü and 漢",
        price=long,
        stop_loss=Decimal("1E+3"),
        take_profit=Decimal("-0.0"),
        user_id=b.USER,
        status=SignalStatus.EXECUTED,
        chart_path="2026-11-24/shared/signal/x.png",
        proposed_at=moment,
        cancelled_at=elsewhere,
    )
    prompt = b.a_prompt(
        signal_id=signal.id,
        confirm_until=moment,
        decided_by=b.USER,
        decided_at=elsewhere,
        chat_id=-1_001_234_567_890,
        message_id=2**40,
        former_message_id=2**40 - 1,
        drift_r=Decimal("0.26"),
        drift_points=Decimal(130),
        snoozed_until=moment,
    )
    standing = b.a_standing_rule(until=elsewhere, revoked_at=moment)
    approval = b.an_approval(
        signal_id=signal.id,
        prompt_id=prompt.id,
        reason="r" * 500,
        reason_asked_at=moment,
        rule_id=standing.id,
        rule_number=2,
    )
    group = b.a_group_chat(enabled=False, topic_id=7)
    posting = b.a_posting(signal_id=signal.id, group_id=group.id, message_id=2**40)
    another = b.a_prompt(signal_id=signal.id, attempt=2)
    second = b.an_approval(
        signal_id=signal.id, prompt_id=another.id, seconds=approval.id
    )
    order = b.an_order(
        signal_id=signal.id,
        prompt_id=prompt.id,
        approval_id=approval.id,
        ticket=2**52,
        position_id=2**52 + 1,
        filled_volume=Decimal("0.10"),
        filled_price=long,
        state=OrderState.FILLED,
    )
    trade = b.a_trade(
        signal_id=signal.id,
        order_id=order.id,
        close_price=long,
        close_reason=CloseReason.STOP,
        profit=Decimal("-12.30"),
        closed_at=moment,
    )
    close = b.an_order(trade_id=trade.id, kind=OrderKind.CLOSE)
    send = b.a_send(
        order_id=order.id,
        magic=2**53 - 1,
        retcode=10009,
        answered_at=elsewhere,
    )
    guard = b.a_guard(
        measured_at=moment,
        blind_since=moment,
        blind_told=True,
        breach_since=moment,
        triggered_at=moment,
        trigger_equity=long,
        trigger_peak=long,
        rearmed_by=b.USER,
        rearmed_at=elsewhere,
    )
    return [
        b.a_provider(
            public_key="whpk_new",
            former_secret_sealed="sealed before",  # noqa: S106 - not a secret
            former_public_key="whpk_old",
            former_until=moment,
            hook_token_hash="1" * 64,
            instruments=("XAUUSD", "EURUSD"),
            rate_per_minute=10,
            rate_burst=2,
            open_signals=3,
            muted_until=elsewhere,
        ),
        b.a_refusal(first_at=moment, last_at=elsewhere),
        b.a_user(blocked_at=moment, name="Zoë ☕"),
        b.an_account(person_id=b.USER, enabled=False),
        guard,
        b.an_equity_point(at=moment),
        b.a_reconciliation(at=moment),
        b.a_membership(
            invited_by=b.USER,
            until=elsewhere,
            warned=True,
            max_drift_r=Decimal("0.1"),
        ),
        b.an_invite(created_by=b.USER),
        b.a_broadcast(started_at=moment, finished_at=elsewhere),
        b.a_join_request(
            state=RequestState.DECLINED, decided_by=b.USER, decided_at=moment
        ),
        b.a_subscription(enabled=False),
        signal,
        group,
        posting,
        prompt,
        another,
        standing,
        approval,
        second,
        order,
        trade,
        close,
        send,
        b.an_outbox_item(user_id=b.USER, claimed_until=moment, done_at=moment),
        b.an_inbox_update(id=2**40, done_at=moment),
        b.a_lease(),
    ]


def _bare_world() -> list[Row]:
    """One row of each kind with every optional field left out."""
    signal = b.a_signal(stop_loss=None, take_profit=None)
    prompt = b.a_prompt(
        signal_id=signal.id,
        viewer=True,
        price=None,
        lots=None,
        risk_money=None,
        risk_percent=None,
        reward_money=None,
        spread=None,
        headroom=None,
        chat_id=None,
        message_id=None,
    )
    group = b.a_group_chat()
    order = b.an_order(
        user_id=None,
        kind=OrderKind.CLOSE,
        stop_loss=None,
        take_profit=None,
        expires_at=None,
    )
    return [
        b.a_provider(secret_sealed=None),
        b.a_user(consented_at=None),
        b.an_account(),
        b.a_guard(measured_at=None),
        b.an_equity_point(),
        b.a_reconciliation(),
        b.a_refusal(),
        b.a_membership(),
        b.an_invite(),
        b.a_join_request(),
        b.a_subscription(),
        signal,
        group,
        b.a_posting(signal_id=signal.id, group_id=group.id),
        prompt,
        b.a_standing_rule(),
        b.a_broadcast(),
        b.an_approval(signal_id=signal.id, prompt_id=prompt.id, price=None, lots=None),
        order,
        b.a_trade(stop_loss=None, take_profit=None),
        b.a_send(order_id=order.id),
        b.an_outbox_item(),
        b.an_inbox_update(),
        b.a_lease(),
    ]


KINDS = sorted({type(row) for row in _world()}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("make_world", [_world, _bare_world])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_comes_back_as_it_went_in(
    journal: Journal, kind: Any, make_world: Callable[[], list[Row]]
) -> None:
    world = make_world()
    await journal.commit(*(Insert(row) for row in world))
    expected = [row for row in world if isinstance(row, kind)]
    assert await journal.find(kind) == sorted(expected, key=lambda row: row.id)
    assert await journal.get(kind, expected[0].id) == expected[0]


async def test_what_another_process_wrote_is_seen_at_once(stage: Stage) -> None:
    await stage.other.commit(Insert(b.a_user()))
    assert await stage.journal.get(User, b.USER) == b.a_user()


async def test_a_row_that_is_not_there_is_none(journal: Journal) -> None:
    assert await journal.get(Signal, "nowhere") is None
    assert await journal.get(User, 404) is None


# ------------------------------------------------------------------ find and count


async def _users(journal: Journal, *users: User) -> None:
    await journal.commit(*(Insert(user) for user in users))


def _user(number: int, **over: Any) -> User:
    return b.a_user(id=UserId(number), **over)


async def _ids(journal: Journal, **question: Any) -> list[int]:
    return [user.id for user in await journal.find(User, **question)]


async def test_find_takes_a_value_of_each_sort(journal: Journal) -> None:
    signal = b.a_signal()
    await b.furnish(journal, signal, b.a_signal(side=Side.SELL, price=Decimal(2)))
    questions: list[dict[str, Any]] = [
        {"external_id": signal.external_id},
        {"side": Side.BUY},
        {"price": Decimal("1950.500")},
        {"recipients": 1},
        {"created_at": NOON},
    ]
    for question in questions:
        found = await journal.find(Signal, **question)
        assert signal in found
    assert await journal.find(Signal, side=Side.BUY, price=Decimal(2)) == []


async def test_find_takes_flags_and_tuples(journal: Journal) -> None:
    one = b.a_provider(instruments=("XAUUSD",))
    two = b.a_provider(id=ProviderName("off"), enabled=False)
    await journal.commit(Insert(one), Insert(two))
    assert await journal.find(Provider, enabled=False) == [two]
    assert await journal.find(Provider, instruments=("XAUUSD",)) == [one]


async def test_find_takes_none(journal: Journal) -> None:
    await _users(journal, _user(1, blocked_at=NOON), _user(2))
    assert await _ids(journal, blocked_at=None) == [2]


async def test_find_takes_any_of_several(journal: Journal) -> None:
    await _users(journal, _user(1), _user(2), _user(3))
    assert await _ids(journal, id=frozenset({3, 1, 9})) == [1, 3]


async def test_find_takes_none_among_several(journal: Journal) -> None:
    later = NOON + SECOND
    await _users(
        journal, _user(1, blocked_at=NOON), _user(2, blocked_at=later), _user(3)
    )
    assert await _ids(journal, blocked_at=frozenset({None, NOON})) == [1, 3]


async def test_any_of_nothing_finds_nothing(journal: Journal) -> None:
    await _users(journal, _user(1))
    assert await _ids(journal, id=frozenset()) == []


async def test_limits_are_included_and_leave_out_none(journal: Journal) -> None:
    microsecond = timedelta(microseconds=1)
    await _users(
        journal,
        _user(1, blocked_at=NOON - microsecond),
        _user(2, blocked_at=NOON),
        _user(3, blocked_at=NOON + microsecond),
        _user(4),
    )
    assert await _ids(journal, blocked_at=AtMost(value=NOON)) == [1, 2]
    assert await _ids(journal, blocked_at=AtLeast(value=NOON)) == [2, 3]


async def test_rows_come_by_id_unless_told_otherwise(journal: Journal) -> None:
    await _users(journal, _user(10), _user(9), _user(100))
    assert await _ids(journal) == [9, 10, 100]


async def test_rows_come_rising_and_equal_ones_by_id(journal: Journal) -> None:
    later = NOON + SECOND
    await _users(
        journal, _user(3, created_at=later), _user(2), _user(4, created_at=later)
    )
    assert await _ids(journal, order_by="created_at") == [2, 3, 4]


async def test_rows_come_falling_and_equal_ones_by_id(journal: Journal) -> None:
    later = NOON + SECOND
    await _users(
        journal, _user(3, created_at=later), _user(2), _user(4, created_at=later)
    )
    assert await _ids(journal, order_by="-created_at") == [3, 4, 2]


async def test_nothing_comes_before_something(journal: Journal) -> None:
    await _users(journal, _user(1, blocked_at=NOON), _user(2))
    assert await _ids(journal, order_by="blocked_at") == [2, 1]
    assert await _ids(journal, order_by="-blocked_at") == [1, 2]


async def test_a_limit_is_kept(journal: Journal) -> None:
    await _users(journal, _user(1), _user(2), _user(3))
    assert await _ids(journal, order_by="-id", limit=2) == [3, 2]
    assert await _ids(journal, limit=0) == []


async def test_the_first_ones_are_left_out(journal: Journal) -> None:
    await _users(journal, _user(1), _user(2), _user(3))
    assert await _ids(journal, skip=1) == [2, 3]
    assert await _ids(journal, order_by="-id", skip=1, limit=1) == [2]
    assert await _ids(journal, skip=3, limit=1) == []


async def test_count_counts_what_find_finds(journal: Journal) -> None:
    await _users(journal, _user(1, blocked_at=NOON), _user(2), _user(3))
    assert await journal.count(User) == 3
    assert await journal.count(User, blocked_at=None) == 2


async def test_an_unknown_field_is_named(journal: Journal) -> None:
    for question in (
        journal.find(User, shoe_size=43),
        journal.find(User, order_by="-shoe_size"),
        journal.count(User, shoe_size=43),
        journal.commit(Expect(User, 1, {"shoe_size": 43})),
    ):
        with pytest.raises(ValueError, match="User has no shoe_size"):
            await question


async def test_decimals_have_no_order_here(journal: Journal) -> None:
    await b.furnish(journal, b.a_signal())
    for question in (
        journal.find(Signal, order_by="price"),
        journal.find(Signal, price=AtMost(value=Decimal(2000))),
        journal.find(Signal, price=AtLeast(value=Decimal(2000))),
    ):
        with pytest.raises(ValueError, match="does not order decimals"):
            await question


# ------------------------------------------------------------------ commit


def _record(action: str) -> Record:
    return Record(actor="cli", action=action, subject="it")


REFUSED_WRITES: dict[str, tuple[type[Exception], Write]] = {
    "a taken id": (Duplicate, Insert(b.a_provider())),
    "an old version": (Conflict, Save(b.a_user(version=9))),
    "a missing row": (Conflict, Delete(b.a_membership())),
    "an expectation": (Conflict, Expect(User, 1, {"name": "Bob"})),
    "a fence": (LeaseLost, Fence("watching", 1)),
    "a forbidden move": (ValueError, Save(b.a_guard(phase=GuardPhase.LOCKED))),
}


@pytest.mark.parametrize(
    ("error", "write"), REFUSED_WRITES.values(), ids=REFUSED_WRITES
)
async def test_a_refused_write_takes_the_others_with_it(
    journal: Journal, error: type[Exception], write: Write
) -> None:
    await b.furnish(journal)
    good = Insert(b.a_signal())
    await _is_refused(journal, error, good, _record("tried"), write)
    assert await journal.find(Signal) == []
    assert await journal.verify_audit() == 0


async def test_a_commit_of_nothing_does_nothing(journal: Journal) -> None:
    await journal.commit()
    assert await journal.count(User) == 0


async def test_a_save_raises_the_version_and_says_when(stage: Stage) -> None:
    await stage.journal.commit(Insert(b.a_user()))
    stage.clock.advance(SECOND)
    await stage.journal.commit(Save(b.a_user(name="Ada L.")))
    assert await stage.journal.get(User, b.USER) == b.a_user(
        name="Ada L.", version=2, updated_at=NOON + SECOND
    )


async def test_a_save_of_a_row_without_updated_at_raises_the_version(
    journal: Journal,
) -> None:
    lease = b.a_lease()
    await journal.commit(Insert(lease))
    await journal.commit(Save(lease))
    assert await journal.get(Lease, lease.id) == dataclasses.replace(lease, version=2)


async def test_a_save_of_an_old_version_is_a_conflict(journal: Journal) -> None:
    await journal.commit(Insert(b.a_user()))
    await journal.commit(Save(b.a_user(name="first")))
    await _is_refused(journal, Conflict, Save(b.a_user(name="second")))
    user = await journal.get(User, b.USER)
    assert user is not None
    assert user.name == "first"


async def test_a_save_of_a_missing_row_is_a_conflict(journal: Journal) -> None:
    await _is_refused(journal, Conflict, Save(b.a_user()))


async def test_a_row_may_be_inserted_and_saved_in_one_commit(
    journal: Journal,
) -> None:
    await journal.commit(Insert(b.a_user()), Save(b.a_user(name="Bob")))
    user = await journal.get(User, b.USER)
    assert user is not None
    assert (user.name, user.version) == ("Bob", 2)


async def test_writes_are_done_in_their_order(journal: Journal) -> None:
    """The prompt refers to a signal that comes later."""
    signal = b.a_signal()
    await b.furnish(journal)
    prompt = Insert(b.a_prompt(signal_id=signal.id))
    await _is_refused(journal, Conflict, prompt, Insert(signal))
    await journal.commit(Insert(signal), prompt)


FORBIDDEN_MOVES: list[tuple[Row, dict[str, object]]] = [
    (b.a_guard(), {"phase": GuardPhase.FLAT}),
    (b.a_prompt(state=PromptState.EXPIRED), {"state": PromptState.APPROVED}),
    (b.an_order(state=OrderState.UNKNOWN), {"state": OrderState.SUBMITTING}),
    (b.a_trade(state=TradeState.CLOSED), {"state": TradeState.OPEN}),
]


@pytest.mark.parametrize(
    ("row", "news"), FORBIDDEN_MOVES, ids=lambda item: type(item).__name__
)
async def test_a_move_outside_the_table_is_refused(
    journal: Journal, row: Any, news: dict[str, object]
) -> None:
    signal = b.a_signal()
    if not isinstance(row, GuardState):
        row = dataclasses.replace(row, signal_id=signal.id)
        await b.furnish(journal, signal, row)
    else:
        await b.furnish(journal, signal)
    await _is_refused(
        journal, ValueError, Save(dataclasses.replace(row, version=1, **news))
    )
    assert await journal.get(type(row), row.id) == row


async def test_a_move_inside_the_table_is_written(journal: Journal) -> None:
    await b.furnish(journal)
    await journal.commit(Save(b.a_guard(phase=GuardPhase.BLIND)))
    guard = await journal.get(GuardState, b.ACCOUNT)
    assert guard is not None
    assert guard.phase is GuardPhase.BLIND


# ------------------------------------------------------------------ forgetting


async def test_what_was_done_long_ago_is_forgotten_at_most_so_many_at_a_time(
    journal: Journal,
) -> None:
    long_ago = NOON - timedelta(days=8)
    old = [b.an_outbox_item(done_at=long_ago) for _ in range(3)]
    fresh, waiting = b.an_outbox_item(done_at=NOON), b.an_outbox_item(done_at=None)
    await b.furnish(journal, *old, fresh, waiting)
    before = NOON - timedelta(days=7)

    async def forget() -> int:
        return await journal.forget(OutboxItem, done_before=before, limit=2)

    assert [await forget(), await forget(), await forget()] == [2, 1, 0]
    left = {item.id for item in await journal.find(OutboxItem)}
    assert left == {fresh.id, waiting.id}


async def test_updates_are_forgotten_too(journal: Journal) -> None:
    done = NOON - timedelta(seconds=1)
    old, waiting = b.an_inbox_update(id=1, done_at=done), b.an_inbox_update(id=2)
    await b.furnish(journal, old, waiting)
    assert await journal.forget(InboxUpdate, done_before=NOON, limit=9) == 1
    assert [left.id for left in await journal.find(InboxUpdate)] == [2]


# ------------------------------------------------------------------ keys


def _twins() -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind, keys in UNIQUE.items():
        for key in (*keys, ("id",)):
            yield kind.__name__, key
    yield "Order", OPENING_KEY
    yield "User", ("id",)
    yield "InboxUpdate", ("id",)


@pytest.mark.parametrize(("name", "key"), list(_twins()))
async def test_a_taken_key_is_named(
    journal: Journal, name: str, key: tuple[str, ...]
) -> None:
    world = _world()
    await journal.commit(*(Insert(row) for row in world))
    await journal.commit(Insert(b.a_user(id=SOMEBODY_ELSE)))
    old = next(row for row in world if type(row).__name__ == name)
    new = _another_like(old, sharing=key)
    with pytest.raises(Duplicate) as caught:
        await journal.commit(Insert(new))
    assert (caught.value.kind, caught.value.key) == (name, key)


def _another_like(row: Any, *, sharing: tuple[str, ...]) -> Any:
    """A row of this kind that has only the fields of ``sharing`` in common."""
    keys = (*UNIQUE.get(type(row), ()), OPENING_KEY, ("id",))
    others = {name for key in keys for name in key if hasattr(row, name)}
    fresh = {name: _other(row, name) for name in others - set(sharing)}
    return dataclasses.replace(row, **fresh)


def _other(row: Any, name: str) -> Any:
    value = getattr(row, name)
    if name == "user_id":
        return SOMEBODY_ELSE
    if name in REFERENCES.get(type(row), {}) or name == "kind":
        return value
    return value + 1 if isinstance(value, int) else f"another {value}"


async def test_a_save_into_a_taken_key_is_a_duplicate(journal: Journal) -> None:
    one, two = b.an_invite(), b.an_invite()
    await b.furnish(journal, one, two)
    taken = dataclasses.replace(two, token_hash=one.token_hash)
    with pytest.raises(Duplicate) as caught:
        await journal.commit(Save(taken))
    assert caught.value.key == ("token_hash",)


async def test_only_opening_orders_are_unique_by_attempt(journal: Journal) -> None:
    signal = b.a_signal()
    await b.furnish(journal, signal, b.an_order(signal_id=signal.id))
    await journal.commit(
        Insert(b.an_order(signal_id=signal.id, kind=OrderKind.CLOSE)),
        Insert(b.an_order(signal_id=signal.id, kind=OrderKind.CLOSE)),
        Insert(b.an_order(signal_id=signal.id, attempt=2)),
    )
    assert await journal.count(Order) == 4


@pytest.mark.parametrize("kind", [OrderKind.CLOSE, OrderKind.CANCEL, OrderKind.MODIFY])
async def test_one_live_order_is_aimed_at_a_ticket(
    journal: Journal, kind: OrderKind
) -> None:
    first = b.an_order(kind=kind, ticket=Ticket(7))
    await b.furnish(journal, first)
    second = dataclasses.replace(first, id=b.an_order().id, attempt=2)
    with pytest.raises(Duplicate) as caught:
        await journal.commit(Insert(second))
    assert caught.value.key == AIMED_KEY
    over = dataclasses.replace(first, state=OrderState.CANCELLED)
    await journal.commit(Save(over), Insert(second))
    assert await journal.count(Order) == 2


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, fields in REFERENCES.items() for field in fields],
)
async def test_a_row_cannot_name_one_that_does_not_exist(
    journal: Journal, kind: type[Row], field: str
) -> None:
    world = _world()
    place = next(at for at, row in enumerate(world) if type(row) is kind)
    row = world[place]
    await journal.commit(*(Insert(before) for before in world[:place]))
    stranger = 404 if isinstance(getattr(row, field), int) else "nobody"
    news: dict[str, Any] = {field: stranger}
    await _is_refused(journal, Conflict, Insert(dataclasses.replace(row, **news)))
    await journal.commit(Insert(row))


# ------------------------------------------------------------------ conditions


async def test_a_delete_removes_the_row(journal: Journal) -> None:
    membership = b.a_membership()
    await b.furnish(journal, membership)
    await journal.commit(Delete(membership))
    assert await journal.get(Membership, membership.id) is None


async def test_a_delete_of_an_old_version_is_a_conflict(journal: Journal) -> None:
    membership = b.a_membership()
    await b.furnish(journal, membership)
    await journal.commit(Save(membership))
    await _is_refused(journal, Conflict, Delete(membership))
    assert await journal.count(Membership) == 1


async def test_a_delete_of_a_missing_row_is_a_conflict(journal: Journal) -> None:
    await _is_refused(journal, Conflict, Delete(b.a_subscription()))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"state": PromptState.SENT, "viewer": False},
        {"state": frozenset({PromptState.SENT, PromptState.QUEUED})},
        {"decided_by": None, "lots": Decimal("0.180")},
    ],
)
async def test_a_commit_goes_on_when_the_row_is_as_expected(
    journal: Journal, fields: dict[str, object]
) -> None:
    signal = b.a_signal()
    prompt = b.a_prompt(signal_id=signal.id)
    await b.furnish(journal, signal, prompt)
    await journal.commit(Expect(Prompt, prompt.id, fields), Insert(_user(2)))
    assert await journal.count(User) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"state": PromptState.QUEUED},
        {"state": frozenset({PromptState.APPROVED, PromptState.QUEUED})},
        {"decided_by": b.USER},
        {"lots": None},
        {"state": PromptState.SENT, "version": 2},
    ],
)
async def test_a_commit_stops_when_the_row_is_not_as_expected(
    journal: Journal, fields: dict[str, object]
) -> None:
    signal = b.a_signal()
    prompt = b.a_prompt(signal_id=signal.id)
    await b.furnish(journal, signal, prompt)
    await _is_refused(journal, Conflict, Expect(Prompt, prompt.id, fields))


async def test_a_commit_stops_when_the_expected_row_is_missing(
    journal: Journal,
) -> None:
    await _is_refused(journal, Conflict, Expect(User, 404, {}))


async def test_an_expectation_sees_the_writes_before_it(journal: Journal) -> None:
    await journal.commit(Insert(b.a_user()), Expect(User, 1, {"name": "Ada"}))
    await _is_refused(
        journal,
        Conflict,
        Save(b.a_user(name="Bob")),
        Expect(User, 1, {"name": "Ada"}),
    )


async def test_a_fence_holds_with_the_present_epoch(journal: Journal) -> None:
    lease = await journal.take_lease("watch", holder="a", lasts=SECOND)
    assert lease is not None
    await journal.commit(Fence("watch", lease.epoch), Insert(b.a_user()))
    assert await journal.count(User) == 1


async def test_a_fence_holds_after_the_end_while_nobody_took_over(
    stage: Stage,
) -> None:
    lease = await stage.journal.take_lease("watch", holder="a", lasts=stage.lease)
    assert lease is not None
    await stage.outlast_the_lease()
    await stage.journal.commit(Fence("watch", lease.epoch))


async def test_a_fence_stops_the_former_holder(stage: Stage) -> None:
    old = await stage.journal.take_lease("watch", holder="a", lasts=stage.lease)
    assert old is not None
    await stage.outlast_the_lease()
    new = await stage.other.take_lease("watch", holder="b", lasts=stage.lease)
    assert new is not None
    await _is_refused(
        stage.journal, LeaseLost, Insert(b.a_user()), Fence("watch", old.epoch)
    )
    assert await stage.journal.count(User) == 0
    await stage.other.commit(Fence("watch", new.epoch))


async def test_a_fence_without_a_lease_stops(journal: Journal) -> None:
    await _is_refused(journal, LeaseLost, Fence("watch", 1))


# ------------------------------------------------------------------ derived status


async def _status(journal: Journal, signal: Signal) -> SignalStatus:
    row = await journal.get(Signal, signal.id)
    assert row is not None
    return row.status


def _proposed(**over: Any) -> Signal:
    return b.a_signal(proposed_at=NOON, **over)


PROMPTS = [
    ([PromptState.QUEUED, PromptState.REJECTED], SignalStatus.NEW),
    ([PromptState.SENT], SignalStatus.NEW),
    ([PromptState.CONFIRMING], SignalStatus.NEW),
    ([PromptState.REJECTED, PromptState.REFUSED], SignalStatus.REJECTED),
    ([PromptState.EXPIRED, PromptState.REJECTED], SignalStatus.EXPIRED),
    ([PromptState.EXPIRED], SignalStatus.EXPIRED),
    ([], SignalStatus.EXPIRED),
]


@pytest.mark.parametrize(("states", "status"), PROMPTS)
async def test_the_status_follows_the_prompts(
    journal: Journal, states: list[PromptState], status: SignalStatus
) -> None:
    signal = _proposed()
    prompts = [
        b.a_prompt(signal_id=signal.id, attempt=number, state=state)
        for number, state in enumerate(states)
    ]
    await b.furnish(journal, signal, *prompts)
    assert await _status(journal, signal) is status


ORDERS = [
    (OrderState.QUEUED, SignalStatus.APPROVED),
    (OrderState.SUBMITTING, SignalStatus.APPROVED),
    (OrderState.PLACED, SignalStatus.APPROVED),
    (OrderState.UNKNOWN, SignalStatus.APPROVED),
    (OrderState.PARKED, SignalStatus.APPROVED),
    (OrderState.FILLED, SignalStatus.CLOSED),
    (OrderState.PARTIALLY_FILLED, SignalStatus.CLOSED),
    (OrderState.REJECTED, SignalStatus.REJECTED),
    (OrderState.NOT_EXECUTED, SignalStatus.REJECTED),
]


@pytest.mark.parametrize(("state", "status"), ORDERS)
async def test_the_status_follows_the_orders(
    journal: Journal, state: OrderState, status: SignalStatus
) -> None:
    signal = _proposed()
    await b.furnish(journal, signal, b.an_order(signal_id=signal.id, state=state))
    assert await _status(journal, signal) is status


TRADES = [
    (TradeState.OPEN, SignalStatus.EXECUTED),
    (TradeState.CLOSING, SignalStatus.EXECUTED),
    (TradeState.CLOSED, SignalStatus.CLOSED),
]


@pytest.mark.parametrize(("state", "status"), TRADES)
async def test_the_status_follows_the_trades(
    journal: Journal, state: TradeState, status: SignalStatus
) -> None:
    signal = _proposed()
    await b.furnish(journal, signal, b.a_trade(signal_id=signal.id, state=state))
    assert await _status(journal, signal) is status


async def test_a_signal_whose_prompts_are_not_made_is_new(journal: Journal) -> None:
    signal = b.a_signal()
    await b.furnish(journal, signal)
    assert await _status(journal, signal) is SignalStatus.NEW


async def test_a_signal_that_comes_too_late_is_expired(journal: Journal) -> None:
    signal = b.a_signal(expires_at=NOON)
    await b.furnish(journal, signal)
    assert await _status(journal, signal) is SignalStatus.EXPIRED


async def test_a_withdrawn_signal_is_cancelled(journal: Journal) -> None:
    signal = b.a_signal()
    await b.furnish(journal, signal)
    await journal.commit(Save(dataclasses.replace(signal, cancelled_at=NOON)))
    assert await _status(journal, signal) is SignalStatus.CANCELLED


async def test_the_status_of_a_cancelling_signal_stays(journal: Journal) -> None:
    signal = b.a_signal(action=Action.CANCEL, status=SignalStatus.CLOSED)
    await b.furnish(journal, signal)
    assert await _status(journal, signal) is SignalStatus.CLOSED


async def test_each_save_of_an_order_derives_the_status_again(
    journal: Journal,
) -> None:
    signal = _proposed()
    order = b.an_order(signal_id=signal.id)
    await b.furnish(journal, signal, order)
    order = dataclasses.replace(order, state=OrderState.SUBMITTING)
    await journal.commit(Save(order))
    assert await _status(journal, signal) is SignalStatus.APPROVED
    order = dataclasses.replace(order, state=OrderState.REJECTED, version=2)
    await journal.commit(Save(order))
    assert await _status(journal, signal) is SignalStatus.REJECTED


async def test_a_wrong_status_is_set_right_by_the_commit_that_writes_it(
    journal: Journal,
) -> None:
    signal = b.a_signal()
    await b.furnish(journal, signal)
    await journal.commit(Save(dataclasses.replace(signal, status=SignalStatus.CLOSED)))
    assert await _status(journal, signal) is SignalStatus.NEW


async def test_a_derived_status_says_when_and_leaves_the_version(
    stage: Stage,
) -> None:
    """Whoever read the signal before may still save it: the status is not theirs."""
    signal = _proposed()
    prompt = b.a_prompt(signal_id=signal.id)
    await b.furnish(stage.journal, signal, prompt)
    stage.clock.advance(SECOND)
    rejected = dataclasses.replace(prompt, state=PromptState.REJECTED)
    await stage.journal.commit(Save(rejected))
    assert await stage.journal.get(Signal, signal.id) == dataclasses.replace(
        signal, status=SignalStatus.REJECTED, updated_at=NOON + SECOND
    )


async def test_the_status_of_another_signal_is_left_alone(stage: Stage) -> None:
    untouched = b.a_signal()
    await b.furnish(stage.journal, untouched)
    stage.clock.advance(timedelta(hours=1))
    await stage.journal.commit(Insert(b.a_signal(expires_at=NOON)))
    assert await _status(stage.journal, untouched) is SignalStatus.NEW


# ------------------------------------------------------------------ audit


async def _three_entries(journal: Journal) -> None:
    await journal.commit(_record("one"), _record("two"))
    await journal.commit(_record("three"))


async def test_the_chain_of_nothing_is_sound(journal: Journal) -> None:
    assert await journal.verify_audit() == 0


async def test_records_are_kept_in_their_order(journal: Journal) -> None:
    await _three_entries(journal)
    entries = await journal.find(AuditEntry)
    assert [(entry.id, entry.action) for entry in entries] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]
    assert await journal.verify_audit() == 3


async def test_a_record_says_who_what_and_when(stage: Stage) -> None:
    stage.clock.advance(timedelta(microseconds=1))
    record = Record(
        actor="user:1", action="approve", subject="S", detail={"b": "ü", "a": "2"}
    )
    await stage.journal.commit(record)
    [entry] = await stage.journal.find(AuditEntry)
    assert (entry.actor, entry.action, entry.subject) == ("user:1", "approve", "S")
    assert entry.detail == '{"a":"2","b":"\\u00fc"}'
    assert entry.at == NOON + timedelta(microseconds=1)


@pytest.mark.parametrize(
    "column", ["actor", "action", "subject", "detail", "previous", "hash"]
)
async def test_a_changed_entry_is_named(stage: Stage, column: str) -> None:
    await _three_entries(stage.journal)
    stage.hand.forge(2, column, "forged")
    with pytest.raises(Conflict, match="audit entry 2 does not fit"):
        await stage.journal.verify_audit()


async def test_an_erased_entry_breaks_the_chain(stage: Stage) -> None:
    await _three_entries(stage.journal)
    stage.hand.erase(2)
    with pytest.raises(Conflict, match="audit entry 3 does not fit"):
        await stage.journal.verify_audit()


async def test_erased_last_entries_are_missed(stage: Stage) -> None:
    await _three_entries(stage.journal)
    stage.hand.erase(3)
    with pytest.raises(Conflict, match="audit entry 3 is missing"):
        await stage.journal.verify_audit()


async def test_erased_last_entries_are_missed_when_others_follow(
    stage: Stage,
) -> None:
    await _three_entries(stage.journal)
    stage.hand.erase(3)
    await stage.journal.commit(_record("four"))
    with pytest.raises(Conflict, match="audit entry 4 is missing"):
        await stage.journal.verify_audit()


async def test_a_refused_commit_leaves_no_entry(journal: Journal) -> None:
    await _three_entries(journal)
    await _is_refused(journal, Conflict, _record("four"), Save(b.a_user()))
    assert await journal.verify_audit() == 3


async def test_two_processes_write_one_chain(stage: Stage) -> None:
    commits = [
        journal.commit(_record("a"), _record("b"))
        for _ in range(10)
        for journal in (stage.journal, stage.other)
    ]
    await asyncio.gather(*commits)
    assert await stage.journal.verify_audit() == 40


# ------------------------------------------------------------------ accept


def _intake(signal: Signal) -> list[Write]:
    return [
        Insert(signal),
        Insert(b.an_outbox_item(subject=signal.id)),
        _record(signal.external_id),
    ]


async def test_a_batch_is_accepted_whole(journal: Journal) -> None:
    await b.furnish(journal)
    verdicts = await journal.accept([_intake(b.a_signal()) for _ in range(3)])
    assert verdicts == [None, None, None]
    assert await journal.count(Signal) == 3
    assert await journal.verify_audit() == 3


async def test_an_empty_batch_is_accepted(journal: Journal) -> None:
    assert list(await journal.accept([])) == []


async def test_a_member_that_is_there_already_fails_alone(journal: Journal) -> None:
    old = b.a_signal(external_id="old")
    await b.furnish(journal, old)
    first, second = b.a_signal(external_id="new"), b.a_signal(external_id="old")
    third = b.a_signal(external_id="newer")
    verdicts = await journal.accept([_intake(one) for one in (first, second, third)])
    assert [verdict and verdict.key for verdict in verdicts] == [
        None,
        ("provider", "external_id"),
        None,
    ]
    assert {row.id for row in await journal.find(Signal)} == {
        old.id,
        first.id,
        third.id,
    }


async def test_a_double_inside_the_batch_fails_alone(journal: Journal) -> None:
    await b.furnish(journal)
    twins = [b.a_signal(external_id="same"), b.a_signal(external_id="same")]
    first, second = await journal.accept([_intake(one) for one in twins])
    assert first is None
    assert second is not None
    assert (second.kind, second.key) == ("Signal", ("provider", "external_id"))


async def test_a_refused_member_leaves_nothing(journal: Journal) -> None:
    old = b.a_signal(external_id="old")
    await b.furnish(journal, old)
    late = b.a_signal(external_id="old")
    await journal.accept([list(reversed(_intake(late)))])
    assert await journal.count(OutboxItem) == 0
    assert await journal.verify_audit() == 0


async def test_anything_else_refuses_the_whole_batch(journal: Journal) -> None:
    await b.furnish(journal)
    bad = [*_intake(b.a_signal()), Fence("watch", 1)]
    with pytest.raises(LeaseLost):
        await journal.accept([_intake(b.a_signal()), bad])
    stranger = _intake(b.a_signal(provider=ProviderName("nobody")))
    with pytest.raises(Conflict):
        await journal.accept([_intake(b.a_signal()), stranger])
    assert await journal.count(Signal) == 0
    assert await journal.verify_audit() == 0


async def test_an_accepted_signal_has_its_derived_status(journal: Journal) -> None:
    await b.furnish(journal)
    late = b.a_signal(expires_at=NOON)
    await journal.accept([_intake(late)])
    assert await _status(journal, late) is SignalStatus.EXPIRED


async def test_of_two_processes_only_one_accepts(stage: Stage) -> None:
    await b.furnish(stage.journal)
    verdicts = await asyncio.gather(
        *(
            journal.accept([_intake(b.a_signal(external_id="same"))])
            for journal in (stage.journal, stage.other) * 3
        )
    )
    assert sum(verdict is None for [verdict] in verdicts) == 1
    assert await stage.journal.count(Signal) == 1


async def test_calls_that_meet_are_answered_each_for_itself(journal: Journal) -> None:
    old = b.a_signal(external_id="old")
    await b.furnish(journal, old)
    stranger = b.a_signal(provider=ProviderName("nobody"))
    repeated, signals = b.a_signal(external_id="old"), [b.a_signal() for _ in range(4)]
    answers = await asyncio.gather(
        *(journal.accept([_intake(signal)]) for signal in signals),
        journal.accept([_intake(stranger)]),
        journal.accept([_intake(repeated), _intake(b.a_signal())]),
        return_exceptions=True,
    )
    assert answers[:4] == [[None]] * 4
    assert isinstance(answers[4], Conflict)
    assert isinstance(answers[5], list)
    assert [verdict is None for verdict in answers[5]] == [False, True]
    assert await journal.count(Signal) == 6
    assert await journal.verify_audit() == 5


async def _accept(journal: Journal, signal: Signal) -> list[Duplicate | None]:
    return list(await journal.accept([_intake(signal)]))


async def test_a_caller_who_leaves_takes_nobody_along(stage: Stage) -> None:
    await b.furnish(stage.journal)
    leaving, staying = b.a_signal(), b.a_signal()
    loop = asyncio.get_running_loop()
    task = loop.create_task(_accept(stage.journal, leaving))
    other = loop.create_task(_accept(stage.journal, staying))
    await asyncio.sleep(0)  # noqa: TID251 - so that both have begun
    task.cancel()
    assert await other == [None]
    await stage.settle()
    assert await stage.journal.get(Signal, staying.id) is not None


# ------------------------------------------------------------------ people


@pytest.mark.parametrize(
    "row",
    [
        b.an_account(id=AccountId("other")),
        b.a_user(id=SOMEBODY_ELSE),
        b.a_subscription(user_id=b.USER),
        b.a_provider(id=ProviderName("other")),
        b.a_membership(user_id=b.USER, account_id=b.ACCOUNT),
    ],
    ids=lambda row: type(row).__name__,
)
async def test_the_version_of_people_rises_with_what_is_written_of_them(
    journal: Journal, row: Any
) -> None:
    await b.furnish(journal)
    versions = [await journal.people_version()]
    await journal.commit(Insert(row))
    versions.append(await journal.people_version())
    await journal.commit(Save(row))
    versions.append(await journal.people_version())
    assert versions == sorted(set(versions))


async def test_the_version_of_people_stays_when_they_do(journal: Journal) -> None:
    await b.furnish(journal)
    version = await journal.people_version()
    with pytest.raises(Duplicate):
        await journal.commit(Insert(b.a_user(id=b.USER)))
    await journal.accept([_intake(b.a_signal())])
    assert await journal.people_version() == version


async def test_a_removed_membership_raises_the_version(journal: Journal) -> None:
    member = b.a_membership(user_id=b.USER, account_id=b.ACCOUNT)
    await b.furnish(journal, member)
    version = await journal.people_version()
    await journal.commit(Delete(member))
    assert await journal.people_version() > version


async def test_what_is_added_while_people_are_the_same_is_stored(
    journal: Journal,
) -> None:
    await b.furnish(journal)
    still = PeopleAre(await journal.people_version())
    signals = [b.a_signal() for _ in range(3)]
    batch = [[still, *_intake(signal)] for signal in signals[:2]]
    assert await journal.accept(batch) == [None, None]
    await journal.commit(still, Insert(signals[2]))
    assert await journal.count(Signal) == 3
    assert await journal.people_version() == still.version


async def test_nothing_is_stored_once_people_have_changed(journal: Journal) -> None:
    await b.furnish(journal)
    still = PeopleAre(await journal.people_version())
    await journal.commit(Insert(b.a_user(id=SOMEBODY_ELSE)))
    with pytest.raises(Conflict):
        await journal.commit(still, Insert(b.a_signal()))
    with pytest.raises(Conflict):
        await journal.accept([_intake(b.a_signal()), [still, *_intake(b.a_signal())]])
    with pytest.raises(Conflict):
        await journal.accept([[still, *_intake(b.a_signal()), b.a_record()]])
    assert await journal.count(Signal) == 0
    assert await journal.verify_audit() == 0


async def test_a_taken_key_is_told_only_while_people_are_the_same(
    journal: Journal,
) -> None:
    old = b.a_signal(external_id="old")
    await b.furnish(journal, old)
    still = PeopleAre(await journal.people_version())
    again = [still, *_intake(b.a_signal(external_id="old"))]
    fresh = [still, *_intake(b.a_signal())]
    verdicts = await journal.accept([again, fresh])
    assert [verdict is None for verdict in verdicts] == [False, True]
    await journal.commit(Insert(b.a_user(id=SOMEBODY_ELSE)))
    with pytest.raises(Conflict, match="have changed"):
        await journal.accept([again])


async def test_of_those_who_meet_only_who_knows_the_people_is_stored(
    journal: Journal,
) -> None:
    await b.furnish(journal)
    before = PeopleAre(await journal.people_version())
    await journal.commit(Insert(b.a_user(id=SOMEBODY_ELSE)))
    now = PeopleAre(await journal.people_version())
    answers = await asyncio.gather(
        *(
            journal.accept([[condition, *_intake(b.a_signal())]])
            for condition in (now, before, now, before, now)
        ),
        return_exceptions=True,
    )
    assert [isinstance(answer, Conflict) for answer in answers] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert await journal.count(Signal) == 3
    assert await journal.verify_audit() == 3


# ------------------------------------------------------------------ claim


async def _put(journal: Journal, *items: OutboxItem) -> None:
    await journal.commit(*(Insert(item) for item in items))


async def _claimed(
    journal: Journal, *topics: Topic, limit: int = 10
) -> list[OutboxItem]:
    wanted = topics or (Topic.PROPOSE,)
    return await journal.claim(wanted, limit=limit, hold=SECOND)


async def test_a_claim_takes_what_is_due_and_not_done(journal: Journal) -> None:
    due = b.an_outbox_item()
    await _put(
        journal,
        due,
        b.an_outbox_item(due_at=NOON + SECOND),
        b.an_outbox_item(done_at=NOON),
        b.an_outbox_item(topic=Topic.EXECUTE),
    )
    assert [item.id for item in await _claimed(journal)] == [due.id]


async def test_a_claim_takes_several_topics(journal: Journal) -> None:
    await _put(
        journal,
        b.an_outbox_item(topic=Topic.PROMPT),
        b.an_outbox_item(topic=Topic.NOTICE),
        b.an_outbox_item(topic=Topic.EXECUTE),
    )
    claimed = await _claimed(journal, Topic.PROMPT, Topic.NOTICE)
    assert {item.topic for item in claimed} == {Topic.PROMPT, Topic.NOTICE}


async def test_a_claim_of_no_topics_takes_nothing(journal: Journal) -> None:
    await _put(journal, b.an_outbox_item())
    assert await journal.claim((), limit=10, hold=SECOND) == []


async def test_the_most_urgent_comes_first(journal: Journal) -> None:
    earlier = NOON - SECOND
    edit = b.an_outbox_item(priority=Priority.EDIT, due_at=earlier)
    prompt = b.an_outbox_item(priority=Priority.PROMPT)
    old_prompt = b.an_outbox_item(priority=Priority.PROMPT, due_at=earlier)
    guard = b.an_outbox_item(priority=Priority.GUARD)
    fill = b.an_outbox_item(priority=Priority.FILL)
    second_fill = b.an_outbox_item(priority=Priority.FILL)
    items = [edit, prompt, old_prompt, guard, second_fill, fill]
    await _put(journal, *items)
    order = [guard, fill, second_fill, old_prompt, prompt, edit]
    assert [item.id for item in await _claimed(journal)] == [item.id for item in order]


async def test_a_claim_takes_no_more_than_its_limit(journal: Journal) -> None:
    items = [b.an_outbox_item() for _ in range(5)]
    await _put(journal, *items)
    claimed = await _claimed(journal, limit=2)
    assert [item.id for item in claimed] == [items[0].id, items[1].id]


async def test_a_claimed_item_says_until_when_and_can_be_saved(stage: Stage) -> None:
    journal, item = stage.journal, b.an_outbox_item()
    await _put(journal, item)
    [claimed] = await _claimed(journal)
    assert claimed == dataclasses.replace(item, claimed_until=NOON + SECOND, version=2)
    assert await journal.get(OutboxItem, item.id) == claimed
    await journal.commit(Save(dataclasses.replace(claimed, done_at=NOON)))
    stage.clock.advance(SECOND)
    assert await _claimed(journal) == []


async def test_a_held_item_is_not_claimed_until_the_hold_ends(stage: Stage) -> None:
    await _put(stage.journal, b.an_outbox_item())
    await _claimed(stage.journal)
    stage.clock.advance(SECOND - timedelta(microseconds=1))
    assert await _claimed(stage.other) == []
    stage.clock.advance(timedelta(microseconds=1))
    assert len(await _claimed(stage.other)) == 1


async def test_who_held_too_long_cannot_save(stage: Stage) -> None:
    await _put(stage.journal, b.an_outbox_item())
    [mine] = await _claimed(stage.journal)
    stage.clock.advance(SECOND)
    await _claimed(stage.other)
    done = dataclasses.replace(mine, done_at=NOON)
    await _is_refused(stage.journal, Conflict, Save(done))


async def test_no_two_claim_the_same(stage: Stage) -> None:
    items = [b.an_outbox_item() for _ in range(40)]
    await _put(stage.journal, *items)
    claims = await asyncio.gather(
        *(
            _claimed(journal, limit=7)
            for _ in range(4)
            for journal in (stage.journal, stage.other)
        )
    )
    claimed = [item.id for items in claims for item in items]
    assert len(claimed) == len(set(claimed))
    assert len(claimed) + len(await _claimed(stage.journal, limit=40)) == 40


# ------------------------------------------------------------------ magic numbers


async def test_magic_numbers_fit_into_53_bits(journal: Journal) -> None:
    assert 2**32 < await journal.next_magic() < 2**53


async def test_magic_numbers_count_up(journal: Journal) -> None:
    first = await journal.next_magic()
    assert await journal.next_magic() == first + 1


async def test_no_two_processes_get_the_same_magic_number(stage: Stage) -> None:
    numbers = await asyncio.gather(
        *(
            journal.next_magic()
            for _ in range(25)
            for journal in (stage.journal, stage.other)
        )
    )
    assert len(set(numbers)) == 50
    assert max(numbers) - min(numbers) == 49


# ------------------------------------------------------------------ leases


async def _take(journal: Journal, holder: str, lasts: timedelta) -> Lease | None:
    return await journal.take_lease("watch", holder=holder, lasts=lasts)


async def test_the_first_to_ask_gets_the_lease(journal: Journal) -> None:
    lease = await _take(journal, "a", SECOND)
    assert lease is not None
    assert (lease.id, lease.holder, lease.epoch) == ("watch", "a", 1)
    assert await journal.get(Lease, "watch") == lease


async def test_the_holder_renews_under_the_same_epoch(stage: Stage) -> None:
    first = await _take(stage.journal, "a", SECOND)
    stage.clock.advance(timedelta(milliseconds=500))
    second = await _take(stage.journal, "a", SECOND)
    assert first is not None
    assert second is not None
    assert second.epoch == first.epoch
    assert second.expires_at > first.expires_at


async def test_nobody_else_gets_a_lease_that_is_held(stage: Stage) -> None:
    held = await _take(stage.journal, "a", timedelta(hours=1))
    assert await _take(stage.other, "b", SECOND) is None
    assert await stage.other.get(Lease, "watch") == held


async def test_each_new_holder_gets_a_larger_epoch(stage: Stage) -> None:
    epochs = []
    for holder in ("a", "b", "a", "a"):
        lease = await _take(stage.journal, holder, stage.lease)
        assert lease is not None
        epochs.append(lease.epoch)
        await stage.outlast_the_lease()
    assert epochs == [1, 2, 3, 3]


async def test_leases_of_other_names_are_free(journal: Journal) -> None:
    assert await journal.take_lease("one", holder="a", lasts=SECOND)
    assert await journal.take_lease("two", holder="b", lasts=SECOND)


async def test_of_many_that_ask_at_once_one_gets_it(stage: Stage) -> None:
    taken = await asyncio.gather(
        *(
            _take(journal, f"{number}", timedelta(hours=1))
            for number, journal in enumerate((stage.journal, stage.other) * 4)
        )
    )
    assert sum(lease is not None for lease in taken) == 1


# ------------------------------------------------------------------ many at once


async def _succeeds(commit: Awaitable[None]) -> bool:
    try:
        await commit
    except Conflict:
        return False
    return True


async def test_of_two_who_read_the_same_version_one_writes(stage: Stage) -> None:
    await stage.journal.commit(Insert(b.a_user()))
    commits = [
        journal.commit(Save(b.a_user(name=name)))
        for name, journal in (("Bob", stage.journal), ("Eve", stage.other))
    ]
    outcomes = await asyncio.gather(*map(_succeeds, commits))
    assert sorted(outcomes) == [False, True]


async def test_five_who_add_one_ten_times_add_fifty(stage: Stage) -> None:
    await b.furnish(stage.journal)

    async def add_one(journal: Journal) -> bool:
        guard = await journal.get(GuardState, b.ACCOUNT)
        assert guard is not None
        more = dataclasses.replace(guard, flat_readings=guard.flat_readings + 1)
        return await _succeeds(journal.commit(Save(more)))

    async def add_ten(journal: Journal) -> None:
        added = 0
        while added < 10:
            added += await add_one(journal)

    two = (stage.journal, stage.other)
    await asyncio.gather(*(add_ten(journal) for journal in (*two, *two, two[0])))
    guard = await stage.journal.get(GuardState, b.ACCOUNT)
    assert guard is not None
    assert (guard.flat_readings, guard.version) == (50, 51)


async def test_only_one_acts_on_what_both_expect(stage: Stage) -> None:
    """The expected row is locked, so the second sees what the first wrote."""
    await b.furnish(stage.journal)
    commits = [
        journal.commit(
            Expect(Account, b.ACCOUNT, {"enabled": True}),
            Save(b.an_account(enabled=False)),
            Insert(b.a_signal()),
        )
        for journal in (stage.journal, stage.other) * 3
    ]
    outcomes = await asyncio.gather(*map(_succeeds, commits))
    assert sum(outcomes) == 1
    assert await stage.journal.count(Signal) == 1


async def test_no_status_is_derived_from_half_of_what_happens(stage: Stage) -> None:
    signals = [_proposed() for _ in range(10)]
    pairs = [
        [b.a_prompt(signal_id=signal.id, attempt=number) for number in (1, 2)]
        for signal in signals
    ]
    rows = [prompt for pair in pairs for prompt in pair]
    await b.furnish(stage.journal, *signals, *rows)
    for pair in pairs:
        rejected = [dataclasses.replace(p, state=PromptState.REJECTED) for p in pair]
        await asyncio.gather(
            stage.journal.commit(Save(rejected[0])),
            stage.other.commit(Save(rejected[1])),
        )
    assert await stage.journal.count(Signal, status=SignalStatus.REJECTED) == 10


async def test_a_cancelled_commit_is_whole_or_absent(stage: Stage) -> None:
    await b.furnish(stage.journal)
    signals = [b.a_signal() for _ in range(60)]
    cut = 0
    for number, signal in enumerate(signals):
        task = asyncio.Task(stage.journal.commit(*_intake(signal)))
        await asyncio.wait({task}, timeout=number * 0.0001)
        cut += task.cancel()
        await asyncio.wait({task})
    await stage.journal.commit(Insert(_user(2)))
    await stage.settle()
    stored = {row.id for row in await stage.other.find(Signal)}
    told = {item.subject for item in await stage.other.find(OutboxItem)}
    recorded = {entry.action for entry in await stage.other.find(AuditEntry)}
    assert stored == told
    assert recorded == {s.external_id for s in signals if s.id in stored}
    assert await stage.other.verify_audit() == len(stored)
    assert cut or stage.journal is stage.other


async def test_after_cancelled_reads_the_journal_still_answers(stage: Stage) -> None:
    await b.furnish(stage.journal)
    for number in range(30):
        task = asyncio.Task(stage.journal.find(User))
        await asyncio.wait({task}, timeout=number * 0.0001)
        task.cancel()
    assert await stage.journal.count(User) == 1
    await stage.settle()

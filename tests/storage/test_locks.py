"""Who waits for whom on PostgreSQL, where many write at once."""

import asyncio
from datetime import timedelta

import pytest

from core.accounts import Account
from core.errors import Conflict, LeaseLost
from core.ports import Expect, Fence, Insert, Save
from core.signals import Signal
from core.users import User
from storage.journal import SqlJournal
from tests import builders as b
from tests.databases import connect, somebody_waits

pytestmark = pytest.mark.postgres


async def test_a_row_that_changes_while_we_wait_for_it_is_a_conflict(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    with connect(server) as other:
        with other.transaction():
            other.execute("UPDATE users SET version = 2, name = 'first'")
            commit = asyncio.Task(postgres.commit(Save(b.a_user(name="second"))))
            await somebody_waits(server)
        with pytest.raises(Conflict):
            await commit
    assert await postgres.count(User, name="first") == 1


async def test_an_expectation_waits_for_who_is_changing_the_row(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    enabled = Expect(Account, b.ACCOUNT, {"enabled": True})
    with connect(server) as other:
        with other.transaction():
            other.execute("UPDATE accounts SET enabled = false")
            commit = asyncio.Task(postgres.commit(enabled, Insert(b.a_signal())))
            await somebody_waits(server)
        with pytest.raises(Conflict):
            await commit
    assert await postgres.count(Signal) == 0


async def test_who_changes_an_expected_row_waits_for_who_expects_it(
    postgres: SqlJournal, server: str
) -> None:
    """The account's row is held until the commit that waits elsewhere is done."""
    await b.furnish(postgres)
    enabled = Expect(Account, b.ACCOUNT, {"enabled": True})
    with connect(server) as other, connect(server) as third:
        with other.transaction():
            other.execute("SELECT 1 FROM users FOR UPDATE")
            commit = asyncio.Task(
                postgres.commit(enabled, Save(b.a_user(name="expected")))
            )
            await somebody_waits(server)
            held = third.execute("SELECT 1 FROM accounts FOR UPDATE SKIP LOCKED")
            assert held.fetchall() == []
        await commit


async def test_an_expectation_does_not_wait_for_rows_that_refer_to_it(
    postgres: SqlJournal, server: str
) -> None:
    await b.furnish(postgres)
    with connect(server) as other, other.transaction():
        other.execute(
            "INSERT INTO memberships "
            "(id, user_id, account_id, role, warned, created_at, version) "
            "VALUES ('M', 1, 'demo', 'viewer', false, now(), 1)"
        )
        await postgres.commit(Expect(Account, b.ACCOUNT, {}))


async def test_a_fence_waits_for_who_is_taking_the_lease(
    postgres: SqlJournal, server: str
) -> None:
    lease = await postgres.take_lease(
        "watch", holder="a", lasts=timedelta(milliseconds=1)
    )
    assert lease is not None
    with connect(server) as other:
        with other.transaction():
            other.execute("UPDATE leases SET epoch = 2, holder = 'b'")
            commit = asyncio.Task(
                postgres.commit(Insert(b.a_user()), Fence("watch", lease.epoch))
            )
            await somebody_waits(server)
        with pytest.raises(LeaseLost):
            await commit


async def test_two_behind_one_fence_do_not_wait_for_each_other(
    postgres: SqlJournal, server: str
) -> None:
    lease = await postgres.take_lease("watch", holder="a", lasts=timedelta(hours=1))
    assert lease is not None
    with connect(server) as other, other.transaction():
        other.execute("SELECT 1 FROM leases FOR SHARE")
        await postgres.commit(Fence("watch", lease.epoch))

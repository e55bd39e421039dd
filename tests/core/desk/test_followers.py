"""Viewers follow on paper: an account of their own that concerns nobody else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.accounts import Account, AccountSource, GuardPhase, GuardState
from core.broker import TradeMode
from core.desk.commanding import InviteWish, invite, managed, panic
from core.desk.erasing import erase
from core.desk.followers import (
    attend,
    count_followers,
    follow,
    may_follow,
    paper_account,
    unfollow,
)
from core.desk.joining import Person, start
from core.desk.membership import remove
from core.desk.parting import leave
from core.desk.people import read_people
from core.desk.telling import admins_of
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import AuditEntry, NoticeKind
from core.orders import Order, OrderState
from core.ports import Delete
from core.prompts import Prompt, PromptState
from core.trades import Trade, TradeState
from core.users import Membership, Role
from tests.builders import ACCOUNT, a_user
from tests.core.desk.world import ADA, BOB, EVE, RULES, World, shared_desk
from tests.fake_broker import FakeBroker

OWEN = UserId(5)


@pytest.fixture
async def world() -> World:
    """A desk with a viewer, Eve, and an owner who is here."""
    world = await shared_desk(owners=frozenset({OWEN}))
    await world.put(a_user(id=OWEN, name="Owen"))
    await start(world.tools, Person(id=OWEN, name="Owen", language="en"), "")
    return world


async def _follow(world: World, user: UserId = EVE) -> AccountId:
    """Follows, and the service has taken the account up."""
    name = await follow(world.tools, user)
    if name not in world.brokers:
        world.brokers[name] = FakeBroker(world.clock)
        world.rules[name] = RULES
    await world.watch(name)
    return name


async def _filled(world: World) -> AccountId:
    """Eve has an open paper trade."""
    name = await _follow(world)
    await world.offered()
    await world.approve(EVE)
    await world.work()
    await world.watch(name)
    return name


# ---------------------------------------------------------------------- following


async def test_a_viewer_gets_a_paper_account_that_is_theirs_alone(world):
    name = await _follow(world)
    account = await world.one(Account, id=name)
    assert name.startswith("paper-")
    assert (account.source, account.mode) == (AccountSource.FOLLOW, TradeMode.PAPER)
    assert (account.person_id, account.currency) == (EVE, "USD")
    assert '"balance": "10000"' in account.settings
    (member,) = await world.journal.find(Membership, account_id=name)
    assert (member.user_id, member.role) == (EVE, Role.APPROVER)
    entry = await world.one(AuditEntry, action="followed")
    assert (entry.actor, entry.subject) == (f"user:{EVE}", f"account:{name}")
    assert await count_followers(world.tools) == 1


async def test_a_follower_is_asked_once_and_a_tap_trades_on_paper(world):
    name = await _follow(world)
    await world.offered()
    (prompt,) = await world.journal.find(Prompt, user_id=EVE)
    assert (prompt.account_id, prompt.viewer) == (name, False)
    assert prompt.lots == Decimal("0.17")
    assert (await world.approve(EVE)).text.startswith("Approved")
    await world.work()
    (order,) = await world.journal.find(Order, account_id=name)
    assert order.state is OrderState.FILLED
    assert await world.journal.count(Trade, account_id=ACCOUNT) == 0


async def test_nobody_else_is_told_of_it_or_manages_it(world):
    name = await _filled(world)
    assert NoticeKind.TRADE_OPENED not in await world.told(ADA, BOB, OWEN)
    await start(world.tools, Person(id=OWEN, name="Owen", language="en"), "")
    assert await world.journal.count(Membership, account_id=name) == 1
    assert [each.id for each in await managed(world.tools, OWEN)] == [ACCOUNT]
    assert await admins_of(world.tools, None) == [OWEN]


async def test_paper_accounts_are_asked_last(world):
    await _follow(world)
    people = await read_people(world.journal)
    assert people.accounts[0].id == ACCOUNT
    assert people.accounts[-1].source is AccountSource.FOLLOW


async def test_a_chart_is_never_that_of_a_paper_account(world):
    name = await _follow(world)
    await world.change(await world.one(Account, id=ACCOUNT), enabled=False)
    await world.offered()
    assert (await world.prompt(EVE)).account_id == name
    assert not world.charts.drawn


async def test_whoever_decides_does_not_follow(world):
    assert await may_follow(world.tools, EVE)
    assert not await may_follow(world.tools, ADA)
    with pytest.raises(Refused, match="Following on paper is for viewers"):
        await follow(world.tools, ADA)
    with pytest.raises(Refused, match="Following on paper is for viewers"):
        await follow(world.tools, UserId(77))


async def test_one_person_has_one_paper_account(world):
    name = await _follow(world)
    with pytest.raises(Refused, match=f"follow on paper already, on {name}"):
        await follow(world.tools, EVE)


async def test_without_a_market_there_is_nothing_to_follow(world):
    await world.change(await world.one(Account), enabled=False)
    with pytest.raises(Refused, match="There is no market here to follow yet"):
        await follow(world.tools, EVE)


async def test_nobody_is_invited_to_a_paper_account(world):
    name = await _follow(world)
    wish = InviteWish(
        role=Role.VIEWER, account_id=name, uses=1, lasts=timedelta(hours=1)
    )
    with pytest.raises(Refused, match=f"There is no account {name}; known: demo"):
        await invite(world.tools, wish, by=None)


# ----------------------------------------------------------------------- stopping


async def test_who_stops_has_nothing_open_and_is_a_viewer_again(world):
    name = await _follow(world)
    prompt = await world.offered()
    prompt = await world.prompt(EVE)
    assert await unfollow(world.tools, EVE) is True
    ended = await world.one(Prompt, id=prompt.id)
    assert ended.state is PromptState.REFUSED
    assert ended.reason == "Following on paper has ended; nothing was ordered."
    assert await world.journal.count(Membership, account_id=name) == 0
    assert not (await world.one(Account, id=name)).enabled
    await world.offered(external_id="next")
    seen = await world.prompt(EVE)
    assert (seen.account_id, seen.viewer) == (ACCOUNT, True)


async def test_what_is_open_is_closed_first_and_told(world):
    name = await _filled(world)
    assert await unfollow(world.tools, EVE) is False
    assert await world.journal.count(Membership, account_id=name) == 1
    await world.pass_by(3, looks=2)
    trade = await world.one(Trade)
    assert trade.state is TradeState.CLOSED
    assert NoticeKind.TRADE_CLOSED in await world.told(EVE)
    assert await attend(world.tools) is True
    assert await world.journal.count(Membership, account_id=name) == 0


async def test_a_broker_that_is_away_is_asked_again(world):
    name = await _filled(world)
    world.brokers[name].down = True
    assert await unfollow(world.tools, EVE) is False
    assert await attend(world.tools) is False
    world.brokers[name].down = False
    assert await attend(world.tools) is False
    await world.pass_by(3, looks=2)
    assert await attend(world.tools) is True


async def test_who_does_not_follow_cannot_stop(world):
    with pytest.raises(Refused, match="You do not follow on paper"):
        await unfollow(world.tools, EVE)
    await _follow(world)
    await unfollow(world.tools, EVE)
    with pytest.raises(Refused, match="You do not follow on paper"):
        await unfollow(world.tools, EVE)


# ------------------------------------------------------------------- coming back


async def test_who_follows_again_has_the_account_of_before(world):
    name = await _follow(world)
    await unfollow(world.tools, EVE)
    assert await _follow(world) == name
    account = await paper_account(world.tools, EVE)
    assert account is not None
    assert account.enabled
    await world.offered()
    assert (await world.prompt(EVE)).account_id == name


async def test_a_guard_that_has_fired_is_armed_again_with_the_follower(world):
    name = await _follow(world)
    await panic(world.tools, name, by=EVE)
    with_guard = [await world.watch(name) for _ in range(4)]
    assert with_guard[-1].guard.phase is GuardPhase.LOCKED
    await world.offered()
    assert "follow again, with /follow" in (await world.prompt(EVE)).reason
    await unfollow(world.tools, EVE)
    await follow(world.tools, EVE)
    guard = await world.guard(name)
    assert (guard.phase, guard.rearmed_by) == (GuardPhase.ARMED, EVE)
    assert guard.rearm_reason == "Followed again."


async def test_while_it_is_being_closed_nobody_follows_again(world):
    name = await _filled(world)
    await unfollow(world.tools, EVE)
    with pytest.raises(Refused, match=f"{name} is still being closed"):
        await follow(world.tools, EVE)


async def test_while_the_guard_closes_nobody_follows_again(world):
    name = await _follow(world)
    await panic(world.tools, name, by=EVE)
    await unfollow(world.tools, EVE)
    with pytest.raises(Refused, match=f"{name} is still being closed"):
        await follow(world.tools, EVE)


async def test_an_account_that_was_never_looked_at_is_followed_again(world):
    name = await follow(world.tools, EVE)
    await unfollow(world.tools, EVE)
    await world.journal.commit(Delete(await world.one(GuardState, id=name)))
    assert await follow(world.tools, EVE) == name


# --------------------------------------------------------------------- being gone


async def test_who_is_removed_follows_no_more_and_may_be_erased(world):
    name = await _filled(world)
    (viewer,) = await world.journal.find(Membership, user_id=EVE, account_id=ACCOUNT)
    await remove(world.tools, viewer.id, by=None)
    assert await attend(world.tools) is False
    assert not (await world.one(Account, id=name)).enabled
    await world.pass_by(3, looks=2)
    assert await attend(world.tools) is True
    assert await world.journal.count(Membership, user_id=EVE) == 0
    await erase(world.tools, EVE, by=None)


async def test_who_leaves_leaves_the_paper_account_too(world):
    name = await _filled(world)
    left = await leave(world.tools, EVE)
    assert set(left.accounts) == {ACCOUNT, name}
    assert left.remains == (f"What is open on {name} is closed: it is paper.",)
    assert await attend(world.tools) is False
    await world.pass_by(3, looks=2)
    assert (await world.one(Trade)).state is TradeState.CLOSED
    assert await attend(world.tools) is True
    account = await world.one(Account, id=name)
    assert (account.enabled, account.person_id) == (False, EVE)


async def test_nothing_is_done_where_nobody_follows(world):
    assert await attend(world.tools) is True


async def test_who_follows_goes_on_following(world):
    name = await _follow(world)
    assert await attend(world.tools) is True
    assert (await world.one(Account, id=name)).enabled


async def test_two_taps_stop_once(world):
    await _follow(world)
    world.journal.before_writing(Account, lambda: unfollow(world.tools, EVE))
    assert await unfollow(world.tools, EVE) is True
    assert await world.journal.count(AuditEntry, action="unfollowed") == 1

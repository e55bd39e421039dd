"""Accounts: configured, added at the command line, assigned, disabled and enabled."""

import pytest

from core.accounts import (
    Account,
    AccountKind,
    AccountSource,
    BrokerKind,
    GuardPhase,
    GuardState,
)
from core.broker import TradeMode
from core.desk.accounts import AccountPlan, keep_accounts, refuse_forsaken
from core.desk.assigning import (
    add_account,
    assign,
    disable_account,
    enable_account,
)
from core.desk.joining import Person, start
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.prompts import Prompt, PromptState
from core.users import JoinRequest, Membership, RequestState, Role
from tests.builders import ACCOUNT, a_join_request, a_user
from tests.core.desk.world import ADA, BOB, EVE, World, own_desk, shared_desk

OWEN = UserId(5)
NEW = AccountId("new")
PLAN = AccountPlan(
    id=ACCOUNT,
    broker=BrokerKind.PAPER,
    kind=AccountKind.OWN,
    mode=TradeMode.PAPER,
    currency="USD",
)
ADDED = AccountPlan(
    id=NEW,
    broker=BrokerKind.PAPER,
    kind=AccountKind.OWN,
    mode=TradeMode.PAPER,
    currency="EUR",
    source=AccountSource.ADDED,
    settings='{"balance": "500"}',
)


# ----------------------------------------------------------------------- accounts


async def test_a_planned_account_is_made_with_a_blind_guard():
    world = World()
    await keep_accounts(world.tools, [PLAN])
    account, guard = await world.one(Account), await world.one(GuardState)
    assert (account.id, account.enabled, account.person_id) == (ACCOUNT, True, None)
    assert (guard.id, guard.phase) == (ACCOUNT, GuardPhase.BLIND)


async def test_a_changed_plan_is_taken_over_and_keeps_the_person():
    world = await own_desk()
    await keep_accounts(
        world.tools,
        [AccountPlan(**{**_fields(PLAN), "mode": TradeMode.DEMO, "currency": "EUR"})],
    )
    account = await world.one(Account)
    assert (account.mode, account.currency, account.person_id) == (
        TradeMode.DEMO,
        "EUR",
        ADA,
    )


def _fields(plan: AccountPlan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


async def test_an_unchanged_plan_writes_nothing():
    world = await own_desk()
    version = (await world.one(Account)).version
    await keep_accounts(world.tools, [PLAN])
    assert (await world.one(Account)).version == version


async def test_an_account_with_something_open_is_missed_in_the_configuration():
    world = await own_desk()
    await world.filled()
    await refuse_forsaken(world.tools, [PLAN])
    with pytest.raises(Refused, match=r"\[accounts.demo\] is missing") as caught:
        await refuse_forsaken(world.tools, [])
    assert "open trades (1)" in caught.value.reason


async def test_an_account_with_an_order_in_doubt_is_missed_too():
    world = await own_desk()
    await world.offered()
    await world.approve()
    with pytest.raises(Refused, match=r"end is not known \(1\)"):
        await refuse_forsaken(world.tools, [])


async def test_an_account_that_has_nothing_left_may_go():
    world = await own_desk()
    await refuse_forsaken(world.tools, [])


# -------------------------------------------------------------------------- added


async def _with_owner() -> World:
    """Ada's own account, and an owner who is here already."""
    world = await own_desk(owners=frozenset({OWEN, UserId(99)}))
    await world.put(a_user(id=OWEN, name="Owen"))
    await start(world.tools, Person(id=OWEN, name="Owen", language="en"), "")
    return world


async def _sentences(world: World, user: UserId, kind: NoticeKind) -> list[str]:
    items = await world.journal.find(OutboxItem, user_id=user, notice=kind)
    return [each.detail for each in items]


async def test_an_added_account_keeps_its_settings_and_has_a_guard():
    world = await own_desk()
    await add_account(world.tools, ADDED)
    account = await world.one(Account, id=NEW)
    assert (account.source, account.settings) == (AccountSource.ADDED, ADDED.settings)
    assert (account.currency, account.person_id, account.enabled) == ("EUR", None, True)
    assert (await world.guard(NEW)).phase is GuardPhase.BLIND
    entry = await world.one(AuditEntry, action="account_added")
    assert (entry.actor, entry.subject) == ("cli", "account:new")


async def test_owners_own_an_added_account_at_once_and_admins_are_told():
    world = await _with_owner()
    await add_account(world.tools, ADDED)
    (member,) = await world.journal.find(Membership, account_id=NEW)
    assert (member.user_id, member.role) == (OWEN, Role.OWNER)
    assert (await world.one(Account, id=NEW)).person_id is None
    told = await _sentences(world, OWEN, NoticeKind.ADMIN_DID)
    assert told == ["The account new was added: own, paper."]


async def test_an_owner_who_comes_later_does_not_take_an_added_account():
    world = await own_desk(owners=frozenset({OWEN}))
    await add_account(world.tools, ADDED)
    await start(world.tools, Person(id=OWEN, name="Owen", language="en"), "")
    (member,) = await world.journal.find(Membership, account_id=NEW)
    assert member.role is Role.OWNER
    assert (await world.one(Account, id=NEW)).person_id is None


async def test_no_two_accounts_have_one_name():
    world = await own_desk()
    with pytest.raises(Refused, match="There is an account demo already"):
        await add_account(world.tools, PLAN)


async def test_the_configuration_cannot_take_the_name_of_an_added_account():
    world = await own_desk()
    await add_account(world.tools, ADDED)
    plan = AccountPlan(**{**_fields(PLAN), "id": NEW})
    with pytest.raises(Refused, match=r"^\[accounts.new\] stands in the configuration"):
        await keep_accounts(world.tools, [plan])


async def test_an_added_account_is_not_missed_in_the_configuration():
    world = await own_desk()
    await world.change(await world.one(Account), source=AccountSource.ADDED)
    await world.filled()
    await refuse_forsaken(world.tools, [])


# ----------------------------------------------------------------------- assigned


async def test_somebody_assigned_is_the_person_and_is_told_and_asked_to_agree():
    world = await own_desk()
    await add_account(world.tools, ADDED)
    await world.put(a_user(id=BOB, name="Bob", consented_at=None, consent_version=""))
    await world.put(a_join_request(id=BOB))
    assert await assign(world.tools, NEW, BOB, Role.APPROVER) is True
    assert (await world.one(Account, id=NEW)).person_id == BOB
    (member,) = await world.journal.find(Membership, account_id=NEW)
    assert (member.user_id, member.role) == (BOB, Role.APPROVER)
    assert await world.told(BOB) == [NoticeKind.MEMBERSHIP, NoticeKind.TERMS]
    assert (await world.one(JoinRequest)).state is RequestState.ACCEPTED


async def test_who_agreed_to_the_terms_is_not_asked_again():
    world = await own_desk()
    await add_account(world.tools, ADDED)
    await assign(world.tools, NEW, ADA, Role.APPROVER)
    assert await world.told(ADA) == [NoticeKind.MEMBERSHIP]


async def test_a_member_assigned_again_gets_the_other_role():
    world = await shared_desk()
    assert await assign(world.tools, ACCOUNT, EVE, Role.VIEWER) is False
    assert await assign(world.tools, ACCOUNT, EVE, Role.APPROVER) is True
    assert (await world.one(Membership, user_id=EVE)).role is Role.APPROVER


async def test_an_own_account_has_one_person():
    world = await own_desk()
    await world.put(a_user(id=BOB, name="Bob"))
    with pytest.raises(Refused, match="own account and has its person"):
        await assign(world.tools, ACCOUNT, BOB, Role.APPROVER)
    assert await assign(world.tools, ACCOUNT, BOB, Role.VIEWER) is True


async def test_who_never_wrote_to_the_bot_cannot_be_assigned():
    world = await own_desk()
    with pytest.raises(Refused, match="Nobody with the id 77 has ever written"):
        await assign(world.tools, ACCOUNT, UserId(77), Role.APPROVER)


async def test_an_account_that_is_not_there_names_those_that_are():
    world = await own_desk()
    with pytest.raises(Refused, match="There is no account nope; known: demo"):
        await assign(world.tools, AccountId("nope"), ADA, Role.APPROVER)


async def test_an_owner_becomes_the_person_only_when_assigned():
    world = await _with_owner()
    await add_account(world.tools, ADDED)
    await world.put(a_user(id=BOB, name="Bob"))
    await assign(world.tools, NEW, BOB, Role.VIEWER)
    assert await assign(world.tools, NEW, OWEN, Role.APPROVER) is True
    assert (await world.one(Account, id=NEW)).person_id == OWEN
    assert await assign(world.tools, NEW, OWEN, Role.APPROVER) is False
    entry = await world.one(AuditEntry, action="account_assigned")
    assert entry.subject == "account:new"


async def test_an_owner_does_not_push_the_person_out():
    world = await _with_owner()
    with pytest.raises(Refused, match="own account and has its person"):
        await assign(world.tools, ACCOUNT, OWEN, Role.APPROVER)


# --------------------------------------------------------- disabled and enabled


async def test_a_disabled_account_asks_nobody_and_its_prompts_are_over():
    world = await own_desk()
    prompt = await world.offered()
    assert await disable_account(world.tools, ACCOUNT) is True
    ended = await world.one(Prompt, id=prompt.id)
    assert ended.state is PromptState.REFUSED
    assert ended.reason == "demo was disabled; nothing was ordered."
    told = await _sentences(world, ADA, NoticeKind.MEMBERSHIP)
    assert told == ["demo was disabled: its signals do not come any more."]
    assert await world.journal.count(AuditEntry, action="account_disabled") == 1
    await world.submit(external_id="another")
    await world.work()
    assert await world.journal.count(Prompt) == 1


async def test_an_account_is_disabled_and_enabled_once():
    world = await own_desk()
    assert await enable_account(world.tools, ACCOUNT) is False
    await disable_account(world.tools, ACCOUNT)
    assert await disable_account(world.tools, ACCOUNT) is False
    assert await enable_account(world.tools, ACCOUNT) is True
    assert (await world.one(Account)).enabled
    told = await _sentences(world, ADA, NoticeKind.MEMBERSHIP)
    assert told[-1] == "demo is enabled again: its signals come again."


async def test_an_account_with_an_open_trade_is_not_disabled():
    world = await own_desk()
    await world.filled()
    with pytest.raises(Refused, match=r"open trades \(1\).*Close them with /closeall"):
        await disable_account(world.tools, ACCOUNT)
    assert (await world.one(Account)).enabled


async def test_an_approval_meanwhile_keeps_the_account_enabled():
    world = await own_desk()
    await world.offered()
    world.journal.before_writing(Account, world.approve)
    with pytest.raises(Refused, match=r"end is not known \(1\)"):
        await disable_account(world.tools, ACCOUNT)

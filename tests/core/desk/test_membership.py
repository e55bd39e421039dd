from datetime import timedelta

import pytest

from core.accounts import Account, AccountKind
from core.desk.membership import remove, set_role, set_until
from core.desk.tools import by_user
from core.errors import Refused
from core.ids import UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.prompts import UNDECIDED, Prompt, PromptState
from core.users import Membership, Role
from tests.builders import ACCOUNT, a_trade
from tests.core.desk.world import ADA, BOB, DESK, EVE, World, own_desk, shared_desk
from tests.fakes import NOON

ANN, BEN, OWEN = UserId(21), UserId(22), UserId(23)
SOON = NOON + timedelta(days=30)


async def desk() -> World:
    """Ada and Bob decide, Eve looks on, Ann and Ben administer, Owen owns."""
    world = await shared_desk()
    await world.person(ANN, Role.ADMIN, name="Ann")
    await world.person(BEN, Role.ADMIN, name="Ben")
    await world.person(OWEN, Role.OWNER, name="Owen")
    return world


async def part(world: World, user: UserId) -> Membership:
    return await world.one(Membership, user_id=user)


async def said(world: World, user: UserId) -> list[str]:
    found = await world.journal.find(OutboxItem, user_id=user)
    return [each.detail for each in found if each.notice]


CHANGES = [
    lambda world, row, by: set_role(world.tools, row.id, Role.ADMIN, by=by),
    lambda world, row, by: set_until(world.tools, row.id, SOON, by=by),
    lambda world, row, by: remove(world.tools, row.id, by=by),
]
EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=["role", "until", "out"])


# ------------------------------------------------------------------- who may do it


@EVERY_CHANGE
@pytest.mark.parametrize("by", [ADA, EVE, UserId(66)])
async def test_only_the_accounts_admins_change_a_member(change, by):
    world = await desk()
    before = await part(world, BOB)
    with pytest.raises(Refused, match="You do not administer demo"):
        await change(world, before, by)
    assert await part(world, BOB) == before


@EVERY_CHANGE
async def test_an_admin_of_another_account_changes_nobody_here(change):
    world = await desk()
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.member(ADA, Role.ADMIN, account=DESK)
    with pytest.raises(Refused, match="You do not administer demo"):
        await change(world, await part(world, BOB), ADA)


@EVERY_CHANGE
@pytest.mark.parametrize("by", [ANN, OWEN, None])
async def test_an_owner_is_changed_in_the_configuration_only(change, by):
    world = await desk()
    before = await part(world, OWEN)
    with pytest.raises(Refused, match="stands in the configuration"):
        await change(world, before, by)
    assert await part(world, OWEN) == before


@EVERY_CHANGE
async def test_nobody_changes_their_own_part(change):
    world = await desk()
    before = await part(world, ANN)
    with pytest.raises(Refused, match=r"Nobody|send /stop"):
        await change(world, before, ANN)
    assert await part(world, ANN) == before


@EVERY_CHANGE
async def test_an_admin_whose_own_membership_lapsed_changes_nobody(change):
    world = await desk()
    await world.change(await part(world, ANN), until=NOON)
    with pytest.raises(Refused, match="You do not administer"):
        await change(world, await part(world, BOB), ANN)


@EVERY_CHANGE
async def test_a_membership_that_is_over_cannot_be_changed(change):
    world = await desk()
    gone = await part(world, BOB)
    await remove(world.tools, gone.id, by=ANN)
    with pytest.raises(Refused, match="That membership is over"):
        await change(world, gone, ANN)


@EVERY_CHANGE
async def test_an_admin_who_is_none_any_more_at_that_moment_changes_nobody(change):
    world = await desk()
    ann = await part(world, ANN)
    world.journal.before_writing(
        Membership, lambda: world.change(ann, role=Role.VIEWER)
    )
    with pytest.raises(Refused, match="You do not administer"):
        await change(world, await part(world, BOB), ANN)


# --------------------------------------------------------------------------- roles


@pytest.mark.parametrize(
    ("role", "you", "they"),
    [
        (Role.VIEWER, "a viewer of demo now: others decide", "a viewer"),
        (Role.ADMIN, "an admin of demo now: /help shows", "an admin"),
    ],
)
async def test_a_new_role_is_told_to_the_member_and_to_the_other_admins(
    role, you, they
):
    world = await desk()
    assert await set_role(world.tools, (await part(world, BOB)).id, role, by=ANN)
    assert (await part(world, BOB)).role is role
    assert you in (await said(world, BOB))[-1]
    assert await said(world, BEN) == [f"user:2 is {they} of demo now."]
    assert await said(world, ANN) == []
    entry = await world.one(AuditEntry, action="role_changed")
    assert (entry.actor, entry.subject) == (by_user(ANN), "account:demo")
    assert entry.detail == f'{{"before":"approver","role":"{role}","user":"2"}}'


async def test_a_viewer_may_be_made_an_approver_of_a_desk():
    world = await desk()
    await set_role(world.tools, (await part(world, EVE)).id, Role.APPROVER, by=None)
    assert (await part(world, EVE)).role is Role.APPROVER
    assert (await said(world, EVE))[-1].startswith("You are an approver of demo")
    assert await said(world, ANN) == ["user:3 is an approver of demo now."]


async def test_the_same_role_again_changes_and_tells_nothing():
    world = await desk()
    row = await part(world, BOB)
    assert not await set_role(world.tools, row.id, Role.APPROVER, by=ANN)
    assert await said(world, BOB) == []


async def test_nobody_is_made_an_owner():
    world = await desk()
    row = await part(world, BOB)
    with pytest.raises(Refused, match="named in the configuration"):
        await set_role(world.tools, row.id, Role.OWNER, by=ANN)


async def test_whoever_becomes_a_viewer_is_not_asked_any_more():
    world = await desk()
    await world.offered()
    prompt = await world.prompt(BOB)
    await set_role(world.tools, (await part(world, BOB)).id, Role.VIEWER, by=ANN)
    gone = await world.one(Prompt, id=prompt.id)
    assert (gone.state, gone.reason) == (
        PromptState.REFUSED,
        "You are a viewer of demo now; nothing was ordered.",
    )
    assert await world.redrawn(prompt) == 2
    assert (await world.prompt(ADA)).state in UNDECIDED


async def test_an_own_account_has_one_decider():
    world = await own_desk()
    await world.person(ANN, Role.ADMIN)
    await world.person(EVE, Role.VIEWER)
    row = await part(world, EVE)
    with pytest.raises(Refused, match="on which one person decides"):
        await set_role(world.tools, row.id, Role.APPROVER, by=ANN)


async def test_the_person_of_an_own_account_who_becomes_a_viewer_frees_it():
    world = await own_desk()
    await world.person(ANN, Role.ADMIN)
    await set_role(world.tools, (await part(world, ADA)).id, Role.VIEWER, by=ANN)
    assert (await world.one(Account)).person_id is None


async def test_a_viewer_who_is_raised_takes_a_free_own_account():
    world = World()
    await world.open_account()
    await world.person(EVE, Role.VIEWER)
    await set_role(world.tools, (await part(world, EVE)).id, Role.APPROVER, by=None)
    assert (await world.one(Account)).person_id == EVE


async def test_of_two_raised_at_once_one_gets_the_own_account():
    world = World()
    await world.open_account()
    await world.person(EVE, Role.VIEWER)
    await world.person(BOB, Role.VIEWER)
    bob, eve = await part(world, BOB), await part(world, EVE)
    world.journal.before_writing(
        Account, lambda: set_role(world.tools, bob.id, Role.APPROVER, by=None)
    )
    with pytest.raises(Refused, match="on which one person decides"):
        await set_role(world.tools, eve.id, Role.APPROVER, by=None)
    assert (await world.one(Account)).person_id == BOB


# ------------------------------------------------------------------------ the date


async def test_a_membership_is_given_an_end_and_everybody_concerned_is_told():
    world = await desk()
    await set_until(world.tools, (await part(world, BOB)).id, SOON, by=ANN)
    assert (await part(world, BOB)).until == SOON
    assert await said(world, BOB) == ["Your membership of demo ends on 2026-12-24."]
    assert await said(world, BEN) == [
        "The membership of user:2 in demo ends on 2026-12-24."
    ]
    entry = await world.one(AuditEntry, action="until_set")
    assert entry.detail == '{"until":"2026-12-24T12:00:00+00:00","user":"2"}'


async def test_an_end_is_taken_back_and_will_be_warned_of_anew():
    world = await desk()
    row = await part(world, BOB)
    await world.change(row, until=SOON, warned=True)
    await set_until(world.tools, row.id, None, by=ANN)
    after = await part(world, BOB)
    assert (after.until, after.warned) == (None, False)
    assert await said(world, BOB) == ["Your membership of demo has no end any more."]
    assert await said(world, BEN) == [
        "The membership of user:2 in demo has no end any more."
    ]


async def test_an_end_lies_ahead():
    world = await desk()
    row = await part(world, BOB)
    with pytest.raises(Refused, match="That date is over"):
        await set_until(world.tools, row.id, NOON, by=ANN)


# ------------------------------------------------------------------------- removal


async def test_whoever_is_removed_is_told_and_so_are_the_other_admins():
    world = await desk()
    assert await remove(world.tools, (await part(world, BOB)).id, by=ANN) == ""
    assert await world.journal.count(Membership, user_id=BOB) == 0
    assert await said(world, BOB) == [
        "You were removed from demo: its signals do not reach you any more."
    ]
    assert await said(world, BEN) == ["user:2 was removed from demo."]
    entry = await world.one(AuditEntry, action="member_removed")
    assert (entry.actor, entry.subject) == (by_user(ANN), by_user(BOB))


async def test_what_the_removed_were_asked_ends_and_says_why():
    world = await desk()
    await world.offered()
    await remove(world.tools, (await part(world, BOB)).id, by=ANN)
    prompt = await world.prompt(BOB)
    assert prompt.state is PromptState.REFUSED
    assert prompt.reason == ("You are no member of demo any more; nothing was ordered.")
    assert (await world.prompt(ADA)).state in UNDECIDED


async def test_what_is_open_on_the_own_account_of_the_removed_is_told():
    world = await own_desk()
    await world.person(ANN, Role.ADMIN)
    await world.put(a_trade(), a_trade())
    remains = await remove(world.tools, (await part(world, ADA)).id, by=ANN)
    assert remains.startswith("Open trades on demo: 2, orders under way: 0.")
    assert (await said(world, ADA))[-1] == remains
    assert await world.told(ADA) == [NoticeKind.MEMBERSHIP] * 2
    assert (await world.one(Account, id=ACCOUNT)).person_id is None

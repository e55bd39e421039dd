from dataclasses import replace
from datetime import timedelta

import pytest

from core.accounts import Account
from core.desk.commanding import InviteWish
from core.desk.inviting import MOST_HOURS, MOST_USES, invite_as_admin, usual_role
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import AuditEntry, OutboxItem
from core.users import Invite, Role
from tests.builders import ACCOUNT
from tests.core.desk.world import ADA, EVE, World, own_desk, shared_desk

ANN, BEN = UserId(21), UserId(22)
WISH = InviteWish(
    role=Role.APPROVER, account_id=ACCOUNT, uses=3, lasts=timedelta(hours=2)
)


async def desk() -> World:
    world = await shared_desk()
    await world.person(ANN, Role.ADMIN, name="Ann")
    await world.person(BEN, Role.ADMIN, name="Ben")
    return world


async def test_an_admin_invites_and_the_other_admins_are_told():
    world = await desk()
    token = await invite_as_admin(world.tools, WISH, by=ANN)
    made = await world.one(Invite)
    assert (made.created_by, made.uses, made.uses_left) == (ANN, 3, 3)
    assert token not in repr(made)
    (told,) = await world.journal.find(OutboxItem)
    assert (told.user_id, told.detail) == (
        BEN,
        "An invite to demo was made: approver, uses 3.",
    )
    assert (await world.one(AuditEntry, action="invited")).actor == "user:21"


@pytest.mark.parametrize("by", [ADA, EVE, UserId(66)])
async def test_nobody_else_invites(by):
    world = await desk()
    with pytest.raises(Refused, match="You do not administer demo"):
        await invite_as_admin(world.tools, WISH, by=by)
    assert await world.journal.count(Invite) == 0


async def test_an_admin_invites_into_accounts_that_are_theirs():
    world = await desk()
    wish = replace(WISH, account_id=AccountId("other"))
    with pytest.raises(Refused, match="You do not administer other"):
        await invite_as_admin(world.tools, wish, by=ANN)


async def test_nobody_invites_an_owner():
    world = await desk()
    wish = replace(WISH, role=Role.OWNER)
    with pytest.raises(Refused, match="Owners are named in the configuration"):
        await invite_as_admin(world.tools, wish, by=ANN)


async def test_an_own_account_that_has_its_person_takes_viewers_only():
    world = await own_desk()
    await world.person(ANN, Role.ADMIN)
    with pytest.raises(Refused, match="Invite a viewer: /invite viewer demo"):
        await invite_as_admin(world.tools, WISH, by=ANN)
    await invite_as_admin(world.tools, replace(WISH, role=Role.VIEWER), by=ANN)
    assert usual_role(await world.one(Account)) is Role.VIEWER


async def test_a_desk_mostly_gets_approvers():
    world = await desk()
    assert usual_role(await world.one(Account)) is Role.APPROVER


@pytest.mark.parametrize(
    ("uses", "hours"),
    [(0, 1), (MOST_USES + 1, 1), (1, 0), (1, MOST_HOURS + 1)],
)
async def test_an_invite_is_for_so_many_and_so_long_at_most(uses, hours):
    world = await desk()
    wish = replace(WISH, uses=uses, lasts=timedelta(hours=hours))
    with pytest.raises(Refused, match=f"1 to {MOST_USES} people"):
        await invite_as_admin(world.tools, wish, by=ANN)

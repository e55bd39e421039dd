from core.desk.telling import tell_admins
from core.desk.tools import by_user
from core.messages import NoticeKind, OutboxItem
from core.users import Role
from tests.builders import ACCOUNT
from tests.core.desk.world import ADA, BOB, DESK, EVE, World, shared_desk
from tests.fakes import NOON

SAID = "An invite to demo was made."


async def told(world: World, accounts, by) -> list[tuple[int | None, str]]:
    writes = await tell_admins(world.tools, accounts, by=by, sentence=SAID)
    await world.journal.commit(*writes)
    found = await world.journal.find(OutboxItem, notice=NoticeKind.ADMIN_DID)
    assert {each.detail for each in found} <= {SAID}
    return [(each.user_id, each.subject) for each in found]


async def two_admins() -> World:
    world = await shared_desk()
    for row in await world.journal.find(type(await a_member(world, ADA))):
        if row.user_id in (ADA, BOB):
            await world.change(row, role=Role.ADMIN)
    return world


async def a_member(world: World, user):
    (row,) = await world.tools.members(user_id=user)
    return row


async def test_the_other_admins_are_told_and_who_did_it_is_not():
    world = await two_admins()
    assert await told(world, [ACCOUNT], ADA) == [(BOB, by_user(ADA))]


async def test_what_is_done_at_the_command_line_is_told_to_all_admins():
    world = await two_admins()
    assert await told(world, [ACCOUNT], None) == [(ADA, "cli"), (BOB, "cli")]


async def test_an_admin_of_several_accounts_is_told_once():
    world = await two_admins()
    await world.open_account(id=DESK)
    await world.member(BOB, Role.ADMIN, account=DESK)
    assert await told(world, [ACCOUNT, DESK], ADA) == [(BOB, by_user(ADA))]


async def test_what_concerns_everything_is_told_to_the_admins_of_any_account():
    world = await shared_desk()
    await world.open_account(id=DESK)
    await world.member(EVE, Role.ADMIN, account=DESK)
    assert await told(world, None, ADA) == [(EVE, by_user(ADA))]


async def test_the_admins_of_other_accounts_are_not_told():
    world = await shared_desk()
    await world.open_account(id=DESK)
    await world.member(EVE, Role.ADMIN, account=DESK)
    assert await told(world, [ACCOUNT], ADA) == []


async def test_an_admin_whose_membership_has_lapsed_is_not_told():
    world = await two_admins()
    await world.change(await a_member(world, BOB), until=NOON)
    assert await told(world, [ACCOUNT], ADA) == []

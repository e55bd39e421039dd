from datetime import timedelta

from core.accounts import Account
from core.desk.absence import why_out
from core.desk.lapsing import WARN_BEFORE, lapse, lapse_of
from core.desk.membership import set_until
from core.desk.people import read_people
from core.ids import UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.prompts import PromptState
from core.users import Membership, Role
from tests.builders import ACCOUNT, DEMO, a_trade
from tests.core.desk.world import ADA, BOB, EVE, World, own_desk, shared_desk
from tests.fakes import NOON

ANN = UserId(21)
A_WEEK = NOON + timedelta(days=7)


async def desk() -> World:
    """Bob's membership ends in a week; Ann administers."""
    world = await shared_desk()
    await world.person(ANN, Role.ADMIN, name="Ann")
    await world.change(await part(world, BOB), until=A_WEEK)
    return world


async def part(world: World, user: UserId) -> Membership:
    return await world.one(Membership, user_id=user)


async def said(world: World, user: UserId) -> list[str]:
    found = await world.journal.find(OutboxItem, user_id=user)
    return [each.detail for each in found if each.notice]


async def test_nothing_happens_long_before():
    world = await desk()
    assert await lapse(world.tools) == 0
    assert await said(world, BOB) == []


async def test_three_days_before_the_member_and_the_admins_are_warned_once():
    world = await desk()
    world.later(days=4)
    assert await lapse(world.tools) == 0
    assert await lapse(world.tools) == 0
    assert timedelta(days=3) == WARN_BEFORE
    assert await said(world, BOB) == [
        "Your membership of demo ends on 2026-12-01. Ask an admin to renew it."
    ]
    assert await said(world, ANN) == [
        "The membership of user:2 in demo ends on 2026-12-01; /users can renew it."
    ]


async def test_on_its_date_the_membership_ends_and_both_are_told():
    world = await desk()
    world.later(days=7)
    before = await world.journal.people_version()
    assert await lapse(world.tools) == 1
    assert await world.journal.count(Membership, user_id=BOB) == 0
    assert await world.journal.people_version() > before
    assert await said(world, BOB) == [
        "Your membership of demo has ended, on its date. Ask an admin to renew it."
    ]
    assert await said(world, ANN) == [
        "user:2 is no member of demo any more: the date came."
    ]
    entry = await world.one(AuditEntry, action="member_lapsed")
    assert (entry.actor, entry.subject) == ("clock", "user:2")
    assert await lapse(world.tools) == 0


async def test_renewing_starts_the_warning_anew():
    world = await desk()
    world.later(days=4)
    await lapse(world.tools)
    later = A_WEEK + timedelta(days=30)
    await set_until(world.tools, (await part(world, BOB)).id, later, by=ANN)
    world.later(days=30)
    assert await lapse(world.tools) == 0
    warned = [each for each in await said(world, BOB) if "renew" in each]
    assert len(warned) == 2


async def test_a_lapsed_member_decides_nothing_even_before_the_sweep():
    world = await desk()
    world.later(days=7)
    world.clock.advance(timedelta(minutes=-5))
    await world.watch()
    await world.offered()
    prompt = await world.prompt(BOB)
    world.later(minutes=5)
    reply = await world.approve(BOB)
    assert reply.text == (
        "Your membership of demo lapsed on 2026-12-01. Ask an admin to renew it, or "
        "send /start."
    )
    assert reply.alert
    await lapse(world.tools)
    assert (await world.approve(BOB, nonce=prompt.nonce)).text == reply.text


async def test_a_lapsed_member_is_not_reached_by_signals():
    world = await desk()
    people = await read_people(world.journal)
    assert BOB in {each.user.id for each in people.reached(DEMO, "XAUUSD", NOON)}
    assert BOB not in {each.user.id for each in people.reached(DEMO, "XAUUSD", A_WEEK)}


async def test_what_the_member_was_asked_is_over():
    world = await desk()
    await world.change(await part(world, BOB), until=NOON + timedelta(minutes=1))
    await world.offered()
    world.later(minutes=1)
    await lapse(world.tools)
    assert (await world.prompt(BOB)).state is PromptState.REFUSED


async def test_what_stays_open_on_an_own_account_is_told():
    world = await own_desk()
    await world.change(await part(world, ADA), until=NOON)
    await world.put(a_trade())
    await lapse(world.tools)
    assert (await said(world, ADA))[-1].startswith("Open trades on demo: 1")
    assert (await world.one(Account, id=ACCOUNT)).person_id is None


async def test_two_sweeps_at_once_end_it_once():
    world = await desk()
    world.later(days=7)
    world.journal.before_writing(Membership, lambda: lapse(world.tools))
    assert await lapse(world.tools) == 0
    assert await world.journal.count(AuditEntry, action="member_lapsed") == 1


async def test_who_is_renewed_just_now_stays():
    world = await desk()
    world.later(days=7)
    row = await part(world, BOB)
    world.journal.before_writing(Membership, lambda: world.change(row, until=None))
    assert await lapse(world.tools) == 0
    assert (await part(world, BOB)).until is None


async def test_one_persons_memberships_end_when_they_come_back():
    world = await desk()
    world.later(days=7)
    await lapse_of(world.tools, BOB)
    await lapse_of(world.tools, EVE)
    assert await world.journal.count(Membership, user_id=BOB) == 0
    assert (await part(world, EVE)).role is Role.VIEWER
    assert await world.told(BOB) == [NoticeKind.MEMBERSHIP]
    assert await why_out(world.tools, BOB) != ""

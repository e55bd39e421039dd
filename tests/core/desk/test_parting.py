import pytest

from core.accounts import Account, AccountKind
from core.desk.absence import why_out
from core.desk.joining import Person, start
from core.desk.membership import remove
from core.desk.parting import leave
from core.ids import AccountId, UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.orders import OrderState
from core.prompts import UNDECIDED, PromptState
from core.standing import StandingRule
from core.users import EVERY_PROVIDER, Membership, Role, Subscription, User
from tests.builders import (
    ACCOUNT,
    a_membership,
    a_standing_rule,
    a_trade,
    an_order,
)
from tests.core.desk.world import ADA, BOB, DESK, EVE, World, own_desk, shared_desk
from tests.fakes import NOON

ANN = UserId(21)


async def both() -> World:
    """Ada has an account of her own and looks on at a desk, which Ann administers."""
    world = await own_desk()
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await world.member(ADA, Role.VIEWER, account=DESK)
    await world.person(ANN, Role.ADMIN, account=DESK)
    return world


async def test_whoever_leaves_is_a_member_of_nothing_and_hears_nothing():
    world = await both()
    left = await leave(world.tools, ADA)
    assert set(left.accounts) == {ACCOUNT, DESK}
    assert (left.owned, left.remains) == ((), ())
    assert await world.journal.count(Membership, user_id=ADA) == 0
    assert await world.journal.count(Subscription, user_id=ADA) == 0
    assert (await world.one(Account, id=ACCOUNT)).person_id is None


async def test_leaving_is_audited_and_the_admins_of_each_account_are_told():
    world = await both()
    await leave(world.tools, ADA)
    entries = await world.journal.find(AuditEntry, action="member_left")
    assert {each.detail for each in entries} == {
        '{"account":"demo","role":"approver"}',
        '{"account":"desk","role":"viewer"}',
    }
    (told,) = await world.journal.find(OutboxItem, user_id=ANN)
    assert (told.notice, told.detail) == (
        NoticeKind.MEMBERSHIP,
        "user:1 has left desk.",
    )


async def test_an_admin_who_leaves_is_not_told_of_it():
    world = await shared_desk()
    await world.person(ANN, Role.ADMIN)
    await leave(world.tools, ANN)
    assert await world.told(ANN) == []


async def test_open_prompts_end_and_say_why():
    world = await own_desk()
    await world.offered()
    await leave(world.tools, ADA)
    prompt = await world.prompt()
    assert prompt.state is PromptState.REFUSED
    assert "no member of demo any more" in prompt.reason
    assert (await world.approve()).text.startswith("You left demo on 2026-11-24.")


async def test_nothing_is_ordered_any_more_in_the_name_of_whoever_left():
    world = await own_desk()
    await world.put(a_standing_rule(), a_standing_rule(revoked_at=NOON))
    world.later(minutes=1)
    await leave(world.tools, ADA)
    rules = await world.journal.find(StandingRule, order_by="revoked_at")
    assert [each.revoked_at for each in rules] == [NOON, world.clock.now()]
    entry = await world.one(AuditEntry, action="rule_revoked")
    assert entry.detail == '{"account":"demo","provider":"demo"}'


async def test_the_others_of_a_desk_go_on_deciding():
    world = await shared_desk()
    await world.offered()
    await leave(world.tools, ADA)
    assert (await world.prompt(BOB)).state in UNDECIDED
    assert (await world.approve(BOB)).text.startswith("Approved")


async def test_what_stays_open_on_ones_own_account_is_said():
    world = await own_desk()
    await world.put(a_trade(), an_order(state=OrderState.PLACED))
    left = await leave(world.tools, ADA)
    (said,) = left.remains
    assert said == (
        "Open trades on demo: 1, orders under way: 1. They stay as they are, with "
        "their stops and under the guard. To close them, ask an admin, or come back "
        "and send /closeall."
    )


@pytest.mark.parametrize("user", [ADA, EVE])
async def test_what_is_open_on_a_desk_is_not_ones_own(user):
    world = await shared_desk()
    await world.put(a_trade())
    assert (await leave(world.tools, user)).remains == ()


async def test_what_is_open_on_an_own_account_is_not_a_viewers():
    world = await own_desk()
    await world.person(EVE, Role.VIEWER)
    await world.put(a_trade())
    assert (await leave(world.tools, EVE)).remains == ()


async def test_an_owner_stays_one_but_is_not_asked_any_more():
    world = await own_desk(owners=frozenset({ADA}))
    await world.change(await world.one(Membership), role=Role.OWNER)
    await world.offered()
    left = await leave(world.tools, ADA)
    assert (left.accounts, left.owned) == ((), (ACCOUNT,))
    assert await world.journal.count(Membership, user_id=ADA) == 1
    assert await world.journal.count(Subscription, user_id=ADA) == 0
    prompt = await world.prompt()
    assert (prompt.state, prompt.reason) == (
        PromptState.REFUSED,
        "You sent /stop before you decided; nothing was ordered.",
    )


async def test_start_after_stop_turns_signals_on_again():
    world = await own_desk(owners=frozenset({ADA}))
    await world.change(await world.one(Membership), role=Role.OWNER)
    await leave(world.tools, ADA)
    await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    choice = await world.one(Subscription, user_id=ADA)
    assert (choice.provider, choice.enabled) == (EVERY_PROVIDER, True)


async def test_leaving_twice_changes_nothing_more():
    world = await own_desk()
    await leave(world.tools, ADA)
    entries = await world.journal.count(AuditEntry)
    left = await leave(world.tools, ADA)
    assert (left.accounts, left.remains) == ((), ())
    assert await world.journal.count(AuditEntry) == entries


async def test_whoever_is_removed_while_leaving_has_left_once():
    world = await own_desk()
    row = await world.one(Membership)
    world.journal.before_writing(
        Membership, lambda: remove(world.tools, row.id, by=None)
    )
    await leave(world.tools, ADA)
    assert await world.journal.count(AuditEntry, action="member_left") == 0
    assert await world.journal.count(Membership) == 0


async def test_a_version_of_people_tells_that_somebody_left():
    world = await own_desk()
    before = await world.journal.people_version()
    await leave(world.tools, ADA)
    assert await world.journal.people_version() > before


# ------------------------------------------------------------------ why one is out


async def test_who_was_never_in_is_told_nothing_special():
    world = await own_desk()
    assert await why_out(world.tools, BOB) == ""
    assert await why_out(world.tools, BOB, ACCOUNT) == ""


async def test_who_left_reads_how_to_come_back():
    world = await both()
    await leave(world.tools, ADA)
    assert await why_out(world.tools, ADA, DESK) == (
        "You left desk on 2026-11-24. To come back, ask an admin for an invite, or "
        "send /start."
    )


async def test_who_was_removed_reads_it():
    world = await shared_desk()
    row = await world.one(Membership, user_id=BOB)
    await remove(world.tools, row.id, by=None)
    said = "You were removed from demo on 2026-11-24. Ask an admin if you should be in."
    assert await why_out(world.tools, BOB) == said
    assert await why_out(world.tools, BOB, ACCOUNT) == said
    assert await why_out(world.tools, BOB, AccountId("other")) == ""


async def test_what_happened_last_counts():
    world = await shared_desk()
    await leave(world.tools, BOB)
    world.later(days=1)
    await world.put(a_membership(user_id=BOB))
    await remove(world.tools, (await world.one(Membership, user_id=BOB)).id, by=None)
    assert "removed from demo on 2026-11-25" in await why_out(world.tools, BOB)


async def test_who_lapsed_reads_it_before_and_after_the_row_is_swept():
    world = await shared_desk()
    await world.change(await world.one(Membership, user_id=BOB), until=NOON)
    said = (
        "Your membership of demo lapsed on 2026-11-24. Ask an admin to renew it, or "
        "send /start."
    )
    assert await why_out(world.tools, BOB, ACCOUNT) == said
    assert await why_out(world.tools, BOB) == said
    assert await why_out(world.tools, BOB, DESK) == ""


async def test_a_membership_in_force_is_no_reason():
    world = await shared_desk()
    assert await why_out(world.tools, BOB, ACCOUNT) == ""
    assert (await world.one(User, id=BOB)).name == "Bob"

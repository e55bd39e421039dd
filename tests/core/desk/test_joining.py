from datetime import timedelta

import pytest

from core.accounts import Account, AccountKind
from core.desk.commanding import InviteWish, invite
from core.desk.joining import (
    Entry,
    Person,
    agree,
    mark_blocked,
    start,
    terms_for,
)
from core.desk.owning import retire_owners
from core.desk.tools import Consent
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import AuditEntry, NoticeKind
from core.ports import Record
from core.standing import StandingRule
from core.users import (
    EVERY_PROVIDER,
    Invite,
    Membership,
    Role,
    Subscription,
    User,
)
from tests.builders import ACCOUNT, a_standing_rule, a_subscription, a_user
from tests.core.desk.world import ADA, BOB, DESK, World, own_desk
from tests.fakes import NOON

GRACE = Person(id=UserId(9), name="Grace", language="de")


async def empty(*, kind: AccountKind = AccountKind.OWN, **choices) -> World:
    """An account that nobody has joined."""
    world = World(**choices)
    await world.open_account(kind=kind)
    return world


async def token(world: World, role: Role = Role.APPROVER, **over) -> str:
    wish = {"role": role, "account_id": ACCOUNT, "uses": 1, "lasts": timedelta(hours=1)}
    return await invite(world.tools, InviteWish(**wish | over), by=None)


# ---------------------------------------------------------------------- strangers


async def test_without_an_invite_nobody_gets_in():
    world = await empty()
    welcome = await start(world.tools, GRACE, "")
    assert (welcome.entry, welcome.memberships) == (Entry.STRANGER, ())
    assert not welcome.consent_needed


async def test_a_stranger_is_remembered_with_name_and_language():
    world = await empty()
    await start(world.tools, GRACE, "")
    user = await world.one(User)
    assert (user.id, user.name, user.language) == (9, "Grace", "de")


async def test_a_new_name_is_taken_over():
    world = await own_desk()
    await start(world.tools, Person(id=ADA, name="Countess", language="en"), "")
    assert (await world.one(User)).name == "Countess"


async def test_who_blocked_the_bot_and_comes_back_is_reached_again():
    world = await own_desk()
    await world.change(await world.one(User), blocked_at=NOON)
    await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    assert (await world.one(User)).blocked_at is None


async def test_a_member_who_starts_again_is_known():
    world = await own_desk()
    welcome = await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    assert (welcome.entry, len(welcome.memberships)) == (Entry.KNOWN, 1)
    assert not welcome.consent_needed


# ------------------------------------------------------------------------ invites


async def test_a_good_invite_makes_a_member_who_has_to_agree():
    world = await empty()
    welcome = await start(world.tools, GRACE, await token(world))
    membership = await world.one(Membership)
    assert (welcome.entry, welcome.consent_needed) == (Entry.JOINED, True)
    assert welcome.memberships == (membership,)
    assert (membership.user_id, membership.role) == (9, Role.APPROVER)


async def test_joining_is_audited_with_role_and_inviter():
    world = await own_desk()
    await world.change(await world.one(Membership, user_id=ADA), role=Role.ADMIN)
    wish = InviteWish(
        role=Role.VIEWER, account_id=ACCOUNT, uses=1, lasts=timedelta(hours=1)
    )
    key = await invite(world.tools, wish, by=ADA)
    await start(world.tools, GRACE, key)
    entry = await world.one(AuditEntry, action="joined")
    assert entry.actor == "user:9"
    assert entry.detail == '{"invited_by":"1","role":"viewer"}'


async def test_only_the_hash_of_an_invite_is_kept():
    world = await empty()
    key = await token(world)
    assert key not in repr(await world.one(Invite))


async def test_the_first_decider_becomes_the_person_of_an_own_account():
    world = await empty()
    await start(world.tools, GRACE, await token(world))
    assert (await world.one(Account)).person_id == 9


async def test_a_viewer_does_not_become_the_person():
    world = await empty()
    await start(world.tools, GRACE, await token(world, Role.VIEWER))
    assert (await world.one(Account)).person_id is None


async def test_a_desk_has_no_person():
    world = await empty(kind=AccountKind.DESK)
    await start(world.tools, GRACE, await token(world))
    assert (await world.one(Account)).person_id is None


async def test_a_second_decider_is_not_let_into_an_own_account():
    world = await own_desk()
    with pytest.raises(Refused, match="belongs to one person already"):
        await start(world.tools, GRACE, await token(world))
    assert (await world.one(Invite)).uses_left == 1


async def test_a_viewer_is_let_into_somebody_elses_own_account():
    world = await own_desk()
    welcome = await start(world.tools, GRACE, await token(world, Role.VIEWER))
    assert welcome.entry is Entry.JOINED


async def test_an_invite_can_be_used_as_often_as_it_says():
    world = await empty(kind=AccountKind.DESK)
    key = await token(world, uses=2)
    entries = [
        (await start(world.tools, Person(id=UserId(n), name="N", language=""), key))
        for n in (11, 12, 13)
    ]
    assert [each.entry for each in entries] == [
        Entry.JOINED,
        Entry.JOINED,
        Entry.BAD_INVITE,
    ]


async def test_an_invite_is_over_after_its_time():
    world = await empty()
    key = await token(world)
    world.later(hours=1)
    assert (await start(world.tools, GRACE, key)).entry is Entry.BAD_INVITE


async def test_a_made_up_invite_is_bad():
    world = await empty()
    assert (await start(world.tools, GRACE, "guess")).entry is Entry.BAD_INVITE


async def test_a_member_does_not_use_up_an_invite():
    world = await own_desk()
    key = await token(world)
    ada = Person(id=ADA, name="Ada", language="en")
    assert (await start(world.tools, ada, key)).entry is Entry.KNOWN
    assert (await world.one(Invite)).uses_left == 1


async def test_admins_are_told_who_joined():
    world = await own_desk()
    await world.person(BOB, Role.ADMIN)
    await start(world.tools, GRACE, await token(world, Role.VIEWER))
    assert await world.told(BOB) == [NoticeKind.ADMIN_DID, NoticeKind.MEMBER_JOINED]
    assert await world.told(ADA) == []


async def test_an_invite_remembers_for_how_many_it_was():
    world = await empty(kind=AccountKind.DESK)
    key = await token(world, uses=5)
    await start(world.tools, GRACE, key)
    made = await world.one(Invite)
    assert (made.uses, made.uses_left) == (5, 4)


async def test_who_lapsed_and_comes_with_an_invite_is_a_member_again():
    world = await empty(kind=AccountKind.DESK)
    await start(world.tools, GRACE, await token(world))
    await world.change(await world.one(Membership), until=NOON)
    welcome = await start(world.tools, GRACE, await token(world, Role.VIEWER))
    assert welcome.entry is Entry.JOINED
    member = await world.one(Membership)
    assert (member.role, member.until) == (Role.VIEWER, None)


async def test_who_lapsed_and_comes_without_one_is_a_stranger():
    world = await empty(kind=AccountKind.DESK)
    await start(world.tools, GRACE, await token(world))
    await world.change(await world.one(Membership), until=NOON)
    assert (await start(world.tools, GRACE, "")).entry is Entry.STRANGER


async def test_an_invite_ends_with_the_right_of_who_made_it():
    world = await own_desk()
    maker = await world.one(Membership, user_id=ADA)
    await world.change(maker, role=Role.ADMIN)
    wish = InviteWish(
        role=Role.ADMIN, account_id=ACCOUNT, uses=5, lasts=timedelta(hours=99)
    )
    key = await invite(world.tools, wish, by=ADA)
    await world.change(await world.one(Membership, user_id=ADA), role=Role.VIEWER)
    assert (await start(world.tools, GRACE, key)).entry is Entry.BAD_INVITE


async def test_an_invite_of_before_lets_nobody_back_in_who_was_put_out():
    world = await empty(kind=AccountKind.DESK)
    key = await token(world, uses=50)
    await start(world.tools, GRACE, key)
    world.later(minutes=1)
    await world.change(await world.one(Membership), until=world.clock.now())
    assert (await start(world.tools, GRACE, key)).entry is Entry.BAD_INVITE
    assert await world.tools.journal.count(Membership) == 0
    assert (await start(world.tools, GRACE, await token(world))).entry is Entry.JOINED


async def test_who_was_put_out_elsewhere_may_come_in_here():
    world = await empty(kind=AccountKind.DESK)
    key = await token(world)
    record = Record(
        actor="user:1",
        action="member_removed",
        subject=f"user:{GRACE.id}",
        detail={"account": "other", "role": "viewer"},
    )
    world.later(minutes=1)
    await world.tools.journal.commit(record)
    assert (await start(world.tools, GRACE, key)).entry is Entry.JOINED


async def test_two_people_cannot_share_the_last_use_of_an_invite():
    world = await empty(kind=AccountKind.DESK)
    key = await token(world)
    other = Person(id=UserId(10), name="Other", language="")
    world.journal.before_writing(Invite, lambda: start(world.tools, other, key))
    assert (await start(world.tools, GRACE, key)).entry is Entry.BAD_INVITE
    assert (await world.one(Membership)).user_id == 10


# ------------------------------------------------------------------------- owners


async def test_an_owner_of_the_configuration_needs_no_invite():
    world = await empty(owners=frozenset({GRACE.id}))
    welcome = await start(world.tools, GRACE, "")
    assert (welcome.entry, welcome.consent_needed) == (Entry.KNOWN, True)
    assert (await world.one(Membership)).role is Role.OWNER
    assert (await world.one(Account)).person_id == GRACE.id


async def test_an_owner_owns_every_account_but_is_not_everybodys_person():
    world = await own_desk(owners=frozenset({GRACE.id}))
    await world.open_account(id=AccountId("free"))
    await world.open_account(id=DESK, kind=AccountKind.DESK)
    await start(world.tools, GRACE, "")
    found = await world.journal.find(Membership, user_id=GRACE.id)
    people = {each.id: each.person_id for each in await world.journal.find(Account)}
    assert {each.account_id for each in found} == {"demo", "free", "desk"}
    assert people == {"demo": ADA, "free": GRACE.id, "desk": None}


async def test_an_owner_who_starts_again_owns_nothing_twice():
    world = await empty(owners=frozenset({GRACE.id}))
    await start(world.tools, GRACE, "")
    await start(world.tools, GRACE, "")
    assert await world.journal.count(Membership) == 1


async def test_a_member_who_is_made_an_owner_becomes_one():
    world = await own_desk(owners=frozenset({ADA}))
    await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    assert (await world.one(Membership)).role is Role.OWNER
    assert (await world.one(AuditEntry)).detail == '{"invited_by":"","role":"owner"}'


async def test_a_member_with_an_end_who_is_made_an_owner_has_none():
    world = await own_desk(owners=frozenset({ADA}))
    await world.change(await world.one(Membership), until=NOON + timedelta(days=9))
    await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    assert (await world.one(Membership)).until is None


async def test_a_name_written_meanwhile_is_read_again():
    world = await own_desk()

    async def rename() -> None:
        await world.change(await world.one(User), name="Somebody")

    world.journal.before_writing(User, rename)
    await start(world.tools, Person(id=ADA, name="Countess", language="en"), "")
    assert (await world.one(User)).name == "Countess"


# ------------------------------------------------------------------------ consent


async def joined() -> World:
    world = await empty()
    await start(world.tools, GRACE, await token(world))
    return world


async def test_agreeing_is_kept_with_version_hash_and_time():
    world = await joined()
    assert await agree(world.tools, GRACE.id, "1")
    user = await world.one(User)
    assert (user.consent_version, user.consent_hash, user.consented_at) == (
        "1",
        "c" * 64,
        NOON,
    )
    entry = await world.one(AuditEntry, action="agreed")
    assert "c" * 64 in entry.detail


async def test_agreeing_to_a_translation_keeps_the_hash_of_that_text():
    world = await joined()
    spanish = Consent(version="1", sha256="e" * 64, text="Riesgo.", language="es")
    world.more = {"translations": {"es": spanish}}
    assert await agree(world.tools, GRACE.id, "1.es") == spanish
    user = await world.one(User)
    assert (user.consent_version, user.consent_hash) == ("1", "e" * 64)
    assert '"language":"es"' in (await world.one(AuditEntry, action="agreed")).detail


async def test_a_translation_that_is_not_there_cannot_be_agreed_to():
    world = await joined()
    assert await agree(world.tools, GRACE.id, "1.es") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "Riesgo."), ("es-MX", "Riesgo."), ("de", "Trading is risky."), ("", None)],
)
async def test_the_terms_are_read_in_the_persons_language_or_in_english(language, text):
    world = await joined()
    spanish = Consent(version="1", sha256="e" * 64, text="Riesgo.", language="es")
    world.more = {"translations": {"es": spanish}}
    await world.change(await world.one(User), language=language)
    terms = await terms_for(world.tools, GRACE.id)
    assert terms.text == (text or "Trading is risky.")


async def test_somebody_unknown_reads_the_terms_in_english():
    world = await empty()
    assert await terms_for(world.tools, GRACE.id) == world.tools.choices.consent


async def test_agreeing_subscribes_to_everything():
    world = await joined()
    await agree(world.tools, GRACE.id, "1")
    choice = await world.one(Subscription)
    assert (choice.provider, choice.enabled) == (EVERY_PROVIDER, True)


async def test_agreeing_again_leaves_a_choice_alone():
    world = await joined()
    await world.put(a_subscription(user_id=GRACE.id, provider="x", enabled=False))
    await agree(world.tools, GRACE.id, "1")
    assert not (await world.one(Subscription)).enabled


async def test_an_older_text_cannot_be_agreed_to():
    world = await joined()
    assert not await agree(world.tools, GRACE.id, "0")
    assert (await world.one(User)).consented_at is None


async def test_nobody_agrees_for_somebody_unknown():
    world = await empty()
    assert not await agree(world.tools, GRACE.id, "1")


async def test_who_agreed_to_an_older_text_has_to_agree_again():
    world = await joined()
    await world.change(await world.one(User), consent_version="0", consented_at=NOON)
    assert (await start(world.tools, GRACE, "")).consent_needed


async def test_the_first_greeting_may_race_with_itself():
    world = await empty()
    world.journal.before_writing(
        User, lambda: world.put(a_user(id=GRACE.id, name="Grace"))
    )
    await start(world.tools, GRACE, "")
    assert await world.journal.count(User) == 1


# ------------------------------------------------------------------------ blocked


async def test_who_cannot_be_reached_is_marked_with_the_moment():
    world = await own_desk()
    await mark_blocked(world.tools, ADA, blocked=True)
    assert (await world.one(User)).blocked_at == NOON


async def test_who_can_be_reached_again_is_not_marked_any_more():
    world = await own_desk()
    await mark_blocked(world.tools, ADA, blocked=True)
    await mark_blocked(world.tools, ADA, blocked=False)
    assert (await world.one(User)).blocked_at is None


async def test_marking_twice_keeps_the_first_moment():
    world = await own_desk()
    await mark_blocked(world.tools, ADA, blocked=True)
    world.later(minutes=1)
    await mark_blocked(world.tools, ADA, blocked=True)
    assert (await world.one(User)).blocked_at == NOON


async def test_somebody_unknown_is_not_marked():
    world = await own_desk()
    await mark_blocked(world.tools, BOB, blocked=True)
    assert await world.journal.count(User) == 1


# ------------------------------------------------------------- owners that are no more


async def test_an_owner_whom_the_configuration_names_no_more_loses_every_right():
    world = await empty(owners=frozenset({GRACE.id}))
    await start(world.tools, GRACE, "")
    world.more = {"owners": frozenset()}

    assert await retire_owners(world.tools) == 1

    assert await world.journal.find(Membership) == []
    assert (await world.one(Account)).person_id is None
    entry = await world.one(AuditEntry, action="owner_retired")
    assert "9" in entry.detail


async def test_an_owner_retired_from_somebody_elses_account_leaves_its_person():
    world = await own_desk(owners=frozenset({GRACE.id}))
    await start(world.tools, GRACE, "")
    world.more = {"owners": frozenset()}

    assert await retire_owners(world.tools) == 1

    assert (await world.one(Account)).person_id == ADA


async def test_an_owner_who_retires_grants_nothing_any_more():
    world = await own_desk(owners=frozenset({GRACE.id}))
    await start(world.tools, GRACE, "")
    await world.put(a_standing_rule(user_id=GRACE.id))
    world.more = {"owners": frozenset()}
    await retire_owners(world.tools)
    assert (await world.one(StandingRule)).revoked_at is not None


async def test_owners_whom_the_configuration_names_stay():
    world = await empty(owners=frozenset({GRACE.id}))
    await start(world.tools, GRACE, "")

    assert await retire_owners(world.tools) == 0
    assert (await world.one(Membership)).role is Role.OWNER

from datetime import timedelta

import pytest

from core.accounts import Account, AccountKind
from core.desk.commanding import InviteWish, invite
from core.desk.joining import Entry, Person, start
from core.desk.membership import remove
from core.desk.requesting import (
    ASK_AGAIN,
    MOST_WAITING,
    TOLD_AN_HOUR,
    Answer,
    Filing,
    accept,
    accept_all,
    decline,
    file_request,
    waiting_requests,
)
from core.errors import Refused
from core.ids import AccountId, UserId
from core.messages import AuditEntry, NoticeKind, OutboxItem
from core.users import JoinRequest, Membership, RequestState, Role, Subscription
from tests.builders import ACCOUNT, a_join_request, a_user
from tests.core.desk.world import ADA, BOB, MALLORY, World, own_desk, shared_desk
from tests.fakes import NOON

SAM = UserId(6)
THE_STRANGER = Person(id=SAM, name="Sam", language="en")


async def desk() -> World:
    """Ann and Ben administer, Ada and Bob decide, Eve looks on."""
    world = await shared_desk()
    await world.person(ANN, Role.ADMIN, name="Ann")
    await world.person(BEN, Role.ADMIN, name="Ben")
    return world


ANN, BEN = UserId(21), UserId(22)


async def asked(user: UserId = SAM, world: World | None = None) -> World:
    world = world or await desk()
    await start(world.tools, Person(id=user, name=f"N{user}", language="en"), "")
    return world


def viewer(by: UserId = ANN, account: AccountId = ACCOUNT) -> Answer:
    return Answer(account_id=account, role=Role.VIEWER, by=by)


def approver(by: UserId = ANN) -> Answer:
    return Answer(account_id=ACCOUNT, role=Role.APPROVER, by=by)


async def said(world: World, user: UserId) -> list[str]:
    found = await world.journal.find(OutboxItem, user_id=user)
    return [each.detail for each in found]


# ------------------------------------------------------------------------- asking


async def test_whoever_starts_without_an_invite_asks_to_be_let_in():
    world = await desk()
    welcome = await start(world.tools, THE_STRANGER, "")
    assert (welcome.entry, welcome.filing) == (Entry.STRANGER, Filing.FILED)
    request = await world.one(JoinRequest)
    assert (request.id, request.state) == (SAM, RequestState.WAITING)
    assert (await world.one(AuditEntry, action="asked_to_join")).actor == "user:6"


async def test_a_bad_invite_asks_too():
    world = await desk()
    welcome = await start(world.tools, THE_STRANGER, "guess")
    assert (welcome.entry, welcome.filing) == (Entry.BAD_INVITE, Filing.FILED)


async def test_the_admins_are_told_and_nobody_else():
    world = await asked()
    assert await world.told(ANN) == [NoticeKind.MEMBER_ASKS]
    assert await world.told(BEN) == [NoticeKind.MEMBER_ASKS]
    assert await world.told(ADA, BOB, SAM) == []


async def test_asking_again_changes_nothing_and_tells_nobody():
    world = await asked()
    world.later(hours=2)
    assert await file_request(world.tools, SAM) is Filing.WAITS
    assert (await world.one(JoinRequest)).asked_at == NOON
    assert await world.told(ANN) == [NoticeKind.MEMBER_ASKS]


async def test_a_member_asks_for_nothing():
    world = await desk()
    welcome = await start(world.tools, Person(id=ADA, name="Ada", language="en"), "")
    assert welcome.filing is None
    assert await world.journal.count(JoinRequest) == 0


async def test_many_requests_are_told_one_by_one_only_at_first():
    world = await desk()
    for number in range(100, 103 + TOLD_AN_HOUR):
        await asked(UserId(number), world)
    assert await world.told(ANN) == [
        *[NoticeKind.MEMBER_ASKS] * TOLD_AN_HOUR,
        NoticeKind.MEMBERS_ASK,
    ]


async def test_an_hour_later_requests_are_told_again():
    world = await desk()
    for number in range(100, 102 + TOLD_AN_HOUR):
        await asked(UserId(number), world)
    world.later(hours=1)
    await asked(SAM, world)
    assert (await world.told(ANN))[-1] is NoticeKind.MEMBER_ASKS
    assert (await world.told(ANN)).count(NoticeKind.MEMBER_ASKS) == TOLD_AN_HOUR + 1


async def test_only_so_many_may_wait():
    world = await desk()
    for number in range(1000, 1000 + MOST_WAITING):
        await world.put(a_user(id=UserId(number)), a_join_request(id=number))
    welcome = await start(world.tools, THE_STRANGER, "")
    assert welcome.filing is Filing.TOO_MANY
    assert await world.journal.get(JoinRequest, SAM) is None


async def test_two_first_requests_at_once_are_one():
    world = await desk()
    await world.put(a_user(id=SAM))
    world.journal.before_writing(JoinRequest, lambda: file_request(world.tools, SAM))
    assert await file_request(world.tools, SAM) is Filing.WAITS
    assert await world.told(ANN) == [NoticeKind.MEMBER_ASKS]


async def test_whoever_asked_first_is_listed_first():
    world = await asked(UserId(9))
    world.later(minutes=1)
    await asked(SAM, world)
    assert [each.id for each in await waiting_requests(world.tools)] == [9, SAM]
    assert [each.id for each in await waiting_requests(world.tools, limit=1)] == [9]


# ---------------------------------------------------------------------- accepting


async def test_an_accepted_request_makes_a_member_whom_the_admin_let_in():
    world = await asked()
    await accept(world.tools, SAM, approver())
    (member,) = await world.tools.members(user_id=SAM)
    assert (member.role, member.invited_by) == (Role.APPROVER, ANN)
    request = await world.one(JoinRequest)
    assert (request.state, request.decided_by, request.decided_at) == (
        RequestState.ACCEPTED,
        ANN,
        NOON,
    )
    assert (await world.one(AuditEntry, action="request_accepted")).actor == "user:21"


async def test_whoever_is_accepted_is_told_and_reads_the_terms():
    world = await asked()
    await accept(world.tools, SAM, viewer())
    assert await world.told(SAM) == [NoticeKind.MEMBER_ACCEPTED, NoticeKind.TERMS]


async def test_whoever_agreed_before_is_subscribed_at_once():
    world = await desk()
    await world.put(a_user(id=SAM))
    await file_request(world.tools, SAM)
    await accept(world.tools, SAM, viewer())
    assert await world.told(SAM) == [NoticeKind.MEMBER_ACCEPTED]
    assert (await world.one(Subscription, user_id=SAM)).enabled


@pytest.mark.parametrize(
    ("answer", "what"), [(viewer(), "a viewer"), (approver(), "an approver")]
)
async def test_the_other_admins_are_told_who_was_let_in(answer, what):
    world = await asked()
    await accept(world.tools, SAM, answer)
    assert (await said(world, BEN))[-1] == (
        f"user:6 asked to join and is {what} of demo now."
    )
    assert await world.told(ANN) == [NoticeKind.MEMBER_ASKS]


async def test_a_request_is_answered_once():
    world = await asked()
    await accept(world.tools, SAM, viewer())
    with pytest.raises(Refused, match="answered already, by Ann"):
        await accept(world.tools, SAM, approver(BEN))
    with pytest.raises(Refused, match="answered already"):
        await decline(world.tools, SAM, by=BEN)
    (member,) = await world.tools.members(user_id=SAM)
    assert member.role is Role.VIEWER


async def test_of_two_admins_at_once_one_answers():
    world = await asked()
    world.journal.before_writing(
        JoinRequest, lambda: accept(world.tools, SAM, viewer(BEN))
    )
    with pytest.raises(Refused, match="answered already, by Ben"):
        await accept(world.tools, SAM, approver(ANN))
    (member,) = await world.tools.members(user_id=SAM)
    assert (member.role, member.invited_by) == (Role.VIEWER, BEN)


async def test_nobody_is_accepted_who_did_not_ask():
    world = await desk()
    with pytest.raises(Refused, match="no such request"):
        await accept(world.tools, SAM, viewer())


@pytest.mark.parametrize("by", [ADA, MALLORY])
async def test_only_the_accounts_admins_accept(by):
    world = await asked()
    with pytest.raises(Refused, match="You do not administer demo"):
        await accept(world.tools, SAM, viewer(by))
    with pytest.raises(Refused, match="You do not administer demo"):
        await accept_all(world.tools, ACCOUNT, by=by, asked_before=NOON)


async def test_an_admin_of_another_account_cannot_let_anybody_in_here():
    world = await asked()
    await world.open_account(id=AccountId("other"), kind=AccountKind.DESK)
    with pytest.raises(Refused, match="You do not administer other"):
        await accept(world.tools, SAM, viewer(ANN, AccountId("other")))


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
async def test_nobody_becomes_an_admin_by_asking(role):
    world = await asked()
    with pytest.raises(Refused, match="as a viewer or an approver"):
        await accept(world.tools, SAM, Answer(account_id=ACCOUNT, role=role, by=ANN))


async def test_an_own_account_takes_no_second_decider():
    world = await own_desk()
    await world.person(ANN, Role.ADMIN, name="Ann")
    await asked(SAM, world)
    with pytest.raises(Refused, match="belongs to one person already"):
        await accept(world.tools, SAM, approver())
    await accept(world.tools, SAM, viewer())


async def test_a_free_own_account_takes_whom_it_lets_in_as_its_person():
    world = World()
    await world.open_account()
    await world.person(ANN, Role.ADMIN)
    await asked(SAM, world)
    await accept(world.tools, SAM, approver())
    assert (await world.one(Account)).person_id == SAM


async def test_an_admin_who_is_none_any_more_at_that_moment_lets_nobody_in():
    world = await asked()
    (row,) = await world.tools.members(user_id=ANN)
    world.journal.before_writing(
        JoinRequest, lambda: world.change(row, role=Role.VIEWER)
    )
    with pytest.raises(Refused, match="You do not administer"):
        await accept(world.tools, SAM, viewer())
    assert await world.tools.members(user_id=SAM) == []


async def test_an_invite_that_is_used_meanwhile_answers_the_request():
    world = await asked()
    wish = InviteWish(
        role=Role.VIEWER, account_id=ACCOUNT, uses=1, lasts=timedelta(hours=1)
    )
    token = await invite(world.tools, wish, by=BEN)
    await start(world.tools, THE_STRANGER, token)
    request = await world.one(JoinRequest)
    assert (request.state, request.decided_by) == (RequestState.ACCEPTED, BEN)


async def test_an_invite_of_the_command_line_answers_it_too():
    world = await asked()
    wish = InviteWish(
        role=Role.VIEWER, account_id=ACCOUNT, uses=1, lasts=timedelta(hours=1)
    )
    token = await invite(world.tools, wish, by=None)
    await start(world.tools, THE_STRANGER, token)
    with pytest.raises(Refused, match="answered already, by an invite"):
        await accept(world.tools, SAM, viewer())


# ------------------------------------------------------------------------ in bulk


async def test_all_who_asked_are_accepted_as_viewers():
    world = await asked(UserId(7), await asked())
    count = await accept_all(world.tools, ACCOUNT, by=ANN, asked_before=NOON)
    assert count == 2
    found = [
        each for user in (6, 7) for each in await world.tools.members(user_id=user)
    ]
    assert {each.role for each in found} == {Role.VIEWER}
    assert (await said(world, BEN))[-1] == (
        "Requests to join demo were accepted, as viewers: 2."
    )
    assert (await world.told(BEN)).count(NoticeKind.ADMIN_DID) == 1


async def test_who_asks_after_the_question_is_not_accepted_with_the_others():
    world = await asked()
    world.later(seconds=5)
    await asked(UserId(7), world)
    assert await accept_all(world.tools, ACCOUNT, by=ANN, asked_before=NOON) == 1
    assert await world.tools.members(user_id=7) == []


async def test_what_somebody_else_answers_meanwhile_is_not_counted():
    world = await asked(UserId(7), await asked())
    world.journal.before_writing(JoinRequest, lambda: decline(world.tools, SAM, by=BEN))
    assert await accept_all(world.tools, ACCOUNT, by=ANN, asked_before=NOON) == 1
    assert await world.tools.members(user_id=SAM) == []


async def test_where_nobody_asks_nothing_is_told():
    world = await desk()
    assert await accept_all(world.tools, ACCOUNT, by=ANN, asked_before=NOON) == 0
    assert await world.told(BEN) == []


# ---------------------------------------------------------------------- declining


async def test_whoever_is_declined_is_told_politely_once():
    world = await asked()
    await decline(world.tools, SAM, by=ANN)
    assert await world.told(SAM) == [NoticeKind.MEMBERSHIP]
    assert await said(world, SAM) == [
        "The admins did not accept your request. You can ask again in a week."
    ]
    assert (await said(world, BEN))[-1] == "The request of user:6 was declined."
    assert (await world.one(AuditEntry, action="request_declined")).actor == "user:21"


async def test_a_declined_request_stands_for_a_week():
    world = await asked()
    await decline(world.tools, SAM, by=ANN)
    world.later(seconds=(ASK_AGAIN - timedelta(seconds=1)).total_seconds())
    assert await file_request(world.tools, SAM) is Filing.DECLINED
    world.later(seconds=1)
    assert await file_request(world.tools, SAM) is Filing.FILED
    request = await world.one(JoinRequest)
    assert (request.state, request.decided_by) == (RequestState.WAITING, None)


@pytest.mark.parametrize("by", [ADA, MALLORY])
async def test_only_admins_decline(by):
    world = await asked()
    with pytest.raises(Refused, match="Only admins"):
        await decline(world.tools, SAM, by=by)


async def test_who_was_let_in_and_removed_may_ask_again_at_once():
    world = await asked()
    await accept(world.tools, SAM, viewer())
    row = (await world.tools.members(user_id=SAM))[0]
    await remove(world.tools, row.id, by=ANN)
    assert await file_request(world.tools, SAM) is Filing.FILED
    assert await world.journal.count(Membership, user_id=SAM) == 0

"""/users, /invite and /stop: how admins and members use them in the chat."""

import re
from datetime import timedelta

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.people_cards import A_PAGE
from bot.telegram.telling import notice_view
from core.accounts import Account
from core.desk.joining import Person, start
from core.ids import UserId
from core.messages import AuditEntry, OutboxItem, Topic
from core.users import Invite, JoinRequest, Membership, RequestState, Role
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN, SAM
from tests.builders import a_membership, a_trade, a_user
from tests.fakes import NOON

ASKED = int(NOON.timestamp())


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _part(room: Room, user: int, account: str = DESK) -> Membership:
    return await room.world.one(Membership, user_id=user, account_id=account)


async def _shown(room: Room, user: int, said: str) -> int:
    """Somebody says this, and the answer stands in the chat; its message."""
    await room.say(user, said)
    return room.stage.chat(user)[-1].id


def _text(room: Room, user: int) -> str:
    return room.stage.texts(user)[-1]


def _buttons(room: Room, user: int) -> list[str]:
    return room.stage.labels(room.stage.chat(user)[-1])


async def _told(room: Room, user: int) -> list[str]:
    """What the outbox holds for somebody, as they will read it."""
    items = await room.world.journal.find(
        OutboxItem, topic=Topic.NOTICE, user_id=user, order_by="id"
    )
    views = [await notice_view(room.tools, each) for each in items]
    return [view.text for view in views if view is not None]


async def _asks(room: Room, user: int = SAM, name: str = "Sam") -> None:
    await start(room.tools, Person(id=UserId(user), name=name, language="en"), "")


# ------------------------------------------------------------------ members


async def test_a_member_is_made_an_admin_with_two_taps(room: Room):
    bob = await _part(room, BOB)
    message = await _shown(room, ANN, "/users")
    await room.tap(ANN, pack(Press.MEMBER, bob.id), on=message)
    assert _text(room, ANN) == "desk\nBob (2) · approver"
    answer = await room.tap(ANN, pack(Press.ROLE, f"admin.{bob.id}"), on=message)
    assert answer == ("Confirm it, or go back.", False)
    assert _text(room, ANN).startswith("Bob (2) becomes an admin of desk")
    confirm = pack(Press.ROLE_NOW, f"admin.{bob.id}@{ASKED}")
    assert await room.tap(ANN, confirm, on=message) == ("Done; they are told.", False)
    assert _text(room, ANN) == "desk\nBob (2) · admin"
    assert (await _part(room, BOB)).role is Role.ADMIN
    assert await _told(room, BOB) == [
        "👤 You are an admin of desk now: /help shows what you can do."
    ]
    assert await _told(room, OWEN) == [
        "🛠 Bob (2) is an admin of desk now.\nBy Ann (5)."
    ]
    scopes = [call.params["scope"] for call in room.stage.calls("setMyCommands")]
    assert any(f'"chat_id":{BOB}' in re.sub(r"\s", "", str(each)) for each in scopes)


async def test_the_same_role_again_is_said_so(room: Room):
    bob = await _part(room, BOB)
    await room.say(ANN, "/users")
    confirm = pack(Press.ROLE_NOW, f"approver.{bob.id}@{ASKED}")
    assert await room.tap(ANN, confirm) == ("It was so already.", False)


async def test_a_question_of_long_ago_is_asked_anew(room: Room):
    bob = await _part(room, BOB)
    await room.say(ANN, "/users")
    old = pack(Press.REMOVE_NOW, f"{bob.id}@{ASKED - 61}")
    text, alert = await room.tap(ANN, old)
    assert (text.startswith("That was asked too long ago"), alert) == (True, True)
    assert await _part(room, BOB) == bob


@pytest.mark.parametrize(
    ("press", "argument"),
    [
        (Press.ROLE, "owner.{bob}"),
        (Press.ROLE, "king.{bob}"),
        (Press.ROLE_NOW, "owner.{bob}@{asked}"),
        (Press.UNTIL, "9999.{bob}"),
        (Press.ACCEPT, "admin.6.desk"),
        (Press.ACCEPT, "viewer.six.desk"),
        (Press.DECLINE, "six"),
    ],
    ids=str,
)
async def test_crafted_buttons_change_nothing(room: Room, press, argument):
    bob = await _part(room, BOB)
    await _asks(room)
    await room.say(ANN, "/users")
    data = pack(press, argument.format(bob=bob.id, asked=ASKED))
    assert (await room.tap(ANN, data))[1]
    assert await _part(room, BOB) == bob
    assert (await room.world.one(JoinRequest)).state is RequestState.WAITING


async def test_nobody_raises_themselves(room: Room):
    ann = await _part(room, ANN)
    await room.say(ANN, "/users")
    text, alert = await room.tap(
        ANN, pack(Press.ROLE_NOW, f"approver.{ann.id}@{ASKED}")
    )
    assert (text, alert) == ("Nobody changes their own role: ask another admin.", True)
    await room.tap(ANN, pack(Press.MEMBER, ann.id))
    assert _buttons(room, ANN) == ["Back"]


async def test_an_admin_sees_no_member_of_anothers_account(room: Room):
    ada = await _part(room, ADA, MINE)
    await room.say(ANN, "/users")
    text, alert = await room.tap(ANN, pack(Press.MEMBER, ada.id))
    assert (text.startswith("That membership is over"), alert) == (True, True)
    assert "Ada" not in _text(room, ANN)


async def test_a_membership_is_given_an_end_and_loses_it(room: Room):
    bob = await _part(room, BOB)
    message = await _shown(room, ANN, "/users")
    await room.tap(ANN, pack(Press.UNTIL, f"30.{bob.id}"), on=message)
    assert (await _part(room, BOB)).until == NOON + timedelta(days=30)
    assert "until 24 Dec 2026 12:00 UTC" in _text(room, ANN)
    assert "No end" in _buttons(room, ANN)
    await room.tap(ANN, pack(Press.UNTIL, f"0.{bob.id}"), on=message)
    assert (await _part(room, BOB)).until is None


async def test_a_member_is_removed_after_a_question(room: Room):
    ada = await _part(room, ADA, MINE)
    await room.world.put(a_trade(account_id=MINE))
    message = await _shown(room, OWEN, "/users mine")
    await room.tap(OWEN, pack(Press.REMOVE, ada.id), on=message)
    assert "Open trades on mine: 1" in _text(room, OWEN)
    confirm = pack(Press.REMOVE_NOW, f"{ada.id}@{ASKED}")
    assert await room.tap(OWEN, confirm, on=message) == (
        "Removed; they are told.",
        False,
    )
    assert "Ada" not in _text(room, OWEN)
    assert (await room.world.one(Account, id=MINE)).person_id is None
    assert "removed from mine" in (await _told(room, ADA))[0]
    assert "Open trades on mine: 1" in (await _told(room, ADA))[1]


async def test_the_removed_are_strangers_who_read_why(room: Room):
    bob = await _part(room, BOB)
    await room.say(BOB, "/help")
    await room.say(ANN, "/users")
    await room.tap(ANN, pack(Press.REMOVE_NOW, f"{bob.id}@{ASKED}"))
    said = "You were removed from desk on 2026-11-24. Ask an admin if you should be in."
    assert (await room.say(BOB, "/pending")).startswith(said)
    assert await room.tap(BOB, pack(Press.NEVER_MIND)) == (said, True)


async def test_the_lapsed_are_strangers_at_once(room: Room):
    await room.world.change(await _part(room, BOB), until=NOON)
    said = await room.say(BOB, "/pending")
    assert said.startswith("Your membership of desk lapsed on 2026-11-24.")


async def test_many_members_come_page_by_page(room: Room):
    for number in range(100, 100 + A_PAGE):
        user = UserId(number)
        await room.world.put(a_user(id=user, name=f"N{number}"))
        await room.world.put(a_membership(user_id=user, account_id=DESK))
    message = await _shown(room, ANN, "/users")
    assert "1 to 8 of 12" in _text(room, ANN)
    assert _text(room, ANN).index("Owen") < _text(room, ANN).index("Ann")
    await room.tap(ANN, pack(Press.USERS, "1.desk"), on=message)
    assert "9 to 12 of 12" in _text(room, ANN)
    assert "Previous" in _buttons(room, ANN)
    await room.tap(ANN, pack(Press.USERS, "x.desk"), on=message)
    assert "1 to 8 of 12" in _text(room, ANN)


async def test_who_let_in_whom_is_shown_and_counted(room: Room):
    await room.world.change(await _part(room, BOB), invited_by=UserId(ANN))
    await room.world.change(await _part(room, EVE), invited_by=UserId(ANN))
    said = await room.say(ANN, "/users")
    assert "Ann (5) · admin · let in 2 people" in said
    assert "Bob (2) · approver · invited by Ann (5)" in said


async def test_an_admin_who_is_none_any_more_reads_that_nothing_is_theirs(room: Room):
    bob = await _part(room, BOB)
    await room.say(ANN, "/users")
    await room.world.change(await _part(room, ANN), role=Role.VIEWER)
    text, alert = await room.tap(ANN, pack(Press.MEMBER, bob.id))
    assert (text.startswith("Only admins"), alert) == (True, True)
    entry = await room.world.one(AuditEntry, action="tap_refused")
    assert (entry.actor, entry.subject) == ("user:5", "people")


# ------------------------------------------------------------------ requests


async def test_a_request_is_accepted_from_its_notice(room: Room):
    await _asks(room)
    (notice,) = await _told(room, ANN)
    assert notice.startswith("✋ <b>Sam (6)</b> asks to join")
    await room.say(ANN, "/help")  # a message to tap on
    answer = await room.tap(ANN, pack(Press.ACCEPT, "approver.6.desk"))
    assert answer == ("Accepted; they are told.", False)
    assert "Sam (6) · approver · invited by Ann (5)" in _text(room, ANN)
    told = await _told(room, SAM)
    assert told[0].startswith("👋 You are in, as an approver of desk.")
    assert told[1].startswith("Trading is risky.")
    assert (
        "Sam (6) asked to join and is an approver of desk now."
        in (await _told(room, OWEN))[-1]
    )


async def test_a_notice_that_somebody_has_answered_tells_nothing(room: Room):
    await _asks(room)
    await room.say(ANN, "/help")
    await room.tap(ANN, pack(Press.DECLINE, str(SAM)))
    assert [each for each in await _told(room, OWEN) if "asks to join" in each] == []
    await room.say(OWEN, "/help")
    text, alert = await room.tap(OWEN, pack(Press.ACCEPT, "viewer.6.desk"))
    assert (text, alert) == ("That request was answered already, by Ann.", True)


async def test_the_terms_are_not_sent_to_whoever_has_agreed_meanwhile(room: Room):
    await _asks(room)
    await room.say(ANN, "/help")
    await room.tap(ANN, pack(Press.ACCEPT, "viewer.6.desk"))
    await room.say(SAM, "/start")
    await room.tap(SAM, pack(Press.AGREE, "1"))
    assert [each for each in await _told(room, SAM) if "risky" in each] == []


async def test_a_request_is_looked_at_from_the_list(room: Room):
    await _asks(room)
    message = await _shown(room, OWEN, "/users")
    await room.tap(OWEN, pack(Press.REQUEST, str(SAM)), on=message)
    assert _buttons(room, OWEN) == [
        "Viewer of desk",
        "Approver of desk",
        "Viewer of mine",
        "Decline",
    ]
    assert (await room.tap(OWEN, pack(Press.REQUEST, "77"), on=message))[1]


async def test_all_who_asked_are_accepted_after_one_question(room: Room):
    await _asks(room)
    await _asks(room, 7, "Zoe")
    message = await _shown(room, ANN, "/users")
    assert "Accept all as viewers" in _buttons(room, ANN)
    await room.tap(ANN, pack(Press.ACCEPT_ALL, DESK), on=message)
    assert _text(room, ANN).startswith("Accept 2 requests, as viewers of desk?")
    answer = await room.tap(
        ANN, pack(Press.ACCEPT_ALL_NOW, f"desk@{ASKED}"), on=message
    )
    assert answer == ("2 accepted.", False)
    assert {(await _part(room, user)).role for user in (SAM, 7)} == {Role.VIEWER}


async def test_nobody_is_accepted_into_an_account_of_others(room: Room):
    await _asks(room)
    await room.say(ANN, "/users")
    for data in (
        pack(Press.ACCEPT_ALL, MINE),
        pack(Press.ACCEPT_ALL_NOW, f"mine@{ASKED}"),
        pack(Press.ACCEPT, "viewer.6.mine"),
    ):
        text, alert = await room.tap(ANN, data)
        assert (text.startswith("You do not administer mine"), alert) == (True, True)
    assert await room.world.journal.count(Membership, user_id=SAM) == 0


async def test_more_requests_than_are_told_one_by_one_are_told_at_once(room: Room):
    for user in range(100, 107):
        await _asks(room, user, f"N{user}")
    told = await _told(room, ANN)
    assert len([each for each in told if "asks to join" in each]) == 5
    assert told[-1].startswith("✋ More people ask to join.")
    await room.say(ANN, "/users")
    await room.tap(ANN, pack(Press.ACCEPT_ALL_NOW, f"desk@{ASKED}"))
    assert [each for each in await _told(room, ANN) if each.startswith("✋")] == []


# ------------------------------------------------------------------ invites


async def test_an_invite_is_a_link_and_a_message(room: Room):
    said = await room.say(ANN, "/invite")
    token = said.split("/start ")[1]
    assert f"https://t.me/{room.stage.world.profile.username}?start={token}" in said
    assert "Invite to desk, as approver" in said
    assert "For 1 person, until 27 Nov 2026 12:00 UTC." in said
    assert (await room.say(SAM, f"/start {token}")).startswith("Welcome, Sam.")
    assert (await _part(room, SAM)).invited_by == ANN


@pytest.mark.parametrize(
    ("command", "role", "uses", "hours"),
    [
        ("/invite viewer 5 48", Role.VIEWER, 5, 48),
        ("/invite desk ADMIN", Role.ADMIN, 1, 72),
        ("/invite 3 Desk", Role.APPROVER, 3, 72),
    ],
)
async def test_what_is_wished_may_stand_in_any_order(room, command, role, uses, hours):
    await room.say(ANN, command)
    made = await room.world.one(Invite)
    assert (made.role, made.uses, made.account_id) == (role, uses, DESK)
    assert made.expires_at == NOON + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/invite viewer admin", "Write /invite ROLE ACCOUNT USES HOURS"),
        ("/invite 1 2 3", "Write /invite ROLE ACCOUNT USES HOURS"),
        ("/invite nowhere", "You administer no account of that name. Yours: desk."),
        ("/invite 1000000", "You administer no account of that name"),
        ("/invite 0", "An invite is for 1 to 1000 people"),
        ("/invite 1 99999", "An invite is for 1 to 1000 people"),
        ("/invite owner", "Owners are named in the configuration"),
    ],
)
async def test_a_wish_that_cannot_be_is_answered_with_what_can(room, command, said):
    assert (await room.say(ANN, command)).startswith(said)
    assert await room.world.journal.count(Invite) == 0


async def test_where_there_are_several_accounts_one_is_chosen(room: Room):
    message = await _shown(room, OWEN, "/invite viewer 2 24")
    assert _buttons(room, OWEN) == ["desk", "mine"]
    answer = await room.tap(OWEN, pack(Press.INVITE, "viewer.2.24.mine"), on=message)
    assert answer == ("Hand the link on.", False)
    assert "Invite to mine, as viewer" in _text(room, OWEN)
    made = await room.world.one(Invite)
    assert (made.account_id, made.uses) == (MINE, 2)


async def test_an_own_account_that_is_taken_mostly_gets_viewers(room: Room):
    assert "Invite to mine, as viewer" in await room.say(OWEN, "/invite mine")
    said = await room.say(OWEN, "/invite mine approver")
    assert said.endswith("Invite a viewer: /invite viewer mine.")


@pytest.mark.parametrize("data", ["", "king.1.1.desk", ".x.1.desk", ".1.1.mine"])
async def test_a_crafted_invite_is_none(room: Room, data):
    await room.say(ANN, "/help")
    assert (await room.tap(ANN, pack(Press.INVITE, data)))[1]
    assert await room.world.journal.count(Invite) == 0


async def test_a_button_that_asks_for_too_much_is_refused(room: Room):
    await room.say(ANN, "/help")
    text, alert = await room.tap(ANN, pack(Press.INVITE, ".5000.1.desk"))
    assert (text.startswith("An invite is for"), alert) == (True, True)


async def test_without_the_bots_name_there_is_still_the_message(room: Room):
    room.stage.fail("getMe", status=500)
    said = await room.say(ANN, "/invite")
    assert "t.me" not in said
    assert "/start " in said


# ------------------------------------------------------------------ leaving


async def test_leaving_says_what_stays_open_and_then_goes(room: Room):
    await room.world.put(a_trade(account_id=MINE))
    message = await _shown(room, ADA, "/stop")
    assert "Open trades on mine: 1, orders under way: 0." in _text(room, ADA)
    assert "send /closeall first" in _text(room, ADA)
    answer = await room.tap(ADA, pack(Press.LEAVE, str(ASKED)), on=message)
    assert answer == ("Done. No more signals come.", False)
    assert _text(room, ADA).startswith("You have left mine.\nOpen trades on mine: 1")
    assert await _told(room, OWEN) == ["👤 Ada (1) has left mine."]
    assert (await room.say(ADA, "/positions")).startswith(
        "You left mine on 2026-11-24."
    )


async def test_leaving_is_not_confirmed_late(room: Room):
    await room.say(ADA, "/stop")
    text, alert = await room.tap(ADA, pack(Press.LEAVE, str(ASKED - 61)))
    assert (text.startswith("That was asked too long ago"), alert) == (True, True)
    assert (await _part(room, ADA, MINE)).role is Role.APPROVER


async def test_an_owner_only_stops_the_signals(room: Room):
    message = await _shown(room, OWEN, "/stop")
    await room.tap(OWEN, pack(Press.LEAVE, str(ASKED)), on=message)
    assert _text(room, OWEN) == "Signals are off; /start turns them on again."
    assert (await _part(room, OWEN)).role is Role.OWNER

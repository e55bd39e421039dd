"""Who may do what: every command and every button, by everybody, in one table."""

import re
from dataclasses import replace

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.routers import commands, groups, positions
from bot.telegram.routers.providers import HANDLERS
from bot.telegram.rule_cards import rules_card
from bot.telegram.views.positions import NOW
from core.accounts import GuardState
from core.desk.broadcasting import draft
from core.desk.taps import OUTDATED
from core.desk.tools import by_user
from core.ids import OrderId, UserId
from core.messages import AuditEntry
from core.orders import Order, OrderState, SendState
from core.trades import Trade
from core.users import Membership
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN, SAM
from tests.builders import (
    a_group_chat,
    a_join_request,
    a_posting,
    a_send,
    a_standing_rule,
    a_user,
    an_order,
)
from tests.fakes import NOON

EVERYBODY = (SAM, EVE, ADA, BOB, ANN, OWEN)
"""Stranger, viewer of desk, approver of mine, then approver, admin, owner of desk."""
PARKED = "0" * 22 + "PARK"
POSTED = "0" * 22 + "PSTD"
"""Carried by the buttons of the desk's message in a group."""
RULE = "0" * 22 + "RULE"
"""A standing rule of Ada's."""


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        await opened.world.submit()
        await opened.world.work()
        prompt = await opened.prompt(ADA, MINE)
        await opened.world.approve(UserId(ADA), nonce=prompt.nonce)
        await opened.world.work()
        await opened.world.put(
            an_order(id=OrderId(PARKED), account_id=DESK, state=OrderState.PARKED),
            a_send(order_id=PARKED, account_id=DESK, state=SendState.UNKNOWN),
            a_user(id=UserId(7), name="Zoe"),
            a_join_request(id=UserId(7)),
            a_standing_rule(id=RULE, user_id=ADA, account_id=MINE),
        )
        await _post(opened)
        yield opened


async def _post(room: Room) -> None:
    """The desk's prompts stand in a group too."""
    shown = a_group_chat(account_id=DESK)
    asked = await room.prompt(BOB, DESK)
    posting = a_posting(
        signal_id=asked.signal_id, account_id=DESK, group_id=shown.id, nonce=POSTED
    )
    await room.world.put(shown, posting)


# What a reply amounts to, by its words.
WORDS = {
    "used up": "^This invite is used up",
    "invite": "You need an invite|not a member here",
    "welcome": "^Welcome",
    "unknown": "^There is no command",
    "help+": "/panic: ",
    "help": "^/pending: ",
    "admins": "^Only admins can do that",
    "nothing": "^Nothing waits for you|^You have no open trades",
    "none": "^There is no account here",
    "waiting": "^Waiting for you",
    "both": r"desk · .*\n(.*\n)*mine · |Panic on desk, mine",
    "held": "^🟢 BUY 0.17 XAUUSD · mine",
    "mine": r"^mine · |Panic on mine:",
    "desk": r"^desk · |^Status\ndesk · |Panic on desk:",
    "asks": "^Close 1 open trade",
    "foreign": "^You administer no account of that name. Yours: ",
    "which": "^Which language do you read",
    "which?": "^Say which account and why",
    "armed": "^The guard of desk has not fired",
    "why?": "^Say why",
    "sources": "^Providers\\n",
    "rules": "^Standing rules\\ndemo on mine",
    "not own": "^Standing rules are for accounts of your own",
    "accounts": "^People\\n✋ 1 person asks to join.\\n· desk: 4 members",
    "members": r"^People\n✋ 1 .*\n\n(desk|mine) · ",
    "person": r"^People\n✋ 1 .*\ndesk: Eve \(3\) · viewer",
    "nobody": "^You administer no account and no member",
    "invited": r"^✉ Invite to (desk|mine), as",
    "where?": "^To which account do you want to invite",
    "owners": "^Owners are named in the configuration",
    "usage": "^Write /invite ROLE ACCOUNT",
    "leave?": "^Leave (desk|mine)\\?",
    "owner's": "^You stay an owner",
    "latest": "^Latest signals",
    "audited": "^Audit, the latest first",
    "say what": "^Say what: /broadcast TEXT",
    "send?": "^📣 Send this to",
    "settings": "^Settings",
    "risks": "^Risk of one trade",
    "choices": "^Whose signals do you want",
    "paused": "^⏸ No signals until /resume",
    "resumed": "^▶ Signals come again",
    "connect": "^Accounts are connected by",
    "groups": "^Signals can be shown in a group",
    "on paper": "^Follow on paper",
    "viewers": "^Following on paper is for viewers",
    "which account?": "^🛑 Panic: which account",
}


def _kind(text: str) -> str:
    return next((kind for kind, words in WORDS.items() if re.search(words, text)), text)


COMMANDS = """
                 Sam      Eve      Ada      Bob      Ann      Owen
/start         | invite  | welcome | welcome | welcome | welcome | welcome
/start nope    | used up | welcome | welcome | welcome | welcome | welcome
/START         | invite  | welcome | welcome | welcome | welcome | welcome
/help          | invite  | help    | help    | help    | help+   | help+
/pending       | invite  | nothing | nothing | waiting | waiting | waiting
/positions     | invite  | none    | held    | desk    | desk    | desk
/closeall      | invite  | nothing | asks    | nothing | nothing | nothing
/status        | invite  | admins  | admins  | admins  | desk    | both
/guard         | invite  | none    | mine    | desk    | desk    | both
/panic         | invite  | admins  | admins  | admins  | desk    | which account?
/panic all     | invite  | admins  | admins  | admins  | desk    | both
/panic desk    | invite  | admins  | admins  | admins  | desk    | desk
/Panic Desk    | invite  | admins  | admins  | admins  | desk    | desk
/panic mine    | invite  | admins  | admins  | admins  | foreign | mine
/rearm         | invite  | admins  | admins  | admins  | why?    | which?
/rearm desk    | invite  | admins  | admins  | admins  | why?    | why?
/rearm desk x  | invite  | admins  | admins  | admins  | armed   | armed
/rearm x       | invite  | admins  | admins  | admins  | armed   | which?
/rules         | invite  | not own | rules   | not own | not own | not own
/providers     | invite  | admins  | admins  | admins  | sources | sources
/Providers de  | invite  | admins  | admins  | admins  | sources | sources
/users         | invite  | admins  | admins  | admins  | members | accounts
/users desk    | invite  | admins  | admins  | admins  | members | members
/users mine    | invite  | admins  | admins  | admins  | nobody  | members
/users 3       | invite  | admins  | admins  | admins  | person  | person
/users 999     | invite  | admins  | admins  | admins  | nobody  | nobody
/invite        | invite  | admins  | admins  | admins  | invited | where?
/invite desk   | invite  | admins  | admins  | admins  | invited | invited
/invite mine   | invite  | admins  | admins  | admins  | foreign | invited
/invite owner desk | invite | admins | admins | admins | owners  | owners
/invite a b    | invite  | admins  | admins  | admins  | usage   | usage
/stop          | invite  | leave?  | leave?  | leave?  | leave?  | owner's
/language      | invite  | which   | which   | which   | which   | which
/signals       | invite  | admins  | admins  | admins  | latest  | latest
/audit         | invite  | admins  | admins  | admins  | audited | audited
/reconcile     | invite  | admins  | admins  | admins  | desk    | both
/broadcast     | invite  | admins  | admins  | admins  | say what | say what
/broadcast hi  | invite  | admins  | admins  | admins  | send?   | send?
/equity        | invite  | none    | mine    | desk    | desk    | desk
/settings      | invite  | settings | settings | settings | settings | settings
/risk          | invite  | none    | risks   | risks   | risks   | risks
/subscriptions | invite  | choices | choices | choices | choices | choices
/pause         | invite  | paused  | paused  | paused  | paused  | paused
/resume        | invite  | resumed | resumed | resumed | resumed | resumed
/connect       | invite  | connect | connect | connect | connect | connect
/follow        | invite  | on paper | viewers | viewers | viewers | viewers
/history       | invite  | none    | mine    | desk    | desk    | desk
/here          | invite  | groups | groups | groups | groups | groups
/gone desk     | invite  | groups | groups | groups | groups | groups
/nonsense      | invite  | unknown | unknown | unknown | unknown | unknown
hello          | invite  | help    | help    | help    | help+   | help+
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    rows = [line.split("|") for line in text.strip().splitlines()[1:]]
    return {name.strip(): tuple(cell.strip() for cell in row) for name, *row in rows}


@pytest.mark.parametrize(("command", "expected"), _table(COMMANDS).items())
async def test_a_command_does_what_its_senders_role_allows(room, command, expected):
    found = [_kind(await room.say(user, command)) for user in EVERYBODY]
    assert tuple(found) == expected


def test_every_command_that_the_bot_knows_is_in_the_table():
    named = {command.split()[0] for command in _table(COMMANDS)}
    assert {f"/{name}" for name in commands._HANDLERS} <= named


# What an answer to a tap amounts to; a ! stands before an alert.
ANSWERS = {
    "stranger": "You are not a member here",
    "another's": "made for somebody else",
    "outdated": f"^{OUTDATED.text}",
    "approved": "^Approved, sending 0.1",
    "rejected": "^Rejected. Nothing",
    "snoozed": "^Snoozed: it comes back",
    "listed": "^These are your rules",
    "granted": "^Granted. Every order",
    "gone": "^That is not possible any more",
    "revoked": "^Revoked: such signals ask",
    "no rule": "^That is no rule of yours",
    "no reason": "^The reason is written down already",
    "agreed": "^Thank you. Signals",
    "ordered": "^1 close ordered",
    "nothing": "^Nothing is left to close",
    "not admin": "^You do not administer",
    "panic": "^Flattening desk",
    "spanish": "^From now on you read|^A partir de ahora",
    "back": "^Nothing was done",
    "silent": "^Only the account's deciders",
    "not found": "^Nothing at the broker carries",
    "noted": "^Noted: nothing was executed",
    "viewer": "^You are a viewer here",
    "admins": "^Only admins can do that",
    "sure?": "^Confirm it",
    "no member": "^You are not a member of this account",
    "his alone": "^Only the person who owns mine",
    "its card": "^Here is the position",
    "as it is": "^This is how it stands now",
    "closes": "^The close is ordered",
    "halves": "^The close of half is ordered",
    "moves": "^The new stop is ordered",
    "disabled": "^demo is disabled.$",
    "enabled": "^demo is enabled already",
    "muted": "^demo is muted for an hour",
    "heard": "^demo was not muted",
    "shown": "^$",
    "done": "^Done; they are told",
    "removed": "^Removed; they are told",
    "accepted": "^Accepted; they are told|^1 accepted",
    "declined": "^Declined; they are told",
    "hand on": "^Hand the link on",
    "left": "^Done. No more signals",
    "not kept": "^The picture is not kept",
    "a sample": "^That was a sample",
    "sent": "^It is on its way",
    "not there": "^That text is not there",
    "not hers": "^Only who sent it can ask",
    "follows": "^You follow on paper now",
    "viewers": "^Following on paper is for viewers",
    "no paper": "^You do not follow on paper",
    "until": "^⏸ No signals until",
    "again": "^▶ Signals come again",
    "kept": "^Noted.$",
    "not his": "^You do not decide on that account",
    "file": "^Here is the file",
    "nowhere": "^There is no account here",
    "in hers": "^Sent to your own chat",
}


def _answer(answer: tuple[str, bool]) -> str:
    text, alert = answer
    kind = next((k for k, words in ANSWERS.items() if re.search(words, text)), text)
    return f"!{kind}" if alert else kind


TAPS = """
             Sam         Eve          Ada          Bob         Ann         Owen
approve    | !stranger | !another's | !another's | approved  | !another's | !another's
group_approve | !stranger | !viewer | !no member | approved | approved | approved
group_reject | !stranger | !viewer | !no member | rejected | rejected | rejected
group_details | !stranger | in hers | !no member | in hers | in hers | in hers
confirm    | !stranger | !another's | !another's | outdated  | !another's | !another's
back       | !stranger | !another's | !another's | outdated  | !another's | !another's
reject     | !stranger | !another's | !another's | rejected  | !another's | !another's
snooze     | !stranger | !another's | !another's | snoozed   | !another's | !another's
rules      | !stranger | listed     | listed     | listed    | listed     | listed
rule_now   | !stranger | !gone      | granted    | !gone     | !gone      | !gone
revoke     | !stranger | !no rule   | revoked    | !no rule  | !no rule   | !no rule
news       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
spread     | !stranger | outdated   | outdated   | no reason | outdated   | outdated
risk       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
skip       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
write      | !stranger | outdated   | outdated   | no reason | outdated   | outdated
agree      | !stranger | agreed     | agreed     | agreed    | agreed     | agreed
close_all  | !stranger | nothing    | ordered    | nothing   | nothing    | nothing
panic      | !stranger | !not admin | !not admin | !not admin | panic     | panic
panic_which | !stranger | !not admin | !not admin | !not admin | sure?     | sure?
broadcast  | !stranger | !not there | !not there | !not there | sent      | !not there
progress   | !stranger | !not hers  | !not hers  | !not hers | shown      | !not hers
settings   | !stranger | shown      | shown      | shown     | shown      | shown
pause      | !stranger | until      | until      | until     | until      | until
resume     | !stranger | again      | again      | again     | again      | again
quiet      | !stranger | kept       | kept       | kept      | kept       | kept
zones      | !stranger | shown      | shown      | shown     | shown      | shown
zone       | !stranger | kept       | kept       | kept      | kept       | kept
subscriptions | !stranger | shown   | shown      | shown     | shown      | shown
subscribe  | !stranger | kept       | kept       | kept      | kept       | kept
choose     | !stranger | shown      | shown      | shown     | shown      | shown
instrument | !stranger | shown      | shown      | shown     | shown      | shown
risking    | !stranger | !not his   | kept       | !not his  | !not his   | !not his
history    | !stranger | shown      | shown      | shown     | shown      | shown
history_file | !stranger | nowhere  | file       | file      | file       | file
equity     | !stranger | outdated   | shown      | outdated  | outdated   | outdated
details    | !stranger | outdated   | outdated   | shown     | outdated   | outdated
full_size  | !stranger | outdated   | outdated   | !not kept | outdated   | outdated
sample     | !stranger | shown      | shown      | shown     | shown      | shown
sampled    | !stranger | a sample   | a sample   | a sample  | a sample   | a sample
language   | !stranger | spanish    | spanish    | spanish    | spanish    | spanish
users      | !stranger | !admins    | !admins    | !admins   | shown      | shown
member     | !stranger | !admins    | !admins    | !admins   | shown      | shown
role       | !stranger | !admins    | !admins    | !admins   | sure?      | sure?
role_now   | !stranger | !admins    | !admins    | !admins   | done       | done
until      | !stranger | !admins    | !admins    | !admins   | done       | done
remove     | !stranger | !admins    | !admins    | !admins   | sure?      | sure?
remove_now | !stranger | !admins    | !admins    | !admins   | removed    | removed
request    | !stranger | !admins    | !admins    | !admins   | shown      | shown
accept     | !stranger | !admins    | !admins    | !admins   | accepted   | accepted
decline    | !stranger | !admins    | !admins    | !admins   | declined   | declined
accept_all | !stranger | !admins    | !admins    | !admins   | sure?      | sure?
accept_all_now | !stranger | !admins | !admins   | !admins   | accepted   | accepted
invite     | !stranger | !not admin | !not admin | !not admin | hand on   | hand on
follow     | !stranger | follows    | !viewers   | !viewers  | !viewers   | !viewers
unfollow   | !stranger | !no paper  | !no paper  | !no paper | !no paper  | !no paper
unfollow_now | !stranger | !no paper | !no paper | !no paper | !no paper  | !no paper
leave      | !stranger | left       | left       | left      | left       | left
never_mind | !stranger | back       | back       | back      | back       | back
adopt      | !stranger | !silent    | !silent    | !not found | !not found | !not found
not_placed | !stranger | !silent    | !silent    | noted     | noted      | noted
providers  | !stranger | !admins    | !admins    | !admins   | back       | back
disable    | !stranger | !admins    | !admins    | !admins   | sure?      | sure?
disable_now | !stranger | !admins   | !admins    | !admins   | disabled   | disabled
enable     | !stranger | !admins    | !admins    | !admins   | enabled    | enabled
mute       | !stranger | !admins    | !admins    | !admins   | muted      | muted
unmute     | !stranger | !admins    | !admins    | !admins   | heard      | heard
position   | !stranger | !no member | its card   | !no member | !no member | !his alone
refresh    | !stranger | !no member | as it is   | !no member | !no member | !his alone
close      | !stranger | !no member | sure?      | !no member | !no member | !his alone
close_now  | !stranger | !no member | closes     | !no member | !no member | !his alone
half       | !stranger | !no member | sure?      | !no member | !no member | !his alone
half_now   | !stranger | !no member | halves     | !no member | !no member | !his alone
break_even | !stranger | !no member | sure?      | !no member | !no member | !his alone
break_even_now | !stranger | !no member | moves  | !no member | !no member | !his alone
hush       | !stranger | !admins    | !admins    | !admins   | muted      | muted
"""
CELLS = [
    (press, user, cell)
    for name, row in _table(TAPS).items()
    for press, user, cell in zip(
        [Press[name.upper()]] * len(EVERYBODY), EVERYBODY, row, strict=True
    )
]


def test_every_button_is_in_the_table():
    assert {press for press, _, _ in CELLS} == set(Press)


ABOUT_A_PROVIDER = set(HANDLERS) - {Press.DISABLE_NOW}


async def _argument(room: Room, press: Press) -> str:
    """What the button of this kind carries: Bob's prompt, the desk, its order."""
    asked = int(NOON.timestamp())
    others = {
        Press.AGREE: "1",
        Press.CLOSE_ALL: str(asked),
        Press.PANIC: f"desk@{asked}",
        Press.LANGUAGE: "es",
        **dict.fromkeys(groups.PRESSES, POSTED),
        Press.NEVER_MIND: "",
        Press.RULES: "",
        Press.RULE_NOW: await _rule_wish(room, asked),
        Press.REVOKE: RULE,
        Press.USERS: "0.desk",
        Press.REQUEST: "7",
        Press.ACCEPT: "viewer.7.desk",
        Press.DECLINE: "7",
        Press.ACCEPT_ALL: "desk",
        Press.ACCEPT_ALL_NOW: f"desk@{asked}",
        Press.INVITE: ".1.72.desk",
        Press.LEAVE: str(asked),
        Press.FOLLOW: "",
        Press.UNFOLLOW: "",
        Press.UNFOLLOW_NOW: str(asked),
        **await _about_bob(room, asked),
        Press.ADOPT: PARKED,
        Press.NOT_PLACED: PARKED,
        Press.DISABLE_NOW: f"demo@{asked}",
        **await _of_ones_own(room),
        Press.DETAILS: (await room.prompt(BOB, DESK)).id,
        Press.FULL_SIZE: (await room.prompt(BOB, DESK)).id,
        Press.SAMPLE: "",
        Press.SAMPLED: "yes",
    }
    others |= dict.fromkeys(ABOUT_A_PROVIDER, "demo")
    others |= await _about_the_trade(room, asked)
    return others.get(press, (await room.prompt(BOB, DESK)).nonce)


async def _of_ones_own(room: Room) -> dict[Press, str]:
    """What people look up, choose and say for themselves; Ann's broadcast."""
    row = await draft(room.tools, "Closed tomorrow", by=UserId(ANN))
    return {
        Press.PANIC_WHICH: "desk",
        Press.BROADCAST: row.id,
        Press.PROGRESS: row.id,
        Press.SETTINGS: "",
        Press.PAUSE: "1h",
        Press.RESUME: "",
        Press.QUIET: "1320-420",
        Press.ZONES: "",
        Press.ZONE: "Europe/Madrid",
        Press.SUBSCRIPTIONS: "",
        Press.SUBSCRIBE: "0@demo",
        Press.CHOOSE: "demo",
        Press.INSTRUMENT: "0@XAUUSD@demo",
        Press.RISKING: "0.5@mine",
        Press.HISTORY: "30",
        Press.HISTORY_FILE: "30",
        Press.EQUITY: "7d@mine",
    }


async def _rule_wish(room: Room, asked: int) -> str:
    """The rule that Ada may grant."""
    (pair,) = (await rules_card(room.tools, UserId(ADA))).pairs
    return f"{pair.key},0.5,3,{asked + 86_400}@{asked}"


async def _about_the_trade(room: Room, asked: int) -> dict[Press, str]:
    """Ada's own trade, which is in profit by now."""
    room.world.brokers[MINE].move("XAUUSD", "1955.50")
    trade = await room.world.one(Trade, account_id=MINE)
    carried: dict[Press, str] = dict.fromkeys(positions.PRESSES, trade.id)
    return carried | dict.fromkeys(NOW.values(), f"{trade.id}@{asked}@0@0.17")


async def _about_bob(room: Room, asked: int) -> dict[Press, str]:
    bob = (await room.world.one(Membership, user_id=BOB)).id
    return {
        Press.MEMBER: bob,
        Press.ROLE: f"viewer.{bob}",
        Press.ROLE_NOW: f"viewer.{bob}@{asked}",
        Press.UNTIL: f"30.{bob}",
        Press.REMOVE: bob,
        Press.REMOVE_NOW: f"{bob}@{asked}",
    }


@pytest.mark.parametrize(("press", "user", "expected"), CELLS)
async def test_a_button_does_what_the_role_of_who_taps_allows(
    room, press, user, expected
):
    await room.say(user, "/help")  # a message to tap on
    if press in (Press.APPROVE, Press.GROUP_APPROVE):
        await _settle(room)
    answer = await room.tap(user, pack(press, await _argument(room, press)))
    assert _answer(answer) == expected


async def _settle(room: Room) -> None:
    """The parked order, which bars every entry, is out of the way."""
    order = await room.world.one(Order, id=PARKED)
    await room.world.change(order, state=OrderState.NOT_EXECUTED)


@pytest.mark.parametrize(
    ("user", "account", "expected"),
    [
        (EVE, DESK, "!viewer"),
        (BOB, DESK, "approved"),
        (ANN, DESK, "approved"),
        (OWEN, DESK, "approved"),
    ],
)
async def test_only_deciders_approve_their_own_prompt(room, user, account, expected):
    await room.say(user, "/help")
    await _settle(room)
    nonce = (await room.prompt(user, account)).nonce
    assert _answer(await room.tap(user, pack(Press.APPROVE, nonce))) == expected


async def test_an_admin_of_somebodys_own_account_gets_no_prompt_of_it(room):
    assert [each async for each in _prompts_of(room, OWEN)] == [DESK]


async def _prompts_of(room: Room, user: int):
    for account in (MINE, DESK):
        try:
            yield (await room.prompt(user, account)).account_id
        except IndexError:
            continue


@pytest.mark.parametrize("user", EVERYBODY)
async def test_a_refused_tap_is_written_down_with_who_did_it(room, user):
    await room.say(user, "/help")
    nonce = (await room.prompt(BOB, DESK)).nonce
    await room.tap(user, pack(Press.REJECT, nonce))
    refused = await room.world.journal.count(
        AuditEntry, actor=by_user(UserId(user)), action="tap_refused"
    )
    assert refused == (0 if user == BOB else 1)


async def test_a_panic_by_a_role_that_may_not_fires_nothing(room):
    asked = int(NOON.timestamp())
    for user in (EVE, ADA, BOB):
        await room.say(user, "/help")
        await room.tap(user, pack(Press.PANIC, f"desk@{asked}"))
        await room.tap(user, pack(Press.PANIC, f"*@{asked}"))
    before = await room.world.guard(DESK)
    assert isinstance(before, GuardState)
    assert replace(before, version=1).triggered_at is None
    assert room.looks == []

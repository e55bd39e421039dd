"""Who may do what: every command and every button, by everybody, in one table."""

import re
from dataclasses import replace

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.routers import commands
from bot.telegram.routers.providers import HANDLERS
from core.accounts import GuardState
from core.desk.taps import OUTDATED
from core.desk.tools import by_user
from core.ids import OrderId, UserId
from core.messages import AuditEntry
from core.orders import Order, OrderState, SendState
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN, SAM
from tests.builders import a_send, an_order
from tests.fakes import NOON

EVERYBODY = (SAM, EVE, ADA, BOB, ANN, OWEN)
"""Stranger, viewer of desk, approver of mine, then approver, admin, owner of desk."""
PARKED = "0" * 22 + "PARK"


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
        )
        yield opened


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
    "mine": r"^mine · |Panic on mine:",
    "desk": r"^desk · |^Status\ndesk · |Panic on desk:",
    "asks": "^Close 1 open trade",
    "foreign": "^You administer no account of that name. Yours: ",
    "which": "^Which language do you read",
    "which?": "^Say which account and why",
    "armed": "^The guard of desk has not fired",
    "why?": "^Say why",
    "sources": "^Providers\\n",
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
/positions     | invite  | none    | mine    | desk    | desk    | desk
/closeall      | invite  | nothing | asks    | nothing | nothing | nothing
/status        | invite  | admins  | admins  | admins  | desk    | both
/guard         | invite  | none    | mine    | desk    | desk    | both
/panic         | invite  | admins  | admins  | admins  | desk    | both
/panic all     | invite  | admins  | admins  | admins  | desk    | both
/panic desk    | invite  | admins  | admins  | admins  | desk    | desk
/Panic Desk    | invite  | admins  | admins  | admins  | desk    | desk
/panic mine    | invite  | admins  | admins  | admins  | foreign | mine
/rearm         | invite  | admins  | admins  | admins  | why?    | which?
/rearm desk    | invite  | admins  | admins  | admins  | why?    | why?
/rearm desk x  | invite  | admins  | admins  | admins  | armed   | armed
/rearm x       | invite  | admins  | admins  | admins  | armed   | which?
/providers     | invite  | admins  | admins  | admins  | sources | sources
/Providers de  | invite  | admins  | admins  | admins  | sources | sources
/language      | invite  | which   | which   | which   | which   | which
/history       | invite  | unknown | unknown | unknown | unknown | unknown
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
    "disabled": "^demo is disabled.$",
    "enabled": "^demo is enabled already",
    "muted": "^demo is muted for an hour",
    "heard": "^demo was not muted",
}


def _answer(answer: tuple[str, bool]) -> str:
    text, alert = answer
    kind = next((k for k, words in ANSWERS.items() if re.search(words, text)), text)
    return f"!{kind}" if alert else kind


TAPS = """
             Sam         Eve          Ada          Bob         Ann         Owen
approve    | !stranger | !another's | !another's | approved  | !another's | !another's
confirm    | !stranger | !another's | !another's | outdated  | !another's | !another's
back       | !stranger | !another's | !another's | outdated  | !another's | !another's
reject     | !stranger | !another's | !another's | rejected  | !another's | !another's
news       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
spread     | !stranger | outdated   | outdated   | no reason | outdated   | outdated
risk       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
skip       | !stranger | outdated   | outdated   | no reason | outdated   | outdated
write      | !stranger | outdated   | outdated   | no reason | outdated   | outdated
agree      | !stranger | agreed     | agreed     | agreed    | agreed     | agreed
close_all  | !stranger | nothing    | ordered    | nothing   | nothing    | nothing
panic      | !stranger | !not admin | !not admin | !not admin | panic     | panic
language   | !stranger | spanish    | spanish    | spanish    | spanish    | spanish
never_mind | !stranger | back       | back       | back      | back       | back
adopt      | !stranger | !silent    | !silent    | !not found | !not found | !not found
not_placed | !stranger | !silent    | !silent    | noted     | noted      | noted
providers  | !stranger | !admins    | !admins    | !admins   | back       | back
disable    | !stranger | !admins    | !admins    | !admins   | sure?      | sure?
disable_now | !stranger | !admins   | !admins    | !admins   | disabled   | disabled
enable     | !stranger | !admins    | !admins    | !admins   | enabled    | enabled
mute       | !stranger | !admins    | !admins    | !admins   | muted      | muted
unmute     | !stranger | !admins    | !admins    | !admins   | heard      | heard
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
        Press.NEVER_MIND: "",
        Press.ADOPT: PARKED,
        Press.NOT_PLACED: PARKED,
        Press.DISABLE_NOW: f"demo@{asked}",
    }
    others |= dict.fromkeys(ABOUT_A_PROVIDER, "demo")
    return others.get(press, (await room.prompt(BOB, DESK)).nonce)


@pytest.mark.parametrize(("press", "user", "expected"), CELLS)
async def test_a_button_does_what_the_role_of_who_taps_allows(
    room, press, user, expected
):
    await room.say(user, "/help")  # a message to tap on
    if press is Press.APPROVE:
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

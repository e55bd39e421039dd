"""Commands and plain messages, as a person meets them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.telegram.callbacks import Press, pack
from bot.telegram.views.welcoming import ADMIN_COMMANDS, COMMANDS
from core.accounts import Account, GuardPhase, GuardState
from core.desk.commanding import InviteWish, close_all, invite
from core.desk.providing import mute
from core.ids import UserId
from core.messages import NoticeKind
from core.orders import OrderState
from core.prompts import Approval, Decision
from core.users import Membership, Role, Subscription, User
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE, OWEN, SAM
from tests.builders import DEMO, an_order
from tests.fakes import NOON


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _token(room: Room, role: Role = Role.VIEWER, **over) -> str:
    wish = InviteWish(role=role, account_id=DESK, uses=1, lasts=timedelta(hours=1))
    return await invite(room.tools, replace(wish, **over), by=None)


# ------------------------------------------------------------------ /start


async def test_an_invite_lets_in_and_asks_for_consent(room: Room):
    said = await room.say(SAM, f"/start {await _token(room)}")
    assert "Welcome, Sam.\n· desk: you are a viewer" in said
    assert "Trading is risky." in said
    assert room.stage.labels(room.stage.chat(SAM)[-1]) == ["I agree"]
    (mine,) = await room.world.journal.find(Membership, user_id=SAM)
    assert mine.role is Role.VIEWER


async def test_who_agrees_is_subscribed_and_the_question_is_gone(room: Room):
    await room.say(SAM, f"/start {await _token(room)}")
    answer = await room.tap(SAM, pack(Press.AGREE, "1"))
    assert answer == ("Thank you. Signals will arrive here.", False)
    message = room.stage.chat(SAM)[-1]
    assert message.now.rich.text == (
        "Trading is risky.\n\n✅ You agreed to version 1 · 24 Nov 2026 12:00 UTC"
    )
    assert message.buttons == []
    assert await room.world.journal.count(Subscription, user_id=SAM) == 1


async def test_who_agreed_before_is_not_asked_again(room: Room):
    assert "Trading is risky." not in await room.say(ADA, "/start")


async def test_an_older_text_is_not_agreed_to(room: Room):
    await room.say(SAM, f"/start {await _token(room)}")
    text, alert = await room.tap(SAM, pack(Press.AGREE, "0"))
    assert (text, alert) == ("There is a newer text; please read that one.", True)
    old, new = room.stage.chat(SAM)[-2:]
    assert (await room.world.one(User, id=SAM)).consent_version == ""
    assert (old.buttons, room.stage.labels(new)) == ([], ["I agree"])


async def test_an_invite_is_used_once(room: Room):
    token = await _token(room)
    await room.say(ADA, f"/start {token}")
    said = await room.say(SAM, f"/start {token}")
    assert said.startswith("This invite is used up or over.")


async def test_an_account_of_somebody_else_is_refused_with_a_way_out(room: Room):
    token = await _token(room, Role.APPROVER, account_id=MINE)
    said = await room.say(SAM, f"/start {token}")
    assert said.startswith("mine belongs to one person already. Ask for a viewer")


async def test_an_owner_of_the_configuration_needs_no_invite(room: Room):
    for membership in await room.world.journal.find(Membership, user_id=OWEN):
        await room.world.change(membership, role=Role.VIEWER)
    said = await room.say(OWEN, "/start")
    assert "desk: you are an owner" in said
    assert "mine: you are an owner" in said


def _menu(room: Room, user: int) -> set[str] | None:
    """The commands of a person's own chat; ``None`` where it has none of its own."""
    shown = room.stage.world.profile.commands.get((f"chat {user}", ""))
    return None if shown is None else {each["command"] for each in shown}


async def test_an_admin_who_joins_sees_the_commands_of_admins(room: Room):
    await room.say(SAM, f"/start {await _token(room, Role.ADMIN)}")
    assert _menu(room, SAM) == {*COMMANDS, *ADMIN_COMMANDS}


async def test_an_approver_who_joins_sees_what_everybody_sees(room: Room):
    await room.say(SAM, f"/start {await _token(room, Role.APPROVER)}")
    assert _menu(room, SAM) is None


async def test_who_is_no_admin_any_more_loses_their_commands_with_start(room: Room):
    await room.say(ANN, "/start")
    mine = await room.world.one(Membership, user_id=ANN)
    await room.world.change(mine, role=Role.VIEWER)
    await room.say(ANN, "/start")
    assert _menu(room, ANN) is None


async def test_a_stranger_gets_no_menu(room: Room):
    await room.say(SAM, "/start")
    assert room.stage.calls("setMyCommands", "deleteMyCommands") == []


async def test_a_menu_that_cannot_be_set_stops_nobody(room: Room):
    room.stage.fail("setMyCommands", status=404, description="Not Found")
    assert "Welcome, Ann." in await room.say(ANN, "/start")


# ------------------------------------------------------------------ looking


async def test_pending_names_what_waits(room: Room):
    await room.world.offered()
    said = await room.say(BOB, "/pending")
    assert said.startswith(
        "Waiting for you, decide at the chart:\n🟢 BUY XAUUSD on desk"
    )
    assert (await room.say(EVE, "/pending")) == "Nothing waits for you."


async def test_pending_sends_some_of_what_is_held_and_lists_only_those(room: Room):
    room.world.more["prompts_per_minute"] = 1
    for number in range(14):
        await room.world.submit(external_id=f"flood-{number}")
    await room.world.work()
    first = await room.say(BOB, "/pending")
    assert first.startswith("📨 10 more come now. 3 still wait: /pending again.\n")
    assert first.count("🟢 BUY XAUUSD on desk") == 11
    assert (await room.say(EVE, "/pending")).startswith("📨 10 more come now.")
    assert (await room.say(BOB, "/pending")).startswith("📨 3 more come now.\n")
    assert (await room.say(BOB, "/pending")).startswith("Waiting for you")


async def test_pending_lists_nothing_of_a_provider_that_is_muted(room: Room):
    room.world.more["prompts_per_minute"] = 1
    for number in range(2):
        await room.world.submit(external_id=f"flood-{number}")
    await room.world.work()
    until = NOON + timedelta(hours=1)
    await mute(room.tools, DEMO, until=until, by=UserId(ANN))
    said = await room.say(BOB, "/pending")
    assert said.count("🟢 BUY XAUUSD on desk") == 1


async def _filled_for_ada(room: Room) -> None:
    await room.world.offered()
    await room.world.approve(UserId(ADA), nonce=(await room.prompt(ADA, MINE)).nonce)
    await room.world.work()


async def test_positions_show_what_is_open_and_what_waits(room: Room):
    await _filled_for_ada(room)
    placed = an_order(
        account_id=MINE, state=OrderState.PLACED, order_type="limit", user_id=ADA
    )
    await room.world.put(placed)
    said = await room.say(ADA, "/positions")
    assert "🟢 BUY 0.17 XAUUSD from 1950.50" in said
    assert "🕓 🟢 BUY LIMIT 0.18 XAUUSD at 1950.50" in said


async def test_an_account_that_was_never_looked_at_is_left_out(room: Room):
    fresh = replace(await room.world.one(Account, id=DESK), id="new", version=1)
    await room.world.put(fresh)
    await room.world.member(UserId(BOB), Role.APPROVER, account="new")
    said = await room.say(BOB, "/positions")
    assert "desk" in said
    assert "new" not in said


async def test_status_counts_what_is_still_to_do(room: Room):
    await room.world.submit()
    said = await room.say(ANN, "/status")
    assert said.endswith("Queues: prompts 0, notices 0, orders 0, updates 0")


async def test_guard_shows_room_and_limit(room: Room):
    await _filled_for_ada(room)
    said = await room.say(ADA, "/guard")
    assert "Headroom with every stop hit 1,9" in said
    assert "limit 20 %" in said


# ------------------------------------------------------------------ acting


async def test_closeall_asks_and_then_closes(room: Room):
    await _filled_for_ada(room)
    said = await room.say(ADA, "/closeall")
    assert said == "Close 1 open trade at the market on your own accounts?"
    message = room.stage.chat(ADA)[-1]
    data = message.buttons[0]["callback_data"]
    assert await room.tap(ADA, data) == ("1 close ordered.", False)
    assert room.stage.texts(ADA)[-1] == "1 close ordered."
    await room.world.work()
    assert len(room.world.brokers[MINE].positions) == 0


async def test_closeall_withdraws_orders_even_if_no_trade_is_open(room: Room):
    await room.world.put(
        an_order(account_id=MINE, state=OrderState.PLACED, user_id=ADA)
    )
    said = await room.say(ADA, "/closeall")
    assert said == "Withdraw 1 waiting order on your own accounts?"


async def test_closeall_withdraws_what_has_not_left_yet(room: Room):
    await room.world.offered()
    await room.world.approve(UserId(ADA), nonce=(await room.prompt(ADA, MINE)).nonce)
    said = await room.say(ADA, "/closeall")
    assert said == "Withdraw 1 waiting order on your own accounts?"
    data = room.stage.chat(ADA)[-1].buttons[0]["callback_data"]
    await room.tap(ADA, data)
    await room.world.work()
    assert len(room.world.brokers[MINE].positions) == 0


async def test_closeall_does_not_count_closes_that_are_on_their_way(room: Room):
    await _filled_for_ada(room)
    await close_all(room.tools, UserId(ADA))
    said = await room.say(ADA, "/closeall")
    assert said == "Close 1 open trade at the market on your own accounts?"


async def test_closeall_may_be_taken_back(room: Room):
    await _filled_for_ada(room)
    await room.say(ADA, "/closeall")
    message = room.stage.chat(ADA)[-1]
    back = message.buttons[1]["callback_data"]
    assert await room.tap(ADA, back, on=message.id) == ("Nothing was done.", False)
    assert room.stage.texts(ADA)[-1] == "Nothing was done."
    assert len(room.world.brokers[MINE].positions) == 1


@pytest.mark.parametrize(
    "argument", ["1795521539", "", "soon", "1" * 40, "-1795521600", "²"]
)
async def test_a_question_asked_long_ago_closes_nothing(room: Room, argument):
    await _filled_for_ada(room)
    text, alert = await room.tap_after_help(ADA, pack(Press.CLOSE_ALL, argument))
    assert (text.startswith("That was asked too long ago"), alert) == (True, True)
    assert len(room.world.brokers[MINE].positions) == 1


async def test_closeall_says_what_cannot_be_reached(room: Room):
    await _filled_for_ada(room)
    await room.say(ADA, "/closeall")
    room.world.brokers[MINE].down = True
    data = room.stage.chat(ADA)[-1].buttons[0]["callback_data"]
    text, alert = await room.tap(ADA, data)
    assert text.startswith("mine cannot be reached now; 0 closes were ordered")
    assert alert


async def test_panic_asks_and_then_fires(room: Room):
    said = await room.say(ANN, "/panic")
    assert said.startswith("🛑 Panic on desk: open prompts end")
    data = room.stage.chat(ANN)[-1].buttons[0]["callback_data"]
    assert await room.tap(ANN, data) == ("Flattening desk.", False)
    assert room.stage.texts(ANN)[-1] == "🛑 Flattening desk."
    assert (await room.world.guard(DESK)).phase is GuardPhase.TRIGGERED
    assert room.looks == [1]
    assert await room.tap(ANN, data) == ("It had fired already.", False)


async def test_panic_on_all_fires_every_account_of_the_admin(room: Room):
    await room.say(OWEN, "/panic all")
    data = room.stage.chat(OWEN)[-1].buttons[0]["callback_data"]
    assert await room.tap(OWEN, data) == ("Flattening desk, mine.", False)


async def test_a_panic_asked_long_ago_fires_nothing(room: Room):
    await room.say(ANN, "/panic")
    data = room.stage.chat(ANN)[-1].buttons[0]["callback_data"]
    room.world.later(seconds=61)
    text, _ = await room.tap(ANN, data)
    assert text.startswith("That was asked too long ago")
    assert (await room.world.guard(DESK)).phase is GuardPhase.ARMED


async def _locked(room: Room) -> None:
    guard = await room.world.one(GuardState, id=DESK)
    row = replace(guard, phase=GuardPhase.LOCKED, reason="x", equity=Decimal(9_000))
    room.world.journal._books.put(row)


@pytest.mark.parametrize(
    "text",
    ["/rearm desk it is quiet", "/rearm it is quiet", "/rearm  DESK\nit is quiet"],
)
async def test_rearm_takes_a_reason_and_everybody_is_told(room: Room, text):
    await _locked(room)
    assert await room.say(ANN, text) == ""
    guard = await room.world.guard(DESK)
    assert guard.phase is GuardPhase.ARMED
    assert guard.rearm_reason == "it is quiet"
    assert await room.world.told(UserId(EVE)) == [NoticeKind.GUARD_REARMED]


# ------------------------------------------------------------------ reasons


async def _rejected(room: Room) -> str:
    """Bob rejected a prompt and said that he writes why; the nonce."""
    await room.world.offered()
    nonce = (await room.prompt(BOB, DESK)).nonce
    await room.say(BOB, "/help")
    await room.tap(BOB, pack(Press.REJECT, nonce))
    answer = await room.tap(BOB, pack(Press.WRITE, nonce))
    assert answer == ("Write the reason as a message.", False)
    return nonce


async def _reason(room: Room) -> str | None:
    approval = await room.world.one(Approval, user_id=BOB, decision=Decision.REJECT)
    return approval.reason


async def test_the_next_message_is_the_reason(room: Room):
    await _rejected(room)
    assert await room.say(BOB, "CPI in ten minutes") == "Thank you, noted."
    assert await _reason(room) == "CPI in ten minutes"


async def test_a_command_is_no_reason(room: Room):
    await _rejected(room)
    said = await room.say(BOB, "/nonsense")
    assert said.startswith("There is no command /nonsense")
    assert (await room.say(BOB, "/pending")).startswith("Nothing waits")
    assert await _reason(room) is None


async def test_a_message_without_words_is_no_reason(room: Room):
    await _rejected(room)
    person = {"id": BOB, "is_bot": False, "first_name": "Bob"}
    chat = {"id": BOB, "type": "private"}
    sticker = {"message_id": 1, "date": 1, "chat": chat, "from": person}
    await room.handle(message=sticker)
    assert await _reason(room) is None


@pytest.mark.parametrize(
    ("press", "reason"),
    [
        (Press.NEWS, "News"),
        (Press.SPREAD, "Spread"),
        (Press.RISK, "Too risky"),
        (Press.SKIP, ""),
    ],
)
async def test_a_reason_has_a_button(room: Room, press, reason):
    nonce = await _rejected(room)
    text, _ = await room.tap(BOB, pack(press, nonce))
    assert text == ("Thank you, noted." if reason else "All right, no reason.")
    assert await _reason(room) == reason

"""Buttons, as a person meets them: an answer each time, and the message redrawn."""

from dataclasses import replace
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from bot.telegram import dispatching
from bot.telegram.callbacks import Press, pack
from bot.telegram.routers import taps
from bot.telegram.views.notices import parked_notice
from bot.telegram.views.view import Button, View
from bot.telegram.wire.failures import Unsent
from core.accounts import RiskRules
from core.desk.taps import OUTDATED, Reply
from core.errors import JournalUnavailable
from core.ids import OrderId, PromptId
from core.messages import AuditEntry
from core.orders import Order, OrderState, SendState
from core.prompts import Prompt, PromptState
from core.users import User
from tests.bot.telegram.room import DESK, MINE, Room, open_room
from tests.bot.telegram.stage import ADA, ANN, BOB, EVE
from tests.builders import a_send, an_order
from tests.core.desk.world import GOLD_SIGNAL


@pytest.fixture
async def room(tmp_path):
    async with open_room(tmp_path) as opened:
        yield opened


async def _asked(room: Room, user: int = ADA, account=MINE) -> Prompt:
    """A signal came in; the person has a chat to tap in."""
    await room.world.offered(GOLD_SIGNAL)
    await room.say(user, "/help")
    return await room.prompt(user, account)


# ------------------------------------------------------------------ deciding


async def test_an_approval_is_answered_with_its_lots(room: Room):
    prompt = await _asked(room)
    answer = await room.tap(ADA, pack(Press.APPROVE, prompt.nonce))
    assert answer == ("Approved, sending 0.17 lots…", False)


async def test_a_tap_is_logged_without_its_nonce(room: Room):
    prompt = await _asked(room)
    with capture_logs() as logs:
        await room.tap(ADA, pack(Press.REJECT, prompt.nonce))
    (line,) = [each for each in logs if each["event"] == "tap_answered"]
    assert (line["press"], line["user"], line["prompt"]) == ("reject", ADA, prompt.id)
    assert line["state"] == "rejected"
    assert prompt.nonce not in repr(logs)


async def test_without_consent_the_terms_come_first(room: Room):
    prompt = await _asked(room)
    user = await room.world.one(User, id=ADA)
    await room.world.change(user, consent_version="0")
    text, alert = await room.tap(ADA, pack(Press.APPROVE, prompt.nonce))
    assert (text, alert) == ("Please agree to the terms first; then tap again.", True)
    assert room.stage.texts(ADA)[-1] == "Trading is risky."
    assert (await room.prompt(ADA, MINE)).state is PromptState.SENT


async def test_a_second_copy_of_the_message_is_redrawn_too(room: Room):
    prompt = await _asked(room)
    copy = room.stage.chat(ADA)[-1].id
    await room.world.change(prompt, chat_id=ADA, message_id=copy + 500)
    await room.tap(ADA, pack(Press.REJECT, prompt.nonce), on=copy)
    assert "Rejected by Ada" in room.stage.texts(ADA)[-1]


async def test_the_message_itself_is_left_to_the_outbox(room: Room):
    prompt = await _asked(room)
    first = room.stage.chat(ADA)[-1].id
    await room.world.change(prompt, chat_id=ADA, message_id=first)
    await room.tap(ADA, pack(Press.REJECT, prompt.nonce), on=first)
    assert room.stage.calls("editMessageText", "editMessageCaption") == []


async def test_a_copy_of_a_prompt_that_is_gone_is_left_alone(room: Room):
    prompt = replace(await _asked(room), id=PromptId("gone"))
    tap = room.world.tap(prompt.nonce, prompt.user_id)
    await taps._redraw_copy(room.dispatching._desk, tap, Reply(text="", prompt=prompt))
    assert room.stage.calls("editMessageText") == []


async def test_somebody_elses_tap_redraws_nothing_of_theirs(room: Room):
    await _asked(room, BOB, DESK)
    nonce = (await room.prompt(BOB, DESK)).nonce
    await room.tap(BOB, pack(Press.REJECT, nonce))
    await room.tap_after_help(ANN, pack(Press.REJECT, nonce))
    assert not any("Rejected" in text for text in room.stage.texts(ANN))


async def test_confirm_and_back_use_a_fresh_question(room: Room):
    prompt = await _asked(room)
    room.world.rules[MINE] = _careful(room.world.rules[MINE])
    text, _ = await room.tap(ADA, pack(Press.APPROVE, prompt.nonce))
    assert text.startswith("This risks 0.9")
    asked = await room.prompt(ADA, MINE)
    assert asked.nonce != prompt.nonce
    answer = await room.tap(ADA, pack(Press.BACK, asked.nonce))
    assert answer == ("Nothing was ordered.", False)
    text, alert = await room.tap(ADA, pack(Press.CONFIRM, asked.nonce))
    assert (text == OUTDATED.text, alert) == (True, False)


def _careful(rules: RiskRules) -> RiskRules:
    return replace(rules, confirm_above_risk_percent=Decimal("0.1"))


@pytest.mark.parametrize("data", ["0:ap:old", "1:zz:x", "anything", "1"])
async def test_a_button_of_another_version_is_outdated(room: Room, data):
    text, alert = await room.tap_after_help(ADA, data)
    assert (text == OUTDATED.text, alert) == (True, True)


# ------------------------------------------------------------------ outdated buttons


async def _shown(room: Room) -> Prompt:
    """A prompt that is known to stand in Ada's chat."""
    prompt = await _asked(room)
    await room.world.change(prompt, chat_id=ADA, message_id=_last(room, ADA))
    return await room.prompt(ADA, MINE)


def _last(room: Room, user: int) -> int:
    return room.stage.chat(user)[-1].id


async def _card(room: Room, user: int) -> int:
    """Some message with a button, in somebody's chat."""
    button = Button(text="Approve", data=pack(Press.APPROVE, "from before"))
    view = View(text="An old card", rows=((button,),))
    return await room.dispatching._desk.gateway.send(user, view)


@pytest.mark.parametrize("data", [pack(Press.APPROVE, "from before"), "0:ap:old"])
async def test_a_prompt_with_outdated_buttons_is_drawn_again(room: Room, data):
    prompt = await _shown(room)
    before = await room.world.redrawn(prompt)
    text, _ = await room.tap(ADA, data)
    assert (text, await room.world.redrawn(prompt)) == (OUTDATED.text, before + 1)


async def test_a_confirm_that_is_over_draws_the_question_again(room: Room):
    prompt = await _shown(room)
    before = await room.world.redrawn(prompt)
    text, _ = await room.tap(ADA, pack(Press.CONFIRM, prompt.nonce))
    assert (text, await room.world.redrawn(prompt)) == (OUTDATED.text, before + 1)


async def test_the_message_of_somebody_elses_prompt_is_not_taken_for_ones_own(
    room: Room,
):
    await _asked(room, BOB, DESK)
    bobs = await room.prompt(BOB, DESK)
    message = await _card(room, ADA)
    await room.world.change(bobs, chat_id=BOB, message_id=message)
    before = await room.world.redrawn(bobs)
    await room.tap(ADA, pack(Press.APPROVE, "from before"), on=message)
    assert await room.world.redrawn(bobs) == before


async def test_a_card_that_is_no_prompts_message_loses_its_dead_buttons(room: Room):
    message = await _card(room, ADA)
    text, _ = await room.tap(ADA, pack(Press.APPROVE, "from before"), on=message)
    assert (text, room.stage.texts(ADA)[-1]) == (OUTDATED.text, "An old card")
    assert room.stage.chat(ADA)[-1].buttons == []


async def test_buttons_that_cannot_be_taken_away_are_no_failure(room: Room):
    message = await _card(room, ADA)
    room.stage.fail("editMessageReplyMarkup", status=400, description="Bad Request")
    text, _ = await room.tap(ADA, pack(Press.APPROVE, "from before"), on=message)
    assert text == OUTDATED.text


async def test_a_card_that_may_be_a_prompts_own_keeps_its_buttons(room: Room):
    await _asked(room)
    message = await _card(room, ADA)
    await room.tap(ADA, pack(Press.APPROVE, "from before"), on=message)
    assert room.stage.labels(room.stage.chat(ADA)[-1]) == ["Approve"]


async def test_a_prompt_that_is_held_was_never_shown_and_keeps_no_buttons(room: Room):
    prompt = await _asked(room)
    await room.world.change(prompt, held=True)
    message = await _card(room, ADA)
    await room.tap(ADA, pack(Press.APPROVE, "from before"), on=message)
    assert room.stage.chat(ADA)[-1].buttons == []


# ------------------------------------------------------------------ parked orders


PARKED = OrderId("0" * 22 + "PARK")


async def _parked(room: Room, **over) -> Order:
    order = an_order(id=PARKED, account_id=DESK, state=OrderState.PARKED, **over)
    send = a_send(order_id=PARKED, account_id=DESK, state=SendState.UNKNOWN)
    await room.world.put(order, send)
    return order


async def _question(room: Room, user: int, order: Order) -> int:
    """The notice about a parked order, in somebody's chat."""
    view = parked_notice(order)
    desk = room.dispatching._desk
    return await desk.gateway.send(user, view)


async def test_not_placed_ends_the_question(room: Room):
    order = await _parked(room)
    message = await _question(room, BOB, order)
    text, alert = await room.tap(BOB, pack(Press.NOT_PLACED, PARKED), on=message)
    assert (text.startswith("Noted: nothing was executed."), alert) == (True, False)
    shown = room.stage.chat(BOB)[-1]
    assert shown.now.rich.text == (
        "⛔ Opening XAUUSD · desk · #PARK\n"
        "Not done: Looked into the terminal: it is not there."
    )
    assert shown.buttons == []
    (entry,) = await room.world.journal.find(AuditEntry, action="order_not_executed")
    assert "Looked into the terminal" in entry.detail


async def test_a_question_that_somebody_answered_loses_its_buttons(room: Room):
    order = await _parked(room)
    await room.tap_after_help(BOB, pack(Press.NOT_PLACED, PARKED))
    message = await _question(room, ANN, order)
    text, alert = await room.tap(ANN, pack(Press.ADOPT, PARKED), on=message)
    assert text == "This order does not wait for an answer any more."
    assert alert
    assert room.stage.chat(ANN)[-1].buttons == []


async def test_a_question_that_stays_open_keeps_its_buttons(room: Room):
    order = await _parked(room)
    message = await _question(room, BOB, order)
    text, alert = await room.tap(BOB, pack(Press.ADOPT, PARKED), on=message)
    assert (text.startswith("Nothing at the broker carries"), alert) == (True, True)
    assert room.stage.labels(room.stage.chat(BOB)[-1]) == ["Adopt", "Not placed"]


async def test_the_prompts_own_message_is_left_to_the_outbox(room: Room):
    prompt = await _asked(room, BOB, DESK)
    message = room.stage.chat(BOB)[-1].id
    await room.world.change(prompt, chat_id=BOB, message_id=message)
    await _parked(room, prompt_id=PromptId(prompt.id), signal_id=prompt.signal_id)
    await room.tap(BOB, pack(Press.NOT_PLACED, PARKED), on=message)
    assert room.stage.calls("editMessageText") == []


async def test_the_prompt_of_an_order_that_is_settled_is_drawn_again(room: Room):
    prompt = await _asked(room, BOB, DESK)
    message = _last(room, BOB)
    await room.world.change(prompt, chat_id=BOB, message_id=message)
    await _parked(room, prompt_id=PromptId(prompt.id), signal_id=prompt.signal_id)
    await room.tap(BOB, pack(Press.NOT_PLACED, PARKED), on=message)
    before = await room.world.redrawn(prompt)
    text, _ = await room.tap(BOB, pack(Press.ADOPT, PARKED), on=message)
    assert text == "This order does not wait for an answer any more."
    assert await room.world.redrawn(prompt) == before + 1


async def test_an_order_that_nobody_knows_is_not_answered_for(room: Room):
    text, alert = await room.tap_after_help(BOB, pack(Press.ADOPT, "nobody knows"))
    assert (text.startswith("Only the account's deciders"), alert) == (True, True)


# ------------------------------------------------------------------ trouble


async def _broken() -> None:
    message = "disk full"
    raise JournalUnavailable(message)


async def test_a_tap_is_answered_even_when_handling_fails(room: Room):
    prompt = await _asked(room)
    room.world.journal.before_writing(Prompt, _broken)
    callback = room.stage.tap(ADA, pack(Press.REJECT, prompt.nonce))
    with pytest.raises(JournalUnavailable):
        await room.deliver()
    assert room.stage.answered(callback) == (dispatching.SORRY, True)


async def test_a_message_is_answered_even_when_handling_fails(room: Room):
    user = await room.world.one(User, id=ADA)
    await room.world.change(user, name="Another Name")  # so /start writes the new one
    room.world.journal.before_writing(User, _broken)
    room.stage.say(ADA, "/start")
    with pytest.raises(JournalUnavailable):
        await room.deliver()
    assert room.stage.texts(ADA) == [dispatching.SORRY_TEXT]


async def test_an_apology_that_does_not_arrive_hides_no_failure(room: Room):
    for _ in range(2):
        room.stage.fail("sendMessage", status=500, description="first and last")
    room.stage.say(ADA, "/help")
    with pytest.raises(Unsent, match="first and last"):
        await room.deliver()
    assert room.stage.chat(ADA) == []


async def test_what_nobody_waits_for_needs_no_apology(room: Room):
    room.world.journal.before_writing(User, _broken)
    room.stage.block(EVE)
    with pytest.raises(JournalUnavailable):
        await room.deliver()
    assert room.stage.called() == []


async def test_a_late_reason_button_says_so(room: Room):
    prompt = await _asked(room)
    await room.tap(ADA, pack(Press.REJECT, prompt.nonce))
    await room.tap(ADA, pack(Press.SKIP, prompt.nonce))
    room.world.later(minutes=1)
    answer = await room.tap(ADA, pack(Press.NEWS, prompt.nonce))
    assert answer == ("The reason is written down already.", False)


async def test_a_tap_after_expiry_is_told_and_decides_nothing(room: Room):
    prompt = await _asked(room)
    room.world.later(minutes=16)
    text, alert = await room.tap(ADA, pack(Press.APPROVE, prompt.nonce))
    assert (text.startswith("Too late"), alert) == (True, True)
    assert (await room.prompt(ADA, MINE)).state is PromptState.EXPIRED
